"""Goals as pages, files and the API tell them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.urls import reverse

from common.templatetags.prm import number, percent
from reports.models import Goal
from reports.pacing import Pace, Standing
from reports.words import day

_PILLS: dict[Standing, tuple[str, str]] = {
    "reached": ("Reached", "good"),
    "missed": ("Missed", "bad"),
    "ahead": ("On pace", "good"),
    "open": ("Open", "neutral"),
    "behind": ("Behind pace", "bad"),
    "not begun": ("Not begun", "neutral"),
}
HEAD = ["For", "What", "Period", "Target", "So far", "Until", "Expected at the end", "Low", "High", "Chance of reaching it", "Standing"]


@dataclass(frozen=True)
class GoalRow:
    """One goal: its figures in words, a bar of how far it is, and what that means."""

    goal: Goal
    target: str
    so_far: str
    outlook: str
    until: str
    pill: str
    tone: str
    done: float
    passed: float
    url: str

    @property
    def done_percent(self) -> int:
        """How much of the target is there, for the bar: at most 100."""
        return round(100 * min(1.0, self.done))


def rows(paces: Iterable[Pace], *, may_edit: bool) -> list[GoalRow]:
    return [row(pace, may_edit=may_edit) for pace in paces]


def row(pace: Pace, *, may_edit: bool = False) -> GoalRow:
    goal = pace.goal
    pill, tone = _PILLS[pace.standing]
    url = reverse("reports:goal", args=[goal.pk]) if may_edit else ""
    done = (pace.so_far or 0) / goal.target
    until = "" if pace.standing == "not begun" else f"through {day(pace.last_day)}"
    return GoalRow(goal, figure(goal, goal.target), figure(goal, pace.so_far), outlook(pace), until, pill, tone, done, pace.share, url)


def figure(goal: Goal, value: float | None) -> str:
    return percent(value) if goal.is_share else number(value)


def outlook(pace: Pace) -> str:
    """412 to 471 likely by 30 Nov 2026 (about 440), 63% to reach it."""
    goal = pace.goal
    if pace.standing == "not begun":
        return f"Begins {day(goal.start_on)}"
    if goal.is_share:
        return "" if pace.low is None else f"{percent(pace.low)} to {percent(pace.high)} once chance is allowed for"
    if pace.share >= 1 or pace.low is None or pace.expected is None:
        return ""
    end = day(goal.window.last_day)
    chance = "" if pace.chance is None or pace.standing == "reached" else f"; {_chance(pace.chance)} to reach the target"
    return f"{number(pace.low)} to {number(pace.high)} likely by {end}{chance}"


def _chance(chance: float) -> str:
    """Never 0 or 100 percent: a count to come may be anything."""
    if chance < 0.01:
        return "less than 1%"
    return "more than 99%" if chance > 0.99 else percent(chance, 0)


def finding(paces: Sequence[Pace]) -> str:
    """How many goals are behind, in words."""
    running = [pace for pace in paces if pace.standing in {"ahead", "open", "behind"}]
    behind = sum(pace.standing == "behind" for pace in running)
    reached = sum(pace.standing == "reached" for pace in paces)
    if not running:
        return f"{_goals(reached)} reached" if reached else "No goal is running"
    said = f"{_goals(behind)} of {len(running)} behind pace" if behind else f"No goal is behind pace: {len(running)} running"
    return f"{said}, {reached} reached" if reached else said


def count(goals: int) -> str:
    """1 goal · 3 goals."""
    return _goals(goals)


def _goals(count: int) -> str:
    return "1 goal" if count == 1 else f"{count} goals"


def file_rows(paces: Iterable[Pace], smallest: int) -> Iterable[list[object]]:
    """For a file that leaves: a small count of referrals is hidden, with what would give it away."""
    for pace in paces:
        goal = pace.goal
        small = goal.measure in {"received", "inbound"} and pace.so_far is not None and 0 < pace.so_far < smallest
        so_far: object = f"<{smallest}" if small else pace.so_far
        more = [None] * 4 if small else [pace.expected, pace.low, pace.high, pace.chance]
        ends = None if pace.standing == "not begun" else pace.last_day
        yield [goal.subject, goal.get_measure_display(), goal.words, goal.target, so_far, ends, *more, _PILLS[pace.standing][0]]
