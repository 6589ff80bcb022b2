"""Pages, files, receipts and API of the ledger: who sees what, the forms by hand, flat queries."""

import io
import json
import re
from datetime import timedelta
from decimal import Decimal
from importlib import import_module

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone
from pypdf import PdfReader

from audit.models import AuditEvent
from common.tables import open_table
from compliance.models import SpendEntry, SpendLimit, SpendPolicy, SpendTask
from tests import factories
from tests.factories.contacts import align
from tests.factories.spend import make_limit, spend

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


def text_of(answer) -> str:
    return b"".join(answer.streaming_content).decode() if answer.streaming else answer.content.decode()


@pytest.fixture
def entry(world):
    make_limit(non_monetary="500")
    align(world.north_provider, "independent")
    return spend(world.nora, "100.00", providers=[world.north_provider], staff_count=3, practice=world.north_practice, vendor="Corner Deli")


@pytest.fixture
def form(world):
    """What the form sends."""
    return {
        "state": "happened",
        "kind": "meal",
        "spent_on": f"{timezone.localdate():%Y-%m-%d}",
        "amount": "60.00",
        "quantity": "1",
        "providers": [world.north_provider.pk],
        "staff_count": "2",
        "ours": "1",
        "purpose": "New orthopedics clinic",
        "rest_shown": "live",
    }


@pytest.mark.parametrize(
    ("who", "status"),
    [("nora", 200), ("sol", 404), ("over", 404), ("past", 404), ("dana", 200), ("ada", 200), ("ivan", 403), ("elle", 403), (None, 302)],
)
def test_who_sees_an_entry(as_, world, entry, who, status):
    year = entry.spent_on.year
    for address in (
        entry.get_absolute_url(),
        f"/spend/physicians/{world.north_provider.pk}/",
        f"/spend/physicians/{world.north_provider.pk}/statement/{year}/",
    ):
        assert as_(who).get(address).status_code == status, address
    assert as_(who).get(f"/api/v1/spend/{entry.pk}/").status_code == {302: 401}.get(status, status)
    shown = as_(who).get("/spend/")
    assert ("Corner Deli" in text_of(shown)) is (status == 200)


@pytest.mark.parametrize(("who", "status"), [("elle", 200), ("dana", 200), ("ada", 200), ("nora", 403), ("ivan", 403)])
def test_executives_see_sums_by_year_only(as_, world, entry, who, status):
    answer = as_(who).get("/spend/totals/")
    assert answer.status_code == status
    if who == "elle":
        page = text_of(answer)
        assert "$100.00" in page
        assert "Northrop" not in page
        assert "North Family" not in page
        assert 'href="/spend/totals/"' in text_of(as_(who).get("/reports/"))


def test_many_people_of_an_entry_are_told_in_few_words(as_, world, entry):
    ours = [factories.make_provider(f"Doctor{n}", at=world.north_practice) for n in range(6)]
    theirs = [factories.make_provider(f"Elsewhere{n}", at=world.south_practice) for n in range(3)]
    spend(world.dana, "90.00", providers=[*ours, *theirs], practice=world.north_practice, staff_count=2)
    page = text_of(as_("nora").get("/spend/"))
    assert re.search(r"(\w+ Doctor\d, ){4}2 others, 3 outside your territories, 2 of the office", page), page
    assert "Elsewhere" not in page
    assert "others" not in text_of(as_("dana").get(f"/spend/{entry.pk}/"))


def test_parts_of_physicians_elsewhere_have_no_name(as_, world, entry):
    both = spend(world.dana, "40.00", providers=[world.north_provider, world.south_provider], practice=world.north_practice)
    page = text_of(as_("nora").get(both.get_absolute_url()))
    assert "Northrop" in page
    assert "Southwell" not in page
    assert "Somebody outside your territories" in page
    told = as_("nora").get(f"/api/v1/spend/{both.pk}/").json()["shares"]
    assert [share["provider"] for share in told] == [world.north_provider.pk, None]


def test_a_lunch_by_hand(as_, world, entry, form):
    client = as_("nora")
    assert "First the practice" in text_of(client.get("/spend/new/"))
    assert "North Family Practice" in text_of(client.get("/spend/new/?q=north"))
    address = f"/spend/new/?practice={world.north_practice.pk}"
    page = text_of(client.get(address))
    assert "Pat Northrop" in page
    assert "not legal advice" in page
    answer = client.post(address, form)
    made = SpendEntry.objects.first()
    assert answer["Location"] == made.get_absolute_url()
    assert [share.amount for share in made.shares.all()] == [Decimal("15.00"), Decimal("30.00"), Decimal("15.00")]
    assert client.get(f"/spend/new/?practice={world.south_practice.pk}").status_code == 404
    changed = client.post(f"/spend/{made.pk}/edit/", form | {"amount": "80.00"})
    assert changed.status_code == 302
    assert "Changed: amount" in text_of(client.get(made.get_absolute_url()))
    assert client.post(f"/spend/{made.pk}/cancel/", {"reason": ""}).status_code == 422
    assert client.post(f"/spend/{made.pk}/cancel/", {"reason": "Typed twice"}).status_code == 302
    assert "Typed twice" in text_of(client.get(made.get_absolute_url()))
    assert client.get(f"/spend/{made.pk}/edit/").status_code == 302


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"kind": "gift card"}, "as good as cash"),
        ({"is_solicited": "on"}, "asks for cannot be given"),
        ({"providers": [], "staff_count": "0"}, "Say who had part of it"),
        ({"amount": "0"}, "above zero"),
        ({"purpose": "Lunch about pt Miller"}, "patient"),
        ({"state": "planned", "amount": "9000"}, "A manager may plan it nevertheless"),
    ],
)
def test_refusals_stand_at_their_field_and_lose_nothing(as_, world, entry, form, change, sentence):
    answer = as_("nora").post(f"/spend/new/?practice={world.north_practice.pk}", form | change)
    page = text_of(answer)
    assert answer.status_code == 422
    assert sentence in page
    assert "Error: Add spend" in page
    assert 'id="id_amount"' in page
    assert SpendEntry.objects.count() == 1


def test_a_manager_overrides_with_a_reason(as_, world, entry, form):
    client, plan = as_("dana"), form | {"state": "planned", "amount": "9000"}
    address = f"/spend/new/?practice={world.north_practice.pk}"
    assert 'name="override_reason"' in text_of(client.post(address, plan))
    assert client.post(address, plan | {"override_reason": "Agreed with counsel"}).status_code == 302
    assert "Agreed with counsel" in text_of(client.get(SpendEntry.objects.first().get_absolute_url()))


def test_what_happened_over_the_limit_is_kept_and_said(as_, world, entry, form):
    answer = as_("nora").post(f"/spend/new/?practice={world.north_practice.pk}", form | {"amount": "2000"}, follow=True)
    page = text_of(answer)
    assert "Pat Northrop repays $25.00" in page  # 500 of 2,000 on top of 25
    assert SpendTask.objects.get().amount == Decimal("25.00")


def test_the_allowance_is_shown_before_saving(as_, world, entry):
    spend(world.nora, "365.00", providers=[world.north_provider], practice=world.north_practice)  # 390 of 500
    chosen = {"providers": world.north_provider.pk, "practice": world.north_practice.pk}
    client = as_("nora")
    assert "$110.00 left" in text_of(client.get("/spend/allowance/", {"practice": world.north_practice.pk}))
    page = text_of(client.get("/spend/allowance/", chosen | {"amount": "10.00"}))
    assert "$100.00 left after it" in page.replace("\n", " ")
    near = text_of(client.get("/spend/allowance/", chosen | {"amount": "40.00", "ours": "1", "staff_count": "0"}))
    assert "82% of the limit" in near
    over = text_of(client.get("/spend/allowance/", {"people": f"provider-{world.north_provider.pk}", "amount": "110.01"}))
    assert "$0.01 over" in over
    for nonsense in ("-1", "NaN", "1e9", "1.005", "x"):
        assert "after it" not in text_of(client.get("/spend/allowance/", chosen | {"amount": nonsense}))
    assert "Choose physicians" in text_of(as_("sol").get("/spend/allowance/", chosen))
    assert as_("ivan").get("/spend/allowance/", chosen).status_code == 403


def test_physicians_tasks_and_statement(as_, world, entry):
    spend(world.nora, "505.00", providers=[world.north_provider], family=[world.north_provider], practice=world.north_practice)
    client, year = as_("dana"), entry.spent_on.year
    page = text_of(client.get("/spend/physicians/"))
    assert "$30.00 over" in page
    assert "106%" in page
    assert "Northrop" in text_of(client.get("/spend/physicians/?q=northrop&year=x"))
    assert "used anything" in text_of(client.get("/spend/physicians/?year=2003"))
    assert "repays $30.00" in text_of(client.get("/spend/tasks/"))
    assert "Nothing is overdue" in text_of(client.get("/spend/tasks/?state=late"))
    statement = text_of(client.get(f"/spend/physicians/{world.north_provider.pk}/statement/{year}/"))
    assert "$530.00" in statement
    assert "to be repaid by" in statement
    assert "not legal advice" in statement
    answer = client.get(f"/spend/physicians/{world.north_provider.pk}/statement/{year}/pdf/")
    pdf = PdfReader(io.BytesIO(answer.content))
    said = " ".join(page.extract_text() for page in pdf.pages)
    assert answer["Content-Type"] == "application/pdf"
    assert f"Statement of {year}" in said
    assert "$530.00" in said
    assert "not legal advice" in said.replace("\n", " ")
    assert AuditEvent.objects.filter(event="spend.statement_taken").count() == 1
    assert client.get(f"/spend/physicians/{world.north_provider.pk}/statement/1999/").status_code == 404
    task = SpendTask.objects.get()
    assert client.post(f"{task.get_absolute_url()}done/", {"done_on": "2001-01-01"}).status_code == 422
    assert client.get(f"{task.get_absolute_url()}done/")["Location"] == task.get_absolute_url()
    assert client.post(f"{task.get_absolute_url()}done/", {"done_on": f"{timezone.localdate()}", "note": "Check 12"}).status_code == 302
    assert "Check 12" in text_of(client.get(task.get_absolute_url()))
    assert as_("nora").get(task.get_absolute_url()).status_code == 200
    assert "Mark as repaid" not in text_of(as_("nora").get(task.get_absolute_url()))
    assert as_("nora").post(f"{task.get_absolute_url()}done/", {}).status_code == 403
    assert as_("sol").get(task.get_absolute_url()).status_code == 404


def test_receipts_are_checked_kept_outside_and_shown_to_those_who_see_the_entry(as_, world, entry, settings, tmp_path):
    settings.RECEIPTS = tmp_path / "receipts"
    client = as_("nora")
    address = f"/spend/{entry.pk}/receipts/"
    for name, content, sentence in (
        ("a.pdf", b"<script>alert(1)</script>", "A receipt is a PDF or a picture"),
        ("a.png", b"", "empty"),
        ("a.png", PNG + b"\0" * (10 * 1024 * 1024), "too large"),
    ):
        answer = client.post(address, {"file": SimpleUploadedFile(name, content)})
        assert answer.status_code == 422
        assert sentence in text_of(answer)
    assert client.post(address, {"file": SimpleUploadedFile("../deli <1>.html", PNG, "text/html")}).status_code == 302
    receipt = entry.receipts.get()
    assert (receipt.content_type, receipt.name, receipt.size) == ("image/png", "deli _1_.html", len(PNG))
    stored = settings.RECEIPTS / receipt.stored_as
    assert stored.read_bytes() == PNG
    assert stored.stat().st_mode & 0o777 == 0o600
    answer = client.get(f"/spend/receipts/{receipt.pk}/")
    assert b"".join(answer.streaming_content) == PNG
    assert answer["Content-Type"] == "image/png"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "no-store"
    for who, status in (("sol", 404), ("ivan", 403), ("elle", 403), ("dana", 200), (None, 302)):
        answer = as_(who).get(f"/spend/receipts/{receipt.pk}/")
        assert answer.status_code == status
        if answer.streaming:
            assert b"".join(answer.streaming_content) == PNG
    assert as_("sol").post(address, {"file": SimpleUploadedFile("a.png", PNG)}).status_code == 404
    client = as_("nora")
    assert "deli _1_.html is no longer shown" in text_of(client.get(f"/spend/receipts/{receipt.pk}/remove/"))
    assert client.post(f"/spend/receipts/{receipt.pk}/remove/").status_code == 302
    assert client.get(f"/spend/receipts/{receipt.pk}/").status_code == 404
    assert "Receipt removed" in text_of(client.get(entry.get_absolute_url()))


def test_files_and_filters(as_, world, entry):
    spend(world.dana, "12.00", kind="item", spent_on=timezone.localdate() - timedelta(days=3), staff_count=2, practice=world.south_practice)
    client = as_("dana")
    assert "Corner Deli" not in text_of(client.get("/spend/?kind=item"))
    assert "Corner Deli" in text_of(client.get("/spend/?q=northrop"))
    assert "Corner Deli" in text_of(client.get(f"/spend/?provider={world.north_provider.pk}"))
    assert "Corner Deli" in text_of(client.get("/spend/?without_receipt=on&sort=-amount"))
    assert "Nothing fits" in text_of(client.get("/spend/?state=cancelled"))
    assert "Corner Deli" in text_of(client.get(f"/spend/?year={entry.spent_on.year}"))
    assert "Nothing fits" in text_of(client.get("/spend/?year=2003"))
    assert client.get("/spend/?year=1e9&kind=x&territory=0&sort=volume").status_code == 200
    assert client.get("/api/v1/spend/?sort=referrals").status_code == 400
    fragment = text_of(client.get("/spend/?kind=meal", headers={"HX-Request": "true"}))
    assert "<html" not in fragment
    assert text_of(client.get("/spend/files/spend.csv?kind=meal")).count("\r\n") == 3  # heading and two parts
    with open_table(io.BytesIO(client.get("/spend/files/spend.xlsx").content)) as table:
        assert len(list(table)) == 3
    spend(world.nora, "900.00", providers=[world.north_provider], practice=world.north_practice)
    assert "Approval" in text_of(client.get("/spend/tasks/files/spend-tasks.csv"))
    assert client.get("/spend/files/spend.pdf").status_code == 404
    assert as_("nora").get("/spend/files/spend.csv").status_code == 403


def test_the_list_is_flat(as_, world, assert_flat_queries):
    as_("dana")
    make_limit()

    def add(count):
        for _ in range(count):
            provider = factories.make_provider(at=world.north_practice)
            spend(world.dana, "30.00", providers=[provider], staff_count=1, practice=world.north_practice)

    assert_flat_queries("/spend/", add)
    assert_flat_queries("/spend/physicians/", add)
    assert_flat_queries(f"/spend/allowance/?practice={world.north_practice.pk}", add)


def test_settings_pages(as_, world, run_jobs):
    client = as_("ada")
    assert "No limits yet" in text_of(client.get("/spend/limits/"))
    sent = {"year": 2026, "entity": "", "non_monetary": "535", "incidental": "", "source": "CMS"}
    assert client.post("/spend/limits/", sent).status_code == 302
    again = client.post("/spend/limits/", sent)
    assert again.status_code == 422
    assert "There is a row for this entity and year already" in text_of(again)
    assert client.post("/spend/limits/", sent | {"entity": world.ours.pk}).status_code == 302
    stored = SpendLimit.objects.get(entity=None)
    assert client.post(f"/spend/limits/{stored.pk}/", sent | {"non_monetary": ""}).status_code == 302
    assert "Not set" in text_of(client.get("/spend/limits/"))
    assert client.get(f"/spend/limits/{stored.pk}/remove/").status_code == 200
    assert client.post(f"/spend/limits/{stored.pk}/remove/").status_code == 302
    assert client.get(f"/spend/limits/{stored.pk}/").status_code == 404
    policy = {"gift_counts_whole": "on", "warn_at": "70", "employed_yearly": "200", "staff_per_occasion": "", "approve_days": "7"}
    assert client.post("/spend/policies/", policy | {"warn_at": "170"}).status_code == 422
    assert client.post("/spend/policies/", policy).status_code == 302
    assert (SpendPolicy.current().warn_at, SpendPolicy.current().employed_yearly) == (70, Decimal("200"))
    run_jobs()
    for who in ("dana", "nora"):
        assert as_(who).get("/spend/limits/").status_code == 403


def test_the_api_writes_with_the_same_rules(as_, world, entry):
    client = as_("nora")
    sent = {
        "spent_on": str(timezone.localdate()),
        "amount": "45.00",
        "purpose": "New orthopedics clinic",
        "providers": [world.north_provider.pk],
        "staff_count": 2,
        "practice": world.north_practice.pk,
    }
    post = lambda address, body: client.post(address, json.dumps(body), "application/json")  # noqa: E731
    answer = post("/api/v1/spend/", sent)
    assert answer.status_code == 201
    assert [share["amount"] for share in answer.json()["shares"]] == ["15.00", "30.00"]
    refused = post("/api/v1/spend/", sent | {"kind": "cash"})
    assert refused.status_code == 400
    assert "can never be given" in refused.json()["detail"]
    blocked = post("/api/v1/spend/", sent | {"amount": "9000", "state": "planned"})
    assert "would be at" in blocked.json()["detail"]
    assert post("/api/v1/spend/", sent | {"providers": [world.south_provider.pk]}).status_code == 400
    pk = answer.json()["id"]
    changed = client.put(f"/api/v1/spend/{pk}/", json.dumps(sent | {"amount": "2000.00"}), "application/json")
    assert changed.json()["amount"] == "2000.00"
    (task,) = client.get("/api/v1/spend-tasks/").json()["results"]
    assert task["kind"] == "repay"
    assert post(f"/api/v1/spend-tasks/{task['id']}/finish/", {}).status_code == 403
    client = as_("dana")
    post = lambda address, body: client.post(address, json.dumps(body), "application/json")  # noqa: E731
    assert post(f"/api/v1/spend-tasks/{task['id']}/finish/", {}).json()["state"] == "done"
    assert post(f"/api/v1/spend/{pk}/cancel/", {"reason": "Typed twice"}).json()["state"] == "cancelled"
    assert as_("ivan").get("/api/v1/spend/").status_code == 403


def test_a_visit_by_api_brings_spend_along(as_, world, entry):
    body = {
        "practice": world.north_practice.pk,
        "visited_at": timezone.now().isoformat(),
        "providers": [world.north_provider.pk],
        "spend": [{"amount": "24.00", "purpose": "New clinic", "ours": 1, "staff_count": 1, "providers": [world.north_provider.pk]}],
    }
    key = "2b7f5f0e-8d2f-4e9e-9a63-0d3c7d1f2a11"
    send = lambda: as_("nora").post("/api/v1/visits/", json.dumps(body), "application/json", headers={"Idempotency-Key": key})  # noqa: E731
    assert send().status_code == 201
    assert send().status_code == 200  # a late retry adds nothing
    assert list(SpendEntry.objects.filter(amount="24.00").values_list("shares__amount", flat=True)) == [Decimal("8.00")] * 3


def test_the_limits_of_the_table_are_offered_on_the_first_day(db):
    offer = import_module("compliance.migrations.0001_ledger").offer_limits
    with connection.schema_editor() as editor:
        offer(apps, editor)
        offer(apps, editor)  # somebody has typed: nothing is added
    known = dict(SpendLimit.objects.values_list("year", "non_monetary"))
    assert len(known) == 14
    assert (known[2013], known[2016], known[2024], known[2025], known[2026]) == (380, 392, 507, None, 535)
    assert dict(SpendLimit.objects.values_list("year", "incidental"))[2024] == 44
    assert SpendLimit.objects.get(year=2026).incidental is None
    assert "Not confirmed" in SpendLimit.objects.get(year=2025).source
