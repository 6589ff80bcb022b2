"""What else a visit brings than who was met: new people, promises, a concern, where it was saved; kept in the visit's transaction."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from accounts.models import User
from audit.actions import record
from common.exceptions import PolicyViolation
from common.guarded import check_no_patient
from common.patient_marks import patient_marks
from concerns.actions import open_concern
from concerns.models import Category, Severity
from contacts.actions import save_staff
from contacts.models import Provider, Staff
from visits.actions.types import type_for
from visits.models import Attendee, FieldRules, Visit, VisitType


@dataclass(frozen=True)
class NewPerson:
    """Somebody of the office whom nobody had written down yet."""

    name: str
    job: str = ""


@dataclass(frozen=True)
class Promise:
    """Something promised on the visit; without a day it is due in a week."""

    text: str
    due_on: dt.date | None = None


@dataclass(frozen=True)
class Raised:
    """A concern that the practice raised."""

    category: Category
    text: str
    severity: str = Severity.NORMAL
    provider: Provider | None = None


@dataclass(frozen=True)
class Place:
    """Where the phone was at the tap: degrees north and east, and how far off that may be, in meters."""

    latitude: float
    longitude: float
    accuracy_m: float


@dataclass(frozen=True)
class More:
    """`is_none`: the writer looked at what seemed to name a patient, and says that it names none. `back_on`: missed, and when to try again.

    `says_type`: the sender knows of types, so that none means none; else a plan keeps its own.

    `was_theirs`: the practice left the person's field since. `clock_off_s` and `arrival_notes` as on the visit.
    """

    purpose: str | None = None
    visit_type: VisitType | None = None
    says_type: bool = False
    new_people: Sequence[NewPerson] = ()
    promises: Sequence[Promise] = ()
    concern: Raised | None = None
    back_on: dt.date | None = None
    place: Place | None = None
    is_none: bool = False
    was_theirs: bool = False
    clock_off_s: int | None = None
    arrival_notes: Sequence[str] = ()

    def texts(self, note: str) -> list[str]:
        """Everything that was typed freely, and may hold what has no place here."""
        concern = [self.concern.text] if self.concern else []
        return [note, self.purpose or "", *(promise.text for promise in self.promises), *concern]


NOTHING_MORE = More()


def check_texts(more: More, note: str) -> None:
    """`LooksLikePatient` where a text seems to name a patient, until the writer said that it does not."""
    for text in more.texts(note):
        check_no_patient(text, is_none=more.is_none)


def columns(more: More) -> Mapping[str, Any]:
    """What goes into the visit's own row."""
    place = more.place if FieldRules.current().offers_location else None
    return {
        **({"purpose": more.purpose.strip()} if more.purpose is not None else {}),
        **({"visit_type": type_for(more.visit_type)} if more.says_type else {}),
        "clock_off_s": more.clock_off_s,
        "arrival_notes": list(more.arrival_notes),
        "latitude": place.latitude if place else None,
        "longitude": place.longitude if place else None,
        "accuracy_m": place.accuracy_m if place else None,
    }


def keep(visit: Visit, more: More, *, by: User) -> list[str]:
    """Everything but promises and the next try; returns what could not be done, as sentences. The visit stays all the same."""
    for person in more.new_people:
        Attendee.objects.get_or_create(visit=visit, staff=_staff(visit, person, by))
    marks = {mark.kind for text in more.texts(visit.note) for mark in patient_marks(text, today=timezone.localdate())}
    if marks:
        record("visit.marks_kept", by=by, target=visit, kinds=sorted(marks))
    return _raise_concern(visit, more, by) if more.concern else []


def _staff(visit: Visit, person: NewPerson, by: User) -> Staff:
    """The person of this name at the office, written down now if nobody has."""
    here = Staff.objects.here().filter(practice=visit.practice_id, name__iexact=person.name.strip()).first()
    return here or save_staff(practice=visit.practice, by=by, name=person.name.strip(), job=person.job.strip())


def _raise_concern(visit: Visit, more: More, by: User) -> list[str]:
    said = more.concern
    assert said is not None  # noqa: S101 - keep() asked
    try:
        concern = open_concern(
            practice=visit.practice,
            category=said.category,
            text=said.text,
            severity=said.severity,
            provider=said.provider,
            raised_at=visit.visited_at,
            by=by,
            is_none=more.is_none,
        )
    except PolicyViolation as refusal:
        # Another territory's now, or a category that is no longer offered: the words stay with the visit.
        visit.note = f"{visit.note}\n\nConcern ({said.category}): {said.text.strip()}".strip()
        visit.save(update_fields=["note"])
        return [f"The concern was kept in the visit's note. {refusal}"]
    visit.concerns.add(concern)
    return []


def key_of_next_try(visit: Visit) -> uuid.UUID:
    """One missed visit has one next try."""
    return uuid.uuid5(uuid.NAMESPACE_OID, f"visit {visit.pk}: next try")
