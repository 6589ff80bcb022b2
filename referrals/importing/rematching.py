"""Referrals that came before the contacts: all names are asked again, and what is matched better now is written and derived."""

from django.db import connection

from referrals.deriving import lock_facts, settle, touch
from referrals.importing.resolving import DESTINATION, PERFORMER, REFERRER, RESOLVED, resolve
from referrals.importing.staging import PERCENT, Progress
from referrals.rollups import FACTS


def rematch(*, progress: Progress) -> int:
    """Resolve every referral's names with the contacts of today; returns how much changed."""
    words = ", ".join(("id", "referrer_named", *REFERRER, *PERFORMER, *DESTINATION, *(f"NULL::bigint AS {name}" for name in RESOLVED)))
    found_now = ", ".join(f"{name} = a.{name}" for name in RESOLVED)
    with connection.cursor() as cursor:
        lock_facts(cursor)
        progress(0, PERCENT, "Matching providers, practices and destinations again")
        cursor.execute("DROP TABLE IF EXISTS pg_temp.again")
        cursor.execute(f"CREATE TEMP TABLE again ON COMMIT DROP AS SELECT {words} FROM {FACTS}")  # noqa: S608 - our own names
        cursor.execute("ANALYZE again")
        resolve(cursor, table="again")
        differs = f"({', '.join(f'r.{name}' for name in RESOLVED)}) IS DISTINCT FROM ({', '.join(f'a.{name}' for name in RESOLVED)})"
        progress(50, PERCENT, "Writing what is matched now")
        if not (found := touch(cursor, f"SELECT r.id FROM {FACTS} r JOIN again a USING (id) WHERE {differs}")):  # noqa: S608
            return 0
        cursor.execute(f"UPDATE {FACTS} r SET {found_now} FROM again a JOIN touched USING (id) WHERE r.id = a.id")  # noqa: S608
        progress(60, PERCENT, f"{found:,} referrals are matched better now and derived")
        return settle(cursor) + found
