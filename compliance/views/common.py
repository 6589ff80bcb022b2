"""What several pages of the ledger share."""

from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse

from accounts.permissions import Permission
from compliance.models import SpendEntry, SpendShare, SpendTask
from compliance.queries import to_confirm


def seen_shares(request: HttpRequest, entries: list[SpendEntry]) -> set[int]:
    """Of these entries, whose parts the person may know by name."""
    mine = SpendShare.objects.visible_to(request.user).filter(entry__in=[entry.pk for entry in entries])
    return set(mine.values_list("pk", flat=True))


class SeenShares:
    """The same for a file of any length: asked once."""

    def __init__(self, request: HttpRequest) -> None:
        self.found = set(SpendShare.objects.visible_to(request.user).values_list("pk", flat=True))

    def __contains__(self, pk: int) -> bool:
        return pk in self.found


def entry_or_404(request: HttpRequest, pk: int) -> SpendEntry:
    return get_object_or_404(SpendEntry.objects.visible_to(request.user).for_list(), pk=pk)


def tabs(request: HttpRequest, active: str) -> list[dict[str, Any]]:
    """The pages of the ledger, for whoever may open them."""
    open_tasks = SpendTask.objects.visible_to(request.user).open().count() + to_confirm(request.user).count()
    pages: list[dict[str, Any]] = [
        {"url": reverse("compliance:ledger"), "label": "Ledger", "name": "ledger"},
        {"url": reverse("compliance:physicians"), "label": "Physicians", "name": "physicians"},
        {"url": reverse("compliance:tasks"), "label": "Tasks", "name": "tasks", "count": open_tasks},
    ]
    if request.user.can(Permission.SPEND_TOTALS):
        pages.append({"url": reverse("compliance:totals"), "label": "Totals", "name": "totals"})
    return [page | {"active": page["name"] == active} for page in pages]
