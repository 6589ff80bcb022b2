"""The arithmetic against a second, plain one in whole cents, on amounts nobody thought of; and the days of a repayment."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.models import Role, Rule, TaskKind
from compliance.rules import Allowance, Guest, Step, asked, divide, is_incidental, per_head, repay_by, shares, within_years

CENTS = st.integers(1, 10_000_000)
PARTS = st.integers(1, 60)
DAYS = st.dates(dt.date(2026, 1, 1), dt.date(2026, 12, 31))


def dollars(cents: int) -> Decimal:
    return Decimal(cents) / 100


@given(CENTS, PARTS)
def test_parts_are_equal_to_the_cent_and_add_up(cents, parts):
    found = divide(dollars(cents), parts)
    assert sum(found) == dollars(cents)
    assert max(found) - min(found) <= Decimal("0.01")
    twin, left = [], cents  # the twin hands out cent by cent
    for place in range(parts):
        part = -(-left // (parts - place))
        twin.append(part)
        left -= part
    assert [int(part * 100) for part in found] == twin


GUESTS = st.lists(
    st.one_of(
        st.builds(Guest, st.just(Role.PHYSICIAN), st.just(Rule.LIMIT), provider_id=st.integers(1, 4)),
        st.builds(Guest, st.just(Role.FAMILY), st.just(Rule.LIMIT), provider_id=st.integers(1, 4)),
        st.builds(Guest, st.just(Role.STAFF), st.just(Rule.STAFF), people=st.integers(1, 9)),
        st.builds(Guest, st.just(Role.OURS), st.just(Rule.NONE), people=st.integers(1, 3)),
    ),
    min_size=1,
    max_size=8,
)


@given(GUESTS, CENTS, st.sampled_from(["meal", "gift", "item"]), st.booleans(), st.booleans())
def test_shares_against_a_plain_recount(guests, cents, kind, whole_gift, exempt):
    found = shares(guests, dollars(cents), kind=kind, whole_gift=whole_gift, exempt=exempt)
    assert sum(share.amount for share in found) == dollars(cents)
    heads = [guest for guest in guests for _ in range(guest.people)]
    each, rest = divmod(cents, len(heads))
    money: dict[int, int] = {}
    for place, guest in enumerate(heads):
        money[id(guest)] = money.get(id(guest), 0) + each + (1 if place < rest else 0)
    for share in found:
        assert int(share.amount * 100) == money[id(share.guest)]
    counted: dict[int, int] = {}
    for guest in {id(one): one for one in guests}.values():
        if guest.rule == Rule.LIMIT and not exempt:
            whole = kind == "gift" and whole_gift
            counted[guest.provider_id] = cents if whole else counted.get(guest.provider_id, 0) + money[id(guest)]
    told: dict[int, int] = {}
    for share in found:
        if share.guest.rule == Rule.LIMIT:
            told[share.guest.provider_id] = told.get(share.guest.provider_id, 0) + int(share.counted * 100)
        elif share.guest.rule == Rule.NONE:
            assert share.counted == 0
    assert {pk: sum_ for pk, sum_ in told.items() if sum_} == {pk: sum_ for pk, sum_ in counted.items() if sum_}


@given(
    st.lists(st.tuples(DAYS, CENTS.filter(lambda cents: cents < 60_000)), min_size=1, max_size=12),
    st.integers(10_000, 60_000),
    st.integers(0, 20_000),
)
def test_what_an_excess_asks_for_against_a_plain_recount(spent, limit, settled):
    steps = [Step(place, day, dollars(cents)) for place, (day, cents) in enumerate(spent)]
    approve_by = dt.date(2026, 12, 11)
    found = asked(steps, limit=dollars(limit), settled=dollars(settled), repaid_before=[], may_repay=True, approve_by=approve_by)
    total = sum(cents for _, cents in spent)
    if total - limit - settled <= 0:
        assert found is None
        return
    assert found.amount == dollars(total - limit - settled)
    small = 2 * (total - limit) <= limit
    assert found.kind == (TaskKind.REPAY if small else TaskKind.APPROVE)
    running = 0
    for day, _, cents in sorted((day, place, cents) for place, (day, cents) in enumerate(spent)):
        running += cents
        if running > limit + settled:
            assert found.received_on == day
            break
    if small:
        assert found.due_on == min(dt.date(2026, 12, 31), found.received_on + dt.timedelta(days=180))
    else:
        assert found.due_on == approve_by


@pytest.mark.parametrize(
    ("received", "due"),
    [("2026-01-01", "2026-06-30"), ("2026-07-04", "2026-12-31"), ("2026-07-05", "2026-12-31"), ("2024-02-29", "2024-08-27")],
)
def test_the_day_of_a_repayment_is_the_earlier_of_year_end_and_180_days(received, due):
    assert repay_by(dt.date.fromisoformat(received)) == dt.date.fromisoformat(due)


@pytest.mark.parametrize(
    ("one", "other", "within"),
    [
        ("2023-06-01", "2026-05-31", True),
        ("2023-06-01", "2026-06-01", False),
        ("2026-05-31", "2023-06-01", True),
        ("2024-02-29", "2027-02-28", True),
        ("2024-02-29", "2027-03-01", False),
    ],
)
def test_once_in_three_years_is_by_the_calendar(one, other, within):
    assert within_years(dt.date.fromisoformat(one), dt.date.fromisoformat(other)) is within


@pytest.mark.parametrize(
    ("used", "percent", "near", "over"),
    [
        ("0", 0, False, False),
        ("427.99", 80, False, False),
        ("428.00", 80, True, False),
        ("535.00", 100, True, False),
        ("535.01", 101, False, True),
    ],
)
def test_near_and_over_are_decided_on_the_exact_amount(used, percent, near, over):
    allowance = Allowance(Decimal("535"), Decimal(used), Decimal(0), 80)
    assert (allowance.percent, allowance.is_near, allowance.is_over) == (percent, near, over)


def test_without_a_limit_nothing_is_near_and_all_is_to_be_looked_at():
    allowance = Allowance(None, Decimal("900"), Decimal(0), 80)
    assert (allowance.percent, allowance.is_near, allowance.is_over) == (None, False, False)
    step = Step(1, dt.date(2025, 5, 5), Decimal("9.00"))
    found = asked([step], limit=None, settled=Decimal(0), repaid_before=[], may_repay=True, approve_by=dt.date(2025, 6, 1))
    assert (found.kind, found.amount) == (TaskKind.APPROVE, Decimal("9.00"))
    assert "No limit is set for 2025" in found.why


def test_items_are_incidental_below_the_limit_for_one_only():
    assert is_incidental(Decimal("87.99"), 2, Decimal("44"))
    assert not is_incidental(Decimal("88.00"), 2, Decimal("44"))
    assert not is_incidental(Decimal("0.01"), 1, None)
    assert per_head(Decimal("10.00"), 3) == Decimal("3.34")
