"""The field as the map of territories shows it: what its practices hold by county and by ZIP code, and which rules stand."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from common.places import STATES, counties_by_state, county_of
from referrals.models import CountingRules
from reports.cells import Cell, total
from reports.periods import Window, last_full_months
from reports.queries.freshness import freshness
from reports.queries.names import names
from reports.queries.places import County, Office, counties, offices
from territories.models import RuleKind, TerritoryRule
from territories.ruling import Rule
from territories.scope import scope_of

MONTHS = 12
MOST_STATES = 3  # drawn at once, those with most practices; more only by choice


@dataclass(frozen=True)
class Field:
    """What a person sees of the field today, with its figures of the last twelve full months. `is_whole`: whole states were asked for,
    else the part of them where practices and rules are.
    """

    offices: Sequence[Office]
    counties: Sequence[County]
    rules: Mapping[Rule, int]
    names: Mapping[int, str]
    counting: CountingRules
    window: Window
    states: Sequence[str]
    is_whole: bool
    data_through: dt.date | None

    def county(self, name: str) -> County | None:
        return next((county for county in self.counties if county.name == name), None)

    @property
    def unowned(self) -> list[Office]:
        """Live practices that no rule and no pin places."""
        return [office for office in self.offices if office.is_live and office.territory_id is None]


@dataclass(frozen=True)
class ZipArea:
    """One ZIP code: its practices, with the figures of a county, and whose rule it has, if it has one of its own."""

    zip: str
    figures: County
    owner: int | None
    offices: Sequence[Office]


def states_offered() -> list[str]:
    return sorted(STATES)


def field_of(user: Any, *, states: Collection[str] = ()) -> Field:
    """The person's field, drawn for these states; without a choice for those where their practices and rules are."""
    scope, fresh, known = scope_of(user), freshness(), names()
    window = last_full_months(MONTHS, fresh.data_through or timezone.localdate())
    where = {} if scope.whole else {"territory": sorted(scope.any_territory_ids)}
    found = offices(user=user, window=window, where=where, scope=scope)
    held = counties(found, user=user, window=window, territories=where.get("territory"))
    stand = TerritoryRule.objects.filter(excludes=False)
    if not scope.whole:
        stand = stand.filter(territory__in=scope.any_territory_ids)
    rules = {row.rule: row.territory_id for row in stand}
    drawn = list(states) or _states(found, rules)
    return Field(
        found,
        _all_counties(held, rules, drawn),
        rules,
        known.territories,
        CountingRules.current(),
        window,
        drawn,
        bool(states),
        fresh.data_through,
    )


def _states(found: Collection[Office], rules: Mapping[Rule, int]) -> list[str]:
    """Those with most practices; while there are none, those of the rules."""
    tally = Counter(office.county.partition("/")[0] for office in found if office.is_live and office.county)
    ruled = Counter((rule.value if rule.kind == RuleKind.COUNTY else county_of(rule.value)).partition("/")[0] for rule in rules)
    counted = tally or ruled
    return sorted(sorted((state for state in counted if state in STATES), key=lambda state: (-counted[state], state))[:MOST_STATES])


def _all_counties(held: Sequence[County], rules: Mapping[Rule, int], states: Collection[str]) -> list[County]:
    """Every county of the states, also those without a practice: a rule of their own says whose they are, ahead of their practices."""
    known = {county.name: county for county in held}
    every = {name for state in states for name in counties_by_state().get(state, ())}
    unknown = [county for county in held if not county.name]
    return [known.get(name) or _empty(name, rules) for name in sorted(every)] + unknown


def _empty(name: str, rules: Mapping[Rule, int]) -> County:
    owner = rules.get(Rule(RuleKind.COUNTY, name))
    return County(name, Cell(), 0, 0, Counter() if owner is None else Counter({owner: 0}))


def zip_areas(field: Field, county: str, visits: Mapping[str, int]) -> list[ZipArea]:
    """The ZIP codes of a county that hold a practice or have a rule, by number. `visits`: made, by ZIP code."""
    groups: dict[str, list[Office]] = {}
    for office in field.offices:
        if office.county == county and office.zip:
            groups.setdefault(office.zip, []).append(office)
    ruled = {rule.value for rule in field.rules if rule.kind == RuleKind.ZIP and rule.is_plain and county_of(rule.value) == county}
    return [_area(field, zip_, groups.get(zip_, []), visits.get(zip_, 0)) for zip_ in sorted({*groups, *ruled})]


def _area(field: Field, zip_: str, held: Sequence[Office], visits: int) -> ZipArea:
    live = [office for office in held if office.is_live]
    owner = field.rules.get(Rule(RuleKind.ZIP, zip_))
    lies_in = Counter(office.territory_id for office in live)
    if not lies_in and owner is not None:
        lies_in[owner] = 0
    figures = County(zip_, total(office.cell for office in held), len(live), visits, lies_in, sum(office.promised for office in held))
    return ZipArea(zip_, figures, owner, live)
