"""How long a drive takes, as an estimate: miles as the crow flies, more of them by road, at a usual speed (METHODS section 6).

A place is a text, "latitude,longitude" in degrees: a pin on the map, else the middle of a ZIP code; blank where nobody knows.
"""

from collections.abc import Callable
from functools import lru_cache
from math import asin, ceil, cos, radians, sin, sqrt

from common.places import EARTH_RADIUS, center_of
from contacts.models import Practice
from contacts.visiting import point_of
from visits.models import FieldRules, WorkingHours

LEAST = 5  # minutes: parking and the way to the door, also within one ZIP code
Drive = Callable[[str, str], int | None]


def place_of(practice: Practice) -> str:
    """Reads `practice.map_pin`."""
    point = point_of(practice)
    return _place(point.latitude, point.longitude) if point else ""


def start_of(hours: WorkingHours) -> str:
    """Where the person's days begin and end, blank where they did not say."""
    point = start_point(hours)
    return _place(*point) if point else ""


def start_point(hours: WorkingHours) -> tuple[float, float] | None:
    """Latitude and longitude of it: the exact point, else the middle of the ZIP code."""
    if hours.latitude is not None and hours.longitude is not None:
        return hours.latitude, hours.longitude
    return center_of(hours.start_zip)


def _place(latitude: float, longitude: float) -> str:
    return f"{latitude:.5f},{longitude:.5f}"


def roads() -> Drive:
    """Minutes between two places by the organization's field rules; None where one of them lies nowhere that is known."""
    rules = FieldRules.current()
    circuity, speed = rules.circuity, rules.speed_mph

    def drive(one: str, other: str) -> int | None:
        if not one or not other:
            return None
        return max(LEAST, ceil(miles(one, other) * circuity / speed * 60))

    return drive


@lru_cache(maxsize=1 << 17)
def miles(one: str, other: str) -> float:
    """Between two places as the crow flies: haversine."""
    (north, west), (south, east) = (tuple(map(float, place.split(","))) for place in (one, other))
    half = sin(radians(south - north) / 2) ** 2 + cos(radians(north)) * cos(radians(south)) * sin(radians(east - west) / 2) ** 2
    return 2 * EARTH_RADIUS * asin(min(1.0, sqrt(half)))
