"""Outlines of ZIP code areas from a GeoJSON file, as the Census Bureau's ZCTAs come from any map program. Pure; one feature at a time.

A file is a FeatureCollection of polygons in degrees (RFC 7946). A nation's worth is near a gigabyte: it is never in memory as a whole.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from common.exceptions import InputError
from reports.geography import project

# The Census Bureau's names of the column, newest first, and those that map programs and cities give it.
ZIP_COLUMNS = (
    "ZCTA5CE20",
    "ZCTA5CE10",
    "ZCTA5CE00",
    "ZCTA5CE",
    "ZCTA5",
    "ZCTA",
    "GEOID20",
    "GEOID10",
    "GEOID",
    "ZIP_CODE",
    "ZIPCODE",
    "ZIP",
    "POSTALCODE",
)
FINE = 16  # steps of an outline in one of the map's: about 15 meters
TOLERANCE = 2.0  # fine steps by which a simplified border may leave the true one
SMALLEST = 60.0  # fine steps squared: smaller islands and holes are left out, but never the largest part
MOST_AREAS = 45_000  # the country has about 33,800
MOST_POINTS = 400_000  # of one area; the largest of the country has about 60,000
MOST_BYTES = 64 << 20  # of one feature as text
CHUNK = 1 << 18
MOST_BAD = 20  # features that cannot be read, after which the file is not what it says

_FEATURES = re.compile(r'"features"\s*:\s*\[')
Ring = list[tuple[int, int]]


@dataclass(frozen=True)
class Outline:
    """One ZIP code's area in fine steps: rings of points, the box around them, and the middle of the largest part."""

    zip: str
    rings: Sequence[Ring]
    box: tuple[int, int, int, int]
    middle: tuple[int, int]

    @property
    def points(self) -> int:
        return sum(map(len, self.rings))


@dataclass
class Tally:
    """What a file held: areas kept, those outside the map, those that cannot be read with the first reasons."""

    kept: int = 0
    outside: int = 0
    bad: int = 0
    points: int = 0
    reasons: list[str] | None = None

    def tell(self, reason: str) -> None:
        self.bad += 1
        self.reasons = [*(self.reasons or []), reason][:5]


def outlines(file: BinaryIO, tally: Tally) -> Iterator[Outline]:
    """Every ZIP code area of the file, simplified; counts go to `tally`. A file that is none ends in an InputError."""
    seen: set[str] = set()
    for number, feature in enumerate(features(file), start=1):
        if number > MOST_AREAS:
            raise InputError(f"The file has more than {MOST_AREAS:,} features. The whole country has fewer ZIP codes.")
        try:
            found = outline_of(feature)
        except _Bad as bad:
            tally.tell(f"Feature {number}: {bad}")
            if tally.bad > MOST_BAD and tally.bad > tally.kept:
                raise InputError(f"This does not look like a map of ZIP codes. {' '.join(tally.reasons or [])}") from None
            continue
        if found is None:
            tally.outside += 1
        elif found.zip in seen:
            tally.tell(f"Feature {number}: ZIP {found.zip} comes a second time.")
        else:
            seen.add(found.zip)
            tally.kept += 1
            tally.points += found.points
            yield found
    if not tally.kept:
        why = " ".join(tally.reasons or []) or ("All of it lies outside the map." if tally.outside else "It has no features.")
        raise InputError(f"No ZIP code area was found in the file. {why}")


class _Bad(Exception):
    """Why one feature cannot be used."""


def features(file: BinaryIO) -> Iterator[Any]:
    """The members of "features" one after the other, whatever else the file holds."""
    text = _Text(file)
    if text.start().lstrip("\ufeff \t\r\n")[:1] != "{":
        raise InputError("This is not a GeoJSON file: it does not begin with {. A shapefile has to be exported as GeoJSON first.")
    if not text.skip_to(_FEATURES):
        raise InputError('This is not a GeoJSON FeatureCollection: it has no list called "features".')
    while (found := text.member()) is not None:
        yield found[0]


class _Text:
    """A window on the file's text, read on as far as one member needs."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.window, self.is_over, self.left = file, "", False, b""
        self.decoder = json.JSONDecoder(parse_constant=_no_constant)

    def start(self) -> str:
        self._read()
        return self.window

    def skip_to(self, pattern: re.Pattern[str]) -> bool:
        while not (found := pattern.search(self.window)):
            if self.is_over:
                return False
            self.window = self.window[-64:]
            self._read()
        self.window = self.window[found.end() :]
        return True

    def member(self) -> tuple[Any] | None:
        """The next member of the list; None at its end."""
        size = CHUNK
        while True:
            self.window = self.window.lstrip(" \t\r\n,")
            if self.window[:1] == "]":
                return None
            try:
                value, end = self.decoder.raw_decode(self.window)
            except RecursionError:
                raise InputError("The file is nested deeper than any map is. It was not read.") from None
            except ValueError:
                if self.is_over:
                    raise InputError("The file ends in the middle, or is no valid JSON. Nothing was kept.") from None
                if len(self.window) > MOST_BYTES:
                    raise InputError(f"One feature of the file is larger than {MOST_BYTES >> 20} MB, or is no valid JSON.") from None
                self._read(size)
                size *= 2  # so that a large feature is not tried a thousand times
                continue
            self.window = self.window[end:]
            return (value,)

    def _read(self, size: int = CHUNK) -> None:
        data = self.left + (piece := self.file.read(size))
        self.is_over = not piece
        cut = len(data) if self.is_over else len(data) - _broken_tail(data)
        try:
            self.window += data[:cut].decode("utf-8")
        except UnicodeDecodeError:
            raise InputError("The file is not UTF-8 text, which GeoJSON is. Export it again as GeoJSON.") from None
        self.left = data[cut:]


def _broken_tail(data: bytes) -> int:
    """Bytes at the end that begin a character whose rest is not read yet."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte >= 0xC0:
            return back if back < (2 if byte < 0xE0 else 3 if byte < 0xF0 else 4) else 0
        if byte < 0x80:
            return 0
    return 0


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def outline_of(feature: Any) -> Outline | None:
    """The outline of one feature; None for one outside the map (Puerto Rico, the Pacific islands)."""
    if not isinstance(feature, Mapping):
        raise _Bad("it is no feature.")
    zip_ = _zip_of(feature.get("properties"))
    polygons = _polygons(feature.get("geometry"))
    corner = _state_of(polygons[0][0][0])
    if corner is None:
        return None
    rings: list[tuple[float, Ring]] = []
    for polygon in polygons:
        for place, ring in enumerate(polygon):
            drawn = _simple([_on_map(point, corner) for point in ring])
            area = _area(drawn)
            if len(drawn) >= 3 and area:
                is_hole = place > 0
                rings.append((abs(area) * (-1 if is_hole else 1), drawn if (area > 0) != is_hole else drawn[::-1]))
    outer = [entry for entry in rings if entry[0] > 0]
    if not outer:
        raise _Bad(f"ZIP {zip_} has no area that could be drawn.")
    largest = max(outer)
    kept = [ring for area, ring in rings if abs(area) >= SMALLEST or ring is largest[1]]
    xs, ys = zip(*(point for ring in kept for point in ring), strict=True)
    return Outline(zip_, kept, (min(xs), min(ys), max(xs), max(ys)), middle_of(largest[1]))


def _zip_of(properties: Any) -> str:
    if not isinstance(properties, Mapping):
        raise _Bad("it has no properties, so no ZIP code.")
    known = {str(key).upper(): value for key, value in properties.items()}
    for name in ZIP_COLUMNS:
        value = known.get(name)
        text = (
            f"{value:05d}" if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 100_000 else str(value or "").strip()
        )
        if len(text) == 5 and text.isascii() and text.isdigit():
            return text
    raise _Bad(f"none of its columns holds a ZIP code of five digits (looked for {ZIP_COLUMNS[0]} and the like).")


def _polygons(geometry: Any) -> list[list[list[tuple[float, float]]]]:
    """Polygons, each its outer ring and then its holes, as checked degrees: longitude, latitude."""
    if not isinstance(geometry, Mapping) or geometry.get("type") not in {"Polygon", "MultiPolygon"}:
        raise _Bad("it is no polygon.")
    shape = geometry.get("coordinates")
    found: list[list[list[tuple[float, float]]]] = []
    count = 0
    if not isinstance(shape, list):
        raise _Bad("its coordinates cannot be read.")
    try:
        for polygon in [shape] if geometry["type"] == "Polygon" else shape:
            rings = []
            for ring in polygon:
                count += len(ring)
                if count > MOST_POINTS:
                    raise _Bad(f"it has more than {MOST_POINTS:,} points.")
                rings.append([(float(point[0]), float(point[1])) for point in ring])
            if rings:
                found.append(rings)
    except (TypeError, ValueError, IndexError, KeyError, OverflowError):
        raise _Bad("its coordinates cannot be read.") from None
    if not found or not found[0] or not found[0][0]:
        raise _Bad("it has no points.")
    for polygon in found:
        for ring in polygon:
            for longitude, latitude in ring:
                if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):  # also what is no number
                    raise _Bad("its coordinates are no degrees of longitude and latitude. Export it in WGS 84 (EPSG:4326).")
    return found


def _state_of(point: tuple[float, float]) -> str | None:
    """In which part of the map a place is drawn: "AK", "HI", "" for the rest; None outside."""
    longitude, latitude = point
    if latitude > 50 and (longitude < -129 or longitude > 170):
        return "AK"
    if 18 < latitude < 23.5 and -161 < longitude < -154:
        return "HI"
    return "" if 24 < latitude < 50 and -126 < longitude < -66 else None


def _on_map(point: tuple[float, float], corner: str) -> tuple[float, float]:
    x, y = project(point[0], point[1], corner)
    return x * FINE, y * FINE


def _simple(points: Sequence[tuple[float, float]]) -> Ring:
    """Fewer points, none of the left-out ones farther than the tolerance from the line (Douglas and Peucker 1973); an open ring."""
    ring = [point for place, point in enumerate(points) if place == 0 or point != points[place - 1]]
    if len(ring) > 1 and ring[0] == ring[-1]:
        ring.pop()
    if len(ring) < 3:
        return [(round(x), round(y)) for x, y in ring]
    far = max(range(len(ring)), key=lambda place: math.dist(ring[0], ring[place]))
    halves = [_line(ring[: far + 1]), _line([*ring[far:], ring[0]])]
    drawn: Ring = []
    for x, y in [*halves[0][:-1], *halves[1][:-1]]:
        at = (round(x), round(y))
        if not drawn or drawn[-1] != at:
            drawn.append(at)
    return drawn[:-1] if len(drawn) > 1 and drawn[0] == drawn[-1] else drawn


def _line(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    keep, waiting = {0, len(points) - 1}, [(0, len(points) - 1)]
    while waiting:
        first, last = waiting.pop()
        (x1, y1), (x2, y2) = points[first], points[last]
        dx, dy = x2 - x1, y2 - y1
        length = math.hypot(dx, dy)
        most, at = TOLERANCE, 0
        for place in range(first + 1, last):
            x, y = points[place]
            away = abs(dx * (y - y1) - dy * (x - x1)) / length if length else math.hypot(x - x1, y - y1)
            if away > most:
                most, at = away, place
        if at:
            keep.add(at)
            waiting += [(first, at), (at, last)]
    return [points[place] for place in sorted(keep)]


def _area(ring: Sequence[tuple[int, int]]) -> float:
    """Signed, by the shoelace formula."""
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True)) / 2 if len(ring) > 2 else 0.0


def middle_of(ring: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The center of gravity where it lies inside, else the middle of the widest stretch at its height."""
    area = _area(ring)
    pairs = list(zip(ring, [*ring[1:], ring[0]], strict=True))
    x = sum((x1 + x2) * (x1 * y2 - x2 * y1) for (x1, y1), (x2, y2) in pairs) / (6 * area)
    y = sum((y1 + y2) * (x1 * y2 - x2 * y1) for (x1, y1), (x2, y2) in pairs) / (6 * area)
    crossings = sorted(x1 + (y - y1) * (x2 - x1) / (y2 - y1) for (x1, y1), (x2, y2) in pairs if (y1 <= y) != (y2 <= y))
    stretches = list(zip(crossings[::2], crossings[1::2], strict=False))
    if any(left <= x <= right for left, right in stretches) or not stretches:
        return round(x), round(y)
    left, right = max(stretches, key=lambda stretch: stretch[1] - stretch[0])
    return round((left + right) / 2), round(y)
