"""What a list needs to have its rows changed many at once: `bulk_acts`, `bulk_bar`, `bulk_tick` and `bulk_note`."""

from typing import Any

from django import template

from accounts.saved_views import query_of
from bulk.lists import Act, lists
from bulk.models import BulkRun

register = template.Library()


@register.simple_tag(takes_context=True)
def bulk_acts(context: Any, name: str) -> list[Act]:
    """What the person may do with the rows of the list: nothing, and it has no boxes to tick. Asks no database."""
    return lists[name].acts_for(context["request"].user)


@register.inclusion_tag("components/bulk_bar.html", takes_context=True)
def bulk_bar(context: Any, name: str, acts: list[Act], total: int) -> dict[str, Any]:
    """The bar above the rows: which of them, and what to do. `total` rows match the address."""
    bulk_list, request = lists[name], context["request"]
    return {
        "name": name,
        "acts": acts,
        "total": total,
        "total_words": bulk_list.count_words(total),
        "many": bulk_list.many,
        "query": query_of(request.GET),
    }


@register.inclusion_tag("components/bulk_tick.html")
def bulk_tick(row: Any, label: Any = "") -> dict[str, Any]:
    """The box of one row."""
    return {"pk": row.pk, "label": label or row}


@register.inclusion_tag("components/bulk_note.html", takes_context=True)
def bulk_note(context: Any, name: str) -> dict[str, Any]:
    """What was done just now, as the address says, with Undo. One query, and only when the address says so."""
    request = context["request"]
    asked = request.GET.get("bulk", "")
    if not asked.isdecimal() or len(asked) > 18:
        return {}
    run = BulkRun.objects.visible_to(request.user).filter(pk=int(asked), list_key=name, undone_at=None).exclude(done_at=None).first()
    if run is None:
        return {}
    return {"run": run, "words": lists[name].count_words(run.changed), "query": query_of(request.GET), "csrf_token": context["csrf_token"]}
