"""When practices see visitors, and where they lie: reading hours, windows of a day, pins, and the pages."""

import datetime as dt

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from audit.models import AuditEvent
from common.exceptions import InputError, PolicyViolation
from common.templatetags.prm import clock
from contacts import actions
from contacts.models import MapPin, Practice, VisitingHours
from contacts.visiting import merged, minus, point_of, read_place, read_spans, visiting_lines, windows_on, write_spans
from tests import factories


def _t(text):
    return dt.time.fromisoformat(text)


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("9-11:30, 2-4", [("09:00", "11:30"), ("14:00", "16:00")]),
        ("8 am to noon", [("08:00", "12:00")]),
        ("13:00\u201314:30", [("13:00", "14:30")]),
        ("12-1", [("12:00", "13:00")]),
        ("7-8; 12:15 pm - 12:45 pm", [("07:00", "08:00"), ("12:15", "12:45")]),
        ("9a-10.30a and 4p-5p", [("09:00", "10:30"), ("16:00", "17:00")]),
        ("", []),
    ],
)
def test_hours_are_read_as_people_write_them(text, spans):
    assert read_spans(text) == [(_t(begins), _t(ends)) for begins, ends in spans]


@pytest.mark.parametrize("text", ["mornings", "9", "25-26", "11-9", "9:75-10"])
def test_what_is_not_hours_is_refused(text):
    with pytest.raises(InputError):
        read_spans(text)


times = st.tuples(st.integers(0, 1438), st.integers(1, 1439)).filter(lambda pair: pair[0] < pair[1])


@given(st.lists(times, max_size=4))
def test_what_is_written_is_read_again(spans):
    known = sorted((dt.time(a // 60, a % 60), dt.time(b // 60, b % 60)) for a, b in spans)
    if all(time.hour >= 7 or time.hour == 0 for span in known for time in span):  # 3:00 without am or pm is read as the afternoon
        assert read_spans(write_spans(known)) == known


@given(st.lists(times, max_size=5), times)
def test_taking_out_is_exact_minute_by_minute(spans, taken):
    left = minus(merged(spans), taken)
    for minute in range(0, 1440, 7):
        inside = any(a <= minute < b for a, b in spans) and not taken[0] <= minute < taken[1]
        assert any(a <= minute < b for a, b in left) == inside


@pytest.mark.parametrize(("minute", "told"), [(0, "00:00"), (545, "09:05"), (720, "12:00"), (1439.6, "00:00"), (815, "13:35")])
def test_clock(minute, told):
    assert clock(minute) == told


@pytest.mark.parametrize(("text", "place"), [("41.49932, -81.69436", (41.49932, -81.69436)), ("(41.5 -81.7)", (41.5, -81.7))])
def test_places_are_read(text, place):
    assert read_place(text) == place


@pytest.mark.parametrize("text", ["", "41.5", "91, 10", "41.5, -181", "near the church"])
def test_what_is_no_place_is_refused(text):
    with pytest.raises(InputError):
        read_place(text)


def _visiting(world, **fields):
    fields = {"opens": {}, **fields}
    actions.save_visiting(practice=world.north_practice, by=world.nora, **fields)
    world.north_practice.refresh_from_db()
    return world.north_practice


def test_nothing_noted_means_any_hour(world):
    assert windows_on(world.north_practice, [], 0) is None


def test_windows_of_a_day(world):
    """Open hours on some days mean nobody on the others; no-visit hours and a closed lunch are taken out."""
    practice = _visiting(
        world,
        opens={1: [(_t("09:00"), _t("11:30")), (_t("11:30"), _t("15:00"))]},
        closed=[(_t("09:00"), _t("09:30"))],
        lunch_rule="closed",
        lunch=(_t("12:00"), _t("13:00")),
        visit_minutes=20,
    )
    hours = list(practice.visiting_hours.all())
    assert windows_on(practice, hours, 1) == [(570, 720), (780, 900)]
    assert windows_on(practice, hours, 2) == []
    assert visiting_lines(practice, hours) == [
        "Tuesday: 09:00 to 11:30, 11:30 to 15:00",
        "No visits: 09:00 to 09:30",
        "No visitors at lunch, 12:00 to 13:00",
        "A visit takes 20 minutes",
    ]


def test_no_visit_hours_alone_leave_the_rest_of_the_day(world):
    practice = _visiting(world, closed=[(_t("08:00"), _t("10:00"))])
    assert windows_on(practice, practice.visiting_hours.all(), 4) == [(0, 480), (600, 1440)]


def test_a_lunch_that_is_welcome_closes_nothing(world):
    practice = _visiting(world, lunch_rule="welcome", lunch=(_t("12:00"), _t("13:00")))
    assert windows_on(practice, practice.visiting_hours.all(), 0) is None


def test_saving_twice_changes_nothing(world):
    saved = {"opens": {0: [(_t("09:00"), _t("12:00"))]}, "lunch_rule": "never", "visit_minutes": 15}
    _visiting(world, **saved)
    kept = list(VisitingHours.objects.values_list("pk", flat=True))
    told = AuditEvent.objects.filter(event="practice.changed").count()
    _visiting(world, **saved)
    assert list(VisitingHours.objects.values_list("pk", flat=True)) == kept
    assert AuditEvent.objects.filter(event="practice.changed").count() == told


def test_hours_that_overlap_are_refused(world):
    with pytest.raises(PolicyViolation, match="overlap"):
        _visiting(world, opens={0: [(_t("09:00"), _t("12:00")), (_t("11:00"), _t("13:00"))]})


def test_a_point_is_the_pin_else_the_zip_else_unknown(world):
    practice = world.north_practice
    point = point_of(practice)
    assert point.is_approximate
    assert point.told == "Approximate: the middle of ZIP code 44101"
    actions.drop_map_pin(practice=practice, latitude=41.4993214159, longitude=-81.69, by=world.nora)
    practice = Practice.objects.select_related("map_pin").get(pk=practice.pk)
    assert (point_of(practice).latitude, point_of(practice).is_approximate) == (41.499321, False)
    assert practice.map_pin.dropped_by == world.nora
    actions.lift_map_pin(practice=practice, by=world.nora)
    assert not MapPin.objects.exists()
    assert point_of(factories.make_practice("Nowhere", zip="")) is None


def test_a_pin_off_the_earth_is_refused(world):
    with pytest.raises(PolicyViolation, match="not on the earth"):
        actions.drop_map_pin(practice=world.north_practice, latitude=95, longitude=0, by=world.nora)


@pytest.mark.parametrize("page", ["visiting", "map-pin"])
@pytest.mark.parametrize(("who", "status"), [("nora", 200), ("dana", 200), ("sol", 404), ("elle", 403), (None, 302)])
def test_who_may_open_the_forms(as_, world, page, who, status):
    assert as_(who).get(reverse(f"contacts:{page}", args=[world.north_practice.pk])).status_code == status


def test_the_form_keeps_what_was_typed_and_saves(as_, world):
    client, url = as_("nora"), reverse("contacts:visiting", args=[world.north_practice.pk])
    refused = client.post(url, {"day_0": "mornings", "closed": "", "lunch_rule": "closed", "lunch": "", "visit_minutes": ""})
    assert refused.status_code == 422
    assert 'value="mornings"' in refused.content.decode()
    assert "Say when they close for lunch" in refused.content.decode()
    assert client.post(url, {"day_0": "9-11:30, 2-4", "lunch_rule": "closed", "lunch": "12-1", "visit_minutes": "20"}).status_code == 302
    page = client.get(world.north_practice.get_absolute_url()).content.decode()
    assert "Monday: 09:00 to 11:30, 14:00 to 16:00" in page
    assert 'value="9:00-11:30, 14:00-16:00"' in client.get(url).content.decode()


def test_a_pin_is_dropped_and_lifted_on_the_pages(as_, world):
    client, url = as_("nora"), reverse("contacts:map-pin", args=[world.north_practice.pk])
    assert client.post(url, {"coordinates": "by the lake"}).status_code == 422
    went = client.post(url, {"coordinates": "41.5, -81.7", "next": "/visits/"})
    assert went["Location"] == "/visits/"
    assert (
        client.post(url, {"coordinates": "41.5, -81.7", "next": "https://evil.example/"})["Location"]
        == world.north_practice.get_absolute_url()
    )
    page = client.get(world.north_practice.get_absolute_url()).content.decode()
    assert "Pin on the map" in page
    assert "Dropped by Nora" in page
    client.post(f"{url}lift/")
    assert "Approximate: the middle of ZIP code 44101" in client.get(world.north_practice.get_absolute_url()).content.decode()
