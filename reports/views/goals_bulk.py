"""Goals in bulk: what each did in the same period a year ago, what that makes with an uplift, mended by hand, saved at once, taken back."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import requires
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from reports import actions
from reports.forms import GoalsForm
from reports.forms.goals import owner_of
from reports.models import Goal, GoalBatch, GoalMeasure
from reports.models.goals import period_start
from reports.pacing import figures
from reports.periods import add_months
from reports.presenters import goals as presenter
from reports.queries.freshness import freshness
from reports.queries.names import names


@dataclass
class BulkRow:
    """One line of the table: whose, a year ago, the goal that stands, and the target to be saved as it is typed."""

    key: str
    name: str
    last_year: str
    stands: str
    target: str
    is_chosen: bool
    error: str = ""


@require_http_methods(["GET", "POST"])
@requires(Permission.DASHBOARD_VIEW, Permission.GOAL_EDIT)
def bulk(request: HttpRequest) -> HttpResponse:
    """Choose, look, mend, save: the first two are GET, so that the address can be kept."""
    asked = request.POST if request.method == "POST" else request.GET
    form = GoalsForm(asked if asked else None, user=request.user)
    rows: list[BulkRow] = []
    status = 200
    if form.is_bound and form.is_valid():
        typed = request.POST if request.method == "POST" else None
        rows, stubs = _rows(form, typed)
        if typed is not None and (saved := _save(request, form, rows, stubs)):
            return saved
        status = 422 if typed is not None else 200
    elif form.is_bound:
        status = 422 if request.method == "POST" else 200
    context = {
        "form": form,
        "rows": rows,
        "is_share": form.is_bound and form.is_valid() and form.cleaned_data["measure"] == GoalMeasure.LEAKAGE,
        "words": _words(form),
        "back": reverse("reports:goals"),
    }
    return render(request, "reports/goals_bulk.html", context, status=status)


def _words(form: GoalsForm) -> dict[str, str]:
    if not (form.is_bound and form.is_valid()):
        return {}
    data = form.cleaned_data
    start = period_start(data["period"], data["start_on"])
    now = Goal(measure=data["measure"], period=data["period"], start_on=start)
    then = Goal(measure=data["measure"], period=data["period"], start_on=add_months(start, -12))
    return {"now": now.words, "then": then.words, "measure": now.get_measure_display()}


def _rows(form: GoalsForm, typed: QueryDict | None) -> tuple[list[BulkRow], dict[str, dict[str, Any]]]:
    """The table, and whose each key is. What was typed stays as it was typed."""
    data = form.cleaned_data
    measure, period, start = data["measure"], data["period"], period_start(data["period"], data["start_on"])
    subjects = form.subjects()
    owners = {key: owner_of(key, row) for key, row in subjects.items()}
    ago = [Goal(measure=measure, period=period, start_on=add_months(start, -12), **owner) for owner in owners.values()]
    found = figures(ago, fresh=freshness(), parents=names().parents)
    same = Goal.objects.filter(measure=measure, period=period, start_on=start)
    standing = {(goal.liaison_id, goal.territory_id, goal.service_line_id): goal for goal in same}
    rows = []
    for (key, owner), goal, value in zip(owners.items(), ago, found, strict=True):
        stored = standing.get((goal.liaison_id, goal.territory_id, goal.service_line_id))
        proposed = _proposed(measure, value, data["uplift"])
        stands = presenter.figure(stored, stored.target) if stored else ""
        name = str(next(iter(owner.values())))
        last = presenter.figure(goal, value) if value is not None else ""
        if typed is None:
            rows.append(BulkRow(key, name, last, stands, proposed, bool(proposed)))
        else:
            rows.append(BulkRow(key, name, last, stands, typed.get(f"target-{key}", "").strip(), f"use-{key}" in typed))
    return rows, owners


def _proposed(measure: str, value: float | None, uplift: float) -> str:
    """A whole number, or a share in percent; blank where last year says nothing."""
    if not value:
        return ""
    if measure == GoalMeasure.LEAKAGE:
        return f"{min(99.9, max(0.1, 100 * value * (1 - uplift / 100))):.1f}"
    return str(max(1, round(value * (1 + uplift / 100))))


def _save(request: HttpRequest, form: GoalsForm, rows: list[BulkRow], owners: dict[str, dict[str, Any]]) -> HttpResponse | None:
    """Saved, and back to the list; None when something has to be mended first."""
    data, chosen = form.cleaned_data, []
    for row in rows:
        if not row.is_chosen:
            continue
        try:
            target = float(row.target)
        except ValueError:
            row.error = "Type a number, or take the tick away."
            continue
        chosen.append((owners[row.key], target / 100 if data["measure"] == GoalMeasure.LEAKAGE else target))
    if any(row.error for row in rows):
        form.add_error(None, "Some targets are no numbers; they are marked below.")
        return None
    try:
        batch = actions.set_goals(measure=data["measure"], period=data["period"], start_on=data["start_on"], rows=chosen, by=request.user)
    except PolicyViolation as refusal:
        form.add_error(None, str(refusal))
        return None
    start = period_start(data["period"], data["start_on"])
    today = timezone.localdate()
    running = Goal(period=data["period"], start_on=start).window
    state = "coming" if start > today else "running" if today < running.end else "over"
    return redirect(f"{reverse('reports:goals')}?state={state}&set={batch.pk}")


@require_POST
@requires(Permission.DASHBOARD_VIEW, Permission.GOAL_EDIT)
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """One press takes back what one press set."""
    batch = get_object_or_404(GoalBatch.objects.visible_to(request.user), pk=pk)
    back, of = actions.undo_goals(batch=batch, by=request.user), len(batch.entries)
    stayed = f" {of - back} stay: they were changed since." if back < of else ""
    messages.success(request, f"{presenter.count(back)} taken back.{stayed}")
    return redirect("reports:goals")
