"""Scenario 24: three bad rows among a hundred thousand. Each is told why, and the rest is in."""

import datetime as dt

import pytest

from referrals.models import Referral, SourceRow
from tests import factories
from tests.factories.referrals import load, row

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
MANY = 100_000


def test_three_bad_rows_among_many(db: None) -> None:
    factories.make_practice("North Office", zip="44101", alignment="employed")
    rows = [row(f"{n:06d}", office="North Office", zip="44101", ordered=dt.date(2026, 1, 1) + dt.timedelta(n % 200)) for n in range(MANY)]
    rows[10]["ordered"], rows[50_000]["state"], rows[-1]["id"] = "someday", "frobbed", ""
    batch = load(*rows)
    assert (batch.state, batch.rows, batch.new) == ("loaded", MANY, MANY - 3)
    assert batch.rejected == {"bad date": 1, "unknown status": 1, "missing id": 1}
    told = SourceRow.objects.filter(outcome="rejected").order_by("line_number").values_list("line_number", "reason")
    assert list(told) == [(12, "bad date"), (50_002, "unknown status"), (MANY + 1, "missing id")]
    assert Referral.objects.count() == MANY - 3
