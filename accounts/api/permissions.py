"""The API's guard: the same permissions as the pages, named per view and method."""

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission

from accounts.permissions import Permission

if TYPE_CHECKING:  # DRF's views read this class through the settings while they load
    from rest_framework.request import Request
    from rest_framework.views import APIView


class HasCapability(BasePermission):
    """Allows a request when the person holds what the view names: `required_permissions` for reading, `write_permissions` for the rest.

    A view that names neither is closed to everybody.
    """

    def has_permission(self, request: "Request", view: "APIView") -> bool:
        user = request.user
        if not user.is_authenticated:
            return False
        reading = request.method in {"GET", "HEAD", "OPTIONS"}
        needed: tuple[Permission, ...] | None = getattr(view, "required_permissions" if reading else "write_permissions", None)
        return needed is not None and all(user.can(permission) for permission in needed)
