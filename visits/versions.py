"""The versions of a visit in words: what an edit changed, and where two edits differ. Reads only."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from common.templatetags.prm import moment
from contacts.custom import told
from contacts.models import CustomField, CustomSubject, Provider, Staff
from visits.actions.mending import EditConflict
from visits.models import Material, Outcome, Topic, Visit, VisitType, mode_names

LABELS = {
    "visited_at": "When",
    "mode": "How you met",
    "visit_type": "Type of visit",
    "outcome": "How it went",
    "note": "Note",
    "people": "People met",
    "topics": "Topics",
    "materials": "Left there",
    "custom": "Fields of your own",
}


@dataclass(frozen=True)
class Choice:
    """A field that two people, or two devices, changed: both values, in words."""

    name: str
    label: str
    mine: str
    theirs: str


@dataclass(frozen=True)
class Change:
    """One field of one edit: what it said before and after."""

    label: str
    before: str
    after: str


def in_words(name: str, value: Any) -> str:
    """A stored value as a person reads it."""
    if name == "visited_at":
        return moment(parse_datetime(value)) if value else "no time"
    if name == "mode":
        return mode_names()[value]
    if name == "visit_type":
        return VisitType.objects.filter(pk=value).values_list("name", flat=True).first() or "none"
    if name == "outcome":
        return Outcome(value).label if value else "not said"
    if name == "people":
        return ", ".join(_names(value)) or "nobody"
    if name == "topics":
        return ", ".join(Topic.objects.filter(pk__in=value).values_list("name", flat=True)) or "none"
    if name == "materials":
        known = Material.objects.in_bulk([pk for pk, _ in value or ()])
        return ", ".join(f"{pieces} {known[pk]}" for pk, pieces in value or ()) or "nothing"
    if name == "custom":
        fields = CustomField.objects.filter(subject=CustomSubject.VISIT)
        return ", ".join(f"{label}: {words}" for label, words in told(fields, value or {})) or "nothing"
    return value or "nothing"


def _names(keys: Iterable[str]) -> list[str]:
    pairs = [key.split("-") for key in keys]
    providers = Provider.objects.in_bulk([int(number) for kind, number in pairs if kind == "provider"])
    staff = Staff.objects.in_bulk([int(number) for kind, number in pairs if kind == "staff"])
    return [str((providers if kind == "provider" else staff).get(int(number), "somebody")) for kind, number in pairs]


def choices(conflict: EditConflict) -> list[Choice]:
    """What the person has to choose between."""
    return [
        Choice(clash.name, LABELS[clash.name], in_words(clash.name, clash.mine), in_words(clash.name, clash.theirs))
        for clash in conflict.clashes
    ]


def told_by(conflict: EditConflict) -> str:
    """Who made the other edit, and when: "Nora, 3 Oct 2026, 16:05"."""
    latest = conflict.latest
    return f"{latest.saved_by}, {moment(timezone.localtime(latest.saved_at))}" if latest else ""


def changes_of(visit: Visit) -> dict[int, Sequence[Change]]:
    """What each edit changed, by the number of the version that it made."""
    rows = list(visit.versions.order_by("number"))
    return {
        now.number: [
            Change(LABELS[name], in_words(name, before.values.get(name)), in_words(name, now.values[name])) for name in now.changed
        ]
        for before, now in itertools.pairwise(rows)
    }
