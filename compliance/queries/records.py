"""What happened to an entry, and who writes entries down."""

from collections.abc import Sequence

from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.permissions import Permission
from accounts.roles import PERMISSIONS, Role
from audit.models import AuditEvent
from compliance.models import SpendEntry
from contacts.models import Affiliation, Practice, Provider, Staff
from territories.models import Assignment, Territory

_APPROVING = [role for role in Role.values if Permission.SPEND_APPROVE in PERMISSIONS[role]]


def history_of(entry: SpendEntry) -> Sequence[AuditEvent]:
    """What happened to the entry's record, oldest first."""
    return list(AuditEvent.objects.filter(target_type="compliance.spendentry", target_id=str(entry.pk)).order_by("happened_at", "pk"))


def who_recorded(user: User) -> QuerySet[User]:
    """Whose entries a person sees: the choices of "whose"."""
    people: QuerySet[User] = User.objects.filter(pk__in=SpendEntry.objects.visible_to(user).order_by().values("recorded_by"))
    return people


def people_of(practice: Practice | None, entry: SpendEntry | None = None) -> tuple[QuerySet[Provider], QuerySet[Staff]]:
    """Whom a form offers: who works at the practice today, and whom the entry names already."""
    here = Affiliation.objects.open().filter(practice=practice).values("provider")
    named = list(entry.shares.values_list("provider", "staff")) if entry else []
    providers = Provider.objects.filter(Q(pk__in=here, merged_into=None) | Q(pk__in=[pk for pk, _ in named if pk]))
    staff = Staff.objects.filter(Q(practice=practice, left_on=None) | Q(pk__in=[pk for _, pk in named if pk]))
    return providers, staff


def approvers_of(entry: SpendEntry) -> list[User]:
    """Who decides on what an entry asks for: managers of its practice's territory or of one above, never who wrote it down; else admins."""
    parents = dict(Territory.objects.values_list("pk", "parent_id"))
    above, node = [], entry.practice.territory_id if entry.practice else None
    while node is not None:
        above.append(node)
        node = parents[node]
    assigned = Assignment.objects.today().filter(territory__in=above).values("user")
    may = User.objects.active().exclude(pk=entry.recorded_by_id)
    people = list(may.filter(pk__in=assigned, role__in=_APPROVING).order_by("pk"))
    return people or list(may.filter(role=Role.ADMIN).order_by("pk"))


def to_confirm(user: User) -> QuerySet[SpendEntry]:
    """The person's own plans whose day is over: did they happen?"""
    own: QuerySet[SpendEntry] = SpendEntry.objects.visible_to(user).day_is_over().filter(recorded_by=user).order_by("spent_on", "pk")
    return own
