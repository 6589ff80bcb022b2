"""The guard of every view: signed in, allowed. Which records follows from `visible_to`, so out of scope is 404."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from accounts.permissions import Permission

View = Callable[..., HttpResponse]


def requires(*permissions: Permission) -> Callable[[View], View]:
    """Stamp a view with the permissions it needs, all of them; without one the answer is 403.

    A test walks the URL map: a view without this stamp, or `open_to` with a reason, fails it.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            missing = [permission for permission in permissions if not request.user.can(permission)]
            if missing:
                raise PermissionDenied(f"Your role does not let you {missing[0]}.")
            return view(request, *args, **kwargs)

        guarded.required_permissions = permissions
        return guarded

    return guard


def open_to_everybody_inside(reason: str) -> Callable[[View], View]:
    """Stamp a view that any signed-in person may open, with the reason."""

    def stamp(view: View) -> View:
        view.open_reason = reason
        return view

    return stamp


def open_to_strangers(reason: str) -> Callable[[View], View]:
    """Stamp a view that needs no sign-in, with the reason; `SignInRequired` lets it through."""

    def stamp(view: View) -> View:
        view.open_reason = reason
        view.login_required = False
        return view

    return stamp
