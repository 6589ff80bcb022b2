"""`import_capacity FILE`: whether our sites take new patients, how soon, of which payers."""

from referrals.management.market import MarketCommand
from referrals.models import MarketFileKind


class Command(MarketCommand):
    help = "Load the capacity of our sites by service line, as of a day. The same file twice changes nothing."
    kind = MarketFileKind.CAPACITY
    columns = "site, service line, as of, accepting new patients, third next available, payers, address, ZIP"
    given = (("as_of", "as of which day, where the file has no such column"),)
