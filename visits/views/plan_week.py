"""The week: what was promised against what fits, a draft to accept, and who is due."""

import datetime as dt
from collections.abc import Callable
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.access import requires
from accounts.models import User
from accounts.permissions import Permission
from audit.actions import record
from common.csvsafe import csv_response, xlsx_response
from common.exceptions import PolicyViolation
from visits import actions, exports
from visits.cadence import Due, cadence_order, dues, field_of
from visits.models import PlanDraft
from visits.planning import accepted_for, capacity, draft_for, promised_by, week_of
from visits.queries import hours_of
from visits.reasons import cadence_tone, cadence_words
from visits.views.common import number
from visits.views.today import day_or, whose

PAGE = 25
SHOWN = {"due": "Due now", "week": "Due by the end of the week", "all": "All promised"}
_FILES: dict[str, Callable[..., HttpResponseBase]] = {"csv": csv_response, "xlsx": xlsx_response}


@require_GET
@requires(Permission.VISIT_LOG, Permission.PROVIDER_VIEW)
def plan_week(request: HttpRequest) -> HttpResponse:
    """One week of one person, and the four weeks that begin with it."""
    owner, people = whose(request, is_of_field=True)
    today = timezone.localdate()
    days = week_of(day_or(request.GET.get("week"), today))
    working, found = hours_of(owner), promised_by(owner)
    shown = request.GET["show"] if request.GET.get("show") in SHOWN else "due"
    rows = _cut(found, shown, days[-1], today)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    drafted, accepted = draft_for(owner, request.user, days), accepted_for(owner, request.user, days)
    who = f"&who={owner.pk}" if owner != request.user else ""
    context = {
        "owner": owner,
        "people": people,
        "is_mine": owner == request.user,
        "week": days,
        "weeks": _weeks(days[0], today, who),
        "capacity": capacity(found, working, starts_on=max(days[0], today), today=today),
        "working": working,
        "page": page,
        "rows": [{"due": due, "words": cadence_words(due, today), "tone": cadence_tone(due, today)} for due in page],
        "tabs": [
            {
                "url": f"?week={days[0]}&show={name}{who}#due",
                "label": label,
                "active": name == shown,
                "count": len(_cut(found, name, days[-1], today)),
            }
            for name, label in SHOWN.items()
        ],
        "draft": drafted,
        "draft_days": _days(drafted),
        "accepted": accepted,
        "accepted_count": accepted.stops.exclude(visit=None).count() if accepted else 0,
        "is_over": days[-1] < today,
        "practices_url": reverse("contacts:practices"),
    }
    return render(request, "visits/plan_week.html", context)


def _cut(found: list[Due], shown: str, end: dt.date, today: dt.date) -> list[Due]:
    day = end if shown == "week" else today
    return cadence_order(found if shown == "all" else [due for due in found if due.is_due(day)], today)


def _weeks(monday: dt.date, today: dt.date, who: str) -> list[dict[str, Any]]:
    this = week_of(today)[0]
    names = {this: "This week", this + dt.timedelta(days=7): "Next week"}
    shown = sorted({this, *(this + dt.timedelta(weeks=n) for n in (1, 2, 3)), monday})
    return [
        {"url": f"?week={week}{who}", "label": names.get(week, f"From {week.day} {week:%b}"), "active": week == monday} for week in shown
    ]


def _days(plan: PlanDraft | None) -> list[dict[str, Any]]:
    """The stops of a draft by day, with the hours that each takes."""
    if plan is None:
        return []
    stops = plan.stops.select_related("practice__territory")
    grouped = groupby(stops, key=lambda stop: timezone.localdate(stop.planned_at))
    days = [(day, list(of_day)) for day, of_day in grouped]
    return [{"day": day, "stops": of_day, "drive": sum(stop.drive_minutes or 0 for stop in of_day)} for day, of_day in days]


def _back(owner: User, by: User, monday: dt.date) -> str:
    who = f"&who={owner.pk}" if owner != by else ""
    return f"{reverse('visits:plan-week')}?week={monday}{who}"


@require_POST
@requires(Permission.VISIT_LOG, Permission.PROVIDER_VIEW)
def make_draft(request: HttpRequest) -> HttpResponse:
    """A draft of the week of ?week=, or of the one day of ?day=."""
    owner, _ = whose(request)
    today = timezone.localdate()
    day = request.POST.get("day")
    days = [day_or(day, today)] if day else week_of(day_or(request.POST.get("week"), today))
    try:
        plan = actions.draft_days(by=request.user, owner=owner, days=days, is_drawn="drawn" in request.POST)
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
    else:
        if plan.draw:
            messages.info(request, f"The order of {plan.draw.drawn.count()} equals was drawn and recorded as {plan.draw}.")
        if day:
            return redirect("visits:draft", plan.pk)
    return redirect(_back(owner, request.user, week_of(days[0])[0]))


def _plan(request: HttpRequest, pk: int) -> PlanDraft:
    return get_object_or_404(PlanDraft.objects.visible_to(request.user).select_related("owner", "draw"), pk=pk)


@require_GET
@requires(Permission.VISIT_LOG, Permission.PROVIDER_VIEW)
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """A draft on a page of its own: of one day, as it was made from Today."""
    plan = _plan(request, pk)
    context: dict[str, Any] = {
        "draft": plan if plan.accepted_at is None else None,
        "draft_days": _days(plan),
        "accepted": plan if plan.accepted_at else None,
    }
    context |= {"accepted_count": plan.stops.exclude(visit=None).count(), "owner": plan.owner}
    return render(request, "visits/draft.html", context)


@require_POST
@requires(Permission.VISIT_LOG, Permission.PROVIDER_VIEW)
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    """The ticked stops are planned; or, by the other button, the draft is thrown away."""
    plan = _plan(request, pk)
    back = _back(plan.owner, request.user, week_of(plan.starts_on)[0])
    try:
        if "discard" in request.POST:
            actions.discard_draft(by=request.user, plan=plan)
            messages.success(request, "The draft is gone. Nothing was planned.")
            return redirect(back)
        ticked = [stop for text in request.POST.getlist("stop") if (stop := number(text))]
        made = actions.accept_draft(by=request.user, plan=plan, stops=ticked)
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{made} visit{'' if made == 1 else 's'} planned.")
    return redirect("visits:draft", plan.pk) if plan.starts_on == plan.ends_on else redirect(back)


@require_POST
@requires(Permission.VISIT_LOG, Permission.PROVIDER_VIEW)
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    plan = _plan(request, pk)
    try:
        gone = actions.undo_draft(by=request.user, plan=plan)
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"Undone: {gone} planned visit{'' if gone == 1 else 's'} canceled.")
    return redirect(_back(plan.owner, request.user, week_of(plan.starts_on)[0]))


@require_GET
@requires(Permission.VISIT_LOG, Permission.PROVIDER_VIEW, Permission.EXPORT)
def due_file(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Everything that the cadence promises, as a file."""
    owner, _ = whose(request, is_of_field=True)
    if kind not in _FILES:
        raise Http404("No such file.")
    today = timezone.localdate()
    rows = cadence_order(dues(field_of(owner)), today)
    record("due.exported", by=request.user, rows=len(rows), owner=owner.pk, kind=kind)
    return _FILES[kind](f"due-{today}.{kind}", exports.DUE_HEADER, exports.due_rows(rows, today))
