"""Lists of visits as files."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.utils import timezone

from contacts import custom
from contacts.models import CustomField
from visits.cadence import Due
from visits.miles import DrivenMonth
from visits.models import DayPlan, DayStop, Material, Visit, VisitType
from visits.presenters import people_met
from visits.queries import Followed
from visits.querysets import FollowUpQuerySet, TargetEntryQuerySet, TargetListQuerySet, VisitQuerySet
from visits.routes import fixed_minute

HEADER = (
    "date",
    "time",
    "state",
    "practice",
    "territory",
    "people met",
    "kinds of people",
    "mode",
    "type",
    "outcome",
    "topics",
    "owner",
    "purpose",
    "note",
)


BELONGS = {"when": ("date", "time"), "met": ("people met", "kinds of people", "mode"), "outcome": ("state", "outcome"), "who": ("owner",)}


def header(fields: Sequence[CustomField]) -> tuple[str, ...]:
    return (*HEADER, *(field.label for field in fields))


def rows(visits: VisitQuerySet, fields: Sequence[CustomField] = ()) -> Iterator[tuple[Any, ...]]:
    """Line by line, the organization's own fields last; times are those of the reader's clock."""
    for visit in visits.for_list().iterator(chunk_size=500):
        yield (*_row(visit), *custom.cells(fields, visit.custom))


def _row(visit: Visit) -> tuple[Any, ...]:
    at = timezone.localtime(visit.happens_at) if visit.happens_at else None
    return (
        at.date() if at else None,
        f"{at:%H:%M}" if at else None,
        visit.get_state_display(),
        visit.practice.name,
        visit.practice.territory.name if visit.practice.territory else "",
        "; ".join(people_met(visit)),
        "; ".join(dict.fromkeys(person.kind_label for person in visit.attendees.all())),
        visit.mode_name,
        str(visit.visit_type or ""),
        visit.get_outcome_display() if visit.outcome else "",
        "; ".join(topic.name for topic in visit.topics.all()),
        str(visit.owner),
        visit.purpose,
        visit.note,
    )


FOLLOW_UP_HEADER = ("due", "days late", "practice", "territory", "provider", "to be done", "owner", "put off", "handed over by",
                    "said with it", "written down", "by", "done", "done by")  # fmt: skip


def follow_up_rows(follow_ups: FollowUpQuerySet) -> Iterator[tuple[Any, ...]]:
    """Line by line; `put off` counts how often."""
    for item in follow_ups.for_list().iterator(chunk_size=500):
        yield (
            item.due_on, item.days_late, item.practice.name, str(item.practice.territory or ""), str(item.provider or ""), item.text,
            str(item.owner), item.snoozes, str(item.handed_by or ""), item.handed_note, timezone.localdate(item.created_at),
            str(item.created_by), timezone.localdate(item.done_at) if item.done_at else None, str(item.done_by or ""),
        )  # fmt: skip


TARGET_HEADER = (
    "Practice",
    "Provider",
    "Service line",
    "Territory",
    "State",
    "Referrals a year",
    "Value a year, $",
    "Why",
    "Dropped because",
)


def target_rows(entries: TargetEntryQuerySet) -> Iterator[Sequence[Any]]:
    """Sentences quote small counts only to those who see them on the page: a file tells the value, and the reason of a person."""
    for entry in entries:
        by_hand = not entry.parts
        yield (
            entry.practice.name, str(entry.provider) if entry.provider else "", entry.service_line and entry.service_line.name,
            entry.practice.territory and entry.practice.territory.name, getattr(entry, "state", ""), entry.gain and round(entry.gain),
            entry.value and round(entry.value), entry.reason if by_hand else "", entry.dropped_why,
        )  # fmt: skip


DUE_HEADER = ("practice", "territory", "tier", "every days", "last visit", "due on", "days over", "planned")


def due_rows(found: Sequence[Due], day: dt.date) -> Iterator[tuple[Any, ...]]:
    """What the cadence promises, a practice a line; days over are negative while the visit is not due, blank for never visited."""
    for due in found:
        planned = timezone.localtime(due.planned_at) if due.planned_at else None
        yield (
            due.practice.name,
            due.practice.territory.name if due.practice.territory else "",
            due.practice.tier,
            due.every_days,
            due.last_visit_on,
            due.due_on,
            due.days_over(day),
            f"{planned:%Y-%m-%d %H:%M}" if planned else None,
        )


ROUTE_HEADER = ("turn", "practice", "address", "town", "ZIP code", "phone", "arrive", "begins", "ends", "drive, min", "wait, min",
                "appointment", "must-see", "why not, or what does not fit")  # fmt: skip


def route_rows(plan: DayPlan, stops: Sequence[DayStop]) -> Iterator[Sequence[Any]]:
    """The stops in turn, then those that are not on the route, with the reason. Times of the day's clock."""
    said: dict[str, str] = (plan.misfits or {}).get("stops", {})
    for stop in stops:
        office, on_it = stop.practice, stop.place is not None
        times = [None if not on_it or minute is None else f"{minute // 60:02}:{minute % 60:02}"
                 for minute in (stop.arrive_minute, stop.begin_minute, stop.ends_minute)]  # fmt: skip
        drive = round(stop.drive_minutes) if on_it and stop.drive_minutes is not None else None
        yield (
            stop.place, office.name, office.address, office.city, office.zip, office.phone, *times, drive,
            stop.wait_minutes if on_it else None, fixed_minute(stop) is not None, stop.must_see,
            said.get(str(stop.pk), "") if on_it else stop.dropped_because,
        )  # fmt: skip


TARGET_LIST_HEADER = ("list", "campaign", "from", "until", "made by", "with", "on it", "visited", "closed on")
DRAW_BELONGS = {"drawn": ("drawn", "drawn by")}
DRAW_HEADER = ("order", "practices", "first month", "drawn", "drawn by", "due so far", "visited as drawn")


def target_list_rows(lists: TargetListQuerySet) -> Iterator[Sequence[Any]]:
    """As `for_list` reads them."""
    row: Any
    for row in lists:
        held = "; ".join(str(handover.to) for handover in row.held)
        closed_on = timezone.localdate(row.closed_at) if row.closed_at else None
        yield row.name, row.campaign, row.starts_on, row.ends_on, str(row.owner), held, row.entry_count, row.visited_count, closed_on


def draw_rows(orders: Iterable[Followed]) -> Iterator[Sequence[Any]]:
    for order in orders:
        drawn_on = timezone.localdate(order.draw.drawn_at)
        found = order.compliance
        yield str(order.draw), len(order.places), order.draw.first_month_on, drawn_on, str(order.draw.drawn_by), found.due, found.as_drawn


MATERIAL_HEADER = ("material", "kind", "in stock", "order again at", "to order", "offered")
MILEAGE_HEADER = ("day", "who", "stops", "purpose", "miles", "estimated", "per mile, $", "amount, $")


VISIT_TYPE_HEADER = ("type", "minutes on site", "visits", "offered", "merged into")


def visit_type_rows(types: Iterable[VisitType]) -> Iterator[Sequence[Any]]:
    """As `with_use` reads them, in the order of the forms."""
    row: Any
    for row in types:
        yield row.name, row.minutes, row.used, row.is_active, str(row.merged_into or "")


def material_rows(materials: Iterable[Material]) -> Iterator[Sequence[Any]]:
    for material in materials:
        stock = material.stock if material.has_stock else None
        yield material.name, material.get_kind_display(), stock, material.reorder_at, material.is_low, material.is_active


def mileage_rows(month: DrivenMonth) -> Iterator[Sequence[Any]]:
    """Day by day; the sum of the month last."""
    for day in month.days:
        stops = "; ".join(visit.practice.name for visit in day.visits)
        yield day.on, str(day.owner), stops, day.purpose, day.miles, day.is_estimated, day.rate, day.amount
    yield "Total", "", "", "", month.miles, "", "", month.amount
