"""What a change of rules would do to the field as it is now, before it is made."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contacts.placement import proposed, standing
from territories.models import RuleKind, Territory, TerritoryRule
from territories.ruling import Rule


@dataclass(frozen=True)
class Catch:
    """What one rule places, after pins and, for a county, after the ZIP codes."""

    kind: str
    value: str
    practices: int
    providers: int


@dataclass(frozen=True)
class Move:
    """Practices that change hands together. `territory` is the other side; None is nobody."""

    territory: str | None
    practices: int
    providers: int
    examples: tuple[str, ...]

    @property
    def more(self) -> int:
        """How many are not named among the examples."""
        return self.practices - len(self.examples)


@dataclass(frozen=True)
class Conflict:
    """A value that another territory has."""

    kind: str
    value: str
    territory: str

    @property
    def sentence(self) -> str:
        what = "ZIP code" if self.kind == RuleKind.ZIP else "County"
        return f"{what} {self.value} belongs to {self.territory}."


@dataclass(frozen=True)
class Preview:
    """What a set of rules would do to the field as it is now; conflicts are reckoned as taken over."""

    catches: tuple[Catch, ...]
    practices: int
    providers: int
    arriving: tuple[Move, ...]
    leaving: tuple[Move, ...]
    nobody: Move
    conflicts: tuple[Conflict, ...]

    @property
    def changes_nothing(self) -> bool:
        return not (self.arriving or self.leaving or self.nobody.practices)


_WHO = """
    count(DISTINCT places.id), count(DISTINCT works.provider_id)
    FROM places LEFT JOIN contacts_affiliation works ON works.practice_id = places.id AND works.ended_on IS NULL
"""
_CATCHES = f"""
    SELECT placed_by, CASE placed_by WHEN 'zip' THEN zip WHEN 'county' THEN county END AS value, {_WHO}
    WHERE territory = %(territory)s
    GROUP BY GROUPING SETS ((placed_by, value), ())
"""
_MOVES = f"""
    SELECT old_territory, territory, array_agg(DISTINCT places.name), {_WHO}
    WHERE territory IS DISTINCT FROM old_territory AND %(territory)s IN (COALESCE(territory, 0), COALESCE(old_territory, 0))
    GROUP BY old_territory, territory
    ORDER BY 4 DESC, old_territory, territory
"""  # noqa: S608 - made of constants of this module; values are parameters
_EXAMPLES = 5
NEW = -1  # stands for a territory that is not saved yet


def preview(rules: Iterable[Rule | tuple[str, str]], *, territory: Territory | None = None) -> Preview:
    """What these ZIP codes and counties would place, bring in, give away and leave to nobody, if they were the territory's."""
    wanted = sorted({Rule(*rule) for rule in rules})
    me = territory.pk if territory else NEW
    has = [row.rule for row in territory.rules.filter(excludes=False, specialty="")] if territory else []
    asked: dict[str, Any] = {"gone": has, "owners": dict.fromkeys(wanted, me), "territory": me}
    caught = {(kind, value): (practices, providers) for kind, value, practices, providers in proposed(_CATCHES, **asked)}
    moves = proposed(_MOVES, **asked)
    names = Territory.objects.in_bulk({pk for row in moves for pk in row[:2] if pk and pk > 0})
    arriving, leaving, nobody = [], [], Move(None, 0, 0, ())
    for old, new, examples, practices, providers in moves:
        other = old if new == me else new
        move = Move(names[other].name if other else None, practices, providers, tuple(examples[:_EXAMPLES]))
        if new == me:
            arriving.append(move)
        elif other:
            leaving.append(move)
        else:
            nobody = move
    practices, providers = caught.get((None, None), (0, 0))
    return Preview(
        catches=tuple(Catch(rule.kind, rule.value, *caught.get((rule.kind, rule.value), (0, 0))) for rule in wanted),
        practices=practices,
        providers=providers,
        arriving=tuple(arriving),
        leaving=tuple(leaving),
        nobody=nobody,
        conflicts=_conflicts(wanted, me),
    )


def _conflicts(rules: Sequence[Rule], me: int) -> tuple[Conflict, ...]:
    taken = TerritoryRule.objects.filter(excludes=False, value__in=[rule.value for rule in rules]).exclude(territory=me)
    return tuple(Conflict(row.kind, row.value, row.territory.name) for row in taken.select_related("territory") if row.rule in set(rules))


_EVERY_MOVE = "SELECT id, old_territory, territory FROM places WHERE territory IS DISTINCT FROM old_territory ORDER BY id"


def moves(owners: Mapping[Rule, Territory | None]) -> dict[int, tuple[int | None, int | None]]:
    """Where each practice would go if these rules belonged to these territories (None: to nobody): {practice: (from, to)}.

    An exception among them is one of its territory.
    """
    come = {rule: owner.pk for rule, owner in owners.items() if owner and not rule.excludes}
    bars = {rule: owner.pk for rule, owner in owners.items() if owner and rule.excludes}
    gone = [rule for rule in owners if not rule.excludes]
    return {practice: (old, new) for practice, old, new in proposed(_EVERY_MOVE, gone=gone, owners=come, bars=bars)}


@dataclass(frozen=True)
class Overlap:
    """Practices that a rule or a pin places in one territory while another territory's rule would catch them too."""

    winner: str
    rule: Rule | None
    loser: str
    also: Rule
    practices: int
    examples: tuple[str, ...]


_OVERLAPS = """
    SELECT COALESCE(pin.territory_id, first.territory_id), pin.territory_id IS NOT NULL, first.kind, first.value, first.specialty,
           also.territory_id, also.kind, also.value, also.specialty, count(*), (array_agg(practice.name ORDER BY practice.name))[1:5]
    FROM by_rule first
    JOIN contacts_practice practice ON practice.id = first.practice AND practice.archived_at IS NULL
    LEFT JOIN contacts_practicepin pin ON pin.practice_id = practice.id
    JOIN matches also ON also.practice = first.practice
    WHERE also.territory_id <> COALESCE(pin.territory_id, first.territory_id) AND (pin.territory_id IS NOT NULL OR also.step > first.step)
    GROUP BY 1, 2, first.kind, first.value, first.specialty, also.territory_id, also.kind, also.value, also.specialty
    ORDER BY 10 DESC, 4, 8
"""


def overlaps() -> list[Overlap]:
    """Where more than one territory's rule matches: which wins and what would also match, most practices first."""
    found = standing(_OVERLAPS)
    names = dict(Territory.objects.values_list("pk", "name"))
    merged: dict[tuple[int, Rule | None, int, Rule], list[tuple[int, list[str]]]] = {}
    for winner, pinned, kind, value, specialty, loser, also_kind, also_value, also_specialty, count, examples in found:
        rule = None if pinned else Rule(kind, value, specialty)
        merged.setdefault((winner, rule, loser, Rule(also_kind, also_value, also_specialty)), []).append((count, examples))
    return [
        Overlap(
            names[winner], rule, names[loser], also, sum(n for n, _ in parts), tuple(name for _, some in parts for name in some)[:_EXAMPLES]
        )
        for (winner, rule, loser, also), parts in merged.items()
    ]
