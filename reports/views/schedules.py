"""Reports that come by themselves: the list, setting one up from a finished report, changing, pausing, ending; and what came."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires
from accounts.downloads import asked_kind, send_file
from accounts.models import User
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from reports import actions, kinds
from reports.exports import lists
from reports.forms.schedules import ScheduleForm
from reports.models import ReportSchedule, ScheduleDelivery
from reports.presenters.runs import run_line
from reports.querysets import led_by


def _people(user: User) -> Any:
    """Whom one may send a report to: oneself, the people one leads, and those above who see the whole."""
    above = User.objects.active().filter(role__in=["manager", "executive", "admin", "analyst"]).values("pk")
    return User.objects.active().filter(Q(pk=user.pk) | Q(pk__in=led_by(user).values("pk")) | Q(pk__in=above))


@require_GET
@requires(Permission.DASHBOARD_VIEW)
def schedules(request: HttpRequest) -> HttpResponseBase:
    """One's own, and those that come to oneself; with `file`, as a file."""
    now = timezone.now()
    found = ReportSchedule.objects.visible_to(request.user).standing().select_related("made_by", "territory").prefetch_related("recipients")
    ended = request.GET.get("ended", "")
    rows = [
        {
            "schedule": row,
            "title": kinds.KINDS[row.kind].title if row.kind in kinds.KINDS else row.kind,
            "next": None if row.paused_at else row.next_due(now),
            "may_change": row.made_by_id == request.user.pk or request.user.is_admin,
        }
        for row in found
    ]
    if kind := asked_kind(request):
        return send_file(request, "schedules", kind, lists.SCHEDULES, lists.schedules(rows), len(rows))
    came = ScheduleDelivery.objects.visible_to(request.user).filter(told_at__isnull=False).select_related("turn__schedule").order_by("-pk")
    context = {
        "rows": rows,
        "came": [{"delivery": row, "title": kinds.KINDS[row.turn.schedule.kind].title} for row in came[:10]],
        "ended": ReportSchedule.objects.visible_to(request.user).exclude(ended_at=None).filter(pk=ended).first()
        if ended.isdecimal() and len(ended) < 19
        else None,
    }
    return render(request, "reports/schedules.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.DASHBOARD_VIEW, Permission.EXPORT)
def new(request: HttpRequest, pk: int) -> HttpResponse:
    """From a finished report: the same question, asked again each time."""
    run = get_object_or_404(kinds.runs_seen_by(request.user).finished().for_one(), pk=pk)
    form = ScheduleForm(request.POST if request.method == "POST" else None, people=_people(request.user))
    if not form.is_bound:
        form.initial["recipients"] = [request.user.pk]
    if form.is_bound and form.is_valid():
        try:
            saved = actions.save_schedule(
                kind=run.kind, parameters=run.parameters, territory=run.territory, by=request.user, **form.cleaned_data
            )
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"It comes {saved.when[0].lower()}{saved.when[1:]}.")
            return redirect("reports:schedules")
    line = run_line(run, kinds.KINDS[run.kind], request.user)
    return _page(request, form, title=line.title, what=f"{run.scope_name} · {line.words}".rstrip(" ·"), back=run.get_absolute_url())


@require_http_methods(["GET", "POST"])
@requires(Permission.DASHBOARD_VIEW, Permission.EXPORT)
def schedule(request: HttpRequest, pk: int) -> HttpResponse:
    stored = _own(request, pk)
    form = ScheduleForm(request.POST if request.method == "POST" else None, people=_people(request.user), schedule=stored)
    if form.is_bound and form.is_valid():
        same = {"kind": stored.kind, "parameters": stored.parameters, "territory": stored.territory}
        try:
            actions.save_schedule(schedule=stored, by=request.user, **same, **form.cleaned_data)
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Saved.")
            return redirect("reports:schedules")
    title = kinds.KINDS[stored.kind].title if stored.kind in kinds.KINDS else stored.kind
    return _page(request, form, title=title, what=str(stored.territory or "Each recipient's own field"), back=reverse("reports:schedules"))


def _page(request: HttpRequest, form: ScheduleForm, **context: Any) -> HttpResponse:
    return render(request, "reports/schedule.html", {"form": form, **context}, status=422 if form.errors else 200)


def _own(request: HttpRequest, pk: int) -> ReportSchedule:
    """One that the person may change; one that only comes to them is seen and not changed."""
    found = ReportSchedule.objects.visible_to(request.user).select_related("made_by", "territory")
    stored = get_object_or_404(found, pk=pk)
    if stored.made_by_id != request.user.pk and not request.user.is_admin:
        raise PermissionDenied("Only who set it up, or an admin, changes a schedule.")
    return stored


@require_POST
@requires(Permission.DASHBOARD_VIEW, Permission.EXPORT)
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    stored = _own(request, pk)
    actions.pause_schedule(schedule=stored, paused=stored.paused_at is None, by=request.user)
    return redirect("reports:schedules")


@require_POST
@requires(Permission.DASHBOARD_VIEW, Permission.EXPORT)
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Off the list; pressed again from the note above it, back on it."""
    stored = _own(request, pk)
    if stored.ended_at is None:
        actions.end_schedule(schedule=stored, by=request.user)
        return redirect(f"{reverse('reports:schedules')}?ended={stored.pk}")
    actions.restore_schedule(schedule=stored, by=request.user)
    return redirect("reports:schedules")


@require_POST
@requires(Permission.DASHBOARD_VIEW)
def leave(request: HttpRequest, pk: int) -> HttpResponse:
    stored = get_object_or_404(ReportSchedule.objects.visible_to(request.user), pk=pk)
    actions.leave_schedule(schedule=stored, by=request.user)
    messages.success(request, "It does not come to you any more.")
    return redirect("reports:schedules")


@require_GET
@requires(Permission.DASHBOARD_VIEW)
def delivery(request: HttpRequest, pk: int) -> HttpResponse:
    """Where the mail's link leads: the file for those who may download it, the page for the others."""
    own = ScheduleDelivery.objects.visible_to(request.user).select_related("turn__schedule", "run")
    found = get_object_or_404(own.filter(told_at__isnull=False), pk=pk)
    run = get_object_or_404(kinds.runs_seen_by(request.user).finished(), pk=found.run_id)
    if request.user.can(Permission.EXPORT):
        return render(request, "reports/delivery.html", {"run": run, "delivery": found, "title": kinds.KINDS[run.kind].title})
    return redirect(run)
