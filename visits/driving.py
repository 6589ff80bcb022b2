"""How long a drive takes, as an estimate: miles as the crow flies, more of them by road, at a usual speed (METHODS section 6).

Between the middles of ZIP codes; None where it is not known where one of the two lies. Pure.
"""

from math import ceil

from common.places import miles_between

CIRCUITY = 1.3  # miles of road for a mile as the crow flies
MILES_AN_HOUR = 30
LEAST = 5  # minutes: parking and the way to the door, also within one ZIP code


def minutes_between(one: str, other: str) -> int | None:
    """Minutes of driving between two ZIP codes."""
    miles = miles_between(one, other)
    return None if miles is None else max(LEAST, ceil(miles * CIRCUITY / MILES_AN_HOUR * 60))
