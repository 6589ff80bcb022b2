"""How the API knows a person: the session of the browser, with CSRF. A stranger gets 401, never a redirect."""

from typing import TYPE_CHECKING

from rest_framework import authentication

if TYPE_CHECKING:
    from rest_framework.request import Request


class SessionAuthentication(authentication.SessionAuthentication):
    def authenticate_header(self, request: "Request") -> str:
        """Naming a scheme makes DRF answer 401 instead of 403 to strangers."""
        return "Session"
