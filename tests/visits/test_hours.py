"""Working days: whose they are, what fits into one, and what is refused."""

import datetime as dt

import pytest
from django.urls import reverse

from audit.models import AuditEvent
from common.exceptions import PolicyViolation
from visits import actions
from visits.models import WorkingHours

GIVEN = {
    "weekdays": ["0", "2"],
    "starts_at": "09:00",
    "ends_at": "15:00",
    "pause_minutes": "30",
    "visit_minutes": "20",
    "start_address": "12 Elm St",
    "start_zip": "44101",
    "point": "41.4993, -81.6944",
}


def test_who_says_nothing_works_the_usual_week(world):
    hours = WorkingHours(user=world.nora)
    assert hours.minutes_a_day == 8 * 60
    assert [hours.works_on(dt.date(2026, 11, 23) + dt.timedelta(days=n)) for n in range(7)] == [True] * 5 + [False] * 2


def test_saved_and_shown_again(as_, world):
    client = as_("nora")
    assert client.post(reverse("visits:hours"), GIVEN).status_code == 302
    hours = WorkingHours.objects.get(user=world.nora)
    assert (hours.weekdays, hours.starts_at, hours.minutes_a_day, hours.visit_minutes) == ([0, 2], dt.time(9), 330, 20)
    assert (hours.latitude, hours.longitude, hours.start_zip) == (41.4993, -81.6944, "44101")
    page = client.get(reverse("visits:hours")).content.decode()
    assert "41.4993, -81.6944" in page
    assert 'value="09:00"' in page
    event = AuditEvent.objects.get(event="working-hours.saved")
    assert "Elm" not in str(event.details), "the history never tells where somebody lives"
    client.post(reverse("visits:hours"), GIVEN)
    assert AuditEvent.objects.filter(event="working-hours.saved").count() == 1, "nothing changed the second time"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"weekdays": []}, "Choose at least one day."),
        ({"ends_at": "10:00"}, "The day ends too early"),
        ({"ends_at": "08:00"}, "The day ends too early"),
        ({"start_zip": "00000"}, "Nobody knows where this ZIP code lies"),
        ({"point": "41.5"}, "two numbers with a comma"),
        ({"point": "141.5, 20"}, "two numbers with a comma"),
        ({"visit_minutes": "0"}, "greater than or equal to 5"),
    ],
)
def test_what_is_refused_says_why_and_keeps_what_was_typed(as_, world, wrong, said):
    answer = as_("nora").post(reverse("visits:hours"), {**GIVEN, **wrong})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert "12 Elm St" in answer.content.decode()
    assert not WorkingHours.objects.exists()


def test_who_sees_whose(world):
    for person in (world.nora, world.sol, world.dana):
        WorkingHours.objects.create(user=person)
    seen = {name: {hours.user for hours in WorkingHours.objects.visible_to(user)} for name, user in world.cast.items()}
    assert seen["nora"] == {world.nora}
    assert seen["dana"] == {world.nora, world.sol, world.dana}
    assert seen["ada"] >= {world.nora, world.sol, world.dana}
    assert seen["past"] == seen["ivan"] == set()
    world.nora.is_active = False
    assert not WorkingHours.objects.visible_to(world.nora).exists()


def test_only_who_makes_visits_has_them(world):
    with pytest.raises(PolicyViolation, match="for those who make visits"):
        actions.save_working_hours(
            by=world.ivan, weekdays=[0], starts_at=dt.time(8), ends_at=dt.time(16), pause_minutes=0, visit_minutes=20
        )
