"""Counties as shapes, and where a ZIP code lies among them. Pure but for the shapes' files, which static_src/build.mjs makes.

Everything is in Albers' equal-area projection as us-atlas draws the country (d3's geoAlbersUsa at scale 1300, moved to 487.5, 305, Alaska
and Hawaii in corners of their own), in steps of a twentieth of its unit.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import cos, radians, sin, sqrt
from pathlib import Path
from typing import Any

import zipcodes
from django.conf import settings

from common.places import STATES

SCALE, MIDDLE, STEPS = 1300.0, (487.5, 305.0), 20
FIRST_CITY = 510  # Virginia's independent cities, Baltimore, St. Louis: their codes begin here


@dataclass(frozen=True)
class Shape:
    """A county: its FIPS code, its name, its outlines, the box around it (left, top, right, bottom), and the middle of its largest part.

    An outline is a place and then the ways from point to point.
    """

    fips: str
    name: str
    rings: tuple[tuple[int, ...], ...]
    box: tuple[int, int, int, int]
    middle: tuple[int, int]

    def touches(self, frame: tuple[float, float, float, float]) -> bool:
        left, top, right, bottom = frame
        return self.box[0] < right and self.box[2] > left and self.box[1] < bottom and self.box[3] > top

    def path(self, left: float, top: float, step: float) -> str:
        """As an SVG path whose origin is (left, top) and whose unit is `step`; points that fall together are one: a far view is small."""
        parts = []
        for ring in self.rings:
            x, y = ring[0], ring[1]
            at = (round((x - left) / step), round((y - top) / step))
            moves = []
            start = at
            for place in range(2, len(ring), 2):
                x, y = x + ring[place], y + ring[place + 1]
                to = (round((x - left) / step), round((y - top) / step))
                if to != at:
                    moves.append(f"{to[0] - at[0]} {to[1] - at[1]}")
                    at = to
            if len(moves) > 1:
                parts.append(f"M{start[0]} {start[1]}l{' '.join(moves)}z")
        return "".join(parts)


def shape_of(county: str) -> Shape | None:
    """The shape of a county as rules name it ("CT/Hartford"); None where the map does not know it."""
    state, _, name = county.partition("/")
    fips = _by_name(state).get(_plain(name)) if state in STATES else None
    return _shapes(state)[fips] if fips else None


def shapes_of(state: str) -> Mapping[str, Shape]:
    """Every county of a state ("CT"), by its code."""
    return _shapes(state) if state in STATES else {}


@cache
def _shapes(state: str) -> dict[str, Shape]:
    file: Path = settings.BASE_DIR / "static" / "vendor" / "county_paths" / f"{STATES[state]}.json"
    stored: dict[str, Any] = json.loads(file.read_text())
    return {
        fips: Shape(fips, found["name"], tuple(map(tuple, found["rings"])), tuple(found["box"]), tuple(found["middle"]))
        for fips, found in stored.items()
    }


@cache
def _by_name(state: str) -> dict[str, str]:
    """Postal names → codes: a city that is its own county may be called like one."""
    names: dict[str, str] = {}
    for fips, shape in sorted(_shapes(state).items()):
        is_city = int(fips[2:]) >= FIRST_CITY and state in {"VA", "MD", "MO"}
        name = _plain(shape.name)
        names[f"{name}city" if is_city and not name.endswith("city") else name] = fips
    for name in list(names):
        names.setdefault(name.removesuffix("city"), names[name])
    return names


def _plain(name: str) -> str:
    """As postal tables and maps agree: no blanks, dots or accents, "saint" short, without what kind of county it is."""
    text = name.casefold().translate(_ACCENTS)
    for kind in ("city and borough of ", "municipality of "):
        text = text.removeprefix(kind)
    for kind in (" city and borough", " county", " parish", " borough", " census area", " municipality"):
        text = text.removesuffix(kind)
    text = text.replace("saint ", "st ").replace("sainte ", "ste ")
    return "".join(letter for letter in text if letter.isalnum())


_ACCENTS = str.maketrans("áéíóúüñ", "aeiouun")


@cache
def zip_point(zip_: str) -> tuple[float, float] | None:
    """The middle of a ZIP code on the map: about where its practices are. None for a ZIP without a place, or outside the map."""
    found = zipcodes.matching(zip_) if zip_.isdigit() and len(zip_) == 5 else []
    if not found or found[0]["state"] not in STATES or not found[0]["lat"]:
        return None
    return project(float(found[0]["long"]), float(found[0]["lat"]), found[0]["state"])


def project(longitude: float, latitude: float, state: str = "") -> tuple[float, float]:
    """A place on the map. Alaska and Hawaii lie in their own corners, as d3-geo's albersUsa has them."""
    x, y = MIDDLE
    if state == "AK":
        place = _albers(longitude, latitude, 154, (-2, 58.5), (55, 65), SCALE * 0.35, (x - 0.307 * SCALE, y + 0.201 * SCALE))
    elif state == "HI":
        place = _albers(longitude, latitude, 157, (-3, 19.9), (8, 18), SCALE, (x - 0.205 * SCALE, y + 0.212 * SCALE))
    else:
        place = _albers(longitude, latitude, 96, (-0.6, 38.7), (29.5, 45.5), SCALE, (x, y))
    return place[0] * STEPS, place[1] * STEPS


def _albers(
    longitude: float,
    latitude: float,
    turn: float,
    center: tuple[float, float],
    parallels: tuple[float, float],
    scale: float,
    moved: tuple[float, float],
) -> tuple[float, float]:
    """Albers' conic with two standard parallels (Snyder 1987, USGS Professional Paper 1395, equations 14-1 to 14-6)."""
    first, second = (sin(radians(parallel)) for parallel in parallels)
    n = (first + second) / 2
    c = 1 + first * (2 * n - first)

    def raw(x: float, y: float) -> tuple[float, float]:
        rho = sqrt(c - 2 * n * sin(y)) / n
        return rho * sin(n * x), sqrt(c) / n - rho * cos(n * x)

    degrees = (longitude + turn + 180) % 360 - 180
    x, y = raw(radians(degrees), radians(latitude))
    center_x, center_y = raw(radians(center[0]), radians(center[1]))
    return moved[0] + scale * (x - center_x), moved[1] - scale * (y - center_y)
