"""How complete and how fresh a feed's data is."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import requires
from accounts.permissions import Permission
from referrals.presenters import feeds
from referrals.presenters import quality as shown
from referrals.queries import feed_or_404
from referrals.queries.quality import quality


@require_GET
@requires(Permission.IMPORT_RUN)
def quality_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Completeness by column, matching, lag, what was refused, missing months and states."""
    source = feed_or_404(request.user, pk)
    found = quality(source)
    context = {
        "source": source,
        "tabs": feeds.tabs(source, "quality"),
        "charts": shown.charts(found),
        "states": shown.states(found),
        "missing": shown.missing(found),
    }
    return render(request, "referrals/quality.html", context)
