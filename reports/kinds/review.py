"""The Monday review as a finished report: the same findings as the page, on one sheet of paper, in a workbook, by mail."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db.models import Max, Q
from django.utils import timezone

from accounts.permissions import Permission as P
from audit.models import AuditEvent
from concerns.queries import by_department
from reports import words
from reports.exports.review import document
from reports.forms.runs import RunForm
from reports.kinds.kind import Kind, Progress
from reports.measures import leakage_ordered
from reports.models import Goal
from reports.numbers import Baseline
from reports.pacing import paces, running
from reports.periods import Window, add_months, last_full_months
from reports.presenters import goals as goal_words
from reports.presenters import review as presenter
from reports.queries.coverage import COVERAGE_DAYS, coverage
from reports.queries.field import contacts_of
from reports.queries.freshness import freshness
from reports.queries.names import names
from reports.queries.numbers import CORE, GROWTH, numbers
from reports.queries.review import concerns_in, feeds, newcomers, open_concerns, practices_in
from territories.scope import Scope

MONTHS = 12
_TOLD = ("visit.", "concern.", "follow-up.", "goal.", "practice", "cadence.", "category.", "assignment.")


def compute(parameters: Mapping[str, Any], scope: Scope, progress: Progress) -> dict[str, Any]:
    """Every finding with its rows, as JSON. Dates are those of today: a review speaks of the day on which it was made."""
    fresh, known, today = freshness(), names(), timezone.localdate()
    if fresh.data_through is None:
        return {}
    window = last_full_months(MONTHS, fresh.data_through)
    found = numbers(window=window, where={}, scope=scope, fresh=fresh, known=known, parts=(CORE, GROWTH))
    progress(1, 3, "Sources")
    practices, concerns = practices_in(scope), concerns_in(scope)
    ids = [mover.practice_id for mover in found.movers]
    seen = contacts_of(practices.filter(pk__in=ids), parents=known.parents)
    raised = open_concerns(ids, concerns)
    falls = [
        [seen[m.practice_id].name, round(m.expected) - m.observed, m.observed, round(m.expected), seen[m.practice_id].owner,
         _iso(seen[m.practice_id].last_visit_on), raised.get(m.practice_id, 0)]
        for m in found.movers
        if m.difference < 0 and m.practice_id in seen
    ]  # fmt: skip
    month = Window(add_months(window.end, -1), window.end)
    new = newcomers(window=month, where={}, scope=scope, first_month=fresh.first_month, practices=practices, with_names=True)
    progress(2, 3, "The field")
    covered = coverage(practices=practices, window=Window(today - dt.timedelta(days=COVERAGE_DAYS), today), parents=known.parents)
    departments, to_tell = by_department(concerns), concerns.to_tell().count()
    goals = Goal.objects.select_related("liaison", "territory", "service_line")
    if not scope.whole:
        goals = goals.filter(territory__in=scope.territory_ids)
    pace = paces(running(goals, today), fresh=fresh, parents=known.parents)
    baseline = Baseline.of(window.end, fresh.first_month)
    now, before = presenter.both(found)
    return {
        "on": today.isoformat(),
        "months": window.words,
        "recent": baseline.recent.words if baseline else "",
        "new_in": month.words,
        "feeds": [[feed.name, _iso(feed.through), feed.days] for feed in feeds(fresh.version)],
        "feeds_finding": presenter.feeds_finding(feeds(fresh.version)),
        "falls": falls,
        "falls_finding": words.falls([mover for mover in found.movers if mover.difference < 0]),
        "new": [[row.name, row.practice, row.referrals, "returning" if row.is_returning else "new"] for row in new.shown],
        "new_finding": presenter.newcomers_finding(new),
        "coverage": [[row.tier, row.every_days, row.practices, row.promised, row.made, row.share, row.overdue] for row in covered.tiers],
        "coverage_finding": presenter.coverage_finding(covered),
        "concerns": [[row.name, row.late, row.open, row.days_late] for row in departments if row.late],
        "concerns_finding": presenter.concerns_finding(departments, to_tell),
        "to_tell": to_tell,
        "leaks": [[cell.labels[0], cell.internal, cell.outbound, cell.undetermined] for cell in presenter.leaking(found)],
        "leakage": [leakage_ordered(now).value, leakage_ordered(before).value],
        "goals": [
            [
                pace_.goal.subject,
                pace_.goal.get_measure_display(),
                pace_.goal.words,
                pace_.goal.target,
                pace_.so_far,
                pace_.low,
                pace_.high,
                goal_words.row(pace_).pill,
                pace_.goal.is_share,
            ]
            for pace_ in pace
        ],
        "goals_finding": goal_words.finding(pace),
    }


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None


def basis() -> Any:
    """What else it rests on: the day, and the last thing that was written about visits, concerns, tiers, goals and who looks after whom."""
    told = Q()
    for start in _TOLD:
        told |= Q(event__startswith=start)
    return [timezone.localdate().isoformat(), AuditEvent.objects.filter(told).aggregate(last=Max("pk"))["last"]]


KIND = Kind(
    name="review",
    title="Monday review",
    question="What fell, what is late, where are the goals heading?",
    compute=compute,
    form=RunForm,
    document=document,
    permissions=(P.PROVIDER_VIEW, P.VISIT_VIEW, P.CONCERN_VIEW),
    basis=basis,
    icon="calendar-week",
)
