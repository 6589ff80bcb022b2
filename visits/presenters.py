"""Visits as templates show them: words, tones and icons. No database here."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import quote, urlencode

from audit.models import AuditEvent
from common.templatetags.prm import clock, duration, percent
from contacts.visiting import point_of
from visits.drawing import AS_DRAWN, EARLY, FOLLOWED_AT, LATE, NOT_VISITED, TO_COME, month_after
from visits.models import (
    DayPlan,
    DayStop,
    FollowUp,
    FollowUpStep,
    Invitation,
    Mode,
    Outcome,
    StepKind,
    TargetEntry,
    TargetList,
    Visit,
    VisitState,
)
from visits.queries import Followed, Happening, Place

MODE_ICONS = {
    Mode.IN_PERSON: "map-pin",
    Mode.PHONE: "phone",
    Mode.VIRTUAL: "video",
    Mode.DROP_OFF: "package",
    Mode.TEXT: "message-circle",
    Mode.EMAIL: "mail",
}
_OUTCOME_TONES = {Outcome.MET_PROVIDER: "good", Outcome.MET_STAFF: "info", Outcome.ISSUE: "warn", Outcome.NOT_AVAILABLE: "neutral"}
_EVENTS = {
    "visit.logged": "Logged",
    "visit.planned": "Planned",
    "visit.replanned": "Plan changed",
    "visit.missed": "Marked as missed",
    "visit.cancelled": "Cancelled",
    "visit.edited": "Edited",
    "visit.deleted": "Deleted",
    "visit.restored": "Brought back",
    "visit.marks_kept": "Kept a text that seemed to name a patient: the writer says that it names none",
}
_FIELDS = {
    "visited_at": "time",
    "mode": "mode",
    "visit_type": "type",
    "outcome": "outcome",
    "note": "note",
    "attendees": "people met",
    "topics": "topics",
    "materials": "materials",
    "given": "something given",
    "custom": "fields of your own",
}


@dataclass(frozen=True)
class Row:
    """A visit in a list."""

    visit: Visit
    people: str
    pill: str
    tone: str
    icon: str
    topics: str


def people_met(visit: Visit) -> list[str]:
    return [str(person) for person in visit.attendees.all()]


def pill_of(visit: Visit) -> tuple[str, str]:
    """The one word that matters, and its tone: the outcome, else the state."""
    if visit.state == VisitState.MISSED:
        return "Missed", "warn"
    if visit.state == VisitState.DONE:
        return (Outcome(visit.outcome).label, _OUTCOME_TONES[Outcome(visit.outcome)]) if visit.outcome else ("Done", "neutral")
    return VisitState(visit.state).label, "info" if visit.state == VisitState.PLANNED else "neutral"


def row(visit: Visit) -> Row:
    pill, tone = pill_of(visit)
    topics = ", ".join(topic.name for topic in visit.topics.all())
    return Row(visit, ", ".join(people_met(visit)), pill, tone, icon_of(visit), topics)


def icon_of(visit: Visit) -> str:
    if visit.state == VisitState.MISSED:
        return "circle-x"
    return "calendar-event" if visit.state == VisitState.PLANNED else MODE_ICONS[Mode(visit.mode)]


def _visit_entry(visit: Visit, where: str, given: Sequence[str] = ()) -> dict[str, Any]:
    people, (pill, tone) = people_met(visit), pill_of(visit)
    if visit.state == VisitState.PLANNED:
        title, text = "Visit planned", visit.purpose
    elif visit.state == VisitState.MISSED:
        title, text = "Visit missed", visit.note
    else:
        met = f"met {', '.join(people)}" if people else pill.lower()
        title, text = f"{visit.mode_name}: {met}", visit.note
    topics = ", ".join(topic.name for topic in visit.topics.all())
    by = " · ".join(filter(None, [str(visit.owner), where, str(visit.visit_type or ""), topics, *given]))
    return {"icon": icon_of(visit), "tone": tone, "title": title, "url": visit.get_absolute_url(), "text": text, "by": by}


def _follow_up_entry(item: FollowUp, where: str) -> dict[str, Any]:
    url = item.visit.get_absolute_url() if item.visit else ""
    by = " · ".join(filter(None, [str(item.done_by), where]))
    return {"icon": "circle-check", "tone": "good", "title": "Follow-up done", "url": url, "text": item.text, "by": by}


def timeline_entry(happening: Happening, *, with_practice: bool = True) -> dict[str, Any]:
    """What components/timeline_entry.html shows; a practice's own timeline need not name it on every line."""
    if happening.shown is not None:
        return {**happening.shown, "when": happening.at}
    happened = happening.visit or happening.follow_up
    where = happened.practice.name if happened and with_practice else ""
    entry = _visit_entry(happening.visit, where, happening.given) if happening.visit else _follow_up_entry(happening.follow_up, where)  # type: ignore[arg-type]  # one of the two is always there
    return {**entry, "when": happening.at}


def clock_words(off_s: int | None) -> str:
    """What is said of times that were set right."""
    if not off_s:
        return ""
    minutes = abs(off_s) // 60
    days, hours = round(minutes / 1440), round(minutes / 60)
    amount = f"{minutes} minutes" if minutes < 90 else f"{hours} hours" if hours < 20 else f"{days} day{'s' if days != 1 else ''}"
    return f"The phone's clock was {amount} {'slow' if off_s > 0 else 'fast'}: the times were set right by it."


def history_line(event: AuditEvent) -> dict[str, Any]:
    """One change of the record in words, without quoting what was written."""
    changed = [_FIELDS.get(name, name) for name in event.details.get("changed", ())]
    what = _EVENTS.get(event.event, event.event)
    return {"what": f"{what}: {', '.join(changed)}" if changed else what, "by": event.by_label, "at": event.happened_at}


_PLACE_TONES = {AS_DRAWN: "good", EARLY: "bad", LATE: "warn", NOT_VISITED: "bad", TO_COME: "neutral"}


@dataclass(frozen=True)
class DrawWords:
    """How far visits followed a drawn order, in words."""

    sentence: str
    pill: str
    tone: str

    @property
    def note(self) -> str:
        """The tone of a note, which has no neutral one."""
        return "info" if self.tone == "neutral" else self.tone


def draw_words(order: Followed) -> DrawWords:
    """What the order proves so far."""
    found = order.compliance
    if found.share is None:
        return DrawWords("No practice was due yet.", "not begun", "neutral")
    said = f"{found.as_drawn} of {found.due} practices due so far were visited as drawn ({percent(found.share, 0)})."
    if found.is_random:
        return DrawWords(f"{said} That is enough to call the order of visits random.", percent(found.share, 0), "good")
    return DrawWords(f"{said} Below {percent(FOLLOWED_AT, 0)} the order of visits is not called random.", percent(found.share, 0), "warn")


@dataclass(frozen=True)
class DrawMonth:
    """The places of one planned month; `may_plan` where a visit can still be planned to one of them."""

    month_on: dt.date
    places: list[tuple[Place, str]]
    may_plan: bool


def draw_months(order: Followed, *, today: dt.date) -> list[DrawMonth]:
    months = []
    for month, group in groupby(order.places, key=lambda place: place.planned_month_on):
        places = list(group)
        waiting = any(not (place.first_visit_on or place.planned_at) for place in places)
        is_over = today >= month_after(month) - dt.timedelta(days=1)
        months.append(DrawMonth(month, [(place, _PLACE_TONES[place.outcome]) for place in places], waiting and not is_over))
    return months


_TARGET_TONES = {"open": "neutral", "planned": "info", "visited": "good", "dropped": "warn"}


def target_row(entry: TargetEntry) -> dict[str, Any]:
    """One stop of a list: who, where, why, how far, and what it is made of."""
    state = entry.state  # type: ignore[attr-defined]  # annotated by the query
    return {
        "entry": entry,
        "name": str(entry),
        "place": entry.practice.name if entry.provider_id else "",
        "state": state,
        "pill": state.capitalize(),
        "tone": _TARGET_TONES[state],
        "visit_id": entry.visit_id,  # type: ignore[attr-defined]  # annotated by the query
        "parts": list(entry.parts.items()),
    }


def target_list_row(row: TargetList, today: dt.date) -> dict[str, Any]:
    """A list with its progress, in words and as a share."""
    visited, entries = row.visited_count, row.entry_count  # type: ignore[attr-defined]  # annotated by the query
    late = row.closed_at is None and row.ends_on is not None and row.ends_on < today and visited < entries
    return {
        "list": row,
        "progress": f"{visited} of {entries} visited" if entries else "Nobody on it yet",
        "visited": visited,
        "entries": entries,
        "with": ", ".join(str(handover.to) for handover in row.held),  # type: ignore[attr-defined]  # annotated by the query
        "is_late": late,
    }


MOST_WAYPOINTS = 9  # of one link to Google's maps, beside its end


@dataclass(frozen=True)
class WayStop:
    """A stop on the route as the page shows it: its row, where it lies, and how well that is known."""

    row: DayStop
    place: tuple[float, float]
    told: str
    is_approximate: bool
    lunch_before: bool
    misfit: str = ""

    @property
    def geo(self) -> str:
        """A link that a phone's own map app opens."""
        lat, lon = self.place
        return f"geo:{lat:.6f},{lon:.6f}?q={lat:.6f},{lon:.6f}({quote(self.row.practice.name)})"


@dataclass(frozen=True)
class Way:
    """The route of a day, from its start through the stops to its end; minutes after midnight, places in degrees."""

    plan: DayPlan
    stops: tuple[WayStop, ...]
    drive_minutes: int

    @classmethod
    def of(cls, plan: DayPlan, rows: Sequence[DayStop]) -> "Way":
        """Rows on the route, in turn. Those whose practice went off the map since are left out."""
        stops, shown_lunch = [], plan.lunch_minute is None or not plan.lunch_minutes
        for row in rows:
            if (point := point_of(row.practice)) is None:
                continue
            lunch = not shown_lunch and plan.lunch_minute is not None and (row.begin_minute or 0) > plan.lunch_minute
            shown_lunch = shown_lunch or lunch
            misfit = (plan.misfits or {}).get("stops", {}).get(str(row.pk), "")
            stops.append(WayStop(row, (point.latitude, point.longitude), point.told, point.is_approximate, lunch, misfit))
        drives = sum(row.drive_minutes or 0 for row in rows)
        if rows and plan.drives.get("keys") and rows[-1].pk in plan.drives["keys"]:
            drives += plan.drives["minutes"][plan.drives["keys"].index(rows[-1].pk) + 1][0]
        return cls(plan, tuple(stops), round(drives))

    @property
    def start(self) -> tuple[float, float]:
        return self.plan.start_latitude, self.plan.start_longitude

    @property
    def end(self) -> tuple[float, float]:
        return self.plan.end_latitude, self.plan.end_longitude

    @property
    def does_not_fit(self) -> str:
        """Office 2 arrives 14:10, closes 14:00; back at 17:40, the day ends at 17:00."""
        said = [f"{stop.row.practice} {stop.misfit}" for stop in self.stops if stop.misfit]
        told = "; ".join([*said, *(self.plan.misfits or {}).get("day", [])])
        return f"{told[:1].upper()}{told[1:]}." if told else ""

    @property
    def lunch_after(self) -> bool:
        """Lunch comes after the last stop."""
        has_lunch = bool(self.plan.lunch_minutes) and self.plan.lunch_minute is not None
        return has_lunch and not any(stop.lunch_before for stop in self.stops)

    @property
    def words(self) -> str:
        """7 stops, 96 minutes of driving, back at 4:10 PM."""
        if not self.stops:
            return "No stop fits into this day"
        count = len(self.stops)
        stops = f"{count} stop{'' if count == 1 else 's'}"
        return f"{stops}, {duration(self.drive_minutes)} of driving, back at {clock(self.plan.back_minute or 0)}"

    def for_map(self, counties: Sequence[str]) -> dict[str, Any]:
        """What the map in the browser draws."""
        stops = [
            {"n": turn, "lat": stop.place[0], "lon": stop.place[1], "name": stop.row.practice.name}
            for turn, stop in enumerate(self.stops, start=1)
        ]
        return {"start": self.start, "end": self.end, "stops": stops, "counties": list(counties)}


def map_links(way: Way) -> list[tuple[str, str]]:
    """(label, address) of the whole route in map apps; a route of more stops than Google takes is cut into parts."""
    if not way.stops:
        return []
    points = [f"{lat:.6f},{lon:.6f}" for lat, lon in (way.start, *(stop.place for stop in way.stops), way.end)]
    links, step = [], MOST_WAYPOINTS + 1
    parts = [points[at : at + step + 1] for at in range(0, len(points) - 1, step)]
    for turn, part in enumerate(parts, start=1):
        query = {"api": "1", "travelmode": "driving", "origin": part[0], "destination": part[-1]}
        if part[1:-1]:
            query["waypoints"] = "|".join(part[1:-1])
        label = "Google Maps" if len(parts) == 1 else f"Google Maps, part {turn}"
        links.append((label, f"https://www.google.com/maps/dir/?{urlencode(query)}"))
    return [
        *links,
        ("Apple Maps", f"https://maps.apple.com/?{urlencode({'saddr': points[0], 'daddr': ' to:'.join(points[1:]), 'dirflg': 'd'})}"),
    ]


_STEPS = {
    StepKind.DONE: ("Done", "done"),
    StepKind.REOPENED: ("Reopened", "reopened"),
    StepKind.SNOOZED: ("Put off", "put off"),
    StepKind.CHANGED: ("Changed", "changed"),
    StepKind.HANDED: ("Handed over", "handed over"),
}


def step_line(step: FollowUpStep) -> dict[str, Any]:
    """One thing that was done with a follow-up, for its history."""
    return {
        "what": _STEPS[StepKind(step.kind)][0],
        "by": str(step.made_by),
        "at": step.made_at,
        "note": step.note,
        "undone": step.undone_at is not None,
    }


def steps_words(steps: Sequence[FollowUpStep]) -> str:
    """What one press did: "Done: Send the guide", "3 follow-ups put off to 30 Nov 2026"."""
    first = steps[0]
    title, word = _STEPS[StepKind(first.kind)]
    item = first.follow_up
    till = f" to {item.due_on.day} {item.due_on:%b %Y}" if first.kind == StepKind.SNOOZED else ""
    till = f" to {item.owner}" if first.kind == StepKind.HANDED else till
    return f"{title}{till}: {item.text}" if len(steps) == 1 else f"{len(steps)} follow-ups {word}{till}"


def invitees(visit: Visit, asked: Iterable[Invitation]) -> list[dict[str, Any]]:
    """Who comes to an appointment, and whether they were asked by e-mail."""
    known = {(row.provider_id, row.staff_id): row for row in asked if row.withdrawn_at is None}
    rows = []
    for attendee in visit.attendees.all():
        person, row = attendee.provider or attendee.staff, known.get((attendee.provider_id, attendee.staff_id))
        said = "No e-mail address known" if person and not person.email else "Not invited yet"
        if row is not None:
            said = "Invitation on the way" if row.told_at is None else f"Invited, {row.email}"
        may_ask = bool(person and person.email) and row is None
        rows.append({"attendee": attendee, "person": person, "kind": attendee.kind_label, "said": said, "may_ask": may_ask})
    return rows
