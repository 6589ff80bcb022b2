"""Lists of events and who came to one, as files."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils import timezone

from events.models import Event, Guest
from events.presenters import way_words
from events.querysets import EventQuerySet

HEADER = ("date", "starts", "ends", "time zone", "title", "kind", "audience", "state", "speaker", "service line", "practice", "place",
          "held by", "CME credits", "room for", "invited", "yes", "maybe", "came")  # fmt: skip

BELONGS = {
    "event": ("title", "kind", "audience", "speaker", "service line"),
    "when": ("date", "starts", "ends", "time zone", "state"),
    "where": ("practice", "place"),
    "guests": ("room for", "invited", "yes", "maybe", "came"),
}


def rows(events: EventQuerySet) -> Iterator[tuple[Any, ...]]:
    """Line by line."""
    for event in events.for_list().iterator(chunk_size=500):
        start, counted = event.local_start, vars(event)
        yield (
            start.date(), f"{start:%H:%M}", f"{event.local_end:%H:%M}", event.time_zone, event.title, event.get_kind_display(),
            event.get_audience_display(), event.get_state_display(), event.speaker, str(event.service_line or ""),
            event.practice.name if event.practice else "", event.place, str(event.owner), event.credits, event.capacity,
            counted["asked"], counted["coming"], counted["maybe"], counted["came"],
        )  # fmt: skip


ATTENDANCE_HEADER = ("name", "kind", "NPI", "practice", "e-mail", "invited", "answer", "came", "signed in at", "how", "CME credits")


def attendance_rows(event: Event, guests: Iterable[Guest], practices: dict[int, str]) -> Iterator[tuple[Any, ...]]:
    """Everybody on the list; credits stand beside those who came and could earn them. `practices` by provider."""
    for guest in guests:
        at = timezone.localtime(guest.signed_in_at, event.zone) if guest.signed_in_at else None
        yield (
            str(guest), kind_words(guest), npi_of(guest), practice_of(guest, practices), guest.email, guest.is_invited,
            guest.get_answer_display() if guest.answer else "", guest.has_come, f"{at:%Y-%m-%d %H:%M}" if at else "", way_words(guest),
            event.credits if guest.has_come and earns(guest) else None,
        )  # fmt: skip


def kind_words(guest: Guest) -> str:
    if guest.provider:
        return str(guest.provider.get_kind_display())
    return "office staff" if guest.staff else "colleague" if guest.colleague else "guest"


def npi_of(guest: Guest) -> str:
    return guest.provider.npi if guest.provider else guest.npi


def practice_of(guest: Guest, practices: dict[int, str]) -> str:
    if guest.provider_id:
        return practices.get(guest.provider_id, "")
    return guest.staff.practice.name if guest.staff else ""


def earns(guest: Guest) -> bool:
    """Credits are for clinicians: providers, and whoever gave an NPI."""
    return guest.provider_id is not None or bool(guest.npi)
