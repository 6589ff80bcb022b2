"""Records of the registry, staged in `nppes_row`, laid over what we know: checked, told apart, and written by one statement a step.

A record is applied only when its Last Update Date is later than the one we know, so files may come in any order and be sent again. A
deactivation without a name is a record of its own date.
"""

import datetime as dt
from collections.abc import Sequence

from django.db.backends.utils import CursorWrapper

from contacts.importing.bulk import insert_from
from contacts.importing.nppes_bodies import write_bodies
from contacts.importing.nppes_moves import find_moves
from contacts.importing.nppes_texts import as_credential, as_day, as_person, is_npi, phone, read_texts, state
from contacts.importing.outcome import KEPT, MANY, Outcome, RowError
from contacts.importing.specialties import ensure_specialties
from contacts.models import Affiliation, Provider
from contacts.queries import survivor_of

NEVER = "DATE '0001-01-01'"  # a record without a date is older than any other

# What a staged row tells, once its dates are read.
_TOLD = f"""(
    SELECT staged.*, entity <> '2' AS is_person, COALESCE(told_on, deactivated_on, {NEVER}) AS updated_on,
           COALESCE(told_on, deactivated_on) IS NULL AS is_undated, (CASE entity WHEN '2' THEN body ELSE last END) = '' AS is_bare,
           replaced_by <> npi AND {is_npi("replaced_by")} AS is_replaced
    FROM (
        SELECT nppes_row.*, told.day AS told_on, CASE WHEN came_back.day >= left_on.day THEN NULL ELSE left_on.day END AS deactivated_on
        FROM nppes_row
        LEFT JOIN nppes_day told ON told.raw = updated
        LEFT JOIN nppes_day left_on ON left_on.raw = gone
        LEFT JOIN nppes_day came_back ON came_back.raw = back
    ) staged
) told"""  # noqa: S608 - made of constants; values are parameters

_REFUSED = f"""
    CREATE TEMP TABLE nppes_refused ON COMMIT DROP AS
    SELECT * FROM (
        SELECT line, npi, entity, CASE
            WHEN NOT {is_npi("npi")} THEN 'bad npi'
            WHEN entity NOT IN ('1', '2') AND deactivated_on IS NULL THEN 'unknown entity type'
            WHEN is_bare AND deactivated_on IS NULL AND replaced_by = '' THEN 'no name' END AS reason
        FROM {_TOLD}
    ) judged WHERE reason IS NOT NULL
"""  # noqa: S608 - made of constants; values are parameters

_SENTENCES = {
    "bad npi": '"{npi:.20}" is not an NPI: it needs ten digits of which the last is the check digit.',
    "unknown entity type": 'NPI {npi} has the entity type "{entity:.20}"; it must be 1 (a person) or 2 (an organization).',
    "no name": "NPI {npi} has no name.",
}

# Of a number given twice the latest record counts.
_TWICE = f"""
    DELETE FROM nppes_row USING (
        SELECT line, row_number() OVER (
            PARTITION BY npi
            ORDER BY updated_on DESC, is_person DESC, body DESC, last DESC, first DESC, middle DESC, taxonomy DESC, line DESC
        ) AS rank
        FROM {_TOLD} WHERE npi IN (SELECT npi FROM nppes_row GROUP BY npi HAVING count(*) > 1)
    ) ranked WHERE ranked.line = nppes_row.line AND ranked.rank > 1
"""  # noqa: S608

# What is to be written: unknown numbers that are asked for, and known ones of which the record is later.
_ENTRIES = f"""
    CREATE TEMP TABLE nppes_entry ON COMMIT DROP AS
    SELECT told.npi, told.is_person, told.is_bare, told.body, told.last, told.first, told.middle, told.credential,
           left(told.taxonomy, 10) AS taxonomy, {phone("told.phone")} AS phone, told.city, {state("told.state")} AS state,
           told.updated_on, NULLIF(told.updated_on, {NEVER}) AS registry_updated_on, told.deactivated_on,
           provider.id AS provider_id, organization.id AS organization_id
    FROM {_TOLD}
    LEFT JOIN contacts_provider provider ON told.is_person AND provider.npi = told.npi
    LEFT JOIN contacts_organization organization ON NOT told.is_person AND organization.npi = told.npi
    WHERE NOT (told.is_person AND told.is_replaced)
      AND CASE WHEN provider.id IS NOT NULL
               THEN provider.registry_updated_on IS NULL OR told.updated_on > provider.registry_updated_on
               WHEN organization.id IS NOT NULL
               THEN NOT told.is_bare AND told.updated_on > COALESCE(organization.registry_updated_on, {NEVER})
               ELSE NOT told.is_bare END
"""  # noqa: S608

_UNASKED = """
    DELETE FROM nppes_entry WHERE provider_id IS NULL AND organization_id IS NULL AND NOT (
        (%(states)s::text[] = '{}' OR state = ANY(%(states)s))
        AND (%(taxonomies)s::text[] = '{}'
             OR EXISTS (SELECT FROM unnest(%(taxonomies)s::text[]) AS code WHERE starts_with(taxonomy, code))))
"""

_PEOPLE = """
    FROM nppes_entry entry
    LEFT JOIN nppes_person last ON last.raw = entry.last
    LEFT JOIN nppes_person first ON first.raw = entry.first
    LEFT JOIN nppes_person middle ON middle.raw = entry.middle
    LEFT JOIN nppes_credential credential ON credential.raw = entry.credential
    LEFT JOIN contacts_specialty specialty ON specialty.code = entry.taxonomy
"""
_KIND = """CASE
    WHEN starts_with(entry.taxonomy, '363L') THEN 'np' WHEN starts_with(entry.taxonomy, '363A') THEN 'pa'
    WHEN starts_with(entry.taxonomy, '20') OR entry.taxonomy = '' AND split_part(COALESCE(credential.text, ''), ',', 1) IN ('MD', 'DO')
    THEN 'physician' ELSE 'other' END"""
_PERSON = {
    "first_name": "COALESCE(first.text, '')",
    "middle_name": "rtrim(COALESCE(middle.text, ''), '.')",
    "last_name": "COALESCE(last.text, '')",
    "folded_name": "left(COALESCE(last.folded, '') || COALESCE(first.folded, ''), 200)",
    "folded_last": "left(COALESCE(last.folded, ''), 80)",
    "folded_given": "left(COALESCE(first.folded, '') || COALESCE(middle.folded, ''), 160)",
    "credential": "COALESCE(credential.text, '')",
    "kind": _KIND,
}
_REGISTRY = {
    "is_stale": "entry.deactivated_on IS NOT NULL",
    "deactivated_on": "entry.deactivated_on",
    "registry_updated_on": "entry.registry_updated_on",
}


def write_records(cursor: CursorWrapper, outcome: Outcome, *, states: Sequence[str] = (), taxonomies: Sequence[str] = ()) -> None:
    """Everything in `nppes_row`; counts each row."""
    read_texts(cursor, "nppes_day", "day date", as_day, of=("updated", "gone", "back"))
    refused = _refuse(cursor, outcome)
    cursor.execute(f"SELECT count(*), count(*) FILTER (WHERE is_undated) FROM {_TOLD}")  # noqa: S608
    valid, outcome.findings["no update date"] = cursor.fetchone()
    cursor.execute(_TWICE)
    outcome.findings["npi given twice"] = cursor.rowcount
    _make(cursor, "nppes_entry", _ENTRIES)
    cursor.execute(_UNASKED, {"states": list(states), "taxonomies": list(taxonomies)})
    outcome.findings["outside the states or specialties chosen"] = left_out = cursor.rowcount
    cursor.execute("CREATE UNIQUE INDEX ON nppes_entry (npi)")
    cursor.execute("ANALYZE nppes_entry")
    find_moves(cursor, outcome, told=_TOLD)  # before what we hold is written over
    before = outcome.new + outcome.changed + outcome.rejected.total() - refused
    _write_people(cursor, outcome)
    write_bodies(cursor, outcome)
    _write_replaced(cursor, outcome)
    written = outcome.new + outcome.changed + outcome.rejected.total() - refused - before
    outcome.unchanged += valid - left_out - written
    outcome.findings = +outcome.findings


def _make(cursor: CursorWrapper, table: str, sql: str) -> None:
    cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{table}")
    cursor.execute(sql)


def _refuse(cursor: CursorWrapper, outcome: Outcome) -> int:
    """Count and tell the rows that are no records, and take them out; returns how many."""
    _make(cursor, "nppes_refused", _REFUSED)
    cursor.execute("SELECT reason, count(*) FROM nppes_refused GROUP BY reason")
    counts = dict(cursor.fetchall())
    if counts:
        cursor.execute("SELECT line, npi, entity, reason FROM nppes_refused ORDER BY line LIMIT %s", [KEPT])
        for line, npi, entity, reason in cursor.fetchall():
            outcome.reject(line, RowError(reason, _SENTENCES[reason].format(npi=npi[:20], entity=entity)))
            counts[reason] -= 1
        outcome.rejected.update(counts)  # those that are only counted
        cursor.execute("DELETE FROM nppes_row USING nppes_refused WHERE nppes_refused.line = nppes_row.line")
    return outcome.rejected.total()


def _write_people(cursor: CursorWrapper, outcome: Outcome) -> None:
    cursor.execute(
        f"""SELECT count(*) FROM {_TOLD} WHERE is_person AND is_bare AND NOT is_replaced
            AND NOT EXISTS (SELECT FROM contacts_provider provider WHERE provider.npi = told.npi)"""  # noqa: S608
    )
    outcome.findings["deactivated and not ours"] += cursor.fetchone()[0]
    cursor.execute("SELECT DISTINCT taxonomy FROM nppes_entry WHERE is_person")
    ensure_specialties(code for (code,) in cursor.fetchall())
    names = ("last", "first", "middle", "city")
    read_texts(cursor, "nppes_person", "text text, folded text", as_person, of=names, source="nppes_entry")
    read_texts(cursor, "nppes_credential", "text text", as_credential, of=("credential",), source="nppes_entry")
    _change_people(cursor, outcome)
    values = {"npi": "entry.npi", "phone": "entry.phone", "specialty_id": "specialty.id", **_PERSON, **_REGISTRY}
    cursor.execute(*insert_from(Provider, values, f"{_PEOPLE} WHERE entry.is_person AND entry.provider_id IS NULL"))
    outcome.new += cursor.rowcount
    cursor.execute("SELECT count(*) FROM nppes_entry WHERE is_person AND provider_id IS NULL AND deactivated_on IS NOT NULL")
    outcome.findings["deactivated"] += cursor.fetchone()[0]


def _change_people(cursor: CursorWrapper, outcome: Outcome) -> None:
    """A number that somebody found out goes before the registry's phone; a bare record tells only whether the number stands."""
    kept = {
        **{name: f"CASE WHEN entry.is_bare THEN known.{name} ELSE {value} END" for name, value in _PERSON.items()},
        "specialty_id": "CASE WHEN entry.is_bare THEN known.specialty_id ELSE COALESCE(specialty.id, known.specialty_id) END",
        "phone": "CASE WHEN entry.is_bare OR known.phone <> '' THEN known.phone ELSE entry.phone END",
        **_REGISTRY,
    }
    told = ", ".join(f"{value} AS {name}" for name, value in kept.items())
    sets, ours, theirs = (", ".join(pattern.format(name) for name in kept) for pattern in ("{0} = told.{0}", "provider.{}", "told.{}"))
    _make(
        cursor,
        "nppes_changed",
        f"""CREATE TEMP TABLE nppes_changed ON COMMIT DROP AS
            SELECT known.id, {told} {_PEOPLE} JOIN contacts_provider known ON known.id = entry.provider_id""",
    )
    cursor.execute(
        f"""DELETE FROM nppes_changed told USING contacts_provider provider
            WHERE provider.id = told.id AND ({ours}) IS NOT DISTINCT FROM ({theirs})"""  # noqa: S608
    )
    cursor.execute(f"UPDATE contacts_provider provider SET {sets} FROM nppes_changed told WHERE provider.id = told.id")  # noqa: S608
    outcome.changed += cursor.rowcount
    cursor.execute("SELECT count(*) FROM nppes_changed WHERE is_stale")
    outcome.findings["deactivated"] += cursor.fetchone()[0]
    cursor.execute("SELECT id FROM nppes_changed LIMIT %s", [MANY + 1])  # no fact can speak of the new ones yet
    outcome.providers.update(pk for (pk,) in cursor.fetchall())


def _write_replaced(cursor: CursorWrapper, outcome: Outcome) -> None:
    """A replaced number goes stale, and whoever worked under it works under the new one. Past facts stay where they are."""
    replaced = f"FROM {_TOLD} LEFT JOIN contacts_provider known ON known.npi = told.npi WHERE told.is_person AND told.is_replaced"
    cursor.execute(f"SELECT count(*) {replaced}")
    outcome.findings["replaced npi"] += cursor.fetchone()[0]
    cursor.execute(
        f"""SELECT known.id, told.replaced_by, told.deactivated_on, NULLIF(told.updated_on, {NEVER})
            {replaced} AND NOT known.is_stale ORDER BY told.npi"""
    )
    for pk, npi, deactivated_on, updated_on in cursor.fetchall():
        _replace(Provider.objects.get(pk=pk), npi, deactivated_on, updated_on, outcome)


def _replace(old: Provider, npi: str, deactivated_on: dt.date | None, updated_on: dt.date | None, outcome: Outcome) -> None:
    old.is_stale, old.deactivated_on = True, deactivated_on
    old.registry_updated_on = updated_on or old.registry_updated_on
    old.save(update_fields=["is_stale", "deactivated_on", "registry_updated_on"])
    successor = Provider.objects.filter(npi=npi).first() or _successor(old, npi)
    if (merged_into := survivor_of(Provider, successor.pk)) is not None:
        successor = Provider.objects.get(pk=merged_into)
    if successor != old:
        _hand_over(old, successor)
    outcome.providers.update((old.pk, successor.pk))
    outcome.count(new=False, changed=True)


def _successor(old: Provider, npi: str) -> Provider:
    """The same person under the new number, until its own record comes."""
    kept = {name: getattr(old, name) for name in (*_PERSON, "specialty_id", "phone")}
    return Provider.objects.create(npi=npi, **kept)


def _hand_over(old: Provider, successor: Provider) -> None:
    held = set(successor.affiliations.open().values_list("practice_id", flat=True))
    has_primary = successor.affiliations.open().filter(is_primary=True).exists()
    for affiliation in old.affiliations.open().exclude(practice__in=held):
        affiliation.provider, affiliation.is_primary = successor, affiliation.is_primary and not has_primary
        affiliation.save(update_fields=["provider", "is_primary"])
    Affiliation.objects.filter(provider=old, ended_on=None).delete()
