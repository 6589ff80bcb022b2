"""Targets: the statement against a plain walk over providers, and each part of a value alone."""

import datetime as dt
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.models import Provider
from referrals.models import MarketFile
from reports import targets
from reports.intervals import wilson
from reports.periods import Window
from reports.queries import targets as queries
from reports.queries.avoidable import Span
from reports.queries.market import market
from reports.queries.targets import Candidate
from territories.models import Territory
from territories.scope import Scope
from tests.factories import make_practice, make_provider, make_specialty, make_territory
from tests.factories.market import load_market, market_row

RULES = SimpleNamespace(loyal_at=70, splitter_at=30, avoidable_miles=25, move_loyal=5, move_splitter=30, move_opportunity=15)
NAMES = {1: "Riverbend", 2: "Harbor"}
DAYS = (dt.date(2026, 1, 1), dt.date(2027, 1, 1))


def span(zip_="44107", *, line=1, sure=True, payers=(7,), organization=1, wait=9):
    return Span(line, zip_, *DAYS, sure, frozenset(payers) if payers is not None else None, organization, wait)


def reach(*spans, zip_="44107", mix=None, told=True):
    mix = {7: 0.6, 8: 0.4} if mix is None else mix
    return targets.reach(zip_, 1, mix, spans=spans, names=NAMES, miles=25, told=told)


class TestReach:
    def test_the_share_of_payers_that_a_near_site_takes(self):
        found = reach(span("44106", payers=(8,), organization=2), span())
        assert (found.share, found.site, found.miles, found.wait) == (pytest.approx(1.0), "Riverbend", 0.0, 9)
        assert reach(span()).share == pytest.approx(0.6)

    @pytest.mark.parametrize(
        ("found", "says"),
        [
            (reach(told=False), "no capacity is known for this line"),
            (reach(span(), zip_=""), "the practice has no ZIP code"),
            (reach(span(sure=False)), "the capacity of Riverbend is not known, or too old"),
            (reach(span(payers=None)), "the capacity of Riverbend is not known, or too old"),
            (reach(span("", organization=2)), "the capacity of Harbor is not known, or too old"),
            (reach(span(), mix={}), "who pays for these referrals is not known"),
        ],
    )
    def test_what_is_not_known_says_why(self, found, says):
        assert (found.share, found.why_not) == (None, says)

    def test_nothing_in_reach_is_a_zero(self):
        assert reach().share == reach(span("45202")).share == reach(span(line=2)).share == 0.0


class TestMargin:
    def test_over_the_payers_who_can_be_taken(self):
        mix = {7: 0.6, 8: 0.2, 9: 0.2}
        assert targets.margin_of(mix, frozenset({7, 8}), {7: 100.0, 8: 500.0, 9: None}) == pytest.approx(200)

    def test_one_without_a_margin_leaves_it_unknown(self):
        assert targets.margin_of({7: 0.6, 8: 0.4}, frozenset({7, 8}), {7: 100.0, 8: None}) is None
        assert targets.margin_of({7: 1.0}, frozenset({8}), {7: 100.0}) is None


def candidate(to_us=12, total=60, peers_to_us=330, peers_total=600):
    return Candidate(1, 1, 1, 1, to_us, total, 9, peers_to_us, peers_total, 1)


def make(found=None, *, margin=400.0, months=12, **fields):
    return targets.target(candidate(**fields), months=months, rules=RULES, reached=found or reach(span()), margin=margin)


class TestTarget:
    def test_the_formula(self):
        one = make()
        assert (one.standing, one.expected, one.now, one.gain) == ("splitter", pytest.approx(33), 12, pytest.approx(21))
        assert one.value == pytest.approx(21 * 400 * 0.6 * 0.3)
        low, high = wilson(12, 60)
        assert (one.gain_low, one.gain_high) == (pytest.approx(60 * (0.55 - high)), pytest.approx(60 * (0.55 - low)))

    def test_a_shorter_window_is_told_a_year(self):
        assert make(months=6).gain == pytest.approx(2 * make().gain)

    def test_what_chance_explains_is_no_target(self):
        assert make(to_us=28) is None
        assert make(to_us=0, total=9, peers_to_us=500) is None  # below ten: too few to say

    @pytest.mark.parametrize(("to_us", "kind", "move"), [(1, "opportunity", 0.15), (20, "splitter", 0.3)])
    def test_chance_of_moving_is_by_class(self, to_us, kind, move):
        one = make(to_us=to_us)
        assert (one.standing, one.move) == (kind, move)

    def test_a_loyal_referrer_may_be_one_too(self):
        one = make(to_us=850, total=1000, peers_to_us=970, peers_total=1000)
        assert (one.standing, one.move) == ("loyal", 0.05)

    def test_what_is_not_known_leaves_the_value_unknown(self):
        one = make(reach(told=False), margin=None)
        assert (one.value, len(one.missing)) == (None, 2)
        assert make(margin=None).missing == ("Margin: none is entered for this line and its payers.",)
        assert make(reach(), margin=None).value == 0.0

    def test_the_order(self):
        worth, unknown, more, nothing = make(), make(margin=None), make(to_us=2, margin=None), make(reach(), margin=None)
        assert targets.ranked([nothing, unknown, more, worth]) == [worth, more, unknown, nothing]


class TestSentence:
    @pytest.mark.parametrize(
        ("one", "ending"),
        [
            (make(), "and Riverbend, under a mile away, has an appointment within 9 days."),
            (make(reach(span(wait=0))), "under a mile away, has an appointment today."),
            (make(reach(span("44106", wait=1))), "and Riverbend, 10 miles away, has an appointment within 1 day."),
            (make(reach(told=False)), "; whether we could take them is not known."),
            (make(reach()), ", but no site of ours within reach could take them now."),
        ],
    )
    def test_why_this_doctor(self, one, ending):
        said = targets.why(one, name="Pat Lee, MD", line="Orthopedics", peers="family medicine, South")
        assert said.startswith(
            "Pat Lee, MD sends us 12 of 60 orthopedics referrals (20%), while 9 peers (family medicine, South) send 55%: "
        )
        assert said.endswith(ending)


def test_regions_are_branches_below_the_root(world):
    deep = make_territory("Deep", parent=world.north)
    found = queries.regions()
    assert {pk: Territory.objects.get(pk=region).name for pk, region in found.items()} == {
        world.region.pk: "Region", world.north.pk: "Region", world.south.pk: "Region", deep.pk: "Region"
    }  # fmt: skip
    assert world.root.pk not in found


ROW = st.tuples(st.integers(0, 7), st.sampled_from(["Cardiology", "Orthopedics"]), st.integers(0, 9), st.integers(9, 20))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(ROW, min_size=4, max_size=24, unique_by=lambda row: row[:2]),
    least=st.integers(2, 3),
    off=st.sets(st.integers(0, 7), max_size=2),
)
def test_the_statement_is_a_plain_walk(world, rows, least, off):
    """Peers of the same specialty, kind and region, else of the whole; never oneself; nobody who stays off lists."""
    MarketFile.objects.all().delete()
    if not hasattr(world, "crowd"):
        family, inner = make_specialty("207Q00000X", "Family medicine"), make_specialty("207R00000X", "Internal medicine")
        east = make_practice("East", territory=make_territory("East"))
        world.crowd = [
            make_provider(at=place, specialty=specialty, kind=kind)
            for place, specialty, kind in ((world.south_practice, family, "physician"),) * 3
            + ((east, family, "physician"),) * 2
            + ((world.unowned_practice, family, "physician"), (east, family, "np"), (world.north_practice, inner, "physician"))
        ]
    for place, provider in enumerate(world.crowd):
        Provider.objects.filter(pk=provider.pk).update(stays_off_lists=place in off)
    load_market(*(market_row(world.crowd[who].npi, us, all_, line=line, through="2026-09-30") for who, line, us, all_ in rows))
    source = market()
    found = queries.candidates(source, Window(dt.date(2026, 9, 1), dt.date(2026, 10, 1)), scope=Scope(whole=True), least_peers=least)
    places = queries.regions()

    def about(who):
        provider = world.crowd[who]
        practice = provider.affiliations.get().practice
        return provider.specialty_id, provider.kind, places.get(practice.territory_id)

    expected = set()
    told = [row for row in rows if row[0] not in off]
    for who, line, us, all_ in told:
        alike = [row for row in told if row[0] != who and row[1] == line and about(row[0])[:2] == about(who)[:2]]
        near = [row for row in alike if about(who)[2] is not None and about(row[0])[2] == about(who)[2]]
        is_near = len(near) >= least
        peers = near if is_near else alike
        theirs, of = sum(row[2] for row in peers), sum(row[3] for row in peers)
        if len(peers) >= least and us * of < theirs * all_:
            expected.add((world.crowd[who].pk, line, us, all_, len(peers), theirs, of, about(who)[2] if is_near else None))
    lines = {world.line.pk: "Cardiology", world.other_line.pk: "Orthopedics"}
    assert {
        (row.provider_id, lines[row.service_line_id], row.to_us, row.total, row.peers, row.peers_to_us, row.peers_total, row.region_id)
        for row in found
    } == expected
