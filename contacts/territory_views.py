"""What contacts tells the pages of territories, which lie below: counts, practices, and the preview of a change of rules."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_POST

from accounts.access import requires
from accounts.permissions import Permission
from contacts import placement, previewing
from contacts.models import Practice
from territories.forms import RulesForm
from territories.models import Territory
from territories.scope import scope_of

_SHOWN = 8


@require_GET
@requires(Permission.TERRITORY_VIEW, Permission.PROVIDER_VIEW)
def territory_panel(request: HttpRequest, pk: int) -> HttpResponse:
    """The practices of a territory and of those below it."""
    territory = get_object_or_404(Territory.objects.visible_to(request.user), pk=pk)
    branch = Territory.objects.branch_ids(territory.pk)
    practices = Practice.objects.visible_to(request.user).live().filter(territory__in=branch).select_related("territory")
    context = {
        "territory": territory,
        "holding": placement.holdings(request.user, territories=[territory.pk])[territory.pk],
        "practices": practices.order_by("name", "pk")[:_SHOWN],
        "unowned": placement.unowned().count() if territory.parent_id is None and scope_of(request.user).whole else 0,
    }
    return render(request, "contacts/territory_panel.html", context)


@require_GET
@requires(Permission.TERRITORY_VIEW, Permission.PROVIDER_VIEW)
def territory_counts(request: HttpRequest) -> HttpResponse:
    """The numbers of the tree, each for its own cell, and what nobody owns."""
    whole = scope_of(request.user).whole
    context = {"holdings": placement.holdings(request.user), "whole": whole, "unowned": placement.unowned().count() if whole else 0}
    return render(request, "contacts/territory_counts.html", context)


@require_POST
@requires(Permission.TERRITORY_EDIT)
def rule_preview(request: HttpRequest) -> HttpResponse:
    """What the rules in the form would do, before they are saved: a part of the form, or a page of its own."""
    asked = request.POST.get("territory", "")
    territory = get_object_or_404(Territory.objects.visible_to(request.user), pk=asked) if asked.isdigit() else None
    form = RulesForm(request.POST, territory=territory)
    form.is_valid()
    context = {"form": form, "territory": territory, "preview": previewing.preview(form.wanted, territory=territory)}
    template = "contacts/territory_preview.html" if request.headers.get("HX-Request") else "contacts/territory_preview_page.html"
    return render(request, template, context)
