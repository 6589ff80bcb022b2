"""What the pages of contacts share."""

from collections.abc import Callable
from copy import copy
from typing import Any

from django.core.paginator import Page, Paginator
from django.db import models
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.saved_views import OF_A_VIEW
from audit.models import AuditEvent
from common.exceptions import PolicyViolation

PAGE_SIZE = 25
CHANGES_SHOWN = 12


def page_of(request: HttpRequest, rows: models.QuerySet[Any]) -> Page[Any]:
    return Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))


def wants_fragment(request: HttpRequest) -> bool:
    return bool(request.htmx) and not request.htmx.history_restore_request


def is_filtered(request: HttpRequest) -> bool:
    """Whether the address narrows the list, rather than only turning or sorting it."""
    return any(value for name, value in request.GET.items() if name not in ("page", "sort", *OF_A_VIEW))


def editing(row: models.Model | None) -> models.Model | None:
    """A copy for the form to write on, so that the action can tell what is different."""
    return copy(row) if row is not None else None


def saved(form: BaseForm, save: Callable[[], Any], *, field: str | None = None) -> Any:
    """What the action returns (True for nothing), or None when the form or a rule refused; the sentence is on the form then."""
    if not form.is_valid():
        return None
    try:
        result = save()
    except PolicyViolation as refusal:
        form.add_error(field, str(refusal))
        return None
    return True if result is None else result


def show_form(request: HttpRequest, template: str, form: BaseForm, **context: Any) -> HttpResponse:
    return render(request, template, {"form": form, **context}, status=422 if form.is_bound and form.errors else 200)


_WORDS = {
    "added": "Added",
    "changed": "Changed",
    "archived": "Archived",
    "brought_back": "Brought back",
    "aligned": "Alignment set",
    "alignment_removed": "Alignment removed",
    "pinned": "Pinned to a territory",
    "unpinned": "Pin taken off",
    "map_pin_dropped": "Pin dropped on the map",
    "map_pin_lifted": "Pin taken off the map",
    "made_primary": "Primary practice chosen",
    "ended": "Left a practice",
    "merged": "Took in a duplicate",
    "merged_away": "Merged into another",
    "unmerged": "Merge taken back",
    "unmerged_from": "Stands alone again",
    "kept_apart": "Is not the same as another",
}


def changes_of(row: models.Model) -> list[dict[str, Any]]:
    """The latest entries of the history about a record, in words."""
    events = AuditEvent.objects.filter(target_type=row._meta.label_lower, target_id=str(row.pk))[:CHANGES_SHOWN]
    return [{"title": _title(event), "text": _text(event), "when": event.happened_at, "by": event.by_label} for event in events]


def _title(event: AuditEvent) -> str:
    if event.event == "affiliation.added":
        return "Joined a practice"
    return _WORDS.get(event.event.partition(".")[2], event.event.replace(".", " ").replace("_", " ").capitalize())


def _text(event: AuditEvent) -> str:
    told = event.details
    if isinstance(changes := told.get("changes"), dict):
        return ", ".join(name.replace("_", " ") for name in changes)
    names = ("practice", "territory", "kind", "reason", "merged", "into", "survivor", "other")
    words = [str(told[name]) for name in names if told.get(name)]
    since = f"from {told['started_on']}" if told.get("started_on") else ""
    until = f"until {told['ended_on']}" if told.get("ended_on") else ""
    return ", ".join(filter(None, [*words, since, until]))


def today() -> Any:
    return timezone.localdate()
