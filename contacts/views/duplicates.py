"""Records that seem to be one: listed, compared, merged, parted again, or said to be two."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from contacts import actions, merging
from contacts.models import Organization, OrganizationMerge, Provider, ProviderMerge
from contacts.views.common import PAGE_SIZE, page_of

SEE = (Permission.PROVIDER_VIEW, Permission.CONTACT_EDIT, Permission.IMPORT_RUN)
_KINDS: dict[str, tuple[Any, Any, str]] = {
    "provider": (Provider, ProviderMerge, "Providers"),
    "organization": (Organization, OrganizationMerge, "Organizations"),
}


@require_GET
@requires(*SEE)
def duplicates(request: HttpRequest) -> HttpResponse:
    """Pairs that may be one, surest first; and what was merged."""
    tab = request.GET.get("tab", "provider")
    context: dict[str, Any] = {"tab": tab, "crumbs": [{"url": reverse("referrals:matching"), "label": "Matching"}]}
    if tab == "merged":
        kind = request.GET.get("kind", "provider")
        model = _KINDS.get(kind, _KINDS["provider"])[1]
        rows = model.objects.visible_to(request.user).in_force().select_related("survivor", "merged", "merged_by")
        context |= {"page": page_of(request, rows), "kind": "organization" if model is OrganizationMerge else "provider"}
    else:
        tab = context["tab"] = tab if tab in _KINDS else "provider"
        pairs = merging.provider_pairs(request.user) if tab == "provider" else merging.organization_pairs(request.user)
        context |= {"page": Paginator(pairs, PAGE_SIZE).get_page(request.GET.get("page")), "kind": tab}
    context["tabs"] = _tabs(str(tab))
    return render(request, "contacts/duplicates.html", context)


def _tabs(tab: str) -> list[dict[str, Any]]:
    base = reverse("contacts:duplicates")
    titles = {**{name: title for name, (_, _, title) in _KINDS.items()}, "merged": "Merged"}
    return [{"url": f"{base}?tab={name}", "label": title, "active": name == tab, "count": None} for name, title in titles.items()]


def _pair(request: HttpRequest, kind: str, first: int, second: int) -> tuple[Any, Any]:
    if kind not in _KINDS or first == second:
        raise Http404
    rows = _KINDS[kind][0].objects.visible_to(request.user)
    return get_object_or_404(rows, pk=first), get_object_or_404(rows, pk=second)


@require_http_methods(["GET", "POST"])
@requires(*SEE)
def compare(request: HttpRequest, kind: str, first: int, second: int) -> HttpResponse:
    """Side by side: the first would stay. What moves is told before it does."""
    survivor, merged = _pair(request, kind, first, second)
    if request.method == "POST":
        merge = actions.merge_providers if kind == "provider" else actions.merge_organizations
        try:
            merge(survivor=survivor, merged=merged, by=request.user)
        except PolicyViolation as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, f"{merged} is {survivor} now. Referrals follow in a moment; the merge can be taken back.")
            return redirect(survivor)
    context = {
        "kind": kind,
        "survivor": survivor,
        "merged": merged,
        "sides": [_side(survivor), _side(merged)],
        "preview": merging.preview(survivor=survivor, merged=merged),
        "swap_url": reverse("contacts:duplicate", args=[kind, merged.pk, survivor.pk]),
        "crumbs": [{"url": f"{reverse('contacts:duplicates')}?tab={kind}", "label": "Duplicates"}],
    }
    return render(request, "contacts/duplicate.html", context)


def _side(row: Any) -> dict[str, Any]:
    """What tells two records apart."""
    told = {"row": row, "alignments": list(row.alignments.all())}
    if isinstance(row, Provider):
        places = row.affiliations.select_related("practice").order_by("ended_on", "pk")
        return told | {"places": [f"{works.practice}, {works.practice.zip}" for works in places if works.ended_on is None], "person": True}
    return told | {"places": [str(practice) for practice in row.practices.all()[:10]], "person": False}


@require_POST
@requires(*SEE)
def apart(request: HttpRequest, kind: str, first: int, second: int) -> HttpResponse:
    one, other = _pair(request, kind, first, second)
    actions.keep_apart(first=one, second=other, by=request.user)
    messages.success(request, f"{one} and {other} are two. Nobody is asked again.")
    return redirect(f"{reverse('contacts:duplicates')}?tab={kind}")


@require_http_methods(["GET", "POST"])
@requires(*SEE)
def unmerge(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    if kind not in _KINDS:
        raise Http404
    rows = _KINDS[kind][1].objects.visible_to(request.user).in_force().select_related("survivor", "merged")
    merge = get_object_or_404(rows, pk=pk)
    if request.method == "POST":
        actions.unmerge(merge=merge, by=request.user)
        messages.success(request, f"{merge.merged} stands alone again. Referrals follow in a moment.")
        return redirect(_KINDS[kind][0].objects.get(pk=merge.merged_id))
    cancel_url = f"{reverse('contacts:duplicates')}?tab=merged&kind={kind}"
    return render(request, "contacts/unmerge.html", {"merge": merge, "cancel_url": cancel_url})
