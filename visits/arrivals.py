"""What a visit that waited on a phone finds when it arrives: people merged, a territory reassigned, a plan made since. Reads only.

A visit that took place is never refused for what has changed since; the sentences say what was.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from contacts.models import Affiliation, Practice, Provider, Staff
from territories.models import Assignment, Territory
from territories.scope import below
from visits import policies
from visits.models import Visit
from visits.passes import is_pass


@dataclass
class Arrival:
    """The records behind the numbers that were sent. `was_theirs`: out of the field today, and in it when the visit was made."""

    practice: Practice
    was_theirs: bool = False
    planned: Visit | None = None
    providers: list[Provider] = field(default_factory=list)
    staff: list[Staff] = field(default_factory=list)
    arrival_notes: list[str] = field(default_factory=list)


class Unknown(Exception):
    """A number that this person could never have been given; `where` is the field that held it."""

    def __init__(self, where: str, said: str) -> None:
        super().__init__(said)
        self.where = where


def held_on(user: User, practice: Practice, day: dt.date) -> bool:
    """Whether the practice's territory was the person's on that day."""
    if practice.territory_id is None:
        return False
    held = Assignment.objects.filter(user=user).on(day).values_list("territory_id", flat=True)
    children: dict[int | None, list[int]] = {}
    for child, parent in Territory.objects.values_list("pk", "parent_id"):
        children.setdefault(parent, []).append(child)
    return any(practice.territory_id in below(territory, children) for territory in held)


def arrival(
    user: User,
    *,
    practice_id: int | None,
    planned_id: int | None,
    visited_at: dt.datetime,
    pass_: str = "",
    provider_ids: Sequence[int] = (),
    staff_ids: Sequence[int] = (),
) -> Arrival:
    """Everything that a sent visit points to, as it is today."""
    plan = Visit.objects.visible_to(user).filter(pk=planned_id).select_related("practice", "owner").first() if planned_id else None
    open_plan = plan if plan and policies.is_planned(plan) and policies.can_edit(user, plan) else None
    found = _practice(user, practice_id or (plan.practice_id if plan else None), visited_at, pass_, open_plan)
    if planned_id and open_plan is None:
        found.arrival_notes.append("The plan that this visit completes is no longer open: it was kept as a visit of its own.")
    found.providers, found.staff = people_met(user, found, provider_ids, staff_ids)
    return found


def _practice(user: User, pk: int | None, visited_at: dt.datetime, pass_: str, plan: Visit | None) -> Arrival:
    if pk is None:
        raise Unknown("practice", "Name the practice, or the planned visit.")
    practice = Practice.objects.filter(pk=pk).select_related("territory").first()
    if practice is not None and plan is not None and plan.practice_id == practice.pk:
        return Arrival(practice, planned=plan)
    if practice is not None and Practice.objects.visible_to(user).filter(pk=pk).exists():
        return Arrival(practice)
    theirs = practice is not None and (
        held_on(user, practice, timezone.localdate(visited_at)) or is_pass(pass_, user, practice.pk, on=timezone.localdate())
    )
    if practice is None or not theirs or not user.can(Permission.VISIT_LOG):
        raise Unknown("practice", "This practice is not in your territories. Choose another one.")
    notice = f"{practice} went to another territory before this visit arrived. The visit was kept, and counts as yours."
    return Arrival(practice, was_theirs=True, arrival_notes=[notice])


def people_met(user: User, found: Arrival, provider_ids: Iterable[int], staff_ids: Iterable[int]) -> tuple[list[Provider], list[Staff]]:
    """Whoever was met: who is seen, or works or worked at the practice. Who was merged is met as the one they became."""
    wanted, met = set(provider_ids), set(staff_ids)
    known = Provider.objects.in_bulk(wanted)
    here = set(Affiliation.objects.filter(practice=found.practice, provider__in=wanted).values_list("provider", flat=True))
    providers: dict[int, Provider] = {}
    survivors: dict[int, Provider] = {}
    for pk in sorted(wanted):
        provider = known.get(pk)
        if provider is None:
            raise Unknown("providers", f'Invalid pk "{pk}" - object does not exist.')
        survivors[pk] = _survivor(provider)
        if survivors[pk] != provider:
            found.arrival_notes.append(f"{provider} is kept as {survivors[pk]} now: two records were of one person.")
        providers[survivors[pk].pk] = survivors[pk]
    seen = set(Provider.objects.visible_to(user).filter(pk__in=providers).values_list("pk", flat=True))
    at = set(Affiliation.objects.filter(practice=found.practice, provider__in=providers).values_list("provider", flat=True))
    for pk, survivor in survivors.items():
        if survivor.pk not in seen | at and pk not in here:
            raise Unknown("providers", f'Invalid pk "{pk}" - object does not exist.')
    staff = {person.pk: person for person in Staff.objects.filter(pk__in=met)}
    shown = set(Staff.objects.visible_to(user).filter(pk__in=met).values_list("pk", flat=True))
    for pk in sorted(met):
        if pk not in staff or (pk not in shown and staff[pk].practice_id != found.practice.pk):
            raise Unknown("staff", f'Invalid pk "{pk}" - object does not exist.')
    return list(providers.values()), list(staff.values())


def _survivor(provider: Provider) -> Provider:
    """Who the record stands for today, however many merges ago."""
    while provider.merged_into is not None:
        provider = provider.merged_into
    return provider
