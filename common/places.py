"""Which county a ZIP code lies in, from the `zipcodes` package's own table: no network, one look-up in a dict."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import zipcodes


def county_of(zip_: str) -> str:
    """The county as rules name it ("CT/Hartford"), blank for a ZIP that is unknown or lies in none."""
    return _county_of_zip().get(zip_, "")


def city_of(zip_: str) -> str:
    """The place that the postal service names first for a ZIP, blank for one that is unknown."""
    return _city_of_zip().get(zip_, "")


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
