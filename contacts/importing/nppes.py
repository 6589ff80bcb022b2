"""The national provider registry (NPPES): people become providers, entity type 2 becomes organizations. Read by header, streamed.

A record is applied only when its Last Update Date is later than the one we know, so files may come in any order and be sent again.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from common.names import fold
from common.npi import is_valid_npi
from common.tables import Table
from contacts.importing.bulk import write_back
from contacts.importing.cells import Columns, read_day
from contacts.importing.outcome import Outcome, Progress, RowError
from contacts.importing.specialties import ensure_specialties
from contacts.importing.spelling import organization_case, person_case
from contacts.models import Affiliation, Organization, Provider, ProviderKind

NAME = "a registry file (NPPES)"
BATCH = 5000
TAXONOMIES = 15

_NPI, _TYPE, _LAST, _FIRST = "NPI", "Entity Type Code", "Provider Last Name (Legal Name)", "Provider First Name"
_MIDDLE, _CREDENTIAL = "Provider Middle Name", "Provider Credential Text"
_ORGANIZATION = "Provider Organization Name (Legal Business Name)"
_PHONE = "Provider Business Practice Location Address Telephone Number"
_CITY, _STATE = "Provider Business Practice Location Address City Name", "Provider Business Practice Location Address State Name"
_UPDATED, _REPLACED_BY = "Last Update Date", "Replacement NPI"
_GONE, _BACK = "NPI Deactivation Date", "NPI Reactivation Date"
_PERSON_FIELDS = ("first_name", "middle_name", "last_name", "folded_name", "credential", "kind", "specialty_id", "phone",
                  "is_stale", "deactivated_on", "registry_updated_on")  # fmt: skip
_ORGANIZATION_FIELDS = ("name", "folded_name", "npi", "phone", "city", "state", "registry_updated_on")


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One record of the registry. A deactivated number may come with nothing but its date."""

    updated_on: dt.date
    npi: str
    is_person: bool
    last: str = ""
    first: str = ""
    middle: str = ""
    credential: str = ""
    taxonomy: str = ""
    phone: str = ""
    city: str = ""
    state: str = ""
    deactivated_on: dt.date = dt.date.min
    replaced_by: str = ""

    @property
    def is_bare(self) -> bool:
        """Tells only that the number is gone."""
        return not self.last


class Parser:
    """Cells to an entry, or to the reason why not. Pure; never raises for what a row holds."""

    def __init__(self, headers: Sequence[str]) -> None:
        self._columns = Columns(headers, required=(_NPI, _TYPE, _LAST, _FIRST), kind=NAME)
        at = self._columns.position
        codes = [
            (at(f"Healthcare Provider Taxonomy Code_{n}"), at(f"Healthcare Provider Primary Taxonomy Switch_{n}"))
            for n in range(1, TAXONOMIES + 1)
        ]
        self._taxonomies = [(code, switch) for code, switch in codes if code is not None]

    def __call__(self, values: Sequence[str]) -> Entry | RowError:
        def cell(name: str) -> str:
            return self._columns.get(values, name)

        npi, kind = cell(_NPI), cell(_TYPE)
        if not is_valid_npi(npi):
            return RowError("bad npi", f'"{npi[:20]}" is not an NPI: it needs ten digits of which the last is the check digit.')
        updated_on, gone = self._day(values, _UPDATED), self._day(values, _GONE)
        back = self._day(values, _BACK)
        deactivated_on = gone if gone and not (back and back >= gone) else None
        replaced_by = cell(_REPLACED_BY)
        last = organization_case(cell(_ORGANIZATION)) if kind == "2" else person_case(cell(_LAST))
        if kind not in ("1", "2") and not deactivated_on:
            return RowError(
                "unknown entity type", f'NPI {npi} has the entity type "{kind[:20]}"; it must be 1 (a person) or 2 (an organization).'
            )
        if not last and not deactivated_on and not replaced_by:
            return RowError("no name", f"NPI {npi} has no name.")
        return Entry(
            updated_on=updated_on or deactivated_on or dt.date.min,
            npi=npi,
            is_person=kind != "2",
            last=last[:200] if kind == "2" else last[:80],
            first=person_case(cell(_FIRST))[:80],
            middle=person_case(cell(_MIDDLE)).rstrip(".")[:80],
            credential=_credential(cell(_CREDENTIAL)),
            taxonomy=self._taxonomy(values),
            phone=_phone(cell(_PHONE)),
            city=person_case(cell(_CITY))[:80],
            state=cell(_STATE).upper()[:2] if len(cell(_STATE)) == 2 else "",
            deactivated_on=deactivated_on or dt.date.min,
            replaced_by=replaced_by if is_valid_npi(replaced_by) and replaced_by != npi else "",
        )

    def _day(self, values: Sequence[str], name: str) -> dt.date | None:
        text = self._columns.get(values, name)
        return read_day(text) if text else None

    def _taxonomy(self, values: Sequence[str]) -> str:
        """The one marked as primary, else the first."""
        given = [(values[code].strip(), switch is not None and values[switch].strip() == "Y") for code, switch in self._taxonomies]
        codes = [code for code, is_primary in given if code and is_primary] or [code for code, _ in given if code]
        return codes[0][:10] if codes else ""


def _credential(text: str) -> str:
    """M.D. → MD, P.A.-C → PA-C."""
    return text.replace(".", "").strip(" ,;>/")[:40]


def _phone(digits: str) -> str:
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}" if len(digits) == 10 and digits.isdigit() else digits[:40]


def kind_of(taxonomy: str, credential: str = "") -> ProviderKind:
    """What sort of clinician a taxonomy code means; without a code, the credential tells."""
    if taxonomy.startswith("363L"):
        return ProviderKind.NP
    if taxonomy.startswith("363A"):
        return ProviderKind.PA
    if taxonomy.startswith("20") or (not taxonomy and credential.split(",")[0] in ("MD", "DO")):
        return ProviderKind.PHYSICIAN
    return ProviderKind.OTHER


def load(table: Table, outcome: Outcome, progress: Progress | None = None) -> None:
    """Read the table and apply it, a batch at a time."""
    parse = Parser(table.headers)
    batch: dict[str, Entry] = {}
    for line, values in outcome.read(table, progress):
        entry = parse(values)
        if isinstance(entry, RowError):
            outcome.reject(line, entry)
            continue
        if entry.updated_on == dt.date.min:
            outcome.findings["no update date"] += 1
        if earlier := batch.get(entry.npi):
            outcome.findings["npi given twice"] += 1
            outcome.unchanged += 1
            entry = max(earlier, entry)
        batch[entry.npi] = entry
        if len(batch) >= BATCH:
            _apply(list(batch.values()), outcome)
            batch = {}
    _apply(list(batch.values()), outcome)


def _apply(entries: list[Entry], outcome: Outcome) -> None:
    _apply_people([entry for entry in entries if entry.is_person and not entry.replaced_by], outcome)
    _apply_organizations([entry for entry in entries if not entry.is_person], outcome)
    _apply_replaced([entry for entry in entries if entry.is_person and entry.replaced_by], outcome)


def _apply_people(entries: list[Entry], outcome: Outcome) -> None:
    known = {provider.npi: provider for provider in Provider.objects.filter(npi__in=[entry.npi for entry in entries])}
    specialties = ensure_specialties(entry.taxonomy for entry in entries)
    new, changed = [], []
    for entry in entries:
        provider = known.get(entry.npi)
        if provider is None and entry.is_bare:
            outcome.findings["deactivated and not ours"] += 1
            outcome.count(new=False, changed=False)
            continue
        if provider is None:
            provider = Provider(npi=entry.npi)
            new.append(provider)
            outcome.count(new=True, changed=False)
        elif not _is_later(entry, provider.registry_updated_on) or not _differs(provider, entry, specialties):
            outcome.count(new=False, changed=False)
            continue
        else:
            changed.append(provider)
            outcome.count(new=False, changed=True)
        _write(provider, entry, specialties)
        outcome.findings["deactivated"] += provider.is_stale
    Provider.objects.bulk_create(new, batch_size=2000)
    write_back(changed, [field.removesuffix("_id") for field in _PERSON_FIELDS])
    outcome.providers.update(provider.pk for provider in changed)  # no fact can speak of the new ones yet
    outcome.findings = +outcome.findings


def _is_later(entry: Entry, known: dt.date | None) -> bool:
    return known is None or entry.updated_on > known


def _differs(provider: Provider, entry: Entry, specialties: dict[str, int]) -> bool:
    """Whether writing the entry would change anything; its date alone counts as a change."""
    before = [getattr(provider, field) for field in _PERSON_FIELDS]
    copy = Provider(**{field.attname: getattr(provider, field.attname) for field in Provider._meta.concrete_fields})
    _write(copy, entry, specialties)
    return before != [getattr(copy, field) for field in _PERSON_FIELDS]


def _write(provider: Provider, entry: Entry, specialties: dict[str, int]) -> None:
    provider.is_stale = entry.deactivated_on > dt.date.min
    provider.deactivated_on = entry.deactivated_on if provider.is_stale else None
    provider.registry_updated_on = entry.updated_on if entry.updated_on > dt.date.min else None
    if entry.is_bare:
        return
    provider.first_name, provider.middle_name, provider.last_name = entry.first, entry.middle, entry.last
    provider.folded_name = fold(f"{entry.last} {entry.first}")
    provider.credential = entry.credential
    provider.kind = kind_of(entry.taxonomy, entry.credential)
    provider.specialty_id = specialties.get(entry.taxonomy, provider.specialty_id)
    provider.phone = provider.phone or entry.phone  # a number that somebody found out goes before the registry's


def _apply_replaced(entries: list[Entry], outcome: Outcome) -> None:
    """A replaced number goes stale, and whoever worked under it works under the new one. Past facts stay where they are."""
    numbers = {number for entry in entries for number in (entry.npi, entry.replaced_by)}
    known = {provider.npi: provider for provider in Provider.objects.filter(npi__in=numbers)}
    for entry in entries:
        old = known.get(entry.npi)
        outcome.findings["replaced npi"] += 1
        if old is None or old.is_stale:
            outcome.count(new=False, changed=False)
            continue
        if entry.replaced_by not in known:
            known[entry.replaced_by] = _successor(old, entry.replaced_by)
        successor = known[entry.replaced_by]
        old.is_stale, old.deactivated_on = True, entry.deactivated_on if entry.deactivated_on > dt.date.min else None
        old.registry_updated_on = entry.updated_on if entry.updated_on > dt.date.min else old.registry_updated_on
        old.save(update_fields=["is_stale", "deactivated_on", "registry_updated_on"])
        _hand_over(old, successor)
        outcome.providers.update((old.pk, successor.pk))
        outcome.count(new=False, changed=True)


def _successor(old: Provider, npi: str) -> Provider:
    """The same person under the new number, until its own record comes."""
    kept = {field: getattr(old, field) for field in _PERSON_FIELDS if field not in ("is_stale", "deactivated_on", "registry_updated_on")}
    return Provider.objects.create(npi=npi, **kept)


def _hand_over(old: Provider, successor: Provider) -> None:
    held = set(successor.affiliations.open().values_list("practice_id", flat=True))
    has_primary = successor.affiliations.open().filter(is_primary=True).exists()
    for affiliation in old.affiliations.open().exclude(practice__in=held):
        affiliation.provider, affiliation.is_primary = successor, affiliation.is_primary and not has_primary
        affiliation.save(update_fields=["provider", "is_primary"])
    Affiliation.objects.filter(provider=old, ended_on=None).delete()


def _apply_organizations(entries: list[Entry], outcome: Outcome) -> None:
    names = [fold(name) for entry in entries for name in (entry.last, _by_place(entry))]
    wanted = Q(npi__in=[entry.npi for entry in entries]) | Q(folded_name__in=names)
    known = list(Organization.objects.filter(wanted))
    by_npi = {organization.npi: organization for organization in known if organization.npi}
    by_name = {organization.folded_name: organization for organization in known}
    new: list[Organization] = []
    changed: list[Organization] = []
    for entry in sorted(entries, key=lambda entry: entry.npi):
        if entry.is_bare:
            outcome.count(new=False, changed=False)
            continue
        organization = by_npi.get(entry.npi)
        namesake = by_name.get(fold(entry.last))
        if organization is None and namesake is not None and not namesake.npi:
            organization = namesake  # known from the network by its name
        if organization and organization.npi and entry.updated_on <= (organization.registry_updated_on or dt.date.min):
            outcome.count(new=False, changed=False)
            continue
        name = organization.name if organization else entry.last
        if organization is None and namesake is not None:
            name = _told_apart(entry, by_name)
            outcome.findings["name used twice"] += 1
        (changed if organization else new).append(organization := organization or Organization())
        outcome.count(new=organization.pk is None, changed=organization.pk is not None)
        organization.name, organization.folded_name, organization.npi = name, fold(name), entry.npi
        organization.phone, organization.city, organization.state = organization.phone or entry.phone, entry.city, entry.state
        organization.registry_updated_on = entry.updated_on if entry.updated_on > dt.date.min else None
        by_npi[entry.npi] = by_name[organization.folded_name] = organization
    Organization.objects.bulk_create(new, batch_size=2000)
    write_back([organization for organization in changed if organization.pk], _ORGANIZATION_FIELDS)
    outcome.organizations.update(organization.pk for organization in [*new, *changed])


def _told_apart(entry: Entry, taken: dict[str, Organization]) -> str:
    """Organizations share names; the place, else the number, tells them apart."""
    by_place = _by_place(entry)
    return by_place if fold(by_place) not in taken else f"{entry.last[:180]} ({entry.npi})"


def _by_place(entry: Entry) -> str:
    return f"{entry.last[:110]} ({entry.city or entry.npi})"
