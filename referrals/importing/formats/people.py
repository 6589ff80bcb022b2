"""Who a FHIR reference means: a provider and an organisation, however it is said (a role, a person, a name alone), never a patient."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from referrals.importing.formats.store import Kept, Store, local
from referrals.importing.formats.words import first_text

_NPI_SYSTEMS = frozenset({"http://hl7.org/fhir/sid/us-npi", "urn:oid:2.16.840.1.113883.4.6", "2.16.840.1.113883.4.6"})
_ORGANISATION = re.compile(
    r"\b(?:hospital|clinics?|cent(?:er|re)|health(?:care)?|medical group|associates|department|practice|university|institute|inc|llc|pllc"
    r"|services|laboratory|surgery|rehabilitation|foundation|group)\b",
    re.IGNORECASE,
)
_PEOPLE = frozenset({"Practitioner", "PractitionerRole"})
_PLACES = frozenset({"Organization", "HealthcareService", "Location"})
_ENTERPRISE = frozenset({"epi", "empi", "euid", "enterprise", "enterprise id", "enterprise identifier"})
_NO_RECORD_NUMBER = frozenset({"SS", "SB", "DL", "PPN", "TAX"})  # numbers of the person, not of the record


class Who(NamedTuple):
    """A provider, an organisation, or both; blank is ""."""

    name: str = ""
    npi: str = ""
    organization: str = ""
    organization_npi: str = ""
    zip: str = ""
    specialty: str = ""

    def filled(self, other: "Who") -> "Who":
        """With the blanks filled from another."""
        return Who(*(mine or theirs for mine, theirs in zip(self, other, strict=True)))


def identifier_of(identifiers: Any, *, first: Iterable[str] = ("PLAC",)) -> str:
    """The number that a record is known by: the kind named first, then the official, the usual, any; temporary and old ones last."""
    wanted = tuple(first)

    def rank(identifier: dict[str, Any]) -> int:
        types = {coding.get("code") for coding in (identifier.get("type") or {}).get("coding") or ()}
        if types & set(wanted):
            return 0
        return {"official": 1, "usual": 2, "temp": 4, "old": 5}.get(identifier.get("use", ""), 3)

    there = [identifier for identifier in identifiers or () if identifier.get("value")]
    return min(there, key=rank)["value"] if there else ""


def npi_of(identifiers: Any) -> str:
    """The NPI among the identifiers, as it stands there."""
    for identifier in identifiers or ():
        types = {coding.get("code") for coding in (identifier.get("type") or {}).get("coding") or ()}
        if identifier.get("value") and (identifier.get("system") in _NPI_SYSTEMS or "NPI" in types):
            return str(identifier["value"])
    return ""


def name_of(names: Any) -> str:
    """ "Careful, Adam": family name first, so that a name of several words stays whole."""
    by_use = sorted(names or (), key=lambda name: {"official": 0, "usual": 1, "old": 3, "maiden": 3}.get(name.get("use", ""), 2))
    for name in by_use:
        if name.get("family"):
            return ", ".join(filter(None, (name["family"], " ".join(filter(None, name.get("given") or ())))))
        if name.get("text"):
            return str(name["text"])
    return ""


def zip_of(addresses: Any) -> str:
    """The postal code of the first address that is nobody's home."""
    addresses = addresses if isinstance(addresses, list) else [addresses] if addresses else []
    return next((found["postalCode"] for found in addresses if found.get("postalCode") and found.get("use") != "home"), "")


class People:
    """Resolves references within one file."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._from = lru_cache(maxsize=20_000)(self._read)

    def resolve(self, reference: Any, own: str, *types: str) -> Kept | None:
        """The resource that a reference means, by address, by containment or by identifier; `own` is where the reference stands."""
        address = (reference or {}).get("reference") or ""
        if address.startswith("#"):
            return self._store.named(f"{own.split('#')[0]}{address}")
        if address and (found := self._store.named(address) or self._store.named(local(address))):
            return found
        identifier = (reference or {}).get("identifier") or {}
        if value := identifier.get("value"):
            for type in (reference.get("type"), *types):
                for system in {identifier.get("system") or "", ""}:
                    if type and (found := self._store.named(f"{type}|{system}|{value}")):
                        return found
        return None

    def who(self, reference: Any, own: str) -> Who:
        """Whom a reference means. A patient or relative is nobody here."""
        if not reference:
            return Who()
        found = self.resolve(reference, own, "Practitioner", "PractitionerRole", "Organization")
        if found:
            who = self._from(found.own)
            return who.filled(self._named_only(reference, found.type)) if found.type in _PEOPLE | _PLACES else Who()
        address = reference.get("reference") or ""
        type = reference.get("type") or local(address).split("/")[0]
        if not type and address:
            return Who()  # an address that names no type and leads nowhere may be the patient's
        return self._named_only(reference, type).filled(Who(npi=npi_of([reference.get("identifier") or {}])))

    def is_patient(self, reference: Any, own: str) -> bool:
        """Is it the patient, or somebody of the family?"""
        found = self.resolve(reference, own)
        type = found.type if found else (reference or {}).get("type") or local((reference or {}).get("reference") or "").split("/")[0]
        return type in ("Patient", "RelatedPerson")

    def patient(self, reference: Any, own: str) -> tuple[str, str]:
        """Record number and enterprise number; without a record, the number that the reference names."""
        found = self.resolve(reference, own, "Patient")
        if found and found.type == "Patient":
            numbers = found.says.get("identifier") or []
            shared = [number for number in numbers if _kinds(number) & _ENTERPRISE]
            mine = [
                number for number in numbers if number not in shared and not {kind.upper() for kind in _kinds(number)} & _NO_RECORD_NUMBER
            ]
            return identifier_of(mine, first=("MR",)) or found.own.split("/")[-1], identifier_of(shared)
        identifier = ((reference or {}).get("identifier") or {}).get("value") or ""
        return identifier or local((reference or {}).get("reference") or "").partition("/")[2], ""

    def payer(self, request: dict[str, Any], own: str, subject: Any) -> str:
        """Who pays, by the request's own coverage, else by the only one that the patient has."""
        for reference in request.get("insurance") or ():
            found = self.resolve(reference, own, "Coverage")
            if found and (name := self._payer_of(found)):
                return name
            if not found and reference.get("display"):
                return str(reference["display"])
        patient = self.resolve(subject, own, "Patient")
        found = self._store.linked(f"coverage of {patient.own if patient else local((subject or {}).get('reference') or '')}")
        return self._payer_of(found) if found else ""

    def _payer_of(self, coverage: Kept) -> str:
        for reference in coverage.says.get("payor") or ():
            if self.is_patient(reference, coverage.own):
                return "Self-pay"
            who = self.who(reference, coverage.own)
            if name := who.organization or who.name:
                return name
        plans = coverage.says.get("class") or ()
        return next((plan["name"] for plan in plans if plan.get("name") and first_code(plan.get("type")) == "plan"), "")

    def _named_only(self, reference: dict[str, Any], type: str) -> Who:
        display = reference.get("display") or ""
        if type in _PLACES or (not type and _ORGANISATION.search(display)):
            return Who(organization=display)
        return Who(name=display) if type in _PEOPLE or not type else Who()

    def _read(self, own: str) -> Who:
        kept = self._store.named(own)
        if kept is None:
            return Who()
        says, type = kept.says, kept.type
        if type == "Practitioner":
            who = Who(name=name_of(says.get("name")), npi=npi_of(says.get("identifier")), zip=zip_of(says.get("address")))
            role = self._store.linked(f"role of {own}")
            return self._in_role(role, who) if role else who
        if type == "PractitionerRole":
            person = self.resolve(says.get("practitioner"), own, "Practitioner")
            who = Who()
            if person and person.type == "Practitioner":
                mine = person.says
                who = Who(name=name_of(mine.get("name")), npi=npi_of(mine.get("identifier")), zip=zip_of(mine.get("address")))
            return self._in_role(kept, who.filled(self._named_only(says.get("practitioner") or {}, "Practitioner")))
        if type == "Organization":
            return Who(
                organization=says.get("name") or "", organization_npi=npi_of(says.get("identifier")), zip=zip_of(says.get("address"))
            )
        if type == "Location":
            place = Who(organization=says.get("name") or "", zip=zip_of(says.get("address")))
            return place._replace(organization="").filled(self._place(says.get("managingOrganization"), own)).filled(place)
        if type == "HealthcareService":
            service = Who(organization=says.get("name") or "", specialty=first_text(says.get("specialty"), says.get("type")))
            return service._replace(organization="").filled(self._place(says.get("providedBy"), own)).filled(service)
        return Who()

    def _in_role(self, role: Kept, who: Who) -> Who:
        """The person as the role says: its organisation, the ZIP of where that is, its specialty."""
        says = role.says
        organization = self._place(says.get("organization"), role.own)
        location = next((self._place(place, role.own) for place in says.get("location") or ()), Who())
        service = next((self._place(offered, role.own) for offered in says.get("healthcareService") or ()), Who())
        place = Who(zip=location.zip or organization.zip, specialty=first_text(says.get("specialty")))
        return place.filled(who).filled(organization._replace(npi="")).filled(service).filled(location)

    def _place(self, reference: Any, own: str) -> Who:
        """An organisation, location or service; what is none of these is left out, so that circles end."""
        found = self.resolve(reference, own, "Organization", "Location")
        if found is None:
            return self._named_only(reference or {}, "Organization")
        says = found.says
        if found.type == "Organization":
            return self._from(found.own)
        if found.type == "Location":
            managing = self.resolve(says.get("managingOrganization"), found.own, "Organization")
            by = self._from(managing.own) if managing and managing.type == "Organization" else Who()
            return Who(organization=by.organization or says.get("name") or "", zip=zip_of(says.get("address")) or by.zip)
        if found.type == "HealthcareService":
            return Who(organization=says.get("name") or "", specialty=first_text(says.get("specialty"), says.get("type")))
        return Who()


def first_code(concept: Any) -> str:
    """The first code of a CodeableConcept."""
    return next((coding["code"] for coding in (concept or {}).get("coding") or () if coding.get("code")), "")


def _kinds(identifier: dict[str, Any]) -> set[str]:
    type = identifier.get("type") or {}
    return {word.lower() for word in (type.get("text"), *(coding.get("code") for coding in type.get("coding") or ())) if word}
