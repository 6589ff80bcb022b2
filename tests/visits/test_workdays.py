"""Working days: a person's own hours, less holidays and closing days, wherever weeks and days are planned."""

import datetime as dt
import html
import re

import pytest
from django.urls import reverse
from django.utils import timezone

import reports.actions
from common.exceptions import PolicyViolation
from contacts.models import Cadence
from tests import factories
from visits import actions
from visits.models import FieldRules, Visit, WorkingHours
from visits.planning import capacity, promised_by, rooms_of, week_of
from visits.today import working_days
from visits.workdays import closed_between, lunch_between, working_days_of

MONDAY = dt.date(2026, 11, 30)
CHRISTMAS = dt.date(2026, 12, 25)  # a Friday


def day(month, number, year=2026):
    return dt.date(year, month, number)


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())))


@pytest.fixture
def closed(world):
    """The house is closed on the two days before Christmas."""
    reports.actions.close_days(first=day(12, 23), last=day(12, 24), name="Year's end", by=world.ada)
    return world


@pytest.fixture
def now(monkeypatch):
    at = timezone.make_aware(dt.datetime.combine(MONDAY, dt.time(9)))
    monkeypatch.setattr(timezone, "now", lambda: at)


def test_days_on_which_nobody_works_have_names(closed):
    assert closed_between(MONDAY, day(1, 5, 2027)) == {
        day(12, 23): "Year's end",
        day(12, 24): "Year's end",
        CHRISTMAS: "Christmas Day",
        day(1, 1, 2027): "New Year's Day",
    }
    reports.actions.open_on_holiday(day=CHRISTMAS, by=closed.ada)
    assert CHRISTMAS not in closed_between(MONDAY, day(12, 31))
    assert closed_between(day(12, 1), day(12, 5)) == {}


def test_a_holiday_that_is_observed_in_the_year_before_counts_there(world):
    assert closed_between(day(12, 30, 2021), day(1, 2, 2022)) == {day(12, 31, 2021): "New Year's Day (observed)"}


def test_promised_hours_are_held_against_days_that_are_worked(closed, now):
    Cadence.objects.create(tier="A", every_days=14)
    factories.make_practice("Often", territory=closed.north, tier="A", zip="44101")
    found = capacity(promised_by(closed.nora), WorkingHours(user=closed.nora), starts_on=MONDAY, today=MONDAY)
    assert (found.working_days, found.available) == (17, 17 * 480)  # four weeks less three days
    assert list(found.closed) == [day(12, 23), day(12, 24), CHRISTMAS]
    wednesdays = capacity(promised_by(closed.nora), WorkingHours(user=closed.nora, weekdays=[2]), starts_on=MONDAY, today=MONDAY)
    assert (wednesdays.working_days, list(wednesdays.closed)) == (3, [day(12, 23)])  # their own weekdays come first


def test_the_page_says_which_days_are_taken_off(as_, closed, now):
    Cadence.objects.create(tier="A", every_days=14)
    factories.make_practice("Often", territory=closed.north, tier="A", zip="44101")
    page = text_of(as_("nora").get(reverse("visits:plan-week")))
    assert "You have 17 working days; closed: Year's end, 23 Dec; Year's end, 24 Dec; Christmas Day, 25 Dec." in page


def test_a_draft_of_the_week_leaves_closing_days_out(closed, now):
    Cadence.objects.create(tier="A", every_days=1)
    for number in range(12):
        factories.make_practice(f"Often {number}", territory=closed.north, tier="A", zip="44101")
    christmas_week = week_of(CHRISTMAS)
    assert [room.day for room in rooms_of(closed.nora, christmas_week, WorkingHours(user=closed.nora))] == [day(12, 21), day(12, 22)]
    draft = actions.draft_days(by=closed.nora, owner=closed.nora, days=christmas_week)
    assert {timezone.localdate(stop.planned_at) for stop in draft.stops.all()} <= {day(12, 21), day(12, 22)}
    with pytest.raises(PolicyViolation, match="None of these days is a working day"):
        actions.draft_days(by=closed.nora, owner=closed.nora, days=[day(12, 23), day(12, 24), CHRISTMAS])


def test_the_days_of_the_pack_skip_them(closed):
    assert working_days(WorkingHours(), day(12, 22), 3) == [day(12, 22), day(12, 28), day(12, 29)]
    assert working_days(WorkingHours(weekdays=[]), MONDAY, 3) == []
    assert working_days_of(WorkingHours(weekdays=[6]), MONDAY, day(12, 8)) == [day(12, 6)]


def test_a_plan_for_a_closing_day_is_allowed_and_said(as_, closed, now):
    form = {"practice": closed.north_practice.pk, "day": "2026-12-24", "time": "10:00"}
    client = as_("nora")
    page = text_of(client.post(reverse("visits:plan"), form, follow=True))
    assert "Thursday, December 24 is a closing day: Year's end. Offices may be closed." in page
    changed = client.post(reverse("visits:edit", args=[Visit.objects.get().pk]), form | {"day": "2026-12-25"}, follow=True)
    assert "is a closing day: Christmas Day" in text_of(changed)
    assert "A closing day: Year's end" in text_of(client.get(reverse("visits:route", args=["2026-12-24"])))
    assert "A closing day" not in text_of(client.get(reverse("visits:route", args=["2026-12-22"])))


@pytest.mark.parametrize(
    ("start", "end", "minutes", "found"),
    [
        (480, 990, 30, (30, 690, 810)),  # the rules of the field: 11:30 to 13:30
        (720, 990, 30, (30, 720, 810)),  # not before one's own day begins
        (480, 750, 45, (45, 690, 705)),  # nor so late that it would outlast it
        (840, 1080, 30, (0, 690, 810)),  # a day that begins after lunch has none
        (480, 660, 30, (0, 690, 810)),
        (480, 990, 0, (0, 690, 810)),
    ],
)
def test_lunch_is_by_the_rules_of_the_field_within_ones_own_hours(start, end, minutes, found):
    assert lunch_between(FieldRules(), start=start, end=end, minutes=minutes) == found
