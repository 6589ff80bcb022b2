"""Parts of other apps' pages, loaded by themselves: what happened at a practice, or with a provider."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.access import requires
from accounts.permissions import Permission
from contacts.models import Practice, Provider
from visits import presenters
from visits.models import Visit
from visits.queries import follow_ups_with, timeline, visits_with
from visits.views.common import number

STEP = 8


@require_GET
@requires(Permission.VISIT_VIEW, Permission.PROVIDER_VIEW)
def practice_panel(request: HttpRequest, pk: int) -> HttpResponse:
    practice = get_object_or_404(Practice.objects.visible_to(request.user), pk=pk)
    return _panel(request, f"practice={practice.pk}", reverse("visits:practice-panel", args=[pk]), practice=practice)


@require_GET
@requires(Permission.VISIT_VIEW, Permission.PROVIDER_VIEW)
def provider_panel(request: HttpRequest, pk: int) -> HttpResponse:
    provider = get_object_or_404(Provider.objects.visible_to(request.user), pk=pk)
    return _panel(request, f"provider={provider.pk}", reverse("visits:provider-panel", args=[pk]), provider=provider)


@require_GET
@requires(Permission.VISIT_VIEW, Permission.PROVIDER_VIEW)
def provider_sum(request: HttpRequest, pk: int) -> HttpResponse:
    """How many visits and follow-ups would follow a merge of the provider."""
    provider = get_object_or_404(Provider.objects.visible_to(request.user), pk=pk)
    met = Visit.objects.visible_to(request.user).filter(pk__in=visits_with(provider)).count()
    promised = follow_ups_with(request.user, provider=provider).count()
    return render(request, "visits/_provider_sum.html", {"met": met, "promised": promised})


def _panel(
    request: HttpRequest, query: str, url: str, *, practice: Practice | None = None, provider: Provider | None = None
) -> HttpResponse:
    """The whole panel, or with ?offset= only the next entries."""
    offset = number(request.GET.get("offset")) or 0
    happenings, more = timeline(request.user, practice=practice, provider=provider, offset=offset, limit=STEP)
    context = {
        "entries": [presenters.timeline_entry(happening, with_practice=practice is None) for happening in happenings],
        "more_url": f"{url}?offset={offset + STEP}" if more else "",
        "query": query,
        "practice": practice,
        "provider": provider,
    }
    if offset:
        return render(request, "visits/_timeline.html", context)
    context["open"] = list(follow_ups_with(request.user, practice=practice, provider=provider).open().for_list())
    return render(request, "visits/_panel.html" if request.htmx else "visits/panel.html", context)
