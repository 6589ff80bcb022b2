"""The directory as a liaison asks it: whom of ours to send a patient to, near here, with this plan; and the answer as a file."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from accounts.access import requires
from accounts.downloads import send_file
from accounts.permissions import Permission
from contacts.models import Provider
from contacts.views.common import wants_fragment
from directory import exports
from directory.filters import KINDS, DirectoryForm
from directory.listing import Found, Listing, find
from directory.presenters import Shape, found_shape, unsure_words
from directory.queries import listings, next_stop
from referrals.models import Payer
from reports.models import ReportRules

PAGE = 20


def shapes_of(found: list[Found], request: HttpRequest) -> list[Shape]:
    """Answers in words; four queries, however many they are."""
    providers = [one.listing.provider for one in found if one.listing.provider]
    links = set(Provider.objects.visible_to(request.user).filter(pk__in=providers).values_list("pk", flat=True)) if providers else set()
    payers = dict(Payer.objects.values_list("pk", "name"))
    today, old_days = timezone.localdate(), ReportRules.current().capacity_old_days
    return [found_shape(one, payers, today=today, old_days=old_days, links=links) for one in found]


@require_GET
@vary_on_headers("HX-Request")
@requires(Permission.PROVIDER_VIEW)
def directory(request: HttpRequest) -> HttpResponse:
    """Who answers for certain; who may, with `unsure` in the address; and otherwise how many those are and what is not known of them."""
    form = DirectoryForm(request.GET, user=request.user)
    asked = form.asked()
    known = listings(request.user, timezone.localdate())
    sure, perhaps = find(known, asked)
    counts = {kind: sum(one.listing.kind == kind for one in found_in(known, form)) for kind, _ in KINDS}
    shown = [*sure, *perhaps] if asked.unsure else sure
    page = Paginator(shown, PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page": page,
        "rows": shapes_of(list(page.object_list), request),
        "sure": len(sure),
        "perhaps": len(perhaps),
        "unsure_words": unsure_words(perhaps),
        "asked": asked,
        "tabs": _tabs(request, form, asked.kind, counts),
        "filtered": form.is_narrowed,
        "has_any": bool(known),
        "stop": next_stop(request.user, timezone.now()) if request.user.can(Permission.VISIT_LOG) else None,
    }
    return render(request, "directory/_results.html" if wants_fragment(request) else "directory/list.html", context)


def found_in(known: list[Listing], form: DirectoryForm) -> list[Found]:
    """What answers for certain, of whichever kind: the tabs count it."""
    return find(known, form.asked(kind=""))[0]


def _tabs(request: HttpRequest, form: DirectoryForm, kind: str, counts: dict[str, int]) -> list[dict[str, Any]]:
    def address(value: str) -> str:
        told = request.GET.copy()
        for name in ("kind", "page"):
            told.pop(name, None)
        if value:
            told["kind"] = value
        return f"?{told.urlencode()}"

    tabs = [("", "All", sum(counts.values())), *((value, label, counts[value]) for value, label in KINDS)]
    return [{"url": address(value), "label": label, "count": count, "active": value == kind} for value, label, count in tabs]


@require_GET
@requires(Permission.PROVIDER_VIEW, Permission.EXPORT)
def export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The answers as CSV or XLSX; that they were taken is recorded."""
    asked = DirectoryForm(request.GET, user=request.user).asked()
    sure, perhaps = find(listings(request.user, timezone.localdate()), asked)
    rows = shapes_of([*sure, *perhaps] if asked.unsure else sure, request)
    return send_file(request, "directory", kind, exports.HEADER, exports.rows(rows), len(rows))
