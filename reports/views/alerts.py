"""Alerts: the list that is worked through, one alert, each step, and whom a run did not test."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from concerns.models import Severity
from reports import actions, exports
from reports.filters import AlertFilter
from reports.forms.alerts import AlertConcernForm, AssignForm, CloseForm, SnoozeForm, VisitForm
from reports.models import Alert, AlertRun, Untested
from reports.periods import add_months
from reports.policies import alerts as policies
from reports.presenters import alerts as shown
from reports.queries import alerts as queries
from reports.queries.field import contacts
from reports.queries.freshness import freshness
from reports.queries.names import names
from visits.policies import leads
from visits.queries import colleagues_of

PAGE = 20
CHART_MONTHS = 27
WORK = (Permission.DASHBOARD_VIEW, Permission.PROVIDER_VIEW, Permission.VISIT_LOG)
READ = (Permission.DASHBOARD_VIEW, Permission.PROVIDER_VIEW)
SNOOZES = ((7, "A week"), (30, "A month"), (91, "Three months"))
PURPOSES = {True: "Fewer referrals than usual", False: "More referrals than usual"}


@require_GET
@requires(Permission.DASHBOARD_VIEW)
def alert_list(request: HttpRequest) -> HttpResponse:
    """Alerts, falls first, the largest shortfall first. Whoever sees no providers is told how many there are."""
    run = AlertRun.objects.visible_to(request.user).newest()
    context: dict[str, Any] = {"run": run, "tally": queries.tally(request.user), "fresh": freshness()}
    if run:
        context |= {"q_words": shown.q_words(run), "untested": shown.untested_words(run)}
    if not request.user.can(Permission.PROVIDER_VIEW):
        return render(request, "reports/alert_numbers.html", context)
    seen = Alert.objects.visible_to(request.user).listed()
    filtered = AlertFilter(request.GET, seen, request=request)
    page = Paginator(filtered.qs.by_size().for_list(), PAGE).get_page(request.GET.get("page"))
    done = seen.for_list().filter(pk=_number(request.GET.get("done"))).first()
    asked = {name for name in filtered.filters if request.GET.get(name)}
    context |= {
        "page": page,
        "rows": rows_of(page.object_list, request.user),
        "filter": filtered,
        "is_filtered": bool(asked),
        "done": rows_of([done], request.user)[0] if done else None,
        "works": policies.can_work_on_alerts(request.user),
        "snoozes": _snoozes(),
        "next": request.get_full_path(),
    }
    return render(request, "reports/alerts.html", context)


def rows_of(alerts: Sequence[Alert], user: Any) -> list[shown.Row]:
    """What the list shows of each, in a handful of queries whatever their number."""
    alerts = list(alerts)
    start, last = queries.first_month(alerts), queries.last_month(alerts)
    months = (
        queries.inbound_months([alert.provider_id for alert in alerts], user, start=start, end=add_months(last, 1))
        if start and last
        else {}
    )
    parts, steps = queries.parts_seen(alerts, user), queries.last_steps(alerts)
    known = contacts([alert.practice_id for alert in alerts if alert.practice_id], user=user, parents=names().parents)
    return [
        shown.row(
            alert,
            part=parts.get(alert.pk),
            months=months.get(alert.provider_id, {}),
            contact=known.get(alert.practice_id) if alert.practice_id else None,
            last=steps.get(alert.pk),
        )
        for alert in alerts
    ]


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else 0


def _snoozes() -> list[dict[str, Any]]:
    today = timezone.localdate()
    return [{"label": label, "day": today + dt.timedelta(days=days)} for days, label in SNOOZES]


def found(request: HttpRequest, pk: int) -> Alert:
    rows: QuerySet[Alert] = Alert.objects.visible_to(request.user).for_list()
    return get_object_or_404(rows, pk=pk)


@require_GET
@requires(*READ)
def alert_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One alert: its months as a chart, what people made of it, the visits around it."""
    alert = found(request, pk)
    (row,) = rows_of([alert], request.user)
    part = queries.parts_seen([alert], request.user).get(alert.pk)
    fresh = freshness()
    start = queries.trend_start(alert, CHART_MONTHS)
    chart = None
    if start and alert.months:
        start = max(start, fresh.first_month or start)
        end = add_months(fresh.data_through.replace(day=1), 1) if fresh.data_through else add_months(start, CHART_MONTHS)
        counts = queries.inbound_months([alert.provider_id], request.user, start=start, end=end)[alert.provider_id]
        chart = shown.chart(alert, part, counts, start=start, data_through=fresh.data_through)
    newest = AlertRun.objects.newest()
    context = {
        "row": row,
        "alert": alert,
        "chart": chart,
        "steps": shown.history(alert.changes.select_related("changed_by"), part),
        "visits": queries.visits_around(alert, request.user),
        "works": policies.can_work_on_alerts(request.user),
        "snoozes": _snoozes(),
        "untested": Untested.objects.filter(provider=alert.provider_id).first(),
        "q_words": shown.q_words(newest) if newest else "",
        "next": alert.get_absolute_url(),
        "crumbs": [{"url": reverse("reports:alerts"), "label": "Alerts"}],
        "has_charts": True,
    }
    return render(request, "reports/alert.html", context)


@require_POST
@requires(*WORK)
def seen(request: HttpRequest, pk: int) -> HttpResponse:
    return _step(request, found(request, pk), lambda alert: actions.mark_alerts_seen(alerts=[alert], by=request.user), "seen")


@require_POST
@requires(*WORK)
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    return _step(request, found(request, pk), lambda alert: actions.undo_alert_step(alert=alert, by=request.user), "as it was")


@require_POST
@requires(*WORK)
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    return _step(request, found(request, pk), lambda alert: actions.reopen_alert(alert=alert, by=request.user), "open again")


def _step(request: HttpRequest, alert: Alert, act: Callable[[Alert], Any], words: str) -> HttpResponse:
    """One click: the card alone is drawn again; without JavaScript the page."""
    refusal = ""
    try:
        act(alert)
    except PolicyViolation as said:
        refusal = str(said)
    if request.htmx:
        (row,) = rows_of([found(request, alert.pk)], request.user)
        context = {"row": row, "works": True, "snoozes": _snoozes(), "next": _next(request), "refusal": refusal}
        return render(request, "reports/_alert_card.html", context)
    if refusal:
        messages.error(request, refusal)
    else:
        messages.success(request, f"{alert.provider}: {words}.")
    return redirect(_next(request))


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    return wanted if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure()) else reverse("reports:alerts")


# the last part of the address: form, page title, label of the button
_FORMS: dict[str, tuple[Callable[..., forms.Form], str, str]] = {
    "snooze": (SnoozeForm, "Snooze", "Snooze"),
    "assign": (AssignForm, "Assign", "Assign"),
    "close": (CloseForm, "Close", "Close alert"),
    "visit": (VisitForm, "Plan visit", "Plan visit"),
    "concern": (AlertConcernForm, "Raise concern", "Save concern"),
}


@require_http_methods(["GET", "POST"])
@requires(*WORK)
def step(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """A step that needs a word more: until when, to whom, why."""
    alert = found(request, pk)
    form_class, title, submit = _FORMS.get(what) or _no_such_step()
    if what in {"visit", "concern"} and alert.practice is None:
        messages.error(request, "No practice of this provider is known. Say where they work first.")
        return redirect(alert.provider)
    if what == "concern" and not request.user.can(Permission.CONCERN_EDIT):
        raise PermissionDenied("Your role does not let you add concerns.")
    extra: dict[str, Any] = {}
    if what == "visit":
        extra = {"people": colleagues_of(request.user) if leads(request.user) else None}
    form = form_class(
        request.POST if request.method == "POST" else None, alert=alert, user=request.user, initial=_initial(alert, request), **extra
    )
    if request.method == "POST" and form.is_valid():
        try:
            words = _carry_out(what, form, alert, request)
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"{alert.provider}: {words}.")
            return redirect(_after(_next(request), alert))
    context = {
        "form": form,
        "fields": getattr(form, "shown", form.visible_fields()),
        "alert": alert,
        "told": shown.figures(alert, queries.parts_seen([alert], request.user).get(alert.pk)),
        "title": title,
        "submit": submit,
        "what": what,
        "next": _next(request),
        "crumbs": [{"url": reverse("reports:alerts"), "label": "Alerts"}, {"url": alert.get_absolute_url(), "label": str(alert.provider)}],
    }
    return render(request, "reports/alert_step.html", context, status=422 if form.errors else 200)


def _no_such_step() -> Any:
    raise Http404("No such step.")


def _initial(alert: Alert, request: HttpRequest) -> dict[str, Any]:
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    return {
        "until_on": timezone.localdate() + dt.timedelta(days=SNOOZES[1][0]),
        "to": alert.assigned_to_id or request.user.pk,
        "day": tomorrow,
        "time": dt.time(10),
        "purpose": PURPOSES[alert.is_fall],
        "owner": alert.assigned_to_id or request.user.pk,
        "provider": alert.provider_id,
        "severity": Severity.NORMAL,
    }


def _carry_out(what: str, form: Any, alert: Alert, request: HttpRequest) -> str:
    """Do it; returns what was done, in words."""
    data, by = form.cleaned_data, request.user
    if what == "snooze":
        actions.snooze_alert(alert=alert, until_on=data["until_on"], by=by)
        return f"snoozed until {data['until_on']:%d %b %Y}"
    if what == "assign":
        actions.assign_alerts(alerts=[alert], to=data["to"], by=by)
        return f"assigned to {data['to']}"
    if what == "visit":
        visit = actions.plan_visit_for_alert(
            alert=alert, planned_at=form.planned_at, purpose=data["purpose"], owner=data.get("owner"), by=by
        )
        return f"visit planned for {timezone.localtime(visit.planned_at):%d %b %Y}"
    if what == "concern":
        concern = actions.raise_concern_for_alert(alert=alert, by=by, **data)
        return f"concern saved, {concern.department} answers by {concern.due_on:%d %b %Y}"
    actions.close_alert(alert=alert, reason=data["reason"], note=data["note"], by=by)
    return "closed"


def _after(url: str, alert: Alert) -> str:
    """Back to the list, where a note offers to take the step back; or to the alert's own page."""
    if url == alert.get_absolute_url():
        return url
    path, _, query = url.partition("?")
    kept = QueryDict(query, mutable=True)
    kept["done"] = str(alert.pk)
    return f"{path}?{kept.urlencode()}"


@require_GET
@requires(*READ)
def untested(request: HttpRequest) -> HttpResponse:
    """Whom the newest run did not test, and why."""
    run = AlertRun.objects.visible_to(request.user).newest()
    rows = queries.untested(request.user)
    counts = dict(rows.order_by().values_list("reason").annotate(n=Count("pk")))
    reason = request.GET.get("reason", "")
    if reason not in shown.REASONS:
        reason = next(iter(sorted(counts, key=lambda key: -counts[key])), "not seen")
    page = Paginator(rows.filter(reason=reason), 50).get_page(request.GET.get("page"))
    may_export = request.user.can(Permission.EXPORT) and any(counts.values())
    context = {
        "run": run,
        "page": page,
        "files": {kind: reverse("reports:alerts-untested-export", args=[kind]) for kind in exports.KINDS} if may_export else {},
        "tabs": [
            {"url": f"?reason={key.replace(' ', '+')}", "label": name, "count": counts.get(key, 0), "active": key == reason}
            for key, (name, _) in shown.REASONS.items()
        ],
        "why": shown.REASONS[reason][1],
        "feeds": shown.feed_words(run) if run else [],
        "crumbs": [{"url": reverse("reports:alerts"), "label": "Alerts"}],
    }
    return render(request, "reports/alerts_untested.html", context)


@require_POST
@requires(Permission.DASHBOARD_VIEW, Permission.SETTINGS_EDIT)
def look(request: HttpRequest) -> HttpResponse:
    """A run now, after holidays or rules were changed."""
    actions.ask_for_alerts_now(by=request.user)
    messages.success(request, "A worker looks at all referrers again. If data and settings are those of the last run, it stands.")
    return redirect("reports:alerts")
