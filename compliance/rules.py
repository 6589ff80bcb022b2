"""How an amount is divided, what of it counts, and what an excess asks for (42 CFR 411.357(k), (m); METHODS section 7). Pure and exact.

Amounts are dollars as Decimal with two places; no binary fraction is ever made of them.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal

from compliance.models import Role, Rule, SpendKind, TaskKind

CENT, NOTHING = Decimal("0.01"), Decimal("0.00")
REPAY_DAYS = 180
ONCE_IN_YEARS = 3
REPAYABLE = Decimal("0.5")  # of the limit
# kind: why it is never given
CASH_LIKE = {
    SpendKind.CASH: "Cash and checks can never be given to a physician or an office.",
    SpendKind.GIFT_CARD: "Gift cards and vouchers are as good as cash: they can never be given to a physician or an office.",
}


def divide(amount: Decimal, parts: int) -> list[Decimal]:
    """The amount in equal parts whose sum is exact: cents that do not divide go to the first parts, one each."""
    cents, rest = divmod(int(amount / CENT), parts)
    return [CENT * (cents + (place < rest)) for place in range(parts)]


@dataclass(frozen=True)
class Guest:
    """Somebody who had part of it, or so many unnamed ones: who, and under which rule it counts."""

    role: Role
    rule: Rule
    provider_id: int | None = None
    staff_id: int | None = None
    people: int = 1


@dataclass(frozen=True)
class Share:
    """A guest's part of the money, and what of it counts."""

    guest: Guest
    amount: Decimal
    counted: Decimal


def shares(guests: Sequence[Guest], amount: Decimal, *, kind: str, whole_gift: bool, exempt: bool) -> list[Share]:
    """Who had which part, in the order of the guests; the amounts add up to `amount`.

    A meal divides by everyone present, our own people and office staff included. An indivisible gift counts whole for each physician,
    once with the family; with `whole_gift` off it divides like the rest. Nothing of an exempt entry counts.
    """
    heads = divide(amount, sum(guest.people for guest in guests))
    found, place, counted_whole = [], 0, set()
    for guest in guests:
        part = sum(heads[place : place + guest.people], NOTHING)
        place += guest.people
        counted = NOTHING if exempt or guest.rule == Rule.NONE else part
        if kind == SpendKind.GIFT and whole_gift and not exempt and guest.rule in (Rule.LIMIT, Rule.EMPLOYED):
            counted = NOTHING if guest.provider_id in counted_whole else amount
            counted_whole.add(guest.provider_id)
        found.append(Share(guest, part, counted))
    return found


def per_head(share_amount: Decimal, people: int) -> Decimal:
    """The most that one of these people had: cents are rounded up."""
    return (share_amount / people).quantize(CENT, ROUND_CEILING)


def is_incidental(amount: Decimal, quantity: int, below: Decimal | None) -> bool:
    """Each item costs less than the year's limit; where that is not known, none is."""
    return below is not None and amount < below * quantity


@dataclass(frozen=True)
class Allowance:
    """How far one physician's year is used: `happened` and `planned` in dollars, against a limit (None: nobody has set one)."""

    limit: Decimal | None
    happened: Decimal
    planned: Decimal
    warn_at: int

    @property
    def used(self) -> Decimal:
        return self.happened + self.planned

    @property
    def percent(self) -> int | None:
        """Of the limit, rounded up: only what is really within shows as 100."""
        return None if not self.limit else int((self.used * 100 / self.limit).quantize(Decimal(1), ROUND_CEILING))

    @property
    def is_over(self) -> bool:
        return self.limit is not None and self.used > self.limit

    @property
    def is_near(self) -> bool:
        """From `warn_at` percent on, and not over."""
        return self.limit is not None and not self.is_over and self.used * 100 >= self.limit * self.warn_at

    def with_planned(self, more: Decimal) -> "Allowance":
        return replace(self, planned=self.planned + more)


@dataclass(frozen=True)
class Step:
    """One entry of a physician's year, as it counts."""

    entry_id: int
    spent_on: dt.date
    counted: Decimal


@dataclass(frozen=True)
class Asked:
    """What an excess asks for."""

    kind: TaskKind
    entry_id: int
    amount: Decimal
    received_on: dt.date
    due_on: dt.date
    why: str


def repay_by(received_on: dt.date) -> dt.date:
    """The earlier of the year's end and 180 days after the excess was received."""
    return min(dt.date(received_on.year, 12, 31), received_on + dt.timedelta(days=REPAY_DAYS))


def within_years(one: dt.date, other: dt.date) -> bool:
    """Whether the earlier of two days lies less than three years before the later."""
    first, last = sorted((one, other))
    try:
        ends = first.replace(year=first.year + ONCE_IN_YEARS)
    except ValueError:  # 29 February
        ends = first.replace(year=first.year + ONCE_IN_YEARS, month=3, day=1)
    return last < ends


def asked(
    steps: Sequence[Step],
    *,
    limit: Decimal | None,
    settled: Decimal,
    repaid_before: Sequence[dt.date],
    may_repay: bool,
    approve_by: dt.date,
) -> Asked | None:
    """What a year's entries ask for; None when they are within the limit, or settled.

    An excess of at most half the limit is repaid by the earlier of the year's end and 180 days after it was received, unless the
    physician had that within three years (`repaid_before`: when those came about); everything else is for compliance to approve.
    `settled` is what was repaid or approved already. Without a limit all of it is to be looked at.
    """
    ordered = sorted(steps, key=lambda step: (step.spent_on, step.entry_id))
    total = sum((step.counted for step in ordered), NOTHING)
    excess = total - (limit or NOTHING)
    if excess - settled <= 0:
        return None
    crossing, running = ordered[-1], NOTHING
    for step in ordered:
        running += step.counted
        if running > (limit or NOTHING) + settled:
            crossing = step
            break
    open_amount = excess - settled
    if limit is None:
        why = f"No limit is set for {crossing.spent_on.year}: somebody has to say whether this was allowed."
        return Asked(TaskKind.APPROVE, crossing.entry_id, open_amount, crossing.spent_on, approve_by, why)
    if may_repay and excess <= limit * REPAYABLE and not any(within_years(day, crossing.spent_on) for day in repaid_before):
        why = "At most half the limit over: within it again once the physician repays by this day."
        return Asked(TaskKind.REPAY, crossing.entry_id, open_amount, crossing.spent_on, repay_by(crossing.spent_on), why)
    why = (
        "More than half the limit over: repaying does not heal it."
        if may_repay and excess > limit * REPAYABLE
        else "Repaying heals an excess once in three years, and that was used."
        if may_repay
        else "Over the yearly policy for employed physicians."
    )
    return Asked(TaskKind.APPROVE, crossing.entry_id, open_amount, crossing.spent_on, approve_by, why)
