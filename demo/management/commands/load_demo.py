"""`bin/manage load_demo`: the invented health system."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from demo import actions


class Command(BaseCommand):
    help = "Load an invented health system: people, territories, providers, 30 months of referrals, visits. Never beside real people."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seed", type=int, default=11)
        parser.add_argument("--referrals-a-month", type=int, default=850)

    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.filter(is_demo=False).exists():
            raise CommandError(
                "There are real people in this installation. The invented world goes into an empty one: set PRM_VAR to a new folder."
            )
        actions.load(say=self.stdout.write, seed=options["seed"], referrals_a_month=options["referrals_a_month"])
