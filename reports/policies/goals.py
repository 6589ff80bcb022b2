"""Who may set goals, and which goals make sense."""

from accounts.models import User
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from reports.models import Goal, GoalMeasure
from territories.models import Assignment
from territories.scope import scope_of


def check_can_set(goal: Goal, by: User) -> None:
    """Managers for the people and territories below theirs; the whole and service lines for those who see the whole."""
    if not by.can(Permission.GOAL_EDIT):
        raise PolicyViolation("Your role does not set goals.")
    scope = scope_of(by)
    if scope.whole:
        return
    if goal.territory is not None and goal.territory_id in scope.territory_ids:
        return
    if goal.liaison is not None:
        held = set(Assignment.objects.today().filter(user=goal.liaison, service_line=None).values_list("territory_id", flat=True))
        if held and held <= scope.territory_ids:
            return
    raise PolicyViolation("You can set goals for the territories below yours and for the people in them.")


def check_makes_sense(goal: Goal) -> None:
    if sum(owner is not None for owner in (goal.liaison, goal.territory, goal.service_line)) > 1:
        raise PolicyViolation("A goal is for one person, one territory or one service line, or for the whole.")
    if goal.measure == GoalMeasure.VISITS and goal.service_line is not None:
        raise PolicyViolation("Visits belong to no service line. Choose a person or a territory.")
    if goal.is_share and not 0 < goal.target < 1:
        raise PolicyViolation("Leakage is a share: give a target between 0 and 100 percent.")
    if not goal.is_share and (goal.target < 1 or goal.target != int(goal.target)):
        raise PolicyViolation("Give a whole number of at least 1.")
    stored = Goal.objects.filter(
        measure=goal.measure,
        liaison=goal.liaison,
        territory=goal.territory,
        service_line=goal.service_line,
        period=goal.period,
        start_on=goal.start_on,
    ).exclude(pk=goal.pk)
    if stored.exists():
        raise PolicyViolation(f"There is a goal already: {stored.get()}. Change that one.")
