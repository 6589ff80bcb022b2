"""The calendar of a person: a secret address, and what RFC 5545 asks of what is read there."""

import datetime as dt
import logging
import re
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from accounts.models import User
from audit.models import AuditEvent
from tests.factories import make_visit
from tests.factories.visits import make_follow_up
from visits import actions
from visits.models import Attendee, CalendarFeed, FollowUp

NEW_YORK = ZoneInfo("America/New_York")
SECRET = "Secret sentence about John Miller, DOB 1/2/1950"
ESCAPED = re.compile(rb"\\([^\\;,nN])")


@pytest.fixture
def address(world) -> str:
    return reverse("calendar", args=[actions.make_calendar_feed(by=world.nora)])


def at(day: int, hour: int) -> dt.datetime:
    """So many days from today, at an hour of New York's clock."""
    return dt.datetime.combine(timezone.localdate() + dt.timedelta(days=day), dt.time(hour), NEW_YORK)


def appointment(world, **fields):
    fields = {"planned_at": at(3, 10), "ends_at": at(3, 11), "is_fixed": True, **fields}
    return make_visit(world.north_practice, world.nora, state="planned", **fields)


def check_rfc(body: bytes) -> Calendar:
    """What RFC 5545 (sections 3.1, 3.3, 3.6, 3.7, 3.8) asks of a whole stream; apart from the library that made it."""
    assert body.endswith(b"\r\n")
    assert body.count(b"\n") == body.count(b"\r\n")
    lines = body.split(b"\r\n")[:-1]
    assert max(map(len, lines)) <= 75
    for line in lines:
        line.decode()  # no character is cut in two
    text = body.replace(b"\r\n ", b"")
    assert b"\r\n\t" not in body
    unfolded = text.split(b"\r\n")[:-1]
    assert unfolded[0] == b"BEGIN:VCALENDAR"
    assert unfolded[-1] == b"END:VCALENDAR"
    assert unfolded.count(b"VERSION:2.0") == 1
    assert sum(line.startswith(b"PRODID:") for line in unfolded) == 1
    opened: list[bytes] = []
    for line in unfolded:
        assert re.match(rb"[A-Z-]+(;[A-Z-]+=(\"[^\"]*\"|[^\";:,]*))*:", line), line
        if line.startswith(b"BEGIN:"):
            opened.append(line[6:])
        elif line.startswith(b"END:"):
            assert opened.pop() == line[4:]
        elif line.startswith((b"SUMMARY:", b"LOCATION:", b"DESCRIPTION:")):
            assert not ESCAPED.search(line), line
            assert not re.search(rb"(?<!\\)[;,]", line.partition(b":")[2]), line
    assert not opened
    calendar = Calendar.from_ical(body)
    assert calendar.subcomponents  # 3.6: at least one
    zones = {str(zone["tzid"]) for zone in calendar.walk("VTIMEZONE")}
    seen = set()
    for event in calendar.walk("VEVENT"):
        for name in ("uid", "dtstamp", "dtstart", "sequence", "summary"):
            assert name in event, name
        assert len({name for name in ("dtend", "duration") if name in event}) == 1
        assert event["dtstamp"].to_ical().endswith(b"Z")
        assert str(event["uid"]) not in seen
        seen.add(str(event["uid"]))
        for name in ("dtstart", "dtend"):
            value = event[name]
            if isinstance(value.dt, dt.datetime):
                assert value.params.get("TZID") in zones
            else:
                assert value.params["VALUE"] == "DATE"
        assert event["dtend"].dt > event["dtstart"].dt
        assert event["status"] in {"TENTATIVE", "CONFIRMED", "CANCELLED"}
    return calendar


def events(client, address) -> list:
    return check_rfc(client.get(address).content).walk("VEVENT")


def test_what_is_in_it(client, world, address):
    plan = make_visit(world.north_practice, world.nora, state="planned", planned_at=at(2, 9), purpose=SECRET, note=SECRET)
    meeting = appointment(world, place="Room 4; “Grüne Lounge”, 2nd floor " * 3, purpose=SECRET)
    Attendee.objects.create(visit=meeting, provider=world.north_provider)
    item = make_follow_up(world.north_practice, world.nora, due_in=5, text=SECRET)
    make_follow_up(world.north_practice, world.dana, text=SECRET)
    make_visit(world.south_practice, world.sol, state="planned")
    answer = client.get(address)
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    found = {str(event["uid"]): event for event in check_rfc(answer.content).walk("VEVENT")}
    assert set(found) == {str(plan.uid), str(meeting.uid), str(item.uid)}
    shown = found[str(plan.uid)]
    assert (str(shown["summary"]), str(shown["status"])) == (f"Visit: {world.north_practice.name}", "TENTATIVE")
    assert shown["dtstart"].dt == plan.planned_at
    assert shown["dtstart"].params["TZID"] == "America/New_York"
    shown = found[str(meeting.uid)]
    assert str(shown["summary"]).startswith("Appointment: ")
    assert str(shown["status"]) == "CONFIRMED"
    assert shown["dtend"].dt == meeting.ends_at
    assert str(shown["location"]) == meeting.place
    assert str(world.north_provider) in str(shown["description"])
    shown = found[str(item.uid)]
    assert shown["dtstart"].dt == item.due_on
    assert shown["dtend"].dt == item.due_on + dt.timedelta(days=1)
    assert str(shown["transp"]) == "TRANSPARENT"
    assert SECRET not in answer.content.replace(b"\r\n ", b"").decode()
    assert "Miller" not in answer.content.replace(b"\r\n ", b"").decode()


def test_an_empty_calendar_is_one_too(client, address):
    assert events(client, address) == []


def test_the_clock_change_is_told(client, world, address):
    """Two visits at ten o'clock, one before and one after a change of the clock, stay at ten."""
    for month in (1, 7):
        make_visit(world.north_practice, world.nora, state="planned", planned_at=dt.datetime(2027, month, 4, 10, tzinfo=NEW_YORK))
    calendar = check_rfc(client.get(address).content)
    [zone] = calendar.walk("VTIMEZONE")
    assert {"STANDARD", "DAYLIGHT"} <= {part.name for part in zone.subcomponents}
    starts = [event["dtstart"].dt for event in calendar.walk("VEVENT")]
    assert [start.hour for start in starts] == [10, 10]
    assert {start.utcoffset() for start in starts} == {dt.timedelta(hours=-5), dt.timedelta(hours=-4)}


def test_the_time_zone_is_the_persons_own(client, world, address):
    User.objects.filter(pk=world.nora.pk).update(time_zone="America/Los_Angeles")
    make_visit(world.north_practice, world.nora, state="planned", planned_at=at(2, 13))
    [event] = events(client, address)
    assert event["dtstart"].params["TZID"] == "America/Los_Angeles"
    assert event["dtstart"].dt.hour == 10


def test_a_change_raises_the_sequence_and_a_cancelled_one_says_so(client, world, address):
    meeting = appointment(world)
    [before] = events(client, address)
    change = {"purpose": "", "providers": [world.north_provider], "owner": world.nora, "is_fixed": True}
    actions.change_plan(by=world.nora, visit=meeting, planned_at=at(4, 14), ends_at=at(4, 15), **change)
    [moved] = events(client, address)
    assert (str(moved["uid"]), moved["sequence"]) == (str(before["uid"]), before["sequence"] + 1)
    assert moved["dtstart"].dt == at(4, 14)
    actions.change_plan(by=world.nora, visit=meeting, planned_at=at(4, 14), ends_at=at(4, 15), **{**change, "purpose": "Other words"})
    assert events(client, address)[0]["sequence"] == moved["sequence"]  # a calendar does not show the purpose
    actions.cancel_plan(by=world.nora, visit=meeting)
    [off] = events(client, address)
    assert (str(off["status"]), off["sequence"]) == ("CANCELLED", moved["sequence"] + 1)
    actions.restore_visit(by=world.nora, visit=meeting)
    [back] = events(client, address)
    assert (str(back["status"]), back["sequence"]) == ("CONFIRMED", moved["sequence"] + 2)
    actions.delete_visit(by=world.nora, visit=meeting)
    assert events(client, address) == []


def test_a_promise_put_off_moves_and_a_kept_one_goes(client, world, address):
    item = make_follow_up(world.north_practice, world.nora, due_in=1)
    later = timezone.localdate() + dt.timedelta(days=4)
    actions.snooze_follow_up(by=world.nora, follow_up=item, until_on=later)
    [event] = events(client, address)
    assert (event["dtstart"].dt, event["sequence"]) == (later, 1)
    actions.complete_follow_up(by=world.nora, follow_up=FollowUp.objects.get())
    assert events(client, address) == []


def test_unchanged_is_told_without_a_body(client, world, address):
    appointment(world)
    first = client.get(address)
    assert client.get(address).content == first.content
    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    make_follow_up(world.north_practice, world.nora)
    assert client.get(address, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200
    assert client.head(address).status_code == 200


def test_the_address_is_a_secret_kept_hashed(client, world):
    token = actions.make_calendar_feed(by=world.nora)
    assert len(token) >= 43  # 256 bits
    feed = CalendarFeed.objects.get()
    assert token not in (feed.token_hash, str(feed.__dict__))
    assert not any(token in str(event.details) + event.target_label for event in AuditEvent.objects.all())


def test_wrong_revoked_old_and_dead_addresses_are_alike_and_in_no_log(client, world, address, caplog):
    caplog.set_level(logging.DEBUG)
    wrong = client.get(reverse("calendar", args=["x" * 43]))
    assert wrong.status_code == 404
    new = reverse("calendar", args=[actions.make_calendar_feed(by=world.nora)])
    assert client.get(address).content == wrong.content  # the old one is dead
    assert client.get(new).status_code == 200
    world.nora.is_active = False
    world.nora.save()
    assert client.get(new).content == wrong.content
    world.nora.is_active = True
    world.nora.save()
    assert actions.revoke_calendar_feed(by=world.nora)
    assert not actions.revoke_calendar_feed(by=world.nora)
    assert client.get(new).content == wrong.content
    for secret in (address, new, "x" * 43):
        assert secret.removeprefix("/calendar/") not in caplog.text


def test_the_profile_makes_shows_once_and_revokes(as_, world):
    client = as_("nora")
    assert reverse("visits:calendar") in client.get(reverse("accounts:profile")).content.decode()
    assert "Make an address" in client.get(reverse("visits:calendar"), headers={"HX-Request": "true"}).content.decode()
    page = client.post(reverse("visits:calendar-make")).content.decode()
    address = re.search(r'value="http://localhost:8000(/calendar/[\w-]+\.ics)"', page)[1]
    assert client.get(address).status_code == 200
    assert "webcal://localhost:8000/calendar/" in page
    again = client.get(reverse("visits:calendar")).content.decode()
    assert address not in again
    assert "Read last" in again
    client.post(reverse("visits:calendar-revoke"))
    assert client.get(address).status_code == 404
    assert "Make an address" in client.get(reverse("visits:calendar")).content.decode()


def test_a_reading_is_noted_now_and_then(client, world, address, django_assert_max_num_queries):
    client.get(address)
    first = CalendarFeed.objects.get().last_read_at
    client.get(address)
    assert CalendarFeed.objects.get().last_read_at == first


def test_the_feed_is_flat(client, world, address, assert_flat_queries):
    def add(count):
        for _ in range(count):
            visit = appointment(world)
            Attendee.objects.create(visit=visit, provider=world.north_provider)
            make_follow_up(world.north_practice, world.nora)

    client.get(address)
    assert_flat_queries(address, add)
