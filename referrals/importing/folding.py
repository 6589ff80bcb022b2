"""What was told, folded into what is so: one row per referral from all its sent rows, and the history that they tell.

Works in temporary tables: `folded`, one row per referral concerned; `heard`, every event told of it. Rows of one referral are ordered by
newness: the source's time stamp, then an end (rejected, cancelled), the later appointment, the further state, the last import that sent
the row. The newest value stands that is not blank; a correction stands as long as the source says what it said when it was made. So the
order in which rows and files arrive does not matter where the source says enough to tell, and a batch taken away leaves no trace.
`visited_on`: the first appointment of which a row says that the patient was seen, which serves where no row tells the day seen.
"""

import datetime as dt
import io
import json
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

from accounts.clocks import organization_time_zone
from referrals.importing.staging import STAGE
from referrals.states import STATES, Told, settle

# Given columns by how they are blank in the table of facts.
DATES = ("ordered_on", "received_on", "entered_on", "seen_on", "report_on")
LINKS = ("service_line_id", "payer_id")
TEXTS = (
    "kind", "priority", "reason", "referring_name", "referring_npi", "referring_org", "referring_zip",
    "destination_name", "performing_name", "performing_npi", "patient_hash", "order_key",
)  # fmt: skip
GIVEN = (*DATES, *LINKS, *TEXTS)
SENT = "referrals_sentrow"
AGAIN = "referrals_sentagain"
HISTORY = "referrals_statusevent"

_STAGES = ", ".join(f"('{state}', {stage})" for state, stage in STAGE.items())
# What an appointment or a claim says about the order that it belongs to: it ends no referral, and begins none.
_SPEAKS = {
    "cancelled": "appointment cancelled",
    "rejected": "appointment cancelled",
    "cancel requested": "",
    "received": "",
    "accepted": "",
}
_SAID = ", ".join(f"('{state}', '{said}')" for state in STATES if (said := _SPEAKS.get(state, state)))


def _happened(day: str) -> str:
    """When a row says that its state came about; `day` stands in where a patient was seen on a day that nobody wrote."""
    return f"""coalesce((w.told_at AT TIME ZONE %(zone)s)::date, CASE w.state
        WHEN 'received' THEN coalesce(w.ordered_on, w.received_on, w.entered_on)
        WHEN 'seen' THEN coalesce(w.seen_on, w.appointment_on{day})
        WHEN 'no-show' THEN w.appointment_on WHEN 'report sent' THEN w.report_on END) AS happened_on"""


def begin(cursor: CursorWrapper, *, batch_id: int | None, now: dt.datetime) -> None:
    """Make the tables. `turns`: in which order imports came; one that repeats a file takes the turn of the first."""
    cursor.execute("DROP TABLE IF EXISTS pg_temp.turns, pg_temp.folded, pg_temp.gone")
    cursor.execute(
        """CREATE TEMP TABLE turns ON COMMIT DROP AS
           SELECT id AS batch_id, at AS loaded_at, nth AS came, min(nth) OVER (PARTITION BY source_id, sha256) AS turn
           FROM (SELECT id, source_id, CASE WHEN sha256 = '' THEN id::text ELSE sha256 END AS sha256,
                        CASE WHEN id = %(batch)s THEN %(now)s ELSE coalesce(loaded_at, uploaded_at) END AS at,
                        row_number() OVER (ORDER BY id IS NOT DISTINCT FROM %(batch)s, coalesce(loaded_at, uploaded_at), id) AS nth
                 FROM referrals_importbatch WHERE state = 'loaded' OR id = %(batch)s) b""",
        {"batch": batch_id, "now": now},
    )
    dates, links = (", ".join(f"{name} {kind}" for name in names) for names, kind in ((DATES, "date"), (LINKS, "bigint")))
    cursor.execute(
        f"""CREATE TEMP TABLE folded (id bigint, source_id bigint, source_key text COLLATE "C", batch_id bigint, line int, is_new boolean,
                is_sent boolean, is_quick boolean, round int, state text, appointment_on date, is_seen boolean, visited_on date,
                {dates}, {links}, {", ".join(f"{name} text" for name in TEXTS)}, linked_to_id bigint, link_note text) ON COMMIT DROP"""
    )
    cursor.execute('CREATE TEMP TABLE gone (id bigint, source_key text COLLATE "C") ON COMMIT DROP')


def fold_quickly(cursor: CursorWrapper, *, source_id: int, batch_id: int) -> None:
    """Referrals that one row of this file tells of, and nobody told of before: the row is what they are."""
    cursor.execute(
        f"""INSERT INTO folded
            SELECT referral_id, %s, source_key, %s, line, true, true, true, 0, state, appointment_on, state = 'seen' OR seen_on IS NOT NULL,
                   CASE WHEN state = 'seen' THEN appointment_on END, {", ".join(GIVEN)}, NULL, NULL FROM arrived WHERE is_quick""",  # noqa: S608 - our own names
        [source_id, batch_id],
    )
    _read_payers(cursor)


def _read_payers(cursor: CursorWrapper) -> None:
    """Names that are another payer's are read as the payer that they stand for."""
    if meant := payers_meant(cursor):
        cursor.execute(
            """UPDATE folded SET payer_id = m.payer FROM unnest(%s::bigint[], %s::bigint[]) AS m(name, payer)
               WHERE folded.payer_id = m.name""",
            [list(meant), list(meant.values())],
        )


def payers_meant(cursor: CursorWrapper) -> dict[int, int]:
    """{a name that was merged away: the payer that it stands for in the end}."""
    cursor.execute("SELECT id, merged_into_id FROM referrals_payer WHERE merged_into_id IS NOT NULL")
    into = dict(cursor.fetchall())
    meant = {}
    for name, payer in into.items():
        while payer in into:
            payer = into[payer]
        meant[name] = payer
    return meant


def fold(cursor: CursorWrapper, chosen: str, params: dict[str, Any] | None = None, *, round_: int = 0, corrected: bool = True) -> int:
    """Fold the referrals that a SELECT of (id, source_id, source_key, line, is_new, is_sent) names; returns how many."""
    columns = ",\n".join(f"(array_agg(w.{name} ORDER BY nth) FILTER (WHERE w.{name} IS NOT NULL))[1]" for name in (*DATES, *LINKS))
    texts = ",\n".join(f"coalesce((array_agg(w.{name} ORDER BY nth) FILTER (WHERE w.{name} <> ''))[1], '')" for name in TEXTS)
    newest = ", ".join(f"(array_agg(w.{name} ORDER BY nth))[1]" for name in ("state", "appointment_on"))
    cursor.execute("DROP TABLE IF EXISTS pg_temp.more")
    cursor.execute(f"CREATE TEMP TABLE more ON COMMIT DROP AS {chosen}", params)
    cursor.execute("ANALYZE more")
    cursor.execute(
        f"""INSERT INTO folded
            WITH sent AS (SELECT w.* FROM {SENT} w JOIN more ON more.id = w.referral_id),
            seats AS (
                SELECT referral_id, digest, max((turn << 32) + line) AS seat FROM (
                    SELECT referral_id, digest, batch_id, line FROM sent
                    UNION ALL SELECT a.referral_id, a.digest, a.batch_id, a.line FROM {AGAIN} a JOIN more ON more.id = a.referral_id) s
                JOIN turns USING (batch_id) GROUP BY referral_id, digest),
            ranked AS (
                SELECT w.*, row_number() OVER (PARTITION BY w.referral_id
                    ORDER BY told_at DESC NULLS LAST, stage >= 100 DESC, appointment_on DESC NULLS LAST, stage DESC, seat DESC, w.digest
                ) AS nth
                FROM sent w JOIN seats USING (referral_id, digest) JOIN (VALUES {_STAGES}) AS g(word, stage) ON g.word = w.state)
            SELECT m.id, m.source_id, m.source_key, (array_agg(w.batch_id ORDER BY nth))[1], m.line, m.is_new, m.is_sent, false, %s,
                   {newest}, bool_or(w.state = 'seen' OR w.seen_on IS NOT NULL),
                   min(w.appointment_on) FILTER (WHERE w.state = 'seen'), {columns}, {texts}, NULL, NULL
            FROM ranked w JOIN more m ON m.id = w.referral_id GROUP BY m.id, m.source_id, m.source_key, m.line, m.is_new, m.is_sent""",  # noqa: S608
        [round_],
    )
    folded = int(cursor.rowcount)
    _read_payers(cursor)
    if corrected:
        _correct(cursor)
    return folded


def _correct(cursor: CursorWrapper) -> None:
    """Lay corrections over what was folded last, the oldest first: each value stands while the source says what it said then."""
    cursor.execute(
        """SELECT c.referral_id, c.said, c.corrected FROM referrals_correction c JOIN more ON more.id = c.referral_id
           ORDER BY c.referral_id, c.corrected_at, c.id"""
    )
    found = [(referral_id, json.loads(said), json.loads(corrected)) for referral_id, said, corrected in cursor.fetchall()]
    sources = said_by_source(cursor, [referral_id for referral_id, _, _ in found]) if found else {}
    meant = payers_meant(cursor) if found else {}
    for referral_id, said, corrected in found:
        for values in (said, corrected):
            if values.get("payer_id") in meant:
                values["payer_id"] = meant[values["payer_id"]]
        told = sources.get(referral_id, {})
        values = {name: value for name, value in corrected.items() if name in GIVEN and name in told and told[name] == said.get(name)}
        if values:
            cursor.execute(
                f"UPDATE folded SET {', '.join(f'{name} = %s' for name in values)} WHERE id = %s",  # noqa: S608 - names are among GIVEN
                [*values.values(), referral_id],
            )


def said_by_source(cursor: CursorWrapper, ids: list[int]) -> dict[int, dict[str, Any]]:
    """The given columns of folded referrals, as JSON would hold them."""
    cursor.execute(f"SELECT id, {', '.join(GIVEN)} FROM folded WHERE id = ANY(%s)", [ids])  # noqa: S608 - our own names
    return {row[0]: as_json(dict(zip(GIVEN, row[1:], strict=True))) for row in cursor.fetchall()}


def as_json(values: dict[str, Any]) -> dict[str, Any]:
    """Dates in ISO; everything else is a text, a number or nothing already."""
    return {name: value.isoformat() if isinstance(value, dt.date) else value for name, value in values.items()}


# one row tells of it, and no linked row that may tell the same event
_ALONE = "f.is_quick AND NOT EXISTS (SELECT FROM folded l WHERE l.linked_to_id = f.id)"


def hear(cursor: CursorWrapper) -> None:
    """`heard`: every event that the sent rows tell of the folded referrals, with the first batch that told it; `via` a linked row."""
    cursor.execute("DROP TABLE IF EXISTS pg_temp.heard")
    zone = {"zone": organization_time_zone()}
    cursor.execute(
        f"""CREATE TEMP TABLE heard ON COMMIT DROP AS
            SELECT w.referral_id AS id, w.state, w.appointment_on, w.told_at, {_happened("")}, w.batch_id,
                   t.loaded_at AS learned_at,
                   NULL::bigint AS via_id
            FROM {SENT} w JOIN folded f ON f.id = w.referral_id JOIN turns t ON t.batch_id = w.batch_id WHERE {_ALONE}""",  # noqa: S608
        zone,
    )
    cursor.execute(
        f"""INSERT INTO heard
            WITH told AS (
                SELECT w.referral_id AS id, w.state, w.appointment_on, w.told_at, {_happened("")}, w.batch_id,
                       NULL::bigint AS via_id
                FROM {SENT} w JOIN folded f ON f.id = w.referral_id WHERE NOT ({_ALONE})
                UNION ALL
                SELECT f.linked_to_id, said.state, w.appointment_on, w.told_at,
                       {_happened(", w.ordered_on, w.received_on, w.entered_on")}, w.batch_id, f.id
                FROM {SENT} w JOIN folded f ON f.id = w.referral_id JOIN (VALUES {_SAID}) AS said(word, state) ON said.word = w.state
                WHERE f.linked_to_id IS NOT NULL)
            SELECT DISTINCT ON (id, state, appointment_on, told_at) id, state, appointment_on, told_at,
                   min(happened_on) OVER (PARTITION BY id, state, appointment_on, told_at), batch_id, loaded_at, via_id
            FROM told JOIN turns USING (batch_id)
            ORDER BY id, state, appointment_on, told_at, via_id IS NOT NULL, came, via_id""",  # noqa: S608 - our own names
        zone,
    )
    cursor.execute("ANALYZE heard (id)")


def settle_states(cursor: CursorWrapper) -> None:
    """`settled`: where all that was told leads, for referrals of which more than one thing was told. One event alone is the state."""
    cursor.execute("DROP TABLE IF EXISTS pg_temp.settled")
    cursor.execute("CREATE TEMP TABLE settled (id bigint, state text, appointment_on date, inferred text[], illegal text) ON COMMIT DROP")
    lines = io.StringIO()
    with connection.chunked_cursor() as reader:
        reader.execute(
            """SELECT id, array_agg(state), array_agg(appointment_on), array_agg(told_at) FROM heard GROUP BY id HAVING count(*) > 1"""
        )
        while rows := reader.fetchmany(5_000):
            for pk, states, appointments, times in rows:
                end = settle(map(Told, states, appointments, times))
                illegal = "; ".join(f"{start} to {state}" for start, state in end.illegal)
                lines.write("\t".join((str(pk), end.state, str(end.appointment_on or ""), _array(end.inferred), illegal)) + "\n")
            lines.seek(0)
            cursor.copy_expert("COPY settled FROM STDIN WITH (NULL '')", lines)
            lines.seek(0)
            lines.truncate()
    cursor.execute("ANALYZE settled")


def _array(states: tuple[str, ...]) -> str:
    return "{" + ",".join(f'"{state}"' for state in states) + "}"


# The steps that must have come before a state of which nothing else was told.
INFERRED = ", ".join(f"('{state}', '{_array(settle([Told(state)]).inferred)}'::text[])" for state in STATES)


def write_history(cursor: CursorWrapper) -> int:
    """The history of all that is in `merged` becomes what was heard; how many events of known referrals that changed.

    Inferred steps are our conclusion and follow it.
    """
    cursor.execute(
        f"""INSERT INTO {HISTORY} (referral_id, state, happened_on, appointment_on, told_at, learned_at, is_inferred, batch_id, via_id)
            SELECT h.id, h.state, happened_on, h.appointment_on, told_at, learned_at, false, h.batch_id, via_id
            FROM heard h JOIN folded f USING (id) WHERE f.is_new ORDER BY h.id""",  # noqa: S608 - our own names
    )
    cursor.execute(
        f"""INSERT INTO {HISTORY} (referral_id, state, learned_at, is_inferred)
            SELECT id, unnest(inferred), now(), true FROM merged WHERE is_new AND inferred <> '{{}}' ORDER BY id""",  # noqa: S608
    )
    cursor.execute(
        """CREATE TEMP TABLE wanted ON COMMIT DROP AS
           SELECT h.id, h.state, h.happened_on, h.appointment_on, h.told_at, h.learned_at, false AS is_inferred, h.batch_id, h.via_id
           FROM heard h JOIN folded f USING (id) WHERE NOT f.is_new
           UNION ALL SELECT id, unnest(inferred), NULL, NULL, NULL, now(), true, NULL, NULL FROM merged WHERE NOT is_new"""
    )
    cursor.execute(
        f"""DELETE FROM {HISTORY} e USING folded f WHERE e.referral_id = f.id AND NOT f.is_new AND NOT EXISTS (
                SELECT FROM wanted w WHERE w.id = e.referral_id AND w.state = e.state
                  AND w.appointment_on IS NOT DISTINCT FROM e.appointment_on AND w.told_at IS NOT DISTINCT FROM e.told_at)"""  # noqa: S608 - ours
    )
    changed = cursor.rowcount
    cursor.execute(
        f"""INSERT INTO {HISTORY} AS e (referral_id, state, happened_on, appointment_on, told_at, learned_at, is_inferred, batch_id, via_id)
            SELECT * FROM (SELECT id, state, happened_on, appointment_on, told_at, learned_at, is_inferred, batch_id, via_id FROM wanted
                           ORDER BY id, learned_at) w
            ON CONFLICT (referral_id, state, appointment_on, told_at) DO UPDATE
            SET happened_on = excluded.happened_on, is_inferred = excluded.is_inferred, batch_id = excluded.batch_id,
                via_id = excluded.via_id,
                learned_at = CASE WHEN e.is_inferred AND excluded.is_inferred THEN e.learned_at ELSE excluded.learned_at END
            WHERE (e.happened_on, e.is_inferred, e.batch_id, e.via_id)
                  IS DISTINCT FROM (excluded.happened_on, excluded.is_inferred, excluded.batch_id, excluded.via_id)"""  # noqa: S608
    )
    changed += cursor.rowcount
    cursor.execute("DROP TABLE wanted")
    return int(changed)
