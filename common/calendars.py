"""Events as iCalendar (RFC 5545), to subscribe to and as invitations (iTIP, RFC 5546). Pure: no database here.

A calendar leaves the house, so it names practices and people, times and places; never what somebody typed as purpose, note or promise.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, vCalAddress, vUri

PRODUCT = "-//PRM//Physician relationship manager//EN"
LENGTH = dt.timedelta(minutes=30)  # of a visit whose end nobody named
REQUEST, CANCEL, PUBLISH = "REQUEST", "CANCEL", "PUBLISH"


@dataclass(frozen=True)
class Entry:
    """One event: `starts` with a time zone, or a day for a whole-day one."""

    uid: str
    sequence: int
    revised_at: dt.datetime
    starts: dt.datetime | dt.date
    summary: str
    url: str
    ends: dt.datetime | None = None
    location: str = ""
    description: str = ""
    is_cancelled: bool = False
    is_firm: bool = True


@dataclass(frozen=True)
class Person:
    name: str
    email: str


def feed(name: str, entries: Iterable[Entry], *, time_zone: str) -> bytes:
    """A calendar to subscribe to."""
    calendar = _calendar(PUBLISH)
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-timezone", time_zone)
    calendar.add("refresh-interval", dt.timedelta(hours=1), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    shown = list(entries)
    calendar.add_component(_zone(shown, time_zone))
    for entry in shown:
        calendar.add_component(_event(entry, ZoneInfo(time_zone)))
    return calendar.to_ical()


def _zone(entries: Sequence[Entry], time_zone: str) -> Timezone:
    """The clock changes of the years that the entries lie in, and of the one after. Every calendar has it: one part it must have."""
    years = [entry.starts.year for entry in entries] or [dt.datetime.now(dt.UTC).year]
    return Timezone.from_tzinfo(ZoneInfo(time_zone), time_zone, dt.date(min(years) - 1, 1, 1), dt.date(max(years) + 2, 1, 1))


def invitation(entry: Entry, *, method: str, organizer: Person, sender: str, attendee: Person, time_zone: str) -> bytes:
    """One event for one person, as a request or its cancellation. `sender` is the mail's own address, which speaks for the organizer."""
    calendar = _calendar(method)
    event = _event(entry, ZoneInfo(time_zone))
    event.add("organizer", _address(organizer, SENT_BY=f"mailto:{sender}") if sender != organizer.email else _address(organizer))
    asked = {
        "CUTYPE": "INDIVIDUAL",
        "ROLE": "REQ-PARTICIPANT",
        "PARTSTAT": "NEEDS-ACTION",
        "RSVP": "TRUE" if method == REQUEST else "FALSE",
    }
    event.add("attendee", _address(attendee, **asked))
    calendar.add_component(_zone([entry], time_zone))
    calendar.add_component(event)
    return calendar.to_ical()


def _calendar(method: str) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    return calendar


def _event(entry: Entry, zone: ZoneInfo) -> Event:
    event = Event()
    event.add("uid", entry.uid)
    event.add("dtstamp", entry.revised_at.astimezone(dt.UTC).replace(microsecond=0))
    event.add("last-modified", entry.revised_at.astimezone(dt.UTC).replace(microsecond=0))
    event.add("sequence", entry.sequence)
    if isinstance(entry.starts, dt.datetime):
        event.add("dtstart", entry.starts.astimezone(zone))
        event.add("dtend", (entry.ends or entry.starts + LENGTH).astimezone(zone))
        event.add("transp", "OPAQUE")
    else:
        event.add("dtstart", entry.starts)
        event.add("dtend", entry.starts + dt.timedelta(days=1))
        event.add("transp", "TRANSPARENT")
    event.add("summary", entry.summary)
    event.add("status", "CANCELLED" if entry.is_cancelled else "CONFIRMED" if entry.is_firm else "TENTATIVE")
    if entry.location:
        event.add("location", entry.location)
    if entry.description:
        event.add("description", entry.description)
    if entry.url:
        event.add("url", vUri(entry.url))
    return event


def _address(person: Person, **parameters: str) -> vCalAddress:
    address = vCalAddress(f"mailto:{person.email}")
    address.params["CN"] = person.name
    for name, value in parameters.items():
        address.params[name.replace("_", "-")] = value
    return address


def place_of(parts: Sequence[str]) -> str:
    """An address in one line."""
    return ", ".join(part for part in parts if part)
