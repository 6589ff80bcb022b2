"""The route of a day: asking for it, seeing it as list and map, changing it by hand, planning on from here, accepting it."""

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires
from accounts.models import User
from accounts.permissions import Permission
from audit.actions import record
from common.csvsafe import csv_response, xlsx_response
from common.exceptions import PolicyViolation
from common.places import STATES
from contacts.models import Practice
from contacts.visiting import minute_of, point_of
from visits import actions, exports, policies
from visits.forms import AppointmentForm, DayForm, FieldRulesForm, HereForm
from visits.models import DayPlan, DayStop, FieldRules, PlanState, VisitState
from visits.pictures import draw
from visits.presenters import Way, map_links
from visits.queries import colleagues_of, hours_of
from visits.queries.days import day_plan_of, day_stops, overdue_near, visits_on
from visits.routes import UNMAPPED, asked_for
from visits.views.common import number, sent
from visits.workdays import closed_between


@require_GET
@requires(Permission.VISIT_VIEW)
def today(request: HttpRequest) -> HttpResponse:
    """A short address for the day that it is."""
    return redirect("visits:route", timezone.localdate().isoformat())


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Http404("No such day.") from None


def _owner(request: HttpRequest) -> Any:
    """Whose day: one's own, or of somebody whose days the person plans."""
    wanted = number(request.POST.get("person") or request.GET.get("person"))
    if wanted is None or wanted == request.user.pk:
        return request.user
    if not policies.leads(request.user):
        raise Http404("No such person.")
    return get_object_or_404(colleagues_of(request.user), pk=wanted)


def _url(day: dt.date, owner: User, request: HttpRequest) -> str:
    query = "" if owner.pk == request.user.pk else f"?{urlencode({'person': owner.pk})}"
    return reverse("visits:route", args=[day.isoformat()]) + query


@require_GET
@requires(Permission.VISIT_VIEW)
def route(request: HttpRequest, day: str) -> HttpResponse:
    """List and map of a day, or the form that asks for its route."""
    day_on, owner = _day(day), _owner(request)
    plan = day_plan_of(owner, day_on)
    return render(request, "visits/route.html", _context(request, owner, day_on, plan, _form(None, owner, day_on, plan)))


def _form(data: Any, owner: User, day_on: dt.date, plan: DayPlan | None) -> DayForm:
    practices = [visit.practice for visit in visits_on(owner, day_on)]
    points = [(point.latitude, point.longitude) for practice in practices if (point := point_of(practice))]
    middle = (sum(lat for lat, _ in points) / len(points), sum(lon for _, lon in points) / len(points)) if points else None
    return DayForm(data, plan=plan, hours=hours_of(owner), middle=middle)


def _context(request: HttpRequest, owner: User, day_on: dt.date, plan: DayPlan | None, form: DayForm) -> dict[str, Any]:
    may_change = request.user.can(Permission.VISIT_LOG) and (owner.pk == request.user.pk or policies.leads(request.user))
    context: dict[str, Any] = {
        "owner": owner,
        "person": "" if owner.pk == request.user.pk else owner.pk,
        "people": list(colleagues_of(request.user).order_by("full_name")) if policies.leads(request.user) else [],
        "day_on": day_on,
        "today": timezone.localdate(),
        "before": day_on - dt.timedelta(days=1),
        "next": day_on + dt.timedelta(days=1),
        "form": form,
        "plan": plan,
        "planned": [],
        "closed": closed_between(day_on, day_on).get(day_on, ""),
        "may_change": may_change and day_on >= timezone.localdate(),
        "is_waiting": plan is not None and _is_waiting(plan),
    }
    if plan is None:
        return context | {"planned": visits_on(owner, day_on)}
    stops = day_stops(plan)
    asked = asked_for(plan)
    ahead = [stop for stop in stops if stop.pk in asked.rows]
    way = Way.of(plan, [stop for stop in ahead if stop.place is not None])
    new = [visit for visit in visits_on(owner, day_on) if visit.practice_id not in {stop.practice_id for stop in stops}]
    context |= {
        "way": way,
        "over": [stop for stop in stops if stop.visit and stop.visit.state in (VisitState.DONE, VisitState.MISSED)],
        "dropped": [stop for stop in ahead if stop.place is None and stop.dropped_because != UNMAPPED],
        "unmapped": [stop for stop in ahead if stop.place is None and stop.dropped_because == UNMAPPED],
        "is_changed": plan.state == PlanState.READY and (bool(new) or plan.computed_for != asked.fingerprint),
        "links": map_links(way),
        "offers": [],
    }
    if plan.state == PlanState.READY and way.stops:
        states = {stop.row.practice.state for stop in way.stops if stop.row.practice.state in STATES}
        context |= {
            "picture": draw(way.start, [stop.place for stop in way.stops], way.end, states),
            "map": way.for_map([static(f"vendor/counties/{STATES[state]}.json") for state in sorted(states)]),
        }
        if context["may_change"]:
            places = [way.start, *(stop.place for stop in way.stops)]
            context["offers"] = overdue_near(plan, places, miles=FieldRules.current().nearby_miles)
    return context


@require_GET
@requires(Permission.VISIT_LOG)
def export(request: HttpRequest, day: str, kind: str) -> HttpResponseBase:
    """The day's route as CSV or XLSX: one's own is everybody's to take along."""
    if kind not in {"csv", "xlsx"}:
        raise Http404("No such file.")
    plan = _plan_or_404(request, day)
    stops = day_stops(plan)
    record("day.exported", by=request.user, target=plan, rows=len(stops), kind=kind)
    name = f"route-{plan.owner.full_name}-{plan.day_on}.{kind}"
    return (csv_response if kind == "csv" else xlsx_response)(name, exports.ROUTE_HEADER, exports.route_rows(plan, stops))


def _is_waiting(plan: DayPlan) -> bool:
    """A worker has the day in hand; one that gave up leaves the day to be asked for again."""
    return plan.state == PlanState.WAITING and plan.job is not None and not plan.job.is_finished


@require_GET
@requires(Permission.VISIT_VIEW)
def progress(request: HttpRequest, day: str) -> HttpResponse:
    """How far the worker is; the page is loaded anew when it is done."""
    day_on, owner = _day(day), _owner(request)
    plan = day_plan_of(owner, day_on)
    if plan is None:
        raise Http404("No route was asked for.")
    if not _is_waiting(plan) and request.htmx:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, "visits/_route_progress.html", {"plan": plan, "person": request.GET.get("person", "")})


@require_POST
@requires(Permission.VISIT_LOG)
def plan(request: HttpRequest, day: str) -> HttpResponse:
    """Ask for the route, with new ends of the day or with those it has."""
    day_on, owner = _day(day), _owner(request)
    known = day_plan_of(owner, day_on)
    again = known is not None and "starts" not in request.POST
    form = _form(None if again else request.POST, owner, day_on, known)
    if again or form.is_valid():
        try:
            actions.ask_for_route(by=request.user, owner=owner, day_on=day_on, ends=None if again else form.ends_of_day())
        except PolicyViolation as refusal:
            if again:
                messages.error(request, str(refusal))
                return redirect(_url(day_on, owner, request))
            form.add_error(None, str(refusal))
        else:
            return redirect(_url(day_on, owner, request))
    return render(request, "visits/route.html", _context(request, owner, day_on, known, form), status=422)


def _plan_or_404(request: HttpRequest, day: str) -> DayPlan:
    found = day_plan_of(_owner(request), _day(day))
    if found is None:
        raise Http404("No route was asked for.")
    return found


def _tried(request: HttpRequest, act: Any, said: str) -> None:
    try:
        act()
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
    else:
        if said:
            messages.success(request, said)


@require_POST
@requires(Permission.VISIT_LOG)
def from_here(request: HttpRequest, day: str) -> HttpResponse:
    """Plan what is left from now on: from where the phone is, else from the last stop that was visited."""
    known, form = _plan_or_404(request, day), HereForm(request.POST)
    place = form.place() if form.is_valid() else None
    now = timezone.localtime()
    minute = max(known.start_minute, minute_of(now.time())) if known.day_on == now.date() else known.start_minute
    _tried(request, lambda: actions.plan_from_here(by=request.user, plan=known, minute=minute, place=place), "")
    return redirect(_url(known.day_on, known.owner, request))


@require_POST
@requires(Permission.VISIT_LOG)
def add(request: HttpRequest, day: str) -> HttpResponse:
    """Put an overdue practice nearby onto the day, and plan it again."""
    known = _plan_or_404(request, day)
    practice = get_object_or_404(Practice.objects.visible_to(request.user), pk=number(request.POST.get("practice")))

    def act() -> None:
        actions.add_stop(by=request.user, plan=known, practice=practice, why=request.POST.get("why", ""))
        actions.ask_for_route(by=request.user, owner=known.owner, day_on=known.day_on)

    _tried(request, act, "")
    return redirect(_url(known.day_on, known.owner, request))


_CHANGES = {
    "accept": (actions.accept_route, "Accepted: the visits have these times now."),
    "undo-accept": (actions.undo_accept, "Taken back: the visits have their earlier times."),
    "undo": (actions.undo_route, "The route before is back."),
}


@require_POST
@requires(Permission.VISIT_LOG)
def change(request: HttpRequest, day: str, what: str) -> HttpResponse:
    """Accept the route, take that back, or go back to the route before."""
    known = _plan_or_404(request, day)
    if what not in _CHANGES:
        raise Http404("No such change.")
    act, said = _CHANGES[what]
    _tried(request, lambda: act(by=request.user, plan=known), said)
    return redirect(_url(known.day_on, known.owner, request))


@require_POST
@requires(Permission.VISIT_LOG)
def change_stop(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """One stop: up, down, must-see or not, an appointment, off the day."""
    seen = DayPlan.objects.visible_to(request.user)
    stop = get_object_or_404(DayStop.objects.filter(plan__in=seen).select_related("plan__owner", "practice", "visit"), pk=pk)
    by, appointment = request.user, AppointmentForm(request.POST)
    at = appointment.cleaned_data["at"] if appointment.is_valid() else None
    acts: dict[str, tuple[Any, str]] = {
        "up": (lambda: actions.move_stop(by=by, stop=stop, to=(stop.place or 1) - 1), f"{stop.practice} comes earlier."),
        "down": (lambda: actions.move_stop(by=by, stop=stop, to=(stop.place or 0) + 1), f"{stop.practice} comes later."),
        "must-see": (lambda: actions.set_must_see(by=by, stop=stop, must_see=True), f"{stop.practice} is a must-see."),
        "may-drop": (lambda: actions.set_must_see(by=by, stop=stop, must_see=False), f"{stop.practice} is no must-see any more."),
        "appointment": (lambda: actions.set_appointment(by=by, stop=stop, minute=minute_of(at) if at else None), "Appointment saved."),
        "remove": (lambda: actions.remove_stop(by=by, stop=stop), f"{stop.practice} is off the day."),
    }
    if what not in acts:
        raise Http404("No such change.")
    _tried(request, *acts[what])
    return redirect(_url(stop.plan.day_on, stop.plan.owner, request) + (f"#stop-{stop.pk}" if what in ("up", "down") else ""))


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def field_rules(request: HttpRequest) -> HttpResponse:
    """How drives are estimated, when lunch may be, how near suggestions are."""
    form = FieldRulesForm(sent(request), instance=FieldRules.current())
    if request.method == "POST" and form.is_valid():
        actions.save_field_rules(by=request.user, **form.arguments())
        messages.success(request, "Saved. Routes planned from now on follow it.")
        return redirect("visits:field-rules")
    return render(request, "visits/field_rules.html", {"form": form}, status=422 if form.errors else 200)
