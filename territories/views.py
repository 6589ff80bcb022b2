"""Pages about territories: the tree, one territory, drawing it, its people; and the service lines."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from accounts.access import requires
from accounts.downloads import asked_kind, send_file
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from jobs.models import Job, JobState
from territories import actions, exports, presenters, queries
from territories.forms import ArchiveForm, AssignmentForm, EndForm, RulesForm, ServiceLineForm, TerritoryForm
from territories.models import Assignment, ServiceLine, Territory
from territories.scope import scope_of

_FOLLOWING = ("contacts.place_practices", "contacts.move_pins", "contacts.credit_anew", "referrals.derive")


def _territory(request: HttpRequest, pk: int) -> Territory:
    return get_object_or_404(Territory.objects.visible_to(request.user).select_related("parent"), pk=pk)


def _crumbs(request: HttpRequest, territory: Territory | None = None) -> list[dict[str, str]]:
    above = (
        [{"url": node.get_absolute_url(), "label": node.name} for node in queries.ancestors(territory, request.user)] if territory else []
    )
    return [{"url": reverse("territories:list"), "label": "Territories"}, *above]


def _crumbs_below(request: HttpRequest, territory: Territory) -> list[dict[str, str]]:
    return [*_crumbs(request, territory), {"url": territory.get_absolute_url(), "label": territory.name}]


def _detail_with_move(territory: Territory, job: Job | None) -> HttpResponse:
    url = territory.get_absolute_url()
    return redirect(f"{url}?move={job.pk}" if job else url)


@require_GET
@requires(Permission.TERRITORY_VIEW)
def territory_list(request: HttpRequest) -> HttpResponseBase:
    """The tree, cut to the person's part."""
    nodes = queries.tree(request.user)
    if kind := asked_kind(request):
        return send_file(request, "territories", kind, exports.HEADER, exports.rows(nodes), len(nodes), exports.BELONGS)
    context = {
        "nodes": nodes,
        "whole": scope_of(request.user).whole,
        "can_edit": request.user.can(Permission.TERRITORY_EDIT),
    }
    return render(request, "territories/territory_list.html", context)


@require_GET
@requires(Permission.TERRITORY_VIEW)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    territory = _territory(request, pk)
    today = timezone.localdate()
    assignments = territory.assignments.visible_to(request.user).select_related("user", "service_line").order_by("-started_on", "-pk")
    can_edit = request.user.can(Permission.TERRITORY_EDIT)
    rules = list(territory.rules.all())
    context = {
        "territory": territory,
        "crumbs": _crumbs(request, territory),
        "zips": [row.value for row in rules if row.kind == "zip" and row.rule.is_plain],
        "counties": [presenters.place(row.value) for row in rules if row.kind == "county" and row.rule.is_plain],
        "children": [node for node in queries.tree(request.user) if node.territory.parent_id == territory.pk],
        "now": [assignment for assignment in assignments if not assignment.ended_on or assignment.ended_on > today],
        "before": [assignment for assignment in assignments if assignment.ended_on and assignment.ended_on <= today],
        "today": today,
        "history": [presenters.entry(event) for event in queries.history(territory)],
        "can_edit": can_edit and not territory.archived_at,
        "undo": actions.rules_to_undo(territory) if can_edit else None,
        "move": request.GET.get("move", "") if can_edit and request.GET.get("move", "").isdigit() else "",
    }
    return render(request, "territories/territory_detail.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.TERRITORY_EDIT)
def new(request: HttpRequest) -> HttpResponse:
    """A new territory; the first one of all is the organization."""
    form = TerritoryForm(request.POST or None, by=request.user, initial=_asked_parent(request))
    if request.method == "POST" and _is_saving(request) and form.is_valid():
        wanted = form.cleaned_data
        try:
            with transaction.atomic():
                territory = actions.create_territory(
                    name=wanted["name"], parent=wanted.get("parent"), description=wanted["description"], by=request.user
                )
                job = actions.set_rules(
                    territory=territory,
                    zips=form.wanted_zips,
                    counties=form.wanted_counties,
                    take=wanted.get("take", False),
                    by=request.user,
                )
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"{territory} is there. Now say who looks after it.")
            return _detail_with_move(territory, job)
    return _render_form(request, form, None)


def _asked_parent(request: HttpRequest) -> dict[str, object]:
    """`?parent=12`: where the new one shall hang; else the root."""
    root = Territory.objects.filter(parent=None).values_list("pk", flat=True).first()
    return {"parent": request.GET.get("parent") or root}


def _is_saving(request: HttpRequest) -> bool:
    """Without JavaScript, "Show counties" and "Preview" send the form too, and save nothing."""
    return "look" not in request.POST


def _render_form(request: HttpRequest, form: TerritoryForm, territory: Territory | None) -> HttpResponse:
    crumbs = _crumbs_below(request, territory) if territory else _crumbs(request)
    if request.method == "POST" and not _is_saving(request):
        form.errors.clear()
    context = {"form": form, "territory": territory, "crumbs": crumbs, "open": request.POST.get("look") == "counties"}
    return render(request, "territories/territory_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.TERRITORY_EDIT)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    territory = _territory(request, pk)
    form = TerritoryForm(request.POST or None, territory=territory, by=request.user)
    if request.method == "POST" and _is_saving(request) and form.is_valid():
        wanted = form.cleaned_data
        try:
            with transaction.atomic():
                saved = actions.edit_territory(
                    territory=territory,
                    name=wanted["name"],
                    parent=wanted.get("parent"),
                    description=wanted["description"],
                    by=request.user,
                )
                job = None
                if not form.has_no_rules:
                    job = actions.set_rules(
                        territory=saved, zips=form.wanted_zips, counties=form.wanted_counties, take=wanted["take"], by=request.user
                    )
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"{saved} is saved.")
            return _detail_with_move(saved, job)
    return _render_form(request, form, territory)


@require_GET
@requires(Permission.TERRITORY_EDIT)
def counties(request: HttpRequest) -> HttpResponse:
    """The counties of a state as chips, beside those that are chosen already: a part of the form."""
    return render(request, "territories/_counties.html", {"form": RulesForm(request.GET), "open": True})


@require_http_methods(["GET", "POST"])
@requires(Permission.TERRITORY_EDIT)
def archive(request: HttpRequest, pk: int) -> HttpResponse:
    territory = _territory(request, pk)
    form = ArchiveForm(request.POST or None, territory=territory, by=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            job = actions.archive_territory(
                territory=territory, move_to=form.taker, drop_rules=form.cleaned_data["move_to"] == form.NOBODY, by=request.user
            )
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"{territory} is archived.")
            return _detail_with_move(form.taker or territory, job)
    context = {"form": form, "territory": territory, "crumbs": _crumbs_below(request, territory)}
    return render(request, "territories/archive.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Permission.TERRITORY_EDIT)
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the last change of rules back."""
    territory = _territory(request, pk)
    try:
        job = actions.undo_rules(territory=territory, by=request.user)
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
        return redirect(territory)
    messages.success(request, "The ZIP codes and counties are as they were before.")
    return _detail_with_move(territory, job)


@require_GET
@requires(Permission.TERRITORY_EDIT)
def moves(request: HttpRequest, job: int) -> HttpResponse:
    """How far a change of rules is: practices are placed, then their referrals follow. Asks again while one of the two works."""
    following = list(Job.objects.visible_to(request.user).filter(name__in=_FOLLOWING, pk__gte=job).order_by("pk"))
    failed = next((work for work in following if work.state == JobState.FAILED), None)
    waiting = next((work for work in following if not work.is_finished), None)
    done = [work for work in following if work.is_finished]
    context = {"job": job, "failed": failed, "waiting": waiting, "last": done[-1] if done else None}
    answer = render(request, "territories/_moves.html", context)
    return answer if waiting else trigger_client_event(answer, "moved")  # the panel of practices looks again


@require_http_methods(["GET", "POST"])
@requires(Permission.TERRITORY_EDIT)
def assign(request: HttpRequest, pk: int) -> HttpResponse:
    territory = _territory(request, pk)
    form = AssignmentForm(request.POST or None, by=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            assignment = actions.assign(territory=territory, by=request.user, **form.asked)
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"{assignment.user} looks after {territory}.")
            return redirect(territory)
    context = {"form": form, "territory": territory, "crumbs": _crumbs_below(request, territory)}
    return render(request, "territories/assign.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.TERRITORY_EDIT)
def end_assignment(request: HttpRequest, pk: int) -> HttpResponse:
    assignment = get_object_or_404(
        Assignment.objects.visible_to(request.user).select_related("user", "territory__parent", "service_line"), pk=pk
    )
    form = EndForm(request.POST or None, assignment=assignment)
    if request.method == "POST" and form.is_valid():
        try:
            actions.end_assignment(assignment=assignment, ended_on=form.cleaned_data["ended_on"], by=request.user)
        except PolicyViolation as refusal:
            form.add_error("ended_on", str(refusal))
        else:
            messages.success(request, f"{assignment.user}'s assignment is ended.")
            return redirect(assignment.territory)
    context = {"form": form, "assignment": assignment, "crumbs": _crumbs_below(request, assignment.territory)}
    return render(request, "territories/assignment_end.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def service_lines(request: HttpRequest) -> HttpResponse:
    """The lines of care, and a form for one more."""
    return _service_line_page(request, None)


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def service_line(request: HttpRequest, pk: int) -> HttpResponse:
    return _service_line_page(request, get_object_or_404(ServiceLine, pk=pk))


def _service_line_page(request: HttpRequest, line: ServiceLine | None) -> HttpResponse:
    form = ServiceLineForm(request.POST or None, initial={"name": line.name, "is_active": line.is_active} if line else None)
    if request.method == "POST" and form.is_valid():
        try:
            saved = actions.save_service_line(line=line, by=request.user, **form.cleaned_data)
        except PolicyViolation as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, f"{saved} is saved.")
            return redirect("territories:service-lines")
    context = {"form": form, "line": line, "lines": ServiceLine.objects.all()}
    return render(request, "territories/service_lines.html", context, status=422 if form.errors else 200)
