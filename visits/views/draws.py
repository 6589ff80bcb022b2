"""Drawn orders: choose practices of equal priority, draw, see and print the order, plan visits from it."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires
from accounts.downloads import asked_kind, send_file
from accounts.permissions import Permission
from audit.actions import record
from common.csvsafe import csv_response, xlsx_response
from common.exceptions import PolicyViolation
from contacts.models import Practice
from visits import actions, exports, policies
from visits.filters import DrawnFilter
from visits.forms import DrawForm, OwnerForm
from visits.models import Draw, TargetList
from visits.presenters import draw_months, draw_words
from visits.queries import colleagues_of, followed, not_drawable, stops_of

SHOWN = policies.MOST_DRAWN
_FILES: dict[str, Callable[..., HttpResponseBase]] = {"csv": csv_response, "xlsx": xlsx_response}


@require_GET
@requires(Permission.VISIT_VIEW)
def draws(request: HttpRequest) -> HttpResponseBase:
    """Every drawn order, and how far visits followed it."""
    found = followed(Draw.objects.visible_to(request.user).select_related("drawn_by", "target_list")[:50], today=timezone.localdate())
    if kind := asked_kind(request):
        rows = exports.draw_rows(found)
        return send_file(request, "drawn-orders", kind, exports.DRAW_HEADER, rows, len(found), exports.DRAW_BELONGS)
    named = TargetList.objects.visible_to(request.user).filter(pk__in=[order.draw.target_list_id for order in found])
    context = {"orders": [(order, draw_words(order)) for order in found], "lists": set(named.values_list("pk", flat=True))}
    return render(request, "visits/draws.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.VISIT_LOG)
def new(request: HttpRequest) -> HttpResponse:
    """Practices of the filter, those ticked that can be drawn; drawing them cannot be taken back."""
    source = _source(request)
    offered = Practice.objects.visible_to(request.user).live().with_alignment(timezone.localdate()).select_related("territory")
    if source is not None:
        offered = offered.filter(pk__in=stops_of(source, request.user).values("practice"))
    shown = DrawnFilter(request.GET, offered, request=request)
    practices = list(shown.qs[: SHOWN + 1])
    refused = not_drawable([practice.pk for practice in practices], today=timezone.localdate())
    free = [practice for practice in practices[:SHOWN] if practice.pk not in refused]
    form = DrawForm(request.POST if request.method == "POST" else None, practices=free, name=source.name if source else "")
    if request.method == "POST" and form.is_valid():
        try:
            draw = actions.draw_order(by=request.user, target_list=source, **form.arguments())
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Drawn. This order stays as it is.")
            return redirect(draw)
    context = {
        "form": form,
        "filter": shown,
        "free": free,
        "left_out": sorted(_counted(refused).items(), key=lambda pair: -pair[1]),
        "is_cut": len(practices) > SHOWN,
        "chosen": {str(pk) for pk in form["practices"].value() or ()},
        "clear_url": f"{request.path}{f'?list={source.pk}' if source else ''}" if request.GET.keys() - {"list"} else "",
        "source": source,
        "kept": {"list": source.pk} if source else {},
        "crumbs": [{"label": "Drawn orders", "url": reverse("visits:draws")}],
    }
    return render(request, "visits/draw_new.html", context, status=422 if form.errors else 200)


def _source(request: HttpRequest) -> TargetList | None:
    """The list in work that the address names; what cannot be one is not found."""
    if not (asked := request.GET.get("list")):
        return None
    if not asked.isdecimal() or len(asked) > 18:
        raise Http404("No such list.")
    return get_object_or_404(TargetList.objects.visible_to(request.user).filter(closed_at=None), pk=int(asked))


def _counted(refused: dict[int, str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for reason in refused.values():
        counts[reason] = counts.get(reason, 0) + 1
    return counts


def _draw(request: HttpRequest, pk: int) -> Any:
    draw = get_object_or_404(Draw.objects.visible_to(request.user).select_related("drawn_by", "target_list"), pk=pk)
    return followed([draw], today=timezone.localdate())[0]


@require_GET
@requires(Permission.VISIT_VIEW)
def draw(request: HttpRequest, pk: int) -> HttpResponse:
    """One order by month, with what became of each place."""
    order = _draw(request, pk)
    may_plan = request.user.can(Permission.VISIT_LOG)
    context = {
        "order": order,
        "words": draw_words(order),
        "sees_list": TargetList.objects.visible_to(request.user).filter(pk=order.draw.target_list_id).exists(),
        "months": draw_months(order, today=timezone.localdate()),
        "owner_form": _owner_form(request) if may_plan else None,
        "crumbs": [{"label": "Drawn orders", "url": reverse("visits:draws")}],
    }
    return render(request, "visits/draw.html", context)


def _owner_form(request: HttpRequest, data: Any = None) -> OwnerForm:
    people = colleagues_of(request.user) if policies.leads(request.user) else None
    return OwnerForm(data, user=request.user, people=people)


@require_POST
@requires(Permission.VISIT_LOG)
def plan_month(request: HttpRequest, pk: int, month: str) -> HttpResponse:
    """Plan the visits that the order has in a month."""
    order, form = _draw(request, pk), _owner_form(request, request.POST)
    try:
        month_on = dt.date.fromisoformat(f"{month}-01")
    except ValueError:
        raise Http404("No such month.") from None
    try:
        if not form.is_valid():
            raise PolicyViolation("Choose who makes these visits.")
        made = actions.plan_drawn(by=request.user, draw=order.draw, month_on=month_on, owner=form.chosen())
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{len(made)} visits planned in {month_on:%B %Y}, in the drawn order.")
    return redirect(order.draw)


@require_GET
@requires(Permission.VISIT_VIEW, Permission.EXPORT)
def export(request: HttpRequest, pk: int, kind: str) -> HttpResponseBase:
    """The order as a file, with its seed, so that anybody can make it again."""
    order = _draw(request, pk)
    if kind not in _FILES:
        raise Http404("No such file.")
    record("order.exported", by=request.user, target=order.draw, kind=kind)
    header = ["place", "practice id", "practice", "planned month", "first visit since the draw", "outcome", "seed"]
    rows = (
        [place.place, place.practice.pk, place.practice.name, place.planned_month_on, place.first_visit_on, place.outcome, order.draw.seed]
        for place in order.places
    )
    return _FILES[kind](f"drawn-order-{pk}.{kind}", header, rows)
