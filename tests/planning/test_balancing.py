"""Even work and short drives, against every possible division of small fields."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planning.balancing import SLACK, Area, balance, neighbors, pieces

small = st.lists(st.tuples(st.integers(0, 60), st.floats(41, 42), st.floats(-82, -81)), min_size=3, max_size=7)


def most_even(works: list[int], parts: int) -> int:
    """By trying every division in which no part is empty."""
    loads = [
        max(sum(work for work, at in zip(works, division, strict=True) if at == k) for k in range(parts))
        for division in product(range(parts), repeat=len(works))
        if len(set(division)) == parts
    ]
    return min(loads)


@settings(max_examples=25, deadline=None)
@given(small, st.integers(2, 3))
def test_no_division_is_more_even_than_the_slack_allows(rows, parts):
    areas = [Area(str(n), work, (y, x)) for n, (work, y, x) in enumerate(rows)]
    works = [area.work for area in areas]
    found = balance(areas, parts)
    best = most_even(works, parts)
    assert found.is_proven
    assert found.best == best
    assert max(found.loads) <= max(best, int(sum(works) / parts * (1 + SLACK)))
    assert sum(found.loads) == sum(works)
    assert set(found.part) == set(range(parts))
    assert balance(areas, parts) == found, "the same question has the same answer"


def grid(wide: int, high: int, work: int = 10) -> list[Area]:
    return [Area(f"{x}{y}", work, (41 + y / 20, -81 + x / 20)) for x in range(wide) for y in range(high)]


@pytest.mark.parametrize(("wide", "high", "parts"), [(6, 2, 2), (6, 4, 3), (8, 4, 4)])
def test_a_plain_field_falls_into_even_pieces_that_hang_together(wide, high, parts):
    areas = grid(wide, high)
    found = balance(areas, parts)
    assert found.spread <= SLACK
    assert [pieces(areas, found.part, k) for k in range(parts)] == [1] * parts


def test_areas_beside_each_other():
    areas = grid(2, 2)
    assert neighbors(areas) >= {(0, 1), (0, 2), (1, 3), (2, 3)}
    assert pieces(grid(4, 1), [0, 1, 0, 1], 0) == 2
