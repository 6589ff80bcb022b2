"""What an event gives on paper: the sheet of who came, and certificates of CME credits."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.utils import timezone

from common.paper import pdf
from events.agenda import credit_words
from events.exports import earns, npi_of, practice_of
from events.models import Event, Guest
from events.presenters import when_of

_HERE = Path(__file__).resolve().parent


def _about(event: Event) -> dict[str, Any]:
    return {
        "title": event.title,
        "kind": event.get_kind_display(),
        "when": when_of(event),
        "where": event.where,
        "speaker": event.speaker,
        "credits": credit_words(event),
        "accreditation": event.accreditation,
        "holder": str(event.owner),
    }


def sheet_pdf(event: Event, guests: Sequence[Guest], practices: dict[int, str]) -> bytes:
    """Who is on the list, when they signed in, and a line to sign on for those who have not yet."""
    lines = []
    for guest in guests:
        at = timezone.localtime(guest.signed_in_at, event.zone) if guest.signed_in_at else None
        lines.append([str(guest), practice_of(guest, practices), npi_of(guest), f"{at:%-I:%M %p}" if at else ""])
    came = sum(guest.has_come for guest in guests)
    return pdf(_HERE / "sheet.typ", "sheet", _about(event) | {"lines": lines, "sum": f"{came} of {len(guests)} signed in"})


def certificates_pdf(event: Event, guests: Sequence[Guest]) -> bytes:
    """A page for each clinician who came."""
    names = [[str(guest), f"NPI {npi}" if (npi := npi_of(guest)) else ""] for guest in guests if guest.has_come and earns(guest)]
    return pdf(_HERE / "certificates.typ", "certificates", _about(event) | {"names": names})
