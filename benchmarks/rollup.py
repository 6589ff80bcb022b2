"""Promise 5: the cost of refreshing the rollups follows the change and not the history, and is small beside the write it rides on."""

from functools import partial

from django.db import connection, transaction

from benchmarks.facts import PAYERS, make_facts
from benchmarks.measuring import Ratio, Stopwatch, interleaved
from referrals.rollups import COLUMNS, FACTS, apply_deltas, differences

CHANGED = 10_000


def measure(*, rows: int, rounds: int, seed: int) -> list[Ratio]:
    if rows < 10 * CHANGED:
        raise SystemExit(f"Changing {CHANGED:,} rows of fewer than {10 * CHANGED:,} says nothing: take more --rows.")
    sizes = {"small": rows // 10, "large": rows}
    watch, wrong = Stopwatch(), 0
    for schema, size in sizes.items():
        print(f"Making {size:,} facts …", flush=True)
        make_facts(schema, size, seed)
    for schema in sizes:
        wrong += _refresh(schema, Stopwatch(), check=True)
    interleaved(rounds, *(partial(_refresh, schema, watch) for schema in sizes), seed=seed)
    large, small = watch.median("rollups at large"), watch.median("rollups at small")
    facts = watch.median("facts at large")
    return [
        Ratio(f"rollups: at {rows:,} ÷ at {rows // 10:,}", 1.15, False, large / small, watch.rounds),
        Ratio("facts with rollups ÷ facts alone", 1.2, False, (facts + large) / facts),
        Ratio("cells that differ from a recount", 0, False, wrong),
    ]


def _refresh(schema: str, watch: Stopwatch, *, check: bool = False) -> int:
    """Change 10,000 facts anywhere in the history, carry them into the rollups, and undo both."""
    columns = ", ".join(COLUMNS)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL search_path TO {schema}, public")
        cursor.execute(f"CREATE TEMP TABLE chosen ON COMMIT DROP AS SELECT id FROM {FACTS} ORDER BY hashint8(id) LIMIT {CHANGED}")
        cursor.execute("ANALYZE chosen")
        with watch(f"facts at {schema}"):
            cursor.execute(
                f"CREATE TEMP TABLE old_facts ON COMMIT DROP AS SELECT {columns} FROM {FACTS} WHERE id IN (SELECT id FROM chosen)"
            )
            cursor.execute(
                f"""UPDATE {FACTS} SET payer_id = 1 + payer_id %% {PAYERS}, state = 'seen',
                        flow = CASE flow WHEN 'undetermined' THEN 'outbound' ELSE flow END WHERE id IN (SELECT id FROM chosen)""",
                [],
            )
            cursor.execute(
                f"CREATE TEMP TABLE new_facts ON COMMIT DROP AS SELECT {columns} FROM {FACTS} WHERE id IN (SELECT id FROM chosen)"
            )
        with watch(f"rollups at {schema}"):
            apply_deltas(cursor, old="old_facts", new="new_facts")
        wrong = len(differences()) if check else 0
        transaction.set_rollback(True)
    return wrong
