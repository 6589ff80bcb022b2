"""Which territory a practice lies in: its pin, else the first rule that catches it (territories.ruling says in which order), else nobody.

One SQL text says so. It is read with the rules as they stand when practices are placed, and with a proposed set when a change is previewed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, models, transaction

from contacts.models import Practice, PracticePin
from contacts.querysets import PracticeQuerySet
from jobs.actions import enqueue
from territories.models import Territory
from territories.ruling import Rule

Progress = Callable[[int, int, str], None]

_RULES = "SELECT territory_id, kind, value, specialty, excludes FROM territories_territoryrule"

# The rules as they would stand: some go, wherever they stand; others come. Exceptions stay.
_PROPOSED_RULES = f"""
    {_RULES} stands
    WHERE excludes OR NOT EXISTS (SELECT FROM unnest(%(gone_kinds)s::text[], %(gone_values)s::text[], %(gone_specialties)s::text[])
                                              AS gone (kind, value, specialty)
                                  WHERE (gone.kind, gone.value, gone.specialty) = (stands.kind, stands.value, stands.specialty))
    UNION ALL
    SELECT owner, kind, value, specialty, excludes
    FROM unnest(%(owners)s::bigint[], %(kinds)s::text[], %(values)s::text[], %(specialties)s::text[], %(excludes)s::boolean[])
        AS come (owner, kind, value, specialty, excludes)
"""  # noqa: S608 - made of constants of this module; values are parameters

# A practice is of the specialty that most of its providers of today have; the lower code breaks ties. Asked only while a rule names one.
_CAUGHT = """
    specialty_of AS (
        SELECT DISTINCT ON (works.practice_id) works.practice_id, specialty.code
        FROM contacts_affiliation works
        JOIN contacts_provider provider ON provider.id = works.provider_id
        JOIN contacts_specialty specialty ON specialty.id = provider.specialty_id
        WHERE works.ended_on IS NULL
          AND EXISTS (SELECT FROM rules WHERE specialty <> '')
          AND (%(ids)s::bigint[] IS NULL OR works.practice_id = ANY(%(ids)s::bigint[]))
        GROUP BY works.practice_id, specialty.code
        ORDER BY works.practice_id, count(*) DESC, specialty.code
    ),
    asked AS (
        SELECT practice.id, practice.zip, practice.county, COALESCE(specialty_of.code, '') AS code
        FROM contacts_practice practice LEFT JOIN specialty_of ON specialty_of.practice_id = practice.id
        WHERE %(ids)s::bigint[] IS NULL OR practice.id = ANY(%(ids)s::bigint[])
    ),
    caught AS (
        SELECT asked.id AS practice, rules.* FROM asked JOIN rules ON rules.kind = 'zip' AND rules.value = asked.zip
        WHERE rules.specialty IN ('', asked.code)
        UNION ALL
        SELECT asked.id, rules.* FROM asked JOIN rules ON rules.kind = 'county' AND rules.value = asked.county
        WHERE rules.specialty IN ('', asked.code)
    ),
    matches AS (
        SELECT practice, territory_id, kind, value, specialty,
               CASE kind WHEN 'zip' THEN 1 ELSE 2 END + CASE specialty WHEN '' THEN 2 ELSE 0 END AS step
        FROM caught
        WHERE NOT excludes
          AND NOT EXISTS (
              SELECT FROM caught bar
              WHERE bar.excludes AND (bar.practice, bar.territory_id) = (caught.practice, caught.territory_id)
                AND NOT (caught.kind IN (bar.kind, 'zip') AND bar.specialty IN ('', caught.specialty)
                         AND (caught.kind, caught.specialty) <> (bar.kind, bar.specialty)))
          AND NOT EXISTS (
              SELECT FROM contacts_practiceexception barred
              WHERE (barred.practice_id, barred.territory_id) = (caught.practice, caught.territory_id))
    ),
    by_rule AS (SELECT DISTINCT ON (practice) * FROM matches ORDER BY practice, step)
"""
_PLACES = """
    SELECT practice.id,
           practice.territory_id AS old_territory,
           practice.placed_by AS old_placed_by,
           practice.archived_at IS NULL AS is_live,
           COALESCE(pin.territory_id, by_rule.territory_id) AS territory,
           CASE WHEN pin.territory_id IS NOT NULL THEN 'pin'
                WHEN by_rule.territory_id IS NULL THEN 'nobody'
                WHEN by_rule.specialty = '' THEN by_rule.kind
                ELSE by_rule.kind || '_specialty' END AS placed_by,
           practice.name, practice.zip, practice.county
    FROM contacts_practice practice
    LEFT JOIN contacts_practicepin pin ON pin.practice_id = practice.id
    LEFT JOIN by_rule ON by_rule.practice = practice.id
"""

# Locked in the order of their keys, so that two placements at once wait for each other instead of dying of it.
_PLACE = f"""
    WITH rules AS MATERIALIZED ({_RULES}), {_CAUGHT},
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
    found = {row[0]: Holding(*row[1:]) for row in fetch(_HOLDINGS, {"territories": wanted, "visible": visible})}
    return {territory: found.get(territory, Holding()) for territory in wanted}


def fetch(sql: str, values: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
    """The rows of a query of this room."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def proposed(
    sql: str, *, gone: Iterable[Rule], owners: Mapping[Rule, int], bars: Mapping[Rule, int] | None = None, **more: Any
) -> Sequence[tuple[Any, ...]]:
    """The rows of a query over `places`: every live practice where it would lie if some rules went and others came, exceptions too."""
    left, come = sorted({*gone, *owners}), sorted([*owners.items(), *(bars or {}).items()])
    values = {
        "ids": None,
        "gone_kinds": [rule.kind for rule in left],
        "gone_values": [rule.value for rule in left],
        "gone_specialties": [rule.specialty for rule in left],
        "owners": [owner for _, owner in come],
        "kinds": [rule.kind for rule, _ in come],
        "values": [rule.value for rule, _ in come],
        "specialties": [rule.specialty for rule, _ in come],
        "excludes": [rule.excludes for rule, _ in come],
    }
    with_places = f"""
        WITH rules AS MATERIALIZED ({_PROPOSED_RULES}), {_CAUGHT},
        places AS MATERIALIZED (SELECT * FROM ({_PLACES}) AS place WHERE is_live)
        {sql}
    """  # noqa: S608 - made of constants of this module and its neighbors; values are parameters
    return fetch(with_places, values | more)


def standing(sql: str) -> Sequence[tuple[Any, ...]]:
    """The rows of a query over `by_rule` and `matches` with the rules as they stand."""
    return fetch(f"WITH rules AS MATERIALIZED ({_RULES}), {_CAUGHT} {sql}", {"ids": None})
