"""Who may introduce whom, and which plans make sense."""

import datetime as dt
from typing import Any

from accounts.models import User
from accounts.permissions import Permission
from accounts.roles import Role
from common.exceptions import PolicyViolation
from contacts.models import Practice
from introductions.models import NewPhysician

LEADS = frozenset({Role.MANAGER, Role.ADMIN})


def can_run(user: User, physician: NewPhysician | None = None) -> bool:
    """Managers and admins begin an introduction and end it; whoever leads one changes it too."""
    return user.can(Permission.CONTACT_EDIT) and (user.role in LEADS or (physician is not None and physician.led_by_id == user.pk))


def check_can_run(user: User, physician: NewPhysician | None) -> None:
    if not can_run(user, physician):
        raise PolicyViolation("Introductions are begun by managers, and changed by them and by whoever leads one.")


def check_dates(*, start_on: dt.date, planned: Any) -> None:
    first, second, third = planned
    if not first <= second <= third:
        raise PolicyViolation("A ramp rises: the second month is planned with no fewer referrals than the first, the third with no fewer.")


def check_can_lead(led_by: User) -> None:
    if not (led_by.is_active and led_by.can(Permission.VISIT_LOG)):
        raise PolicyViolation(f"{led_by} cannot lead an introduction: they do not work in the field.")


def can_add_target(user: User) -> bool:
    return user.can(Permission.VISIT_LOG) and user.can(Permission.CONTACT_EDIT)


def check_can_add_target(*, by: User, practice: Practice, owner: User) -> None:
    if not can_add_target(by) or not Practice.objects.visible_to(by).filter(pk=practice.pk).exists():
        raise PolicyViolation("You can add practices of your own territories only.")
    if not Practice.objects.visible_to(owner).filter(pk=practice.pk).exists() or not owner.can(Permission.VISIT_LOG):
        raise PolicyViolation(f"{owner} does not look after {practice}. Choose somebody who does.")
    if owner.pk != by.pk and by.role not in LEADS:
        raise PolicyViolation("Only a manager hands such tasks to somebody else.")
