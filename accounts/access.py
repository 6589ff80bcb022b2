"""The guard of every view: signed in, allowed. Which records follows from `visible_to`, so out of scope is 404."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from accounts.permissions import Permission

if TYPE_CHECKING:
    from accounts.models import User

View = Callable[..., HttpResponse]


def _stamped(view: View, **stamps: Any) -> View:
    """The view with attributes that the middleware and the tests read."""
    vars(view).update(stamps)
    return view


def requires(*permissions: Permission) -> Callable[[View], View]:
    """Stamp a view with the permissions it needs, all of them; without one the answer is 403.

    A test walks the URL map: a view without this stamp, or `open_to` with a reason, fails it.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            user = cast("User", request.user)  # SignInRequired let nobody else through
            missing = [permission for permission in permissions if not user.can(permission)]
            if missing:
                raise PermissionDenied(f"Your role does not let you {missing[0]}.")
            return view(request, *args, **kwargs)

        return _stamped(guarded, required_permissions=permissions)

    return guard


def open_to_everybody_inside(reason: str) -> Callable[[View], View]:
    """Stamp a view that any signed-in person may open, with the reason."""

    def stamp(view: View) -> View:
        return _stamped(view, open_reason=reason)

    return stamp


def open_to_strangers(reason: str, *, same_for_all: bool = False) -> Callable[[View], View]:
    """Stamp a view that needs no sign-in, with the reason; `SignInRequired` lets it through.

    What is the `same_for_all` is told without looking up who asks: a phone gets it while the database is away.
    """

    def stamp(view: View) -> View:
        return _stamped(view, open_reason=reason, login_required=False, same_for_all=same_for_all)

    return stamp
