"""Other names and further locations of those whom we hold, staged in `nppes_row`."""

from django.db.backends.utils import CursorWrapper

from contacts.importing.bulk import insert_from
from contacts.importing.nppes_texts import BODY_COLUMNS, as_body, as_person, as_zip, is_npi, phone, read_texts, state
from contacts.importing.outcome import KEPT, Outcome, RowError
from contacts.models import NameKind, ProviderLocation, ProviderName

_PERSON_KINDS = {"1": NameKind.FORMER, "2": NameKind.PROFESSIONAL}
_BODY_KINDS = {"3": NameKind.DBA, "4": NameKind.FORMER}

# The owner of each row: whom the number belongs to, a person or a body.
_OWNED = """
    FROM nppes_row staged
    LEFT JOIN contacts_provider provider ON provider.npi = staged.npi
    LEFT JOIN contacts_organization organization ON organization.npi = staged.npi AND provider.id IS NULL
"""
_IS_OURS = "(provider.id IS NOT NULL OR organization.id IS NOT NULL)"


def _word(column: str, kinds: dict[str, NameKind]) -> str:
    known = " ".join(f"WHEN '{code}' THEN '{kind.value}'" for code, kind in kinds.items())
    return f"CASE {column} {known} ELSE '{NameKind.OTHER.value}' END"


def write_names(cursor: CursorWrapper) -> int:
    """Keep other names that differ from the name we have; returns how many are new. A name that somebody had is never taken away."""
    read_texts(cursor, "nppes_called", "text text, folded text", as_person, of=("other_last", "other_first"))
    read_texts(cursor, "nppes_known_as", BODY_COLUMNS, as_body, of=("other_body",))
    made = 0
    for owner, name, folded, kind, source in (
        (
            "provider",
            "COALESCE(first.text || ' ', '') || last.text",
            "left(last.folded || COALESCE(first.folded, ''), 200)",
            _word("staged.other_last_kind", _PERSON_KINDS),
            "JOIN nppes_called last ON last.raw = staged.other_last LEFT JOIN nppes_called first ON first.raw = staged.other_first",
        ),
        (
            "organization",
            "name.text",
            "name.folded",
            _word("staged.other_body_kind", _BODY_KINDS),
            "JOIN nppes_known_as name ON name.raw = staged.other_body",
        ),
    ):
        values = {f"{owner}_id": "owner.id", "name": f"left({name}, 200)", "folded_name": folded, "kind": kind}
        source = f"""FROM nppes_row staged JOIN contacts_{owner} owner ON owner.npi = staged.npi {source}
                     WHERE {folded} NOT IN ('', owner.folded_name) ON CONFLICT ({owner}_id, folded_name) DO NOTHING"""
        cursor.execute(*insert_from(ProviderName, values, source))
        made += cursor.rowcount
    return made


def load_names(cursor: CursorWrapper, outcome: Outcome) -> None:
    """A file of other names; counts each row."""
    rows = _check(cursor, outcome)
    new = write_names(cursor)
    outcome.new += new
    outcome.unchanged += rows - new


_PLACES = f"""
    CREATE TEMP TABLE nppes_place ON COMMIT DROP AS
    SELECT DISTINCT ON (provider_id, organization_id, folded_address, zip) * FROM (
        SELECT staged.line, provider.id AS provider_id, organization.id AS organization_id,
               left(address.text || COALESCE(', ' || more.text, ''), 200) AS address,
               left(address.folded || COALESCE(more.folded, ''), 200) AS folded_address,
               COALESCE(town.text, '') AS city, {state("staged.state")} AS state, COALESCE(zip.text, '') AS zip,
               {phone("staged.phone")} AS phone, {phone("staged.fax")} AS fax
        {_OWNED}
        JOIN nppes_street address ON address.raw = staged.address
        LEFT JOIN nppes_street more ON more.raw = staged.address_more
        LEFT JOIN nppes_town town ON town.raw = staged.city
        LEFT JOIN nppes_zip zip ON zip.raw = staged.zip
        WHERE {_IS_OURS}
    ) places
    ORDER BY provider_id, organization_id, folded_address, zip, line DESC
"""  # noqa: S608 - made of constants
# Of whom the file speaks, it tells all: a place that it leaves out is none any more. Found by index, one owner at a time.
_GONE = """
    DELETE FROM contacts_providerlocation known USING (SELECT DISTINCT {owner}_id FROM nppes_place) told
    WHERE known.{owner}_id = told.{owner}_id AND NOT EXISTS (
        SELECT FROM nppes_place place
        WHERE place.{owner}_id = known.{owner}_id AND place.folded_address = known.folded_address AND place.zip = known.zip)
"""
_CHANGED = """
    UPDATE contacts_providerlocation known
    SET address = place.address, city = place.city, state = place.state, phone = place.phone, fax = place.fax
    FROM nppes_place place
    WHERE place.{owner}_id = known.{owner}_id AND place.folded_address = known.folded_address AND place.zip = known.zip
      AND (place.address, place.city, place.state, place.phone, place.fax)
          IS DISTINCT FROM (known.address, known.city, known.state, known.phone, known.fax)
"""


def load_locations(cursor: CursorWrapper, outcome: Outcome) -> None:
    """A file of practice locations; counts each row."""
    rows = _check(cursor, outcome)
    read_texts(cursor, "nppes_street", BODY_COLUMNS, as_body, of=("address", "address_more"))
    read_texts(cursor, "nppes_town", "text text, folded text", as_person, of=("city",))
    read_texts(cursor, "nppes_zip", "text text", as_zip, of=("zip",))
    cursor.execute("DROP TABLE IF EXISTS pg_temp.nppes_place")
    cursor.execute(_PLACES)
    cursor.execute("ANALYZE nppes_place")
    changed = 0
    for owner in ("provider", "organization"):
        cursor.execute(_GONE.format(owner=owner))
        outcome.findings["location that is gone"] += cursor.rowcount
        cursor.execute(_CHANGED.format(owner=owner))
        changed += cursor.rowcount
    told = ("provider_id", "organization_id", "address", "folded_address", "city", "state", "zip", "phone", "fax")
    values = {name: f"place.{name}" for name in told}
    cursor.execute(*insert_from(ProviderLocation, values, "FROM nppes_place place ON CONFLICT DO NOTHING"))
    outcome.new += cursor.rowcount
    outcome.changed += changed
    outcome.unchanged += rows - cursor.rowcount - changed
    outcome.findings = +outcome.findings


def _check(cursor: CursorWrapper, outcome: Outcome) -> int:
    """Refuse rows without a number, pass over those of others; returns how many remain."""
    cursor.execute(f"DELETE FROM nppes_row WHERE NOT {is_npi('npi')} RETURNING line, npi")  # noqa: S608
    bad = cursor.rowcount
    for line, npi in cursor.fetchmany(KEPT):
        sentence = f'"{npi[:20]}" is not an NPI: it needs ten digits of which the last is the check digit.'
        outcome.reject(line, RowError("bad npi", sentence))
        bad -= 1
    outcome.rejected.update({"bad npi": bad} if bad > 0 else {})
    cursor.execute(f"SELECT count(*), count(*) FILTER (WHERE NOT {_IS_OURS}) {_OWNED}")
    rows, others = cursor.fetchone()
    if others:
        outcome.findings["of somebody who is not in our list"] += others
    return int(rows - others)
