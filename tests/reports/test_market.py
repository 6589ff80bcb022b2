"""Share of care: one vendor, whole months, today's practice, the person's scope; and the same by a plain walk over the rows."""

import datetime as dt
from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.npi import with_check_digit
from contacts.models import Affiliation, Provider
from referrals.models import MarketFile, MarketMonth
from reports.measures import MEASURES, Ask
from reports.measuring import measure
from reports.queries import market
from reports.queries.freshness import Freshness
from territories.scope import Scope, scope_of
from tests.factories import make_practice, make_provider
from tests.factories.market import load_market, market_row

START, END = dt.date(2026, 1, 1), dt.date(2026, 11, 1)
UNKNOWN = with_check_digit("299999999")


def share(world, who=None, by=(), where=None, start=START, end=END):
    scope = scope_of(world.cast[who]) if who else Scope(whole=True)
    ask = Ask(start, end, tuple(by), where or {}, scope, fresh=Freshness(0, None, None))
    return {row.key: (row.numerator, row.denominator) for row in MEASURES["share_of_care"].evaluate(ask)}


@pytest.fixture
def told(world):
    north, south, unowned = (provider.npi for provider in (world.north_provider, world.south_provider, world.unowned_provider))
    load_market(
        market_row(north, 6, 10),
        market_row(north, 2, 20, line="Orthopedics"),
        market_row(north, 1, 5, month="2026-08"),
        market_row(south, 3, 30),
        market_row(south, 4, 4, line="Orthopedics"),
        market_row(unowned, 1, 2),
        market_row(UNKNOWN, 5, 50),
        market_row(north, 9, 9, month="2026-10", through="2026-10-20"),  # October was not over
    )
    return world


def test_without_market_data_it_says_so(world):
    said = measure(name="share_of_care", start=START, end=END)
    assert [row["remark"] for row in said["rows"]] == ["we see only what they send us"]
    assert measure(name="share_of_care", start=START, end=END, by=["provider"])["rows"] == []
    assert market.market() is None


def test_the_whole_and_its_groups(told):
    assert share(told) == {(): (22, 121)}
    assert share(told, by=["service_line"]) == {(told.line.pk,): (16, 97), (told.other_line.pk,): (6, 24)}
    assert share(told, by=["provider"])[(None,)] == (5, 50)
    assert share(told, by=["practice"])[(told.north_practice.pk,)] == (9, 35)
    assert share(told, by=["month"]) == {(dt.date(2026, 8, 1),): (1, 5), (dt.date(2026, 9, 1),): (21, 116)}
    assert share(told, by=["territory", "service_line"])[(told.south.pk, told.other_line.pk)] == (4, 4)
    assert share(told, where={"territory": told.region.pk}) == {(): (16, 69)}
    assert share(told, where={"provider": None}) == {(): (5, 50)}
    assert share(told, end=dt.date(2026, 9, 1)) == {(): (1, 5)}


def test_a_row_says_its_interval_its_vendor_and_when_it_is_too_few(told):
    row = measure(name="share_of_care", start=START, end=END, by=["practice"], where={"service_line": told.line.pk})["rows"]
    by_name = {one["practice"]: one for one in row}
    assert by_name["Far Away Associates"]["remark"] == "too few to say"
    assert by_name["South Medical Group"]["low"] == pytest.approx(0.0346, abs=1e-4)  # Wilson, 3 of 30
    assert by_name["South Medical Group"]["vendor"] == "Claims Co"
    assert by_name["South Medical Group"]["through"] == "2026-10-31"


def test_everybody_sees_their_own_field(told):
    assert share(told, "nora") == {(): (9, 35)}
    assert share(told, "sol") == {(): (7, 34)}
    assert share(told, "over") == {(): (3, 30)}  # the overlay's line
    assert share(told, "dana") == {(): (16, 69)}
    assert share(told, "past") == {(): (0, 0)}
    assert share(told, "ivan") == share(told, "elle") == {(): (22, 121)}


def test_providers_move_merge_and_become_known(told):
    elsewhere = make_practice("New Place", territory=told.south)
    Affiliation.objects.filter(provider=told.north_provider).update(practice=elsewhere)
    assert share(told, by=["practice"])[(elsewhere.pk,)] == (9, 35)
    newcomer = make_provider(npi=UNKNOWN, at=told.north_practice)
    assert share(told, by=["provider"])[(newcomer.pk,)] == (5, 50)
    # merged twice over: the figures of both stand with the last
    Provider.objects.filter(pk=told.unowned_provider.pk).update(merged_into=told.south_provider)
    Provider.objects.filter(pk=told.south_provider.pk).update(merged_into=newcomer)
    assert share(told, by=["provider"]) == {(newcomer.pk,): (13, 86), (told.north_provider.pk,): (9, 35)}


class TestVendors:
    def test_the_one_whose_data_reach_furthest_leads(self, told):
        load_market(market_row(UNKNOWN, 0, 9, vendor="Small Co", through="2026-11-15"))
        found = market.market()
        assert (found.vendor, found.through_on, found.end) == ("Small Co", dt.date(2026, 11, 15), dt.date(2026, 11, 1))
        assert [name for _, name in found.others] == ["Claims Co", "Small Co"]
        assert share(told) == {(): (0, 9)}

    def test_of_two_the_one_that_tells_of_more(self, told):
        load_market(market_row(UNKNOWN, 0, 9, vendor="Small Co"))
        found = market.market()
        assert (found.vendor, found.providers) == ("Claims Co", 4)
        small = next(pk for pk, name in found.others if name == "Small Co")
        assert market.market(small).vendor == "Small Co"
        assert market.market(987654).vendor == "Claims Co"

    def test_a_window_reaches_no_further_back_than_the_data(self, told):
        found = market.market()
        assert (found.window(12).start, found.window(12).end) == (dt.date(2026, 8, 1), dt.date(2026, 11, 1))
        assert found.window(1).start == dt.date(2026, 10, 1)


def test_one_question_is_one_statement(told):
    source = market.market()
    with CaptureQueriesContext(connection) as asked:
        market.shares(source, by=["provider", "service_line"], start=START, end=END, scope=Scope(whole=True))
    assert len(asked) == 1


ROW = st.tuples(st.integers(0, 3), st.sampled_from(["Cardiology", "Orthopedics"]), st.integers(7, 9), st.integers(0, 4), st.integers(4, 9))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROW, min_size=1, max_size=12), by=st.sampled_from([(), ("service_line",), ("provider",), ("practice", "month")]),
       who=st.sampled_from([None, "nora", "over", "dana"]), day=st.sampled_from(["2026-09-15", "2026-09-30"]))  # fmt: skip
def test_the_statement_is_a_plain_walk(world, rows, by, who, day):
    """Any rows: the statement says what adding them up one by one says."""
    MarketFile.objects.all().delete()
    people = [world.north_provider, world.south_provider, world.unowned_provider, None]
    load_market(*(market_row(people[at].npi if people[at] else UNKNOWN, us, all_, line=line, month=f"2026-{month:02}", through=day)
                  for at, line, month, us, all_ in rows))  # fmt: skip
    scope = scope_of(world.cast[who]) if who else Scope(whole=True)
    expected: Counter = Counter()
    for row in MarketMonth.objects.filter(is_current=True):
        provider = Provider.objects.filter(npi=row.npi).first()
        practice = provider.affiliations.get(is_primary=True).practice if provider else None
        territory = practice.territory_id if practice else None
        if not (scope.whole or territory in scope.territory_ids or (territory, row.service_line_id) in scope.overlays):
            continue
        last_day = (row.month + dt.timedelta(days=32)).replace(day=1) - dt.timedelta(days=1)
        if row.through_on < last_day:
            continue
        group = {"service_line": row.service_line_id, "provider": provider and provider.pk, "practice": practice and practice.pk,
                 "month": row.month}  # fmt: skip
        key = tuple(group[name] for name in by)
        expected[key, "to us"] += row.to_us
        expected[key, "total"] += row.total
    keys = {key for key, _ in expected}
    assert share(world, who, by) == (
        {key: (expected[key, "to us"], expected[key, "total"]) for key in keys} or ({} if by else {(): (0, 0)})
    )
