"""The list, the visit itself, and what can be done with it."""

from collections.abc import Callable, Iterable

from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from accounts.access import requires
from accounts.permissions import Permission
from audit.actions import record
from common import columns
from common.csvsafe import csv_response, xlsx_response
from common.exceptions import PolicyViolation
from contacts import custom
from contacts.models import CustomSubject
from visits import actions, exports, policies, presenters, versions
from visits.filters import filtered_visits
from visits.forms import EditForm, MissForm, PlanForm, key_of, with_values
from visits.models import Visit, VisitSpend, VisitState
from visits.queries import colleagues_of, day_of, history_of, lists_in_hand
from visits.queries.days import next_stop
from visits.views.common import number, office_context, practice_context, say_clashes, say_if_closed, sent

PAGE = 25


@require_GET
@vary_on_headers("HX-Request")
@requires(Permission.VISIT_VIEW)
def visit_list(request: HttpRequest) -> HttpResponse:
    """Today and what comes, what is overdue, then the past."""
    shown = filtered_visits(request)
    page = Paginator(shown.qs.for_list(), PAGE).get_page(request.GET.get("page"))
    own = custom.own_columns(shown.added, request.GET)
    for visit in page:
        visit.own_cells = own.cells(visit.custom)
    context = {
        "page": page,
        "rows": [presenters.row(visit) for visit in page],
        "own": own,
        "filter": shown,
        "filtered": any(request.GET.get(name) for name in shown.filters),
    }
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, "visits/_table.html", context)
    gone = Visit.objects.deleted_for(request.user).filter(pk=number(request.GET.get("deleted")) or 0).select_related("practice").first()
    undo = gone if gone and policies.can_edit(request.user, gone) else None
    lists = [presenters.target_list_row(row, timezone.localdate()) for row in lists_in_hand(request.user)]
    return render(request, "visits/list.html", {**context, "day": day_of(request.user), "undo": undo, "lists": lists})


@require_GET
@requires(Permission.VISIT_VIEW, Permission.EXPORT)
def export(request: HttpRequest, kind: str = "csv") -> HttpResponseBase:
    """The filtered list as it is seen, as CSV or XLSX; that it was taken is recorded."""
    if kind not in {"csv", "xlsx"}:
        raise Http404("No such file.")
    found = filtered_visits(request)
    fields = custom.fields_in_file(found.added, request.GET)
    told = sorted(name for name, value in request.GET.items() if value)
    record("visits.exported", by=request.user, rows=found.qs.count(), kind=kind, filters=told)
    header, rows = columns.seen(request.GET, exports.header(fields), exports.rows(found.qs, fields), exports.BELONGS)
    return (csv_response if kind == "csv" else xlsx_response)(f"visits-{timezone.localdate():%Y-%m-%d}.{kind}", header, rows)


def _visit(request: HttpRequest, pk: int) -> Visit:
    return get_object_or_404(Visit.objects.visible_to(request.user).for_list(), pk=pk)


@require_GET
@requires(Permission.VISIT_VIEW)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    visit = _visit(request, pk)
    return render(request, "visits/detail.html", _detail_context(request, visit))


def _detail_context(request: HttpRequest, visit: Visit) -> dict[str, object]:
    own = custom.fields_of(CustomSubject.VISIT)
    return {
        "visit": visit,
        "row": presenters.row(visit),
        "follow_ups": visit.follow_ups.visible_to(request.user).for_list(),
        "left": visit.materials.select_related("material"),
        "own_fields": custom.told(own, visit.custom),
        "has_own_fields": bool(own) and visit.state == VisitState.DONE,
        "given": _given(request, visit),
        "history": [presenters.history_line(event) for event in history_of(visit)],
        "changes": versions.changes_of(visit),
        "clock": presenters.clock_words(visit.clock_off_s),
        "may_see_place": visit.latitude is not None and (visit.owner_id == request.user.pk or policies.leads(request.user)),
        "may_edit": policies.can_edit(request.user, visit),
        "ahead": timezone.localdate(visit.happens_at) > timezone.localdate(),
        "saved": "saved" in request.GET,
        "next_stop": next_stop(request.user) if "saved" in request.GET else None,
        "may_invite": visit.is_fixed and any(row["may_ask"] for row in presenters.invitees(visit, visit.invitations.all())),
        "invitees": presenters.invitees(visit, visit.invitations.all()) if visit.is_fixed else [],
        "changed": "changed" in request.GET,
        "next": visit.get_absolute_url(),
    }


def _given(request: HttpRequest, visit: Visit) -> Iterable[VisitSpend]:
    """What the visit brought to the ledger, for those who may see the ledger."""
    return visit.spend_links.select_related("entry") if request.user.can(Permission.SPEND_VIEW) else []


@require_http_methods(["GET", "POST"])
@requires(Permission.VISIT_LOG)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Mend a logged visit; change a plan."""
    visit = _visit(request, pk)
    try:
        policies.check_can_edit(request.user, visit)
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
        return redirect(visit)
    if policies.is_planned(visit):
        return _change_plan(request, visit)
    data, status, asked = sent(request), 200, {}
    rest = None
    if data is not None:
        theirs = actions.values_of(visit)
        data = with_values(data, {name: theirs[name] for name in theirs if data.get(f"keep_{name}") == "theirs"})
    form = EditForm(data, request.FILES if data is not None else None, user=request.user, visit=visit)
    if data is not None:
        status = 422
        try:
            if form.is_valid() and (rest := form.rest()):
                status = 200
            elif form.is_valid() and _done(form, lambda: actions.edit_visit(by=request.user, visit=visit, **form.arguments())):
                messages.success(request, "Changes saved.")
                return redirect(visit)
        except actions.EditConflict as conflict:
            status, asked = 409, {"choices": versions.choices(conflict), "told_by": versions.told_by(conflict), "asks_why": str(conflict)}
            newest = with_values(data, conflict.merged)
            newest["version"] = str(conflict.visit.version)
            form = EditForm(newest, user=request.user, visit=visit)
    context = {
        "form": form,
        "visit": visit,
        "given": _given(request, visit),
        "rest": rest,
        **asked,
        **office_context(request, form, visit.practice),
    }
    return render(request, "visits/edit.html", context, status=status)


def _change_plan(request: HttpRequest, visit: Visit) -> HttpResponse:
    people = colleagues_of(request.user, visit.owner) if policies.leads(request.user) else None
    at = timezone.localtime(visit.planned_at)
    initial = {
        "practice": visit.practice_id,
        "day": at.date(),
        "time": at.time(),
        "visit_type": visit.visit_type_id,
        "purpose": visit.purpose,
        "owner": visit.owner_id,
        "people": [key_of(person.provider or person.staff) for person in visit.attendees.all()],
        "is_fixed": visit.is_fixed,
        "ends": timezone.localtime(visit.ends_at).time() if visit.ends_at else None,
        "place": visit.place,
    }
    form = PlanForm(sent(request), user=request.user, planned=visit, people=people, initial=initial)
    status = 200
    if request.method == "POST":
        if form.is_valid() and _done(form, lambda: actions.change_plan(by=request.user, visit=visit, **form.arguments())):
            messages.success(request, "Plan changed.")
            visit.refresh_from_db()  # as it was changed
            say_clashes(request, visit)
            say_if_closed(request, visit)
            return redirect(visit)
        status = 422
    context = {"form": form, "visit": visit, **practice_context(request, form, visit.practice)}
    return render(request, "visits/plan.html", context, status=status)


def _done(form: BaseForm, act: Callable[[], object]) -> bool:
    """Do it; a refusal becomes an error of the form."""
    try:
        act()
    except actions.EditConflict:
        raise
    except PolicyViolation as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


@require_http_methods(["GET", "POST"])
@requires(Permission.VISIT_LOG)
def miss(request: HttpRequest, pk: int) -> HttpResponse:
    """Nobody there: the plan is over, and the next try may be planned with it."""
    visit = _visit(request, pk)
    form = MissForm(sent(request))
    status = 200
    if request.method == "POST":
        if form.is_valid() and _done(form, lambda: actions.miss_visit(by=request.user, visit=visit, **form.cleaned_data)):
            if visit.owner_id == request.user.pk and timezone.localdate(visit.planned_at) == timezone.localdate():
                return redirect(f"{reverse('visits:today')}?missed={visit.pk}")  # on to the next stop, or to what is overdue nearby
            messages.success(request, "Marked as missed." + (" The next try is planned." if form.cleaned_data["back_on"] else ""))
            return redirect(visit)
        status = 422
    return render(request, "visits/miss.html", {"form": form, "visit": visit}, status=status)


@require_http_methods(["GET", "POST"])
@requires(Permission.VISIT_LOG)
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    visit = _visit(request, pk)
    if request.method == "GET":
        return render(request, "visits/confirm_cancel.html", {"visit": visit})
    try:
        actions.cancel_plan(by=request.user, visit=visit)
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
    return redirect(visit)


@require_http_methods(["GET", "POST"])
@requires(Permission.VISIT_LOG)
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then delete; the list offers to undo it."""
    visit = _visit(request, pk)
    if request.method == "GET":
        return render(request, "visits/confirm_delete.html", {"visit": visit})
    try:
        actions.delete_visit(by=request.user, visit=visit)
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
        return redirect(visit)
    return redirect(f"{reverse('visits:list')}?deleted={visit.pk}")


@require_POST
@requires(Permission.VISIT_LOG)
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo: deleted, cancelled or missed."""
    visits = Visit.objects.visible_to(request.user) | Visit.objects.deleted_for(request.user)
    visit = get_object_or_404(visits, pk=pk)
    try:
        actions.restore_visit(by=request.user, visit=visit)
        messages.success(request, "The visit is back.")
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
    return redirect(visit)


@require_POST
@requires(Permission.VISIT_LOG)
def invite(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the ticked attendees of an appointment by e-mail."""
    visit = _visit(request, pk)
    people = [row.provider or row.staff for row in visit.attendees.all() if str(row.pk) in request.POST.getlist("attendee")]
    if not people:
        messages.info(request, "Tick whom to invite first.")
        return redirect(visit)
    try:
        asked = actions.invite(by=request.user, visit=visit, people=people)
        messages.success(request, f"{len(asked)} invitation{'s' if len(asked) != 1 else ''} on the way.")
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
    return redirect(visit)
