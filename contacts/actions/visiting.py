"""When practices see visitors, and where they lie."""

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import pairwise

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from common.exceptions import PolicyViolation
from contacts.models import HoursKind, MapPin, Practice, VisitingHours
from contacts.visiting import write_spans

Times = tuple[dt.time, dt.time]
_Row = tuple[int | None, HoursKind, dt.time, dt.time]


@transaction.atomic
def save_visiting(
    *,
    practice: Practice,
    opens: Mapping[int, Sequence[Times]],
    closed: Sequence[Times] = (),
    lunch_rule: str = "",
    lunch: Times | None = None,
    visit_minutes: int | None = None,
    by: User | None,
) -> None:
    """Say when the practice sees visitors: `opens` by weekday (0: Monday), `closed` on every day, its lunch, how long a visit takes."""
    practice = Practice.objects.select_for_update(of=("self",)).get(pk=practice.pk)
    wanted: list[_Row] = [(weekday, HoursKind.OPEN, *span) for weekday in sorted(opens) for span in sorted(opens[weekday])]
    wanted += [(None, HoursKind.CLOSED, *span) for span in sorted(closed)]
    for spans in (*opens.values(), closed):
        _check_apart(sorted(spans))
    known: list[_Row] = [(row.weekday, HoursKind(row.kind), row.begins, row.ends) for row in practice.visiting_hours.all()]
    changes: dict[str, list[str]] = {}
    if set(known) != set(wanted):
        practice.visiting_hours.all().delete()
        VisitingHours.objects.bulk_create(
            VisitingHours(practice=practice, weekday=weekday, kind=kind, begins=begins, ends=ends) for weekday, kind, begins, ends in wanted
        )
        changes["visiting hours"] = [_told(known), _told(wanted)]
    begins, ends = lunch or (None, None)
    fields = {"lunch_rule": lunch_rule, "lunch_begins": begins, "lunch_ends": ends, "visit_minutes": visit_minutes}
    for name, value in fields.items():
        if (before := getattr(practice, name)) != value:
            changes[name] = ["" if told is None else str(told) for told in (before, value)]
            setattr(practice, name, value)
    if changes:
        practice.save(update_fields=list(fields))
        record("practice.changed", by=by, target=practice, changes=changes)


def _check_apart(spans: Sequence[Times]) -> None:
    for one, other in pairwise(spans):
        if other[0] < one[1]:
            raise PolicyViolation(f"These hours overlap: {write_spans([one, other])}.")


def _told(rows: Sequence[_Row]) -> str:
    return "; ".join(
        f"{'every day' if day is None else day} {kind.value} {write_spans([(begins, ends)])}" for day, kind, begins, ends in rows
    )


@transaction.atomic
def drop_map_pin(*, practice: Practice, latitude: float, longitude: float, by: User) -> MapPin:
    """Show where the practice lies; the pin goes before the middle of its ZIP code."""
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise PolicyViolation("These coordinates are not on the earth: latitude first, between -90 and 90.")
    place = {"latitude": round(latitude, 6), "longitude": round(longitude, 6)}  # a hand's breadth
    pin, _ = MapPin.objects.update_or_create(practice=practice, defaults={**place, "dropped_by": by, "dropped_at": timezone.now()})
    record("practice.map_pin_dropped", by=by, target=practice, **place)
    return pin


@transaction.atomic
def lift_map_pin(*, practice: Practice, by: User) -> None:
    """Take the pin off the map: the middle of the ZIP code holds again."""
    removed, _ = MapPin.objects.filter(practice=practice).delete()
    if removed:
        record("practice.map_pin_lifted", by=by, target=practice)
