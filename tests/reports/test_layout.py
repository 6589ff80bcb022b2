"""The picture's places: nothing overlaps, nothing is left out, and the same network is the same picture."""

from math import hypot

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from reports.layout import LARGEST, SMALLEST, around, in_communities, radius

sizes = st.integers(1, 5000)


def apart(layout):
    spots = list(layout.spots.values())
    return all(hypot(a.x - b.x, a.y - b.y) >= a.r + b.r for place, a in enumerate(spots) for b in spots[place + 1 :])


def inside(layout):
    shapes = [*layout.spots.values(), *layout.discs.values()]
    return all(s.r <= s.x <= layout.width - s.r and s.r <= s.y <= layout.height - s.r for s in shapes)


@hypothesis_settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(sizes, st.integers(0, 6)), min_size=1, max_size=200))
def test_communities_lie_apart_and_hold_their_own(found):
    nodes = [(f"practice:{place}", n, community) for place, (n, community) in enumerate(found)]
    layout = in_communities(nodes)
    assert layout.spots.keys() == {key for key, *_ in nodes}
    assert apart(layout)
    assert inside(layout)
    discs = list(layout.discs.items())
    for place, (_, a) in enumerate(discs):
        assert all(hypot(a.x - b.x, a.y - b.y) >= a.r + b.r for _, b in discs[place + 1 :])
    for key, _, community in nodes:
        spot, disc = layout.spots[key], layout.discs[community]
        assert hypot(spot.x - disc.x, spot.y - disc.y) + spot.r <= disc.r + 0.3
    assert in_communities(list(reversed(nodes))) == layout


@hypothesis_settings(max_examples=40, deadline=None)
@given(st.lists(sizes, max_size=110), st.lists(sizes, max_size=110))
def test_neighbors_stand_at_their_side(left, right):
    senders = [(f"practice:{place}", n) for place, n in enumerate(sorted(left, reverse=True))]
    receivers = [(f"organization:{place}", n) for place, n in enumerate(sorted(right, reverse=True))]
    layout = around(("practice:center", 10), senders, receivers)
    center = layout.spots["practice:center"]
    assert len(layout.spots) == 1 + len(left) + len(right)
    assert all(layout.spots[key].x < center.x for key, _ in senders)
    assert all(layout.spots[key].x > center.x for key, _ in receivers)
    assert apart(layout)
    assert inside(layout)


def test_areas_are_in_proportion():
    assert radius(0, 100) == SMALLEST
    assert radius(100, 100) == LARGEST
    assert radius(25, 100) - SMALLEST == pytest.approx((LARGEST - SMALLEST) / 2)
    assert radius(0, 0) == SMALLEST
    assert in_communities([]).spots == {}
