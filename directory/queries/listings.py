"""Everybody and every place of ours that one may refer to: a fixed number of queries, whatever the network's size.

Who stands in it: providers who are employed or affiliated today, work somewhere now, and whose specialty belongs to a service line, or of
whom somebody keeps an entry. Sites are organizations of ours that belong to a line, told its capacity, or have an entry in it.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from accounts.models import User
from common.places import city_of
from contacts.models import Affiliation, Alignment, AlignmentKind, Organization, Provider
from directory.listing import SITE, SPECIALIST, Access, Listing, Place, Plans, Refer, words_in
from directory.models import Entry
from introductions.models import NewPhysician
from referrals.models import Capacity
from territories.models import ServiceLine

OURS = (AlignmentKind.EMPLOYED, AlignmentKind.AFFILIATED)
_REFER = ("criteria", "send_along", "how_to_refer", "phone", "fax", "email")
Site = tuple[int, int | None]  # line, organization


@dataclass(frozen=True)
class _Told:
    """What is written down and told, by whom it is about."""

    entries: dict[Site, Entry]
    of_people: dict[int, Entry]
    capacities: dict[Site, Capacity]
    new: dict[int, NewPhysician]
    day: dt.date

    def chain(self, line: int | None, organization: int | None, provider: int | None = None) -> list[Entry]:
        """The entries that speak, the nearest first."""
        found = [self.of_people.get(provider)] if provider is not None else []
        if line is not None:
            found += [self.entries.get((line, organization))] if organization is not None else []
            found += [self.entries.get((line, None))]
        return [entry for entry in found if entry is not None]


def listings(user: User, day: dt.date) -> list[Listing]:
    """All that the person may look up; nobody's patients, numbers or spend are in it."""
    entries = Entry.objects.visible_to(user)
    if entries.query.is_empty():
        return []
    told = _told(entries.for_list(), user, day)
    return [*_people(told), *_sites(told)]


def _told(entries: QuerySet[Entry], user: User, day: dt.date) -> _Told:
    sites: dict[Site, Entry] = {}
    people: dict[int, Entry] = {}
    # What was written of a record that was merged away holds for the survivor, unless the survivor has a word of its own.
    for entry in sorted(entries, key=lambda one: bool(_merged(one))):
        if entry.provider is not None:
            people.setdefault(entry.provider.merged_into_id or entry.provider.pk, entry)
        elif entry.service_line_id is not None:
            body = entry.organization
            sites.setdefault((entry.service_line_id, (body.merged_into_id or body.pk) if body else None), entry)
    newest = Capacity.objects.visible_to(user).newest(day).select_related("organization").prefetch_related("payers")
    new = NewPhysician.objects.visible_to(user).prefetch_related("payers")
    return _Told(
        entries=sites,
        of_people=people,
        capacities={(row.service_line_id, row.organization_id): row for row in newest},
        new={row.provider_id: row for row in new},
        day=day,
    )


def _merged(entry: Entry) -> bool:
    return bool((entry.provider and entry.provider.merged_into_id) or (entry.organization and entry.organization.merged_into_id))


# ---- people


def _people(told: _Told) -> Iterable[Listing]:
    for provider in _candidates(told):
        if (own := told.of_people.get(provider.pk)) is None or own.is_listed:
            yield _person(provider, told)


def _candidates(told: _Told) -> QuerySet[Provider]:
    """From the alignments, which are few, to the providers: never through all of the registry."""
    ours = Alignment.objects.on(told.day).filter(kind__in=OURS)
    started = Q(started_on=None) | Q(started_on__lte=told.day)
    works = Affiliation.objects.open().filter(started, practice__archived_at=None)
    of_place = Q(practice__in=ours.exclude(practice=None).values("practice")) | Q(
        practice__organization__in=ours.exclude(organization=None).values("organization")
    )
    at_ours = works.filter(of_place, is_primary=True).values("provider")
    named = Q(specialty__service_line__is_active=True) | Q(pk__in=list(told.of_people))
    people: Any = (
        Provider.objects.live()
        .filter(named, Q(pk__in=ours.exclude(provider=None).values("provider")) | Q(pk__in=at_ours), is_stale=False)
        .filter(Exists(works.filter(provider=OuterRef("pk"))))
        .with_alignment(told.day)
        .select_related("specialty__service_line")
        .prefetch_related(
            Prefetch("affiliations", works.select_related("practice__organization").order_by("-is_primary", "pk"), to_attr="works_now")
        )
        .order_by("last_name", "first_name", "pk")
    )
    return people.filter(alignment_today__in=OURS)  # type: ignore[no-any-return]  # annotated above, so a queryset of Any


def _person(provider: Any, told: _Told) -> Listing:
    line = provider.specialty.service_line if provider.specialty else None
    offices = [works.practice for works in provider.works_now]
    organization = offices[0].organization_id
    chain = told.chain(line.pk if line else None, organization, provider.pk)
    own, new = told.of_people.get(provider.pk), told.new.get(provider.pk)
    capacity = told.capacities.get((line.pk, organization)) if line and organization else None
    places = tuple(_office(practice) for practice in offices)
    refer = _refer(chain, first=new.how_to_refer if new else "", criteria=new.ideal_patient if new else "")
    languages = next((tuple(entry.languages) for entry in chain if entry.languages), None)
    specialty = (provider.specialty_id, str(provider.specialty)) if provider.specialty else None
    return Listing(
        kind=SPECIALIST,
        key=f"p{provider.pk}",
        name=str(provider),
        alignment=provider.alignment_today,
        specialty=specialty,
        line=(line.pk, line.name) if line else None,
        places=places,
        plans=_plans(own, new, chain, capacity, told.day),
        access=_access(capacity),
        refer=refer,
        languages=languages,
        speaks_at_site=languages is not None and not (own and own.languages),
        npi=provider.npi,
        provider=provider.pk,
        starts_on=new.start_on if new and new.start_on > told.day else None,
        words=_words(str(provider), specialty, line, places, refer, provider.npi),
    )


def _office(practice: Any) -> Place:
    return Place(
        name=practice.name,
        address=practice.address,
        city=practice.city,
        zip=practice.zip,
        phone=practice.phone,
        fax=practice.fax,
        practice=practice.pk,
    )


# ---- sites


def _sites(told: _Told) -> Iterable[Listing]:
    lines = {line.pk: line for line in ServiceLine.objects.filter(is_active=True)}
    bodies = {body.pk: body for body in _our_bodies(told)}
    pairs = {(body.service_line_id, pk) for pk, body in bodies.items() if body.service_line_id}
    pairs |= {(line, body) for line, body in (*told.entries, *told.capacities) if body in bodies}
    named = [(line, body) for line, body in pairs if line in lines]
    alone = [(line, None) for line in lines if line not in {line for line, _ in named} and (line, None) in told.entries]
    for line, body in sorted([*named, *alone], key=lambda pair: (lines[pair[0]].name, pair[1] is None, pair[1] or 0)):
        yield _site(lines[line], bodies[body] if body else None, told)


def _our_bodies(told: _Told) -> QuerySet[Organization]:
    ours = Alignment.objects.on(told.day).filter(kind__in=OURS).exclude(organization=None)
    kept = [body for _, body in (*told.entries, *told.capacities) if body is not None]
    known = Q(service_line__isnull=False) | Q(pk__in=kept)
    return Organization.objects.live().for_list(told.day).filter(known, pk__in=ours.values("organization"))


def _site(line: ServiceLine, body: Any, told: _Told) -> Listing:
    organization = body.pk if body else None
    chain = told.chain(line.pk, organization)
    own = told.entries.get((line.pk, organization)) if body else None
    capacity = told.capacities.get((line.pk, organization))
    places = () if body is None else (_where(body, own, capacity),)
    refer = _refer(chain)
    return Listing(
        kind=SITE,
        key=f"s{line.pk}-{organization or 0}",
        name=str(body or line),
        alignment=body.alignment_today if body else "",
        line=(line.pk, line.name),
        places=places,
        plans=_plans(None, None, chain, capacity, told.day),
        access=_access(capacity),
        refer=refer,
        languages=next((tuple(entry.languages) for entry in chain if entry.languages), None),
        npi=body.npi if body else "",
        organization=organization,
        words=_words(str(body or line), None, line, places, refer, ""),
    )


def _where(body: Organization, own: Entry | None, capacity: Capacity | None) -> Place:
    """Where the entry says, else where the capacity was told for."""
    address, zip_ = (own.address, own.zip) if own and (own.zip or own.address) else ("", "")
    if not (address or zip_) and capacity:
        address, zip_ = capacity.address, capacity.zip
    return Place(name=body.name, address=address, city=city_of(zip_) if zip_ else body.city, zip=zip_, phone=body.phone)


# ---- what is said


def _refer(chain: list[Entry], *, first: str = "", criteria: str = "") -> Refer:
    """Field by field the nearest word; what the introduction of a new physician says stands before the site's."""
    said = {name: next((getattr(entry, name) for entry in chain if getattr(entry, name)), "") for name in _REFER}
    own = chain[0] if chain and chain[0].provider_id else None
    if first and not (own and own.how_to_refer):
        said["how_to_refer"] = first
    if criteria and not (own and own.criteria):
        said["criteria"] = criteria
    return Refer(**said)


def _plans(own: Entry | None, new: NewPhysician | None, chain: list[Entry], capacity: Capacity | None, day: dt.date) -> Plans:
    """The specialist's own word, else the payer dates of their introduction, else the site's entry, what it told last, the line's entry."""
    if own is not None and own.tells_plans:
        return _said(own, day)
    if new is not None and (dates := new.payers.all()):
        return Plans(
            accepted=frozenset(row.payer_id for row in dates if row.effective_on <= day),
            coming=tuple((row.payer_id, row.effective_on) for row in dates if row.effective_on > day),
            source="introduction",
        )
    shared = [entry for entry in chain if entry.provider_id is None and entry.tells_plans]
    if shared and shared[0].organization_id:
        return _said(shared[0], day)
    if capacity is not None and (payers := capacity.payers.all()):
        return Plans(frozenset(payer.pk for payer in payers), source="capacity", told_on=capacity.as_of_on)
    return _said(shared[0], day) if shared else Plans()


def _said(entry: Entry, day: dt.date) -> Plans:
    rows = entry.plans.all()
    return Plans(
        accepted=frozenset(row.payer_id for row in rows if row.holds(day)),
        coming=tuple((row.payer_id, row.started_on) for row in rows if row.started_on and row.started_on > day),
        source="own" if entry.provider_id else "site" if entry.organization_id else "line",
        told_on=entry.changed_at.date(),
    )


def _access(capacity: Capacity | None) -> Access | None:
    if capacity is None:
        return None
    return Access(capacity.is_accepting, capacity.third_next_available, capacity.as_of_on, str(capacity.organization))


def _words(name: str, specialty: tuple[int, str] | None, line: Any, places: Iterable[Place], refer: Refer, npi: str) -> frozenset[str]:
    texts = [name, specialty[1] if specialty else "", str(line or ""), refer.criteria, npi]
    return words_in(*texts, *(text for place in places for text in (place.name, place.city, place.zip)))
