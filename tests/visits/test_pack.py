"""The pack: what a phone keeps, for whom, how much that weighs, and that no patient is in it."""

import datetime as dt
import gzip
import json
import re

import pytest
from django.utils import timezone

from tests import factories, make_world
from tests.factories.concerns import make_category, make_concern
from tests.factories.referrals import load, row
from tests.factories.visits import make_follow_up, make_topic
from visits.models import PracticeTrend
from visits.passes import pass_for

TODAY = dt.date(2026, 11, 27)  # a Friday
URL = "/api/v1/field/pack/"
CANARY = re.compile(r"QX\d{3,}|" + "|".join(name for part in make_world.CANARY for name in part))


def at(hour, days=0):
    return timezone.make_aware(dt.datetime.combine(TODAY + dt.timedelta(days=days), dt.time(hour)))


@pytest.fixture(autouse=True)
def friday(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: at(11))


@pytest.fixture
def stops(world):
    make_topic("Access")
    factories.make_staff(world.north_practice, "Kim Ortega", job="Front desk")
    for days in (0, 3, 4, 5):  # Friday, Monday, Tuesday, and a Wednesday that is too far
        factories.make_visit(world.north_practice, world.nora, state="planned", planned_at=at(13, days))
    return world


def test_three_working_days_with_briefs_and_what_the_form_needs(as_, stops):
    pack = as_("nora").get(URL).json()
    assert (pack["user"], pack["name"]) == (stops.nora.pk, "Nora")
    assert [(day["day"], day["label"], len(day["stops"])) for day in pack["days"]] == [
        ("2026-11-27", "Friday 27 November", 1),
        ("2026-11-30", "Monday 30 November", 1),
        ("2026-12-01", "Tuesday 1 December", 1),
    ]
    assert pack["days"][0]["stops"][0]["state"] == "next"
    brief = pack["briefs"][str(stops.north_practice.pk)]
    assert [person["name"] for person in brief["people"]] == ["Pat Northrop", "Kim Ortega"]
    (practice,) = pack["form"]["practices"]
    assert practice == {
        "id": stops.north_practice.pk,
        "name": "North Family Practice",
        "address": "44101",
        "do_not_visit": False,
        "pass": pass_for(stops.nora, stops.north_practice.pk, on=TODAY),
        "people": [
            {"key": f"provider-{stops.north_provider.pk}", "name": "Pat Northrop", "role": "Physician"},
            {"key": f"staff-{stops.north_practice.staff.get().pk}", "name": "Kim Ortega", "role": "Front desk"},
        ],
    }
    assert [topic["name"] for topic in pack["form"]["topics"]] == ["Access"]
    assert "In person" in [mode["label"] for mode in pack["form"]["modes"]]


def test_a_saturday_on_which_a_stop_is_planned_is_kept_too(as_, stops):
    factories.make_visit(stops.north_practice, stops.nora, state="planned", planned_at=at(10, 1))
    days = [day["day"] for day in as_("nora").get(URL).json()["days"]]
    assert days == ["2026-11-27", "2026-11-28", "2026-11-30", "2026-12-01"]


def test_the_same_again_is_said_in_a_few_bytes(as_, stops):
    client = as_("nora")
    first = client.get(URL)
    assert first["Cache-Control"] == "no-store"
    for etag in (first["ETag"], f"W/{first['ETag']}"):  # compressing weakens it
        again = client.get(URL, headers={"If-None-Match": etag})
        assert (again.status_code, again.content) == (304, b"")
    make_follow_up(stops.north_practice, stops.nora)
    changed = client.get(URL, headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]


@pytest.mark.parametrize(
    ("who", "status"), [("nora", 200), ("sol", 200), ("dana", 200), ("ada", 200), ("ivan", 403), ("elle", 403), (None, 401)]
)
def test_only_ones_own(as_, stops, who, status):
    answer = as_(who).get(URL)
    assert answer.status_code == status
    if who == "sol":
        assert "North" not in answer.content.decode()
        assert [practice["name"] for practice in answer.json()["form"]["practices"]] == ["South Medical Group"]
    if who == "dana":
        assert [day["stops"] for day in answer.json()["days"]] == [[], [], []], "one's own stops, not those of the team"


def test_no_patient_is_in_it(as_, stops):
    """Referrals of patients are known here, and somebody wrote one into every text there is."""
    first, last = make_world.CANARY[0][0], make_world.CANARY[1][0]
    load(row("1", mrn="QX12345", patient=f"{last}, {first}", office="North Family Practice", zip="44101"))
    text = f"Pt {first} asks for results, MRN QX12345"
    visit = factories.make_visit(stops.north_practice, stops.nora, visited_at=at(9, -3), note=text)
    factories.make_visit(stops.north_practice, stops.nora, state="planned", planned_at=at(15), purpose=text[:200])
    make_follow_up(stops.north_practice, stops.nora, text=text)
    category = make_category()
    make_concern(stops.north_practice, stops.nora, category=category, text=text)
    make_concern(stops.north_practice, stops.nora, category=category, text=text, resolution=text, state="resolved", resolved_at=at(9))
    stops.north_practice.visiting_rules = text
    stops.north_practice.save()
    told = as_("nora").get(URL).content.decode()
    assert CANARY.search(visit.note), "the search finds what is there"
    assert not CANARY.search(told)
    assert told.count("[left out]") >= 6
    assert not CANARY.search(as_("nora").get("/visits/today/").content.decode())
    assert not CANARY.search(as_("nora").get(f"/visits/brief/{stops.north_practice.pk}/").content.decode())
    assert not re.search(r"spend|amount|\$", told)


def test_a_dense_pack_fits_the_budget(as_, world):
    """Three full days, three hundred practices with five people each, notes as long as they are shown: within 150 KB compressed."""
    category = make_category("Scheduling and access")
    note = "They ask for the direct line of the referral coordinator and would like to hear sooner when a report is ready. "
    for number in range(300):
        practice = factories.make_practice(f"Practice of Family Medicine {number}", territory=world.north, address=f"{number} Elm Street", city="Cleveland", state="OH", zip="44101")  # fmt: skip  # noqa: E501
        for person in range(4):
            factories.make_provider(f"Physician{number}", first_name=f"Alexandra{person}", credential="MD", at=practice)
        factories.make_staff(practice, f"Kim Ortega {number}", job="Referral coordinator")
        if number < 24:
            factories.make_visit(practice, world.nora, state="planned", planned_at=at(9 + number % 8, (0, 3, 4)[number // 8]))
            for days in range(3):
                factories.make_visit(practice, world.nora, visited_at=at(9, -days - 1), note=f"{number}{days} {note * 3}")
            for _ in range(2):
                make_concern(practice, world.nora, category=category, text=f"{number} {note}")
                make_follow_up(practice, world.nora, text=f"{number} {note}")
            PracticeTrend.objects.create(
                practice=practice, sentence="45 fewer than expected in the last three months: 15 against 60", way="fewer",
                points=list(range(number, number + 12)), through_on=TODAY, data_version=1, written_at=at(2),
            )  # fmt: skip
    body = as_("nora").get(URL).content
    pack = json.loads(body)
    assert sum(len(day["stops"]) for day in pack["days"]) == 24
    assert len(pack["form"]["practices"]) == 301
    packed = len(gzip.compress(body))
    assert 5_000 < packed <= 150_000, f"{packed:,} bytes"


def test_who_sees_everything_is_given_no_directory(as_, world, monkeypatch):
    monkeypatch.setattr("visits.pack.MOST_PRACTICES", 3)
    mine = factories.make_practice("Zzz, but mine", territory=world.north)
    factories.make_visit(mine, world.ada)
    names = [practice["name"] for practice in as_("ada").get(URL).json()["form"]["practices"]]
    assert len(names) == 3
    assert names[-1] == "Zzz, but mine"


def test_queries_are_flat(as_, world, assert_flat_queries):
    as_("nora")
    category = make_category()

    def add(count):
        for _ in range(count):
            practice = factories.make_practice(territory=world.north)
            factories.make_provider(at=practice)
            factories.make_staff(practice)
            for days in (0, 3, 4):
                factories.make_visit(practice, world.nora, state="planned", planned_at=at(13, days))
            factories.make_visit(practice, world.nora, visited_at=at(9, -50), note="Said hello.")
            make_concern(practice, world.nora, category=category)
            make_follow_up(practice, world.nora, due_in=-1)

    assert_flat_queries(URL, add)
