"""`recount`: do the rollups say what the facts say?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from referrals import rollups
from referrals.deriving import lock_facts, publish


class Command(BaseCommand):
    help = "Compare the rollups with a recount of the facts and print every difference; exit 1 when there is one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--mend", action="store_true", help="make the rollups anew from the facts")

    def handle(self, *args: Any, **options: Any) -> None:
        found = rollups.differences()
        for cell in found:
            self.stdout.write(f"{cell.rollup} {cell.key}: stored {cell.stored}, counted {cell.counted}")
        if options["mend"]:
            with transaction.atomic(), connection.cursor() as cursor:
                lock_facts(cursor)
                rollups.recount()
                publish("rollups made anew")
            self.stdout.write("The rollups were made anew.")
        elif found:
            raise CommandError(f"{len(found)} cells differ.")
        else:
            self.stdout.write("The rollups say what the facts say.")
