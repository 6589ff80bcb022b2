"""The pictures that alarms compare: the file that is staged, and what its feed has sent before."""

from typing import Any

from django.db.backends.utils import CursorWrapper

from referrals.importing.alarming import Picture
from referrals.importing.folding import SENT
from referrals.importing.mapping import WHY_HEADER
from referrals.importing.parsing import FUTURE_DATE
from referrals.models import BatchState, ImportBatch
from referrals.rollups import FACTS

_WORDS = {
    "destination": ("destination_name", "r.destination_name"),
    "payer": ("payer", "(SELECT p.name FROM referrals_payer p WHERE p.id = r.payer_id)"),
    "service line": ("service_line", "(SELECT l.name FROM territories_serviceline l WHERE l.id = r.service_line_id)"),
}


def of_feed(cursor: CursorWrapper, batch: ImportBatch) -> Picture:
    """What the feed had sent before this batch."""
    loads = batch.source.batches.filter(state=BatchState.LOADED).exclude(pk=batch.pk).exclude(sha256=batch.sha256)
    last = loads.order_by("-loaded_at", "-pk").first()
    if last is None:
        return Picture()
    source = [batch.source_id]
    return Picture(
        by_day=_dict(cursor, f"SELECT anchor_on, count(*) FROM {FACTS} WHERE source_id = %s GROUP BY 1", source),  # noqa: S608
        states=frozenset(
            _dict(
                cursor,
                f"""SELECT w.state, 1 FROM {SENT} w JOIN referrals_importbatch b ON b.id = w.batch_id
                    WHERE b.source_id = %s GROUP BY 1""",  # noqa: S608 - our own names
                source,
            )
        ),
        words={
            what: _dict(cursor, f"SELECT lower({ours}), count(*) FROM {FACTS} r WHERE source_id = %s GROUP BY 1", source)  # noqa: S608
            for what, (_, ours) in _WORDS.items()
        },
        referrals=last.new + last.changed + last.unchanged,
        unmatched=last.unmatched,
    )


def of_file(cursor: CursorWrapper, batch: ImportBatch) -> Picture:
    """The staged file, compared and counted."""
    return Picture(
        by_day=_dict(
            cursor,
            """SELECT day, count(*) FROM (SELECT min(coalesce(ordered_on, received_on, entered_on)) AS day FROM staged
               GROUP BY source_key) d GROUP BY 1""",
        ),
        states=frozenset(_dict(cursor, "SELECT state, 1 FROM staged GROUP BY 1")),
        words={
            what: _dict(cursor, f"SELECT lower({theirs}), count(*) FROM staged WHERE {theirs} IS NOT NULL GROUP BY 1")  # noqa: S608
            for what, (theirs, _) in _WORDS.items()
        },
        referrals=batch.new + batch.changed + batch.unchanged,
        unmatched=batch.unmatched,
        future=batch.rejected.get(FUTURE_DATE, 0),
        is_part=WHY_HEADER in batch.headers,
    )


def _dict(cursor: CursorWrapper, query: str, params: list[Any] | None = None) -> dict[Any, int]:
    cursor.execute(query, params)
    return {key: rows for key, rows in cursor.fetchall() if key not in (None, "")}
