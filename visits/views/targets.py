"""Target lists: whom to visit and why, in whose hands, and how far it is."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires
from accounts.downloads import asked_kind, send_file
from accounts.permissions import Permission
from audit.actions import record
from common.csvsafe import csv_response, xlsx_response
from common.exceptions import InputError, PolicyViolation
from visits import actions, exports, policies, presenters
from visits.actions import Wanted
from visits.forms import DropForm, HandOverForm, TargetAddForm, TargetListForm
from visits.models import Draw, TargetEntry, TargetHandover, TargetList
from visits.queries import people_for, progress_of
from visits.views.common import next_url, practice_context, sent

PAGE = 25
STATES = ("open", "planned", "visited", "dropped")


def _list(request: HttpRequest, pk: int) -> TargetList:
    return get_object_or_404(TargetList.objects.visible_to(request.user).select_related("owner"), pk=pk)


def _entry(request: HttpRequest, pk: int) -> TargetEntry:
    return get_object_or_404(TargetEntry.objects.visible_to(request.user).for_list(), pk=pk)


def _try(request: HttpRequest, act: Callable[[], object], done: str = "") -> bool:
    """Do it and say so, or say why not."""
    try:
        act()
    except (PolicyViolation, InputError) as refusal:
        messages.error(request, str(refusal))
        return False
    if done:
        messages.success(request, done)
    return True


@require_GET
@requires(Permission.VISIT_VIEW)
def target_lists(request: HttpRequest) -> HttpResponseBase:
    """Lists in work, or those that are closed."""
    closed = request.GET.get("closed") == "1"
    rows = TargetList.objects.visible_to(request.user).filter(closed_at__isnull=not closed).for_list()
    if kind := asked_kind(request):
        return send_file(request, "target-lists", kind, exports.TARGET_LIST_HEADER, exports.target_list_rows(rows), rows.count())
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    here = reverse("visits:target-lists")
    tabs = [
        {"url": f"{here}?closed=0", "label": "In work", "active": not closed},
        {"url": f"{here}?closed=1", "label": "Closed", "active": closed},
    ]
    context = {
        "page": page,
        "rows": [presenters.target_list_row(row, timezone.localdate()) for row in page],
        "tabs": tabs,
        "closed": closed,
    }
    return render(request, "visits/target_lists.html", context)


@require_GET
@requires(Permission.VISIT_VIEW)
def target_list(request: HttpRequest, pk: int) -> HttpResponse:
    """The stops of a list, what is still open on top."""
    return _page(request, _list(request, pk))


def _page(request: HttpRequest, shown: TargetList, form: HandOverForm | None = None) -> HttpResponse:
    entries = list(TargetEntry.objects.visible_to(request.user).filter(list=shown).for_list())
    chosen = request.GET.get("state")
    kept = [entry for entry in entries if chosen not in STATES or entry.state == chosen]
    kept.sort(key=lambda entry: (STATES.index(entry.state), entry.position, entry.pk))
    page = Paginator(kept, PAGE).get_page(request.GET.get("page"))
    may_change = policies.can_change_list(request.user, shown)
    may_hand = may_change and policies.leads(request.user) and shown.closed_at is None
    counts = {state: sum(entry.state == state for entry in entries) for state in STATES}
    tabs = [{"url": shown.get_absolute_url(), "label": "All", "active": chosen not in STATES, "count": len(entries)}]
    tabs += [
        {"url": f"{shown.get_absolute_url()}?state={state}", "label": state.capitalize(), "active": chosen == state, "count": count}
        for state, count in counts.items()
        if count
    ]
    context: dict[str, Any] = {
        "list": shown,
        "progress": progress_of(entries),
        "page": page,
        "rows": [presenters.target_row(entry) for entry in page],
        "tabs": tabs,
        "held": shown.handovers.in_force().select_related("to"),
        "elsewhere": shown.entries.count() - len(entries),
        "may_change": may_change,
        "may_draw": request.user.can(Permission.VISIT_LOG) and shown.closed_at is None and any(entry.state == "open" for entry in entries),
        "draws": Draw.objects.visible_to(request.user).filter(target_list=shown),
        "may_work": policies.can_work_on_list(request.user, shown) and shown.closed_at is None,
        "hand_form": (form or HandOverForm(people=people_for(shown, request.user))) if may_hand else None,
    }
    return render(request, "visits/target_list.html", context, status=422 if form and form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.VISIT_LOG)
def target_list_new(request: HttpRequest) -> HttpResponse:
    """An empty list, to be filled by hand; the page of targets makes filled ones."""
    form = TargetListForm(sent(request), initial={"starts_on": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        made = actions.save_target_list(by=request.user, **form.cleaned_data)
        return redirect(made)
    return render(request, "visits/target_list_form.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.VISIT_LOG)
def target_list_edit(request: HttpRequest, pk: int) -> HttpResponse:
    shown = _list(request, pk)
    form = TargetListForm(sent(request), instance=shown)
    if request.method == "POST" and form.is_valid():
        data, stored = form.cleaned_data, _list(request, pk)  # the form has written on its own copy
        if _try(request, lambda: actions.save_target_list(by=request.user, target_list=stored, **data), "Changes saved."):
            return redirect(shown)
    return render(request, "visits/target_list_form.html", {"form": form, "list": shown}, status=422 if form.errors else 200)


@require_POST
@requires(Permission.VISIT_LOG)
def target_list_close(request: HttpRequest, pk: int) -> HttpResponse:
    """Done with it, or not after all."""
    shown = _list(request, pk)
    closed = request.POST.get("closed") == "1"
    said = "The list is closed. Open it again whenever you like." if closed else "The list is open again."
    _try(request, lambda: actions.set_list_closed(by=request.user, target_list=shown, closed=closed), said)
    return redirect(shown)


@require_http_methods(["GET", "POST"])
@requires(Permission.VISIT_LOG)
def target_add(request: HttpRequest, pk: int) -> HttpResponse:
    """A practice by hand."""
    shown = _list(request, pk)
    form = TargetAddForm(sent(request), user=request.user)
    practice = None
    if request.method == "POST" and form.is_valid():
        practice = form.cleaned_data["practice"]
        wanted = [Wanted(practice=practice, reason=form.cleaned_data["reason"])]
        if _try(request, lambda: actions.add_targets(by=request.user, target_list=shown, wanted=wanted), f"{practice} is on the list."):
            return redirect(shown)
    context = {"form": form, "list": shown, **practice_context(request, form, practice)}
    return render(request, "visits/target_add.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Permission.VISIT_LOG)
def target_hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    """Into somebody's hands; the message offers nothing back, the row does."""
    shown = _list(request, pk)
    form = HandOverForm(request.POST, people=people_for(shown, request.user))
    if not form.is_valid():
        return _page(request, shown, form)
    to = form.cleaned_data["to"]
    _try(
        request,
        lambda: actions.hand_over(by=request.user, target_list=shown, to=to),
        f"Handed to {to}. “Take back” beside the name undoes it.",
    )
    return redirect(shown)


@require_POST
@requires(Permission.VISIT_LOG)
def target_take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo a hand-over."""
    handover = get_object_or_404(TargetHandover.objects.visible_to(request.user).select_related("list", "to"), pk=pk)
    _try(request, lambda: actions.take_back(by=request.user, handover=handover), f"Taken back from {handover.to}.")
    return redirect(handover.list)


@require_http_methods(["GET", "POST"])
@requires(Permission.VISIT_LOG)
def target_drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Not to be visited after all."""
    entry = _entry(request, pk)
    form = DropForm(sent(request))
    if request.method == "POST" and form.is_valid():
        why = form.cleaned_data["why"]
        if _try(request, lambda: actions.drop_target(by=request.user, entry=entry, why=why), f"{entry} is dropped. You can bring it back."):
            return redirect(entry.list)
    return render(request, "visits/target_drop.html", {"form": form, "entry": entry}, status=422 if form.errors else 200)


@require_POST
@requires(Permission.VISIT_LOG)
def target_bring_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo a drop."""
    entry = _entry(request, pk)
    _try(request, lambda: actions.bring_back_target(by=request.user, entry=entry), f"{entry} is back on the list.")
    return redirect(next_url(request, entry.list.get_absolute_url()))


@require_GET
@requires(Permission.VISIT_VIEW, Permission.EXPORT)
def target_export(request: HttpRequest, pk: int, kind: str) -> HttpResponseBase:
    """The stops that the person sees, as a file."""
    shown = _list(request, pk)
    entries = TargetEntry.objects.visible_to(request.user).filter(list=shown).for_list()
    record("targets.exported", by=request.user, target=shown, rows=entries.count())
    write = xlsx_response if kind == "xlsx" else csv_response
    return write(f"target-list-{shown.pk}.{'xlsx' if kind == 'xlsx' else 'csv'}", exports.TARGET_HEADER, exports.target_rows(entries))
