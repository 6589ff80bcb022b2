"""What people decided about words: who, when, and a way back."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import requires
from accounts.downloads import asked_kind, send_file
from accounts.permissions import Permission
from contacts import actions, exports
from contacts.models import Alias, WordsKind
from contacts.views.common import page_of

SEE = (Permission.PROVIDER_VIEW, Permission.IMPORT_RUN)


@require_GET
@requires(*SEE)
def alias_list(request: HttpRequest) -> HttpResponseBase:
    rows = Alias.objects.visible_to(request.user).select_related("provider", "practice", "organization", "made_by")
    kind, text = request.GET.get("kind", ""), request.GET.get("q", "").strip()
    if kind in WordsKind.values:
        rows = rows.filter(kind=kind)
    if text:
        rows = rows.filter(name__icontains=text)
    if file := asked_kind(request):
        return send_file(request, "decisions", file, exports.ALIAS_HEADER, exports.alias_rows(rows), rows.count(), exports.ALIAS_BELONGS)
    context = {
        "page": page_of(request, rows),
        "kind": kind,
        "q": text,
        "kinds": WordsKind.choices,
        "filtered": bool(kind or text),
        "crumbs": [{"url": reverse("referrals:matching"), "label": "Matching"}],
    }
    return render(request, "contacts/aliases.html", context)


@require_http_methods(["GET", "POST"])
@requires(*SEE)
def alias_forget(request: HttpRequest, pk: int) -> HttpResponse:
    alias = get_object_or_404(Alias.objects.visible_to(request.user), pk=pk)
    if request.method == "POST":
        actions.forget_alias(alias=alias, by=request.user)
        messages.success(request, f"Forgotten: {alias.shown}. Its referrals are matched again in a moment.")
        return redirect("contacts:aliases")
    return render(request, "contacts/alias_forget.html", {"alias": alias, "cancel_url": reverse("contacts:aliases")})
