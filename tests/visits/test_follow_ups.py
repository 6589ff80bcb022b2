"""Follow-ups: due and overdue, put off and counted, handed over with a sentence, done one by one or many at once, and taken back."""

import datetime as dt
import io
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from common.exceptions import PolicyViolation
from common.guarded import LooksLikePatient
from common.tables import open_table
from notices.models import Notice
from tests import factories
from tests.factories.visits import make_follow_up
from visits import actions
from visits.forms import next_monday
from visits.models import FollowUp, FollowUpStep

LIST = reverse("visits:follow-ups")


def today(days: int = 0) -> dt.date:
    return timezone.localdate() + dt.timedelta(days=days)


def batch_of(answer) -> str:
    """What takes it back, as the address says."""
    return answer.headers["Location"].rpartition("undo=")[2]


@pytest.fixture
def item(world):
    return make_follow_up(world.north_practice, world.nora, due_in=-2)


@pytest.mark.parametrize(("day", "monday"), [(23, 30), (24, 30), (27, 30), (29, 30), (30, 37)])
def test_monday_is_the_next_one(day, monday):
    assert next_monday(dt.date(2026, 11, day)) == dt.date(2026, 11, 1) + dt.timedelta(days=monday - 1)


def test_putting_off_is_counted_and_taken_back(world, item):
    batch = uuid.uuid4()
    actions.snooze_follow_up(by=world.nora, follow_up=item, until_on=today(1), batch=batch)
    item.refresh_from_db()
    assert (item.due_on, item.snoozes, item.sequence) == (today(1), 1, 1)
    actions.snooze_follow_up(by=world.nora, follow_up=item, until_on=today(3))
    item.refresh_from_db()
    assert item.snoozes == 2
    assert actions.undo_follow_ups(by=world.nora, batch=batch) == 0  # something happened since
    last = FollowUpStep.objects.latest("pk")
    assert actions.undo_follow_ups(by=world.nora, batch=last.batch) == 1
    assert actions.undo_follow_ups(by=world.nora, batch=last.batch) == 0
    assert actions.undo_follow_ups(by=world.nora, batch=batch) == 1
    item.refresh_from_db()
    assert (item.due_on, item.snoozes) == (today(-2), 0)
    assert AuditEvent.objects.filter(event="follow-up.undone").count() == 2


@pytest.mark.parametrize("day", [0, -1, 366 * 7])
def test_put_off_to_a_day_that_comes(world, item, day):
    with pytest.raises(PolicyViolation):
        actions.snooze_follow_up(by=world.nora, follow_up=item, until_on=today(day))


def test_what_is_done_is_neither_put_off_nor_handed_over(world, item):
    actions.complete_follow_up(by=world.nora, follow_up=item)
    with pytest.raises(PolicyViolation, match="done already"):
        actions.snooze_follow_up(by=world.nora, follow_up=item, until_on=today(1))
    with pytest.raises(PolicyViolation, match="done already"):
        actions.hand_over_follow_up(by=world.nora, follow_up=item, to=world.dana)


def test_a_colleague_takes_it_and_sees_from_whom(as_, world, item):
    client = as_("nora")
    address = reverse("visits:follow-up-hand-over", args=[item.pk])
    page = client.get(address).content.decode()
    assert f'value="{world.dana.pk}"' in page
    assert f'value="{world.sol.pk}"' not in page  # does not look after the practice
    answer = client.post(address, {"to": world.dana.pk, "note": "She asked for the new fax form."})
    item.refresh_from_db()
    assert (item.owner, item.handed_by) == (world.dana, world.nora)
    assert "Handed over to Dana" in client.get(answer.headers["Location"]).content.decode()
    client = as_("dana")
    row = client.get(LIST, {"whose": "mine"}).content.decode()
    assert "From Nora: “She asked for the new fax form.”" in row
    assert "She asked for the new fax form." in client.get(item.get_absolute_url()).content.decode()
    assert Notice.objects.get(to=world.dana).url == item.get_absolute_url()


def test_a_hand_over_taken_back_is_not_told_either(world, item):
    actions.hand_over_follow_up(by=world.nora, follow_up=item, to=world.dana, note="Please.")
    assert actions.undo_follow_ups(by=world.nora, batch=FollowUpStep.objects.latest("pk").batch) == 1
    item.refresh_from_db()
    assert (item.owner, item.handed_by, item.handed_note) == (world.nora, None, "")
    assert not Notice.objects.exists()


def test_a_note_that_may_tell_a_patient_waits_for_the_writer(as_, world, item):
    with pytest.raises(LooksLikePatient):
        actions.hand_over_follow_up(by=world.nora, follow_up=item, to=world.dana, note="About pt Miller")
    client, address = as_("nora"), reverse("visits:follow-up-hand-over", args=[item.pk])
    body = {"to": world.dana.pk, "note": "About pt Miller"}
    asked = client.post(address, body)
    assert asked.status_code == 422
    assert "is_none" in asked.content.decode()
    assert client.post(address, {**body, "is_none": "on"}).status_code == 302
    added = client.post(
        reverse("visits:follow-up-add"), {"practice": world.north_practice.pk, "text": "Call pt Miller", "due_on": f"{today(2)}"}
    )
    assert added.status_code == 422
    assert FollowUp.objects.count() == 1


def test_nobody_takes_back_what_another_did(as_, world, item):
    batch = uuid.uuid4()
    actions.complete_follow_up(by=world.nora, follow_up=item, batch=batch)
    address = reverse("visits:follow-ups-undo", args=[batch])
    assert as_("dana").post(address).status_code == 404
    assert as_("ivan").post(address).status_code == 403
    item.refresh_from_db()
    assert item.done_at
    assert "Taken back." in as_("nora").post(address, follow=True).content.decode()
    assert "Something happened to it since" in as_("nora").post(address, follow=True).content.decode()


def test_one_tap_draws_the_row_again_with_its_undo(as_, world, item):
    client, htmx = as_("nora"), {"HX-Request": "true"}
    row = client.post(
        reverse("visits:follow-up-snooze", args=[item.pk]), {"until": "tomorrow", "in_list": "1"}, headers=htmx
    ).content.decode()
    assert "put off once" in row
    batch = FollowUpStep.objects.get().batch
    assert reverse("visits:follow-ups-undo", args=[batch]) in row
    row = client.post(reverse("visits:follow-ups-undo", args=[batch]), {"in_list": "1"}, headers=htmx).content.decode()
    assert "Overdue" in row
    assert "put off once" not in row
    assert "<html" not in row
    wrong = client.post(reverse("visits:follow-up-snooze", args=[item.pk]), {"until": "day"}, headers=htmx).content.decode()
    assert "Choose until which day." in wrong


def test_the_tabs_cut_and_count(as_, world):
    for name, due_in in (("Late", -3), ("Now", 0), ("Later", 4)):
        make_follow_up(world.north_practice, world.nora, due_in=due_in, text=f"{name} one")
    make_follow_up(world.north_practice, world.nora, text="Done one", done_at=timezone.now(), done_by=world.nora)

    def shown(**query):
        page = as_("nora").get(LIST, query).content.decode()
        return {name for name in ("Late", "Now", "Later", "Done") if f"{name} one" in page}

    assert shown() == {"Late", "Now", "Later"}
    assert shown(state="due") == {"Late", "Now"}
    assert shown(state="overdue") == {"Late"}
    assert shown(state="done") == {"Done"}
    assert shown(state="due", q="south") == set()
    make_follow_up(world.north_practice, world.dana, text="Danas one")
    assert shown(whose="all", owner=world.dana.pk) == set()
    assert shown(owner=world.nora.pk) == {"Late", "Now", "Later"}
    page = as_("nora").get(LIST, {"state": "due", "q": "north"}).content.decode()
    assert "q=north" in page  # the tabs keep the filters
    assert as_("nora").get("/api/v1/follow-ups/", {"state": "due", "whose": "mine"}).json()["count"] == 2


def test_the_files_hold_the_filtered_list(as_, world):
    make_follow_up(world.north_practice, world.nora, due_in=-3, text="Late one", snoozes=2, handed_by=world.dana, handed_note="=1+1")
    make_follow_up(world.south_practice, world.sol, text="Other one")
    address = reverse("visits:follow-ups-export", args=["csv"])
    text = b"".join(as_("dana").get(address, {"state": "overdue"}).streaming_content).decode("utf-8-sig")
    assert "Late one" in text
    assert "Other one" not in text
    assert "'=1+1" in text
    book = as_("dana").get(reverse("visits:follow-ups-export", args=["xlsx"])).content
    with open_table(io.BytesIO(book)) as table:
        rows = [values for _, values in table]
        assert rows[0][table.headers.index("days late")] == "3"
        assert len(rows) == 2
    assert as_("nora").get(address).status_code == 403
    assert as_("dana").get(address.replace("csv", "pdf")).status_code == 404
    assert AuditEvent.objects.filter(event="follow-ups.exported").count() == 2


@pytest.mark.parametrize(
    ("who", "status"), [("nora", 200), ("sol", 404), ("past", 404), ("dana", 200), ("ivan", 200), ("elle", 403), (None, 302)]
)
def test_who_sees_a_follow_up(as_, item, who, status):
    assert as_(who).get(item.get_absolute_url()).status_code == status


def test_only_its_people_change_it(as_, world, item):
    mate = factories.make_user("mate")
    factories.assign(mate, world.north, primary=False)
    world.cast["mate"] = mate
    client = as_("mate")
    for name, body in (("follow-up-done", {}), ("follow-up-snooze", {"until": "tomorrow"})):
        assert "Only Nora or a manager" in client.post(reverse(f"visits:{name}", args=[item.pk]), body, follow=True).content.decode()
    assert client.get(reverse("visits:follow-up-hand-over", args=[item.pk])).status_code == 302
    assert "Put off" not in client.get(item.get_absolute_url()).content.decode()
    item.refresh_from_db()
    assert item.sequence == 0


def test_the_api_puts_off_and_hands_over(as_, world, item):
    client, address = as_("nora"), f"/api/v1/follow-ups/{item.pk}/"
    assert client.post(f"{address}snooze/", {"until_on": f"{today(4)}"}, content_type="application/json").json()["snoozes"] == 1
    assert client.post(f"{address}snooze/", {"until_on": f"{today()}"}, content_type="application/json").status_code == 400
    given = client.post(f"{address}hand-over/", {"to": world.dana.pk, "note": "Please."}, content_type="application/json").json()
    assert (given["owner"], given["handed_by"], given["handed_note"]) == (world.dana.pk, world.nora.pk, "Please.")
    assert as_("ivan").post(f"{address}snooze/", {"until_on": f"{today(4)}"}, content_type="application/json").status_code == 403


def test_the_list_is_flat(as_, world, assert_flat_queries):
    as_("nora")
    assert_flat_queries(
        LIST, lambda count: [make_follow_up(world.north_practice, world.nora, handed_by=world.dana, snoozes=1) for _ in range(count)]
    )
