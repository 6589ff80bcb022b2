"""A sheet to draw on: SVG for paper, made of plain shapes. Every text is escaped; nothing of a spec reaches the markup as markup."""

import math
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from common.templatetags.prm import DASH, number, percent

FONT = "Libertinus Serif"  # comes with typst
# The light palette of static/css/app.css; a test holds them together.
TONES = {
    "ink": "#17212e", "soft": "#52606f", "line": "#dfe4ea", "line-strong": "#7b8794", "surface": "#ffffff", "accent": "#0b5c9e",
    "good": "#12693a", "bad": "#b3261e", "warn": "#855300", "neutral": "#52606f",
    "inbound": "#0f766e", "internal": "#2563b0", "outbound": "#c2530a", "undetermined": "#7b8794", "outside": "#a3adb8",
    "c1": "#2563b0", "c2": "#0f766e", "c3": "#c2530a", "c4": "#7e4fb5", "c5": "#a8346c", "c6": "#6b7a1c", "c7": "#7b8794",
}  # fmt: skip
# Beside color, a dash for each further line: gray print tells them apart.
DASHES = ("", "7 3", "2 3", "9 3 2 3", "5 2", "1 2", "12 4")
WIDTH = 680.0
SMALL, SIZE = 10.0, 11.0


def color(tone: str | None, place: int = 0) -> str:
    return TONES.get(tone or f"c{place % 7 + 1}", TONES["c1"])


def width_of(text: str, size: float = SIZE) -> float:
    """About how wide a text is: an average letter of the font is a little under half its size."""
    return len(text) * size * 0.47


def cut(text: str, width: float, size: float = SIZE) -> str:
    """The text, or its beginning with dots, so that it fits."""
    if width_of(text, size) <= width:
        return text
    return text[: max(1, int(width / (size * 0.47)) - 1)].rstrip() + "…"


def told(value: float | None, unit: str) -> str:
    """A number as an axis or a bar says it."""
    if value is None:
        return DASH
    if unit == "percent":
        return percent(value, 0 if abs(value * 100 - round(value * 100)) < 1e-9 else 1)
    return number(value, 0 if float(value).is_integer() else 1)


class Canvas:
    """Shapes in order, and the sheet around them."""

    def __init__(self, height: float, width: float = WIDTH) -> None:
        self.width, self.height = width, height
        self._shapes: list[str] = []

    def rect(self, x: float, y: float, width: float, height: float, fill: str, *, opacity: float = 1, round: float = 0) -> None:
        shade = f' fill-opacity="{opacity}"' if opacity < 1 else ""
        corner = f' rx="{round}"' if round else ""
        box = f'x="{x:.1f}" y="{y:.1f}" width="{max(0, width):.1f}" height="{max(0, height):.1f}"'
        self._shapes.append(f"<rect {box} fill={quoteattr(fill)}{shade}{corner}/>")

    def line(self, x1: float, y1: float, x2: float, y2: float, stroke: str, *, width: float = 1, dash: str = "") -> None:
        self.path(f"M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}", stroke=stroke, width=width, dash=dash)

    def path(self, d: str, *, stroke: str = "none", width: float = 1, dash: str = "", fill: str = "none", opacity: float = 1) -> None:
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        shade = f' fill-opacity="{opacity}"' if opacity < 1 else ""
        pen = f'stroke={quoteattr(stroke)} stroke-width="{width}" stroke-linejoin="round"'
        self._shapes.append(f'<path d="{d}" fill={quoteattr(fill)} {pen}{dashes}{shade}/>')

    def dot(self, x: float, y: float, fill: str, *, radius: float = 2.6, stroke: str = "none") -> None:
        self._shapes.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill={quoteattr(fill)} stroke={quoteattr(stroke)}/>')

    def text(self, x: float, y: float, text: str, *, anchor: str = "start", size: float = SIZE, fill: str = "", bold: bool = False) -> None:
        weight = ' font-weight="700"' if bold else ""
        self._shapes.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-family="{FONT}" font-size="{size}" text-anchor="{anchor}"{weight} '
            f"fill={quoteattr(fill or TONES['ink'])}>{escape(text)}</text>"
        )

    def hatch(self, x: float, y: float, width: float, height: float) -> None:
        """Slanting lines within a box: what is not complete yet. Drawn line by line: patterns are not sure to print."""
        step, stroke = 7.0, TONES["line-strong"]
        parts = []
        offset = -height + step / 2
        while offset < width:
            left, right = max(0.0, offset), min(width, offset + height)
            if right > left:
                parts.append(f"M{x + left:.1f} {y + height - (left - offset):.1f}L{x + right:.1f} {y + height - (right - offset):.1f}")
            offset += step
        if parts:
            self._shapes.append(f'<path d="{"".join(parts)}" stroke="{stroke}" stroke-opacity="0.5" stroke-width="0.6" fill="none"/>')

    def legend(self, items: Sequence[tuple[str, str, str, str]], *, y: float = 12) -> float:
        """(name, color, mark, dash), mark "line", "box" or "band", in as many rows as they need; returns where the drawing may begin."""
        x = 0.0
        for name, fill, mark, dash in items:
            needed = 26 + width_of(name, SIZE) + 14
            if x and x + needed > self.width:
                x, y = 0.0, y + 17
            if mark == "line":
                self.line(x, y - 4, x + 20, y - 4, fill, width=2, dash=dash)
            else:
                self.rect(x + 4, y - 9, 12, 10, fill, opacity=0.25 if mark == "band" else 1, round=1.5)
            self.text(x + 25, y, name)
            x += needed
        return y + 14 if items else 6

    def svg(self) -> str:
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width:.0f}" height="{self.height:.0f}" '
            f'viewBox="0 0 {self.width:.0f} {self.height:.0f}">{"".join(self._shapes)}</svg>'
        )


def ticks(low: float, high: float, unit: str = "count", most: int = 5) -> list[float]:
    """Round numbers from at most `low` to at least `high`; whole ones for counts, whole percents for shares."""
    least = 0.01 if unit == "percent" else 1.0
    spread = max(high - low, least)
    power = 10 ** math.floor(math.log10(spread / (most - 1)))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor * (most - 1) >= spread)
    step = max(step, least)
    if unit == "count":
        step = math.ceil(step)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(step * place, 6) for place in range(first, max(last, first + 1) + 1)]
