"""The states of a referral, the moves that are legal between them, and the state that a set of messages leads to.

States and moves are those of HL7 BSeR, harmonised with IHE 360X. Extracts skip steps and arrive in any order: `settle` looks at everything
that was ever told about a referral, so that the order of arrival cannot matter.
"""

import datetime as dt
from collections import deque
from collections.abc import Iterable
from functools import cache, lru_cache
from types import MappingProxyType
from typing import NamedTuple

RECEIVED = "received"
ACCEPTED = "accepted"
REJECTED = "rejected"
SCHEDULED = "scheduled"
NO_SHOW = "no-show"
APPOINTMENT_CANCELLED = "appointment cancelled"
SEEN = "seen"
CANCEL_REQUESTED = "cancel requested"
CANCELLED = "cancelled"
REPORT_SENT = "report sent"

STATES = MappingProxyType(
    {
        RECEIVED: "2.0",
        ACCEPTED: "3.0",
        REJECTED: "4.0",
        SCHEDULED: "5.1.1",
        NO_SHOW: "5.1.2",
        APPOINTMENT_CANCELLED: "5.1.3",
        SEEN: "5.1.4",
        CANCEL_REQUESTED: "5.2",
        CANCELLED: "6.0",
        REPORT_SENT: "7.0",
    }
)
TERMINAL = frozenset({REJECTED, CANCELLED})

# Two more ends of moves, which no source tells: before it was sent, and BSeR's 5.1, in progress without a word for how.
DRAFT = "draft"
ACTIVE = "active"


class Move(NamedTuple):
    """One legal move: what happens, from where, to where, and the business status code it leads to."""

    trigger: str
    from_state: str
    to_state: str
    code: str


MOVES = (
    Move("Send Referral Package", DRAFT, RECEIVED, "2.0"),
    Move("Send Acceptance", RECEIVED, ACCEPTED, "3.0"),
    Move("Send Decline", RECEIVED, REJECTED, "4.0"),
    Move("Send Cancelation Request", RECEIVED, CANCEL_REQUESTED, "5.2"),
    Move("Send Decline", ACCEPTED, REJECTED, "4.0"),
    Move("Send Schedule Visit Information", ACCEPTED, SCHEDULED, "5.1.1"),
    Move("Send Cancelation Request", ACCEPTED, CANCEL_REQUESTED, "5.2"),
    Move("Send Interim Consultation Note", ACCEPTED, SEEN, "5.1.4"),
    Move("Send Referral Outcome", ACCEPTED, REPORT_SENT, "7.0"),
    Move("Send Decline", SCHEDULED, REJECTED, "4.0"),
    Move("Send rescheduled visit information", SCHEDULED, SCHEDULED, "5.1.1"),
    Move("Send No Show Information", SCHEDULED, NO_SHOW, "5.1.2"),
    Move("Send appointment cancel", SCHEDULED, APPOINTMENT_CANCELLED, "5.1.3"),
    Move("Send Cancelation Request", SCHEDULED, CANCEL_REQUESTED, "5.2"),
    Move("Send Interim Consultation Note", SCHEDULED, SEEN, "5.1.4"),
    Move("Send Referral Outcome", SCHEDULED, REPORT_SENT, "7.0"),
    Move("Send Decline", NO_SHOW, REJECTED, "4.0"),
    Move("Send rescheduled visit information", NO_SHOW, SCHEDULED, "5.1.1"),
    Move("Send appointment cancel", NO_SHOW, APPOINTMENT_CANCELLED, "5.1.3"),
    Move("Send Cancelation Request", NO_SHOW, CANCEL_REQUESTED, "5.2"),
    Move("Send Schedule Visit Information", APPOINTMENT_CANCELLED, SCHEDULED, "5.1.1"),
    Move("Send Cancelation Request", APPOINTMENT_CANCELLED, CANCEL_REQUESTED, "5.2"),
    Move("Send Cancelation Confirmation", CANCEL_REQUESTED, CANCELLED, "6.0"),
    Move("Send Referral Outcome", CANCEL_REQUESTED, REPORT_SENT, "7.0"),
    Move("Send Decline", SEEN, REJECTED, "4.0"),
    Move("Send Schedule Visit Information", SEEN, SCHEDULED, "5.1.1"),
    Move("Send appointment cancel", SEEN, APPOINTMENT_CANCELLED, "5.1.3"),
    Move("Send Cancelation Request", SEEN, CANCEL_REQUESTED, "5.2"),
    Move("Send Interim Consultation Note", SEEN, SEEN, "5.1.4"),
    Move("Send Referral Outcome", SEEN, REPORT_SENT, "7.0"),
    Move("Send Schedule Visit Information", ACCEPTED, ACTIVE, "5.1"),
    Move("Send Interim Consultation Note", ACCEPTED, ACTIVE, "5.1"),
    Move("Send Decline", ACTIVE, REJECTED, "4.0"),
    Move("Send Cancelation Request", ACTIVE, CANCEL_REQUESTED, "5.2"),
)

_RANK = {state: rank for rank, state in enumerate(STATES)}


class Told(NamedTuple):
    """What one row or message said: a state, the appointment it spoke of, and when the source says that it happened."""

    state: str
    appointment_on: dt.date | None = None
    told_at: dt.datetime | None = None


class Settled(NamedTuple):
    """The state that all messages together lead to, and what was odd on the way."""

    state: str
    appointment_on: dt.date | None = None
    inferred: tuple[str, ...] = ()  # steps that nobody told, in the order in which they must have happened
    illegal: tuple[tuple[str, str], ...] = ()  # (from, to): told, but no legal moves lead there; not applied


@cache
def path(start: str, end: str) -> tuple[str, ...] | None:
    """The states on the shortest legal way, without the start and with the end; nothing to do is (), no way is None."""
    if start == end:
        return ()
    ways: dict[str, tuple[str, ...]] = {start: ()}
    queue = deque([start])
    while queue:
        here = queue.popleft()
        for move in MOVES:
            if move.from_state == here and move.to_state not in ways:
                ways[move.to_state] = (*ways[here], move.to_state)
                queue.append(move.to_state)
    return ways.get(end)


def settle(events: Iterable[Told]) -> Settled:
    """The state of a referral by everything told about it, whatever the order and however often.

    Messages with a timestamp are followed in their order. Rows without one: rejected and cancelled hold against everything else (what was
    told for a later appointment is then illegal), a report sent closes, otherwise the latest appointment decides, a row without an
    appointment may belong to any, and of what remains the furthest state stands.
    """
    told = set(events)
    if not told:
        raise ValueError("Nothing was told about this referral.")
    dates = sorted({event.appointment_on for event in told if event.appointment_on is not None})
    times = sorted({event.told_at for event in told if event.told_at is not None})
    day = {date: number for number, date in enumerate(dates, 1)} | {None: 0}
    time = {moment: number for number, moment in enumerate(times, 1)} | {None: 0}
    # Only the order of days and times matters, and few patterns make up nearly all referrals.
    state, at, inferred, illegal = _settle(
        tuple(sorted((time[event.told_at], day[event.appointment_on], _RANK[event.state]) for event in told))
    )
    return Settled(state, dates[at - 1] if at else None, inferred, illegal)


_Step = tuple[int, int, int]  # time, day (0: none), rank of the state
_NAMES = tuple(STATES)
_TERMINAL_RANKS = frozenset(_RANK[state] for state in TERMINAL)
_REPORT_RANK = _RANK[REPORT_SENT]


@lru_cache(maxsize=1 << 14)
def _settle(steps: tuple[_Step, ...]) -> tuple[str, int, tuple[str, ...], tuple[tuple[str, str], ...]]:
    timed = [step for step in steps if step[0]]
    untimed = [step for step in steps if not step[0]]
    ends = [step for step in untimed if step[2] in _TERMINAL_RANKS]
    reports = [step for step in untimed if step[2] == _REPORT_RANK]
    open_ = [step for step in untimed if step[2] not in _TERMINAL_RANKS and step[2] != _REPORT_RANK]

    ended = min((step for step in ends if step[1]), key=lambda step: step[1:], default=None)
    refused = [step for step in open_ if ended and step[1] > ended[1]]
    illegal = [(_NAMES[ended[2]], _NAMES[step[2]]) for step in refused] if ended else []
    if {step[2] for step in ends} == {_RANK[REJECTED]}:
        # A request to cancel leads to cancelled only; beside a rejection it is what has no way in.
        requests = [step for step in open_ if step[2] == _RANK[CANCEL_REQUESTED]]
        refused += requests
        illegal += [(REJECTED, CANCEL_REQUESTED) for _ in requests]

    dated = [step for step in open_ if step[1] and step not in refused]
    blank = [step for step in open_ if not step[1] and step not in refused]
    here = DRAFT
    walked: list[str] = []
    for step in (*dated, *blank, *timed, *ends, *reports):
        state = _NAMES[step[2]]
        if not step[0] and not step[1] and step[2] < _RANK.get(here, -1) and step[2] not in _TERMINAL_RANKS:
            continue  # it happened before the appointment that decides
        way = path(here, state)
        if way is None:
            illegal.append((here, state))
        else:
            walked.extend(way)
            here = state
    told = {_NAMES[step[2]] for step in steps}
    inferred = tuple(dict.fromkeys(state for state in walked if state not in told))
    return here, _appointment(timed, [step for step in untimed if step not in refused]), inferred, tuple(dict.fromkeys(illegal))


def _appointment(timed: list[_Step], untimed: list[_Step]) -> int:
    """The appointment told last; blanks never erase one."""
    return next((day for _, day, _ in reversed(timed) if day), 0) or max((day for _, day, _ in untimed), default=0)
