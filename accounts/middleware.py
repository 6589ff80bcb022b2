"""Nobody in without signing in; times by each person's clock; nothing private kept by a browser."""

from collections.abc import Callable
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

from accounts.clocks import time_zone_of


class SignInRequired(LoginRequiredMiddleware):
    """Every view needs a sign-in unless it says otherwise. The API answers JSON, a fragment is told to load the sign-in page."""

    def process_view(self, request: HttpRequest, view: Callable, args: tuple, kwargs: dict[str, Any]) -> HttpResponse | None:
        if getattr(view, "same_for_all", False):
            request.user = AnonymousUser()
        user = request.user
        if user.is_authenticated:
            user.scope_cache = {}
        return cast(HttpResponse | None, super().process_view(request, view, args, kwargs))

    def handle_no_permission(self, request: HttpRequest, view: Callable) -> HttpResponse:  # type: ignore[override]  # a bare callable, as Django calls it
        if request.path.startswith("/api/"):
            return JsonResponse({"detail": "Sign in first."}, status=401)
        answer = super().handle_no_permission(request, view)
        if getattr(request, "htmx", False):
            return HttpResponse(status=401, headers={"HX-Redirect": answer["Location"]})
        return answer


class OwnClock:
    """Local times are those of the person who asks. Pages for strangers show none."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        timezone.deactivate()  # an earlier request of this thread chose; a streamed answer is written after this returns, so not then
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable, args: tuple, kwargs: dict[str, Any]) -> None:
        """Not earlier: static files, health and a database that is away have no clock."""
        if request.user.is_authenticated:
            timezone.activate(ZoneInfo(time_zone_of(request.user)))


class PrivatePages:
    """`no-store` on every answer to a signed-in person, and a clean browser at sign-out: nothing is left for the next one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        was_inside = request.method == "POST" and request.user.is_authenticated
        response = self.get_response(request)
        if was_inside and request.path == reverse("account_logout") and not request.user.is_authenticated:
            response["Clear-Site-Data"] = '"cache", "storage"'  # what the phone kept for this person, visits that wait included
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response
