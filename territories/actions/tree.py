"""The tree: territories made, edited, archived."""

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from jobs.actions import enqueue
from jobs.models import Job
from territories import policies
from territories.models import Territory


def lock_tree() -> None:
    """One change of the tree or its rules at a time: two moves at once could make a cycle that neither sees."""
    Territory.objects.select_for_update(no_key=True).filter(parent=None).first()


def place_practices(*, by: User | None) -> Job:
    """Practices follow the rules, and their referrals follow them, in a worker."""
    return enqueue("contacts.place_practices", "all", by=by, key="contacts.place_practices")


@transaction.atomic
def ensure_root(*, name: str, by: User | None) -> Territory:
    """The whole organization, at the top of the tree; made with this name when it is missing."""
    root, made = Territory.objects.get_or_create(parent=None, defaults={"name": name})
    if made:
        record("territory.created", by=by, target=root)
    return root


@transaction.atomic
def create_territory(*, name: str, parent: Territory | None, description: str = "", by: User | None) -> Territory:
    """A new territory below `parent`; the very first one, without a parent, is the organization."""
    lock_tree()
    name = name.strip()
    policies.check_name(name=name, territory=None)
    if parent is not None or Territory.objects.exists():
        policies.check_parent(parent=parent, territory=None)
    territory = Territory.objects.create(name=name, parent=parent, description=description.strip())
    record("territory.created", by=by, target=territory, parent=parent.name if parent else "")
    return territory


@transaction.atomic
def edit_territory(*, territory: Territory, name: str, parent: Territory | None, description: str, by: User | None) -> Territory:
    """Rename, describe, or hang elsewhere in the tree. Scope follows the tree at once; no practice changes its territory."""
    lock_tree()
    territory = Territory.objects.select_related("parent").get(pk=territory.pk)
    name, description = name.strip(), description.strip()
    policies.check_name(name=name, territory=territory)
    policies.check_parent(parent=parent, territory=territory)
    changes: dict[str, list[str]] = {}
    for field, old, new in (
        ("name", territory.name, name),
        ("parent", str(territory.parent or ""), str(parent or "")),
        ("description", territory.description, description),
    ):
        if old != new:
            changes[field] = [old, new]
    if changes:
        territory.name, territory.parent, territory.description = name, parent, description
        territory.save(update_fields=["name", "parent", "description"])
        record("territory.edited", by=by, target=territory, **changes)
    return territory


@transaction.atomic
def archive_territory(*, territory: Territory, move_to: Territory | None = None, drop_rules: bool = False, by: User) -> Job:
    """Take a territory out of use. What it holds goes to `move_to`; with `drop_rules` to nobody. Its exceptions end, its people's
    assignments end today."""
    lock_tree()
    policies.check_can_archive(territory=territory, move_to=move_to, drop_rules=drop_rules)
    today = timezone.localdate()
    territory.rules.filter(excludes=True).delete()  # they would bar the taker's own rules
    rules = territory.rules.all()
    counted = rules.count()
    if move_to:
        for rule in rules:
            move_to.rules.filter(excludes=True, kind=rule.kind, value=rule.value, specialty=rule.specialty).delete()
        rules.update(territory=move_to)
    else:
        rules.delete()
    held = territory.assignments.filter(Q(ended_on=None) | Q(ended_on__gt=today))
    ended = [str(assignment.user) for assignment in held.select_related("user")]
    held.filter(started_on__gte=today).delete()
    held.update(ended_on=today)
    territory.archived_at = timezone.now()
    territory.save(update_fields=["archived_at"])
    record("territory.archived", by=by, target=territory, move_to=move_to.name if move_to else "", rules=counted, ended=ended)
    if move_to:
        record("territory.took_over", by=by, target=move_to, other=territory.name, rules=counted)
    return enqueue("contacts.move_pins", territory.pk, move_to.pk if move_to else None, by=by)
