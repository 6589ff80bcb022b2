"""The map of territories: look, choose places on it or in its table, see what giving them away would do, and give them away."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from accounts.access import requires
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from common.places import STATES, counties_by_state
from contacts.models import Practice
from contacts.visiting import point_of
from planning import actions
from planning.charts import field_map as charts
from planning.forms import AssignForm
from planning.models import FieldChange
from planning.presenters import LABELS, area_rows, columns, practice_rows
from planning.queries.change import change_of
from planning.queries.field import Field, field_of, states_offered, zip_areas
from planning.queries.outlines import outlines_of
from reports.queries.places import visits_by

LOOK = (Permission.TERRITORY_VIEW, Permission.PROVIDER_VIEW, Permission.DASHBOARD_VIEW)


@dataclass(frozen=True)
class Asked:
    """What the address asks for: a measure, a state, a county that is looked into."""

    measure: str
    state: str
    county: str

    def url(self, **changed: Any) -> str:
        values = {"show": self.measure if self.measure != "territory" else "", "state": self.state, "county": self.county} | changed
        query = urlencode({name: value for name, value in values.items() if value})
        return reverse("planning:map") + (f"?{query}" if query else "")


def _asked(request: HttpRequest) -> Asked:
    measure, state, county = (request.GET.get(name, "") for name in ("show", "state", "county"))
    known = {name for names in counties_by_state().values() for name in names}
    if (measure and measure not in charts.MEASURES) or (state and state not in STATES) or (county and county not in known):
        raise Http404("No such map.")
    return Asked(measure or "territory", state, county)


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@requires(*LOOK)
def field_map(request: HttpRequest) -> HttpResponse:
    """The map with its table. What is sent with `save` is saved; anything else is a preview."""
    asked = _asked(request)
    can_edit = request.user.can(Permission.TERRITORY_EDIT)
    if request.method == "POST" and not can_edit:
        return HttpResponse(status=403)
    form = AssignForm(request.POST, by=request.user) if request.method == "POST" else AssignForm(by=request.user)
    saving = request.method == "POST" and "save" in request.POST
    if saving and form.is_valid():
        try:
            return _save(request, form, asked)
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
    field = field_of(request.user, states=[asked.county[:2]] if asked.county else [asked.state] if asked.state else [])
    change = change_of(field, form.chosen) if request.method == "POST" and form.is_valid() else None
    if request.htmx and request.method == "POST":
        return render(request, "planning/_change.html", {"form": form, "change": change, "chosen": len(form.areas) + len(form.practices)})
    context = _context(request, field, asked, form) | {"change": change, "previewed": request.method == "POST" and not saving}
    return render(request, "planning/map.html", context, status=422 if saving else 200)


def _save(request: HttpRequest, form: AssignForm, asked: Asked) -> HttpResponse:
    chosen = form.chosen
    change = actions.change_field(
        owners=chosen.owners(), pins=dict.fromkeys(chosen.practices, chosen.to), note=form.cleaned_data["note"], by=request.user
    )
    if change is None:
        messages.info(request, "Nothing changed: it was so already.")
        return redirect(asked.url())
    return redirect(asked.url(changed=change.pk, move=change.job_id or ""))


def _context(request: HttpRequest, field: Field, asked: Asked, form: AssignForm) -> dict[str, Any]:
    chosen = {rule.text for rule in form.areas} | {f"practice:{pk}" for pk in form.practices}
    crumbs = [{"url": reverse("territories:list"), "label": "Territories"}]
    context: dict[str, Any] = {
        "crumbs": [*crumbs, {"url": asked.url(county=""), "label": "Map of territories"}] if asked.county else crumbs,
        "field": field,
        "asked": asked,
        "form": form,
        "chosen": chosen,
        "can_edit": request.user.can(Permission.TERRITORY_EDIT),
        "measures": [
            {"url": asked.url(show="" if key == "territory" else key), "label": label, "active": key == asked.measure}
            for key, label in charts.MEASURES.items()
        ],
        "headings": [LABELS[column] for column in columns(asked.measure)],
        "states": states_offered(),
        "whole_url": asked.url(county=""),
        "unowned": len(field.unowned),
        "done": _done(request),
        "move": request.GET.get("move", "") if request.GET.get("move", "").isdigit() else "",
    }
    if not asked.county:
        drawn = charts.of_counties(field, asked.measure)
        keys = {area.key for area in drawn.areas} if drawn else set()
        rows = area_rows(
            field, {f"county:{county.name}": county for county in field.counties if county.name}, asked.measure, within=keys, chosen=chosen
        )
        return context | {"map": drawn, "rows": rows, "what": "county", "county_label": ""}
    visits = visits_by("zip", user=request.user, window=field.window)
    zips = zip_areas(field, asked.county, visits)
    there = Practice.objects.visible_to(request.user).filter(county=asked.county, map_pin__isnull=False).select_related("map_pin")
    points = {practice.pk: point for practice in there if (point := point_of(practice))}
    state, _, name = asked.county.partition("/")
    return context | {
        "map": charts.of_zips(field, asked.county, zips, asked.measure, points, outlines_of([area.zip for area in zips])),
        "rows": area_rows(field, {f"zip:{area.zip}": area.figures for area in zips}, asked.measure, chosen=chosen),
        "practices": practice_rows(field, zips, chosen),
        "what": "zip",
        "county_label": f"{name}, {state}",
        "county_key": f"county:{asked.county}",
    }


def _done(request: HttpRequest) -> FieldChange | None:
    """The change that the person has just made, to be taken back."""
    pk = request.GET.get("changed", "")
    return FieldChange.objects.visible_to(request.user).filter(pk=pk, undone_at=None).first() if pk.isdecimal() and len(pk) < 19 else None


@require_POST
@requires(Permission.TERRITORY_EDIT)
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a change of the map back, as a whole."""
    change = get_object_or_404(FieldChange.objects.visible_to(request.user), pk=pk)
    asked = _asked(request)
    try:
        change = actions.undo_field_change(change=change, by=request.user)
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
        return redirect(asked.url())
    messages.success(request, "Taken back: everything is whose it was.")
    return redirect(asked.url(move=change.job_id or ""))
