"""Move watch: where the registry's records differ from what we hold of the people who work at our practices.

Only records that are later than the one we know speak, so a file that is loaded again finds nothing new. What somebody decided once is
not asked again while the registry says the same.
"""

import datetime as dt
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.backends.utils import CursorWrapper

from common.names import fold
from contacts.importing.cells import read_zip
from contacts.importing.nppes_texts import as_body, as_person
from contacts.importing.outcome import Outcome
from contacts.models import Affiliation, MoveKind, MoveNotice, Practice, Specialty
from contacts.queries import owners_of
from notices.actions import notify
from notices.models import NoticeKind

AT_ONCE = 2000
_NUMBER = re.compile(r"\d+")

_KNOWN = """
    SELECT provider.id, told.address, told.address_more, told.city, told.state, told.zip, told.phone, left(told.taxonomy, 10),
           NULLIF(told.updated_on, DATE '0001-01-01'), told.deactivated_on, told.is_bare, told.is_replaced, told.replaced_by,
           specialty.id, specialty.code, provider.is_stale
    FROM {told}
    JOIN contacts_provider provider ON told.is_person AND provider.npi = told.npi AND provider.merged_into_id IS NULL
    LEFT JOIN contacts_specialty specialty ON specialty.id = provider.specialty_id
    WHERE EXISTS (SELECT FROM contacts_affiliation works WHERE works.provider_id = provider.id AND works.ended_on IS NULL)
      AND (provider.registry_updated_on IS NULL OR told.updated_on > provider.registry_updated_on OR told.is_replaced)
    ORDER BY provider.id
"""


@dataclass(frozen=True)
class Told:
    """What the registry says of one provider, as it stands in the file, and the little that we hold beside the practices."""

    provider: int
    address: str
    address_more: str
    city: str
    state: str
    zip: str
    phone: str
    taxonomy: str
    updated_on: dt.date | None
    deactivated_on: dt.date | None
    is_bare: bool
    is_replaced: bool
    replaced_by: str
    specialty_id: int | None
    specialty_code: str | None
    is_stale: bool


def find_moves(cursor: CursorWrapper, outcome: Outcome, *, told: str) -> None:
    """Write a notice for each difference that nobody was asked about, and tell whoever looks after the practice."""
    cursor.execute(_KNOWN.format(told=told))
    records = [Told(*row) for row in cursor.fetchall()]
    made: list[MoveNotice] = []
    for start in range(0, len(records), AT_ONCE):
        made += _new_ones(records[start : start + AT_ONCE])
    MoveNotice.objects.bulk_create(made, ignore_conflicts=True)
    if made:
        outcome.findings["change of somebody we know, to be looked at"] += len(made)
        _tell_owners({notice.provider_id for notice in made})


def _new_ones(records: list[Told]) -> list[MoveNotice]:
    pks = [record.provider for record in records]
    offices: dict[int, list[Practice]] = defaultdict(list)
    for works in Affiliation.objects.open().filter(provider__in=pks).select_related("practice").order_by("-is_primary", "pk"):
        offices[works.provider_id].append(works.practice)
    asked = {(notice.provider_id, notice.kind): notice for notice in MoveNotice.objects.filter(provider__in=pks).order_by("found_at", "pk")}
    names = dict(Specialty.objects.filter(code__in={record.taxonomy for record in records}).values_list("code", "name"))
    names |= dict(Specialty.objects.filter(pk__in={record.specialty_id for record in records}).values_list("code", "name"))
    found = []
    for record in records:
        for notice in _differences(record, offices[record.provider], names):
            last = asked.get((notice.provider_id, notice.kind))
            if last is None or said(last.told) != said(notice.told):
                found.append(notice)
    return found


def _differences(record: Told, offices: list[Practice], names: dict[str, str]) -> Iterator[MoveNotice]:
    if record.is_replaced:
        if not record.is_stale:
            yield _notice(record, MoveKind.REPLACED, "", f"NPI {record.replaced_by}", {"npi": record.replaced_by})
        return
    if record.deactivated_on is not None and not record.is_stale:
        day = record.deactivated_on
        yield _notice(record, MoveKind.DEACTIVATED, "", f"Deactivated on {day.day} {day:%b %Y}", {"deactivated_on": day.isoformat()})
        return
    if record.is_bare:
        return
    address = ", ".join(filter(None, (_text(record.address), _text(record.address_more))))
    zip5 = read_zip(record.zip)
    if address and zip5 and not any(same_place(address, zip5, practice) for practice in offices):
        city = _first(as_person(record.city)) or ""
        place = {"address": address[:200], "city": city[:80], "state": record.state.upper()[:2], "zip": zip5, "phone": record.phone[:40]}
        was = "; ".join(_written(practice.address, practice.city, practice.state, practice.zip) for practice in offices[:2])
        yield _notice(record, MoveKind.ADDRESS, was, _written(address, city, place["state"], zip5), place)
    if record.taxonomy and record.specialty_code and record.taxonomy != record.specialty_code:
        was = names.get(record.specialty_code, record.specialty_code)
        told = {"code": record.taxonomy, "was_specialty": record.specialty_id}
        yield _notice(record, MoveKind.TAXONOMY, was, names.get(record.taxonomy, record.taxonomy), told)


def _notice(record: Told, kind: MoveKind, was: str, now: str, told: dict[str, Any]) -> MoveNotice:
    basis = json.dumps([said(told), record.updated_on and record.updated_on.isoformat()], sort_keys=True)
    return MoveNotice(
        provider_id=record.provider,
        kind=kind,
        was=was[:300],
        now=now[:300],
        told=told,
        mark=hashlib.sha256(basis.encode()).hexdigest(),
        registry_on=record.updated_on,
    )


def said(told: dict[str, Any]) -> dict[str, Any]:
    """What the registry said, less what may be written differently each time."""
    if "address" in told:
        return {"place": [fold(told["address"]), told["zip"]]}
    return {name: value for name, value in told.items() if name != "was_specialty"}


def same_place(address: str, zip5: str, practice: Practice) -> bool:
    """The same ZIP code and house number: streets and suites are spelled in too many ways to be compared. A practice of which only the
    ZIP code is known is taken for the same.
    """
    ours, theirs = _NUMBER.search(practice.address), _NUMBER.search(address)
    return practice.zip == zip5 and (ours is None or theirs is None or ours[0] == theirs[0])


def _written(address: str, city: str, state: str, zip5: str) -> str:
    return ", ".join(filter(None, (address, city, f"{state} {zip5}".strip())))


def _text(raw: str) -> str:
    return _first(as_body(raw)) or ""


def _first(read: Iterable[Any]) -> Any:
    return next(iter(read), None)


def _tell_owners(providers: set[int]) -> None:
    """One notice a person, however many changes: what waits stands in the queue."""
    works = Affiliation.objects.open().filter(provider__in=providers).values_list("provider", "practice__territory")
    by_territory: dict[int | None, set[int]] = defaultdict(set)
    for provider, territory in works:
        by_territory[territory].add(provider)
    mine: dict[Any, set[int]] = defaultdict(set)
    for territory, owner in owners_of(by_territory).items():
        mine[owner] |= by_territory[territory]
    for owner, theirs in mine.items():
        count = len(theirs)
        text = f"The registry tells of changes of {count} provider{'' if count == 1 else 's'} at your practices"
        notify(to=owner, kind=NoticeKind.MOVE, text=text, url="/contacts/moves/", by=None, key="moves")
