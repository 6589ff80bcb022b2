"""Which territory a practice lies in: its pin, else its ZIP's rule, else its county's rule, else nobody.

One SQL text says so. It is read with the rules as they stand when practices are placed, and with a proposed set when a change is previewed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, models, transaction

from contacts.models import Practice, PracticePin
from contacts.querysets import PracticeQuerySet
from jobs.actions import enqueue
from territories.models import RuleKind, Territory, TerritoryRule

Progress = Callable[[int, int, str], None]
Rule = tuple[str, str]

_RULES = "SELECT territory_id, kind, value FROM territories_territoryrule"

# The rules as they would stand: the territory's own are the proposed ones, and what it takes, others lose.
_PROPOSED_RULES = """
    SELECT territory_id, kind, value FROM territories_territoryrule stands
    WHERE territory_id <> %(territory)s
      AND NOT EXISTS (SELECT FROM unnest(%(kinds)s::text[], %(values)s::text[]) AS mine (kind, value)
                      WHERE mine.kind = stands.kind AND mine.value = stands.value)
    UNION ALL
    SELECT %(territory)s, kind, value FROM unnest(%(kinds)s::text[], %(values)s::text[]) AS mine (kind, value)
"""

_PLACES = """
    SELECT practice.id,
           practice.territory_id AS old_territory,
           practice.placed_by AS old_placed_by,
           practice.archived_at IS NULL AS is_live,
           COALESCE(pin.territory_id, by_zip.territory_id, by_county.territory_id) AS territory,
           CASE WHEN pin.territory_id IS NOT NULL THEN 'pin'
                WHEN by_zip.territory_id IS NOT NULL THEN 'zip'
                WHEN by_county.territory_id IS NOT NULL THEN 'county'
                ELSE 'nobody' END AS placed_by,
           practice.name, practice.zip, practice.county
    FROM contacts_practice practice
    LEFT JOIN contacts_practicepin pin ON pin.practice_id = practice.id
    LEFT JOIN rules by_zip ON by_zip.kind = 'zip' AND by_zip.value = practice.zip
    LEFT JOIN rules by_county ON by_county.kind = 'county' AND by_county.value = practice.county
"""

# Locked in the order of their keys, so that two placements at once wait for each other instead of dying of it.
_PLACE = f"""
    WITH rules AS ({_RULES}),
    places AS MATERIALIZED (
        SELECT * FROM ({_PLACES}) AS place
        WHERE (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s::bigint[]))
          AND (territory, placed_by) IS DISTINCT FROM (old_territory, old_placed_by)
    ),
    locked AS MATERIALIZED (
        SELECT id FROM contacts_practice WHERE id IN (SELECT id FROM places) ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE contacts_practice SET territory_id = places.territory, placed_by = places.placed_by
    FROM places JOIN locked USING (id)
    WHERE contacts_practice.id = places.id
    RETURNING places.id, places.territory IS DISTINCT FROM places.old_territory
"""  # noqa: S608 - made of constants of this module; values are parameters


@transaction.atomic
def place_practices(ids: Iterable[int] | None = None, *, progress: Progress | None = None, by: models.Model | None = None) -> list[int]:
    """Put practices (all without `ids`) where pins and rules say; returns those that came into another territory.

    Their referrals follow in a worker. Running it again changes nothing.
    """
    wanted = None if ids is None else sorted(set(ids))
    with connection.cursor() as cursor:
        cursor.execute(_PLACE, {"ids": wanted})
        moved = sorted(practice for practice, came in cursor.fetchall() if came)
    if progress:
        progress(1, 1, f"{len(moved):,} practices moved")
    if moved:
        enqueue("referrals.derive", "practices", moved, by=by)
    return moved


def move_pins(left: int, taker: int | None) -> None:
    """Pins of one territory become another's, or end."""
    pins = PracticePin.objects.filter(territory=left)
    if taker:
        pins.update(territory=taker)
    else:
        pins.delete()


def derive_referrals_of(territory: int) -> None:
    """Queue the referrals of every practice in the territory to be derived anew."""
    practices = sorted(Practice.objects.filter(territory=territory).values_list("pk", flat=True))
    if practices:
        enqueue("referrals.derive", "practices", practices)


def unowned() -> PracticeQuerySet:
    """Practices that no pin and no rule places."""
    return Practice.objects.unowned()


@dataclass(frozen=True)
class Holding:
    """How many live practices lie in a territory or below it, how many providers work there today, how many practices are pinned."""

    practices: int = 0
    providers: int = 0
    pinned: int = 0


_HOLDINGS = """
    WITH RECURSIVE above (leaf, territory) AS (
        SELECT id, id FROM territories_territory
        UNION ALL
        SELECT above.leaf, node.parent_id FROM above JOIN territories_territory node ON node.id = above.territory
        WHERE node.parent_id IS NOT NULL
    )
    SELECT above.territory, count(DISTINCT practice.id), count(DISTINCT works.provider_id),
           count(DISTINCT practice.id) FILTER (WHERE practice.placed_by = 'pin')
    FROM above
    JOIN contacts_practice practice ON practice.territory_id = above.leaf AND practice.archived_at IS NULL
    LEFT JOIN contacts_affiliation works ON works.practice_id = practice.id AND works.ended_on IS NULL
    WHERE above.territory = ANY(%(territories)s) AND above.leaf = ANY(%(visible)s)
    GROUP BY above.territory
"""


def holdings(user: Any, *, territories: Iterable[int] | None = None) -> dict[int, Holding]:
    """What each territory that the person sees holds, with what lies below it; with `territories`, only of those."""
    visible = list(Territory.objects.visible_to(user).values_list("pk", flat=True))
    wanted = visible if territories is None else [pk for pk in territories if pk in set(visible)]
    found = {row[0]: Holding(*row[1:]) for row in _fetch(_HOLDINGS, {"territories": wanted, "visible": visible})}
    return {territory: found.get(territory, Holding()) for territory in wanted}


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


_PREVIEW = f"""
    WITH rules AS ({_PROPOSED_RULES}),
    places AS MATERIALIZED (SELECT * FROM ({_PLACES}) AS place WHERE is_live)
"""  # noqa: S608 - made of constants of this module; values are parameters
_WHO = """
    count(DISTINCT places.id), count(DISTINCT works.provider_id)
    FROM places LEFT JOIN contacts_affiliation works ON works.practice_id = places.id AND works.ended_on IS NULL
"""
_CATCHES = f"""{_PREVIEW}
    SELECT placed_by, CASE placed_by WHEN 'zip' THEN zip WHEN 'county' THEN county END AS value, {_WHO}
    WHERE territory = %(territory)s
    GROUP BY GROUPING SETS ((placed_by, value), ())
"""
_MOVES = f"""{_PREVIEW}
    SELECT old_territory, territory, array_agg(DISTINCT places.name), {_WHO}
    WHERE territory IS DISTINCT FROM old_territory AND %(territory)s IN (COALESCE(territory, 0), COALESCE(old_territory, 0))
    GROUP BY old_territory, territory
    ORDER BY 4 DESC, old_territory, territory
"""  # noqa: S608 - made of constants of this module; values are parameters
_EXAMPLES = 5
NEW = -1  # stands for a territory that is not saved yet


def preview(rules: Iterable[Rule], *, territory: Territory | None = None) -> Preview:
    """What these (kind, value) rules would place, bring in, give away and leave to nobody, if they were the territory's."""
    wanted = sorted(set(rules))
    me = territory.pk if territory else NEW
    values = {"territory": me, "kinds": [kind for kind, _ in wanted], "values": [value for _, value in wanted]}
    caught = {(kind, value): (practices, providers) for kind, value, practices, providers in _fetch(_CATCHES, values)}
    moves = _fetch(_MOVES, values)
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
        catches=tuple(Catch(kind, value, *caught.get((kind, value), (0, 0))) for kind, value in wanted),
        practices=practices,
        providers=providers,
        arriving=tuple(arriving),
        leaving=tuple(leaving),
        nobody=nobody,
        conflicts=_conflicts(wanted, me),
    )


def _fetch(sql: str, values: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def _conflicts(rules: Sequence[Rule], me: int) -> tuple[Conflict, ...]:
    taken = TerritoryRule.objects.exclude(territory=me).filter(value__in=[value for _, value in rules]).select_related("territory")
    return tuple(Conflict(rule.kind, rule.value, rule.territory.name) for rule in taken if (rule.kind, rule.value) in set(rules))
