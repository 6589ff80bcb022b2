"""What a change of territories would do before it is made: who gains and loses which practices, hours and referrals."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from common.places import county_of
from contacts import previewing
from contacts.models import Affiliation, Practice
from planning.queries.field import Field
from referrals.models import Referral
from reports.measures import inbound
from reports.queries.places import Office
from territories.models import RuleKind, Territory, TerritoryRule
from territories.queries import people_today
from territories.ruling import Rule

_EXAMPLES = 5


@dataclass(frozen=True)
class Chosen:
    """What is to go where: counties and ZIP codes as rules, practices by name. `to` None: to nobody.

    `with_zips`: ZIP codes of the chosen counties that have a rule of their own go along.
    """

    areas: Sequence[Rule]
    practices: Sequence[int]
    to: Territory | None
    with_zips: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.areas or self.practices)

    def owners(self) -> dict[Rule, Territory | None]:
        """As `territories.actions.change_rules` takes it. A ZIP code that goes along needs no rule of its own any more."""
        found: dict[Rule, Territory | None] = dict.fromkeys(self.areas, self.to)
        counties = {rule.value for rule in self.areas if rule.kind == RuleKind.COUNTY}
        if self.with_zips and counties:
            for rule in _plain_zips():
                if county_of(rule.value) in counties:
                    found.setdefault(rule, None)
        return found


def _plain_zips() -> list[Rule]:
    return [row.rule for row in TerritoryRule.objects.filter(kind=RuleKind.ZIP, excludes=False, specialty="")]


@dataclass(frozen=True)
class Holding:
    """A territory (None: nobody) before and after. Hours are of promised visits in four weeks, inbound of twelve months."""

    name: str
    people: str
    practices: int
    practices_after: int
    providers: int
    providers_after: int
    hours: float
    hours_after: float
    inbound: int
    inbound_after: int
    examples: Sequence[str]

    @property
    def practices_change(self) -> int:
        return self.practices_after - self.practices

    @property
    def gains(self) -> bool:
        return self.practices_after > self.practices


@dataclass(frozen=True)
class Change:
    """The whole of it. `referrals` move with their practices, all that were ever told; credit stays with whom it was given to."""

    practices: int
    providers: int
    hours: float
    referrals: int
    holdings: Sequence[Holding]
    conflicts: Sequence[str]
    stays: int
    moved: Mapping[int, tuple[int | None, int | None]]

    @property
    def changes_nothing(self) -> bool:
        return not self.moved


def change_of(field: Field, chosen: Chosen) -> Change:
    """What saving this would do to the field as it is now."""
    return change(field, owners=chosen.owners(), pins=dict.fromkeys(chosen.practices, chosen.to), asked=chosen.areas)


def change(
    field: Field, *, owners: Mapping[Rule, Territory | None], pins: Mapping[int, Territory | None], asked: Collection[Rule] = ()
) -> Change:
    """`owners` by rule and `pins` by practice, None: nobody's rule, or no pin any more."""
    moves = previewing.moves(owners)
    pinned = dict(Practice.objects.filter(pk__in=pins).values_list("pk", "territory_id"))
    for practice, to in pins.items():
        moves.pop(practice, None)
        if to and practice in pinned and pinned[practice] != to.pk:
            moves[practice] = (pinned[practice], to.pk)
    offices = {office.pk: office for office in field.offices}
    touched = {territory for pair in moves.values() for territory in pair}
    people = _people(touched)
    works = _works(touched, moves)
    takers = {owner.pk for owner in owners.values() if owner}
    return Change(
        practices=len(moves),
        providers=len({provider for practice in moves for provider in works.get(practice, ())}),
        hours=sum(offices[practice].promised for practice in moves if practice in offices) / 60,
        referrals=Referral.objects.filter(practice__in=list(moves)).count(),
        holdings=[
            _holding(territory, field, moves, works, people)
            for territory in sorted(touched, key=lambda pk: (pk is None, field.names.get(pk or 0, "")))
        ],
        conflicts=_conflicts(field, owners, asked),
        stays=_stays(field, asked, moves, takers),
        moved=moves,
    )


def _people(territories: Collection[int | None]) -> dict[int, str]:
    found: dict[int, list[str]] = {}
    for assignment in people_today().filter(territory__in=[pk for pk in territories if pk], service_line=None):
        found.setdefault(assignment.territory_id, []).append(str(assignment.user))
    return {territory: ", ".join(names) for territory, names in found.items()}


def _works(territories: Collection[int | None], moves: Collection[int]) -> dict[int, set[int]]:
    """Providers of today by practice, in what is touched."""
    touched = Q(practice__territory__in=[pk for pk in territories if pk]) | Q(practice__in=list(moves))
    if None in territories:
        touched |= Q(practice__territory=None)
    found: dict[int, set[int]] = {}
    rows = Affiliation.objects.filter(touched, ended_on=None, practice__archived_at=None)
    for practice, provider in rows.order_by().values_list("practice_id", "provider_id"):
        found.setdefault(practice, set()).add(provider)
    return found


def _holding(
    territory: int | None,
    field: Field,
    moves: Mapping[int, tuple[int | None, int | None]],
    works: Mapping[int, set[int]],
    people: Mapping[int, str],
) -> Holding:
    before = [office for office in field.offices if office.is_live and office.territory_id == territory]
    after = [office for office in field.offices if office.is_live and moves.get(office.pk, (0, office.territory_id))[1] == territory]
    came_or_went = [office.name for office in field.offices if office.pk in moves and territory in moves[office.pk]]
    return Holding(
        name=field.names[territory] if territory else "Nobody",
        people=people.get(territory or 0, ""),
        practices=len(before),
        practices_after=len(after),
        providers=_providers(before, works),
        providers_after=_providers(after, works),
        hours=_hours(before),
        hours_after=_hours(after),
        inbound=inbound([office.cell for office in before]),
        inbound_after=inbound([office.cell for office in after]),
        examples=came_or_went[:_EXAMPLES],
    )


def _providers(held: Collection[Office], works: Mapping[int, set[int]]) -> int:
    return len({provider for office in held for provider in works.get(office.pk, ())})


def _hours(held: Collection[Office]) -> float:
    return sum(office.promised for office in held) / 60


def _conflicts(field: Field, owners: Mapping[Rule, Territory | None], asked: Collection[Rule]) -> list[str]:
    """What others have a rule for now, of what was chosen and of what goes along."""
    told = []
    for rule, to in owners.items():
        holder = field.rules.get(rule)
        if holder is not None and (to is None or to.pk != holder) and holder in field.names:
            state, _, name = rule.value.partition("/")
            what = f"{name} ({state})" if name else f"ZIP {rule.value}"
            along = "" if rule in asked or not asked else ", goes along"
            told.append(f"{what}: until now {field.names[holder]}{along}")
    return told


def _stays(field: Field, asked: Collection[Rule], moves: Collection[int], takers: Collection[int]) -> int:
    """Practices in the chosen places that stay elsewhere: pinned by name, or caught by a narrower rule."""
    counties = {rule.value for rule in asked if rule.kind == RuleKind.COUNTY}
    zips = {rule.value for rule in asked if rule.kind == RuleKind.ZIP}
    return sum(
        1
        for office in field.offices
        if office.is_live
        and (office.county in counties or office.zip in zips)
        and office.pk not in moves
        and office.territory_id not in takers
    )


def named_practices(user: Any, pks: Collection[int]) -> list[Practice]:
    """Of these, the live practices that the person sees."""
    return list(Practice.objects.visible_to(user).live().filter(pk__in=pks).order_by("name", "pk"))
