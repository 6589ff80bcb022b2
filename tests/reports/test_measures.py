"""Measures against a plain recount of rows that hypothesis makes; every rollup against the facts; the command's contract."""

import datetime as dt
import json
import random
from itertools import product

import pytest
from django.conf import settings
from django.core.management.base import CommandError
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from referrals.models import Referral
from reports import measures
from reports.cells import FLOWS, Cell, merge, total
from reports.queries import cells as query
from reports.queries.cuts import CUTS
from territories.scope import Scope, scope_of
from tests.factories import make_territory
from tests.factories.reports import add_referrals, make_payer, make_source, new_referral

COLUMNS = {name: cut.column for name, cut in CUTS.items() if cut.column and name != "flow"}
START, END = dt.date(2026, 1, 1), dt.date(2026, 5, 1)
WHOLE = Scope(whole=True)
counts = st.builds(Cell, st.just(()), st.just(()), *[st.integers(0, 50)] * 5)


@hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(counts, max_size=6))
def test_measures_are_their_formulas(found):
    n = {flow: sum(getattr(cell, flow) for cell in found) for flow in FLOWS}
    leak, kept = measures.leakage_ordered(found), measures.keepage_ordered(found)
    ours = n["internal"] + n["outbound"] + n["undetermined"]
    assert (leak.numerator, leak.denominator) == (n["outbound"], n["internal"] + n["outbound"])
    assert measures.volume(found) == sum(n.values()) - n["outside"]
    assert measures.received(found) == n["inbound"] + n["internal"]
    if leak.denominator:
        assert leak.value + kept.value == pytest.approx(1)
    if ours:
        assert leak.bounds == (n["outbound"] / ours, (n["outbound"] + n["undetermined"]) / ours)
        assert leak.known_share == leak.denominator / ours
    if leak.value is not None:
        assert leak.bounds[0] <= leak.value <= leak.bounds[1]
    assert leak.range_leads(25) == (ours > 0 and n["undetermined"] / ours > 0.25)


def test_nothing_known_has_no_value():
    ratio = measures.leakage_ordered([Cell(undetermined=3)])
    assert (ratio.value, ratio.known_share, ratio.bounds) == (None, 0, (0, 1))
    assert measures.leakage_ordered([]).bounds is None


def test_merge_keeps_every_referral():
    found = [Cell((1, "a"), ("One", "A"), 1, 2, 3, 4, 5), Cell((1, "b"), ("One", "B"), 1), Cell((2, "a"), ("Two", "A"), 7)]
    assert merge(found, 0) == [Cell((1,), ("One",), 2, 2, 3, 4, 5), Cell((2,), ("Two",), 7)]
    assert total(found) == total(merge(found, 1))
    assert Cell.from_json(json.loads(json.dumps(found[0].to_json()))) == found[0]


row = st.tuples(
    st.integers(0, 3),  # month
    st.sampled_from(["north", "south", "unowned"]),
    st.sampled_from(FLOWS),
    st.booleans(),  # which line
    st.sampled_from([None, "Medicare", "Aetna"]),
    st.booleans(),  # provider known
    st.sampled_from(["orders", "received"]),
    st.sampled_from(["seen", "received"]),
    st.sampled_from([None, "ours", "theirs"]),
    st.sampled_from([True, True, True, False]),  # counted
)


@hypothesis_settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(row, max_size=30))
def test_every_grouping_equals_a_recount(world, rows):
    Referral.objects.all().delete()
    referrals = []
    for month, where, flow, line, payer, known, source, state, destination, counted in rows:
        referrals.append(
            new_referral(
                on=dt.date(2026, 1 + month, 10),
                flow=flow,
                practice=getattr(world, f"{where}_practice"),
                provider=getattr(world, f"{where}_provider") if known else None,
                service_line=world.line if line else world.other_line,
                payer=make_payer(payer) if payer else None,
                source=make_source(source),
                state=state,
                destination=getattr(world, destination) if destination else None,
                is_counted=counted,
            )
        )
    add_referrals(*referrals)
    scopes = {"whole": WHOLE, **{name: scope_of(world.cast[name]) for name in ("nora", "dana", "over", "past")}}
    groupings = [
        (),
        *((name,) for name in COLUMNS),
        ("territory", "service_line"),
        ("service_line", "destination"),
        ("practice", "payer"),
    ]
    for (who, scope), by in product(scopes.items(), groupings):
        for where in ({}, {"service_line": world.line.pk}, {"payer": None}):
            found = query.cells(by=by, start=dt.date(2026, 2, 1), end=END, where=where, scope=scope)
            assert _as_dict(found) == _recount(referrals, by, where, scope, world), (who, by, where)


def test_rollups_answer_as_django_asks_them(world):
    """The statement that is written by hand against the one that Django makes, over the same table, for each kind of filter."""
    choose = random.Random(3).choice
    offices = [
        (world.north_practice, world.north_provider, world.north),
        (world.south_practice, world.south_provider, world.south),
        (world.unowned_practice, world.unowned_provider, None),
    ]
    payers = [make_payer("Medicare"), make_payer("Aetna"), None]
    for _ in range(200):
        practice, provider, territory = choose(offices)
        add_referrals(
            new_referral(
                on=dt.date(2026, choose((1, 2, 3, 4)), 10),
                flow=choose(FLOWS),
                practice=practice,
                territory=territory,
                provider=choose((None, provider)),
                payer=choose(payers),
                service_line=choose((world.line, world.other_line, None)),
                state=choose(("seen", "received")),
                destination=choose((world.ours, world.theirs, None)),
            )
        )
    scopes = [WHOLE, *(scope_of(world.cast[name]) for name in ("dana", "over"))]
    groupings = ((), ("month",), ("territory", "service_line"), ("destination",), ("practice", "provider"), ("state",))
    filters = (
        {}, {"territory": world.region.pk}, {"territory": frozenset({world.north.pk, world.south.pk})}, {"territory": None},
        {"territory": frozenset()}, {"service_line": {world.line.pk, world.other_line.pk}, "payer": payers[0].pk}, {"payer": None},
        {"month": dt.date(2026, 3, 1)}, {"practice": world.north_practice.pk}, {"provider": None}, {"state": ("seen", "received")},
        {"state": "seen"}, {"service_line": {world.line.pk, None}}, {"destination": 0},
    )  # fmt: skip
    answers = 0
    for scope, by, where, split in product(scopes, groupings, filters, (None, dt.date(2026, 3, 1))):
        if query.covering({*by, *where}, scope):
            found = query.cells(by=by, start=START, end=END, where=where, scope=scope, split=split)
            assert sorted(map(repr, found)) == sorted(map(repr, query.counted(by, START, END, where, scope, split))), (by, where, split)
            answers += any(total(found).to_json()[2:])
    assert answers > 100


def _as_dict(found):
    return {cell.key: tuple(getattr(cell, flow) for flow in FLOWS) for cell in found if any(getattr(cell, flow) for flow in FLOWS)}


def _recount(referrals, by, where, scope, world):
    sums: dict[tuple, list[int]] = {}
    for referral in referrals:
        sees = (
            scope.whole
            or referral.territory_id in scope.territory_ids
            or (referral.territory_id, referral.service_line_id) in scope.overlays
        )
        if not sees or not referral.is_counted or referral.month < dt.date(2026, 2, 1):
            continue
        if any(getattr(referral, COLUMNS[name]) != value for name, value in where.items()):
            continue
        key = tuple(getattr(referral, COLUMNS[name]) for name in by)
        sums.setdefault(key, [0] * len(FLOWS))[FLOWS.index(referral.flow)] += 1
    return {key: tuple(values) for key, values in sums.items()}


def test_the_smallest_table_answers(world):
    def table(*dimensions, scope=WHOLE, end=END, **where):
        return query.ground(dimensions=dimensions, start=START, end=end, where=where, scope=scope).rows.model.__name__

    assert table("month") == "SourceMonth"
    assert table("service_line", "destination") == "DestinationMonth"
    assert table("service_line", payer=None) == "PayerMonth"
    assert table("territory", payer=None) == "LineMonth"
    assert table("practice", territory=frozenset({world.north.pk})) == "ProviderMonth"
    assert table("practice", "service_line") == "Referral"
    assert table("month", scope=scope_of(world.nora)) == "LineMonth"
    assert table("practice", scope=scope_of(world.over)) == "Referral"
    assert table("month", end=dt.date(2026, 4, 20)) == "Referral"


def test_part_of_a_month_is_read_by_day(world):
    add_referrals(*(new_referral(on=dt.date(2026, 1, day)) for day in (1, 9, 10, 19, 20)))
    found = query.cells(start=dt.date(2026, 1, 10), end=dt.date(2026, 1, 20), scope=WHOLE)
    assert total(found).inbound == 2


def test_a_territory_means_all_below_it(world):
    leaf = make_territory("Far North", parent=world.north)
    add_referrals(
        new_referral(on=START, territory=leaf), new_referral(on=START, territory=world.north), new_referral(on=START, territory=world.south)
    )
    assert total(query.cells(start=START, end=END, where={"territory": world.north.pk}, scope=WHOLE)).inbound == 2


def test_split_tells_now_from_before(world):
    add_referrals(new_referral(on=dt.date(2026, 1, 5)), new_referral(on=dt.date(2026, 3, 5)), new_referral(on=dt.date(2026, 4, 5)))
    found = query.cells(start=START, end=END, scope=WHOLE, split=dt.date(2026, 3, 1))
    assert {cell.key: cell.inbound for cell in found} == {("before",): 1, ("now",): 2}


def test_an_unknown_dimension_is_refused():
    with pytest.raises(ValueError, match="no such dimension"):
        query.ground(dimensions=["colour"], start=START, end=END, scope=WHOLE)


class TestCommand:
    @pytest.fixture
    def _facts(self, world):
        a, b = make_source("orders"), make_source("received")
        add_referrals(
            new_referral(on=dt.date(2026, 1, 5), flow="outbound", source=a, practice=world.north_practice, provider=world.north_provider),
            new_referral(on=dt.date(2026, 2, 5), flow="internal", source=a, practice=world.north_practice, service_line=world.line),
            new_referral(on=dt.date(2026, 2, 6), flow="internal", source=a, practice=world.north_practice, payer=make_payer("Aetna")),
            new_referral(on=dt.date(2026, 3, 7), flow="inbound", source=b, practice=world.south_practice, state="seen"),
            new_referral(on=dt.date(2026, 3, 9), flow="undetermined", source=a, practice=world.unowned_practice),
            new_referral(on=dt.date(2026, 3, 9), flow="outside", source=b),
            new_referral(on=dt.date(2026, 3, 30), flow="inbound", source=b, is_counted=False),
        )

    def ask(self, manage, *args):
        return json.loads(manage("measure", *args, "--start", "2026-01-01", "--end", "2026-05-01", "--json"))

    @pytest.mark.usefixtures("_facts")
    def test_one_row_without_by(self, manage):
        answer = self.ask(manage, "leakage_ordered")
        assert answer == {
            "measure": "leakage_ordered",
            "start": "2026-01-01",
            "end": "2026-05-01",
            "data_through": "2026-03-09",
            "rows": [
                {
                    "numerator": 1,
                    "denominator": 3,
                    "value": 1 / 3,
                    "low": pytest.approx(0.0615, abs=1e-4),
                    "high": pytest.approx(0.7923, abs=1e-4),
                    "undetermined": 1,
                    "known_share": 0.75,
                    "lowest": 0.25,
                    "highest": 0.5,
                    "remark": "too few to say",
                }
            ],
        }
        assert self.ask(manage, "volume")["rows"] == [{"numerator": 5, "denominator": None, "value": 5}]

    @pytest.mark.usefixtures("_facts")
    def test_groups_by_every_dimension(self, manage, world):
        def numerators(name, by):
            return {row[by]: row["numerator"] for row in self.ask(manage, name, "--by", by)["rows"]}

        assert numerators("volume", "month") == {"2026-01-01": 1, "2026-02-01": 2, "2026-03-01": 2}
        assert numerators("volume", "service_line") == {"Cardiology": 1, None: 4}
        assert numerators("volume", "payer") == {"Aetna": 1, None: 4}
        assert numerators("volume", "territory") == {"North": 3, "South": 1, None: 1}
        assert numerators("volume", "source") == {"orders": 4, "received": 1}
        assert numerators("volume", "state") == {"received": 4, "seen": 1}
        assert numerators("volume", "provider") == {world.north_provider.npi: 1}
        assert numerators("outbound", "month") == {"2026-01-01": 1}

    @pytest.mark.usefixtures("_facts")
    def test_by_two_and_narrowed(self, manage, world):
        rows = self.ask(manage, "volume", "--by", "month,territory", "--where", "flow=internal")["rows"]
        assert rows == [{"month": "2026-02-01", "territory": "North", "numerator": 2, "denominator": None, "value": 2}]
        assert self.ask(manage, "volume", "--where", "payer=null", "practice=North Family Practice")["rows"][0]["value"] == 2
        assert self.ask(manage, "volume", "--where", f"group={world.south_practice.name}")["rows"][0]["value"] == 1
        assert self.ask(manage, "volume", "--where", "month=2026-03", "--where", "source=received")["rows"][0]["value"] == 1
        assert self.ask(manage, "volume", "--by", "kind,liaison")["rows"] == [
            {"kind": "consult", "liaison": None, "numerator": 5, "denominator": None, "value": 5}
        ]

    @pytest.mark.usefixtures("_facts")
    def test_no_known_destination_has_no_value(self, manage):
        answer = json.loads(manage("measure", "leakage_ordered", "--start", "2026-03-05", "--end", "2026-03-20", "--json"))
        assert {name: answer["rows"][0][name] for name in ("numerator", "denominator", "value", "undetermined")} == {
            "numerator": 0, "denominator": 0, "value": None, "undetermined": 1,
        }  # fmt: skip

    @pytest.mark.usefixtures("_facts")
    def test_a_table_for_the_eye(self, manage):
        text = manage("measure", "received", "--start", "2026-01-01", "--end", "2026-05-01", "--by", "source")
        assert "data through 2026-03-09" in text
        assert "orders    2" in text

    def test_before_any_data(self, manage, db):
        answer = self.ask(manage, "received")
        assert (answer["data_through"], answer["rows"]) == (None, [{"numerator": 0, "denominator": None, "value": 0}])
        assert self.ask(manage, "received", "--by", "month")["rows"] == []

    @pytest.mark.parametrize(
        ("args", "sentence"),
        [
            (("growth", "--start", "2026-01-01", "--end", "2026-02-01"), "There is no measure"),
            (("volume", "--start", "2026-01-01", "--end", "2026-02-01", "--by", "hat"), "cannot be grouped by"),
            (("volume", "--start", "2026-01-01", "--end", "2026-02-01", "--where", "payer=Moon"), 'no payer "Moon"'),
            (("volume", "--start", "2026-01-01", "--end", "2026-02-01", "--where", "flow=up"), "There are: inbound"),
            (("volume", "--start", "1 May", "--end", "2026-02-01"), "--start must be a day"),
            (("volume", "--start", "2026-02-01", "--end", "2026-02-01"), "must be later"),
        ],
    )
    def test_wrong_arguments_get_a_sentence(self, manage, db, args, sentence):
        with pytest.raises(CommandError, match=sentence):
            manage("measure", *args)


def test_the_metrics_page_is_fresh():
    assert (settings.BASE_DIR / "docs" / "metrics.md").read_text() == measures.describe(), "run bin/manage write_metrics"
