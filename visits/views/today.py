"""A liaison's first page, and the brief of a stop."""

import datetime as dt
import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.access import requires
from accounts.models import User
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from contacts.models import Practice
from visits import actions, packing, policies
from visits.brief import briefs_of
from visits.models import Visit, VisitState
from visits.queries import colleagues_of, hours_of
from visits.reasons import reasons_for
from visits.today import DONE, LATER, NEXT, ahead, day_of, working_days
from visits.views.common import number

DAYS_AHEAD = 3


def whose(request: HttpRequest, *, is_of_field: bool = False) -> tuple[User, list[User]]:
    """Whose days: one's own, or for managers those of somebody they plan for (?who=); and whom they may choose.

    With `is_of_field` a manager who names nobody looks at the first of the liaisons: a team's promises are not one person's hours.
    """
    me: Any = request.user
    people = list(colleagues_of(me).order_by("full_name", "pk")) if policies.leads(me) else []
    wanted = number(request.POST.get("who") or request.GET.get("who"))
    liaisons = [person for person in people if person.is_liaison and is_of_field and wanted is None]
    return next((person for person in people if person.pk == wanted), liaisons[0] if liaisons else me), people


def day_or(text: str | None, today: dt.date) -> dt.date:
    """?day=2026-11-30; what is no day, or lies years away, is today."""
    try:
        day = dt.date.fromisoformat(text or "")
    except ValueError:
        return today
    return day if abs((day - today).days) <= 366 else today


@require_GET
@requires(Permission.VISIT_VIEW, Permission.PROVIDER_VIEW)
def today(request: HttpRequest) -> HttpResponse:
    """The stops of a day in order, what is left of earlier ones, and what comes next."""
    owner, people = whose(request)
    this_day = timezone.localdate()
    day = day_of(owner, day_or(request.GET.get("day"), this_day), by=request.user)
    agent = request.headers.get("User-Agent", "")
    later = ahead(owner, working_days(hours_of(owner), this_day + dt.timedelta(days=1), DAYS_AHEAD), by=request.user)
    is_over = day.is_today and timezone.localtime().time() >= day.hours.ends_at
    context = {
        "day": day,
        "stops": [_stop(stop, agent, this_day) for stop in day.stops],
        "done": day.count(DONE),
        "is_mine": owner == request.user,
        "people": people,
        "owner": owner,
        "tabs": _tabs(day.day, this_day, [one.day for one in later], owner if owner != request.user else None),
        "unlogged": [*day.unlogged, *(stop.visit for stop in day.stops if is_over and stop.state in {NEXT, LATER})],
        "is_over": is_over,
        "tomorrow": later[0] if later and day.is_today else None,
        "add_key": uuid.uuid4(),
        "plan_url": reverse("visits:plan-week"),
        "missed": _just_missed(request),
        "has_field": bool(day.stops) or Practice.objects.visible_to(request.user).exists(),
    }
    return render(request, "visits/today.html", context)


def _just_missed(request: HttpRequest) -> Visit | None:
    """?missed=7: one's own visit that was marked as missed a moment ago, to be told with its undo."""
    missed = Visit.objects.visible_to(request.user).filter(owner=request.user.pk, state=VisitState.MISSED)
    return missed.select_related("practice").filter(pk=number(request.GET.get("missed")) or 0).first()


def _stop(stop: Any, agent: str, day: dt.date) -> dict[str, Any]:
    """One stop as the template draws it."""
    return {
        "stop": stop,
        **packing.stop_shape(stop, today=day),
        "map_url": packing.maps_url(stop.visit.practice, agent),
        "nearby": [{"practice": offer.due.practice, **packing.offer_shape(offer, day=day)} for offer in stop.nearby],
    }


def _tabs(shown: dt.date, this_day: dt.date, later: list[dt.date], other: User | None) -> list[dict[str, Any]]:
    days = sorted({this_day - dt.timedelta(days=1), this_day, *later, shown})
    names = {this_day - dt.timedelta(days=1): "Yesterday", this_day: "Today", this_day + dt.timedelta(days=1): "Tomorrow"}
    who = f"&who={other.pk}" if other else ""
    return [
        {"url": f"?day={day.isoformat()}{who}", "label": names.get(day, f"{day:%a} {day.day} {day:%b}"), "active": day == shown}
        for day in days
    ]


@require_POST
@requires(Permission.VISIT_LOG)
def add_stop(request: HttpRequest) -> HttpResponse:
    """An overdue practice nearby becomes a stop of today. The key of the page makes a double press one stop."""
    practice = get_object_or_404(Practice.objects.visible_to(request.user), pk=number(request.POST.get("practice")) or 0)
    try:
        key = uuid.uuid5(uuid.UUID(request.POST.get("key", "")), str(practice.pk))
        visit = actions.plan_visit(by=request.user, practice=practice, planned_at=timezone.now(), client_id=key)
    except ValueError:
        messages.error(request, "This page is too old. Try again.")
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{visit.practice} is a stop of today now.")
    return redirect("visits:today")


@require_GET
@requires(Permission.VISIT_VIEW, Permission.PROVIDER_VIEW)
def brief(request: HttpRequest, pk: int) -> HttpResponse:
    """What to know before going in; `?day=` for a stop of another day."""
    practice = get_object_or_404(Practice.objects.visible_to(request.user), pk=pk)
    this_day = timezone.localdate()
    day = day_or(request.GET.get("day"), this_day)
    found = briefs_of([pk], request.user)[pk]
    mine = Visit.objects.visible_to(request.user).planned().filter(practice=practice, owner=request.user.pk)
    planned = mine.filter(planned_at__date__lte=max(day, this_day)).last()
    context = {
        "practice": practice,
        "brief": packing.brief_shape(found, reasons_for([pk], request.user, day=day)[pk], today=this_day),
        "map_url": packing.maps_url(practice, request.headers.get("User-Agent", "")),
        "log_url": f"{reverse('visits:log')}?{f'planned={planned.pk}' if planned else f'practice={pk}'}",
        "crumbs": [{"label": "Today", "url": reverse("visits:today")}],
    }
    return render(request, "visits/brief.html", context)
