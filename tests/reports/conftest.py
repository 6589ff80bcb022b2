"""A small world with 26 months of referrals; the fast cache is off unless a test wants it."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest
from django.db.models import F

from referrals.models import Referral
from tests.factories.reports import add_referrals, make_payer, monthly, recount

FIRST = dt.date(2024, 8, 1)
END = dt.date(2026, 10, 1)  # until before which months are full


@pytest.fixture(autouse=True)
def _no_cache(settings: Any) -> None:
    settings.CACHES = {**settings.CACHES, "fast": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}


@pytest.fixture
def history(world: SimpleNamespace) -> SimpleNamespace:
    """Aug 2024 to 31 Oct 2026 but for its last days: the south falls in its last three months, the north keeps, loses and does not know."""
    payer = make_payer()
    south = {"provider": world.south_provider, "service_line": world.line, "payer": payer, "destination": world.ours}
    north = {"provider": world.north_provider, "service_line": world.line, "payer": payer}
    add_referrals(
        *monthly(world.south_practice, FIRST, [20] * 23 + [5] * 3 + [1], **south),
        *monthly(world.north_practice, FIRST, [10] * 26, flow="internal", destination=world.ours, **north),
        *monthly(world.north_practice, FIRST, [5] * 14 + [6] * 12, flow="outbound", destination=world.theirs, **north),
        *monthly(world.north_practice, FIRST, [2] * 26, flow="undetermined", **north),
        *monthly(world.unowned_practice, FIRST, [4] * 26, provider=world.unowned_provider, service_line=world.other_line),
    )
    return world


@pytest.fixture
def outcomes(history):
    """Half of the year's referrals were seen after 30 days, and reported after 40."""
    odd = Referral.objects.annotate(odd=F("pk") % 2).filter(odd=1)
    day = F("anchor_on")
    odd.update(seen_on=day + dt.timedelta(days=30), seen_by="status", state="seen", report_on=day + dt.timedelta(days=40))
    Referral.objects.filter(flow="outbound").update(reason="distance")
    recount()
