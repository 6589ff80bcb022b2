"""Two payers that are one, and parted again: facts, rollups, and whatever else names a payer.

Sent rows keep the name that they said. So a merge taken back is worked out anew from what was said, not remembered, and whatever was
imported in between goes where its own words lead.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Field, ManyToOneRel
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from common.exceptions import PolicyViolation
from referrals import policies
from referrals.deriving import Progress, lock_facts, publish, settle, touch
from referrals.importing.folding import SENT
from referrals.importing.writing import refold
from referrals.models import ROLLUPS, Payer, PayerMerge, Referral, SentRow
from referrals.rollups import FACTS

STEP = 50_000  # referrals
_FACTS = "referrals.Referral.payer"  # key of `moved`: facts that no source sent
_NOT_MOVED = (Referral, SentRow, *ROLLUPS, Payer, PayerMerge)  # facts and their rollups move by themselves, the others are history


@dataclass(frozen=True)
class Moving:
    """What of one kind names the merged payer: how many go along, and how many stay because the survivor has its own for the same."""

    what: str
    moves: int
    stays: int


def preview(*, survivor: Payer, merged: Payer) -> tuple[int, list[Moving]]:
    """How many referrals would change their payer, and what else would move: done for real, and rolled back."""
    with transaction.atomic():
        found = [
            Moving(_words(field), len(moved), total - len(moved))
            for field, moved, total in _move_links(survivor=survivor, merged=merged)
            if total
        ]
        transaction.set_rollback(True)
    return Referral.objects.filter(payer=merged).count(), found


def merge_payers(*, survivor_id: int, merged_id: int, by: User | None, progress: Progress, step: int = STEP) -> PayerMerge:
    """From now on `merged` is a name of `survivor`: referrals, rollups, margins, capacity and dates go along, in one transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        progress(0, 1, "Waiting for other imports to finish")
        lock_facts(cursor)
        survivor, merged = _locked(survivor_id), _locked(merged_id)
        policies.check_can_merge_payers(survivor=survivor, merged=merged)
        merge = PayerMerge(survivor=survivor, merged=merged, merged_by=by)
        merge.moved = {_key(field): moved for field, moved, _ in _move_links(survivor=survivor, merged=merged) if moved}
        unsent = f"SELECT id FROM {FACTS} r WHERE payer_id = %s AND NOT EXISTS (SELECT FROM {SENT} w WHERE w.referral_id = r.id)"  # noqa: S608
        cursor.execute(unsent, [merged.pk])
        if ids := [row[0] for row in cursor.fetchall()]:
            merge.moved[_FACTS] = ids
        merge.referrals = _rename(cursor, f"SELECT id FROM {FACTS} WHERE payer_id = %s", [merged.pk], survivor.pk, progress, step)  # noqa: S608
        merged.merged_into = survivor
        merged.save(update_fields=["merged_into"])
        merge.save()
        record("payer.merged", by=by, target=survivor, merged=merged.name, referrals=merge.referrals)
        record("payer.merged_away", by=by, target=merged, into=survivor.name, referrals=merge.referrals)
        if merge.referrals or merge.moved:
            publish(f"payer {merged.pk} merged into {survivor.pk}")
    return merge


def part_payer(*, name_id: int, by: User | None, progress: Progress, step: int = STEP) -> int:
    """A name of a payer is a payer of its own again; returns how many referrals were looked at. What no file ever said is forgotten."""
    with transaction.atomic(), connection.cursor() as cursor:
        progress(0, 1, "Waiting for other imports to finish")
        lock_facts(cursor)
        name = _locked(name_id)
        if name.merged_into is None:
            return 0
        survivor, names = name.standing, _names(name)
        name.merged_into = None
        name.save(update_fields=["merged_into"])
        merge = PayerMerge.objects.filter(merged=name, unmerged_at=None).first()
        if merge is not None:
            _move_links_back(merge, survivor)
            merge.unmerged_by, merge.unmerged_at = by, timezone.now()
            merge.save(update_fields=["unmerged_by", "unmerged_at"])
            own = "SELECT id FROM unnest(%s::bigint[]) AS id"
            _rename(cursor, own, [merge.moved.get(_FACTS, [])], name.pk, progress, step)
        looked_at = _refold(cursor, names, progress, step)
        record("payer.unmerged", by=by, target=survivor, name=name.name, referrals=looked_at)
        if merge is None and not looked_at and len(names) == 1:
            record("payer.name_forgotten", by=by, target=name)
            name.delete()
        else:
            record("payer.unmerged_from", by=by, target=name, survivor=survivor.name)
        publish(f"payer {name_id} parted from {survivor.pk}")
    return looked_at


def _locked(pk: int) -> Payer:
    payer = Payer.every.select_for_update(no_key=True).filter(pk=pk).first()
    if payer is None:
        raise PolicyViolation("This payer is gone.")
    return payer


def _names(payer: Payer) -> list[int]:
    """The payer, and all names that lead to it."""
    found = [payer.pk]
    for pk in found:
        found += Payer.every.filter(merged_into=pk).values_list("pk", flat=True)
    return found


def _rename(cursor: CursorWrapper, chosen: str, params: list[Any], payer_id: int, progress: Progress, step: int) -> int:
    """The referrals that a SELECT of ids names get this payer, a slice at a time; rollups follow by what each slice takes away and adds."""
    for start, end, total in _slices(cursor, chosen, params, step):
        touch(cursor, "SELECT id FROM scope WHERE nth > %s AND nth <= %s", [start, end])
        cursor.execute(
            f"UPDATE {FACTS} r SET payer_id = %s FROM scope WHERE scope.id = r.id AND nth > %s AND nth <= %s",  # noqa: S608 - our own names
            [payer_id, start, end],
        )
        settle(cursor)
        progress(end, total, f"{end:,} of {total:,} referrals moved")
    cursor.execute("SELECT count(*) FROM scope")
    return int(cursor.fetchone()[0])


def _refold(cursor: CursorWrapper, names: list[int], progress: Progress, step: int) -> int:
    """Referrals of which a source or a correction named one of these are worked out anew from what was said."""
    chosen = f"""SELECT DISTINCT r.id FROM {FACTS} r JOIN {SENT} w ON w.referral_id = r.id WHERE w.payer_id = ANY(%s)
        UNION SELECT referral_id FROM referrals_correction
        WHERE (said->>'payer_id')::bigint = ANY(%s) OR (corrected->>'payer_id')::bigint = ANY(%s)"""  # noqa: S608 - our own names
    total = 0
    for start, end, total in _slices(cursor, chosen, [names, names, names], step):
        refold(
            cursor,
            "SELECT id FROM scope WHERE nth > %(start)s AND nth <= %(end)s",
            {"start": start, "end": end},
            now=timezone.now(),
        )
        progress(end, total, f"{end:,} of {total:,} referrals worked out")
    return total


def _slices(cursor: CursorWrapper, chosen: str, params: list[Any], step: int) -> Iterator[tuple[int, int, int]]:
    """`scope`: the chosen ids, numbered from 1. Yields (after, up to, total)."""
    cursor.execute("DROP TABLE IF EXISTS pg_temp.scope")
    cursor.execute(
        f"CREATE TEMP TABLE scope ON COMMIT DROP AS SELECT row_number() OVER (ORDER BY id) AS nth, id FROM ({chosen}) AS c(id)",  # noqa: S608
        params,
    )
    total = cursor.rowcount
    for start in range(0, total, step):
        yield start, min(start + step, total), total


def _links() -> "list[Field[Any, Any]]":
    """Every column that names a payer and is no fact."""
    links = Payer._meta.get_fields(include_hidden=True)
    return [link.field for link in links if isinstance(link, ManyToOneRel) and link.field.model not in _NOT_MOVED]


def _key(field: "Field[Any, Any]") -> str:
    return f"{field.model._meta.label}.{field.name}"


def _words(field: "Field[Any, Any]") -> str:
    """What the rows are, for people: of a table that only joins, what it joins to payers."""
    joined: Any = field.model._meta.auto_created
    return str((joined or field.model)._meta.verbose_name_plural)


def _move_links(*, survivor: Payer, merged: Payer) -> "Iterator[tuple[Field[Any, Any], list[int], int]]":
    """Give the survivor what names the merged payer, unless it has its own for the same: (column, ids that moved, rows there were)."""
    for field in _links():
        rows = field.model._base_manager.filter(**{field.name: merged})
        ids = list(rows.order_by("pk").values_list("pk", flat=True))
        yield field, _moved(field, ids, survivor), len(ids)


def _moved(field: "Field[Any, Any]", ids: list[int], payer: Payer) -> list[int]:
    """Those of the rows that took this payer: all at once where none is in the way, else one by one."""
    try:
        with transaction.atomic():
            field.model._base_manager.filter(pk__in=ids).update(**{field.name: payer})
        return ids
    except IntegrityError:
        return [] if len(ids) == 1 else [pk for pk in ids if _moved(field, [pk], payer)]


def _move_links_back(merge: PayerMerge, survivor: Payer) -> None:
    for field in _links():
        ids = field.model._base_manager.filter(pk__in=merge.moved.get(_key(field), []), **{field.name: survivor})
        _moved(field, list(ids.values_list("pk", flat=True)), merge.merged)
