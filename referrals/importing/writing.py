"""From `folded` to facts: one way in for a load, an undo, a correction and a link."""

import datetime as dt
from typing import Any

from django.db.backends.utils import CursorWrapper

from referrals.deriving import settle, touch
from referrals.importing.comparing import TOLD, merge
from referrals.importing.folding import AGAIN, HISTORY, SENT, begin, fold, hear, said_by_source, settle_states, write_history
from referrals.importing.linking import link, pull_in
from referrals.importing.resolving import RESOLVED
from referrals.rollups import FACTS

_KNOWN = f"SELECT id, source_id, source_key, 0 AS line, false AS is_new, false AS is_sent FROM {FACTS} r"  # noqa: S608 - our own names
_WRITTEN = (*TOLD, *RESOLVED, "batch_id")


def work_out(cursor: CursorWrapper) -> None:
    """What is folded, with all whom it concerns, becomes `merged`: settled, linked, compared and matched; nothing is written yet."""
    pull_in(cursor)
    link(cursor)
    hear(cursor)
    settle_states(cursor)
    merge(cursor)


def write(cursor: CursorWrapper) -> int:
    """Write what is new or differs, take out what is gone, derive, add up. Returns how many referrals that concerned."""
    differs = f"({', '.join(f'r.{name}' for name in _WRITTEN)}) IS DISTINCT FROM ({', '.join(f'm.{name}' for name in _WRITTEN)})"
    touched = touch(
        cursor,
        f"SELECT m.id FROM merged m JOIN {FACTS} r ON r.id = m.id WHERE {differs} UNION SELECT id FROM gone",  # noqa: S608 - our own names
    )
    cursor.execute(
        f"""UPDATE {FACTS} r SET {", ".join(f"{name} = m.{name}" for name in _WRITTEN)}
            FROM merged m JOIN touched t ON t.id = m.id WHERE r.id = m.id"""  # noqa: S608 - our own names
    )
    told = write_history(cursor)
    _take_out(cursor)
    cursor.execute("SELECT count(*) FROM merged WHERE is_new")
    new = cursor.fetchone()[0]
    if new or touched:
        settle(cursor, fresh="merged WHERE is_new" if new else "", columns=("source_id", "source_key", *_WRITTEN))
    return int(new + touched + told)


def _take_out(cursor: CursorWrapper) -> None:
    for table, column in ((HISTORY, "referral_id"), (HISTORY, "via_id"), (AGAIN, "referral_id"), (SENT, "referral_id"),
                          ("referrals_correction", "referral_id"), (FACTS, "id")):  # fmt: skip
        cursor.execute(f"DELETE FROM {table} t USING gone WHERE t.{column} = gone.id")  # noqa: S608 - our own names


def refold(cursor: CursorWrapper, chosen: str, params: dict[str, Any] | None = None, *, gone: str = "", now: dt.datetime) -> int:
    """Fold anew the referrals that a SELECT of ids names, and take out those of `gone`. The caller holds the lock of the facts."""
    begin(cursor, batch_id=None, now=now)
    if gone:
        cursor.execute(f"INSERT INTO gone SELECT id, source_key FROM {FACTS} WHERE id IN ({gone})", params)  # noqa: S608 - our own names
    fold(
        cursor,
        f"{_KNOWN} WHERE id IN ({chosen}) AND NOT EXISTS (SELECT FROM gone g WHERE g.id = r.id)",
        params,
    )
    work_out(cursor)
    return write(cursor)


def said_of(cursor: CursorWrapper, referral_id: int, *, now: dt.datetime) -> dict[str, Any]:
    """The given columns as the sources say them, before corrections; nothing of a referral that no source sent."""
    begin(cursor, batch_id=None, now=now)
    fold(cursor, f"{_KNOWN} WHERE id = %(id)s", {"id": referral_id}, corrected=False)
    return said_by_source(cursor, [referral_id]).get(referral_id, {})
