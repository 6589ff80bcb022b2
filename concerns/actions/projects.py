"""Every write of quality projects: keyword-only, atomic, audited."""

import datetime as dt
from collections.abc import Collection

from django.db import transaction

from accounts.models import User
from audit.actions import record
from common.exceptions import PolicyViolation
from common.guarded import check_no_patient
from concerns import policies
from concerns.models import Category, Concern, QualityProject


@transaction.atomic
def save_project(
    *,
    name: str,
    goal: str,
    owner: User,
    started_on: dt.date,
    categories: Collection[Category],
    ended_on: dt.date | None = None,
    project: QualityProject | None = None,
    by: User,
    is_none: bool = False,
) -> QualityProject:
    """Begin a project, or change it: what is to become better, since when, and by which kinds of concern it shows."""
    policies.check_can_run_project(by, project)
    policies.check_text(goal, what="what is to become better", is_none=is_none)
    check_no_patient(name, is_none=is_none)
    policies.check_owner(owner)
    if not name.strip():
        raise PolicyViolation("Give the project a name.")
    if not categories:
        raise PolicyViolation("Choose by which kinds of concern it is to show.")
    if ended_on and ended_on <= started_on:
        raise PolicyViolation("It ends before it begins. Choose a later end.")
    event = "project.changed" if project else "project.begun"
    project = project or QualityProject(begun_by=by)
    project.name, project.goal, project.owner = name.strip(), goal.strip(), owner
    project.started_on, project.ended_on = started_on, ended_on
    project.save()
    project.categories.set(categories)
    record(event, by=by, target=project, owner=owner, started_on=started_on, ended_on=ended_on)
    return project


@transaction.atomic
def link_concern(*, project: QualityProject, concern: Concern, by: User) -> None:
    """This concern is one of those that the project is to end."""
    policies.check_can_work_on(by, concern)
    project.concerns.add(concern)
    record("concern.linked", by=by, target=concern, project=project.pk)


@transaction.atomic
def unlink_concern(*, project: QualityProject, concern: Concern, by: User) -> None:
    policies.check_can_work_on(by, concern)
    project.concerns.remove(concern)
    record("concern.unlinked", by=by, target=concern, project=project.pk)
