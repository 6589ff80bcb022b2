"""What a file says against what we know: rows of one referral folded into one, states settled, new told from changed and unchanged.

Works in temporary tables (`staged` in, `merged` out) and writes no fact, so that a dry run is the same code.

Rows of one referral are ordered by newness: the source's time stamp, then an end (rejected, cancelled), the later appointment, the further
state. The newer one's value stands; a row that is older than what is recorded only fills blanks; blanks never erase. So the order in which
rows and files arrive does not matter where the source says enough to tell.
"""

import io

from django.conf import settings
from django.db import connection
from django.db.backends.utils import CursorWrapper

from referrals.importing.staging import STAGE
from referrals.models import Kind
from referrals.rollups import FACTS
from referrals.states import Told, settle

# Given columns by how they are blank in the table of facts.
DATES = ("ordered_on", "received_on", "entered_on", "seen_on", "report_on")
LINKS = ("service_line_id", "payer_id")
TEXTS = (
    "kind", "priority", "reason", "referring_name", "referring_npi", "referring_org", "referring_zip",
    "destination_name", "performing_name", "performing_npi", "patient_hash",
)  # fmt: skip
GIVEN = (*DATES, *LINKS, *TEXTS)
# Folded: what stands in the referrer's column when the patient came alone.
SELF_REFERRED = ("self", "selfreferral", "selfreferred", "patientself", "patientselfreferral", "patientselfreferred")

_STAGES = ", ".join(f"('{state}', {stage})" for state, stage in STAGE.items())


def name_lines_and_payers(cursor: CursorWrapper) -> None:
    """Service lines and payers that a source names for the first time become ours; case makes no difference."""
    for column, table, extra, value in (
        ("service_line", "territories_serviceline", ", is_active", ", true"),
        ("payer", "referrals_payer", "", ""),
    ):
        cursor.execute(
            f"""INSERT INTO {table} (name{extra})
                SELECT min({column}){value} FROM staged s WHERE {column} IS NOT NULL
                  AND NOT EXISTS (SELECT FROM {table} k WHERE lower(k.name) = lower(s.{column}))
                GROUP BY lower({column}) ORDER BY 1 ON CONFLICT DO NOTHING"""  # noqa: S608 - the names above
        )


def fold(cursor: CursorWrapper) -> None:
    """`folded`: one row per referral number, each column with the newest value that is not blank."""
    columns = ", ".join(f"(array_agg(s.{name} ORDER BY nth) FILTER (WHERE s.{name} IS NOT NULL))[1] AS {name}" for name in (*DATES, *TEXTS))
    single = ", ".join(f"s.{name}" for name in (*DATES, *TEXTS))
    newest = ", ".join(f"max(s.{name}) FILTER (WHERE nth = 1)" for name in ("line", "told_at", "stage", "appointment_on"))
    cursor.execute("DROP TABLE IF EXISTS pg_temp.ranked, pg_temp.folded")
    cursor.execute(
        """CREATE TEMP TABLE ranked ON COMMIT DROP AS
           SELECT s.*, l.id AS service_line_id, p.id AS payer_id, count(*) OVER (PARTITION BY source_key) AS times,
                  row_number() OVER (PARTITION BY source_key ORDER BY told_at DESC NULLS LAST, stage >= 100 DESC,
                                     appointment_on DESC NULLS LAST, stage DESC, line DESC) AS nth
           FROM staged s
           LEFT JOIN (SELECT lower(name) AS word, min(id) AS id FROM territories_serviceline GROUP BY 1) l ON l.word = lower(service_line)
           LEFT JOIN (SELECT lower(name) AS word, min(id) AS id FROM referrals_payer GROUP BY 1) p ON p.word = lower(payer)"""
    )
    cursor.execute(
        f"""CREATE TEMP TABLE folded ON COMMIT DROP AS
            SELECT s.source_key, s.line, s.told_at, s.stage, s.appointment_on, {single}, s.service_line_id, s.payer_id
            FROM ranked s WHERE times = 1
            UNION ALL
            SELECT s.source_key, {newest}, {columns},
                   (array_agg(s.service_line_id ORDER BY nth) FILTER (WHERE s.service_line_id IS NOT NULL))[1],
                   (array_agg(s.payer_id ORDER BY nth) FILTER (WHERE s.payer_id IS NOT NULL))[1]
            FROM ranked s WHERE times > 1 GROUP BY s.source_key"""  # noqa: S608 - our own names
    )
    cursor.execute("ANALYZE folded")


def settle_states(cursor: CursorWrapper, source_id: int) -> None:
    """`told`: what this file says for the first time; `settled`: where all that was ever told of those referrals leads."""
    cursor.execute("DROP TABLE IF EXISTS pg_temp.told, pg_temp.settled")
    cursor.execute(
        f"""CREATE TEMP TABLE told ON COMMIT DROP AS
            SELECT DISTINCT ON (s.source_key, s.state, s.appointment_on, s.told_at) s.source_key, s.state, s.appointment_on, s.told_at,
                coalesce((s.told_at AT TIME ZONE %s)::date, CASE s.state
                    WHEN 'received' THEN coalesce(s.ordered_on, s.received_on, s.entered_on)
                    WHEN 'seen' THEN coalesce(s.seen_on, s.appointment_on)
                    WHEN 'no-show' THEN s.appointment_on
                    WHEN 'report sent' THEN s.report_on END) AS happened_on
            FROM staged s LEFT JOIN {FACTS} r ON r.source_id = %s AND r.source_key = s.source_key
            WHERE NOT EXISTS (SELECT FROM referrals_statusevent e WHERE e.referral_id = r.id AND e.state = s.state AND NOT e.is_inferred
                AND e.appointment_on IS NOT DISTINCT FROM s.appointment_on AND e.told_at IS NOT DISTINCT FROM s.told_at)
            ORDER BY s.source_key, s.state, s.appointment_on, s.told_at, happened_on""",  # noqa: S608 - our own names
        [settings.TIME_ZONE, source_id],
    )
    cursor.execute("ANALYZE told")
    cursor.execute(
        """CREATE TEMP TABLE settled (source_key text COLLATE "C", state text, appointment_on date, inferred text[], illegal text)
           ON COMMIT DROP"""
    )
    lines = io.StringIO()
    with connection.chunked_cursor() as reader:
        reader.execute(
            f"""WITH heard AS (SELECT source_key, state, appointment_on, told_at FROM told UNION ALL
                    SELECT r.source_key, e.state, e.appointment_on, e.told_at FROM (SELECT DISTINCT source_key FROM told) t
                    JOIN {FACTS} r ON r.source_id = %s AND r.source_key = t.source_key
                    JOIN referrals_statusevent e ON e.referral_id = r.id AND NOT e.is_inferred)
                SELECT source_key, array_agg(state), array_agg(appointment_on), array_agg(told_at) FROM heard GROUP BY source_key""",  # noqa: S608
            [source_id],
        )
        while rows := reader.fetchmany(5_000):
            for key, states, appointments, times in rows:
                end = settle(map(Told, states, appointments, times))
                illegal = "; ".join(f"{start} to {state}" for start, state in end.illegal)
                line = "\t".join((key, end.state, str(end.appointment_on or ""), f"{{{','.join(map(_quoted, end.inferred))}}}", illegal))
                lines.write(line.replace("\\", "\\\\") + "\n")
            lines.seek(0)
            cursor.copy_expert("COPY settled FROM STDIN WITH (NULL '')", lines)
            lines.seek(0)
            lines.truncate()
    cursor.execute("ANALYZE settled")


def _quoted(state: str) -> str:
    return f'"{state}"'


def merge(cursor: CursorWrapper, source_id: int) -> None:
    """`merged`: every referral of the file as it will be, with its id when we know it, and whether that is new, changed or unchanged."""
    given = ",\n".join(
        f"CASE WHEN is_stale THEN coalesce({_recorded(name)}, f.{name}) ELSE coalesce(f.{name}, {_recorded(name)}) END AS {name}"
        for name in GIVEN
    )
    finished = ", ".join((*DATES, *LINKS, *(f"coalesce({name}, '{Kind.CONSULT if name == 'kind' else ''}') AS {name}" for name in TEXTS)))
    compared = (*GIVEN, "anchor_on", "state", "appointment_on", "referrer_named")
    ours, theirs = (", ".join(f"{table}.{name}" for name in compared) for table in "rm")
    cursor.execute("DROP TABLE IF EXISTS pg_temp.merged")
    cursor.execute(
        f"""CREATE TEMP TABLE merged ON COMMIT DROP AS
            WITH known AS (
                SELECT f.source_key AS key, r.id, r.id IS NOT NULL
                    AND (coalesce(f.told_at, '-infinity'), f.stage >= 100, coalesce(f.appointment_on, '-infinity'), f.stage)
                      < (coalesce(h.told_at, '-infinity'), g.stage >= 100, coalesce(r.appointment_on, '-infinity'), g.stage) AS is_stale
                FROM folded f LEFT JOIN {FACTS} r ON r.source_id = %(source)s AND r.source_key = f.source_key
                LEFT JOIN (VALUES {_STAGES}) AS g(state, stage) ON g.state = r.state
                LEFT JOIN LATERAL (SELECT max(told_at) AS told_at FROM referrals_statusevent e WHERE e.referral_id = r.id) h ON true
            ), joined AS (
                SELECT k.id, f.source_key, f.line, {given}, coalesce(s.state, r.state) AS state,
                    CASE WHEN s.state IS NULL THEN r.appointment_on ELSE s.appointment_on END AS appointment_on, s.inferred, s.illegal
                FROM folded f JOIN known k ON k.key = f.source_key LEFT JOIN {FACTS} r ON r.id = k.id
                LEFT JOIN settled s ON s.source_key = f.source_key
            ), finished AS (
                SELECT id, source_key, line, {finished}, state, appointment_on, inferred, illegal,
                    coalesce(ordered_on, received_on, entered_on) AS anchor_on,
                    CASE WHEN regexp_replace(lower(referring_name), '[^a-z]', '', 'g') = ANY(%(self)s) THEN 'self'
                         WHEN referring_name IS NOT NULL OR referring_npi IS NOT NULL THEN 'provider'
                         WHEN referring_org IS NOT NULL THEN 'organization' ELSE 'unknown' END AS referrer_named
                FROM joined
            )
            SELECT m.*, CASE WHEN r.id IS NULL THEN 'new'
                    WHEN ({ours}) IS DISTINCT FROM ({theirs}) THEN 'changed'
                    ELSE 'unchanged' END AS change,
                NULL::bigint AS provider_id, NULL::bigint AS named_practice_id, NULL::bigint AS destination_id, NULL::bigint AS performer_id
            FROM finished m LEFT JOIN {FACTS} r ON r.id = m.id""",  # noqa: S608 - our own names
        {"source": source_id, "self": list(SELF_REFERRED)},
    )
    cursor.execute("ANALYZE merged")


def _recorded(name: str) -> str:
    return f"NULLIF(r.{name}, '')" if name in TEXTS else f"r.{name}"
