"""The network's measures by hand, and its pictures."""

from collections import defaultdict

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from reports.network import Network, measure

MONTHS = pd.period_range("2025-08", "2026-10", freq="M")


def edges(*rows):
    return pd.DataFrame(rows, columns=["from", "to", "month", "n"])


def test_by_hand():
    found = measure(
        edges(
            ("ana", "ben", "2026-01-01", 6),
            ("ana", "ben", "2026-02-01", 3),
            ("ben", "ana", "2026-02-15", 3),
            ("ana", "cyd", "2026-02-01", 3),
            ("cyd", "dev", "2026-03-01", 2),
            ("dev", "dev", "2026-03-01", 50),  # its own follow-ups
        )
    )
    ana, ben, cyd, dev = found.nodes
    assert [node.key for node in found.nodes] == ["ana", "ben", "cyd", "dev"]
    assert (ana.sent, ana.received, ana.destinations, ana.referrers, ana.strength, ana.months) == (12, 3, 2, 1, 15, 2)
    assert ana.reciprocity == 2 * 3 / 15
    assert ana.concentration == (9 / 12) ** 2 + (3 / 12) ** 2
    assert (dev.concentration, dev.received, cyd.concentration) == (None, 2, 1)
    assert ana.betweenness == 2 / 6  # ben to cyd and to dev, of the six ordered pairs without her
    assert cyd.betweenness == 2 / 6
    assert ben.betweenness == 0
    assert found.reciprocity == 6 / 17  # 3 there and 3 back, of all
    assert [(tie.source, tie.target, tie.n, tie.months) for tie in found.ties][:2] == [("ana", "ben", 9, 2), ("ana", "cyd", 3, 1)]
    assert ana.trend is None  # three months of data
    assert not found.is_sampled


def test_strong_ties_are_short():
    """Two ways from a to d: the strong one leads through b, though the weak one has as many steps."""
    found = measure(edges(("a", "b", "2026-01", 20), ("b", "d", "2026-01", 20), ("a", "c", "2026-01", 1), ("c", "d", "2026-01", 1)))
    between = {node.key: node.betweenness for node in found.nodes}
    assert between["b"] > 0 == between["c"]


def test_two_groups_are_two_communities_the_larger_first():
    rows = [(a, b, "2026-05-01", 9) for group in (range(6), range(6, 10)) for a in group for b in group if a != b]
    found = measure(edges(*rows, (0, 6, "2026-05-01", 1)))
    assert {node.key: node.community for node in found.nodes} == {key: int(key >= 6) for key in range(10)}
    assert found.communities == 2


def test_trend_is_the_last_three_months_over_the_twelve_before():
    rows = [("a", "b", month, 10) for month in MONTHS[:12]] + [("a", "b", month, 5) for month in MONTHS[12:]]
    found = measure(edges(*rows))
    assert found.ties[0].trend.value == 0.5
    assert found.ties[0].trend.high < 1
    assert found.nodes[0].trend == found.ties[0].trend
    assert found.nodes[0].months == 15


@st.composite
def some_edges(draw):
    key = st.integers(0, 9)
    return draw(st.lists(st.tuples(key, key, st.sampled_from(list(MONTHS)), st.integers(1, 9)), max_size=40))


@hypothesis_settings(max_examples=25, deadline=None)
@given(some_edges(), st.randoms())
def test_equal_to_a_recount_in_any_order(rows, random):
    found = measure(edges(*rows))
    n = defaultdict(int)
    for source, target, _, count in rows:
        n[source, target] += count if source != target else 0
    assert {(tie.source, tie.target): tie.n for tie in found.ties} == {pair: count for pair, count in n.items() if count}
    for node in found.nodes:
        out = [count for (source, _), count in n.items() if source == node.key and count]
        back = sum(min(n[node.key, other], n[other, node.key]) for other in range(10))
        assert node.sent == sum(out)
        assert node.received == sum(count for (_, target), count in n.items() if target == node.key)
        assert node.reciprocity == pytest.approx(2 * back / node.strength)
        assert node.concentration == (pytest.approx(sum(count**2 for count in out) / sum(out) ** 2) if out else None)
        assert node.months == len({month for source, target, month, _ in rows if node.key in (source, target) and source != target})
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert measure(edges(*shuffled)) == found


def many(rng, nodes=400, rows=6000):
    return pd.DataFrame(
        {
            "from": rng.integers(0, nodes, rows),
            "to": rng.zipf(1.5, rows).clip(1, nodes) - 1,
            "month": MONTHS[rng.integers(0, len(MONTHS), rows)],
            "n": 1,
        }
    )


def test_a_large_network_is_sampled_and_says_so(monkeypatch):
    rows = many(np.random.default_rng(2), nodes=150, rows=900)
    exact = measure(rows)
    monkeypatch.setattr("reports.network.WORK", 50_000)
    sampled = measure(rows)
    assert sampled.is_sampled
    assert sampled == measure(rows)
    assert not exact.is_sampled
    assert max(exact.nodes, key=lambda node: node.betweenness).key == max(sampled.nodes, key=lambda node: node.betweenness).key


def test_nothing_to_show():
    nothing = Network((), (), 0, 0.0, False)
    assert len(measure(edges(("a", "b", "2026-01-01", 4), ("a", None, "2026-01-01", 4))).nodes) == 2
    assert measure(edges()) == measure(edges(("a", "a", "2026-01-01", 4))) == nothing
