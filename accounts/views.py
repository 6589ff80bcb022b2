"""Pages about people, one's own account, the audit trail, and the progress of work."""

import re

from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import actions
from accounts.access import open_to_everybody_inside, requires
from accounts.downloads import asked_kind, send_file
from accounts.exports import AUDIT_BELONGS, AUDIT_HEADER, PEOPLE_HEADER, audit_rows, people_rows
from accounts.forms import AuditFilterForm, InviteForm, PeopleFilterForm, PersonForm, ProfileForm
from accounts.models import Logo, User
from accounts.permissions import Permission
from accounts.roles import PATIENT_ROWS_ROLES, PERMISSIONS, Role
from audit.models import AuditEvent
from common.exceptions import PolicyViolation
from jobs.actions import cancel
from jobs.models import Job

PAGE_SIZE = 50


@require_GET
@requires(Permission.USER_MANAGE)
def people(request: HttpRequest) -> HttpResponseBase:
    form = PeopleFilterForm(request.GET)
    found = User.objects.visible_to(request.user)
    if form.is_valid():
        wanted = form.cleaned_data
        if wanted["q"]:
            found = found.filter(Q(full_name__icontains=wanted["q"]) | Q(email__icontains=wanted["q"]))
        if wanted["role"]:
            found = found.filter(role=wanted["role"])
        if wanted["state"] != "all":
            found = found.filter(is_active=wanted["state"] != "disabled")
    if kind := asked_kind(request):
        return send_file(request, "people", kind, PEOPLE_HEADER, people_rows(found), found.count())
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "accounts/people.html", {"filters": form, "page": page})


@require_http_methods(["GET", "POST"])
@requires(Permission.USER_MANAGE)
def invite(request: HttpRequest) -> HttpResponse:
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            invitation = actions.invite(**form.cleaned_data, by=request.user)
        except PolicyViolation as refusal:
            form.add_error("email", str(refusal))
        else:
            return _show_invitation(request, invitation)
    return render(request, "accounts/invite.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
@requires(Permission.USER_MANAGE)
def roles(request: HttpRequest) -> HttpResponse:
    """Every role and what it may do. Roles are part of the release; what is granted person by person is said beside."""
    rows = [(permission, [(role.label, permission in PERMISSIONS[role]) for role in Role]) for permission in Permission]
    people = dict(User.objects.active().order_by().values_list("role").annotate(Count("pk")))
    told = [(role.label, people.get(role, 0)) for role in Role]
    rows_for = [role.label for role in Role if role in PATIENT_ROWS_ROLES]
    return render(
        request, "accounts/roles.html", {"rows": rows, "roles": told, "patient_rows": Permission.REFERRAL_ROWS, "rows_for": rows_for}
    )


@require_POST
@requires(Permission.USER_MANAGE)
def renew(request: HttpRequest, pk: int) -> HttpResponse:
    user = get_object_or_404(User.objects.visible_to(request.user), pk=pk)
    try:
        invitation = actions.renew_invitation(user=user, by=request.user)
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
        return redirect(user)
    return _show_invitation(request, invitation)


def _show_invitation(request: HttpRequest, invitation: actions.Invitation) -> HttpResponse:
    """The link is shown once, here: it is stored nowhere."""
    url = request.build_absolute_uri(invitation.path)
    mailed = actions.mail_invitation(invitation=invitation, url=url, by=request.user)
    return render(request, "accounts/invited.html", {"person": invitation.user, "url": url, "mailed": mailed})


@require_http_methods(["GET", "POST"])
@requires(Permission.USER_MANAGE)
def person(request: HttpRequest, pk: int) -> HttpResponse:
    user = get_object_or_404(User.objects.visible_to(request.user), pk=pk)
    known = {"full_name": user.full_name, "role": user.role, "patient_rows": user.patient_rows, "phone": user.phone}
    form = PersonForm(request.POST or None, initial=known)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_person(user=user, **form.cleaned_data, by=request.user)
        except PolicyViolation as refusal:
            form.add_error("role", str(refusal))
        else:
            messages.success(request, f"Saved {user}.")
            return redirect("accounts:people")
    history = AuditEvent.objects.filter(target_type="accounts.user", target_id=str(user.pk))[:20]
    context = {"form": form, "person": user, "history": history, "second_factor": is_mfa_enabled(user)}
    return render(request, "accounts/person.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Permission.USER_MANAGE)
def set_active(request: HttpRequest, pk: int) -> HttpResponse:
    """Disable or enable, by the button pressed."""
    user = get_object_or_404(User.objects.visible_to(request.user), pk=pk)
    try:
        if request.POST.get("active") == "yes":
            actions.enable(user=user, by=request.user)
            messages.success(request, f"{user} can sign in again.")
        else:
            actions.disable(user=user, by=request.user)
            messages.success(request, f"{user} is signed out everywhere and cannot sign in. Their visits stay.")
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
    return redirect(user)


@require_POST
@requires(Permission.USER_MANAGE)
def forget_second_factor(request: HttpRequest, pk: int) -> HttpResponse:
    user = get_object_or_404(User.objects.visible_to(request.user), pk=pk)
    try:
        actions.forget_second_factor(user=user, by=request.user)
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{user} signs in with the password alone, until they set a second factor up again.")
    return redirect(user)


@require_http_methods(["GET", "POST"])
@open_to_everybody_inside("one's own name, telephone and sign-in")
def profile(request: HttpRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=request.user.pk))
    if request.method == "POST" and form.is_valid():
        actions.change_profile(**form.cleaned_data, by=request.user)
        messages.success(request, "Saved.")
        return redirect("accounts:profile")
    return render(request, "accounts/profile.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
@open_to_everybody_inside("who the browser is signed in as; a stranger gets 401")
def session(request: HttpRequest) -> JsonResponse:
    """Whom the phone speaks for, a token for its next POST, and the time here: asked before waiting visits are sent, never stored."""
    told = {"user": request.user.pk, "name": str(request.user), "csrf": get_token(request), "now": timezone.now().isoformat()}
    return JsonResponse(told)


@require_GET
@requires(Permission.AUDIT_VIEW)
def audit(request: HttpRequest) -> HttpResponseBase:
    form = AuditFilterForm(request.GET)
    events = AuditEvent.objects.all()
    if form.is_valid():
        wanted = form.cleaned_data
        if wanted["who"]:
            events = events.filter(by_label__icontains=wanted["who"])
        if wanted["event"]:
            events = events.filter(event__iregex=re.escape(wanted["event"].strip()).replace("\\ ", "[ ._-]"))
        if wanted["what"]:
            events = events.filter(Q(target_label__icontains=wanted["what"]) | Q(target_type__icontains=wanted["what"]))
        if wanted["start"]:
            events = events.filter(happened_at__date__gte=wanted["start"])
        if wanted["end"]:
            events = events.filter(happened_at__date__lte=wanted["end"])
    if kind := asked_kind(request):
        return send_file(request, "audit-trail", kind, AUDIT_HEADER, audit_rows(events), events.count(), AUDIT_BELONGS)
    page = Paginator(events, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "accounts/audit.html", {"filters": form, "page": page})


@require_GET
@open_to_everybody_inside("visible_to decides: one's own work, or any for admins and analysts")
def job(request: HttpRequest, pk: int) -> HttpResponse:
    """The progress of a piece of work: a fragment that asks again each second, or a page of its own."""
    work = get_object_or_404(Job.objects.visible_to(request.user), pk=pk)
    template = "accounts/_job.html" if request.htmx else "accounts/job.html"
    return render(request, template, {"job": work})


@require_POST
@open_to_everybody_inside("visible_to decides: one's own work, or any for admins and analysts")
def cancel_job(request: HttpRequest, pk: int) -> HttpResponse:
    work = get_object_or_404(Job.objects.visible_to(request.user), pk=pk)
    if cancel(job=work, by=request.user):
        messages.success(request, "Stopped. Nothing of it was kept.")
    else:
        messages.info(request, "It had already ended.")
    return redirect("accounts:job", pk)


@require_GET
@open_to_everybody_inside("the organization's mark, which everybody prints")
def logo(request: HttpRequest, pk: int) -> HttpResponse:
    """The picture of a logo that is in use; its address changes with it, so a browser may keep it."""
    found = get_object_or_404(Logo, pk=pk, removed_at=None)
    answer = HttpResponse(bytes(found.png), content_type="image/png")
    answer["Cache-Control"] = "private, max-age=86400"
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
