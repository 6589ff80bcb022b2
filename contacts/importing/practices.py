"""Who works where: practice, address, zip, provider_npi; a line per provider. The practice given first for a provider is the primary one.

A provider whom nobody knows yet is made by the NPI alone; the name comes with the registry's file. Nothing is ended by being left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from common.names import fold
from common.npi import is_valid_npi
from common.places import city_of, county_of, is_zip
from common.tables import Table
from contacts.finding.words import fold_names
from contacts.importing.bulk import write_back
from contacts.importing.cells import Columns, read_zip
from contacts.importing.outcome import Outcome, Progress, RowError
from contacts.matching.directory import survivors
from contacts.models import Affiliation, Practice, Provider

NAME = "a list of practices"
OPTIONAL = {"address": 200, "city": 80, "phone": 40, "fax": 40}
_FIELDS = ("zip", "county", "state", *OPTIONAL)
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    practice: str
    zip: str
    npi: str
    details: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        return fold(self.practice)[:200], self.zip


class Parser:
    """Cells to a line, or to the reason why not. Pure."""

    def __init__(self, headers: Sequence[str]) -> None:
        self._columns = Columns(headers, required=("practice", "zip", "provider_npi"), kind=NAME)

    def __call__(self, values: Sequence[str]) -> Line | RowError:
        practice, zip_text, npi = (self._columns.get(values, name) for name in ("practice", "zip", "provider_npi"))
        if not fold(practice):
            return RowError("no practice", "The practice has no name.")
        if zip_text and not read_zip(zip_text):
            return RowError("bad zip", f'"{zip_text[:20]}" is not a ZIP code: it needs five digits.')
        if npi and not is_valid_npi(npi):
            return RowError("bad npi", f'"{npi[:20]}" is not an NPI: it needs ten digits of which the last is the check digit.')
        details = {name: text[:length] for name, length in OPTIONAL.items() if (text := self._columns.get(values, name))}
        return Line(practice[:200], read_zip(zip_text), npi, details)


def load(table: Table, outcome: Outcome, progress: Progress | None = None) -> None:
    """Read the whole table, then make practices, providers and affiliations. A list of who works where fits into memory."""
    parse = Parser(table.headers)
    lines: list[Line] = []
    for number, values in outcome.read(table, progress):
        line = parse(values)
        if isinstance(line, RowError):
            outcome.reject(number, line)
        else:
            lines.append(line)
    practices, new_practices, changed_practices = _ensure_practices(lines, outcome)
    providers = _ensure_providers(lines, outcome)
    joined = _ensure_affiliations(lines, practices, providers)
    told: set[Key] = set()
    for line in lines:
        is_first = line.key not in told
        told.add(line.key)
        joins = (line.key, line.npi) in joined
        joined.discard((line.key, line.npi))
        outcome.count(new=joins or (is_first and line.key in new_practices), changed=is_first and line.key in changed_practices)
        if joins:
            outcome.providers.add(providers[line.npi])
            outcome.practices.add(practices[line.key])


def _ensure_practices(lines: list[Line], outcome: Outcome) -> tuple[dict[Key, int], set[Key], set[Key]]:
    known: dict[Key, Practice] = {}
    without_zip: dict[str, list[Practice]] = {}
    offices: dict[str, list[Practice]] = {}
    for office in Practice.objects.filter(folded_name__in={line.key[0] for line in lines}):
        known[office.folded_name, office.zip] = office
        offices.setdefault(office.folded_name, []).append(office)
        if not office.zip:
            without_zip.setdefault(office.folded_name, []).append(office)
    new: dict[Key, Practice] = {}
    changed: dict[Key, Practice] = {}
    seen: dict[Key, Line] = {}
    for line in lines:
        key = line.key
        if key in seen:
            outcome.findings["address given twice"] += line.details.get("address", "") != seen[key].details.get("address", "")
            continue
        seen[key] = line
        practice = known.get(key)
        if practice is None and line.zip and without_zip.get(key[0]):
            practice = known[key] = without_zip[key[0]].pop()  # the roster named it before we knew where it is
        if practice is None and not line.zip and len(offices.get(key[0], ())) == 1:
            practice = known[key] = offices[key[0]][0]
        if practice is None:
            practice = known[key] = new[key] = Practice(name=line.practice, folded_name=key[0])
        if _write(practice, line) and key not in new:
            changed[key] = practice
        outcome.findings["archived practice"] += practice.archived_at is not None
        outcome.findings["unknown zip"] += bool(line.zip) and not is_zip(line.zip)
    outcome.findings = +outcome.findings
    Practice.objects.bulk_create(new.values(), batch_size=2000)
    write_back(list(changed.values()), _FIELDS)
    touched = {practice.pk for practice in [*new.values(), *changed.values()]}
    outcome.practices |= touched
    outcome.unplaced |= touched
    return {key: known[key].pk for key in seen}, set(new), set(changed)


def _write(practice: Practice, line: Line) -> bool:
    """Store what the line says; blanks erase nothing. True when anything is different afterwards."""
    wanted = dict(line.details)
    if line.zip and line.zip != practice.zip:
        county = county_of(line.zip)
        wanted = {"city": city_of(line.zip), **wanted, "zip": line.zip, "county": county, "state": county[:2]}
    different = {name: value for name, value in wanted.items() if getattr(practice, name) != value}
    for name, value in different.items():
        setattr(practice, name, value)
    return bool(different)


def _ensure_providers(lines: list[Line], outcome: Outcome) -> dict[str, int]:
    wanted = dict.fromkeys(line.npi for line in lines if line.npi)
    one = survivors(Provider.objects.exclude(merged_into=None).values_list("pk", "merged_into"))
    known = {npi: one.get(pk, pk) for npi, pk in Provider.objects.filter(npi__in=wanted).values_list("npi", "pk")}
    unknown = [npi for npi in wanted if npi not in known]
    made = Provider.objects.bulk_create([fold_names(Provider(npi=npi, last_name=f"NPI {npi}")) for npi in unknown], batch_size=2000)
    if made:
        outcome.findings["provider not known yet"] += len(made)
    return known | {provider.npi: provider.pk for provider in made}


def _ensure_affiliations(lines: list[Line], practices: dict[Key, int], providers: dict[str, int]) -> set[tuple[Key, str]]:
    """Make what is missing; returns which (practice, provider) are new."""
    held = Affiliation.objects.open().filter(provider__in=set(providers.values())).values_list("provider_id", "practice_id", "is_primary")
    pairs, with_primary = set(), set()
    for provider, practice, is_primary in held:
        pairs.add((provider, practice))
        if is_primary:
            with_primary.add(provider)
    new: list[Affiliation] = []
    joined: set[tuple[Key, str]] = set()
    for line in lines:
        if not line.npi or (pair := (providers[line.npi], practices[line.key])) in pairs:
            continue
        pairs.add(pair)
        joined.add((line.key, line.npi))
        new.append(Affiliation(provider_id=pair[0], practice_id=pair[1], is_primary=pair[0] not in with_primary))
        with_primary.add(pair[0])
    Affiliation.objects.bulk_create(new, batch_size=2000)
    return joined
