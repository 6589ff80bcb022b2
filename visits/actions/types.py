"""Visit types and the names of the modes: lists of settings. A type is retired or merged, never deleted; each change can be undone."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from audit.actions import record
from common.exceptions import PolicyViolation
from visits.models import MOST_MINUTES, Mode, Visit, VisitMode, VisitType, VisitTypeMerge

_KEPT = ("name", "minutes", "is_active")


@transaction.atomic
def save_visit_type(
    *, by: User, name: str, minutes: int | None = None, is_active: bool = True, visit_type: VisitType | None = None
) -> VisitType:
    """Add a type at the end of the list, or change one. Visits that say its name in their own words, and have no type, get a new one."""
    _check_may(by)
    name = " ".join(name.split())
    if not name:
        raise PolicyViolation("Give the visit type a name.")
    if minutes is not None and not 1 <= minutes <= MOST_MINUTES:
        raise PolicyViolation(f"Enter minutes from 1 to {MOST_MINUTES}, or none.")
    same = VisitType.objects.filter(name__iexact=name)
    if (same.exclude(pk=visit_type.pk) if visit_type else same).exists():
        raise PolicyViolation("There is a visit type with this name already.")
    if visit_type is None:
        last = VisitType.objects.aggregate(last=Max("place"))["last"] or 0
        made = VisitType.objects.create(name=name, minutes=minutes, is_active=is_active, place=last + 1)
        found = Visit.objects.filter(visit_type=None, purpose__iexact=name).update(visit_type=made)
        record("visit_type.added", by=by, target=made, name=name, minutes=minutes, visits=found)
        return made
    visit_type = _locked(visit_type)
    if visit_type.merged_into_id and is_active:
        raise PolicyViolation(f"It was merged into {visit_type.merged_into}: take the merge back first.")
    wanted = {"name": name, "minutes": minutes, "is_active": is_active}
    now = {field: getattr(visit_type, field) for field in _KEPT}
    if wanted != now:
        _set(visit_type, {**wanted, "before": now})
        record("visit_type.edited", by=by, target=visit_type, before=now, **wanted)
    return visit_type


@transaction.atomic
def undo_visit_type(*, by: User, visit_type: VisitType) -> VisitType:
    """What the type was before its last change."""
    _check_may(by)
    visit_type = _locked(visit_type)
    before: dict[str, Any] | None = visit_type.before
    if before is None:
        raise PolicyViolation("There is no change to undo.")
    return save_visit_type(by=by, visit_type=visit_type, **before)


@transaction.atomic
def order_visit_types(*, by: User, ids: Iterable[int]) -> None:
    """The order in which they are offered; types that are not named keep theirs, behind."""
    _check_may(by)
    rows = {row.pk: row for row in VisitType.objects.select_for_update()}
    wanted = [pk for pk in dict.fromkeys(ids) if pk in rows]
    for place, pk in enumerate([*wanted, *(pk for pk in rows if pk not in wanted)], start=1):
        rows[pk].place = place
    VisitType.objects.bulk_update(rows.values(), ["place"])
    record("visit_types.ordered", by=by, target=None, order=wanted)


def move_visit_type(*, by: User, visit_type: VisitType, up: bool) -> None:
    """One place up or down among those that are offered."""
    ids = list(VisitType.objects.offered().values_list("pk", flat=True))
    if visit_type.pk not in ids:
        return
    at = ids.index(visit_type.pk)
    to = min(max(at + (-1 if up else 1), 0), len(ids) - 1)
    ids.insert(to, ids.pop(at))
    order_visit_types(by=by, ids=ids)


@transaction.atomic
def merge_visit_types(*, by: User, merged: VisitType, survivor: VisitType) -> VisitTypeMerge:
    """Two types that mean one: every visit of the one has the other from now on, also one that a phone sends later."""
    _check_may(by)
    rows = {row.pk: row for row in VisitType.objects.select_for_update().filter(pk__in=[merged.pk, survivor.pk]).order_by("pk")}
    merged, survivor = rows[merged.pk], rows[survivor.pk]
    if merged.pk == survivor.pk:
        raise PolicyViolation("Choose another type than itself.")
    if merged.merged_into_id or survivor.merged_into_id:
        raise PolicyViolation(f"{merged if merged.merged_into_id else survivor} was merged before.")
    visits = list(Visit.objects.select_for_update().filter(visit_type=merged).order_by("pk").values_list("pk", flat=True))
    Visit.objects.filter(pk__in=visits).update(visit_type=survivor)
    made = VisitTypeMerge.objects.create(merged=merged, survivor=survivor, visits=visits, was_active=merged.is_active, merged_by=by)
    VisitType.objects.filter(merged_into=merged).update(merged_into=survivor)
    _set(merged, {"merged_into": survivor, "is_active": False, "before": None})
    record("visit_type.merged", by=by, target=survivor, merged=merged.name, visits=len(visits))
    return made


@transaction.atomic
def part_visit_types(*, by: User, merge: VisitTypeMerge) -> VisitType:
    """Take a merge back: exactly the visits that went over, and still have that type, have their own again."""
    _check_may(by)
    merge = VisitTypeMerge.objects.select_for_update(of=("self",)).select_related("survivor").get(pk=merge.pk)
    if merge.taken_back_at:
        raise PolicyViolation("This merge was taken back before.")
    merged = _locked(merge.merged)
    if merged.merged_into_id != merge.survivor_id:
        raise PolicyViolation(f"{merge.survivor} was merged itself since: take that back first.")
    back = Visit.objects.filter(pk__in=merge.visits, visit_type=merge.survivor).update(visit_type=merged)
    _set(merged, {"merged_into": None, "is_active": merge.was_active})
    merge.taken_back_at = timezone.now()
    merge.save(update_fields=["taken_back_at"])
    record("visit_type.parted", by=by, target=merged, survivor=merge.survivor.name, visits=back)
    return merged


@transaction.atomic
def save_visit_mode(*, by: User, mode: str, name: str, is_offered: bool = True) -> None:
    """What the organization calls a way of meeting, and whether the forms offer it; what it means stays."""
    _check_may(by)
    name = " ".join(name.split())
    if not name:
        raise PolicyViolation("Give it a name.")
    if mode == Mode.IN_PERSON and not is_offered:
        raise PolicyViolation("Visits in person are planned and driven to: this one stays.")
    others = {**dict(Mode.choices), **dict(VisitMode.objects.values_list("mode", "name"))}
    if any(other.casefold() == name.casefold() for value, other in others.items() if value != mode):
        raise PolicyViolation("Another one is called so already.")
    if name == Mode(mode).label and is_offered:
        VisitMode.objects.filter(mode=mode).delete()
    else:
        VisitMode.objects.update_or_create(mode=mode, defaults={"name": name, "is_offered": is_offered})
    record("visit_mode.edited", by=by, target=None, mode=mode, name=name, is_offered=is_offered)


def type_for(visit_type: VisitType | None) -> VisitType | None:
    """The type that stands for this one: of a merged one, that into which it was merged."""
    return visit_type.merged_into if visit_type and visit_type.merged_into_id else visit_type


def _set(visit_type: VisitType, values: dict[str, Any]) -> None:
    for field, value in values.items():
        setattr(visit_type, field, value)
    visit_type.save(update_fields=list(values))


def _locked(visit_type: VisitType) -> VisitType:
    return VisitType.objects.select_for_update(of=("self",)).select_related("merged_into").get(pk=visit_type.pk)


def _check_may(by: User) -> None:
    if not by.can(Permission.SETTINGS_EDIT):
        raise PolicyViolation("Only an admin can change the visit types.")
