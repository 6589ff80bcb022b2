"""Referrals that came before what we know now: their names are asked again, and what is matched otherwise is written and derived.

All of them after an import of contacts; after a decision about words those that have these words; after a merge, or its undoing, those of
the records merged and those that waited for somebody of this name.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

from contacts.matching import Words
from contacts.models import Organization, OrganizationMerge, Provider, ProviderMerge, WordsKind
from referrals.deriving import lock_facts, settle, touch
from referrals.importing.resolving import DESTINATION, PERFORMER, REFERRER, RESOLVED, ask, keep
from referrals.importing.staging import PERCENT, Progress
from referrals.rollups import FACTS

_MERGES: dict[str, type[ProviderMerge] | type[OrganizationMerge]] = {"providers": ProviderMerge, "organizations": OrganizationMerge}
_COLUMNS = {ProviderMerge: ("provider_id", "performer_id"), OrganizationMerge: ("destination_id",)}
_CONCERNED = {
    "all": "true",
    "words": "id IN (SELECT id FROM asked)",
    "providers": """provider_id = ANY(%(ids)s) OR performer_id = ANY(%(ids)s)
        OR (provider_id IS NULL AND (referring_name <> '' OR referring_npi <> ''))
        OR (performer_id IS NULL AND (performing_name <> '' OR performing_npi <> ''))""",
    "organizations": "destination_id = ANY(%(ids)s) OR (destination_id IS NULL AND destination_name <> '')",
}


def rematch(concerned: str = "all", which: Sequence[Any] = (), *, progress: Progress) -> int:
    """Resolve names with the contacts of today; returns how much changed.

    `concerned` is "all", "words" (`which` holds kind, NPI, name, office and ZIP of each), "providers" or "organizations" (`which` is the
    number of their merge, which stands or was taken back).
    """
    merge = _MERGES[concerned].objects.get(pk=which[0]) if concerned in _MERGES else None
    with connection.cursor() as cursor:
        lock_facts(cursor)
        progress(0, PERCENT, "Matching providers, practices and destinations again")
        anew = _choose(cursor, [Words(*parts) for parts in which]) if concerned == "words" else set()
        _copy(cursor, _CONCERNED[concerned], [_last(merge.survivor), merge.survivor_id, merge.merged_id] if merge else [])
        if merge and merge.unmerged_at:
            ask(cursor, table="again", as_if={type(merge.survivor): (merge.merged_id, merge.survivor_id)})
            _part(cursor, merge)
        else:
            ask(cursor, table="again")
        keep(cursor, table="again", anew=anew)
        if merge and not merge.unmerged_at:
            _join(cursor, merge)
        progress(50, PERCENT, "Writing what is matched now")
        return _write(cursor, progress)


def words_in_use(cursor: CursorWrapper) -> set[str]:
    """The keys of all words that referrals have: what an alias may be asked for."""
    keys: set[str] = set()
    for columns, named in (
        (REFERRER, (lambda npi, name, org, zip_: Words(WordsKind.PROVIDER, npi, name, org, zip_),
                    lambda _npi, _name, org, zip_: Words(WordsKind.PRACTICE, "", org, "", zip_))),
        (PERFORMER, (lambda npi, name: Words(WordsKind.PROVIDER, npi, name),)),
        (DESTINATION, (lambda name: Words(WordsKind.ORGANIZATION, "", name),)),
    ):  # fmt: skip
        cursor.execute(f"SELECT DISTINCT {', '.join(columns)} FROM {FACTS}")  # noqa: S608 - our own names
        keys.update(name(*row).key for row in cursor.fetchall() for name in named)
    return keys


def _copy(cursor: CursorWrapper, condition: str, ids: list[int]) -> None:
    """`again`: the words of the referrals concerned."""
    words = ", ".join(("id", "referrer_named", *REFERRER, *PERFORMER, *DESTINATION, *(f"NULL::bigint AS {name}" for name in RESOLVED)))
    cursor.execute("DROP TABLE IF EXISTS pg_temp.again")
    cursor.execute(
        f"CREATE TEMP TABLE again ON COMMIT DROP AS SELECT {words} FROM {FACTS} WHERE {condition}",  # noqa: S608
        {"ids": ids},
    )
    cursor.execute("ANALYZE again")


def _write(cursor: CursorWrapper, progress: Progress) -> int:
    found_now = ", ".join(f"{name} = a.{name}" for name in RESOLVED)
    differs = f"({', '.join(f'r.{name}' for name in RESOLVED)}) IS DISTINCT FROM ({', '.join(f'a.{name}' for name in RESOLVED)})"
    if not (found := touch(cursor, f"SELECT r.id FROM {FACTS} r JOIN again a USING (id) WHERE {differs}")):  # noqa: S608
        return 0
    cursor.execute(f"UPDATE {FACTS} r SET {found_now} FROM again a JOIN touched USING (id) WHERE r.id = a.id")  # noqa: S608
    progress(60, PERCENT, f"{found:,} referrals are matched otherwise now and derived")
    return settle(cursor) + found


def _join(cursor: CursorWrapper, merge: ProviderMerge | OrganizationMerge) -> None:
    """Matches of before that no words lead to today follow the merge too; which ones is remembered, for the way back."""
    kept: dict[str, list[int]] = dict(merge.moved.get("kept", {}))
    for column in _COLUMNS[type(merge)]:
        cursor.execute(f"UPDATE again SET {column} = %s WHERE {column} = %s RETURNING id", [_last(merge.survivor), merge.merged_id])  # noqa: S608
        if ids := [pk for (pk,) in cursor.fetchall()]:
            kept[column] = [*kept.get(column, []), *ids]
    if kept != merge.moved.get("kept", {}):
        merge.moved = {**merge.moved, "kept": kept}
        merge.save(update_fields=["moved"])


def _part(cursor: CursorWrapper, merge: ProviderMerge | OrganizationMerge) -> None:
    """What followed the merge without words goes back, unless words lead somewhere today."""
    for column, ids in merge.moved.get("kept", {}).items():
        cursor.execute(
            f"""UPDATE again a SET {column} = %s FROM {FACTS} r
                WHERE r.id = a.id AND a.id = ANY(%s) AND a.{column} IS NULL AND r.{column} = %s""",  # noqa: S608 - our own names
            [merge.merged_id, ids, _last(merge.survivor)],
        )


def _last(survivor: Provider | Organization) -> int:
    """The end of the chain: the survivor may have been merged since."""
    while survivor.merged_into:
        survivor = survivor.merged_into
    return survivor.pk


def _choose(cursor: CursorWrapper, asked: Sequence[Words]) -> set[str]:
    """`asked`: the referrals with these words, spelled in any way that an alias forgives; returns the columns that the words decide."""
    cursor.execute("DROP TABLE IF EXISTS pg_temp.asked")
    cursor.execute("CREATE TEMP TABLE asked (id bigint PRIMARY KEY) ON COMMIT DROP")
    decided: set[str] = set()
    providers = [words for words in asked if words.kind == WordsKind.PROVIDER]
    practices = [words for words in asked if words.kind == WordsKind.PRACTICE]
    destinations = [words for words in asked if words.kind == WordsKind.ORGANIZATION]
    performers = [words for words in providers if not (words.office or words.zip)]
    if providers:
        decided.add("provider_id")
        _add(cursor, providers, REFERRER, lambda npi, name, org, zip_: Words(WordsKind.PROVIDER, npi, name, org, zip_))
    if performers:
        decided.add("performer_id")
        _add(cursor, performers, PERFORMER, lambda npi, name: Words(WordsKind.PROVIDER, npi, name))
    if practices:  # a practice is evidence for who works there
        decided |= {"named_practice_id", "provider_id"}
        _add(cursor, practices, REFERRER[2:], lambda org, zip_: Words(WordsKind.PRACTICE, name=org, zip=zip_))
    if destinations:
        decided.add("destination_id")
        _add(cursor, destinations, DESTINATION, lambda name: Words(WordsKind.ORGANIZATION, name=name))
    return decided


def _add(cursor: CursorWrapper, asked: Sequence[Words], columns: tuple[str, ...], read: Any) -> None:
    """One pass over the facts, narrowed by what is written in one way only; names are compared as an alias compares them."""
    exact = {"referring_npi": "npi", "performing_npi": "npi", "referring_zip": "zip"}
    narrow = [(column, sorted({getattr(words, exact[column]) for words in asked})) for column in columns if column in exact]
    condition = " AND ".join(f"{column} = ANY(%s)" for column, _ in narrow) or "true"
    some = " OR ".join(f"{column} <> ''" for column in columns)
    names = ", ".join(columns)
    cursor.execute(
        f"SELECT DISTINCT {names} FROM {FACTS} WHERE ({some}) AND {condition}",  # noqa: S608 - our own names
        [texts for _, texts in narrow],
    )
    keys = {words.key for words in asked}
    if spelled := [row for row in cursor.fetchall() if read(*row).key in keys]:
        cursor.execute(
            f"INSERT INTO asked SELECT id FROM {FACTS} WHERE ({names}) IN %s ON CONFLICT DO NOTHING",  # noqa: S608
            [tuple(spelled)],
        )
