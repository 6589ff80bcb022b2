"""Reads of the tree: who sees which part, in the order of the tree."""

from dataclasses import dataclass

from django.db.models import Count, F, Q

from accounts.models import User
from audit.models import AuditEvent
from territories.models import Assignment, RuleKind, Territory
from territories.querysets import AssignmentQuerySet


@dataclass(frozen=True)
class Node:
    """A territory where it stands in the tree that a person sees."""

    territory: Territory
    depth: int
    zips: int
    counties: int
    people: tuple[Assignment, ...]

    @property
    def indent(self) -> range:
        """One step per level, for templates."""
        return range(self.depth)


def tree(user: User) -> list[Node]:
    """The live territories that the person sees, each below its parent, with the people of today. Two queries."""
    plain = Q(rules__specialty="", rules__excludes=False)
    territories = (
        Territory.objects.visible_to(user)
        .live()
        .annotate(
            zips=Count("rules", filter=Q(rules__kind=RuleKind.ZIP) & plain),
            counties=Count("rules", filter=Q(rules__kind=RuleKind.COUNTY) & plain),
        )
    )
    seen: dict[int, Territory] = {node.pk: node for node in territories}
    people: dict[int, list[Assignment]] = {}
    for assignment in people_today().filter(territory__in=seen):
        people.setdefault(assignment.territory_id, []).append(assignment)
    below: dict[int | None, list[Territory]] = {}
    for territory in seen.values():
        below.setdefault(territory.parent_id if territory.parent_id in seen else None, []).append(territory)
    nodes: list[Node] = []
    waiting = [(territory, 0) for territory in reversed(below.get(None, []))]
    while waiting:
        territory, depth = waiting.pop()
        counted = vars(territory)
        nodes.append(Node(territory, depth, counted["zips"], counted["counties"], tuple(people.get(territory.pk, ()))))
        waiting.extend((child, depth + 1) for child in reversed(below.get(territory.pk, [])))
    return nodes


def people_today() -> AssignmentQuerySet:
    """Assignments in force, the primary first, then helpers, then overlays."""
    return (
        Assignment.objects.today()
        .select_related("user", "service_line")
        .order_by(F("service_line__name").asc(nulls_first=True), "-is_primary", "user__full_name")
    )


def ancestors(territory: Territory, user: User) -> list[Territory]:
    """From the top of the person's part of the tree down to the parent."""
    seen = {node.pk: node for node in Territory.objects.visible_to(user)}
    chain: list[Territory] = []
    at = seen.get(territory.parent_id) if territory.parent_id else None
    while at is not None:
        chain.insert(0, at)
        at = seen.get(at.parent_id) if at.parent_id else None
    return chain


def history(territory: Territory, *, limit: int = 30) -> list[AuditEvent]:
    """What happened to the territory, newest first."""
    return list(AuditEvent.objects.filter(target_type=territory._meta.label_lower, target_id=str(territory.pk))[:limit])
