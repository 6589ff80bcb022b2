"""From what sources told to what we count: one engine that every write path goes through.

    with connection.cursor() as cursor:
        lock_facts(cursor)
        touch(cursor, "SELECT id FROM referrals_referral WHERE …")     # before anything is written
        … write given and resolved columns …
        settle(cursor)

`touch` keeps the old rows, `settle` pulls in whoever else the change concerns (the other referrals of the same patients, since duplicates
speak of neighbours), derives, and hands old and new to the rollups. Deriving is a pure function of facts, contacts, territories and
rules; only the credit remembers (`credited_to` below). Plain SQL for Postgres 15 to 18, the cost follows the change.
"""

import time
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

from common.exceptions import PolicyViolation
from jobs.actions import enqueue
from referrals.models import CountingRules, DataVersion
from referrals.rollups import COLUMNS, FACTS, apply_deltas

Progress = Callable[[int, int, str], None]

# Names one lock of the database: "PRM facts" on a telephone's keys.
_LOCK = 776_322_87


def lock_facts(cursor: CursorWrapper) -> None:
    """Wait for the one right to write facts, held until the end of the transaction.

    One writer at a time: a load compares with the stored rows, duplicates look at the neighbours, and deltas are old minus new. Two writers
    at once would each be right about a state that neither leaves behind. Readers are never held up.
    """
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    cursor.execute("SET LOCAL work_mem = '64MB'")  # sorts and joins of a whole import, one at a time


def lock_facts_soon(cursor: CursorWrapper, *, patience: float = 2.0) -> None:
    """The same for a person who waits for an answer: after `patience` seconds, a sentence."""
    until = time.monotonic() + patience
    while True:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if cursor.fetchone()[0]:
            return
        if time.monotonic() > until:
            raise PolicyViolation("An import is being written right now. Try again in a minute.")
        time.sleep(0.1)


def touch(cursor: CursorWrapper, chosen: str, params: list[Any] | None = None) -> int:
    """Begin a change: remember the rows that it concerns (a SELECT of their ids) as they are now. Returns how many."""
    cursor.execute("DROP TABLE IF EXISTS pg_temp.touched, pg_temp.old_facts")
    cursor.execute("CREATE TEMP TABLE touched (id bigint PRIMARY KEY) ON COMMIT DROP")
    cursor.execute(
        f"""CREATE TEMP TABLE old_facts ON COMMIT DROP AS
            SELECT id, source_id AS patient_source, patient_hash, {_columns()} FROM {FACTS} WHERE false"""  # noqa: S608 - our own names
    )
    cursor.execute(f"INSERT INTO touched {chosen} ON CONFLICT DO NOTHING", params)
    _remember(cursor, "SELECT id FROM touched")
    return cursor.rowcount


def settle(cursor: CursorWrapper, *, fresh: str = "", columns: tuple[str, ...] = ()) -> int:
    """Derive what was touched, with the neighbours, and carry it into the rollups. Returns how many rollup cells moved or rows changed.

    `fresh` names the rows of a table that are new referrals, with their id and `columns`: they are written once, with what is derived.
    """
    _pull_in_neighbours(cursor, fresh)
    changed = _derive(cursor, fresh)
    cursor.execute("DROP TABLE IF EXISTS pg_temp.new_facts")
    cursor.execute(
        f"CREATE TEMP TABLE new_facts ON COMMIT DROP AS SELECT {_columns('r')} FROM {FACTS} r JOIN touched USING (id)"  # noqa: S608
    )
    if fresh:
        names = ", ".join(("id", *columns))
        derived = ", ".join(_NAMES)
        cursor.execute(
            f"""WITH written AS (
                    INSERT INTO {FACTS} ({names}, {derived})
                    SELECT {names}, {derived} FROM (SELECT {names} FROM {fresh}) n JOIN derived USING (id) ORDER BY id
                    RETURNING {_columns()})
                INSERT INTO new_facts SELECT * FROM written"""  # noqa: S608 - our own names
        )
        changed += cursor.rowcount
    return changed + apply_deltas(cursor, old="old_facts", new="new_facts")


def rederive(cursor: CursorWrapper, chosen: str, params: list[Any] | None = None) -> int:
    """Derive anew what a SELECT of ids names, when contacts, territories or rules have changed and the facts have not."""
    touch(cursor, chosen, params)
    return settle(cursor)


def publish(cause: str) -> DataVersion:
    """The facts have changed: a new data version, and reports to be made from it."""
    version = DataVersion.objects.create(cause=cause[:80])
    enqueue("reports.refresh", key="reports.refresh")
    return version


def _columns(alias: str = "") -> str:
    return ", ".join(f"{alias}.{name}" if alias else name for name in COLUMNS)


def _remember(cursor: CursorWrapper, chosen: str) -> None:
    cursor.execute(
        f"INSERT INTO old_facts SELECT id, source_id, patient_hash, {_columns()} FROM {FACTS} WHERE id IN ({chosen})"  # noqa: S608
    )


def _pull_in_neighbours(cursor: CursorWrapper, fresh: str) -> None:
    """All referrals of the patients concerned, by the hash before and after: one may have become a duplicate, or ceased to be one."""
    cursor.execute("DROP TABLE IF EXISTS pg_temp.neighbours")
    new = f" UNION SELECT source_id, patient_hash FROM {fresh} AND patient_hash <> ''" if fresh else ""  # noqa: S608 - our own names
    cursor.execute(
        f"""CREATE TEMP TABLE neighbours ON COMMIT DROP AS
            WITH patients AS (
                SELECT patient_source AS source_id, patient_hash FROM old_facts WHERE patient_hash <> ''
                UNION SELECT source_id, patient_hash FROM {FACTS} JOIN touched USING (id) WHERE patient_hash <> ''{new})
            SELECT id FROM {FACTS} r JOIN patients USING (source_id, patient_hash)
            WHERE NOT EXISTS (SELECT FROM touched t WHERE t.id = r.id)"""  # noqa: S608 - our own names
    )
    _remember(cursor, "SELECT id FROM neighbours")
    cursor.execute("INSERT INTO touched SELECT id FROM neighbours")


def _derive(cursor: CursorWrapper, fresh: str) -> int:
    """Work out the derived columns of all touched rows; write those that differ."""
    rules = CountingRules.current()
    for table in ("touched", "old_facts"):
        cursor.execute(f"ANALYZE {table}")
    cursor.execute("DROP TABLE IF EXISTS pg_temp.placed, pg_temp.derived")
    new = f"UNION ALL SELECT {_PLACING}, NULL, NULL FROM {fresh}" if fresh else ""  # noqa: S608 - our own names
    cursor.execute(_PLACED.format(fresh=new))
    cursor.execute("ANALYZE placed (provider_id, performer_id, at_practice_id, destination_id, source_id, patient_hash)")
    ours = ["employed", "affiliated"] if rules.affiliated_is_ours else ["employed"]
    cursor.execute(_DERIVED, {"ours": ours, "kinds": list(rules.counted_kinds), "days": rules.duplicate_days})
    cursor.execute("ANALYZE derived (id)")
    cursor.execute(_WRITE)
    return cursor.rowcount


# What of a referral is looked at to derive the rest.
_PLACING = """id, source_id, source_key, anchor_on, kind, state, service_line_id, patient_hash, provider_id, named_practice_id,
    destination_id, destination_name, performer_id, performing_name, performing_npi, linked_to_id"""

# Where the referral comes from. A provider who moved takes no history along: the primary practice is that of the anchor date; today's
# serves where none of that date is known, since rosters seldom tell when somebody came. A territory is whatever the practice's is now.
_PLACED = f"""
CREATE TEMP TABLE placed ON COMMIT DROP AS
WITH owned AS (
    SELECT r.*, coalesce(r.named_practice_id, home.practice_id) AS at_practice_id,
           r.named_practice_id IS NULL AND home.practice_id IS NOT NULL AS is_assumed, away.practice_id AS performing_practice_id
    FROM (SELECT {_PLACING}, practice_id AS was_at_practice_id, credited_to_id FROM {FACTS} JOIN touched USING (id) {{fresh}}) r
    LEFT JOIN LATERAL (
        SELECT a.practice_id FROM contacts_affiliation a
        WHERE r.named_practice_id IS NULL AND a.provider_id = r.provider_id AND a.is_primary
          AND (a.ended_on IS NULL OR (r.anchor_on < a.ended_on AND (a.started_on IS NULL OR r.anchor_on >= a.started_on)))
        ORDER BY (a.started_on IS NULL OR r.anchor_on >= a.started_on) DESC, a.started_on DESC NULLS LAST, a.id LIMIT 1) home ON true
    LEFT JOIN LATERAL (
        SELECT a.practice_id FROM contacts_affiliation a
        WHERE a.provider_id = r.performer_id AND a.is_primary
          AND (a.ended_on IS NULL OR (r.anchor_on < a.ended_on AND (a.started_on IS NULL OR r.anchor_on >= a.started_on)))
        ORDER BY (a.started_on IS NULL OR r.anchor_on >= a.started_on) DESC, a.started_on DESC NULLS LAST, a.id LIMIT 1) away ON true
)
SELECT o.*, p.territory_id AS in_territory_id, p.organization_id AS group_id, away.organization_id AS performing_group_id
FROM owned o LEFT JOIN contacts_practice p ON p.id = o.at_practice_id
LEFT JOIN contacts_practice away ON away.id = o.performing_practice_id
"""  # noqa: S608 - our own names


def _aligned(owner: str, column: str, name: str) -> str:
    """The alignment on the anchor date, joined. "Unknown" is nobody's word, so that the next in line is asked."""
    return f"""LEFT JOIN contacts_alignment {name} ON {name}.{owner}_id = p.{column} AND {name}.kind <> 'unknown'
        AND ({name}.started_on IS NULL OR p.anchor_on >= {name}.started_on)
        AND ({name}.ended_on IS NULL OR p.anchor_on < {name}.ended_on)"""


# Alignments of both ends, and what follows from them. A destination is the organisation named, else the named provider's practice; a
# name that we do not know is "unknown", blank means that nobody was named. What nobody told, the feed declares: orders come from us,
# received referrals and appointments come to us.
_DERIVED = f"""
CREATE TEMP TABLE derived ON COMMIT DROP AS
WITH aligned AS (
    SELECT p.*, coalesce(rp.kind, rq.kind, ro.kind, 'unknown') AS from_alignment,
        CASE WHEN p.destination_id IS NOT NULL OR p.destination_name <> '' THEN coalesce(dn.kind, 'unknown')
             WHEN p.performer_id IS NOT NULL THEN coalesce(dp.kind, dq.kind, dg.kind, 'unknown')
             WHEN p.performing_name <> '' OR p.performing_npi <> '' THEN 'unknown' ELSE '' END AS to_alignment,
        coalesce(p.provider_id = p.performer_id
                 OR (p.at_practice_id = p.performing_practice_id AND asks.specialty_id = does.specialty_id), false)
            AND p.linked_to_id IS NULL AS own,
        feed.sees
    FROM placed p JOIN referrals_source feed ON feed.id = p.source_id
    LEFT JOIN contacts_provider asks ON asks.id = p.provider_id LEFT JOIN contacts_provider does ON does.id = p.performer_id
    {_aligned("provider", "provider_id", "rp")}
    {_aligned("practice", "at_practice_id", "rq")}
    {_aligned("organization", "group_id", "ro")}
    {_aligned("organization", "destination_id", "dn")}
    {_aligned("provider", "performer_id", "dp")}
    {_aligned("practice", "performing_practice_id", "dq")}
    {_aligned("organization", "performing_group_id", "dg")}
), sided AS (
    SELECT *, from_alignment = ANY(%(ours)s) OR (from_alignment = 'unknown' AND sees = 'our_orders') AS from_us,
        to_alignment = ANY(%(ours)s) OR (to_alignment IN ('unknown', '') AND sees IN ('received', 'appointments')) AS to_us,
        NOT own AND kind = ANY(%(kinds)s) AND linked_to_id IS NULL AS may_count
    FROM aligned
), doubled AS (
    SELECT *, linked_to_id IS NULL AND patient_hash <> ''
        AND service_line_id IS NOT NULL AND coalesce(provider_id, at_practice_id) IS NOT NULL AND coalesce(
        max(anchor_on) FILTER (WHERE may_count AND state <> 'rejected') OVER earlier >= anchor_on - %(days)s, false) AS again
    FROM sided
    WINDOW earlier AS (
        PARTITION BY source_id, patient_hash, service_line_id, provider_id, CASE WHEN provider_id IS NULL THEN at_practice_id END
        ORDER BY anchor_on, source_key COLLATE "C" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT d.id, date_trunc('month', d.anchor_on)::date AS month, d.at_practice_id AS practice_id, d.is_assumed AS practice_assumed,
    d.in_territory_id AS territory_id, d.from_alignment AS referrer_alignment, d.to_alignment AS destination_alignment,
    CASE WHEN d.from_us AND d.to_us THEN 'internal' WHEN d.from_us AND d.to_alignment = '' THEN 'undetermined'
         WHEN d.from_us THEN 'outbound' WHEN d.to_us THEN 'inbound' ELSE 'outside' END AS flow,
    d.own AS is_own_follow_up, d.again AS is_duplicate, d.may_count AND NOT d.again AS is_counted,
    -- Credit is given once: neither reassigning a territory nor moving a practice into another rewrites last year. Only a referral that
    -- turns out to be another practice's, or a gap, asks again.
    CASE WHEN d.credited_to_id IS NOT NULL AND d.at_practice_id IS NOT DISTINCT FROM d.was_at_practice_id THEN d.credited_to_id
         ELSE a.user_id END AS credited_to_id
FROM doubled d LEFT JOIN territories_assignment a ON a.territory_id = d.in_territory_id AND a.is_primary AND a.service_line_id IS NULL
    AND a.started_on <= d.anchor_on AND (a.ended_on IS NULL OR d.anchor_on < a.ended_on)
"""  # noqa: S608 - our own names

_NAMES = (
    "month", "practice_id", "practice_assumed", "territory_id", "referrer_alignment", "destination_alignment", "flow",
    "is_own_follow_up", "is_duplicate", "is_counted", "credited_to_id",
)  # fmt: skip

_WRITE = f"""
UPDATE {FACTS} r SET {", ".join(f"{name} = d.{name}" for name in _NAMES)} FROM derived d
WHERE r.id = d.id AND ({", ".join(f"r.{name}" for name in _NAMES)}) IS DISTINCT FROM ({", ".join(f"d.{name}" for name in _NAMES)})
"""  # noqa: S608 - our own names


# Generous on purpose: deriving a row again that did not change costs a little and changes nothing.
_CONCERNED = {
    "all": "true",
    "sources": "source_id = ANY(%(ids)s)",
    "providers": "provider_id = ANY(%(ids)s) OR performer_id = ANY(%(ids)s)",
    "practices": """practice_id = ANY(%(ids)s) OR named_practice_id = ANY(%(ids)s)
        OR provider_id IN (SELECT provider_id FROM contacts_affiliation WHERE practice_id = ANY(%(ids)s))
        OR performer_id IN (SELECT provider_id FROM contacts_affiliation WHERE practice_id = ANY(%(ids)s))""",
    "organizations": """destination_id = ANY(%(ids)s)
        OR practice_id IN (SELECT id FROM contacts_practice WHERE organization_id = ANY(%(ids)s))
        OR performer_id IN (SELECT a.provider_id FROM contacts_affiliation a JOIN contacts_practice p ON p.id = a.practice_id
                            WHERE p.organization_id = ANY(%(ids)s))""",
}


def rederive_in_steps(scope: str, ids: list[int], *, progress: Progress, step: int = 50_000) -> int:
    """Derive anew what a change of these practices, providers, organisations or sources (or "all") concerns; returns how much changed.

    A slice of referrals at a time, telling how far it is.
    """
    changed = 0
    with connection.cursor() as cursor:
        lock_facts(cursor)
        cursor.execute("DROP TABLE IF EXISTS pg_temp.scope")
        cursor.execute(
            f"""CREATE TEMP TABLE scope ON COMMIT DROP AS
                SELECT row_number() OVER (ORDER BY id) AS nth, id FROM {FACTS} WHERE {_CONCERNED[scope]}""",  # noqa: S608 - our own names
            {"ids": ids},
        )
        total = cursor.rowcount
        for start in range(0, total, step):
            changed += rederive(cursor, "SELECT id FROM scope WHERE nth > %s AND nth <= %s", [start, start + step])
            progress(min(start + step, total), total, f"{min(start + step, total):,} of {total:,} referrals derived")
    return changed
