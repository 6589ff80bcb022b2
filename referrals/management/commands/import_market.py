"""`import_market FILE`: where providers refer in all, as a vendor of claims tells it."""

from referrals.management.market import MarketCommand
from referrals.models import MarketFileKind


class Command(MarketCommand):
    help = "Load market data: referrals of each provider, service line and month, to us and in all. The same file twice changes nothing."
    kind = MarketFileKind.MARKET
    columns = "NPI, service line, month, to us, total, vendor, through"
    given = (("vendor", "who tells it, where the file has no such column"), ("through", "through which day, where the file does not say"))
