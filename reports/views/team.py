"""The people one leads: their work side by side, and the agenda of a talk with one of them."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires
from accounts.downloads import send_file
from accounts.models import User
from accounts.permissions import Permission
from audit.actions import record
from common.exceptions import PolicyViolation
from common.templatetags.prm import number
from reports import actions, exports
from reports.agenda import agenda_of, held_before
from reports.exports import lists
from reports.forms.meetings import OneToOneForm
from reports.models import Agreement, OneToOne
from reports.presenters import goals as goal_words
from reports.queries.freshness import freshness
from reports.queries.names import names
from reports.queries.team import DAYS, Team, team_of
from reports.querysets import led_by

HEAD = [
    "Person", "Practices", "Hours promised, four weeks", "Hours there are", "Visits made, 30 days", "Missed", "Miles, 30 days",
    "Practices overdue", "Follow-ups overdue",
]  # fmt: skip


@require_GET
@requires(Permission.DASHBOARD_VIEW, Permission.PROVIDER_VIEW, Permission.VISIT_VIEW, Permission.GOAL_EDIT)
def team(request: HttpRequest) -> HttpResponse:
    """Workload of each person, by name: who has more than fits, and who waits for help. No order of results, and no money."""
    found = team_of(led_by(request.user), today=timezone.localdate())
    return render(request, "reports/team.html", {"team": found, "finding": finding(found), "days": DAYS})


def finding(found: Team) -> str:
    if not found.loads:
        return "Nobody is assigned below you yet"
    if found.over:
        names_ = " and ".join(str(load.person) for load in found.over[:2])
        more = f" and {number(len(found.over) - 2)} more" if len(found.over) > 2 else ""
        return f"{names_}{more} {'was' if len(found.over) == 1 else 'were'} promised for more hours than there are"
    return "Everybody has the hours for what was promised"


@require_GET
@requires(Permission.DASHBOARD_VIEW, Permission.PROVIDER_VIEW, Permission.VISIT_VIEW, Permission.GOAL_EDIT, Permission.EXPORT)
def team_export(request: HttpRequest, kind: str) -> HttpResponseBase:
    if kind not in exports.KINDS:
        raise Http404("No such file.")
    today = timezone.localdate()
    found = team_of(led_by(request.user), today=today)
    record("report.exported", by=request.user, table="team", kind=kind, filter="")
    rows = (
        [
            str(load.person), load.practices, round(load.promised_hours, 1), round(load.available_hours, 1), load.visits, load.missed,
            load.miles, load.overdue_practices, load.overdue_follow_ups,
        ]
        for load in found.loads
    )  # fmt: skip
    return exports.response(f"team-{today:%Y-%m-%d}", kind, (HEAD, rows))


@require_GET
@requires(Permission.DASHBOARD_VIEW, Permission.EXPORT)
def one_to_ones_export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Talks in which the person took part, for admins all; `liaison` leaves those with one."""
    talks = OneToOne.objects.visible_to(request.user).select_related("liaison", "led_by").prefetch_related("agreements__owner")
    liaison = request.GET.get("liaison", "")
    if liaison:
        talks = talks.filter(liaison=int(liaison)) if liaison.isdecimal() and len(liaison) < 19 else talks.none()
    rows = list(lists.one_to_ones(talks))
    return send_file(request, "one-to-ones", kind, lists.ONE_TO_ONES, rows, len(rows))


def _liaison(request: HttpRequest, pk: int) -> User:
    """Oneself, or somebody one leads."""
    own = led_by(request.user) | User.objects.filter(pk=request.user.pk, role="liaison")
    return get_object_or_404(own, pk=pk)


@require_http_methods(["GET", "POST"])
@requires(Permission.DASHBOARD_VIEW, Permission.PROVIDER_VIEW, Permission.VISIT_VIEW)
def agenda(request: HttpRequest, pk: int) -> HttpResponse:
    """What to talk about; POST writes the talk down."""
    liaison = _liaison(request, pk)
    is_leader = liaison.pk != request.user.pk
    people = [liaison, User.objects.get(pk=request.user.pk)]
    form = OneToOneForm(request.POST if request.method == "POST" else None, people=people) if is_leader else None
    if request.method == "POST":
        if form is None:
            raise PermissionDenied("Whoever leads you writes the talk down.")
        if form.is_valid():
            try:
                actions.hold_one_to_one(liaison=liaison, by=request.user, **form.arguments())
            except PolicyViolation as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, "Written down.")
                return redirect("reports:agenda", pk)
    found = agenda_of(liaison, reader=request.user, fresh=freshness(), known=names())
    context = {
        "liaison": liaison,
        "agenda": found,
        "goals": goal_words.rows(found.goals, may_edit=False),
        "goals_finding": goal_words.finding(found.goals),
        "talks": held_before(liaison, reader=request.user, day=timezone.localdate()),
        "form": form,
        "today": timezone.localdate(),
        "data_through": freshness().data_through,
    }
    return render(request, "reports/agenda.html", context, status=422 if form is not None and form.errors else 200)


@require_POST
@requires(Permission.DASHBOARD_VIEW, Permission.PROVIDER_VIEW, Permission.VISIT_VIEW)
def settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Done, or, where it was done, open again."""
    agreement = get_object_or_404(Agreement.objects.visible_to(request.user).select_related("meeting"), pk=pk)
    try:
        actions.settle_agreement(agreement=agreement, done=agreement.done_at is None, by=request.user)
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
    return redirect("reports:agenda", agreement.meeting.liaison_id)
