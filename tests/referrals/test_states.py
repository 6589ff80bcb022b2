"""Any order of messages leads to the same state, and only legal moves lead anywhere."""

import datetime as dt
from itertools import permutations
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referrals.importing.mapping import KINDS, REASONS, SEES
from referrals.models import Kind, LossReason, Source, State
from referrals.states import (
    ACCEPTED,
    APPOINTMENT_CANCELLED,
    CANCEL_REQUESTED,
    CANCELLED,
    DRAFT,
    MOVES,
    NO_SHOW,
    RECEIVED,
    REJECTED,
    REPORT_SENT,
    SCHEDULED,
    SEEN,
    STATES,
    TERMINAL,
    Settled,
    Told,
    path,
    settle,
)

ONE, TWO = dt.date(2026, 5, 1), dt.date(2026, 6, 1)
NOON = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)

told = st.builds(
    Told,
    st.sampled_from(sorted(STATES)),
    st.none() | st.sampled_from([ONE, TWO, dt.date(2026, 7, 1)]),
    st.none() | st.sampled_from([NOON, NOON + dt.timedelta(days=1), NOON + dt.timedelta(days=9)]),
)


def test_words_are_those_of_the_models() -> None:
    assert set(STATES) == set(State.values)
    assert set(KINDS) == set(Kind.values)
    assert set(REASONS) == set(LossReason.values)
    assert set(SEES) == {value for value, _ in Source._meta.get_field("sees").flatchoices}


def test_the_table_of_moves() -> None:
    assert len(MOVES) == len(set(MOVES)) == 34
    assert {move.code for move in MOVES} == {*STATES.values(), "5.1"}
    assert all(STATES[move.to_state] == move.code for move in MOVES if move.to_state in STATES)
    assert not any(move.from_state in TERMINAL or move.from_state == REPORT_SENT for move in MOVES)


@pytest.mark.parametrize(
    ("start", "end", "way"),
    [
        (DRAFT, RECEIVED, (RECEIVED,)),
        (RECEIVED, SEEN, (ACCEPTED, SEEN)),
        (RECEIVED, NO_SHOW, (ACCEPTED, SCHEDULED, NO_SHOW)),
        (NO_SHOW, SEEN, (SCHEDULED, SEEN)),
        (SCHEDULED, CANCELLED, (CANCEL_REQUESTED, CANCELLED)),
        (SEEN, SEEN, ()),
        (SEEN, RECEIVED, None),
        (CANCELLED, SCHEDULED, None),
        (REPORT_SENT, CANCELLED, None),
    ],
)
def test_path(start: str, end: str, way: tuple[str, ...] | None) -> None:
    assert path(start, end) == way


@pytest.mark.parametrize(
    ("events", "settled"),
    [
        ([Told(RECEIVED)], Settled(RECEIVED)),
        # steps left out are inferred
        ([Told(RECEIVED), Told(SCHEDULED, ONE), Told(SEEN, ONE)], Settled(SEEN, ONE, (ACCEPTED,))),
        ([Told(SEEN, ONE)], Settled(SEEN, ONE, (RECEIVED, ACCEPTED))),
        ([Told(RECEIVED), Told(CANCELLED)], Settled(CANCELLED, None, (CANCEL_REQUESTED,))),
        ([Told(RECEIVED), Told(REJECTED)], Settled(REJECTED)),
        # a later appointment supersedes an earlier one; a blank one erases nothing
        ([Told(SCHEDULED, ONE), Told(NO_SHOW, ONE), Told(SCHEDULED, TWO)], Settled(SCHEDULED, TWO, (RECEIVED, ACCEPTED))),
        ([Told(SEEN, ONE), Told(SCHEDULED, TWO)], Settled(SCHEDULED, TWO, (RECEIVED, ACCEPTED))),
        ([Told(SCHEDULED, ONE), Told(RECEIVED)], Settled(SCHEDULED, ONE, (ACCEPTED,))),
        ([Told(SCHEDULED, ONE), Told(SEEN)], Settled(SEEN, ONE, (RECEIVED, ACCEPTED))),
        # a closed loop stays closed
        ([Told(REPORT_SENT, ONE), Told(SCHEDULED, TWO)], Settled(REPORT_SENT, TWO, (RECEIVED, ACCEPTED))),
        # the end holds; what was told for later is illegal and not applied
        ([Told(CANCELLED, ONE), Told(SCHEDULED, ONE)], Settled(CANCELLED, ONE, (RECEIVED, ACCEPTED, CANCEL_REQUESTED))),
        (
            [Told(CANCELLED, ONE), Told(SCHEDULED, TWO)],
            Settled(CANCELLED, ONE, (RECEIVED, CANCEL_REQUESTED), ((CANCELLED, SCHEDULED),)),
        ),
        ([Told(REJECTED), Told(REPORT_SENT, ONE)], Settled(REJECTED, ONE, (RECEIVED,), ((REJECTED, REPORT_SENT),))),
        ([Told(SEEN, ONE), Told(RECEIVED, TWO)], Settled(SEEN, TWO, (ACCEPTED,), ((SEEN, RECEIVED),))),
        # with timestamps the later message wins, whatever its appointment
        (
            [Told(SCHEDULED, ONE, NOON + dt.timedelta(days=2)), Told(APPOINTMENT_CANCELLED, TWO, NOON)],
            Settled(SCHEDULED, ONE, (RECEIVED, ACCEPTED)),
        ),
        (
            [Told(CANCELLED, None, NOON), Told(SCHEDULED, ONE, NOON + dt.timedelta(days=2))],
            Settled(CANCELLED, ONE, (RECEIVED, CANCEL_REQUESTED), ((CANCELLED, SCHEDULED),)),
        ),
        # an end without a timestamp comes after messages that have one
        ([Told(CANCELLED), Told(SCHEDULED, ONE, NOON)], Settled(CANCELLED, ONE, (RECEIVED, ACCEPTED, CANCEL_REQUESTED))),
    ],
)
def test_settle(events: list[Told], settled: Settled) -> None:
    assert {settle(order) for order in permutations(events)} == {settled}


@given(st.lists(told, min_size=1, max_size=8), st.randoms())
def test_neither_order_nor_repetition_matters(events: list[Told], random: Random) -> None:
    shuffled = events + events
    random.shuffle(shuffled)
    settled = settle(events)
    assert settle(shuffled) == settled
    assert settled.state in {event.state for event in events}
    assert not {event.state for event in events} & set(settled.inferred)
    assert all(path(start, end) is None for start, end in settled.illegal)


@given(st.lists(told, min_size=1, max_size=6))
def test_an_end_without_a_timestamp_is_never_lost(events: list[Told]) -> None:
    untimed = [event._replace(told_at=None) for event in events]
    if any(event.state in TERMINAL for event in untimed):
        assert settle(untimed).state in TERMINAL


def test_nothing_told() -> None:
    with pytest.raises(ValueError, match="Nothing"):
        settle([])


def test_moves_equal_the_published_table() -> None:
    table = Path(__file__).parents[3] / "shared" / "data" / "referral_states" / "transitions.csv"
    if not table.exists():
        pytest.skip("the published table of moves is not on this machine")
    rows = [line.split(",") for line in table.read_text().splitlines()[1:]]
    assert [(row[2], row[5]) for row in rows] == [(move.trigger, move.code) for move in MOVES]
