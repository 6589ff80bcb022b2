"""Mending what was logged: every edit is a version, and one that started from an older version is merged field by field, or asked about."""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from common.exceptions import PolicyViolation
from common.guarded import check_no_patient
from common.patient_marks import patient_marks
from compliance.drafts import SpendDraft
from contacts.custom import merged, texts_of
from contacts.models import Provider, Staff
from visits import policies
from visits.actions.materials import Given, hand_out, pieces_of
from visits.actions.spending import write_down_spend
from visits.actions.types import type_for
from visits.models import Attendee, Material, Topic, Visit, VisitType, VisitVersion

FIELDS = ("visited_at", "mode", "visit_type", "outcome", "note", "people", "topics", "materials", "custom")
Values = dict[str, Any]


@dataclass(frozen=True)
class Clash:
    """A field that two edits changed to different values: what this edit says, and what the visit says now."""

    name: str
    mine: Any
    theirs: Any


class EditConflict(PolicyViolation):
    """The visit was edited since this edit was begun, and both changed the same fields: the person chooses.

    `merged` holds this edit's values where it changed something, and the visit's as it is everywhere else.
    """

    def __init__(self, visit: Visit, clashes: Collection[Clash], merged: Values, latest: VisitVersion | None) -> None:
        super().__init__("This visit was changed elsewhere while you were editing it. Choose what stays.")
        self.visit, self.clashes, self.merged, self.latest = visit, tuple(clashes), merged, latest


def values_of(visit: Visit) -> Values:
    """What can be edited, as JSON: people as sorted keys ("provider-3"), topics as sorted numbers, materials as sorted [number, pieces],
    the organization's own fields by key.
    """
    people = [f"provider-{row.provider_id}" if row.provider_id else f"staff-{row.staff_id}" for row in visit.attendees.all()]
    return {
        "visited_at": visit.visited_at.isoformat() if visit.visited_at else "",
        "mode": visit.mode,
        "visit_type": visit.visit_type_id,
        "outcome": visit.outcome,
        "note": visit.note,
        "people": sorted(people),
        "topics": sorted(visit.topics.values_list("pk", flat=True)),
        "materials": sorted([row.material_id, row.quantity] for row in visit.materials.all()),
        "custom": dict(visit.custom),
    }


def replayed(*, by: User, client_id: uuid.UUID | None, body_hash: str) -> Visit | None:
    """The visit that this edit was made to already, under the same key; another body under it is refused."""
    stored = VisitVersion.objects.filter(saved_by=by, client_id=client_id).select_related("visit").first() if client_id else None
    if stored is None:
        return None
    if stored.body_hash != body_hash:
        raise PolicyViolation("This key was used for an edit with other content. Send it under a new key.")
    return stored.visit


@transaction.atomic
def edit_visit(
    *,
    by: User,
    visit: Visit,
    visited_at: dt.datetime,
    mode: str,
    outcome: str,
    providers: Collection[Provider],
    staff: Collection[Staff],
    topics: Collection[Topic],
    note: str,
    visit_type: VisitType | None = None,
    says_type: bool = False,
    materials: Given | None = None,
    custom: Mapping[str, Any] | None = None,
    spend: Sequence[SpendDraft] = (),
    version: int | None = None,
    is_none: bool = False,
    client_id: uuid.UUID | None = None,
    body_hash: str = "",
) -> Visit:
    """Mend what was logged; what is not named of `materials` and of the organization's own fields (`custom`) stays, and so does the
    type unless `says_type`.

    The history tells what changed, never the note: the versions hold it.

    `spend` is what was forgotten and is written down now; what stands in the ledger already is changed there.

    `version` is the one that the person had before them. What others changed since stays; where both changed one field, `EditConflict`.
    """
    visit = Visit.objects.select_for_update(of=("self",)).select_related("practice", "owner").get(pk=visit.pk)
    policies.check_can_edit(by, visit)
    if done := replayed(by=by, client_id=client_id, body_hash=body_hash):
        return done
    policies.check_was_made(visit)
    policies.check_can_log(by=by, practice=visit.practice, visited_at=visited_at, planned=visit)
    check_no_patient("\n".join([note, texts_of(custom or {})]), is_none=is_none)
    now = values_of(visit)
    mine: Values = {
        "visited_at": visited_at.isoformat(),
        "mode": mode,
        "outcome": outcome,
        "note": note.strip(),
        "people": sorted([f"provider-{row.pk}" for row in providers] + [f"staff-{row.pk}" for row in staff]),
        "topics": sorted(topic.pk for topic in topics),
    }
    if says_type:
        mine["visit_type"] = getattr(type_for(visit_type), "pk", None)
    if materials is not None:
        mine["materials"] = sorted([pk, quantity] for pk, quantity in pieces_of(materials).items())
    if custom is not None:
        mine["custom"] = merged(visit.custom, custom)
    wanted = _merged(visit, now, mine, version)
    changed = [name for name in FIELDS if not _same(name, now[name], wanted[name])]
    names = {"attendees" if name == "people" else name for name in changed} | ({"given"} if spend else set())
    if names:  # also with spend alone: the version remembers the key, so that it is written down once
        _apply(visit, wanted, by=by)
        _keep(visit, now, wanted, changed, by=by, client_id=client_id, body_hash=body_hash)
        write_down_spend(visit, spend, by=by, is_none=is_none)
        record("visit.edited", by=by, target=visit, changed=sorted(names))
        marks = {mark.kind for mark in patient_marks(note, today=timezone.localdate())}
        if marks and "note" in changed:
            record("visit.marks_kept", by=by, target=visit, kinds=sorted(marks))
    return visit


def _same(name: str, one: Any, other: Any) -> bool:
    """Whether two values of a field are one; times by the minute, as forms show them."""
    if name == "visited_at" and one and other:
        return dt.datetime.fromisoformat(one).replace(second=0, microsecond=0) == dt.datetime.fromisoformat(other).replace(
            second=0, microsecond=0
        )
    return bool(one == other)


def _merged(visit: Visit, now: Values, mine: Values, version: int | None) -> Values:
    """This edit over the visit as it is: a field that this edit left as it found it keeps what others made of it."""
    if version is None or version >= visit.version:
        return now | mine
    base = now | (visit.versions.filter(number=version).values_list("values", flat=True).first() or {})
    mine = base | mine  # what this edit does not speak of, it left as it found it
    wanted, clashes = {}, []
    for name in FIELDS:
        i_changed, they_changed = not _same(name, base[name], mine[name]), not _same(name, base[name], now[name])
        wanted[name] = mine[name] if i_changed else now[name]
        if i_changed and they_changed and not _same(name, mine[name], now[name]):
            clashes.append(Clash(name, mine[name], now[name]))
    if clashes:
        raise EditConflict(visit, clashes, wanted, visit.versions.select_related("saved_by").order_by("number").last())
    return wanted


def _apply(visit: Visit, wanted: Mapping[str, Any], *, by: User) -> None:
    visit.visited_at, visit.mode, visit.outcome = dt.datetime.fromisoformat(wanted["visited_at"]), wanted["mode"], wanted["outcome"]
    visit.visit_type_id = wanted["visit_type"]
    visit.note, visit.custom, visit.version = wanted["note"], wanted["custom"], visit.version + 1
    visit.save(update_fields=["visited_at", "mode", "visit_type", "outcome", "note", "custom", "version"])
    pairs = {key: key.split("-") for key in wanted["people"]}
    providers = {int(number) for kind, number in pairs.values() if kind == "provider"}
    staff = {int(number) for kind, number in pairs.values() if kind == "staff"}
    visit.attendees.exclude(Q(provider__in=providers) | Q(staff__in=staff)).delete()
    stored: set[Any] = set(visit.attendees.values_list("provider", "staff"))
    new = [Attendee(visit=visit, provider_id=pk) for pk in sorted(providers) if (pk, None) not in stored]
    new += [Attendee(visit=visit, staff_id=pk) for pk in sorted(staff) if (None, pk) not in stored]
    Attendee.objects.bulk_create(new)
    visit.topics.set(wanted["topics"])
    known = Material.objects.in_bulk([pk for pk, _ in wanted["materials"]])
    hand_out(visit, [(known[pk], pieces) for pk, pieces in wanted["materials"]], by=by)


def _keep(
    visit: Visit, before: Values, after: Values, changed: list[str], *, by: User, client_id: uuid.UUID | None, body_hash: str
) -> None:
    """The new version; with the first edit also how the visit was logged, as version 1."""
    if not visit.versions.exists():
        VisitVersion.objects.create(
            visit=visit, number=visit.version - 1, values=before, saved_by=visit.logged_by or visit.owner, saved_at=visit.received_at
        )
    VisitVersion.objects.create(
        visit=visit, number=visit.version, values=after, changed=changed, saved_by=by, client_id=client_id, body_hash=body_hash
    )
