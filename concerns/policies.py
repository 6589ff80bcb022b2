"""Who may do what with a concern, and in which state. `check_*` raises the sentence, `can_*` answers yes or no."""

import datetime as dt

from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from accounts.roles import Role
from common.exceptions import PolicyViolation
from common.guarded import check_no_patient
from concerns.models import Category, Concern, ConcernState, Department, FieldNote, QualityProject
from contacts.models import Affiliation, Practice, Provider


def can_work_on(user: User, concern: Concern) -> bool:
    """Whoever answers concerns, for those that they see."""
    return user.can(Permission.CONCERN_EDIT) and Concern.objects.visible_to(user).filter(pk=concern.pk).exists()


def check_can_work_on(user: User, concern: Concern) -> None:
    if not can_work_on(user, concern):
        raise PolicyViolation("Only people who look after this practice can change its concerns.")


def check_can_open(*, by: User, practice: Practice, provider: Provider | None, category: Category) -> None:
    if not by.can(Permission.CONCERN_EDIT) or not Practice.objects.visible_to(by).filter(pk=practice.pk).exists():
        raise PolicyViolation("You can add concerns of practices in your territories only. Ask your manager if this one should be yours.")
    if not category.is_active:
        raise PolicyViolation(f"The category {category} is no longer offered. Choose another one.")
    check_works_at(provider, practice)


def check_works_at(provider: Provider | None, practice: Practice) -> None:
    if provider is not None and not Affiliation.objects.filter(provider=provider, practice=practice).exists():
        raise PolicyViolation(f"{provider} is not known to work at {practice}.")


def check_text(text: str, *, what: str, is_none: bool = False) -> None:
    """Something is said, and no patient is named; `is_none` says that the writer looked at the marks and that they are none."""
    if not text.strip():
        raise PolicyViolation(f"Say {what}.")
    check_no_patient(text, is_none=is_none)


def check_is(concern: Concern, *states: str) -> None:
    """A step is made from its own state only: a second click changes nothing."""
    if concern.state not in states:
        raise PolicyViolation(f"This concern is {ConcernState(concern.state).label.lower()} already.")


def check_told_on(concern: Concern, told_on: dt.date) -> None:
    if told_on > timezone.localdate():
        raise PolicyViolation("This day lies ahead. Close the concern when the practice has been told.")
    if concern.resolved_at and told_on < timezone.localdate(concern.resolved_at):
        raise PolicyViolation(
            f"It was resolved on {timezone.localdate(concern.resolved_at):%b %-d}: the practice cannot have heard before."
        )


def check_owner(owner: User | None) -> None:
    if owner is not None and not (owner.is_active and owner.can(Permission.CONCERN_VIEW)):
        raise PolicyViolation(f"{owner} cannot see concerns. Choose somebody who can.")


def check_department(department: Department) -> None:
    if not department.is_active:
        raise PolicyViolation(f"{department} no longer answers for concerns. Choose another department.")


def check_may_set_up(by: User) -> None:
    if not by.can(Permission.SETTINGS_EDIT):
        raise PolicyViolation("Only an admin can change departments and categories.")


def leads(user: User) -> bool:
    """Managers and admins answer for the field as a whole."""
    return user.role in {Role.MANAGER, Role.ADMIN}


def check_can_note(*, by: User, practice: Practice, provider: Provider | None) -> None:
    if not by.can(Permission.CONCERN_EDIT) or not Practice.objects.visible_to(by).filter(pk=practice.pk).exists():
        raise PolicyViolation("You can write field notes of practices in your territories only.")
    check_works_at(provider, practice)


def can_change_note(user: User, note: FieldNote) -> bool:
    """Whoever wrote it, and managers (`visible_to` decided before which they see)."""
    return user.can(Permission.CONCERN_EDIT) and (note.noted_by_id == user.pk or leads(user))


def check_can_change_note(user: User, note: FieldNote) -> None:
    if not can_change_note(user, note):
        raise PolicyViolation(f"Only {note.noted_by} or a manager can change this note.")


def can_run_project(user: User, project: QualityProject | None = None) -> bool:
    """Managers and admins begin projects; whoever leads one changes it too."""
    return user.can(Permission.CONCERN_EDIT) and (leads(user) or (project is not None and project.owner_id == user.pk))


def check_can_run_project(user: User, project: QualityProject | None) -> None:
    if not can_run_project(user, project):
        raise PolicyViolation("Quality projects are begun by managers, and changed by them and by whoever leads one.")
