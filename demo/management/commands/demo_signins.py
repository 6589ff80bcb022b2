"""`bin/manage demo_signins`: who can sign in to the demo, and how."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts.models import User
from accounts.roles import Role
from demo.actions import password


class Command(BaseCommand):
    help = "Print the demo people and their password; nothing when there are none."

    def handle(self, *args: Any, **options: Any) -> None:
        people = list(User.objects.active().filter(is_demo=True))
        if not people:
            return
        self.stdout.write(f"Sign in as (password for all: {password()})")
        for person in sorted(people, key=lambda one: Role.values.index(one.role)):
            self.stdout.write(f"  {person.get_role_display():<10} {person.email:<24} {person}")
