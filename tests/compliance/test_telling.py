"""Who hears of what the ledger asks for: bell and mail, without an amount; plans whose day is over; receipts with a new entry."""

import datetime as dt
import html
import re
from decimal import Decimal

import pytest
from django.conf import settings as project
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from compliance import actions
from compliance.models import SpendEntry, SpendTask
from jobs.actions import enqueue, run
from notices.digests import sections_of
from notices.models import Digest, Notice
from tests.factories.contacts import align
from tests.factories.spend import make_draft, make_limit, spend

AMOUNT = re.compile(r"\$|\d+\.\d\d|530|Private")
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())))


@pytest.fixture
def year(world):
    align(world.north_provider, "independent")
    return make_limit(non_monetary="500")


@pytest.fixture
def plan(world, year):
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    return spend(
        world.nora, "40.00", state="planned", spent_on=tomorrow, providers=[world.north_provider], practice=world.north_practice,
        purpose="Private words", vendor="Corner Deli",
    )  # fmt: skip


def told(person):
    return [(notice.kind, notice.text, notice.url) for notice in Notice.objects.filter(to=person, read_at=None)]


def over(entry, days=1):
    SpendEntry.objects.filter(pk=entry.pk).update(spent_on=timezone.localdate() - dt.timedelta(days=days))
    entry.refresh_from_db()
    return entry


def test_a_repayment_rings_with_who_wrote_it_down_and_with_managers(world, year):
    entry = spend(world.nora, "530.00", providers=[world.north_provider], practice=world.north_practice, purpose="Private words")
    task = SpendTask.objects.get()
    # nobody is told what they did themselves: nora hears of it when somebody else's entry takes her own over
    assert told(world.nora) == []
    ((kind, text, url),) = told(world.dana)
    assert (kind, url) == ("spend", task.get_absolute_url())
    assert text == f"To be repaid by {task.due_on:%b %-d}: Pat Northrop, {entry} at North Family Practice"
    assert not AMOUNT.search(text.replace(str(task.due_on.year), ""))
    actions.finish_task(task=task, done_on=timezone.localdate(), by=world.dana)
    assert told(world.dana) == []
    assert [told(person) for person in (world.sol, world.ada, world.ivan)] == [[], [], []]


def test_when_a_limit_falls_the_liaison_hears_too_and_when_it_rises_again_nobody_need_read_it(world, year):
    spend(world.nora, "300.00", providers=[world.north_provider], practice=world.north_practice)
    limit = {"year": year.year, "incidental": year.incidental, "source": "typed", "limit": year, "by": world.ada}
    job = lambda: run(enqueue("compliance.settle_year", year.year).pk)  # noqa: E731
    actions.save_limit(non_monetary=Decimal("250"), **limit)
    job()
    assert [text.partition(":")[0][:15] for _, text, _ in (*told(world.nora), *told(world.dana))] == ["To be repaid by", "To be repaid by"]
    actions.save_limit(non_monetary=Decimal("500"), **limit)
    job()
    assert [told(world.nora), told(world.dana)] == [[], []]


def test_an_approval_goes_to_whoever_may_decide(world, year):
    spend(world.dana, "10.00", kind="cash", is_reported=True, providers=[world.north_provider], practice=world.north_practice)
    assert [told(world.dana), told(world.nora)] == [[], []]
    assert "To approve by" in told(world.ada)[0][1]  # the only manager wrote it down herself


def test_the_daily_mail_names_it_without_an_amount(world, year, plan):
    spend(world.nora, "530.00", providers=[world.north_provider], practice=world.north_practice, purpose="Private words")
    SpendTask.objects.update(due_on=timezone.localdate() - dt.timedelta(days=2))
    over(plan)
    today = timezone.localdate()
    sections = {section.title: section for section in sections_of(Digest.DAILY, world.nora, today)}
    assert {"1 spend task due", "1 planned spend to confirm"} <= set(sections)
    task, confirm = sections["1 spend task due"].lines[0], sections["1 planned spend to confirm"].lines[0]
    assert (task.text, task.note) == ("Repayment: Pat Northrop", "2 days late")
    assert confirm.text == "Meal, North Family Practice"
    assert not AMOUNT.search(f"{task} {confirm}".replace("2 days", ""))
    of_dana = {section.title for section in sections_of(Digest.DAILY, world.dana, today)}
    assert "1 spend task due" in of_dana
    assert "1 planned spend to confirm" not in of_dana
    for person in (world.ivan, world.elle, world.sol):
        assert not [section for section in sections_of(Digest.DAILY, person, today) if "spend" in section.title]


def test_a_plan_whose_day_is_over_is_asked_about_once_and_answered(as_, world, plan):
    job = lambda: run(enqueue("compliance.ask_what_happened").pk)  # noqa: E731
    assert ["compliance.ask_what_happened"] in [entry["args"] for entry in project.CELERY_BEAT_SCHEDULE.values()]
    job()
    assert told(world.nora) == []  # its day is still to come
    over(plan)
    job()
    job()
    ((kind, text, url),) = told(world.nora)
    assert (kind, url) == ("spend", plan.get_absolute_url())
    assert text == f"Did it happen? {plan} at North Family Practice"
    assert told(world.dana) == []
    client = as_("nora")
    assert "Did it happen?" in text_of(client.get("/spend/"))
    assert "Did it happen? It was planned, and its day is over." in text_of(client.get(plan.get_absolute_url()))
    assert "Planned, and the day is over: did it happen?" in text_of(client.get("/spend/tasks/"))
    assert "the day is over" not in text_of(as_("dana").get("/spend/tasks/"))
    Notice.objects.update(read_at=timezone.now())
    job()
    assert told(world.nora) == []  # asked once
    page = client.get(f"/spend/{plan.pk}/edit/").content.decode()
    assert re.search(r'value="happened"[^>]*checked', page)
    form = {
        "state": "happened",
        "kind": "meal",
        "spent_on": plan.spent_on.isoformat(),
        "amount": "38.20",
        "quantity": "1",
        "purpose": "Lunch",
        "rest_shown": "live",
    }
    assert client.post(f"/spend/{plan.pk}/edit/", form | {"providers": [world.north_provider.pk]}).status_code == 302
    plan.refresh_from_db()
    assert (plan.state, plan.amount) == ("happened", Decimal("38.20"))
    assert "the day is over" not in text_of(client.get("/spend/tasks/"))


def test_the_question_goes_once_it_is_answered(world, plan):
    over(plan)
    actions.ask_what_happened()
    assert told(world.nora)
    actions.cancel_spend(entry=plan, reason="It rained", by=world.nora)
    assert told(world.nora) == []
    assert actions.ask_what_happened() == 0


# Receipts that come with the entry


@pytest.fixture
def form(world, year, settings, tmp_path):
    settings.RECEIPTS = tmp_path / "receipts"
    return {
        "state": "happened", "kind": "meal", "spent_on": f"{timezone.localdate():%Y-%m-%d}", "amount": "60.00", "quantity": "1",
        "providers": [world.north_provider.pk], "purpose": "New orthopedics clinic", "rest_shown": "live",
    }  # fmt: skip


def test_receipts_come_with_a_new_entry(as_, world, form, settings):
    client, address = as_("nora"), f"/spend/new/?practice={world.north_practice.pk}"
    assert 'enctype="multipart/form-data"' in client.get(address).content.decode()
    files = [SimpleUploadedFile("front.png", PNG), SimpleUploadedFile("back.png", PNG + b"1")]
    assert client.post(address, form | {"receipts": files}).status_code == 302
    entry = SpendEntry.objects.get()
    assert [receipt.name for receipt in entry.receipts.all()] == ["front.png", "back.png"]
    assert all((settings.RECEIPTS / receipt.stored_as).read_bytes().startswith(PNG) for receipt in entry.receipts.all())
    more = form | {"receipts": [SimpleUploadedFile("third.png", PNG)]}
    assert client.post(f"/spend/{entry.pk}/edit/", more).status_code == 302
    assert entry.receipts.count() == 3


@pytest.mark.parametrize(("content", "said"), [(b"<script>", "bad.png: A receipt is a PDF or a picture"), (b"", "This file is empty.")])
def test_what_is_no_receipt_saves_nothing_and_says_so(as_, world, form, content, said):
    files = [SimpleUploadedFile("good.png", PNG), SimpleUploadedFile("bad.png", content)]
    answer = as_("nora").post(f"/spend/new/?practice={world.north_practice.pk}", form | {"receipts": files})
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert 'value="60.00"' in answer.content.decode()
    assert not SpendEntry.objects.exists()


def test_a_receipt_that_cannot_be_kept_keeps_nothing(as_, world, form, settings, tmp_path):
    (tmp_path / "file").write_text("in the way")
    settings.RECEIPTS = tmp_path / "file" / "receipts"
    with pytest.raises(NotADirectoryError):
        actions.record_spend(
            draft=make_draft(providers=[world.north_provider], receipts=[(SimpleUploadedFile("a.png", PNG), "a.png")]), by=world.nora
        )
    assert not SpendEntry.objects.exists()
