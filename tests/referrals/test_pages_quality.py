"""How complete and fresh a feed is."""

import datetime as dt
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from referrals.models import SentRow
from referrals.presenters.quality import charts, missing, states
from referrals.queries.quality import quality
from tests.factories.rows import make_batch, make_payer, make_referral, make_source

FULL = {
    "referring_name": "A", "referring_npi": "1234567893", "referring_org": "B", "referring_zip": "44101", "destination_name": "C",
    "performing_name": "D", "priority": "routine", "patient_hash": "x",
}  # fmt: skip


@pytest.fixture
def source(world):
    return make_source("orders")


def titles(source):
    return {chart.id: chart.title for chart in charts(quality(source))}


def test_a_feed_without_data_says_so(as_, source):
    page = as_("ivan").get(reverse("referrals:quality", args=[source.pk]), headers={"HX-Request": "true"}).content.decode()
    assert "Nothing to look at yet" in page


def test_the_page_is_there_before_a_large_feed_has_been_looked_at(as_, source):
    page = as_("ivan").get(reverse("referrals:quality", args=[source.pk])).content.decode()
    assert f'hx-get="{reverse("referrals:quality", args=[source.pk])}"' in page
    assert "Nothing to look at yet" not in page


def test_completeness_by_column_and_month(source, world):

    whole = FULL | {"service_line": world.line, "payer": make_payer()}
    for month in (4, 5):
        for _ in range(4):
            make_referral(source=source, anchor_on=dt.date(2026, month, 3), **whole)
    assert titles(source)["completeness"] == "Every column is filled in 95% of referrals or more"
    make_referral(source=source, anchor_on=dt.date(2026, 5, 9), **{**whole, "referring_zip": ""})
    (may,) = [month for month in quality(source).months if month.month == dt.date(2026, 5, 1)]
    assert (may.referrals, may.filled["ZIP"], may.filled["Payer"]) == (5, 4, 5)
    assert titles(source)["completeness"].startswith("ZIP is blank in 11% of referrals")
    chart = charts(quality(source))[0]
    cells = {row["label"]: row["cells"] for row in chart.spec["rows"]}
    assert [(cell["value"], cell["text"]) for cell in cells["ZIP"]] == [(1.0, "100%"), (0.8, "80%")]


def test_columns_that_are_never_told(source):
    make_referral(source=source, **FULL)
    assert titles(source)["completeness"] == "2 columns are never told, service line among them"


def test_who_is_not_known_and_which_practice_is_assumed(source, world):
    make_referral(source=source, provider=world.north_provider, practice_assumed=True)
    assert titles(source)["matching"] == "Every named provider is known"
    for _ in range(3):
        make_referral(source=source)
    assert titles(source)["matching"] == "75.0% of referrals name a provider we do not know"


def arrives(source, on, loaded):
    batch = make_batch(source=source, loaded_at=timezone.make_aware(dt.datetime.combine(loaded, dt.time(12))), rows=1)
    referral = make_referral(source=source, anchor_on=on)
    SentRow.objects.create(referral=referral, digest=uuid.uuid4(), batch=batch, state="received")
    return referral, batch


def test_how_soon_referrals_arrive(source):
    arrives(source, dt.date(2025, 12, 1), dt.date(2026, 3, 1))
    for days in (2, 4, 6):
        referral, _ = arrives(source, dt.date(2026, 3, 10), dt.date(2026, 3, 10) + dt.timedelta(days=days))
    late = make_batch(source=source, loaded_at=timezone.make_aware(dt.datetime(2026, 9, 1)))
    SentRow.objects.create(referral=referral, digest=uuid.uuid4(), batch=late, state="seen")
    lags = {month.month: month.lag_median for month in quality(source).months}
    assert lags == {dt.date(2025, 12, 1): None, dt.date(2026, 3, 1): 4.0}, "a first file says nothing of how a feed arrives"
    assert titles(source)["lag"] == "Half of Mar 2026 arrived within 4 days, nine in ten within 6 days"


def test_months_that_are_missing_are_named(source):
    make_referral(source=source, anchor_on=dt.date(2026, 1, 3))
    assert missing(quality(source)) == ""
    make_referral(source=source, anchor_on=dt.date(2026, 3, 3))
    assert missing(quality(source)).startswith("No referral of Feb 2026 has arrived. Ask the sender for the file of that month.")
    make_referral(source=source, anchor_on=dt.date(2026, 12, 3))
    assert "and 3 more has arrived" in missing(quality(source))


def test_imports_and_states(as_, source):
    make_referral(source=source, state="seen")
    make_referral(source=source, state="seen")
    make_referral(source=source, state="received")
    make_batch(source=source, rows=10, loaded_at=timezone.now())
    assert titles(source)["imports"] == "No row of the last import was rejected"
    make_batch(source=source, rows=10, rejected={"bad date": 4}, findings={"bad npi": 30}, loaded_at=timezone.now())
    found = quality(source)
    assert titles(source)["imports"] == "The last import had 40.0% of its rows rejected"
    assert charts(found)[-1].spec["series"][1]["values"] == [0.0, 1.0]
    assert [(line.label, line.referrals, line.share) for line in states(found)] == [("Seen", "2", "66.7%"), ("Received", "1", "33.3%")]
    page = as_("ivan").get(reverse("referrals:quality", args=[source.pk]), headers={"HX-Request": "true"})
    assert "States that the feed tells" in page.content.decode()
