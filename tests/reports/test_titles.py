"""Titles are true for data of any size: level ones are named together, and of few nothing more is said."""

import datetime as dt
from dataclasses import replace
from types import SimpleNamespace

import pytest

from referrals.models import CountingRules
from reports import words
from reports.cells import Cell
from reports.charts import control
from reports.charts.network import ego_title
from reports.intervals import Estimate
from reports.measures import MEASURES, Ratio, Row
from reports.neighbors import Neighborhood, Partner
from reports.periods import add_months
from reports.pictures import heat
from reports.presenters.market import avoidable_finding, share_finding
from reports.presenters.network import change
from reports.queries.avoidable import Outcome
from reports.queries.market import Share

QUESTION = SimpleNamespace(before_words="12 months before", rules=CountingRules(counted_kinds=["consult"], range_leads_above=25))
FIRST = dt.date(2026, 1, 1)


def cells(**outbound):
    return [Cell((at,), (name,), internal=2, outbound=n) for at, (name, n) in enumerate(outbound.items())]


class TestWords:
    @pytest.mark.parametrize(
        ("names", "said"),
        [([], ""), (["A"], "A"), (["A", "B"], "A and B"), (["A", "B", "C"], "A, B and C"), (["A", "B", "C", "D"], "A, B and 2 more")],
    )
    def test_names_in_a_sentence(self, names, said):
        assert words.together(names) == said

    def test_nobody_leads_where_all_have_nothing(self):
        assert words.leaders([("A", 0), ("B", 0)]) == []
        assert words.leaders([("A", 3), ("B", 1), ("C", 3)]) == ["A", "C"]

    def test_most_of_what_leaves(self):
        def title(**outbound):
            return words.top_destination(cells(**outbound), sum(outbound.values()))

        assert title(Summit=120, Valley=90) == "Of what leaves, Summit receives most: 120 of 210"
        assert title(Summit=12) == "All that leaves goes to Summit: 12 referrals"
        assert title(Summit=1, Valley=1) == "Of what leaves, Summit and Valley receive most: 1 each of 2, too few to say more"

    def test_who_loses_most(self):
        assert words.worst_line(cells(Cardiology=18, Urology=2), True, QUESTION) == "Cardiology loses most: 18 referrals, 90.0% of its own"
        assert words.worst_line(cells(Cardiology=2, Urology=2), True, QUESTION) == "Cardiology and Urology lose most: 2 referrals each"
        few = "Cardiology loses most: 1 of 3 with a known destination, too few to say more"
        assert words.worst_line(cells(Cardiology=1), True, QUESTION) == few
        assert words.worst_line(cells(Cardiology=0), True, QUESTION) == "No service line lost a referral that we know of"

    def test_leakage_of_few(self):
        few = words.leakage(Ratio(1, 2, 0), None, QUESTION)
        assert few == "1 of 2 referrals with a known destination left our network, too few to say more"
        enough, before = Ratio(10, 20, 0), Ratio(1, 2, 0)
        assert words.leakage(enough, before, QUESTION) == "50.0% of our referrals with a known destination leave our network"

    def test_which_line_moved(self):
        def title(*lines, has_before=True):
            return words.line_growth(lines, has_before, QUESTION)

        assert title(("A", 90, 40), ("B", 3, 2)) == "A grew most: 50 more than in the 12 months before"
        assert title(("A", 42, 40), ("B", 3, 2)) == "A grew most: 2 more than in the 12 months before, as chance can explain"
        assert title(("A", 5, 4), ("B", 3, 4)) == "A and B changed most: 1 each, on the 12 months before"
        assert title(("A", 5, 5)) == "Every service line is level with the 12 months before"
        assert title(("A", 2, 0), ("B", 2, 0), has_before=False) == "A and B bring most: 2 each of 4 inbound referrals, too few to say more"


class TestMonths:
    def found(self, values, **fields):
        return control.control(control.Series("Inbound", [add_months(FIRST, at) for at in range(len(values))], values, **fields))

    def test_two_months_are_no_usual_range(self):
        two = self.found([10, 12])
        assert control.finding(two) == "Inbound: too few to say. 2 full months, and 6 are needed for a usual range"
        assert two.is_few
        assert control.spec(two)["flags"] == []

    def test_few_months_flag_nothing_however_far_one_lies(self):
        assert self.found([20, 20, 20, 20, 500]).signals == ()
        assert self.found([20, 21, 20, 19, 20, 21, 20, 19, 500]).signals

    def test_all_zero(self):
        assert control.finding(self.found([0] * 24)) == "Inbound: none in 24 full months, too few to say more"
        none = self.found([0.0] * 24, unit="percent", of=[50] * 24)
        assert control.finding(none).startswith("Inbound: steady. Every month lies within 0.0% to 0.0%")


def grid(*rows, measure="inbound"):
    """Rows of months as a grid; of a share each month is (cases, of)."""
    found = MEASURES[measure]
    months = [add_months(FIRST, at) for at in range(len(rows[0]))]
    empty = heat.Grid(found, "service_line", months, [], heat.GridRow(None, "", [], Row()), len(months))

    def one(cell):
        return Row.count((), cell) if isinstance(cell, int) else Row.share((), *cell)

    groups = [heat._group(at, f"Line {at}", [one(cell) for cell in cells_], empty) for at, cells_ in enumerate(rows)]
    return replace(empty, rows=groups, overall=heat._gather("all", "All together", groups, empty))


class TestGrid:
    def test_counts(self):
        assert heat.finding(grid([1, 1], [1, 0]), QUESTION) == "Inbound: too few to say, 3 in all"
        assert heat.finding(grid([2, 3], [3, 2], [1, 1]), QUESTION) == (
            "Inbound: Line 0 and Line 1 are largest with 5 each of 12. No month has enough to be compared"
        )
        assert heat.finding(grid([20, 22]), QUESTION) == "Inbound: Line 0 has all 42. No month stands out"

    def test_shares(self):
        few = heat.finding(grid([(1, 4), (2, 5)], [(1, 3), (0, 4)], measure="leakage_ordered"), QUESTION)
        assert few == "Leakage, ordered: 25.0% in all. No month of a service line has enough to be compared"


def neighborhood(sent=(), received=()):
    partners = [Partner(f"organization:{name}", n, 0, None, None, 3, None) for name, n in sent]
    partners += [Partner(f"practice:{name}", 0, n, None, None, 3, None) for name, n in received]
    return Neighborhood(
        "practice:0", tuple(partners), sum(n for _, n in sent), sum(n for _, n in received), None, None, 12, None, seen_whole=1.0
    )


class TestNetwork:
    def title(self, **ways):
        found = neighborhood(**ways)
        return ego_title(
            found, {partner.key: SimpleNamespace(name=partner.key.partition(":")[2]) for partner in found.partners}, "practice"
        )

    def test_who_takes_most(self):
        assert self.title(sent=[("A", 20), ("B", 10)]) == "A takes 67% of what this practice sends; one link carries half"
        assert self.title(sent=[("A", 10), ("B", 10)]) == "A and B take 50% each of what this practice sends; one link carries half"
        assert self.title(sent=[("A", 1), ("B", 1)]) == "This practice sent 2 referrals, A and B receive most: too few to say more"
        assert self.title(sent=[("A", 1)]) == "This practice sent 1 referral, all to A: too few to say more"

    def test_who_sends_most(self):
        assert self.title(received=[("A", 20), ("B", 10)]) == "A sends most: 20 of 30 that this practice received"
        assert self.title(received=[("A", 2)]) == "All that this practice received came from A: 2 referrals, too few to say more"
        assert self.title() == "No referral to or from this practice in this selection"


def test_share_of_care_of_few():
    assert share_finding(Share((), 1, 3, 1), None, "") == "1 of 3 referrals come to us: too few to say more"


def test_avoidable_level_lines_are_named_together():
    def outcome(avoidable, outbound):
        return Outcome((), outbound, avoidable, open=0, decided=0, none=outbound - avoidable, no_zip=0, no_payer=0)

    found = [("A", outcome(2, 6)), ("B", outcome(2, 4))]
    said = avoidable_finding(found, outcome(4, 10), has_capacity=True)
    assert said == "4 of 10 referrals that left could have stayed, most in A and B: 2 each"


def test_a_trend_of_few_is_not_called_level():
    assert change(Estimate(1.0, 0.01, 90.0)).text == "too few"
    assert change(Estimate(0.9, 0.7, 1.2)).text == "level"
    assert change(Estimate(0.4, 0.2, 0.7)).text == "\N{MINUS SIGN}60%"
