from argparse import ArgumentParser
from typing import Any

from contacts.importing.nppes import Choice
from contacts.management.feeds import FeedCommand


class Command(FeedCommand):
    help = (
        "Read providers and organizations from the registry (NPPES): the zip of a month or a week as it is downloaded, or any file of it"
        " (npidata_pfile, pl_pfile, othername_pfile), and the report of deactivated numbers. The main file first."
    )
    kind = "providers"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--states", default="", metavar="CT,RI", help="take new ones only of these states")
        parser.add_argument("--taxonomies", default="", metavar="207R,363L", help="take new ones only of these codes or beginnings")

    def choice(self, *, states: str = "", taxonomies: str = "", **options: Any) -> Choice:
        return Choice.of(states=states, taxonomies=taxonomies)
