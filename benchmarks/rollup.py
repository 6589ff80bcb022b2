"""Promise 5: the cost of refreshing the rollups follows the change and not the history, and is small beside the write it rides on."""

from functools import partial

from django.db import connection, transaction

from benchmarks.measuring import Ratio, Stopwatch, interleaved
from referrals.models import ROLLUPS
from referrals.rollups import COLUMNS, FACTS, apply_deltas, differences, recount

CHANGED = 10_000
PROVIDERS, TERRITORIES, MONTHS, LINES, PAYERS, DESTINATIONS = 20_000, 66, 36, 12, 8, 300
TABLES = [FACTS, *(rollup._meta.db_table for rollup in ROLLUPS)]


def measure(*, rows: int, rounds: int, seed: int) -> list[Ratio]:
    if rows < 10 * CHANGED:
        raise SystemExit(f"Changing {CHANGED:,} rows of fewer than {10 * CHANGED:,} says nothing: take more --rows.")
    sizes = {"small": rows // 10, "large": rows}
    watch, wrong = Stopwatch(), 0
    for schema, size in sizes.items():
        print(f"Making {size:,} facts …", flush=True)
        _make(schema, size, seed)
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


def _make(schema: str, size: int, seed: int) -> None:
    """Facts with their derived columns in place, in a schema of their own: the same SQL finds them by the search path."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {schema}")
        for table in TABLES:
            cursor.execute(f"CREATE TABLE {schema}.{table} (LIKE public.{table} INCLUDING ALL)")
        cursor.execute(f"SET search_path TO {schema}, public")
        cursor.execute("SELECT setseed(%s)", [seed / 1000])
        cursor.execute(
            f"""INSERT INTO {FACTS} (source_id, source_key, ordered_on, anchor_on, month, kind, priority, reason, state, referrer_named,
                    referring_name, referring_npi, referring_org, referring_zip, destination_name, performing_name, performing_npi,
                    patient_hash, order_key, seen_by,
                    provider_id, practice_id, practice_assumed, territory_id, service_line_id, payer_id, destination_id,
                    referrer_alignment, destination_alignment, flow, is_own_follow_up, is_duplicate, is_counted)
                SELECT 1 + n %% 3, n::text, day, day, date_trunc('month', day), 'consult', '', '', 'received', 'provider', 'Some Body', '',
                    'Some Practice', '', '', '', '', md5(n::text), '', '', who, who / 4, false, who %% {TERRITORIES}, line, payer, place,
                    'employed', 'employed', (ARRAY['inbound', 'internal', 'outbound', 'undetermined'])[flow], false, false, true
                FROM (SELECT n, DATE '2023-11-01' + (random() * {MONTHS * 30})::int AS day, (power(random(), 2) * {PROVIDERS})::int AS who,
                             1 + (random() * {LINES - 1})::int AS line, 1 + (random() * {PAYERS - 1})::int AS payer,
                             1 + (power(random(), 2) * {DESTINATIONS})::int AS place, 1 + (random() * 3)::int AS flow
                      FROM generate_series(1, {size}) n) AS drawn""",
            [],
        )
        recount()
        cursor.execute(f"ANALYZE {', '.join(TABLES)}")
        cursor.execute("RESET search_path")


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
