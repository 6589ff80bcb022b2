"""What was driven for visits: an estimate from place to place, or what the person typed; and what it is paid for.

Estimated is the way as the crow flies times a circuity, because roads bend (METHODS section 9); it is called an estimate wherever it is
shown.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

from django.utils import timezone

from accounts.models import User
from visits.driving import miles, place_of, start_of
from visits.models import FieldRules, MileageDay, MileageRate, Mode, Visit, WorkingHours

SAME_PLACE = Decimal("1.0")  # miles between two offices that are known by their ZIP code only
TENTH, CENT = Decimal("0.1"), Decimal("0.01")
DRIVEN = (Mode.IN_PERSON, Mode.DROP_OFF)


def estimated_miles(places: Sequence[str], *, circuity: Decimal) -> Decimal | None:
    """Road miles from place to place (`visits.driving.place_of`), to a tenth. One that nobody knows is passed over; None below two."""
    known = [place for place in places if place]
    if len(known) < 2:
        return None
    total = Decimal(0)
    for one, other in pairwise(known):
        total += SAME_PLACE if one == other else Decimal(str(miles(one, other))) * circuity
    return total.quantize(TENTH, ROUND_HALF_UP)


@dataclass(frozen=True)
class DrivenDay:
    """A day of one person: its visits in order, the miles, and what they are paid for. `rate` is None where nobody has set one."""

    owner: User
    on: dt.date
    visits: Sequence[Visit]
    estimated: Decimal | None
    typed: MileageDay | None
    rate: Decimal | None

    @property
    def miles(self) -> Decimal | None:
        """What was typed goes before what is estimated."""
        return self.typed.miles if self.typed and self.typed.miles is not None else self.estimated

    @property
    def is_estimated(self) -> bool:
        return self.miles is not None and (self.typed is None or self.typed.miles is None)

    @property
    def amount(self) -> Decimal | None:
        """Dollars, to the cent."""
        return None if self.miles is None or self.rate is None else (self.miles * self.rate).quantize(CENT, ROUND_HALF_UP)

    @property
    def purpose(self) -> str:
        """As typed, else where the visits went."""
        typed = self.typed.purpose if self.typed else ""
        return typed or ("Visits to " + ", ".join(dict.fromkeys(visit.practice.name for visit in self.visits)) if self.visits else "")


@dataclass(frozen=True)
class DrivenMonth:
    """The days of a month, and their sums. `without` counts days whose miles or rate are not known."""

    days: Sequence[DrivenDay]

    @property
    def miles(self) -> Decimal:
        return sum((day.miles for day in self.days if day.miles is not None), Decimal(0))

    @property
    def amount(self) -> Decimal | None:
        """Of the days that have one; None where none has."""
        known = [day.amount for day in self.days if day.amount is not None]
        return sum(known, Decimal(0)) if known else None

    @property
    def without_miles(self) -> int:
        return sum(day.miles is None for day in self.days)

    @property
    def without_rate(self) -> int:
        return sum(day.rate is None for day in self.days)


def month_of(owner: User, first: dt.date) -> DrivenMonth:
    """A person's month, oldest day first; `first` is its first day. A day and its visits are those of the organization's time zone."""
    after = (first + dt.timedelta(days=32)).replace(day=1)
    made = Visit.objects.filter(owner=owner, deleted_at=None, state="done", mode__in=DRIVEN, visited_at__date__gte=first)
    by_day: dict[dt.date, list[Visit]] = defaultdict(list)
    for visit in made.filter(visited_at__date__lt=after).select_related("practice__map_pin").order_by("visited_at", "pk"):
        by_day[timezone.localdate(visit.visited_at)].append(visit)
    typed = {day.driven_on: day for day in MileageDay.objects.filter(owner=owner, driven_on__gte=first, driven_on__lt=after)}
    rates = list(MileageRate.objects.order_by("-started_on"))
    hours = WorkingHours.objects.filter(user=owner).first()
    home = [start_of(hours)] if hours else []
    circuity = Decimal(str(FieldRules.current().circuity))
    days = []
    for on in sorted({*by_day, *typed}):
        visits = by_day.get(on, [])
        places = [*home, *(place_of(visit.practice) for visit in visits), *home] if visits else []
        days.append(DrivenDay(owner, on, visits, estimated_miles(places, circuity=circuity), typed.get(on), rate_on(rates, on)))
    return DrivenMonth(days)


def rate_on(rates: Iterable[MileageRate], day: dt.date) -> Decimal | None:
    """The rate of that day, the one that started last; None where nobody has set one."""
    held = [rate for rate in rates if rate.started_on <= day and (rate.ended_on is None or day < rate.ended_on)]
    return max(held, key=lambda rate: rate.started_on).per_mile if held else None
