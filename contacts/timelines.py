"""What stands on the timeline of a practice or a provider: each app that knows of something registers it, and one list shows it all."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from accounts.models import User
from contacts.models import Practice, Provider


@dataclass(frozen=True)
class TimelineSource:
    """`keys(user, practice, provider)` are rows with `kind`, `key` and `at`, of what this person sees there; `entries(keys, user, provider,
    with_practice)` give for each key what components/timeline_entry.html shows.
    """

    kind: str
    keys: Callable[[User, Practice | None, Provider | None], QuerySet[Any, dict[str, Any]]]
    entries: Callable[[Collection[int], User, Provider | None, bool], dict[int, dict[str, Any]]]


_sources: list[TimelineSource] = []


def timeline_source(source: TimelineSource) -> TimelineSource:
    """Register what an app adds; `apps.ready` imports the module that says so."""
    _sources.append(source)
    return source


def timeline_sources() -> tuple[TimelineSource, ...]:
    return tuple(_sources)
