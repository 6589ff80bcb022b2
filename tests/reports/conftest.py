"""A small world with 26 months of referrals; the fast cache is off unless a test wants it."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest

from tests.factories.reports import add_referrals, make_payer, monthly

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
