"""The manager's Monday: one page to read in two minutes (PRODUCT.md, journey M), and who waits too long by tier."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import requires
from accounts.permissions import Permission
from audit.actions import record
from concerns.models import Concern
from concerns.queries import by_department
from contacts.models import Practice
from reports import exports, words
from reports.measures import leakage_ordered
from reports.models import Goal
from reports.numbers import Baseline, Numbers
from reports.pacing import paces, running
from reports.periods import Window, add_months
from reports.presenters import goals as goal_words
from reports.presenters import review as presenter
from reports.queries.alerts import parts_seen
from reports.queries.coverage import Coverage, coverage_of
from reports.queries.field import contacts
from reports.queries.numbers import CORE, GROWTH
from reports.queries.review import falls_to_look_at, feeds, newcomers, open_concerns
from reports.questions import Question, ask
from reports.views.pages import nothing_yet

PAGE_ROWS = 25


@require_GET
@requires(Permission.DASHBOARD_VIEW)
def review(request: HttpRequest) -> HttpResponse:
    """When the data ends, then what fell, what is new, what was promised, what is late, what leaks, and where the goals are heading."""
    if (question := ask(request)) is None or question.scope.is_empty:
        return nothing_yet(request)
    found = question.numbers(CORE, GROWTH)
    came_from = feeds(question.fresh.version)
    context: dict[str, Any] = {
        "question": question,
        "feeds": came_from,
        "feeds_finding": presenter.feeds_finding(came_from),
        "today": timezone.localdate(),
        "clear_url": request.path if question.query() else "",
        **_falls(question, found),
        **_newcomers(question),
        **_coverage(question),
        **_concerns(question),
        **_leakage(question, found),
        **_goals(question),
    }
    return render(request, "reports/review.html", context)


def _falls(question: Question, found: Numbers) -> dict[str, Any]:
    """Alerts that chance does not explain first, then shortfalls; without names for those who see aggregates only."""
    baseline = Baseline.of(question.window.end, question.fresh.first_month)
    months = baseline.recent.words if baseline else ""
    if not question.sees_sources:
        return {
            "falls": [],
            "falls_finding": words.falls([mover for mover in found.movers if mover.difference < 0]),
            "falls_months": months,
        }
    ids = [mover.practice_id for mover in found.movers]
    seen = contacts(ids, user=question.user, parents=question.known.parents)
    concerns = open_concerns(ids, Concern.objects.visible_to(question.user)) if question.user.can(Permission.CONCERN_VIEW) else {}
    rows = presenter.falls(found, question, seen, concerns)
    alerts = falls_to_look_at(question.user, question.territories)
    return {
        "alerts": presenter.alert_lines(alerts, parts_seen(alerts, question.user)),
        "falls": rows,
        "falls_finding": words.falls([mover for mover in found.movers if mover.difference < 0 and mover.practice_id in seen]),
        "falls_months": months,
        "falls_url": question.page("growth", by="practice"),
    }


def _newcomers(question: Question) -> dict[str, Any]:
    """Of the last full month: who sent nothing to us for twelve months before."""
    window = Window(add_months(question.window.end, -1), question.window.end)
    found = newcomers(
        window=window,
        where=question.where,
        scope=question.scope,
        first_month=question.fresh.first_month,
        practices=Practice.objects.visible_to(question.user),
        with_names=question.sees_sources,
    )
    days = {"start": window.start.isoformat(), "end": window.end.isoformat()}
    url = question.page("growth", by="provider", only="new", **days) if question.sees_sources else question.page("growth")
    return {"newcomers": found, "newcomers_finding": presenter.newcomers_finding(found), "newcomers_url": url}


def _coverage(question: Question) -> dict[str, Any]:
    if not question.user.can(Permission.VISIT_VIEW):
        return {}
    found = covered(question)
    return {"coverage": found, "coverage_finding": presenter.coverage_finding(found), "coverage_url": question.page("coverage")}


def covered(question: Question) -> Coverage:
    """Of the practices that the person sees, in the territory asked for."""
    return coverage_of(question.user, territories=question.territories, parents=question.known.parents)


def _concerns(question: Question) -> dict[str, Any]:
    if not question.user.can(Permission.CONCERN_VIEW):
        return {}
    seen = Concern.objects.visible_to(question.user)
    if question.territories is not None:
        seen = seen.filter(practice__territory__in=question.territories)
    rows, to_tell = by_department(seen), seen.to_tell().count()
    finding = presenter.concerns_finding(rows, to_tell)
    return {"departments": [row for row in rows if row.late], "to_tell": to_tell, "concerns_finding": finding, "shows_concerns": True}


def _leakage(question: Question, found: Numbers) -> dict[str, Any]:
    now, before = presenter.both(found)
    finding = words.leakage(leakage_ordered(now), leakage_ordered(before) if question.has_history else None, question)
    return {"leaks": presenter.leak_lines(found, question), "leaks_finding": finding, "leaks_url": question.page("leakage")}


def _goals(question: Question) -> dict[str, Any]:
    """The goals that run today, of those that the person sees."""
    goals = running(Goal.objects.visible_to(question.user).select_related("liaison", "territory", "service_line"), timezone.localdate())
    if question.territories is not None:
        goals = [goal for goal in goals if goal.territory_id in question.territories]
    found = paces(goals, fresh=question.fresh, parents=question.known.parents)
    return {"goals": goal_words.rows(found, may_edit=False), "goals_finding": goal_words.finding(found)}


@require_GET
@requires(Permission.DASHBOARD_VIEW, Permission.PROVIDER_VIEW, Permission.VISIT_VIEW)
def coverage_page(request: HttpRequest) -> HttpResponse:
    """By tier what was promised and done, then everybody who waits too long."""
    if (question := ask(request)) is None or question.scope.is_empty:
        return nothing_yet(request)
    found = covered(question)
    tier = request.GET.get("tier", "")
    overdue = [row for row in found.overdue if not tier or row.tier == tier]
    context = {
        "question": question,
        "coverage": found,
        "finding": presenter.coverage_finding(found),
        "tier": tier,
        "page": Paginator(overdue, PAGE_ROWS).get_page(request.GET.get("page")),
        "clear_url": request.path if question.query() else "",
    }
    return render(request, "reports/coverage.html", context)


@require_GET
@requires(Permission.DASHBOARD_VIEW, Permission.PROVIDER_VIEW, Permission.VISIT_VIEW, Permission.EXPORT)
def coverage_export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Who waits too long, as a file."""
    question = ask(request)
    if kind not in exports.KINDS or question is None:
        raise Http404("No such file.")
    found = covered(question)
    record("report.exported", by=request.user, table="coverage", kind=kind, filter=question.query())
    head = ["Tier", "Practice", "Looked after by", "A visit every (days)", "Visits made", "Last visit", "Days over"]
    rows = ([row.tier, row.name, row.owner, row.every_days, row.made, row.last_visit_on, row.over] for row in found.overdue)
    return exports.response(f"coverage-{found.window.last_day:%Y-%m-%d}", kind, (head, rows))
