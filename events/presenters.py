"""Events as templates show them: words, tones and icons. No database here."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from audit.models import AuditEvent
from common.templatetags.prm import number
from compliance.models import SpendEntry, SpendState
from events.models import Answer, Event, EventState, Guest, SignInWay

ANSWER_TONES = {Answer.YES: "good", Answer.MAYBE: "warn", Answer.NO: "neutral"}
_EVENTS = {
    "event.planned": "Planned",
    "event.changed": "Changed",
    "event.cancelled": "Cancelled",
    "event.restored": "Brought back",
    "event.held": "Held",
    "event.invited": "People invited",
    "event.invitation_withdrawn": "Invitation withdrawn",
    "event.invitation_sent": "Mail sent",
    "event.answered": "Answer",
    "event.reminder_sent": "Reminder sent",
    "event.reminder_wanted": "Reminder wanted",
    "event.reminder_unwanted": "No reminder wanted",
    "event.signed_in": "Signed in",
    "event.sign_in_undone": "Sign-in undone",
    "event.matched": "Walk-in matched",
    "event.match_undone": "Match undone",
    "event.code_made": "New code",
    "event.cost_saved": "Cost written down",
    "event.cost_cancelled": "Cost cancelled",
    "event.sheet_taken": "Attendance downloaded",
}
_QUIET = frozenset(
    {
        "event.invitation_sent",
        "event.reminder_sent",
        "event.reminder_wanted",
        "event.reminder_unwanted",
        "event.signed_in",
        "event.sign_in_undone",
        "event.answered",
    }
)  # one for each guest: counted
_FIELDS = {
    "reminds": "reminder",
    "starts_at": "start", "ends_at": "end", "service_line": "service line", "time_zone": "time zone", "about": "what it is about",
    "credits": "CME credits", "owner": "who holds it", "hosts": "who helps", "accreditation": "accreditation statement",
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """An event in a list."""

    event: Event
    pill: str
    tone: str
    when: str
    where: str
    guests: str


def row(event: Event) -> Row:
    """Of an event that was read `for_list`."""
    pill, tone = pill_of(event)
    where = event.place or (event.practice.name if event.practice else "")
    return Row(event, pill, tone, when_of(event), where, guests_words(event))


def pill_of(event: Event) -> tuple[str, str]:
    if event.state == EventState.PLANNED and event.is_over:
        return "Was it held?", "warn"
    if event.state == EventState.PLANNED and event.has_begun:
        return "Now", "good"
    return {EventState.PLANNED: ("Planned", "info"), EventState.HELD: ("Held", "good"), EventState.CANCELLED: ("Cancelled", "neutral")}[
        EventState(event.state)
    ]


def when_of(event: Event) -> str:
    """Tue, Dec 8, 2026, 12:00 PM to 1:00 PM EST, on the clock of the place."""
    start, end = event.local_start, event.local_end
    last = f"{end:%-I:%M %p}" if end.date() == start.date() else f"{end:%a, %b %-d, %-I:%M %p}"
    return f"{start:%a, %b %-d, %Y, %-I:%M %p} to {last} {start.tzname()}"


def guests_words(event: Event) -> str:
    """12 of 30 coming, 4 maybe · 9 came."""
    counted = vars(event)
    asked, coming, maybe, came = (counted[name] for name in ("asked", "coming", "maybe", "came"))
    if event.state == EventState.HELD or event.is_over:
        return f"{number(came)} came" + (f" of {number(asked)} invited" if asked else "")
    if not asked:
        return f"{number(came)} signed in" if came else "nobody invited yet"
    words = f"{number(coming)} of {number(asked)} coming" + (f", {number(maybe)} maybe" if maybe else "")
    return words + (f", {number(came)} signed in" if came else "")


@dataclass(frozen=True)
class GuestRow:
    """A guest in the list of an event."""

    guest: Guest
    sub: str
    pill: str
    tone: str
    told: str


def guest_row(guest: Guest, event: Event) -> GuestRow:
    if guest.has_come:
        pill, tone = "Here" if not event.is_over else "Came", "good"
    elif guest.answer:
        pill, tone = str(Answer(guest.answer).label), ANSWER_TONES[Answer(guest.answer)]
    else:
        pill, tone = "No answer", "neutral"
    return GuestRow(guest, who_words(guest), pill, tone, told_words(guest, event))


def who_words(guest: Guest) -> str:
    if guest.provider:
        return str(guest.provider.specialty or "Provider")
    if guest.staff:
        return ", ".join(part for part in (guest.staff.job, guest.staff.practice.name) if part)
    if guest.colleague:
        return str(guest.colleague.get_role_display())
    way = "typed at the door" if not guest.invited_at else "guest"
    return ", ".join(part for part in (way, guest.email, f"NPI {guest.npi}" if guest.npi else "") if part)


def told_words(guest: Guest, event: Event) -> str:
    """Whether the mail went, for whoever holds the event."""
    if not guest.is_invited:
        return "Walk-in"
    if not guest.email:
        return "No e-mail: tell them yourself"
    if guest.told_at is None:
        return "Mail is on its way"
    if (guest.told_sequence or 0) < event.sequence:
        return "Told; the change is on its way"
    if guest.reminded_for_on == event.local_start.date():
        return "Invited and reminded by e-mail"
    return "Invited by e-mail" if guest.wants_reminder else "Invited by e-mail; wants no reminder"


def way_words(guest: Guest) -> str:
    if not guest.has_come:
        return ""
    return {SignInWay.LIST: "from the list", SignInWay.WALK_IN: "walk-in", SignInWay.CODE: "by code"}[SignInWay(guest.signed_in_way)]


def history(events: list[AuditEvent]) -> list[dict[str, Any]]:
    """The steps in words, without quoting what was written. What happens once for each guest is one line with its count and last time."""
    lines: list[dict[str, Any]] = []
    counts: dict[str, dict[str, Any]] = {}
    for event in events:
        what = _EVENTS.get(event.event, event.event)
        if event.event in _QUIET:
            line = counts.get(event.event)
            if line is None:
                line = counts[event.event] = {"what": what, "by": event.by_label, "at": event.happened_at, "count": 0}
                lines.append(line)
            line["count"] += 1
            line["at"], line["by"] = event.happened_at, event.by_label
            continue
        changed = [_FIELDS.get(name, name) for name in event.details.get("changed", ())]
        lines.append(
            {"what": f"{what}: {', '.join(changed)}" if changed else what, "by": event.by_label, "at": event.happened_at, "count": 1}
        )
    for line in lines:
        if line["count"] > 1:
            line["what"] = f"{line['what']}, {number(line['count'])} times"
    return sorted(lines, key=lambda line: line["at"])


def money(amount: Decimal) -> str:
    return f"${amount:,.2f}"


def cost_row(entry: SpendEntry, people: int) -> dict[str, Any]:
    """An entry of the ledger on the event's page: in all, and for each head."""
    states = {
        SpendState.PLANNED: ("Planned", "info"),
        SpendState.HAPPENED: ("Spent", "good"),
        SpendState.CANCELLED: ("Cancelled", "neutral"),
    }
    pill, tone = states[SpendState(entry.state)]
    return {
        "entry": entry,
        "amount": money(entry.amount),
        "per_head": f"{money(round(entry.amount / people, 2))} a head, {people} people" if people else "",
        "pill": pill,
        "tone": tone,
        "is_open": entry.state == SpendState.PLANNED,
    }
