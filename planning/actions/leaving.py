"""What somebody who leaves has in hand goes to others in one go, and comes back in one go. Nothing is deleted."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from common.exceptions import PolicyViolation
from notices.actions import notify
from notices.models import NoticeKind
from planning.actions.carrying import carry_assignments, carry_assignments_back, carry_work
from planning.models import Reassignment
from planning.queries.work import in_hand
from reports.actions.carried_goals import carry_goals, carry_goals_back, open_goals
from territories.models import Assignment


@transaction.atomic
def reassign_work(
    *,
    person: User,
    assignments: Mapping[int, User],
    work: Mapping[str, User],
    goals: User | None = None,
    ends_goals: bool = False,
    note: str = "",
    by: User,
) -> Reassignment:
    """Give assignments (by id) and kinds of work to others from today on; what is not named stays with the person.

    What is left of open goals goes to `goals`, or with `ends_goals` ends; else goals stay as they are.
    """
    today = timezone.localdate()
    takers = {taker.pk: taker for taker in [*assignments.values(), *work.values(), *([goals] if goals else [])]}
    for taker in takers.values():
        if taker == person or not taker.is_active:
            raise PolicyViolation(f"{taker} cannot take this over. Choose somebody who works here.")
    rows = Assignment.objects.filter(user=person, pk__in=assignments).select_related("territory", "service_line")
    held = {assignment.pk: assignment for assignment in rows}
    moved: dict[str, Any] = {"assignments": [], "work": []}
    for pk, taker in assignments.items():
        if pk in held:
            begins = max(today, held[pk].started_on)
            moved["assignments"] += carry_assignments(held=[held[pk]], taker=taker, on=begins, by=by)
    has = in_hand(person)
    for kind, taker in work.items():
        given = carry_work(work={kind: has[kind]}, giver=person, taker=taker, note=note[:200], by=by)
        if given:
            moved["work"].append([taker.pk, given])
    if goals is not None or ends_goals:
        ids = [goal.pk for goal in open_goals(person, today)]
        moved["goals"] = carry_goals(ids=ids, giver=person, taker=goals, on=today, by=by)
    made = Reassignment.objects.create(person=person, moved=moved, note=note.strip()[:300], made_by=by)
    record(
        "work.reassigned",
        by=by,
        target=made,
        person=person,
        to=[str(taker) for taker in takers.values()],
        goals=len(moved.get("goals", ())),
    )
    text = f"{by} gives you what was in {person}'s hands"
    notify(to=list(takers.values()), kind=NoticeKind.HAND_OVER, text=text, url="/", by=by, key=f"reassigned {made.pk}")
    return made


@transaction.atomic
def undo_reassignment(*, reassignment: Reassignment, by: User) -> Reassignment:
    """Give back what still is where it went. A person who cannot sign in gets no territory back: enable the account first."""
    reassignment = Reassignment.objects.select_for_update(of=("self",)).select_related("person").get(pk=reassignment.pk)
    if reassignment.undone_at:
        raise PolicyViolation("This was undone before.")
    person = reassignment.person
    if not person.is_active:
        raise PolicyViolation(f"{person} no longer signs in. Enable the account first, or give the work to somebody else.")
    carry_assignments_back(moved=reassignment.moved["assignments"], giver=person, by=by)
    takers = User.objects.in_bulk([pk for pk, _ in reassignment.moved["work"]])
    for pk, work in reassignment.moved["work"]:
        carry_work(work=work, giver=takers[pk], taker=person, by=by)
    carry_goals_back(changed=reassignment.moved.get("goals", ()), by=by)
    reassignment.undone_at, reassignment.undone_by = timezone.now(), by
    reassignment.save(update_fields=["undone_at", "undone_by"])
    record("work.reassignment_undone", by=by, target=reassignment)
    return reassignment
