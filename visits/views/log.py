"""Logging and planning: the two forms, and the small answers that they ask for while one types."""

import datetime as dt
import hashlib
import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import requires
from accounts.permissions import Permission
from common.exceptions import InputError, PolicyViolation
from contacts.models import Practice
from visits import actions, policies
from visits.drawing import AS_DRAWN, outcome
from visits.forms import LogForm, PlanForm, key_of
from visits.models import Visit
from visits.queries import colleagues_of, drawn_for, find_people, find_practices
from visits.views.common import (
    number,
    office_context,
    practice_context,
    say_clashes,
    say_if_closed,
    uuid_or_none,
    wanted_practice,
    wanted_provider,
)

_NOT_CONTENT = {"csrfmiddlewaretoken", "entered_at", "rest_shown"}


@require_http_methods(["GET", "POST"])
@requires(Permission.VISIT_LOG)
def log(request: HttpRequest) -> HttpResponse:
    """A visit that took place. The key made at GET and the hash of what is sent make a double press one visit."""
    if request.method == "POST":
        return _save(request)
    planned = _plan_to_complete(request, number(request.GET.get("planned")))
    provider = wanted_provider(request)
    practice = planned.practice if planned else wanted_practice(request, provider)
    people = [key_of(provider)] if provider else []
    if planned:
        people = [key_of(row.provider) for row in planned.attendees.select_related("provider") if row.provider]
    initial = {
        "client_id": uuid.uuid4(),
        "visited_at": timezone.localtime(),
        "people": people,
        "mode": planned.mode if planned else "in person",
        "visit_type": planned.visit_type_id if planned else None,
        "purpose": planned.purpose if planned else "",
    }
    return _log_page(request, LogForm(user=request.user, planned=planned, initial=initial), practice)


def _save(request: HttpRequest) -> HttpResponse:
    body_hash = actions.body_hash(_content(request))
    data = request.POST.copy()
    try:
        stored = actions.replay(by=request.user, client_id=uuid_or_none(data.get("client_id")), body_hash=body_hash)
        if stored:
            return _saved(stored)
        planned = _plan_to_complete(request, number(data.get("planned")))
        form = LogForm(data, request.FILES, user=request.user, planned=planned)
        if form.is_valid():
            if rest := form.rest(new_people=sum(1 for name, _ in form.new_people if name)):
                return _log_page(request, form, form.cleaned_data["practice"], rest=rest)
            return _saved(actions.log_visit(by=request.user, body_hash=body_hash, **form.arguments()))
    except actions.IdempotencyConflict as conflict:
        data["client_id"] = str(uuid.uuid4())
        data.pop("planned", None)
        form = LogForm(data, user=request.user)
        form.add_error(None, f"You saved this page before, as the visit to {conflict.stored}. Save again only if this is another visit.")
    except PolicyViolation as refusal:
        form = LogForm(data, user=request.user, planned=planned)
        form.add_error(None, str(refusal))
    except InputError as refusal:  # the disk is full
        form.add_error("spend_receipts", str(refusal))
    practice = form.cleaned_data.get("practice") if hasattr(form, "cleaned_data") else None
    return _log_page(request, form, practice, status=422)


def _content(request: HttpRequest) -> dict[str, Any]:
    """What was sent, files by their content: another receipt is another body."""
    sent: dict[str, Any] = {key: request.POST.getlist(key) for key in request.POST if key not in _NOT_CONTENT}
    for file in request.FILES.getlist("spend_receipts"):
        sent.setdefault("", []).append(hashlib.file_digest(file, "sha256").hexdigest())
        file.seek(0)
    return sent


def _plan_to_complete(request: HttpRequest, pk: int | None) -> Visit | None:
    """The plan that is logged now. One that is logged already is left alone: what is typed becomes a visit of its own."""
    if pk is None:
        return None
    visit = get_object_or_404(Visit.objects.visible_to(request.user).select_related("practice", "owner"), pk=pk)
    return visit if policies.is_planned(visit) and policies.can_edit(request.user, visit) else None


def _saved(visit: Visit) -> HttpResponse:
    return redirect(f"{visit.get_absolute_url()}?saved=1" if visit.deleted_at is None else "visits:list")


def _log_page(
    request: HttpRequest, form: LogForm, practice: Practice | None, status: int = 200, rest: dict[str, Any] | None = None
) -> HttpResponse:
    """The form; with `rest` it comes back before anything is saved, for a browser without JavaScript did not show it while one typed."""
    context = {"form": form, "planned": form.planned, "rest": rest, **practice_context(request, form, practice)}
    return render(request, "visits/log.html", context, status=status)


@require_GET
@requires(Permission.VISIT_LOG)
def waiting(request: HttpRequest) -> HttpResponse:
    """What waits on the phone to be sent. The server knows nothing of it: the page reads the phone's own store."""
    return render(request, "visits/waiting.html")


@require_http_methods(["GET", "POST"])
@requires(Permission.VISIT_LOG)
def plan(request: HttpRequest) -> HttpResponse:
    """A visit to come, tomorrow at ten unless said otherwise."""
    people = colleagues_of(request.user) if policies.leads(request.user) else None
    if request.method == "POST":
        form = PlanForm(request.POST, user=request.user, people=people)
        if form.is_valid():
            return _plan(request, form, people)
        return _plan_page(request, form, form.cleaned_data.get("practice"), status=422)
    provider = wanted_provider(request)
    initial = {
        "day": timezone.localdate() + dt.timedelta(days=1),
        "time": dt.time(10),
        "owner": request.user.pk,
        "client_id": uuid.uuid4(),
        "people": [key_of(provider)] if provider else [],
    }
    return _plan_page(request, PlanForm(user=request.user, people=people, initial=initial), wanted_practice(request, provider))


def _plan(request: HttpRequest, form: PlanForm, people: Any) -> HttpResponse:
    data = form.cleaned_data
    body_hash = actions.body_hash({key: request.POST.getlist(key) for key in request.POST if key not in _NOT_CONTENT})
    try:
        visit = actions.plan_visit(
            by=request.user, practice=data["practice"], client_id=data["client_id"] or uuid.uuid4(), body_hash=body_hash, **form.arguments()
        )
    except actions.IdempotencyConflict as conflict:
        again = request.POST.copy()
        again["client_id"] = str(uuid.uuid4())
        form = PlanForm(again, user=request.user, people=people)
        form.add_error(None, f"You planned this before: {conflict.stored}. Save again only if this is another visit.")
        return _plan_page(request, form, data["practice"], status=422)
    except PolicyViolation as refusal:
        form.add_error(None, str(refusal))
        return _plan_page(request, form, data["practice"], status=422)
    messages.success(request, "Visit planned.")
    say_clashes(request, visit)
    say_if_closed(request, visit)
    _say_if_drawn(request, visit)
    return redirect(visit)


def _say_if_drawn(request: HttpRequest, visit: Visit) -> None:
    """A plan that leaves a drawn order is allowed, and said: it weakens what the order proves."""
    assert visit.planned_at is not None  # noqa: S101 - the form asked for it
    place = drawn_for(visit.practice, today=timezone.localdate())
    on = timezone.localdate(visit.planned_at)
    if place is not None and outcome(place.planned_month_on, on, on) != AS_DRAWN:
        messages.warning(
            request,
            f"The drawn order {place.draw} has this practice in {place.planned_month_on:%B %Y}. "
            "A visit at another time weakens what it proves.",
        )


def _plan_page(request: HttpRequest, form: PlanForm, practice: Practice | None, status: int = 200) -> HttpResponse:
    return render(request, "visits/plan.html", {"form": form, **practice_context(request, form, practice)}, status=status)


@require_GET
@requires(Permission.VISIT_LOG)
def office(request: HttpRequest) -> HttpResponse:
    """Who works at the practice just chosen; what was ticked stays ticked."""
    practice = wanted_practice(request, None)
    context = office_context(request, None, practice, chosen=request.GET.getlist("people"))
    answer = render(request, "visits/_office.html", {**context, "planning": request.GET.get("for") == "plan"})
    answer["PRM-Fragment"] = "office"  # the form takes this for ours, and not what a captive portal answers
    return answer


@require_GET
@requires(Permission.VISIT_LOG)
def practice_options(request: HttpRequest) -> JsonResponse:
    """Practices in scope for the search field; without words, those of today and the last ones."""
    found = find_practices(request.user, request.GET.get("q", "")[:80])
    return JsonResponse([{"value": p.pk, "label": p.name, "sub": ", ".join(filter(None, [p.address, p.city]))} for p in found], safe=False)


@require_GET
@requires(Permission.VISIT_LOG)
def people_options(request: HttpRequest) -> JsonResponse:
    """Providers and staff in scope by name."""
    found = find_people(request.user, request.GET.get("q", "")[:80])
    return JsonResponse([{"value": key_of(person), "label": str(person), "sub": where} for person, where in found], safe=False)
