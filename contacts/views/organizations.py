"""Pages of organizations (the network) and of specialties."""

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods
from django.views.decorators.vary import vary_on_headers

from accounts.access import requires
from accounts.downloads import asked_kind, send_file
from accounts.permissions import Permission
from contacts import actions, exports
from contacts.filters import OrganizationFilter
from contacts.forms import OrganizationForm, SpecialtyForm
from contacts.models import Organization, OrganizationMerge, Practice, Specialty
from contacts.queries import survivor_of
from contacts.views.common import changes_of, editing, is_filtered, page_of, saved, show_form, today, wants_fragment

EDIT = (Permission.PROVIDER_VIEW, Permission.SETTINGS_EDIT)
OFFICES_SHOWN = 20


@require_GET
@vary_on_headers("HX-Request")
@requires(Permission.PROVIDER_VIEW)
def organization_list(request: HttpRequest) -> HttpResponseBase:
    found = OrganizationFilter(request.GET, Organization.objects.visible_to(request.user).for_list(today()), request=request)
    if kind := asked_kind(request):
        rows = exports.organization_rows(found.qs)
        return send_file(request, "network", kind, exports.ORGANIZATION_HEADER, rows, found.qs.count(), exports.ORGANIZATION_BELONGS)
    context = {"page": page_of(request, found.qs), "filter": found, "filtered": is_filtered(request)}
    template = "contacts/_organization_table.html" if wants_fragment(request) else "contacts/organization_list.html"
    return render(request, template, context)


@require_GET
@requires(Permission.PROVIDER_VIEW)
def organization_detail(request: HttpRequest, pk: int) -> HttpResponse:
    organization = Organization.objects.visible_to(request.user).for_list(today()).filter(pk=pk).first()
    if organization is None:
        return _merged(request, pk)
    offices = Practice.objects.visible_to(request.user).live().filter(organization=organization).select_related("territory")
    context = {
        "organization": organization,
        "offices": offices[:OFFICES_SHOWN],
        "more_offices": max(0, offices.count() - OFFICES_SHOWN),
        "alignments": organization.alignments.all(),
        "merged": OrganizationMerge.objects.in_force().filter(survivor=organization).select_related("merged"),
        "changes": changes_of(organization),
        "crumbs": [{"url": reverse("contacts:organizations"), "label": "Network"}],
    }
    return render(request, "contacts/organization_detail.html", context)


def _merged(request: HttpRequest, pk: int) -> HttpResponse:
    """What was merged into another is seen there."""
    into = survivor_of(Organization, pk)
    survivor = get_object_or_404(Organization.objects.visible_to(request.user), pk=0 if into is None else into)
    messages.info(request, f"{Organization.objects.get(pk=pk)} was merged into {survivor}.")
    return redirect(survivor)


@require_http_methods(["GET", "POST"])
@requires(*EDIT)
def organization_new(request: HttpRequest) -> HttpResponse:
    form = OrganizationForm(request.POST or None)
    if request.method == "POST" and (organization := saved(form, lambda: actions.save_organization(by=request.user, **form.cleaned_data))):
        messages.success(request, f"{organization} added. Say whose it is, so that referrals to it can be counted.")
        return redirect("contacts:organization-align", organization.pk)
    return show_form(request, "contacts/organization_form.html", form, cancel_url=reverse("contacts:organizations"))


@require_http_methods(["GET", "POST"])
@requires(*EDIT)
def organization_edit(request: HttpRequest, pk: int) -> HttpResponse:
    organization = get_object_or_404(Organization.objects.visible_to(request.user), pk=pk)
    form = OrganizationForm(request.POST or None, instance=editing(organization))
    if request.method == "POST" and saved(
        form, lambda: actions.save_organization(organization=organization, by=request.user, **form.cleaned_data)
    ):
        messages.success(request, f"{organization} saved.")
        return redirect(organization)
    return show_form(
        request, "contacts/organization_form.html", form, organization=organization, cancel_url=organization.get_absolute_url()
    )


@require_GET
@requires(*EDIT)
def specialties(request: HttpRequest) -> HttpResponse:
    rows = Specialty.objects.select_related("service_line").annotate(provider_count=Count("providers")).order_by("name", "pk")
    return render(request, "contacts/specialties.html", {"page": page_of(request, rows)})


@require_http_methods(["GET", "POST"])
@requires(*EDIT)
def specialty_edit(request: HttpRequest, pk: int) -> HttpResponse:
    specialty = get_object_or_404(Specialty, pk=pk)
    form = SpecialtyForm(request.POST or None, instance=editing(specialty))
    if request.method == "POST" and saved(form, lambda: actions.save_specialty(specialty=specialty, by=request.user, **form.cleaned_data)):
        messages.success(request, f"{specialty} saved.")
        return redirect("contacts:specialties")
    return show_form(request, "contacts/specialty_form.html", form, specialty=specialty)
