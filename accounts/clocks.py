"""Whose clock a time is shown by: the person's own, else the organization's."""

from collections.abc import Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo, available_timezones

from django.utils import timezone

from accounts.models import Installation, User

USUAL = (
    ("America/New_York", "Eastern"),
    ("America/Chicago", "Central"),
    ("America/Denver", "Mountain"),
    ("America/Phoenix", "Arizona"),
    ("America/Los_Angeles", "Pacific"),
    ("America/Anchorage", "Alaska"),
    ("Pacific/Honolulu", "Hawaii"),
    ("America/Puerto_Rico", "Puerto Rico"),
    ("Pacific/Guam", "Guam"),
)


def organization_time_zone() -> str:
    """The name of the zone by which days are counted for everybody: of facts, of reports, of what comes by night."""
    return Installation.current().time_zone


def time_zone_of(person: User) -> str:
    """The name of the zone of the person's clock."""
    return person.time_zone or organization_time_zone()


def zone_words(name: str) -> str:
    """As people call a zone: Eastern, Europe/Berlin."""
    return dict(USUAL).get(name, name.replace("_", " "))


def time_zones(*also: str) -> list[tuple[str, str]]:
    """The zones of the United States and those named, as people call them."""
    known = dict(USUAL)
    return [*USUAL, *[(name, zone_words(name)) for name in dict.fromkeys(also) if name not in known and name in available_timezones()]]


@contextmanager
def organization_clock() -> Iterator[None]:
    """Work done in here reads and writes local times by the organization's clock."""
    with timezone.override(ZoneInfo(organization_time_zone())):
        yield
