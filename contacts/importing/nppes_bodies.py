"""Organizations among the registry's records. Names stand once with us: bodies that share one are told apart by place, else by number."""

from django.db.backends.utils import CursorWrapper

from contacts.importing.bulk import insert_from
from contacts.importing.nppes_texts import BODY, BODY_COLUMNS, PLACE, as_body, read_texts
from contacts.importing.outcome import KEPT, MANY, Outcome, RowError
from contacts.models import Organization

# Of those whose number is new, the first of a name (by number) takes over who is known by the name alone, or gets the plain name.
_UNKNOWN = """
    CREATE TEMP TABLE nppes_body ON COMMIT DROP AS
    SELECT entry.npi, entry.phone, COALESCE(town.text, '') AS city, entry.state, entry.registry_updated_on, name.text AS name,
           name.folded, name.folded_place || COALESCE(town.folded, entry.npi) AS folded_place,
           name.folded_number || entry.npi AS folded_number,
           namesake.id AS namesake_id, namesake.npi = '' AND namesake.merged_into_id IS NULL AS is_free,
           row_number() OVER (PARTITION BY name.folded ORDER BY entry.npi) AS rank
    FROM nppes_entry entry
    JOIN nppes_name name ON name.raw = entry.body
    LEFT JOIN nppes_person town ON town.raw = entry.city
    LEFT JOIN contacts_organization namesake ON namesake.folded_name = name.folded
    WHERE NOT entry.is_person AND entry.organization_id IS NULL
"""
_CHANGED = """
    UPDATE contacts_organization organization
    SET npi = told.npi, phone = CASE WHEN organization.phone = '' THEN told.phone ELSE organization.phone END,
        city = told.city, state = told.state, registry_updated_on = told.registry_updated_on
"""
_KNOWN = f"""{_CHANGED}
    FROM (SELECT entry.organization_id, entry.npi, entry.phone, COALESCE(town.text, '') AS city, entry.state, entry.registry_updated_on
          FROM nppes_entry entry LEFT JOIN nppes_person town ON town.raw = entry.city WHERE entry.organization_id IS NOT NULL) told
    WHERE organization.id = told.organization_id RETURNING organization.id
"""  # noqa: S608 - made of constants
_TAKEN_OVER = f"""{_CHANGED}
    FROM nppes_body told WHERE told.namesake_id = organization.id AND told.is_free AND told.rank = 1 RETURNING organization.id
"""
_SAME = {name: f"told.{name}" for name in ("npi", "phone", "city", "state", "registry_updated_on")}
# How a new one is called, in the order of trying: (name, folded name, who is asked)
_NAMES = (
    ("told.name", "told.folded", "FROM nppes_body told WHERE told.rank = 1 AND told.namesake_id IS NULL"),
    (
        f"left(told.name, {PLACE}) || ' (' || COALESCE(NULLIF(told.city, ''), told.npi) || ')'",
        f"left(told.folded_place, {BODY})",
        """FROM (SELECT DISTINCT ON (folded_place) * FROM nppes_body ORDER BY folded_place, npi) told""",
    ),
    (f"left(told.name, {BODY - 20}) || ' (' || told.npi || ')'", f"left(told.folded_number, {BODY})", "FROM nppes_body told WHERE true"),
)


def write_bodies(cursor: CursorWrapper, outcome: Outcome) -> None:
    """The organizations of `nppes_entry`; those known keep their name and what people found out."""
    read_texts(cursor, "nppes_name", BODY_COLUMNS, as_body, of=("body",), source="nppes_entry")
    cursor.execute("DROP TABLE IF EXISTS pg_temp.nppes_body")
    cursor.execute(_UNKNOWN)
    for sql in (_KNOWN, _TAKEN_OVER):
        cursor.execute(sql)
        outcome.changed += cursor.rowcount
        _remember(cursor, outcome)
    cursor.execute("DELETE FROM nppes_body WHERE is_free AND rank = 1")
    for step, (name, folded, source) in enumerate(_NAMES):
        values = {**_SAME, "name": name, "folded_name": folded}
        sql, defaults = insert_from(Organization, values, f"{source} ON CONFLICT (folded_name) DO NOTHING RETURNING id, npi")
        taken_out = "DELETE FROM nppes_body USING made WHERE nppes_body.npi = made.npi"
        cursor.execute(f"WITH made AS ({sql}), gone AS ({taken_out}) SELECT id FROM made", defaults)  # noqa: S608
        outcome.new += cursor.rowcount
        outcome.findings["name used twice"] += cursor.rowcount if step else 0
        _remember(cursor, outcome)
    cursor.execute("SELECT npi, name FROM nppes_body ORDER BY npi LIMIT %s", [KEPT])
    for npi, name in cursor.fetchall():
        outcome.reject(
            0, RowError("name taken", f"NPI {npi}: another organization is called {name[:80]} ({npi}) already. Rename that one.")
        )
    outcome.findings = +outcome.findings


def _remember(cursor: CursorWrapper, outcome: Outcome) -> None:
    """The keys of a few; of many, that they are many is enough."""
    for (pk,) in cursor.fetchmany(max(0, MANY + 1 - len(outcome.organizations))):
        outcome.organizations.add(pk)
