"""How allauth behaves here: by invitation only, and a disabled person is out at once."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class InvitationOnly(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up by themselves: an admin invites (accounts.actions.invite)."""
        return False
