"""Reads over several models: who looks after what, whose somebody is and why."""

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Case, Q, QuerySet, When
from django.utils import timezone

from accounts.models import User
from contacts.models import Alignment, AlignmentKind, MoveNotice, Organization, Practice, Provider
from territories.models import Assignment, Territory


def owners_of(territories: Iterable[int | None]) -> dict[int, User]:
    """Who has the credit for these territories today: their primary person, else that of the nearest territory above."""
    wanted = {pk for pk in territories if pk}
    if not wanted:
        return {}
    parents = dict(Territory.objects.values_list("pk", "parent_id"))
    primary = Assignment.objects.today().filter(is_primary=True, service_line=None).select_related("user")
    held = {assignment.territory_id: assignment.user for assignment in primary}
    owners: dict[int, User] = {}
    for territory in wanted:
        node: int | None = territory
        while node is not None and node not in held:
            node = parents.get(node)
        if node is not None:
            owners[territory] = held[node]
    return owners


def survivor_of(model: type[Provider] | type[Organization], pk: int) -> int | None:
    """Into whom the record was merged, at the end of the chain; none when it was not."""
    into = model._default_manager.filter(pk=pk).values_list("merged_into", flat=True).first()
    further = survivor_of(model, into) if into is not None else None
    return further if further is not None else into


@dataclass(frozen=True)
class Standing:
    """Whose somebody is today, and who says so."""

    kind: str
    label: str
    because: str
    since: dt.date | None = None


def standing_of(owner: Provider | Practice, *, practice: Practice | None = None) -> Standing:
    """The owner's own word, else the practice's, else the organization's. For a provider, `practice` is the primary one."""
    today = timezone.localdate()
    office = practice if isinstance(owner, Provider) else owner
    levels: list[tuple[str, str, int | None]] = []
    if isinstance(owner, Provider):
        levels.append(("provider", "", owner.pk))
    if office is not None:
        levels.append(("practice", "" if office is owner else f"as {office}", office.pk))
        if office.organization:
            levels.append(("organization", f"as {office.organization}", office.organization_id))
    for field, because, pk in levels:
        if found := Alignment.objects.on(today).filter(**{field: pk}).first():
            return Standing(found.kind, AlignmentKind(found.kind).label, because, found.started_on)
    return Standing(AlignmentKind.UNKNOWN, AlignmentKind.UNKNOWN.label, "nobody has said yet")


def practices_at(user: User, notice: MoveNotice) -> QuerySet[Practice]:
    """Practices that the person sees at the address that the registry tells, those with its house number first."""
    told = notice.told
    number = re.match(r"\d+", told["address"])
    here = Practice.objects.visible_to(user).filter(archived_at=None, zip=told["zip"])
    starts = Q(address__startswith=number[0]) if number else Q(pk=None)
    return here.order_by(Case(When(starts, then=0), default=1), "name", "pk")
