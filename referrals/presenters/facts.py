"""One referral: what was told, what we made of it and why, what became of it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from contacts.models import AlignmentKind
from referrals.models import Correction, CountingRules, Evidence, Flow, Referral, State, StatusEvent
from referrals.presenters.rows import day, row, state_tone
from referrals.states import STATES

_RANK = {state: rank for rank, state in enumerate(STATES)}
STATE_ICONS = {
    State.RECEIVED: "inbox",
    State.ACCEPTED: "check",
    State.SCHEDULED: "calendar-event",
    State.SEEN: "circle-check",
    State.REPORT_SENT: "file-text",
    State.NO_SHOW: "circle-x",
    State.APPOINTMENT_CANCELLED: "circle-x",
    State.CANCEL_REQUESTED: "hourglass",
    State.CANCELLED: "circle-x",
    State.REJECTED: "x",
}


@dataclass(frozen=True)
class Fact:
    """A line of the detail page: what, its value, and why or how we know."""

    label: str
    value: str
    why: str = ""
    url: str = ""
    tone: str = ""


def _evidence(referral: Referral) -> str:
    """What shows that the patient was seen, when it is another row than the referral's own."""
    told = {Evidence.APPOINTMENT: "By an appointment that is linked to it", Evidence.CLAIM: "By a claim that is linked to it"}
    return told.get(Evidence(referral.seen_by), "") if referral.seen_by else ""


@dataclass(frozen=True)
class Corrected:
    """A correction as the page shows it."""

    correction: Correction
    columns: str


_CORRECTED = {"provider_id": "referring provider", "named_practice_id": "practice", "performer_id": "receiving provider"}


def corrections(found: Sequence[Correction]) -> list[Corrected]:
    """Which columns were put right, in words; the source's words that went with them are not named again."""
    shown = []
    for one in found:
        names = [_CORRECTED.get(name) or name.removesuffix("_id").replace("_", " ") for name in one.corrected if name not in _WORDS_OF]
        shown.append(Corrected(one, ", ".join(dict.fromkeys(names)).capitalize() or "The source's words"))
    return shown


_WORDS_OF = frozenset(
    {
        "referring_name", "referring_npi", "referring_org", "referring_zip", "destination_name", "performing_name", "performing_npi",
        "referrer_named",
    }
)  # fmt: skip


def given_facts(referral: Referral) -> list[Fact]:
    """What the source told, in its own words."""
    anchors = (("Ordered", referral.ordered_on), ("Received", referral.received_on), ("Entered", referral.entered_on))
    anchor = next((name for name, on in anchors if on), "")
    npi = f"NPI {referral.referring_npi}" if referral.referring_npi else ""
    performing = f"NPI {referral.performing_npi}" if referral.performing_npi else ""
    facts = [
        *(Fact(name, day(on), "The date it counts by" if name == anchor else "") for name, on in anchors if on),
        Fact("Referred by", referral.referring_name or referral.get_referrer_named_display(), npi),
        Fact("Practice", " · ".join(filter(None, [referral.referring_org, referral.referring_zip]))),
        Fact("Referred to", referral.destination_name or "Nobody named"),
        Fact("Receiving provider", referral.performing_name, performing),
        Fact("Service line", referral.service_line.name if referral.service_line else "None named"),
        Fact("Kind", referral.get_kind_display()),
        Fact("Priority", referral.priority.capitalize()),
        Fact("Payer", referral.payer.name if referral.payer else "None named"),
        Fact("Reason for going elsewhere", referral.get_reason_display() if referral.reason else ""),
        Fact("Appointment", day(referral.appointment_on)),
        Fact("Seen", day(referral.seen_on), _evidence(referral)),
        Fact("Report received", day(referral.report_on)),
    ]
    return [fact for fact in facts if fact.value]


def derived_facts(referral: Referral, *, rules: CountingRules, twin: Referral | None, may_open: bool) -> list[Fact]:
    """What we made of it, each with why."""
    on = f"On {day(referral.anchor_on)}"
    destination, territory, credited = referral.destination, referral.territory, referral.credited_to
    receiver = str(destination or referral.performer or "")
    unknown = "Not in our network list" if referral.destination_name else "No destination was named"
    tone = "neutral" if referral.flow == Flow.OUTSIDE else referral.flow
    placed = "Of the referring practice" if territory else "No rule catches the practice" if referral.practice else ""
    aligned = referral.get_destination_alignment_display()
    return [
        _provider_fact(referral, may_open),
        _practice_fact(referral, may_open),
        Fact("Referring side", referral.get_referrer_alignment_display(), on),
        Fact("Destination", receiver or unknown, "Matched" if receiver else "", _url(destination, may_open)),
        Fact("Receiving side", aligned or "None", on if aligned else "No destination named"),
        Fact("Flow", referral.get_flow_display(), flow_why(referral, rules), tone=tone),
        Fact("Territory", territory.name if territory else "None", placed),
        Fact("Credit", str(credited or "Nobody"), f"Primary assignee of the territory on {day(referral.anchor_on)}"),
        counting_fact(referral, rules, twin),
    ]


def _provider_fact(referral: Referral, may_open: bool) -> Fact:
    if referral.provider:
        return Fact("Referring provider", str(referral.provider), "Matched", _url(referral.provider, may_open))
    named = referral.referring_name or referral.referring_npi
    return Fact("Referring provider", "Not known to us" if named else "None named", "Counts everywhere but by provider")


def _practice_fact(referral: Referral, may_open: bool) -> Fact:
    if referral.practice is None:
        return Fact("Referring practice", "Not known to us", "So it lies in no territory")
    assumed = "Assumed: the provider's primary practice, as the source names none we know"
    why = assumed if referral.practice_assumed else "As the source says"
    return Fact("Referring practice", referral.practice.name, why, _url(referral.practice, may_open))


def flow_why(referral: Referral, rules: CountingRules) -> str:
    """From whose to whose, in a sentence."""
    ours = "Ours is employed or affiliated" if rules.affiliated_is_ours else "Ours is employed"
    return {
        Flow.INBOUND: f"From somebody who is not ours, to us. {ours}.",
        Flow.INTERNAL: f"From one of ours to one of ours. {ours}.",
        Flow.OUTBOUND: f"From one of ours to somebody who is not ours. {ours}.",
        Flow.UNDETERMINED: "From one of ours; nobody said where to.",
        Flow.OUTSIDE: "Between others: market data only.",
    }[Flow(referral.flow)] + _by_feed(referral)


def _by_feed(referral: Referral) -> str:
    sides = {referral.referrer_alignment, referral.destination_alignment}
    return (
        f" What is unknown is taken from the feed ({referral.source.get_sees_display().lower()})." if AlignmentKind.UNKNOWN in sides else ""
    )


def counting_fact(referral: Referral, rules: CountingRules, twin: Referral | None) -> Fact:
    if referral.is_counted:
        return Fact("Counted", "Yes", "A counted kind, neither own follow-up nor duplicate", tone="good")
    if referral.is_own_follow_up:
        return Fact(
            "Counted",
            "No: own follow-up",
            "The referring provider is the receiving one, or of the same practice and specialty",
            tone="warn",
        )
    if referral.is_duplicate:
        why = f"Within {rules.duplicate_days} days of an earlier one of the same patient, service line and referrer"
        return Fact(
            "Counted",
            f"No: duplicate of {twin.source_key}" if twin else "No: duplicate",
            why,
            twin.get_absolute_url() if twin else "",
            "warn",
        )
    return Fact("Counted", "No", f"{referral.get_kind_display()} is no counted kind (counting rules)", tone="warn")


def _url(target: Any, may_open: bool) -> str:
    return target.get_absolute_url() if target is not None and may_open else ""


@dataclass(frozen=True)
class Step:
    """An entry of the status history."""

    title: str
    when: dt.date | None
    text: str
    by: str
    icon: str
    tone: str


def history(referral: Referral, events: Sequence[StatusEvent]) -> list[Step]:
    """Newest first; steps that the source skipped are told as inferred, without a date."""
    steps = []
    for event in sorted(events, key=lambda event: (event.learned_at, _RANK[event.state])):
        parts = ["Inferred: a step that the source skipped"] if event.is_inferred else []
        if event.appointment_on:
            parts.append(f"Appointment on {day(event.appointment_on)}")
        told = f"Told {_moment(event.told_at)} · " if event.told_at else ""
        steps.append(
            Step(
                State(event.state).label,
                None if event.is_inferred else event.happened_on or (event.told_at and timezone.localtime(event.told_at).date()),
                ". ".join(parts),
                f"{told}learned {_moment(event.learned_at)}",
                STATE_ICONS[State(event.state)],
                "neutral" if event.is_inferred else state_tone(event.state),
            )
        )
    return steps[::-1]


def _moment(value: dt.datetime) -> str:
    local = timezone.localtime(value)
    return f"{day(local.date())}, {local:%H:%M}"


@dataclass(frozen=True)
class Standing:
    """Where a referral stands, for whoever asks by its number: no word of the patient."""

    referral: Referral
    sentence: str
    tone: str
    sender: str
    receiver: str


def standing(referral: Referral) -> Standing:
    shown = row(referral)
    return Standing(
        referral, _stands(referral), shown.tone, " · ".join(filter(None, [shown.sender, shown.office])), shown.receiver or "Nobody named"
    )


def _stands(referral: Referral) -> str:
    to = referral.destination.name if referral.destination else referral.destination_name
    at = f" at {to}" if to else ""
    on = f" for {day(referral.appointment_on)}" if referral.appointment_on else ""
    seen = f" on {day(referral.seen_on)}" if referral.seen_on else ""
    return {
        State.RECEIVED: f"It has arrived{at}; no appointment is made yet.",
        State.ACCEPTED: f"It was accepted{at}; no appointment is made yet.",
        State.SCHEDULED: f"An appointment is made{on}{at}.",
        State.SEEN: f"The patient was seen{seen}{at}.",
        State.REPORT_SENT: f"The patient was seen{seen}{at}, and the report was sent.",
        State.NO_SHOW: f"The patient did not come to the appointment{on}{at}.",
        State.APPOINTMENT_CANCELLED: f"The appointment{on} was cancelled; a new one is not made yet.",
        State.CANCEL_REQUESTED: "Somebody asked to cancel it.",
        State.CANCELLED: "It was cancelled.",
        State.REJECTED: "It was declined." + (f" Reason: {referral.get_reason_display().lower()}." if referral.reason else ""),
    }[State(referral.state)]
