"""The history of a territory in plain sentences."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from audit.models import AuditEvent
from territories.policies import day

_NAMED = 6


@dataclass(frozen=True)
class Entry:
    """One line of the timeline."""

    icon: str
    title: str
    text: str
    when: datetime
    by: str


def entry(event: AuditEvent) -> Entry:
    """The event as people say it."""
    icon, title, text = _SAID.get(event.event, _plain)(event.details)
    return Entry(icon, title or event.event, text, event.happened_at, event.by_label)


def place(value: str) -> str:
    """A ZIP code as it is; "OH/Portage" as "Portage (OH)"; "not OH/Portage, specialty 207X00000X" likewise."""
    area, comma, more = value.removeprefix("not ").partition(", ")
    state, slash, county = area.partition("/")
    return f"{'not ' if value.startswith('not ') else ''}{f'{county} ({state})' if slash else area}{comma}{more}"


def _list(values: list[str]) -> str:
    more = f" and {len(values) - _NAMED} more" if len(values) > _NAMED else ""
    return ", ".join(place(value) for value in values[:_NAMED]) + more


def _plain(details: dict[str, Any]) -> tuple[str, str, str]:
    return "note", "", ""


def _created(details: dict[str, Any]) -> tuple[str, str, str]:
    return "plus", "Created", f"Below {details['parent']}" if details.get("parent") else ""


def _edited(details: dict[str, Any]) -> tuple[str, str, str]:
    said = {
        "name": lambda old, new: f"Renamed from {old} to {new}.",
        "parent": lambda old, new: f"Moved from {old} to {new}.",
        "description": lambda old, new: "Description changed.",
    }
    return "edit", "Edited", " ".join(said[name](*change) for name, change in details.items() if name in said)


def _rules(title: str) -> Callable[[dict[str, Any]], tuple[str, str, str]]:
    def said(details: dict[str, Any]) -> tuple[str, str, str]:
        parts = [f"{word} {_list(details[word.lower()])}." for word in ("Added", "Removed") if details.get(word.lower())]
        return "map", title, " ".join([*parts, details.get("note", "")]).strip()

    return said


def _taken(details: dict[str, Any]) -> tuple[str, str, str]:
    return "map", f"Taken over by {details['other']}", _list(details["values"])


def _archived(details: dict[str, Any]) -> tuple[str, str, str]:
    return "package", "Archived", f"{details['move_to'] or 'Nobody'} took over its {details['rules']} ZIP codes and counties."


def _took_over(details: dict[str, Any]) -> tuple[str, str, str]:
    return "git-merge", f"Took over from {details['other']}", f"{details['rules']} ZIP codes and counties."


def role(*, is_primary: bool, service_line: str) -> str:
    """What somebody is in a territory: primary, helper, or the overlay of a service line."""
    return f"{service_line} overlay" if service_line else "primary" if is_primary else "helper"


def _assignment(icon: str, words: str) -> Callable[[dict[str, Any]], tuple[str, str, str]]:
    def said(details: dict[str, Any]) -> tuple[str, str, str]:
        since, until = details["started_on"], details["ended_on"]
        text = f"From {day(date.fromisoformat(since))}" + (f" until {day(date.fromisoformat(until))}" if until else "")
        part = role(is_primary=details["is_primary"], service_line=details["service_line"])
        return icon, f"{details['person']} {words} as {part}", text

    return said


_SAID = {
    "territory.created": _created,
    "territory.edited": _edited,
    "territory.rules_changed": _rules("ZIP codes and counties changed"),
    "territory.rules_restored": _rules("Change of ZIP codes and counties undone"),
    "territory.rules_taken": _taken,
    "territory.archived": _archived,
    "territory.took_over": _took_over,
    "assignment.started": _assignment("user-plus", "assigned"),
    "assignment.ended": _assignment("user", "ends"),
    "assignment.withdrawn": _assignment("x", "withdrawn"),
}
