"""The lists that open with the person's default view when nothing else is asked of them."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.models import SavedView
from contacts.views.common import wants_fragment

# names of the URLs; tests/architecture/test_lists.py holds that each page with a filter bar stands here or tells why not
LISTS = frozenset({
    "accounts:people", "accounts:audit", "compliance:ledger", "compliance:tasks", "concerns:list", "concerns:notes",
    "contacts:aliases", "contacts:moves", "contacts:organizations", "contacts:practices", "contacts:providers", "directory:list",
    "events:list", "introductions:list", "notices:list", "planning:handovers", "referrals:batches", "referrals:list",
    "reports:alerts", "reports:runs", "territories:list", "visits:draws", "visits:follow-ups", "visits:list", "visits:materials",
    "visits:target-lists",
})  # fmt: skip


class DefaultViews:
    """A list asked for without any question opens with the person's default view of it; `?view=all` is the list itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """One query, and only where a default may be."""
        match = request.resolver_match
        if request.method != "GET" or request.GET or match is None or match.view_name not in LISTS or wants_fragment(request):
            return None
        if not request.user.is_authenticated:
            return None
        mine = SavedView.objects.visible_to(request.user).filter(owner=request.user, page=match.view_name, is_default=True).first()
        return redirect(mine) if mine else None
