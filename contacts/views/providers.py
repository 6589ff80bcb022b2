"""Pages of providers: list, detail, forms, where they work."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from accounts.access import requires
from accounts.downloads import send_file
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from contacts import actions, custom, exports, queries
from contacts.filters import ProviderFilter
from contacts.finding import search
from contacts.forms import AffiliationForm, EndForm, ProviderForm
from contacts.models import Affiliation, CustomSubject, Practice, Provider, ProviderMerge
from contacts.queries import survivor_of
from contacts.views.common import changes_of, editing, is_filtered, page_of, saved, show_form, today, wants_fragment
from territories.scope import scope_of

EDIT = (Permission.PROVIDER_VIEW, Permission.CONTACT_EDIT)


@require_GET
@vary_on_headers("HX-Request")
@requires(Permission.PROVIDER_VIEW)
def provider_list(request: HttpRequest) -> HttpResponse:
    found = ProviderFilter(request.GET, Provider.objects.visible_to(request.user).for_list(request.user, today()), request=request)
    page, own = page_of(request, found.qs), custom.own_columns(found.added, request.GET)
    owners = queries.owners_of(works.practice.territory_id for provider in page for works in provider.works_at)
    for provider in page:
        provider.own_cells = own.cells(provider.custom)
        provider.place = next((works.practice for works in provider.works_at if works.is_primary), None) or (
            provider.works_at[0].practice if provider.works_at else None
        )
        provider.owner = owners.get(provider.place.territory_id) if provider.place else None
    context = {"page": page, "own": own, "filter": found, "filtered": is_filtered(request), "practice": _practice_filtered_by(found)}
    return render(request, "contacts/_provider_table.html" if wants_fragment(request) else "contacts/provider_list.html", context)


@require_GET
@requires(Permission.PROVIDER_VIEW, Permission.EXPORT)
def provider_file(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The filtered list, with the organization's own fields, as CSV or XLSX; that it was taken is recorded."""
    found = ProviderFilter(request.GET, Provider.objects.visible_to(request.user).for_list(request.user, today()), request=request)
    fields, rows = custom.fields_in_file(found.added, request.GET), found.qs
    return send_file(
        request,
        "providers",
        kind,
        exports.header(exports.PROVIDER_HEADER, fields),
        exports.provider_rows(rows, fields),
        rows.count(),
        exports.PROVIDER_BELONGS,
    )


def _practice_filtered_by(found: ProviderFilter) -> Practice | None:
    return found.form.cleaned_data.get("practice") if found.form.is_valid() else None


@require_GET
@requires(Permission.PROVIDER_VIEW)
def provider_detail(request: HttpRequest, pk: int) -> HttpResponse:
    provider = Provider.objects.visible_to(request.user).select_related("specialty__service_line").filter(pk=pk).first()
    if provider is None:
        return _merged(request, pk)
    open_ones = provider.affiliations.open()
    works_at = list(open_ones.visible_to(request.user).select_related("practice__territory", "practice__organization"))
    primary = next((works.practice for works in works_at if works.is_primary), None)
    owners = queries.owners_of(works.practice.territory_id for works in works_at)
    context = {
        "provider": provider,
        "own_fields": custom.told(custom.fields_of(CustomSubject.PROVIDER), provider.custom),
        "works_at": works_at,
        "elsewhere": open_ones.count() - len(works_at),
        "worked_at": provider.affiliations.exclude(ended_on=None).visible_to(request.user).select_related("practice").order_by("-ended_on"),
        "standing": queries.standing_of(provider, practice=primary),
        "alignments": provider.alignments.all(),
        "practice": primary or (works_at[0].practice if works_at else None),
        "owner": owners.get(primary.territory_id) if primary and primary.territory_id else None,
        "merged": ProviderMerge.objects.in_force().filter(survivor=provider).select_related("merged"),
        "changes": changes_of(provider),
        "crumbs": [{"url": reverse("contacts:providers"), "label": "Providers"}],
    }
    return render(request, "contacts/provider_detail.html", context)


def _merged(request: HttpRequest, pk: int) -> HttpResponse:
    """Who was merged into another is seen there."""
    into = survivor_of(Provider, pk)
    survivor = get_object_or_404(Provider.objects.visible_to(request.user), pk=0 if into is None else into)
    messages.info(request, f"{Provider.objects.get(pk=pk)} was merged into {survivor}.")
    return redirect(survivor)


@require_http_methods(["GET", "POST"])
@requires(*EDIT)
def provider_new(request: HttpRequest) -> HttpResponse:
    """A new provider starts at a practice; only who sees the whole may add one without."""
    practice = _practice_asked(request)
    if practice is None and not (scope_of(request.user).whole and request.GET.get("practice") == "none"):
        return _choose_practice(request, title="Add provider", whole=scope_of(request.user).whole)
    form = ProviderForm(request.POST or None)
    if request.method == "POST" and (
        provider := saved(form, lambda: actions.save_provider(practice=practice, by=request.user, **form.cleaned_data))
    ):
        messages.success(request, f"{provider} added.")
        return redirect(provider)
    return show_form(request, "contacts/provider_form.html", form, practice=practice, cancel_url=reverse("contacts:providers"))


def _practice_asked(request: HttpRequest) -> Practice | None:
    asked = request.GET.get("practice", "")
    return get_object_or_404(Practice.objects.visible_to(request.user).live(), pk=asked) if asked.isdigit() else None


def _choose_practice(request: HttpRequest, **context: object) -> HttpResponse:
    text = request.GET.get("q", "").strip()
    hits = search(request.user, text, what="practice") if text else []
    return render(request, "contacts/choose_practice.html", {"q": text, "hits": hits, **context})


@require_http_methods(["GET", "POST"])
@requires(*EDIT)
def provider_edit(request: HttpRequest, pk: int) -> HttpResponse:
    provider = get_object_or_404(Provider.objects.visible_to(request.user), pk=pk)
    form = ProviderForm(request.POST or None, instance=editing(provider))
    if request.method == "POST" and saved(form, lambda: actions.save_provider(provider=provider, by=request.user, **form.cleaned_data)):
        messages.success(request, f"{provider} saved.")
        return redirect(provider)
    return show_form(request, "contacts/provider_form.html", form, provider=provider, cancel_url=provider.get_absolute_url())


@require_http_methods(["GET", "POST"])
@requires(*EDIT)
def provider_affiliate(request: HttpRequest, pk: int) -> HttpResponse:
    """Another practice for the provider: find it, then say since when."""
    provider = get_object_or_404(Provider.objects.visible_to(request.user), pk=pk)
    practice = _practice_asked(request)
    if practice is None:
        return _choose_practice(request, title=f"Where does {provider} work?", provider=provider)
    form = AffiliationForm(request.POST or None)
    if request.method == "POST" and saved(
        form, lambda: actions.affiliate(provider=provider, practice=practice, by=request.user, **form.cleaned_data)
    ):
        messages.success(request, f"{provider} works at {practice}.")
        return redirect(provider)
    return show_form(request, "contacts/affiliation_form.html", form, provider=provider, practice=practice)


def _affiliation(request: HttpRequest, pk: int) -> Affiliation:
    affiliations = Affiliation.objects.open().visible_to(request.user).select_related("provider", "practice")
    return get_object_or_404(affiliations, pk=pk)


@require_http_methods(["GET", "POST"])
@requires(*EDIT)
def affiliation_end(request: HttpRequest, pk: int) -> HttpResponse:
    affiliation = _affiliation(request, pk)
    form = EndForm(request.POST or None)
    if request.method == "POST" and saved(
        form, lambda: actions.end_affiliation(affiliation=affiliation, by=request.user, **form.cleaned_data), field="ended_on"
    ):
        messages.success(request, f"{affiliation.provider} no longer works at {affiliation.practice}.")
        return redirect(affiliation.practice)
    return show_form(request, "contacts/affiliation_end.html", form, affiliation=affiliation)


@require_POST
@requires(*EDIT)
def affiliation_primary(request: HttpRequest, pk: int) -> HttpResponse:
    affiliation = _affiliation(request, pk)
    try:
        actions.make_primary(affiliation=affiliation, by=request.user)
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{affiliation.practice} is the primary practice of {affiliation.provider}.")
    return redirect(affiliation.provider)
