"""Which part of the field a person sees: the one place from which every `visible_to` starts.

It lies below the models, whose querysets read it, and so asks Django for them by name.
"""

from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.utils import timezone

from accounts.roles import Role

WHOLE_ROLES = frozenset({Role.ADMIN, Role.ANALYST, Role.EXECUTIVE})


@dataclass(frozen=True)
class Scope:
    """`whole`: everything, also what nobody owns. Else whole territories, and pairs (territory, service line) of overlays."""

    whole: bool = False
    territory_ids: frozenset[int] = frozenset()
    overlays: frozenset[tuple[int, int]] = field(default=frozenset())

    @property
    def any_territory_ids(self) -> frozenset[int]:
        """Territories seen in whole or through an overlay."""
        return self.territory_ids | {territory for territory, _ in self.overlays}

    @property
    def by_line(self) -> dict[int | None, frozenset[int]]:
        """{line: the territories in which it is seen}; under None those that are seen in whole, even if there are none."""
        lines: dict[int | None, frozenset[int]] = {None: self.territory_ids}
        for territory, line in sorted(self.overlays):
            lines[line] = lines.get(line, frozenset()) | {territory}
        return lines

    @property
    def is_empty(self) -> bool:
        return not (self.whole or self.territory_ids or self.overlays)


def scope_of(user: Any) -> Scope:
    """The person's scope today: role, else assignments with everything below them in the tree. Fails closed.

    A person assigned to the root sees the whole. The answer is kept for the length of a request (accounts.middleware).
    """
    if not user.is_authenticated or not user.is_active:
        return Scope()
    if user.role in WHOLE_ROLES:
        return Scope(whole=True)
    kept = getattr(user, "scope_cache", None)
    if kept is not None and "scope" in kept:
        return kept["scope"]
    scope = _scope_from_assignments(user)
    if kept is not None:
        kept["scope"] = scope
    return scope


def _scope_from_assignments(user: Any) -> Scope:
    assignments = apps.get_model("territories", "Assignment").objects
    held = list(assignments.filter(user=user).on(timezone.localdate()).values_list("territory_id", "service_line_id"))
    if not held:
        return Scope()
    parents = dict(apps.get_model("territories", "Territory").objects.values_list("pk", "parent_id"))
    children: dict[int | None, list[int]] = {}
    for child, parent in parents.items():
        children.setdefault(parent, []).append(child)
    full: set[int] = set()
    overlays: set[tuple[int, int]] = set()
    for territory, line in held:
        if line is None and parents[territory] is None:
            return Scope(whole=True)
        branch = below(territory, children)
        if line is None:
            full |= branch
        else:
            overlays |= {(node, line) for node in branch}
    return Scope(territory_ids=frozenset(full), overlays=frozenset(pair for pair in overlays if pair[0] not in full))


def below(root: int, children: dict[int | None, list[int]]) -> set[int]:
    """The territory and everything under it."""
    found, open_ = set(), [root]
    while open_:
        node = open_.pop()
        found.add(node)
        open_.extend(children.get(node, ()))
    return found
