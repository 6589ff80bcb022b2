"""Search as you type: a page, a fragment of it, and JSON for the fields that offer people and practices."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from accounts.access import requires
from accounts.permissions import Permission
from contacts.finding import search as find
from contacts.views.common import wants_fragment


@require_GET
@vary_on_headers("HX-Request")
@requires(Permission.PROVIDER_VIEW)
def search(request: HttpRequest) -> HttpResponse:
    """`?q=` within the person's scope; `&kind=provider|practice|organization` for one of them; `&format=json` for a list of
    {value, label, sub, url, kind}.
    """
    text, what = request.GET.get("q", "").strip()[:100], request.GET.get("kind", "")
    hits = find(request.user, text, what=what)
    if request.GET.get("format") == "json":
        found = [
            {"value": hit.pk if what else f"{hit.what}-{hit.pk}", "label": hit.label, "sub": hit.sub, "url": hit.url, "kind": hit.what}
            for hit in hits
        ]
        return JsonResponse(found, safe=False)
    context = {"q": text, "hits": hits}
    return render(request, "contacts/_hits.html" if wants_fragment(request) else "contacts/search.html", context)
