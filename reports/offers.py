"""What a person may choose from when they ask for a report."""

from accounts.models import User
from reports.forms import Offer
from reports.queries.freshness import freshness, months_on_offer
from territories.models import Territory
from territories.scope import scope_of


def offer_to(user: User) -> Offer | None:
    """Months, territories, and what no territory means to them; None before any data, or without a territory."""
    months, scope = months_on_offer(freshness()), scope_of(user)
    if not months or scope.is_empty:
        return None
    territories = Territory.objects.live() if scope.whole else Territory.objects.live().filter(pk__in=scope.territory_ids)
    return Offer(months, territories, "The whole organization" if scope.whole else "All that I look after")
