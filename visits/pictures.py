"""A day's route as a drawing of the server: for paper, where a map of the browser is cut off, and for pages without JavaScript."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from math import cos, radians
from typing import Any

from django.conf import settings

from common.places import STATES

WIDTH, HEIGHT, MARGIN = 720, 480, 48  # of the drawing, in its own units
LEAST_DEGREES = 0.05  # a day in one street is still drawn with the county around it


@dataclass(frozen=True)
class Mark:
    """A place of the drawing: where, and the number or letter in it."""

    x: float
    y: float
    text: str
    is_end: bool = False


@dataclass(frozen=True)
class Picture:
    """County borders, the way, and numbered places."""

    borders: tuple[str, ...]
    way: str
    marks: tuple[Mark, ...]
    width: int = WIDTH
    height: int = HEIGHT


def draw(start: tuple[float, float], stops: Sequence[tuple[float, float]], end: tuple[float, float], states: Iterable[str] = ()) -> Picture:
    """The way from the start through the stops to the end (latitude, longitude in degrees) above the borders of the states' counties."""
    points = [start, *stops, end]
    project, frame = _frame(points)
    way = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(project, points))
    told = [("A", start, True), *([("B", end, True)] if end != start else [])]
    told += [(str(turn), point, False) for turn, point in enumerate(stops, start=1)]
    marks = [Mark(x=project(point)[0], y=project(point)[1], text=text, is_end=is_end) for text, point, is_end in told]
    borders = (border for state in sorted(set(states)) for border in _borders(state))
    return Picture(tuple(_path(border, project) for border in borders if _touches(border, frame)), way, tuple(marks))


def _frame(points: Sequence[tuple[float, float]]) -> tuple[Any, tuple[float, float, float, float]]:
    """How degrees become units, so that every point is inside: degrees of longitude are as wide as they are at the middle."""
    south, north = min(lat for lat, _ in points), max(lat for lat, _ in points)
    west, east = min(lon for _, lon in points), max(lon for _, lon in points)
    middle, center = (south + north) / 2, (west + east) / 2
    narrow = cos(radians(middle))
    wide, high = max((east - west) * narrow, LEAST_DEGREES), max(north - south, LEAST_DEGREES)
    scale = min((WIDTH - 2 * MARGIN) / wide, (HEIGHT - 2 * MARGIN) / high)

    def project(point: tuple[float, float]) -> tuple[float, float]:
        return WIDTH / 2 + (point[1] - center) * narrow * scale, HEIGHT / 2 - (point[0] - middle) * scale

    across, up = WIDTH / 2 / scale / narrow, HEIGHT / 2 / scale
    return project, (center - across, middle - up, center + across, middle + up)


def _touches(border: Sequence[tuple[float, float]], frame: tuple[float, float, float, float]) -> bool:
    west, south, east, north = frame
    lats, lons = [lat for lat, _ in border], [lon for _, lon in border]
    return min(lons) <= east and max(lons) >= west and min(lats) <= north and max(lats) >= south


def _path(border: Sequence[tuple[float, float]], project: Any) -> str:
    return " ".join(f"{x:.0f},{y:.0f}" for x, y in map(project, border))


@cache
def _borders(state: str) -> tuple[tuple[tuple[float, float], ...], ...]:
    """The lines between counties of a state ("OH"): the arcs of its topology, which are deltas in whole steps."""
    code = STATES.get(state)
    file = settings.BASE_DIR / "static" / "vendor" / "counties" / f"{code}.json"
    if code is None or not file.is_file():
        return ()
    topology = json.loads(file.read_text())
    (wide, high), (left, bottom) = topology["transform"]["scale"], topology["transform"]["translate"]
    lines = []
    for arc in topology["arcs"]:
        x = y = 0
        line = []
        for across, up in arc:
            x, y = x + across, y + up
            line.append((y * high + bottom, x * wide + left))
        lines.append(tuple(line))
    return tuple(lines)
