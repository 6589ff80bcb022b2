"""Hand-overs: the list, a proposal, one with its decision; and what leavers leave."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from accounts.access import requires
from accounts.models import User
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from contacts.models import Practice
from contacts.views.common import page_of, wants_fragment
from planning import actions, policies
from planning.filters import HandOverFilter
from planning.forms import DeclineForm, HandOverForm, ReassignForm
from planning.models import HandOver, HandOverState, Reassignment, Work
from planning.queries.work import in_hand, practices_of
from reports.actions.carried_goals import open_goals, part_of
from territories.models import Assignment, Territory

TONES = {
    HandOverState.PROPOSED: "warn",
    HandOverState.APPROVED: "info",
    HandOverState.DONE: "good",
    HandOverState.DECLINED: "bad",
}


def _shown(user: User) -> Any:
    return HandOver.objects.visible_to(user).for_list()


@require_GET
@vary_on_headers("HX-Request")
@requires(Permission.TERRITORY_VIEW)
def handovers(request: HttpRequest) -> HttpResponse:
    """What waits, what is to come, and what was, newest day first."""
    found = HandOverFilter(request.GET, _shown(request.user), request=request)
    page = page_of(request, found.qs)
    context = {
        "filter": found,
        "filtered": any(request.GET.get(name) for name in found.filters),
        "page": page,
        "rows": [(row, TONES.get(HandOverState(row.state), "")) for row in page.object_list],
        "may_propose": request.user.can(Permission.VISIT_LOG),
    }
    return render(request, "planning/_handovers.html" if wants_fragment(request) else "planning/handovers.html", context)


@require_GET
@requires(Permission.TERRITORY_VIEW, Permission.HANDOVER_APPROVE)
def waiting_panel(request: HttpRequest) -> HttpResponse:
    """What waits for a decision: a part of the page of approvals."""
    own = None if request.user.can(Permission.TERRITORY_EDIT) else request.user.pk
    return render(request, "planning/_waiting.html", {"rows": _shown(request.user).filter(state=HandOverState.PROPOSED), "own": own})


@require_http_methods(["GET", "POST"])
@requires(Permission.TERRITORY_VIEW, Permission.VISIT_LOG)
def propose(request: HttpRequest) -> HttpResponse:
    """`?territory=12` fills in what is known of it; what is sent with `save` is proposed."""
    asked = request.POST.get("territory") or request.GET.get("territory", "")
    known = Territory.objects.visible_to(request.user).filter(pk=asked).first() if asked.isdecimal() and len(asked) < 19 else None
    form = HandOverForm(request.POST or None, by=request.user, territory=known)
    if request.method == "POST" and form.is_valid():
        try:
            handover = actions.propose_handover(by=request.user, **form.asked)
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Proposed. It takes effect on its day once it is approved.")
            return redirect(handover)
    return render(request, "planning/propose.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
@requires(Permission.TERRITORY_VIEW)
def handover(request: HttpRequest, pk: int) -> HttpResponse:
    """Who gives what to whom, what goes along today, and what can be done with it."""
    found = get_object_or_404(_shown(request.user), pk=pk)
    waits = found.state in {HandOverState.PROPOSED, HandOverState.APPROVED}
    practices = practices_of(found) if waits else []
    along = in_hand(found.giver, practices) if waits else found.moved.get("work", {})
    context = {
        "handover": found,
        "tone": TONES.get(HandOverState(found.state), ""),
        "count": len(practices) if waits else found.moved.get("practices", 0),
        "along": [(Work(kind).label, len(along.get(kind, ()))) for kind in Work.values if kind in found.takes],
        "named": Practice.objects.filter(pk__in=found.practices),
        "may_decide": policies.can_decide(request.user, found),
        "waits_for_others": found.state == HandOverState.PROPOSED
        and request.user.pk == found.proposed_by_id
        and not policies.can_decide(request.user, found),
        "may_withdraw": policies.can_withdraw(request.user, found),
        "may_undo": policies.can_undo(request.user, found),
        "decline": DeclineForm(),
        "is_today": found.effective_on <= timezone.localdate(),
    }
    return render(request, "planning/handover.html", context)


@require_POST
@requires(Permission.TERRITORY_VIEW, Permission.HANDOVER_APPROVE)
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    return _step(request, pk, lambda found: actions.approve_handover(handover=found, by=request.user), "Approved.")


@require_POST
@requires(Permission.TERRITORY_VIEW, Permission.HANDOVER_APPROVE)
def decline(request: HttpRequest, pk: int) -> HttpResponse:
    why = request.POST.get("why", "")
    return _step(request, pk, lambda found: actions.decline_handover(handover=found, why=why, by=request.user), "Declined.")


@require_POST
@requires(Permission.TERRITORY_VIEW)
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    return _step(request, pk, lambda found: actions.withdraw_handover(handover=found, by=request.user), "Withdrawn.")


@require_POST
@requires(Permission.TERRITORY_VIEW, Permission.HANDOVER_APPROVE)
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    return _step(request, pk, lambda found: actions.undo_handover(handover=found, by=request.user), "Given back.")


def _step(request: HttpRequest, pk: int, step: Any, said: str) -> HttpResponse:
    found = get_object_or_404(_shown(request.user), pk=pk)
    try:
        step(found)
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, said)
    return redirect(found)


@require_http_methods(["GET", "POST"])
@requires(Permission.TERRITORY_EDIT, Permission.USER_MANAGE)
def leaver(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything a person has in hand, with a choice of who takes each over."""
    person = get_object_or_404(User.objects.visible_to(request.user), pk=pk)
    today = timezone.localdate()
    open_ended = Assignment.objects.filter(user=person).exclude(ended_on__lte=today)
    held = list(open_ended.select_related("territory", "service_line").order_by("territory__name", "pk"))
    work = in_hand(person)
    goals = [part_of(goal, today) for goal in open_goals(person, today)]
    form = ReassignForm(request.POST or None, person=person, assignments=held, work=work, goals=len(goals))
    if request.method == "POST" and form.is_valid():
        try:
            actions.reassign_work(person=person, by=request.user, **form.asked)
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"What {person} had in hand is given away.")
            return redirect("planning:leaver", person.pk)
    context = {
        "person": person,
        "form": form,
        "goals": goals,
        "is_empty": not held and not goals and not any(work.values()),
        "made": Reassignment.objects.visible_to(request.user).filter(person=person).select_related("made_by")[:10],
        "crumbs": [{"url": reverse("accounts:people"), "label": "People"}, {"url": person.get_absolute_url(), "label": str(person)}],
    }
    return render(request, "planning/leaver.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Permission.TERRITORY_EDIT, Permission.USER_MANAGE)
def undo_leaver(request: HttpRequest, pk: int) -> HttpResponse:
    made = get_object_or_404(Reassignment.objects.visible_to(request.user), pk=pk)
    try:
        actions.undo_reassignment(reassignment=made, by=request.user)
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "Given back, where it still was where it went.")
    return redirect("planning:leaver", made.person_id)


@require_GET
@requires(Permission.TERRITORY_EDIT, Permission.USER_MANAGE)
def leaver_panel(request: HttpRequest, pk: int) -> HttpResponse:
    """What a person has in hand, as a part of their page."""
    person = get_object_or_404(User.objects.visible_to(request.user), pk=pk)
    work = in_hand(person)
    territories = Assignment.objects.filter(user=person).exclude(ended_on__lte=timezone.localdate()).count()
    goals = len(open_goals(person, timezone.localdate()))
    lines = [("Territories", territories), *((Work(kind).label, len(ids)) for kind, ids in work.items()), ("Open goals", goals)]
    context = {"person": person, "lines": [line for line in lines if line[1]]}
    return render(request, "planning/_leaver_panel.html", context)
