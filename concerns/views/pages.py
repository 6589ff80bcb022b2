"""The list, a new concern, one concern with its steps, the files, and the panel of a practice."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods
from django.views.decorators.vary import vary_on_headers

from accounts.access import requires
from accounts.downloads import send_file
from accounts.permissions import Permission
from accounts.saved_views import OF_A_VIEW
from common.exceptions import PolicyViolation
from concerns import actions, exports, policies, presenters
from concerns.filters import ALL, STATES, ConcernFilter, filtered_concerns
from concerns.forms import CommentForm, ConcernForm, EscalateForm, ReopenForm, ResolveForm, SortForm, TellForm
from concerns.models import Concern, ConcernState, Severity
from concerns.queries import concerns_of, history_of, projects_to_link
from contacts.models import Practice

PAGE = 25
HITS = 12
# step: form, words of its button, in which states it is offered
STEPS: dict[str, tuple[Any, str, tuple[str, ...]]] = {
    "resolve": (ResolveForm, "Mark as resolved", (ConcernState.OPEN,)),
    "tell": (TellForm, "Practice told: close", (ConcernState.RESOLVED,)),
    "reopen": (ReopenForm, "Reopen", (ConcernState.RESOLVED, ConcernState.CLOSED)),
    "escalate": (EscalateForm, "Escalate", (ConcernState.OPEN,)),
    "change": (SortForm, "Save changes", (ConcernState.OPEN, ConcernState.RESOLVED)),
    "comment": (CommentForm, "Add comment", tuple(ConcernState.values)),
}
_TITLES = {
    "resolve": "Resolve",
    "tell": "Tell the practice",
    "reopen": "Reopen",
    "escalate": "Escalate",
    "change": "Sort anew",
    "comment": "Comment",
}


@require_GET
@vary_on_headers("HX-Request")
@requires(Permission.CONCERN_VIEW)
def concern_list(request: HttpRequest) -> HttpResponse:
    """By deadline; closed ones by the day on which the practice was told."""
    found = filtered_concerns(request)
    concerns = found.qs.for_list()
    if found.data["state"] in {ConcernState.CLOSED, ALL}:
        concerns = concerns.order_by("-raised_at", "-pk")
    page = Paginator(concerns, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": presenters.rows(page),
        "filter": found,
        "state": found.data["state"],
        "filtered": any(value for name, value in request.GET.items() if name not in ("page", "state", *OF_A_VIEW)),
        "tabs": _tabs(request, found),
    }
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, "concerns/_table.html", context)
    return render(request, "concerns/list.html", context)


def _tabs(request: HttpRequest, found: ConcernFilter) -> list[dict[str, Any]]:
    """The states with their counts under the other filters."""
    tabs = []
    for state, label in STATES.items():
        query = request.GET.copy()
        query["state"] = state
        query.pop("page", None)
        counted = ConcernFilter(query, Concern.objects.visible_to(request.user), request=request)
        tab = {"url": f"?{query.urlencode()}", "label": label, "active": found.data["state"] == state}
        tabs.append(tab if state in {ConcernState.CLOSED, ALL} else {**tab, "count": counted.qs.count()})
    return tabs


@require_GET
@requires(Permission.CONCERN_VIEW, Permission.EXPORT)
def export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The filtered list as CSV or XLSX; that it was taken is recorded."""
    concerns = filtered_concerns(request).qs
    return send_file(request, "concerns", kind, exports.HEADER, exports.rows(concerns), concerns.count(), exports.BELONGS)


@require_http_methods(["GET", "POST"])
@requires(Permission.CONCERN_EDIT)
def new(request: HttpRequest) -> HttpResponse:
    """First the practice, found by name, then what it said."""
    text = request.GET.get("practice", "")
    if not text.isdecimal():
        q = request.GET.get("q", "").strip()[:80]
        seen = Practice.objects.visible_to(request.user).live()
        hits = seen.named_like(q)[:HITS] if q else []
        return render(request, "concerns/choose_practice.html", {"q": q, "hits": hits})
    practice = get_object_or_404(Practice.objects.visible_to(request.user), pk=text)
    form = ConcernForm(request.POST if request.method == "POST" else None, practice=practice)
    if request.method == "POST" and form.is_valid():
        try:
            concern = actions.open_concern(practice=practice, by=request.user, **form.cleaned_data)
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"Concern saved. {concern.department} has until {_day(concern.due_on)}.")
            return redirect(concern)
    context = {"form": form, "practice": practice}
    return render(request, "concerns/new.html", context, status=422 if form.is_bound else 200)


def _day(value: Any) -> str:
    return f"{value.day} {value:%b %Y}"


def _concern(request: HttpRequest, pk: int) -> Concern:
    seen = Concern.objects.visible_to(request.user).for_list().select_related("department__lead", "resolved_by", "escalated_to")
    return get_object_or_404(seen, pk=pk)


@require_GET
@requires(Permission.CONCERN_VIEW)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What they said, what we did, and what is next."""
    return _shown(request, _concern(request, pk))


def _shown(request: HttpRequest, concern: Concern) -> HttpResponse:
    may_work = policies.can_work_on(request.user, concern)
    context = {
        "concern": concern,
        "row": presenters.row(concern),
        "entries": [presenters.comment_entry(comment) for comment in concern.comments.select_related("written_by")],
        "history": [presenters.history_line(event) for event in history_of(concern)],
        "may_work": may_work,
        "projects": concern.projects.all(),
        "other_projects": projects_to_link(concern, request.user) if may_work else (),
        "severity_tone": presenters.SEVERITY_TONES[Severity(concern.severity)],
        "comment_form": CommentForm() if may_work else None,
        "sees_practice": Practice.objects.visible_to(request.user).filter(pk=concern.practice_id).exists(),
    }
    return render(request, "concerns/detail.html", context)


def _form(name: str, concern: Concern, request: HttpRequest) -> Any:
    data = request.POST if request.method == "POST" else None
    if name in {"escalate", "change"}:
        return STEPS[name][0](data, concern=concern)
    return TellForm(data, user=request.user) if name == "tell" else STEPS[name][0](data)


_ACTS: dict[str, Callable[..., Any]] = {
    "resolve": actions.resolve_concern,
    "tell": actions.tell_practice,
    "reopen": actions.reopen_concern,
    "escalate": actions.escalate_concern,
    "change": actions.change_concern,
    "comment": actions.comment_on_concern,
}
_DONE = {
    "resolve": "Resolved. Tell the practice what was done, then it is closed.",
    "tell": "Closed: the practice knows.",
    "reopen": "Reopened. Its days count from today.",
    "escalate": "Escalated.",
    "change": "Saved.",
    "comment": "Comment added.",
}


@require_http_methods(["GET", "POST"])
@requires(Permission.CONCERN_EDIT)
def step(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """One step of a concern: a page of its own with its few questions."""
    concern = _concern(request, pk)
    if name not in STEPS:
        raise Http404("No such step.")
    if concern.state not in STEPS[name][2]:
        messages.error(request, f"This concern is {concern.get_state_display().lower()} already.")
        return redirect(concern)
    form = _form(name, concern, request)
    if request.method == "POST" and form.is_valid():
        try:
            _ACTS[name](concern=concern, by=request.user, **form.cleaned_data)
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _DONE[name])
            return redirect(concern)
    context = {"form": form, "concern": concern, "title": _TITLES[name], "submit": STEPS[name][1]}
    return render(request, "concerns/step.html", context, status=422 if form.is_bound else 200)


@require_GET
@requires(Permission.CONCERN_VIEW, Permission.PROVIDER_VIEW)
def practice_panel(request: HttpRequest, pk: int) -> HttpResponse:
    """Part of a practice's page: what stands open there, what was promised, what they are yet to hear."""
    practice = get_object_or_404(Practice.objects.visible_to(request.user), pk=pk)
    found = concerns_of(practice, request.user)
    context = {
        "practice": practice,
        "unfinished": [*presenters.rows(found.to_tell), *presenters.rows(found.open)],
        "closed": presenters.rows(found.closed),
        "more_url": f"{reverse('concerns:list')}?practice={practice.pk}&state={ALL}",
    }
    return render(request, "concerns/_panel.html" if request.htmx else "concerns/panel.html", context)
