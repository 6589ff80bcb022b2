"""Settings: what the directory says of lines, sites and specialists, and what it does not say yet."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import requires
from accounts.permissions import Permission
from contacts.models import Organization
from contacts.views.common import changes_of, saved, show_form
from directory import actions
from directory.forms import EntryForm
from directory.listing import SITE
from directory.models import Entry
from directory.presenters import plans_shape
from directory.queries import listings, people_to_keep
from referrals.models import Payer
from territories.models import ServiceLine

KEEP = (Permission.PROVIDER_VIEW, Permission.DIRECTORY_EDIT)


@require_GET
@requires(*KEEP)
def entries(request: HttpRequest) -> HttpResponse:
    """Every line with its sites, and the specialists who have an entry of their own; blanks are named."""
    stored = list(Entry.objects.visible_to(request.user).for_list())
    by_line = {entry.service_line_id: entry for entry in stored if entry.service_line_id and not entry.organization_id}
    by_site = {(entry.service_line_id, entry.organization_id): entry for entry in stored if entry.organization_id}
    payers = dict(Payer.objects.values_list("pk", "name"))
    sites: dict[int, list[dict[str, Any]]] = {}
    known = listings(request.user, timezone.localdate())
    for one in known:
        if one.kind == SITE and one.line and one.organization:
            plans = plans_shape(one.plans, payers)
            row = {"site": one, "entry": by_site.get((one.line[0], one.organization)), "plans": plans}
            sites.setdefault(one.line[0], []).append(row)
    lines = [
        {"line": line, "entry": by_line.get(line.pk), "sites": sites.get(line.pk, [])}
        for line in ServiceLine.objects.filter(is_active=True)
    ]
    context = {
        "lines": lines,
        "people": [entry for entry in stored if entry.provider_id],
        "without_plans": sum(one.plans.accepted is None for one in known),
        "total": len(known),
        "crumbs": [{"url": reverse("settings"), "label": "Settings"}],
    }
    return render(request, "directory/entries.html", context)


@require_http_methods(["GET", "POST"])
@requires(*KEEP)
def line(request: HttpRequest, pk: int) -> HttpResponse:
    """What holds for a whole line."""
    return _edit(request, "line", service_line=get_object_or_404(ServiceLine, pk=pk))


@require_http_methods(["GET", "POST"])
@requires(*KEEP)
def site(request: HttpRequest, line_pk: int, pk: int) -> HttpResponse:
    """What is different at one of our sites."""
    organization = get_object_or_404(Organization.objects.visible_to(request.user), pk=pk)
    return _edit(request, "site", service_line=get_object_or_404(ServiceLine, pk=line_pk), organization=organization)


@require_http_methods(["GET", "POST"])
@requires(*KEEP)
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """What is different for one specialist: languages, plans, how to refer."""
    return _edit(request, "person", provider=get_object_or_404(people_to_keep(request.user), pk=pk))


def _edit(request: HttpRequest, what: str, **subject: Any) -> HttpResponse:
    whole = {"service_line": None, "organization": None, "provider": None} | subject
    entry = Entry.objects.visible_to(request.user).for_list().filter(**whole).first()
    form = EntryForm(request.POST if request.method == "POST" else None, entry=entry, what=what)
    if request.method == "POST" and saved(form, lambda: actions.save_entry(by=request.user, **subject, **form.arguments())):
        messages.success(request, f"The directory entry of {_name(subject)} is saved.")
        return redirect("directory:entries")
    above = {"line": "", "site": f"the entry of {subject.get('service_line')}", "person": "the entries of the site and the line"}[what]
    context = {
        "what": what,
        "name": _name(subject),
        "entry": entry,
        "above": above,
        "changes": changes_of(entry) if entry else [],
        "crumbs": [
            {"url": reverse("settings"), "label": "Settings"},
            {"url": reverse("directory:entries"), "label": "Directory"},
        ],
    }
    return show_form(request, "directory/entry.html", form, **context)


def _name(subject: dict[str, Any]) -> str:
    if provider := subject.get("provider"):
        return str(provider)
    organization = subject.get("organization")
    return f"{organization}, {subject['service_line']}" if organization else str(subject["service_line"])
