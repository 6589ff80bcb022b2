"""`{% saved_views %}`: the saved views of the list that is shown, for every page with a filter bar."""

from typing import Any

from django import template

from accounts.models import SavedView
from accounts.saved_views import query_of

register = template.Library()


@register.inclusion_tag("components/saved_views.html", takes_context=True)
def saved_views(context: Any) -> dict[str, Any]:
    """One query: one's own views and what the team shares. Nothing for strangers and in fragments."""
    request = context.request
    match = getattr(request, "resolver_match", None)
    user = getattr(request, "user", None)
    if match is None or not match.view_name or match.kwargs or user is None or not user.is_authenticated:
        return {}
    views = list(SavedView.objects.visible_to(user).filter(page=match.view_name).select_related("owner"))
    asked, query = request.GET.get("view", ""), query_of(request.GET)
    current = next((view for view in views if str(view.pk) == asked), None)
    gone = request.GET.get("deleted_view", "")
    undo = SavedView.objects.filter(owner=user, pk=int(gone)).exclude(deleted_at=None).first() if gone.isdecimal() else None
    return {
        "views": views,
        "current": current,
        "is_changed": current is not None and current.query != query,
        "is_own": current is not None and current.owner_id == user.pk,
        "page": match.view_name,
        "query": query,
        "plain": f"{request.path}?view=all",
        "user": user,
        "undo": undo,
        "csrf_token": context.get("csrf_token"),
        "hide": request.GET.getlist("hide"),
    }
