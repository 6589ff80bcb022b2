"""Rollups by signed deltas: what a change takes away and adds, never what history holds.

`apply_deltas` reads two tables of facts, before and after, that the writer made; `recount` is its slow twin over all facts, and
`differences` says where the two disagree (nowhere, or there is a bug and the nightly job raises an alarm).
"""

from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from referrals.models import ROLLUPS, Flow, Referral, Rollup

# Measure columns by flow; a rollup's MEASURES must be among them.
MEASURES = {f"n_{flow.value}": flow.value for flow in Flow}
KEYS = tuple(dict.fromkeys(key for rollup in ROLLUPS for key in rollup.KEYS))
FACTS = Referral._meta.db_table
# What a table of facts must hold so that deltas can be made of it.
COLUMNS = (*KEYS, "flow", "is_counted")


@dataclass(frozen=True)
class Difference:
    """A cell whose stored counts are not those of the facts."""

    rollup: str
    key: dict[str, Any]
    stored: dict[str, int]
    counted: dict[str, int]


def apply_deltas(cursor: CursorWrapper, *, old: str, new: str) -> int:
    """Take the facts in table `old` out of all rollups and put those in table `new` in; returns how many cells moved.

    Both tables have `COLUMNS`; facts that are the same in both cancel out before any rollup is touched.
    """
    keys = ", ".join(KEYS)
    measures = ", ".join(f"{_sum(name, 'sign')} AS {name}" for name in MEASURES)  # by flow once, not once a rollup
    nothing = " AND ".join(f"{_sum(name, 'sign')} = 0" for name in MEASURES)
    cursor.execute("DROP TABLE IF EXISTS pg_temp.delta")
    cursor.execute(
        f"""CREATE TEMP TABLE delta ON COMMIT DROP AS
            SELECT {keys}, {measures} FROM (
                SELECT {keys}, flow, -1 AS sign FROM {old} WHERE is_counted UNION ALL SELECT {keys}, flow, 1 FROM {new} WHERE is_counted
            ) AS both_sides GROUP BY {keys} HAVING NOT ({nothing})"""  # noqa: S608 - names of our own tables and columns
    )
    return sum(_add(cursor, rollup) for rollup in ROLLUPS)


def _add(cursor: CursorWrapper, rollup: type[Rollup]) -> int:
    """The deltas of one rollup. ORDER BY key: whoever else writes cells meets them in the same order and waits instead of deadlocking."""
    table, keys = rollup._meta.db_table, ", ".join(rollup.KEYS)
    raised = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in rollup.MEASURES)
    empty = " AND ".join(f"{name} = 0" for name in rollup.MEASURES)
    nothing = " AND ".join(f"sum({name}) = 0" for name in rollup.MEASURES)
    cursor.execute(
        f"""WITH moved AS (
                INSERT INTO {table} ({keys}, {", ".join(rollup.MEASURES)})
                SELECT {keys}, {", ".join(f"sum({name})" for name in rollup.MEASURES)} FROM delta
                GROUP BY {keys} HAVING NOT ({nothing}) ORDER BY {keys}
                ON CONFLICT ({keys}) DO UPDATE SET {raised} RETURNING id, ({empty}) AS is_empty
            ) SELECT count(*), array_agg(id) FILTER (WHERE is_empty) FROM moved"""  # noqa: S608 - names of our own tables and columns
    )
    moved, emptied = cursor.fetchone()
    if emptied:
        cursor.execute(f"DELETE FROM {table} WHERE id = ANY(%s)", [emptied])  # noqa: S608 - the name of our own table
    return int(moved)


def _sum(measure: str, count: str) -> str:
    return f"coalesce(sum({count}) FILTER (WHERE flow = '{MEASURES[measure]}'), 0)::int"


@transaction.atomic
def recount() -> None:
    """Make all rollups anew from the facts. The caller holds the lock of the facts (`deriving.lock_facts`)."""
    with connection.cursor() as cursor:
        for rollup in ROLLUPS:
            cursor.execute(f"DELETE FROM {rollup._meta.db_table}")  # noqa: S608 - the name of our own table
            keys = ", ".join(rollup.KEYS)
            # in the order of the key, so that cells that are read together lie together
            cursor.execute(f"INSERT INTO {rollup._meta.db_table} ({keys}, {', '.join(rollup.MEASURES)}) {_counted(rollup)} ORDER BY {keys}")


def differences(*, limit: int = 100) -> list[Difference]:
    """Cells that are not what a recount of the facts gives, at most `limit` of each rollup."""
    found = []
    with connection.cursor() as cursor:
        for rollup in ROLLUPS:
            keys, measures = rollup.KEYS, rollup.MEASURES
            both = ", ".join((*keys, *measures))
            cursor.execute(
                f"""WITH counted AS ({_counted(rollup)}), stored AS (SELECT {both} FROM {rollup._meta.db_table}),
                    odd AS (SELECT * FROM ((SELECT 's', {both} FROM stored EXCEPT ALL SELECT 's', {both} FROM counted)
                            UNION ALL (SELECT 'c', {both} FROM counted EXCEPT ALL SELECT 'c', {both} FROM stored)) AS o(side, {both}))
                    SELECT {", ".join(keys)},
                           {", ".join(f"coalesce(sum({m}) FILTER (WHERE side = 's'), 0)::int" for m in measures)},
                           {", ".join(f"coalesce(sum({m}) FILTER (WHERE side = 'c'), 0)::int" for m in measures)}
                    FROM odd GROUP BY {", ".join(keys)} ORDER BY {", ".join(keys)} LIMIT %s""",  # noqa: S608 - our own names
                [limit],
            )
            for row in cursor.fetchall():
                key, stored, counted = row[: len(keys)], row[len(keys) : len(keys) + len(measures)], row[len(keys) + len(measures) :]
                found.append(
                    Difference(
                        rollup=rollup._meta.model_name or "",
                        key=dict(zip(keys, key, strict=True)),
                        stored=dict(zip(measures, stored, strict=True)),
                        counted=dict(zip(measures, counted, strict=True)),
                    )
                )
    return found


def _counted(rollup: type[Rollup]) -> str:
    keys = ", ".join(rollup.KEYS)
    sums = ", ".join(f"{_sum(name, '1')} AS {name}" for name in rollup.MEASURES)
    return f"SELECT {keys}, {sums} FROM {FACTS} WHERE is_counted GROUP BY {keys}"  # noqa: S608 - our own names
