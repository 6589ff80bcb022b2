"""Stops and briefs as plain data: the words that a page shows, and that a phone keeps to show the same without reception.

Free text may name a patient in spite of everything. What looks like that (common.patient_marks) is left out here, on the page as on the
phone; the visit's own record keeps it. Every text says dates and not "yesterday": it is still true when it is read later.
"""

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise
from typing import Any
from urllib.parse import quote

from django.utils import timezone

from common.patient_marks import patient_marks
from common.templatetags.prm import day as day_words
from contacts.models import Practice
from contacts.visiting import clock, visiting_lines, windows_on
from visits.brief import Brief
from visits.models import Mode, Outcome, Visit, VisitState
from visits.reasons import Reason, cadence_words
from visits.today import Day, Offer, Stop

LEFT_OUT = "[left out]"
NOTE_LENGTH = 320
_MIDNIGHT = 24 * 60  # minutes
NO_TREND = "No referral from here in the last fifteen months that we know of."
NOT_YOUR_TREND = "The trend counts every line of care; yours is one of them, so it is not shown."
Shape = dict[str, Any]


def clean(text: str, *, today: dt.date, length: int = NOTE_LENGTH) -> str:
    """The text in one line, without what looks like a patient's identifier, and not endless."""
    found, at = "", 0
    for mark in patient_marks(text, today=today):
        found += text[at : mark.start] + LEFT_OUT
        at = mark.end
    line = " ".join((found + text[at:]).split())
    return line if len(line) <= length else f"{line[: length - 1].rsplit(' ', 1)[0]}\N{HORIZONTAL ELLIPSIS}"


def address_of(practice: Practice) -> str:
    """12 Elm St, Hartford 06103."""
    town = " ".join(filter(None, [practice.city, practice.state, practice.zip]))
    return ", ".join(filter(None, [practice.address, town]))


def maps_url(practice: Practice, agent: str) -> str:
    """Where the phone's own map app takes over: Apple's on its devices, `geo:` on Android, a map in the browser elsewhere."""
    where = address_of(practice)
    if not where:
        return ""
    if any(device in agent for device in ("iPhone", "iPad", "Macintosh")):
        return f"https://maps.apple.com/?daddr={quote(where)}&dirflg=d"
    if "Android" in agent:
        return f"geo:0,0?q={quote(f'{practice.name}, {where}')}"
    return f"https://www.google.com/maps/dir/?api=1&destination={quote(where)}"


def stop_shape(stop: Stop, *, today: dt.date) -> Shape:
    """One stop in words."""
    visit, practice = stop.visit, stop.visit.practice
    doors, is_open = doors_on(practice, timezone.localdate(stop.begins_at))
    return {
        "visit": visit.pk,
        "practice": practice.pk,
        "name": practice.name,
        "address": address_of(practice),
        "phone": practice.phone,
        "do_not_visit": practice.do_not_visit,
        "state": stop.state,
        "time": f"{timezone.localtime(stop.begins_at):%H:%M}",
        "drive": stop.drive_minutes,
        "mode": "" if visit.mode == Mode.IN_PERSON else visit.mode_name,
        "type": visit.visit_type_id,
        "type_name": str(visit.visit_type or ""),
        "purpose": clean(visit.purpose, today=today, length=120),
        "outcome": _outcome(visit),
        "doors": doors,
        "is_open": is_open,
        "rules": [clean(practice.visiting_rules, today=today)] if practice.visiting_rules else [],
        "why": reason_shapes(stop.reasons),
        "has_brief": stop.brief is not None,
    }


def _outcome(visit: Visit) -> str:
    """What became of it, in a few words; nothing for a plan."""
    if visit.state == VisitState.MISSED:
        return f"Missed, back {day_words(visit.back_on)}" if visit.back_on else "Missed"
    if visit.state == VisitState.DONE:
        return Outcome(visit.outcome).label if visit.outcome else "Done"
    return ""


def offer_shape(offer: Offer, *, day: dt.date) -> Shape:
    """An overdue practice nearby: why it is worth the way, and how long that is."""
    return {"why": cadence_words(offer.due, day), "drive": offer.drive_minutes, "address": address_of(offer.due.practice)}


def brief_shape(brief: Brief, reasons: Sequence[Reason], *, today: dt.date) -> Shape:
    """One brief in words; the template and the phone draw it alike."""
    practice = brief.practice
    trend = brief.trend
    return {
        "practice": practice.pk,
        "name": practice.name,
        "address": address_of(practice),
        "phone": practice.phone,
        "tier": practice.tier,
        "do_not_visit": practice.do_not_visit,
        "why": reason_shapes(reasons),
        "rules": rules_of(practice, today=today),
        "tell": [
            {
                "what": str(row.category),
                "said": clean(row.text, today=today, length=160),
                "did": clean(row.resolution, today=today, length=160),
                "url": row.get_absolute_url(),
            }
            for row in brief.to_tell
        ],
        "open": [
            {
                "what": str(row.category),
                "text": clean(row.text, today=today, length=160),
                "sub": f"{row.department} \N{MIDDLE DOT} due {day_words(row.due_on)}",
                "late": row.due_on < today,
                "url": row.get_absolute_url(),
            }
            for row in brief.concerns
        ],
        "promises": [
            {
                "text": clean(row.text, today=today, length=160),
                "sub": f"{row.owner} \N{MIDDLE DOT} due {day_words(row.due_on)}",
                "late": row.due_on < today,
            }
            for row in brief.promises
        ],
        "trend": {"sentence": trend.sentence, "way": trend.way, "points": trend.points, "through": day_words(trend.through_on)}
        if trend
        else None,
        "no_trend": "" if trend else NO_TREND if brief.sees_trend else NOT_YOUR_TREND,
        "people": [{"name": person.name, "role": person.role} for person in brief.people],
        "last": last_words(brief.last_visit),
        "notes": [
            {
                "when": day_words(visit.happens_at),
                "by": f"{visit.owner}, {'missed' if visit.state == VisitState.MISSED else visit.mode_name.lower()}",
                "text": clean(visit.note, today=today),
                "url": visit.get_absolute_url(),
            }
            for visit in brief.notes
        ],
        "left": [{"what": row.material.name, "sub": f"{row.quantity}, {day_words(row.visit.happens_at)}"} for row in brief.materials],
    }


def reason_shapes(reasons: Sequence[Reason]) -> list[Shape]:
    return [{"text": reason.text, "tone": reason.tone, "kind": reason.kind} for reason in reasons]


def rules_of(practice: Practice, *, today: dt.date) -> list[str]:
    """When to come, lunch, whom to ask for: a line each. Reads `visiting_hours`."""
    lines = visiting_lines(practice, practice.visiting_hours.all())
    return [*lines, clean(practice.visiting_rules, today=today)] if practice.visiting_rules else lines


def doors_on(practice: Practice, day: dt.date) -> tuple[str, bool]:
    """When the practice sees visitors on that day, and whether it does at all; blank where nobody noted hours. Reads `visiting_hours`."""
    windows = windows_on(practice, practice.visiting_hours.all(), day.weekday())
    if windows is None:
        return "", True
    if not windows:
        return f"Sees nobody on {day:%A}s", False
    if windows[0][0] == 0 and windows[-1][1] == _MIDNIGHT:  # nobody said when it opens, only when not to come
        if len(windows) == 1:
            return "", True
        shut = [f"{clock(before[1])} to {clock(after[0])}" for before, after in pairwise(windows)]
        return f"No visits {', '.join(shut)}", True
    return f"Sees visitors {', '.join(f'{clock(begins)} to {clock(ends)}' for begins, ends in windows)}", True


def last_words(visit: Visit | None) -> str:
    """Last visit 14 Oct 2026, met Priya Raman, MD."""
    if visit is None:
        return "Nobody was ever here"
    met = ", ".join(str(person) for person in visit.attendees.all())
    return f"Last visit {day_words(visit.happens_at)}, {visit.owner}{f', met {met}' if met else ''}"


MOST_PRACTICES = 600  # in a pack: who sees more is given those nearest to the work, not a directory


def pack_shape(days: Sequence[Day], directory: Sequence[Shape], words: Shape, *, today: dt.date) -> Shape:
    """What the phone keeps (the page's promise: the next three working days readable without reception).

    `{"user", "name", "days": [{"day", "label", "stops"}], "briefs": {practice id: brief}, "form": {"practices", "topics",
    "types", "categories", "materials", "modes", "outcomes"}}`; a material is `{"id", "name", "kind", "stock"}`, its stock null
    where it has none; a practice of the form is `{"id", "name", "address", "do_not_visit", "pass", "people": [{"key",
    "name", "role"}]}`.
    """
    owner = days[0].owner
    return {
        "user": owner.pk,
        "name": str(owner),
        "days": [
            {
                "day": day.day.isoformat(),
                "label": f"{day.day:%A} {day.day.day} {day.day:%B}",
                "stops": [stop_shape(stop, today=today) for stop in day.stops],
            }
            for day in days
        ],
        "briefs": {
            str(stop.visit.practice_id): brief_shape(stop.brief, stop.reasons, today=today)
            for day in reversed(days)  # a practice of two days is told as of the first
            for stop in day.stops
            if stop.brief
        },
        "form": {"practices": list(directory), **words},
    }
