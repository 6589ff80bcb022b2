"""Who may do what with a visit or a follow-up, and in which state. `check_*` raises the sentence, `can_*` answers yes or no."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence

from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from accounts.roles import Role
from common.exceptions import PolicyViolation
from contacts.models import Practice
from visits.models import FollowUp, TargetList, Visit, VisitState

CLOCKS_DIFFER = dt.timedelta(days=1)  # a phone's clock or time zone may be off
_LEADS = frozenset({Role.MANAGER, Role.ADMIN})


def leads(user: User) -> bool:
    """Managers and admins correct, plan and hand over for the people they see."""
    return user.role in _LEADS


def can_edit(user: User, visit: Visit) -> bool:
    """One's own visits; managers also those of others that they see (`visible_to` decided that before)."""
    return user.can(Permission.VISIT_LOG) and (visit.owner_id == user.pk or leads(user))


def check_can_edit(user: User, visit: Visit) -> None:
    if not can_edit(user, visit):
        raise PolicyViolation(f"Only {visit.owner} or a manager can change this visit.")


def can_log_for(user: User, practice: Practice) -> bool:
    """Whoever logs visits does so for the practices they see."""
    return user.can(Permission.VISIT_LOG) and Practice.objects.visible_to(user).filter(pk=practice.pk).exists()


def check_can_log(*, by: User, practice: Practice, visited_at: dt.datetime, planned: Visit | None = None, was_theirs: bool = False) -> None:
    """For a practice in scope, one that was in it at the time of the visit, or one's own plan, which survives a change of territories."""
    own_plan = planned is not None and planned.practice_id == practice.pk and can_edit(by, planned)
    if not own_plan and not (was_theirs and by.can(Permission.VISIT_LOG)) and not can_log_for(by, practice):
        raise PolicyViolation("You can log visits to practices in your territories only. Ask your manager if this one should be yours.")
    if visited_at > timezone.now() + CLOCKS_DIFFER:
        raise PolicyViolation("This visit lies in the future. Choose when it happened, or plan it instead.")


def check_can_plan(*, by: User, practice: Practice, owner: User, planned_at: dt.datetime) -> None:
    if not can_log_for(by, practice):
        raise PolicyViolation("You can plan visits to practices in your territories only. Ask your manager if this one should be yours.")
    if owner != by and not leads(by):
        raise PolicyViolation("Only a manager can plan a visit for somebody else.")
    if not owner.can(Permission.VISIT_LOG):
        raise PolicyViolation(f"{owner} does not log visits. Choose somebody who does.")
    if timezone.localdate(planned_at) < timezone.localdate():
        raise PolicyViolation("This day is over. Choose today or later, or log the visit instead.")


def is_planned(visit: Visit) -> bool:
    return visit.state == VisitState.PLANNED


def check_is_planned(visit: Visit) -> None:
    """A plan is completed, missed or cancelled once."""
    if not is_planned(visit):
        raise PolicyViolation(f"This visit is no longer planned: it is {VisitState(visit.state).label.lower()}.")


def check_appointment(*, planned_at: dt.datetime, ends_at: dt.datetime | None, is_fixed: bool) -> None:
    """An end belongs to an appointment; it comes after the start, and the same day."""
    if ends_at is None:
        return
    if not is_fixed:
        raise PolicyViolation("Only an appointment has an end. Tick that the office agreed to this time, or leave the end out.")
    if ends_at <= planned_at:
        raise PolicyViolation("It ends before it begins. Choose a later end.")
    if timezone.localdate(ends_at) != timezone.localdate(planned_at):
        raise PolicyViolation("An appointment ends on the day on which it begins.")


def check_can_invite(visit: Visit) -> None:
    if not (is_planned(visit) and visit.is_fixed):
        raise PolicyViolation("People are invited to an appointment that is still to come. Fix its time first.")


def check_was_made(visit: Visit) -> None:
    """What is still to come, or was called off, is changed as a plan."""
    if visit.state not in {VisitState.DONE, VisitState.MISSED}:
        raise PolicyViolation("This visit has not taken place: change the plan instead.")


def can_change_follow_up(user: User, follow_up: FollowUp) -> bool:
    """Its owner, whoever wrote it, and managers."""
    return user.can(Permission.VISIT_LOG) and (user.pk in {follow_up.owner_id, follow_up.created_by_id} or leads(user))


def check_can_change_follow_up(user: User, follow_up: FollowUp) -> None:
    if not can_change_follow_up(user, follow_up):
        raise PolicyViolation(f"Only {follow_up.owner} or a manager can change this follow-up.")


def check_is_open_follow_up(follow_up: FollowUp) -> None:
    if follow_up.done_at is not None:
        raise PolicyViolation("This is done already. Open it again first.")


def check_can_snooze(follow_up: FollowUp, until_on: dt.date) -> None:
    """To a day that is still to come: whoever means "today" leaves it as it is."""
    check_is_open_follow_up(follow_up)
    if until_on <= timezone.localdate():
        raise PolicyViolation("Choose a day that is still to come.")
    if until_on.year > timezone.localdate().year + 5:
        raise PolicyViolation("This is too far ahead. Check the year.")


def check_can_follow_up(*, by: User, practice: Practice, visit: Visit | None) -> None:
    if visit is not None and visit.practice_id == practice.pk and can_edit(by, visit):
        return
    if not can_log_for(by, practice):
        raise PolicyViolation("You can add follow-ups to practices in your territories only.")


def check_can_make_list(user: User) -> None:
    if not user.can(Permission.VISIT_LOG):
        raise PolicyViolation("Lists of whom to visit are made by those who plan visits.")


def can_change_list(user: User, target_list: TargetList) -> bool:
    """Whoever made it, and managers (`visible_to` decided before which they see)."""
    return user.can(Permission.VISIT_LOG) and (target_list.owner_id == user.pk or leads(user))


def check_can_change_list(user: User, target_list: TargetList) -> None:
    if not can_change_list(user, target_list):
        raise PolicyViolation(f"Only {target_list.owner} or a manager can change this list.")


def can_work_on_list(user: User, target_list: TargetList) -> bool:
    """Also those in whose hands it is."""
    held = target_list.handovers.in_force().filter(to=user)
    return can_change_list(user, target_list) or (user.can(Permission.VISIT_LOG) and held.exists())


def check_can_work_on_list(user: User, target_list: TargetList) -> None:
    if not can_work_on_list(user, target_list):
        raise PolicyViolation("This list is not in your hands. Ask whoever made it to hand it to you.")


def check_list_is_open(target_list: TargetList) -> None:
    if target_list.closed_at is not None:
        raise PolicyViolation("This list is closed. Open it again first.")


def check_can_hand_over(*, by: User, target_list: TargetList, to: User) -> None:
    """A manager gives work to others. It goes to somebody who visits, and who sees at least one of the practices."""
    if not leads(by):
        raise PolicyViolation("Only a manager hands a list to somebody else.")
    if not (to.is_active and to.can(Permission.VISIT_LOG)):
        raise PolicyViolation(f"{to} does not log visits. Choose somebody who does.")
    if not Practice.objects.visible_to(to).filter(target_entries__list=target_list).exists():
        raise PolicyViolation(f"None of these practices lies in a territory of {to}.")


FEWEST_DRAWN, MOST_DRAWN, LONGEST_DRAW = 2, 500, 24


def check_can_draw(
    *, by: User, name: str, practices: Sequence[Practice], refused: Mapping[int, str], first_month_on: dt.date, months: int
) -> None:
    """Practices in scope whose first visit nothing else has decided yet, over months that are still to come."""
    if not by.can(Permission.VISIT_LOG):
        raise PolicyViolation("Only those who plan visits draw an order for them.")
    if not name.strip():
        raise PolicyViolation("Give the order a name.")
    if not FEWEST_DRAWN <= len(practices) <= MOST_DRAWN:
        raise PolicyViolation(f"Choose {FEWEST_DRAWN} to {MOST_DRAWN} practices; {len(practices)} are chosen.")
    if not 1 <= months <= min(LONGEST_DRAW, len(practices)):
        raise PolicyViolation(f"Spread them over 1 to {min(LONGEST_DRAW, len(practices))} months, so that every month has one.")
    if first_month_on < timezone.localdate().replace(day=1):
        raise PolicyViolation("The first month is over. Choose this month or a later one.")
    seen = set(Practice.objects.visible_to(by).live().filter(pk__in=[practice.pk for practice in practices]).values_list("pk", flat=True))
    if outside := [practice for practice in practices if practice.pk not in seen]:
        raise PolicyViolation(f"{len(outside)} of the practices are not in your field, or not in use.")
    if refused:
        named = [f"{practice} ({refused[practice.pk]})" for practice in practices if practice.pk in refused]
        more = f" and {len(named) - 5} more" if len(named) > 5 else ""
        raise PolicyViolation(f"Their first visit would not be decided by the draw: {', '.join(named[:5])}{more}. Leave them out.")


def check_can_draw_from(*, by: User, target_list: TargetList, practices: Sequence[Practice], on_list: Collection[int]) -> None:
    """A list in work that the person sees, and practices that stand on it."""
    if not TargetList.objects.visible_to(by).filter(pk=target_list.pk).exists():
        raise PolicyViolation("That list is not yours.")
    if target_list.closed_at is not None:
        raise PolicyViolation("The list is closed. Open it again, or draw without it.")
    if elsewhere := [practice for practice in practices if practice.pk not in on_list]:
        raise PolicyViolation(f"{len(elsewhere)} of the practices are not on the list {target_list}.")
