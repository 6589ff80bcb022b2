"""A person's own calendar, gathered: each app registers what of theirs belongs into it (`@calendar_source`), and one feed shows it all."""

from collections.abc import Callable, Iterable, Iterator
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings

from accounts.models import User
from common.calendars import Entry

Source = Callable[[User], Iterable[Entry]]
_sources: list[Source] = []


def calendar_source(source: Source) -> Source:
    """Register what an app adds to everybody's calendar; `apps.ready` imports the module that says so."""
    _sources.append(source)
    return source


def entries_of(person: User) -> Iterator[Entry]:
    """All that stands in this person's calendar."""
    for source in _sources:
        yield from source(person)


def zone_info(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def url_of(path: str) -> str:
    return f"{settings.BASE_URL}{path}"


def host() -> str:
    """The domain of our Message-IDs."""
    return urlsplit(settings.BASE_URL).hostname or "prm.invalid"
