"""Which county a ZIP code lies in, and where, from the `zipcodes` package's own table: no network, one look-up in a dict."""

from collections.abc import Mapping
from functools import cache, lru_cache
from math import asin, cos, radians, sin, sqrt
from types import MappingProxyType

import zipcodes


def county_of(zip_: str) -> str:
    """The county as rules name it ("CT/Hartford"), blank for a ZIP that is unknown or lies in none."""
    return _county_of_zip().get(zip_, "")


def city_of(zip_: str) -> str:
    """The place that the postal service names first for a ZIP, blank for one that is unknown."""
    return _city_of_zip().get(zip_, "")


# FIPS codes of the states, by which their maps are filed
STATES = {
    "AL": "01", "AK": "02", "AZ": "04", "AR": "05", "CA": "06", "CO": "08", "CT": "09", "DE": "10", "DC": "11", "FL": "12", "GA": "13",
    "HI": "15", "ID": "16", "IL": "17", "IN": "18", "IA": "19", "KS": "20", "KY": "21", "LA": "22", "ME": "23", "MD": "24", "MA": "25",
    "MI": "26", "MN": "27", "MS": "28", "MO": "29", "MT": "30", "NE": "31", "NV": "32", "NH": "33", "NJ": "34", "NM": "35", "NY": "36",
    "NC": "37", "ND": "38", "OH": "39", "OK": "40", "OR": "41", "PA": "42", "RI": "44", "SC": "45", "SD": "46", "TN": "47", "TX": "48",
    "UT": "49", "VT": "50", "VA": "51", "WA": "53", "WV": "54", "WI": "55", "WY": "56",
}  # fmt: skip
EARTH_RADIUS = 3958.7613  # miles, mean


@lru_cache(maxsize=1 << 16)
def miles_between(one: str, other: str) -> float | None:
    """As the crow flies between the middles of two ZIP codes; None where one is unknown, or has no middle."""
    from_, to = _center_of_zip().get(one), _center_of_zip().get(other)
    if from_ is None or to is None:
        return None
    return miles_apart(from_, to)


def miles_apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    """As the crow flies between two points in degrees: haversine."""
    north, south = radians(one[0]), radians(other[0])
    half = sin((south - north) / 2) ** 2 + cos(north) * cos(south) * sin(radians(other[1] - one[1]) / 2) ** 2
    return 2 * EARTH_RADIUS * asin(min(1.0, sqrt(half)))


def center_of(zip_: str) -> tuple[float, float] | None:
    """The middle of a ZIP code: latitude, longitude in degrees; None where it is unknown."""
    return _center_of_zip().get(zip_)


@lru_cache(maxsize=256)
def centers_near(points: frozenset[tuple[float, float]], miles: float) -> tuple[tuple[str, tuple[float, float]], ...]:
    """ZIP codes of which the middle lies within so many miles of one of the points, the nearest first."""
    rows = miles / 69  # miles of a degree of latitude
    near: dict[str, tuple[float, str, tuple[float, float]]] = {}
    for point in points:
        columns = rows / max(0.1, cos(radians(abs(point[0]) + rows)))
        for zip_, place in _center_of_zip().items():
            if abs(place[0] - point[0]) > rows or abs(place[1] - point[1]) > columns:
                continue  # a box around the circle: most of the country is never measured
            far = miles_apart(place, point)
            if far <= miles and (zip_ not in near or far < near[zip_][0]):
                near[zip_] = (far, zip_, place)
    return tuple((zip_, place) for _, zip_, place in sorted(near.values()))


def has_center(zip_: str) -> bool:
    """Whether it is known where the ZIP code lies."""
    return zip_ in _center_of_zip()


def is_zip(zip_: str) -> bool:
    """Five digits that the postal service hands out, or did."""
    return zip_ in _county_of_zip()


def counties_by_state() -> Mapping[str, tuple[str, ...]]:
    """Every county, by the two letters of its state: {"CT": ("CT/Fairfield", "CT/Hartford", …)}."""
    return _counties_by_state()


def county_named(text: str) -> str:
    """The county as rules spell it, from a text that may differ in case or end in "County"; blank when there is none."""
    state, _, name = text.partition("/")
    return _spelling().get(_key(state.strip(), name.strip()), "")


def zips_of(county: str) -> frozenset[str]:
    """The ZIP codes of a county."""
    return _zips_of_county().get(county, frozenset())


def _key(state: str, name: str) -> tuple[str, str]:
    return state.upper(), name.casefold().removesuffix(" county")


@cache
def _spelling() -> dict[tuple[str, str], str]:
    """The table writes some counties in two ways ("Mclean", "McLean"): the one with more capitals is taken."""
    best: dict[tuple[str, str], str] = {}
    for row in zipcodes.list_all():
        state, name = row["state"], row["county"].removesuffix(" County")
        known = best.get(_key(state, name), "")
        if name and sum(map(str.isupper, name)) > sum(map(str.isupper, known.partition("/")[2])):
            best[_key(state, name)] = f"{state}/{name}"
    return best


@cache
def _county_of_zip() -> dict[str, str]:
    spelling = _spelling()
    return {row["zip_code"]: spelling.get(_key(row["state"], row["county"]), "") for row in zipcodes.list_all()}


@cache
def _center_of_zip() -> dict[str, tuple[float, float]]:
    """Military ones lie nowhere: the table has them at 0, 0."""
    places = ((row["zip_code"], (float(row["lat"] or 0), float(row["long"] or 0))) for row in zipcodes.list_all())
    return {zip_: place for zip_, place in places if place != (0, 0)}


@cache
def _city_of_zip() -> dict[str, str]:
    return {row["zip_code"]: row["city"] for row in zipcodes.list_all()}


@cache
def _zips_of_county() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for zip_, county in _county_of_zip().items():
        found.setdefault(county, set()).add(zip_)
    return {county: frozenset(zips) for county, zips in found.items()}


@cache
def _counties_by_state() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for county in sorted(_spelling().values()):
        found.setdefault(county.partition("/")[0], []).append(county)
    return MappingProxyType({state: tuple(found[state]) for state in sorted(found)})
