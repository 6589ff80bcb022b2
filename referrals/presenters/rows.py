"""A referral in a list, and the list's filter in words."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from referrals import behind
from referrals.models import Flow, Kind, LossReason, Referral, State
from referrals.queries import CAP, Tally

STATE_TONES = {
    State.RECEIVED: "info",
    State.ACCEPTED: "info",
    State.SCHEDULED: "info",
    State.SEEN: "good",
    State.REPORT_SENT: "good",
    State.NO_SHOW: "warn",
    State.APPOINTMENT_CANCELLED: "warn",
    State.CANCEL_REQUESTED: "warn",
    State.CANCELLED: "neutral",
    State.REJECTED: "bad",
}


def state_tone(state: str) -> str:
    return STATE_TONES.get(State(state), "neutral")


def patient_label(referral: Referral) -> str:
    """The only name that a patient has here."""
    return f"Patient prm:{referral.patient_hash[:8]}…" if referral.patient_hash else "No patient identifier was sent"


@dataclass(frozen=True)
class Row:
    """A referral in the list."""

    referral: Referral
    tone: str
    sender: str
    office: str
    receiver: str
    why_not: str


def row(referral: Referral) -> Row:
    return Row(
        referral,
        state_tone(referral.state),
        str(referral.provider) if referral.provider else referral.referring_name or referral.get_referrer_named_display(),
        referral.practice.name if referral.practice else referral.referring_org,
        referral.destination.name if referral.destination else referral.destination_name or referral.performing_name,
        why_not_counted(referral),
    )


def why_not_counted(referral: Referral) -> str:
    """Blank for what is in the measures."""
    if referral.is_counted:
        return ""
    if referral.linked_to_id:
        return "Evidence of its order, which counts"
    if referral.is_own_follow_up:
        return "Own follow-up"
    return "Duplicate" if referral.is_duplicate else f"{referral.get_kind_display()} is not counted"


def sums(tally: Tally) -> str:
    """The line above the list: how many, and which way they go."""
    if tally.is_capped:
        return f"More than {CAP:,} referrals. Narrow the filters to see sums."
    parts = [f"{n:,} {Flow(flow).label.lower()}" for flow, n in tally.flows.items() if n]
    number = "1 referral" if tally.total == 1 else f"{tally.total:,} referrals"
    if len(parts) == 1:
        return f"{number}, {'all ' if tally.total > 1 else ''}{parts[0].partition(' ')[2]}"
    return f"{number}: {' · '.join(parts)}" if parts else number


def day(value: dt.date | None) -> str:
    """3 Oct 2026; nothing for none."""
    return f"{value.day} {value:%b %Y}" if value else ""


def _days(start: dt.date | None, end: dt.date | None) -> str:
    if start and end:
        last = end - dt.timedelta(days=1)
        return day(start) if last == start else f"{day(start)} to {day(last)}"
    return f"from {day(start)}" if start else f"before {day(end)}" if end else ""


@dataclass(frozen=True)
class Chip:
    """One part of a filter in words, and the address without it."""

    text: str
    without: str


_PLAIN = ("territory", "service_line", "payer", "source", "practice", "provider", "destination", "batch", "organization", "liaison")
_COUNTING = {"all": "counted or not", "0": "not counted"}
_UNNAMED = {
    "territory": "no territory", "service_line": "no service line", "payer": "no payer", "practice": "no practice known",
    "provider": "no provider known", "destination": "no destination known", "organization": "no organization known",
    "liaison": "nobody credited", "reason": "no reason given", "specialty": "no specialty known", "group": "no practice known",
}  # fmt: skip


def chips(query: QueryDict, chosen: Mapping[str, Any], seen: Mapping[str, str]) -> list[Chip]:
    """The filter in words. `seen` are names that the person may read; anything else stays unnamed."""
    found: list[Chip] = []

    def add(text: str, *names: str) -> None:
        rest = query.copy()
        for name in (*names, "page"):
            rest.pop(name, None)
        found.append(Chip(text, rest.urlencode()))

    if words := _days(chosen.get("start"), chosen.get("end")):
        add(words, "start", "end")
    for name in _PLAIN:
        value = chosen.get(name)
        if value == "null":
            add(_UNNAMED[name], name)
        elif value:
            add(seen.get(name, f"one {name.replace('_', ' ')}"), name)
    if chosen.get("flow"):
        add(" or ".join(Flow(flow).label.lower() for flow in chosen["flow"]), "flow")
    if chosen.get("state"):
        add(State(chosen["state"]).label.lower(), "state")
    for name, label in (("kind", Kind), ("reason", LossReason)):
        if value := chosen.get(name):
            add(_UNNAMED[name] if value == "null" else label(value).label.lower(), name)
    if value := chosen.get("specialty"):
        add(_UNNAMED["specialty"] if value == "null" else value, "specialty")
    if value := chosen.get("group"):
        add(_UNNAMED["group"] if value == "null" else "one group", "group")
    if value := chosen.get("measure"):
        part = behind.Part(chosen.get("part") or behind.Part.NUMERATOR)
        add(f"{behind.FIGURES[value].title}: {part.label.lower()}", "measure", "part")
    if chosen.get("same_patient"):
        add(f"the patient of {chosen['same_patient'].source_key}", "same_patient")
    if chosen.get("q"):
        add(f"number {chosen['q']}", "q")
    if chosen.get("counted") in _COUNTING:
        add(_COUNTING[chosen["counted"]], "counted")
    return found


def parts(query: QueryDict, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of the measure whose referrals are listed, as tabs; empty where no measure is asked for."""
    name = chosen.get("measure")
    if not name:
        return {}
    figure, now = behind.FIGURES[name], chosen.get("part") or behind.Part.NUMERATOR

    def address(part: behind.Part) -> str:
        other = query.copy()
        other.pop("page", None)
        other["part"] = part
        return f"?{other.urlencode()}"

    tabs = [{"url": address(part), "label": part.label, "active": part == now} for part in figure.parts]
    return {"title": figure.title, "tabs": tabs}
