"""Who looks after which practices, for many practices at once."""

from collections.abc import Callable

from accounts.models import User
from accounts.permissions import Permission
from contacts.models import Practice
from territories.models import Assignment, Territory


def looks_after(user: User) -> Callable[[Practice], bool]:
    """`who_looks_after` the other way round: whether the person looks after a practice, for any number of practices in two queries."""
    if not user.is_active:
        return lambda practice: False
    if user.is_admin:
        return lambda practice: True
    parents = dict(Territory.objects.values_list("pk", "parent_id"))
    held = (
        set(Assignment.objects.today().filter(user=user).values_list("territory_id", flat=True))
        if user.can(Permission.VISIT_LOG)
        else set()
    )
    roots = {pk for pk, parent in parents.items() if parent is None}

    def cares(practice: Practice) -> bool:
        node = practice.territory_id
        if node is None:
            return bool(held & roots)
        while node is not None:
            if node in held:
                return True
            node = parents[node]
        return False

    return cares
