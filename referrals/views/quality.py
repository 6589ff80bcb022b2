"""How complete and how fresh a feed's data is."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from accounts.access import requires
from accounts.permissions import Permission
from referrals.presenters import feeds
from referrals.presenters import quality as shown
from referrals.queries import feed_or_404
from referrals.queries.quality import quality


@require_GET
@vary_on_headers("HX-Request")
@requires(Permission.IMPORT_RUN)
def quality_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Completeness by column, matching, lag, what was refused, missing months and states."""
    source = feed_or_404(request.user, pk)
    if not request.htmx or request.htmx.history_restore_request:  # a large feed takes seconds to look at: the page is there meanwhile
        return render(request, "referrals/quality.html", {"source": source, "tabs": feeds.tabs(source, "quality")})
    found = quality(source)
    context = {
        "source": source,
        "charts": shown.charts(found),
        "states": shown.states(found),
        "missing": shown.missing(found),
    }
    return render(request, "referrals/_quality.html", context)
