"""`bin/manage create_admin EMAIL`: the first person of an empty installation."""

from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts import actions
from accounts.roles import Role
from common.exceptions import PolicyViolation


class Command(BaseCommand):
    help = "Make an admin. Asks for a password; with --link, prints the path at which the person chooses one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="", help="full name; the e-mail address when not given")
        parser.add_argument("--link", action="store_true", help="print an invitation path instead of asking for a password")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        try:
            invitation = actions.invite(email=options["email"], full_name=options["name"], role=Role.ADMIN, by=None)
        except PolicyViolation as refusal:
            raise CommandError(str(refusal)) from refusal
        if options["link"]:
            self.stdout.write(f"Open this path of your PRM within three days: {invitation.path}")
            return
        password = getpass(f"Password for {options['email']}: ")
        try:
            validate_password(password, invitation.user)
        except ValidationError as weak:
            raise CommandError(" ".join(weak.messages)) from weak
        if password != getpass("Once more: "):
            raise CommandError("The two passwords differ. Nobody was added; start again.")
        invitation.user.set_password(password)
        invitation.user.save(update_fields=["password"])
        self.stdout.write(f"{options['email']} is an admin and can sign in.")
