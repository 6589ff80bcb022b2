"""XmR, funnel and heat map as specs: limits against plain-Python recounts, findings for dense, sparse and no data."""

import datetime as dt
from itertools import pairwise
from random import Random
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from common import heat
from reports.charts import control, funnel
from reports.periods import add_months

FIRST = dt.date(2024, 8, 1)
STEADY = [40, 47, 39, 46, 41, 48, 40, 46, 41, 47, 39, 46]


def series(values, name="Inbound", **fields):
    return control.Series(name, [add_months(FIRST, at) for at in range(len(values))], values, **fields)


def marks(spec):
    return {flag["rule"]: flag["at"] for flag in spec["flags"]}


class TestControl:
    def test_limits_equal_a_recount(self):
        values = [40, 44, 39, 42, 47, 41, 45, 38, 43, 46, 40, 44, 42]
        spec = control.spec(control.control(series(values)))
        ranges = [abs(after - before) for before, after in pairwise(values)]
        kept = [step for step in ranges if step <= 3.27 * mean(ranges)]
        assert spec["mean"] == pytest.approx(mean(values))
        assert spec["upper"] == pytest.approx(mean(values) + 2.66 * mean(kept))
        assert spec["lower"] == pytest.approx(mean(values) - 2.66 * mean(kept))
        assert (spec["limits_label"], spec["trial"]) == ("Natural limits", False)

    def test_a_steady_series_says_so(self):
        found = control.control(series(STEADY))
        assert control.finding(found).startswith("Inbound: steady. Every month lies within ")
        assert control.notes(found) == []
        assert not any(control.said_of(found, at) for at in range(12))

    def test_a_month_outside_is_the_title_and_explained(self):
        found = control.control(series([*STEADY, 70]))
        assert control.finding(found).startswith("Inbound: 70 in Aug 2025, above the usual ")
        assert marks(control.spec(found)) == {"outside": [12]}
        assert found.signals[0].sentence.startswith("Aug 2025 (70) lies above what is usual")
        assert control.said_of(found, 12) == "Outside the limits"

    def test_a_shift_a_trend_and_a_near_miss(self):
        shift = control.control(series([50, 41, 52, 43, 51, 42, 50, 43, *[40, 41, 42, 40, 41, 42, 40]]))
        assert control.finding(shift) == "Inbound: 8 months below the mean, Mar 2025 to Oct 2025"
        rise = control.control(series([40, 52, 38, 50, 30, 32, 35, 38, 41, 45, 49]))
        assert control.finding(rise) == "Inbound: rising for 7 months, Dec 2024 to Jun 2025"
        near = control.control(series([10, 12] * 5 + [18, 11, 18] + [10, 12] * 3))
        assert control.finding(near).startswith("Inbound: close to the upper limit in 2 months, ")
        assert {signal.rule for signal in near.signals} == {"two of three"}

    def test_a_rise_that_turns_is_two_trends(self):
        found = control.control(series([10, 20, 30, 40, 50, 60, 70, 60, 50, 40, 30, 20, 10]))
        trends = [(signal.is_high, signal.at) for signal in found.signals if signal.rule == "trend"]
        assert trends == [(True, tuple(range(7))), (False, tuple(range(6, 13)))]

    def test_a_month_has_one_mark_and_the_table_names_every_rule(self):
        found = control.control(series([50, 51, 49, 50, 52, 48, 50, 51, 30, 31, 30, 32, 31, 30, 29]))
        drawn = control.spec(found)
        placed = [at for at in marks(drawn).values() for at in at]
        assert len(placed) == len(set(placed))
        assert "Outside the limits; " in control.said_of(found, 8)

    def test_months_still_filling_up_are_hatched_and_never_flagged(self):
        values = [*STEADY, 2]
        late = control.control(series(values, immature_from=add_months(FIRST, 12)))
        assert control.spec(late)["immature_from"] == 12
        assert control.spec(late)["flags"] == []
        assert late.limits == control.control(series(values[:12])).limits
        assert control.said_of(late, 12) == "Not complete yet: not compared"
        assert "Aug 2025 is not complete yet" in control.notes(late)[0]
        assert marks(control.spec(control.control(series(values)))) == {"outside": [12]}

    def test_an_import_gap_is_not_bridged_and_noted(self):
        values = [40, 44, 39, 42, 47, 3, 0, 38, 43, 46, 40, 44, 42, 41]
        found = control.control(series(values, silent=(add_months(FIRST, 5), add_months(FIRST, 6))))
        drawn = control.spec(found)
        assert drawn["values"][5] is drawn["values"][6] is None
        assert drawn["gaps"] == [{"from": 5, "to": 6, "label": "import gap"}]
        assert drawn["flags"] == []
        assert "Import gap, Jan 2025 to Feb 2025" in control.notes(found)[0]
        assert control.said_of(found, 5) == "Import gap: not compared"

    def test_few_months_make_trial_limits(self):
        found = control.control(series([11, 7, 9, 12, 8, 10, 9]))
        assert control.spec(found)["limits_label"] == "Trial limits"
        assert "rest on 7 months" in control.notes(found)[0]
        assert "steady so far" in control.finding(found)

    def test_small_counts_are_too_few_to_say(self):
        found = control.control(series([1, 0, 2, 1, 0, 1, 1, 0, 2, 1, 1, 9]))
        assert "too few to say" in control.finding(found)
        assert found.signals == ()

    def test_shares_of_few_are_too_few_to_say(self):
        few = control.control(series([0.5, 0.25, 1.0, 0.4], unit="percent", of=[2, 4, 1, 5]))
        assert "too few to say" in control.finding(few)
        many = control.control(series([0.3, 0.31, 0.29, 0.3] * 4, unit="percent", of=[100] * 16))
        assert "steady" in control.finding(many)
        assert control.spec(control.control(series([0.9, 0.99, 0.85] * 5, unit="percent", of=[50] * 15)))["upper"] == 1

    def test_nothing_and_one_month(self):
        assert "no full month" in control.finding(control.control(series([])))
        assert control.spec(control.control(series([])))["empty"]
        assert control.finding(control.control(series([12]))).endswith("One full month, and 6 are needed for a usual range")
        assert control.spec(control.control(series([12])))["mean"] is None

    def test_the_table_has_every_month(self):
        shown = control.chart(control.control(series([0.3, None], unit="percent", of=[40, 0])), id="x", sub="s", csv_url="/x")
        assert shown.table["rows"] == [["Aug 2024", "30.0%", "40", ""], ["Sep 2024", "\N{EN DASH}", "0", "Nothing to compare"]]
        assert [column["label"] for column in shown.table["columns"]] == ["Month", "Inbound", "Of", "What it shows"]


def unit(name, cases, total):
    return funnel.Unit(name, name, cases, total, f"/{name}/")


def exact(p, n, center):
    """Interpolated binomial quantile by scipy.stats, as a share (Spiegelhalter 2005, A.1.1)."""
    r = int(binom.ppf(p, n, center))
    return (r - (binom.cdf(r, n, center) - p) / binom.pmf(r, n, center)) / n


class TestFunnel:
    @settings(deadline=None, max_examples=40)
    @given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=5, max_size=30))
    def test_positions_equal_a_recount(self, pairs):
        units = [unit(f"p{at}", kept, kept + left) for at, (kept, left) in enumerate(pairs)]
        drawn = funnel.plot(units)
        whole = [one for one in units if one.total >= 10]
        if len(whole) < 5:
            assert drawn.found is None
            assert all(one.near is None for one in drawn.placed)
            return
        center = sum(one.cases for one in whole) / sum(one.total for one in whole)
        assert drawn.found.center == pytest.approx(center)
        if not 0 < center < 1:
            assert not drawn.outside
            return
        wider = drawn.found.phi**0.5
        for one in drawn.compared:
            for limits, level in ((one.near, 0.95), (one.wide, 0.998)):
                for limit, p in zip(limits, ((1 - level) / 2, (1 + level) / 2), strict=True):
                    bound = min(1, max(0, center + wider * (exact(p, one.unit.total, center) - center)))
                    assert limit == pytest.approx(bound, abs=1e-6)
            share = one.unit.cases / one.unit.total
            if min(abs(share - limit) for limit in (*one.near, *one.wide)) > 1e-6:
                beyond = "99.8" if not one.wide[0] <= share <= one.wide[1] else "95" if not one.near[0] <= share <= one.near[1] else ""
                side = "Above" if share > center else "Below"
                assert one.position == (f"{side} the {beyond}% limits" if beyond else "Within the limits")

    def test_dense(self):
        chance = Random(7)
        units = [unit(f"Practice {at:03}", sum(chance.random() < 0.3 for _ in range(80)), 80) for at in range(499)]
        drawn = funnel.plot([*units, unit("Far", 60, 80), unit("Small", 1, 3)])
        assert drawn.placed[0].unit.name == "Far"
        assert drawn.placed[0].position == "Above the 99.8% limits"
        assert funnel.finding(drawn, ("practice", "practices"), "Leakage") == "Leakage: 5 of 500 practices lie outside what chance explains"
        assert len(drawn.outside) == 5
        spec = funnel.spec(drawn, measure="Leakage", sizes="Referrals", tone="outbound")
        assert len(spec["points"]) == 500
        assert spec["points"][0] == {
            "name": "Far", "n": 80, "value": 0.75, "side": "above", "wide": True, "says": "Above the 99.8% limits", "url": "/Far/",
        }  # fmt: skip
        assert [limit["label"] for limit in spec["limits"]] == ["95% limits", "99.8% limits"]
        assert any("fewer than 10 referrals" in note for note in funnel.notes(drawn, ("practice", "practices")))

    def test_curves_are_the_exact_limits(self):
        drawn = funnel.plot([unit(f"p{n}", 3 * n // 10, n) for n in (10, 20, 40, 90, 400)])
        spec = funnel.spec(drawn, measure="Leakage", sizes="Referrals", tone="outbound")
        center = drawn.found.center
        for limit, level in zip(spec["limits"], (0.95, 0.998), strict=True):
            for n, low, high in zip(limit["n"], limit["lower"], limit["upper"], strict=True):
                assert low == pytest.approx(max(0, exact((1 - level) / 2, int(n), center)), abs=1e-5)
                assert high == pytest.approx(min(1, exact((1 + level) / 2, int(n), center)), abs=1e-5)
        assert spec["log"]

    def test_units_that_differ_by_themselves_widen_the_limits_and_it_is_said(self):
        chance = Random(5)
        alike = funnel.plot([unit(f"p{at}", sum(chance.random() < 0.3 for _ in range(400)), 400) for at in range(60)])
        drawn = funnel.plot(
            [unit(f"p{at}", sum(chance.random() < share for _ in range(400)), 400) for at, share in enumerate([0.2, 0.3, 0.4] * 20)]
        )
        assert not alike.found.is_overdispersed
        assert any("Exact binomial limits" in note for note in funnel.notes(alike, ("practice", "practices")))
        assert drawn.found.is_overdispersed
        assert any("differ more than chance alone explains" in note for note in funnel.notes(drawn, ("practice", "practices")))
        assert not drawn.outside

    def test_sparse_and_empty(self):
        few = funnel.plot([unit("A", 4, 12), unit("B", 3, 4), unit("None", 0, 0)])
        assert funnel.finding(few, ("practice", "practices"), "Leakage") == (
            "Leakage: too few to say. 1 practice can be compared, and 5 are needed"
        )
        assert [one.position for one in few.placed] == ["Too few to compare", "Too few to say"]
        assert funnel.spec(few, measure="Leakage", sizes="Referrals", tone="outbound")["limits"] == []
        none = funnel.plot([])
        assert funnel.finding(none, ("practice", "practices"), "Leakage") == "Leakage: no practice to compare in this selection"
        assert funnel.spec(none, measure="Leakage", sizes="Referrals", tone="outbound")["empty"]

    def test_a_barred_unit_has_no_share_anywhere(self):
        drawn = funnel.plot([*(unit(name, 15, 50) for name in "abcde"), funnel.Unit("x", "X", 0, 0, barred="Needs claims")])
        shown = funnel.chart(
            drawn, id="f", words=("practice", "practices"), measure="Leakage", sizes="Referrals", cases="Left", tone="outbound"
        )
        assert shown.table["rows"][-1][0] == "X"
        assert shown.table["rows"][-1][3] == "\N{EN DASH}"
        assert shown.table["rows"][-1][-1] == "Needs claims"
        assert "X" not in [point["name"] for point in shown.spec["points"]]

    def test_there_is_no_league_table(self):
        drawn = funnel.plot([unit(name, cases, 50) for name, cases in (("d", 14), ("a", 16), ("c", 13), ("b", 17), ("e", 15), ("z", 45))])
        assert [one.unit.name for one in drawn.placed] == ["z", "a", "b", "c", "d", "e"]

    def test_the_table_tells_limits_and_position(self):
        drawn = funnel.plot([unit(name, 15, 50) for name in "abcde"])
        shown = funnel.chart(
            drawn, id="f", words=("practice", "practices"), measure="Leakage", sizes="Referrals", cases="Left", tone="outbound"
        )
        assert shown.table["rows"][0][:4] == ["a", "15", "50", "30.0%"]
        assert shown.table["rows"][0][-1] == "Within the limits"
        assert shown.title == "Leakage: none of 5 practices lies outside what chance explains"


class TestHeat:
    def test_levels_go_from_nothing_to_the_largest(self):
        cells = [heat.HeatCell(value, str(value)) for value in (0, 5, 9.9, 10)]
        drawn = heat.spec([heat.HeatRow("A", cells)], [(str(at), "") for at in range(4)], corner="Line")
        assert [cell["level"] for cell in drawn["rows"][0]["cells"]] == [0, 5, 9, 9]

    def test_months_still_filling_up_have_no_color_and_do_not_stretch_the_scale(self):
        cells = [heat.HeatCell(value, str(value)) for value in (5, 10, 400)]
        drawn = heat.spec([heat.HeatRow("A", cells)], [(str(at), "") for at in range(3)], corner="Line", immature_from=2)
        assert [cell["level"] for cell in drawn["rows"][0]["cells"]] == [5, 9, None]

    def test_what_may_not_be_compared_has_no_color(self):
        drawn = heat.spec([heat.HeatRow("A", [heat.HeatCell(None, "2 of 5", "too few to say"), heat.HeatCell(0, "0")])], [], corner="Line")
        assert [cell["level"] for cell in drawn["rows"][0]["cells"]] == [None, 0]

    def test_empty(self):
        assert heat.spec([], [], corner="Line")["empty"]
