"""What a file says against what we know: `arrived`, its rows as they are kept; `merged`, every referral concerned as it will be."""

from django.db.backends.utils import CursorWrapper

from referrals.importing.folding import AGAIN, DATES, GIVEN, INFERRED, LINKS, SENT, TEXTS, fold, fold_quickly
from referrals.importing.resolving import RESOLVED, joined, look_up, resolved
from referrals.models import Kind
from referrals.rollups import FACTS

# Folded: what stands in the referrer's column when the patient came alone.
_SELF_REFERRED = ("self", "selfreferral", "selfreferred", "patientself", "patientselfreferral", "patientselfreferred")
_IS_SELF = f"regexp_replace(lower(f.referring_name), '[^a-z]', '', 'g') IN {_SELF_REFERRED}"
# The columns of a fact that folding fills.
TOLD = (*GIVEN, "anchor_on", "state", "appointment_on", "referrer_named", "linked_to_id", "seen_by")
_CONTENT = (*DATES, "told_at", "appointment_on", "state", *LINKS, *TEXTS)


def name_lines_and_payers(cursor: CursorWrapper) -> dict[str, list[int]]:
    """Service lines and payers that a source names for the first time become ours; case makes no difference. Returns those made."""
    made = {}
    for column, table, extra, value in (
        ("service_line", "territories_serviceline", ", is_active", ", true"),
        ("payer", "referrals_payer", "", ""),
    ):
        cursor.execute(
            f"""INSERT INTO {table} (name{extra})
                SELECT min({column}){value} FROM staged s WHERE {column} IS NOT NULL
                  AND NOT EXISTS (SELECT FROM {table} k WHERE lower(k.name) = lower(s.{column}))
                GROUP BY lower({column}) ORDER BY 1 ON CONFLICT DO NOTHING RETURNING id"""  # noqa: S608 - the names above
        )
        if ids := [row[0] for row in cursor.fetchall()]:
            made[f"{column}s"] = ids
    return made


def keep(cursor: CursorWrapper, *, source_id: int, batch_id: int) -> None:
    """Keep what the file says: contents never heard before as sent rows, the others as sent again."""
    cursor.execute("DROP TABLE IF EXISTS pg_temp.keyed, pg_temp.arrived")
    cursor.execute(
        f"""CREATE TEMP TABLE keyed ON COMMIT DROP AS
            SELECT k.*, coalesce(r.id, nextval((SELECT pg_get_serial_sequence('{FACTS}', 'id')::regclass))) AS id, r.id IS NULL AS is_new
            FROM (SELECT source_key, max(line) AS line, count(*) = 1 AS is_single FROM staged GROUP BY source_key ORDER BY source_key) k
            LEFT JOIN {FACTS} r ON r.source_id = %s AND r.source_key = k.source_key""",  # noqa: S608 - our own names
        [source_id],
    )
    cursor.execute("ANALYZE keyed (id, source_key)")
    names = [name for name in _CONTENT if name not in LINKS]
    values = ", ".join(f"coalesce(s.{name}, '') AS {name}" if name in TEXTS else f"s.{name}" for name in names)
    cursor.execute(
        f"""CREATE TEMP TABLE arrived ON COMMIT DROP AS
            SELECT DISTINCT ON (k.id, s.digest) k.id AS referral_id, s.digest, s.line, s.source_key, {values}, l.id AS service_line_id,
                p.id AS payer_id, k.is_new AND k.is_single AS is_quick, w.digest IS NOT NULL AS is_again
            FROM staged s JOIN keyed k USING (source_key)
            LEFT JOIN (SELECT lower(name) AS word, min(id) AS id FROM territories_serviceline GROUP BY 1) l ON l.word = lower(service_line)
            LEFT JOIN (SELECT lower(name) AS word, min(id) AS id FROM referrals_payer GROUP BY 1) p ON p.word = lower(payer)
            LEFT JOIN {SENT} w ON w.referral_id = k.id AND w.digest = s.digest
            ORDER BY k.id, s.digest, s.line DESC"""  # noqa: S608 - our own names
    )
    columns = ", ".join(_CONTENT)
    cursor.execute(
        f"""INSERT INTO {SENT} (referral_id, digest, batch_id, line, {columns})
            SELECT referral_id, digest, %s, line, {columns} FROM arrived WHERE NOT is_again ORDER BY referral_id, digest""",  # noqa: S608
        [batch_id],
    )
    cursor.execute(
        f"""INSERT INTO {AGAIN} (referral_id, digest, batch_id, line)
            SELECT referral_id, digest, %s, line FROM arrived WHERE is_again ORDER BY referral_id, digest""",  # noqa: S608 - our own names
        [batch_id],
    )
    cursor.execute("ANALYZE arrived (referral_id, is_quick)")


def fold_arrived(cursor: CursorWrapper, *, source_id: int, batch_id: int) -> None:
    """Fold what the file may have changed: not a referral of which only one thing was ever told, and that again."""
    fold_quickly(cursor, source_id=source_id, batch_id=batch_id)
    fold(
        cursor,
        f"""SELECT k.id, %(source)s AS source_id, k.source_key, k.line, k.is_new, true AS is_sent FROM keyed k
            WHERE NOT (k.is_new AND k.is_single) AND (
                EXISTS (SELECT FROM arrived a WHERE a.referral_id = k.id AND NOT a.is_again)
                OR (SELECT count(*) FROM {SENT} w WHERE w.referral_id = k.id) > 1)""",  # noqa: S608 - our own names
        {"source": source_id},
    )


def merge(cursor: CursorWrapper) -> int:
    """`merged`: every folded referral as it will be, its names matched, and whether that is new, changed or unchanged; returns how many.

    `evidence` speaks of orders.
    """
    given = [
        # A claim or an appointment that names no other day speaks of its own.
        """coalesce(f.seen_on, e.seen_on, f.visited_on, CASE WHEN f.is_seen AND q.sees IN ('claims', 'appointments')
            THEN coalesce(f.ordered_on, f.received_on, f.entered_on) END) AS seen_on""" if name == "seen_on"
        else "coalesce(f.report_on, e.report_on) AS report_on" if name == "report_on"
        else f"coalesce(NULLIF(f.kind, ''), '{Kind.CONSULT}') AS kind" if name == "kind"
        else f"f.{name}"
        for name in GIVEN
    ]  # fmt: skip
    ours, theirs = (", ".join(f"{table}.{name}" for name in TOLD) for table in "rm")
    look_up(cursor, table="folded f", not_self=f"NOT {_IS_SELF}")
    cursor.execute("DROP TABLE IF EXISTS pg_temp.merged")
    cursor.execute(
        f"""CREATE TEMP TABLE merged ON COMMIT DROP AS
            WITH finished AS (
                SELECT f.id, f.source_id, f.source_key, f.batch_id, f.line, f.is_new, f.is_sent, {", ".join(given)},
                    coalesce(s.state, f.state) AS state,
                    CASE WHEN s.id IS NULL THEN f.appointment_on ELSE s.appointment_on END AS appointment_on,
                    coalesce(s.inferred, i.inferred) AS inferred, s.illegal, f.linked_to_id, f.link_note,
                    coalesce(f.ordered_on, f.received_on, f.entered_on) AS anchor_on,
                    coalesce(e.seen_by, CASE WHEN NOT f.is_seen THEN '' WHEN q.sees = 'claims' THEN 'claim'
                                             WHEN q.sees = 'appointments' THEN 'appointment' ELSE 'status' END) AS seen_by,
                    CASE WHEN {_IS_SELF} THEN 'self'
                         WHEN f.referring_name <> '' OR f.referring_npi <> '' THEN 'provider'
                         WHEN f.referring_org <> '' THEN 'organization' ELSE 'unknown' END AS referrer_named
                FROM folded f JOIN referrals_source q ON q.id = f.source_id
                JOIN (VALUES {INFERRED}) AS i(word, inferred) ON i.word = f.state
                LEFT JOIN settled s ON s.id = f.id LEFT JOIN evidence e ON e.id = f.id
            )
            SELECT m.*,
                CASE WHEN m.is_new THEN 'new' WHEN ({ours}) IS DISTINCT FROM ({theirs}) THEN 'changed' ELSE 'unchanged' END AS change,
                {", ".join(resolved(column, alias="m") for column in RESOLVED)}
            FROM finished m LEFT JOIN {FACTS} r ON r.id = m.id {joined("m")}"""  # noqa: S608 - our own names
    )
    merged = cursor.rowcount
    cursor.execute("ANALYZE merged (id, change, is_new)")
    return int(merged)
