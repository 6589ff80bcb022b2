"""The team's workload without a ranking, and the agenda of a talk: whose it is, what stands on it, what was agreed."""

import csv
import datetime as dt
import io

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from common.exceptions import PolicyViolation
from common.guarded import LooksLikePatient
from contacts.models import Cadence
from notices import digests
from notices.models import Digest
from referrals.models import CountingRules
from reports import actions
from reports.actions.meetings import Agreed
from reports.models import Agreement, OneToOne
from reports.queries.team import team_of
from tests import factories
from tests.factories.visits import make_follow_up


def agenda(person):
    return reverse("reports:agenda", args=[person.pk])


def test_the_team_is_told_by_name_and_without_money(as_, world):
    Cadence.objects.update_or_create(tier="A", defaults={"every_days": 7})
    world.south_practice.tier = "A"
    world.south_practice.save()
    factories.make_visit(world.south_practice, world.sol, visited_at=timezone.localtime() - dt.timedelta(days=3))
    factories.make_visit(world.south_practice, world.sol, visited_at=timezone.localtime() - dt.timedelta(days=60))
    make_follow_up(world.south_practice, world.sol, due_in=-3)
    make_follow_up(world.south_practice, world.sol, due_in=3)
    loads = {load.person: load for load in team_of([world.sol, world.nora], today=timezone.localdate()).loads}
    assert list(loads) == [world.nora, world.sol], "by name"
    sol = loads[world.sol]
    assert (sol.practices, sol.visits, sol.overdue_follow_ups, sol.overdue_practices) == (1, 1, 1, 0)
    assert sol.promised_hours == pytest.approx(4 * 25 / 60, abs=2), "a visit a week over four weeks, with the road"
    assert 100 < sol.available_hours <= 160, "four weeks of five days, less the holidays"
    page = as_("dana").get(reverse("reports:team")).content.decode()
    assert page.index(">Nora<") < page.index(">Sol<")
    assert "$" not in page.split("<main")[1]
    assert "rank" not in page.split("<main")[1].replace("ranks nobody", "")
    for kind in ("csv", "xlsx"):
        assert as_("dana").get(reverse("reports:team-export", args=[kind])).status_code == 200


@pytest.mark.parametrize(("who", "status"), [("nora", 403), ("ivan", 403), ("elle", 403), ("dana", 200), ("ada", 200)])
def test_who_sees_the_team(as_, world, who, status):
    assert as_(who).get(reverse("reports:team")).status_code == status


@pytest.mark.parametrize(("who", "status"), [("nora", 200), ("sol", 404), ("dana", 200), ("ada", 200), ("ivan", 404), ("elle", 403)])
def test_who_sees_an_agenda(as_, world, who, status):
    assert as_(who).get(agenda(world.nora)).status_code == status


def test_a_manager_leads_only_those_within_the_field(as_, world):
    factories.assign(world.nora, factories.make_territory("East", zips=("44901",)))
    assert as_("dana").get(agenda(world.nora)).status_code == 404


def test_the_agenda_says_what_stands_open(as_, history):
    world = history
    make_follow_up(world.south_practice, world.sol, due_in=-3, text="Bring the map")
    page = as_("dana").get(agenda(world.sol)).content.decode()
    assert world.south_practice.name in page
    assert "1 falling source" in page
    assert "1 promise open, 1 overdue" in page
    assert "Bring the map" in page
    assert "No goal is running" in page
    assert world.north_practice.name not in page


def test_a_talk_is_written_down_with_its_agreements(as_, world):
    client = as_("dana")
    sent = {
        "held_on": timezone.localdate().isoformat(), "notes": "Went well", "text_0": "Visit the south", "owner_0": world.nora.pk,
        "due_0": (timezone.localdate() - dt.timedelta(days=1)).isoformat(),
    }  # fmt: skip
    assert client.post(agenda(world.nora), {**sent, "notes": "Pt John Miller"}).status_code == 422
    assert client.post(agenda(world.nora), sent).status_code == 302
    agreement = Agreement.objects.get()
    assert (agreement.text, agreement.owner, agreement.meeting.liaison) == ("Visit the south", world.nora, world.nora)
    page = as_("nora").get(agenda(world.nora)).content.decode()
    assert "Visit the south" in page
    assert "Went well" in page
    assert "Late" in page
    assert "Write the talk down" not in page
    assert as_("nora").post(agenda(world.nora), sent).status_code == 403
    assert as_("sol").post(reverse("reports:agreement", args=[agreement.pk])).status_code == 404
    as_("nora").post(reverse("reports:agreement", args=[agreement.pk]))
    agreement.refresh_from_db()
    assert agreement.done_by == world.nora
    assert "No agreement is open" in as_("dana").get(agenda(world.nora)).content.decode()
    assert not OneToOne.objects.visible_to(world.sol).exists()
    event = AuditEvent.objects.get(event="one-to-one.held")
    assert "Went well" not in str(event.details)


def test_what_makes_no_talk(world):
    today = timezone.localdate()
    with pytest.raises(PolicyViolation, match="people you lead"):
        actions.hold_one_to_one(liaison=world.sol, held_on=today, notes="x", by=world.nora)
    with pytest.raises(PolicyViolation, match="lies ahead"):
        actions.hold_one_to_one(liaison=world.sol, held_on=today + dt.timedelta(days=1), notes="x", by=world.dana)
    with pytest.raises(PolicyViolation, match="Write a note"):
        actions.hold_one_to_one(liaison=world.sol, held_on=today, notes=" ", by=world.dana)
    with pytest.raises(PolicyViolation, match="one of the two"):
        actions.hold_one_to_one(liaison=world.sol, held_on=today, notes="x", agreed=[Agreed("y", world.nora)], by=world.dana)
    with pytest.raises(LooksLikePatient):
        actions.hold_one_to_one(liaison=world.sol, held_on=today, notes="MRN 1234567", by=world.dana)


def test_the_weekly_mail_leads_to_the_review_and_tells_no_small_count(history):
    sections = digests.sections_of(Digest.WEEKLY, history.dana, timezone.localdate())
    review = next(section for section in sections if section.title == "The Monday review")
    assert review.url == reverse("reports:review")
    said = {line.text: line.note for line in review.lines}
    assert history.south_practice.name in said
    assert said[history.south_practice.name] == "45 short"
    assert all(section.title != "The Monday review" for section in digests.sections_of(Digest.WEEKLY, history.nora, timezone.localdate()))


def test_the_monthly_mail_shows_the_month(history):
    def month():
        return digests.sections_of(Digest.MONTHLY, history.ada, timezone.localdate())[0]

    assert month().picture is None, "a month of nine referrals is a small count, and stays inside"
    CountingRules.objects.update_or_create(pk=1, defaults={"small_cell": 5, "counted_kinds": ["consult"]})
    section = month()
    assert section.picture is not None
    assert section.picture.png.startswith(b"\x89PNG")
    assert len(section.picture.rows) == 12
    assert section.title == "9 inbound referrals in September 2026, as the month before"


def test_talks_are_told_by_the_api_to_the_two_and_to_admins(world, as_):
    talk = OneToOne.objects.create(liaison=world.nora, led_by=world.dana, held_on=timezone.localdate(), notes="Went well")
    talk.agreements.create(text="Visit the south", owner=world.nora)
    address = f"/api/v1/one-to-ones/{talk.pk}/"
    for who, status in (("nora", 200), ("dana", 200), ("ada", 200), ("sol", 404), ("elle", 404), (None, 401)):
        assert as_(who).get(address).status_code == status, who
    told = as_("nora").get(address).json()
    assert (told["notes"], [row["text"] for row in told["agreements"]]) == ("Went well", ["Visit the south"])
    assert as_("sol").get("/api/v1/one-to-ones/").json()["results"] == []
    assert as_("nora").post(address, {}).status_code == 403


def test_talks_as_a_file_are_those_of_who_asks(world, as_):
    talk = OneToOne.objects.create(liaison=world.nora, led_by=world.dana, held_on=timezone.localdate(), notes="=Went well")
    talk.agreements.create(text="Visit the south", owner=world.nora)
    talk.agreements.create(text="Call Riverbend", owner=world.dana)
    OneToOne.objects.create(liaison=world.sol, led_by=world.dana, held_on=timezone.localdate())
    other = OneToOne.objects.create(liaison=world.sol, led_by=world.ada, held_on=timezone.localdate(), notes="Theirs")

    def rows(who, **query):
        answer = as_(who).get(reverse("reports:one-to-ones-export", args=["csv"]), query)
        assert answer.status_code == 200
        return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))

    assert [row["Agreed"] for row in rows("dana", liaison=world.nora.pk)] == ["Visit the south", "Call Riverbend"]
    assert {row["Liaison"] for row in rows("dana")} == {str(world.nora), str(world.sol)}
    assert other.notes not in str(rows("dana")), "what another leader wrote is theirs"
    assert other.notes in str(rows("ada"))
    assert not rows("dana")[0]["Notes"].startswith("=")
    assert rows("dana", liaison="x") == []
    assert AuditEvent.objects.filter(event="one-to-ones.exported").count() == 6
    assert as_("nora").get(reverse("reports:one-to-ones-export", args=["csv"])).status_code == 403, "files need the capability"
    assert as_("dana").get(reverse("reports:one-to-ones-export", args=["xlsx"])).status_code == 200
    assert "files/one-to-ones.xlsx?liaison=" in as_("dana").get(agenda(world.nora)).content.decode()
