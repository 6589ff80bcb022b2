"""Lines over time: with the band of what is not known, a target, and the months that are not complete yet."""

import math
from collections.abc import Sequence
from typing import Any

from reports.exports.drawings.canvas import DASHES, SMALL, TONES, Canvas, color, cut, ticks, told, width_of

HEIGHT, FOOT = 230.0, 20.0


def line(spec: dict[str, Any]) -> str:
    canvas = Canvas(HEIGHT)
    unit, labels, series, band = spec.get("unit", "count"), spec["labels"], spec["series"], spec.get("band")
    legend = [
        (row["name"], color(row.get("tone"), place), "line", DASHES[place % len(DASHES)])
        for place, row in enumerate(series)
        if len(series) > 1 or band
    ]
    if band:
        legend.append((band["label"], color(series[0].get("tone")), "band", ""))
    top, bottom = canvas.legend(legend), HEIGHT - FOOT
    known = [value for row in series for value in row["values"] if value is not None]
    known += [value for edge in ("low", "high") for value in (band or {}).get(edge, ()) if value is not None]
    known += [spec["target"]["value"]] if spec.get("target") else []
    lowest = max(0.0, math.floor(min(known, default=0) * 20 - 0.5) / 20) if unit == "percent" else min(0.0, *known, 0.0)
    marks = ticks(lowest, max(known, default=1), unit)
    left = max(width_of(told(mark, unit), SMALL) for mark in marks) + 8
    right = canvas.width - 12

    def at_x(place: int) -> float:
        return left + (right - left) * (place / (len(labels) - 1) if len(labels) > 1 else 0.5)

    def at_y(value: float) -> float:
        return bottom - (bottom - top) * (value - marks[0]) / (marks[-1] - marks[0])

    scale(canvas, [(told(mark, unit), at_y(mark)) for mark in marks], left, right)
    names(canvas, labels, [at_x(place) for place in range(len(labels))], bottom)
    from_place = spec.get("immature_from")
    if band:
        _band(canvas, band, at_x, at_y, color(series[0].get("tone")))
    if from_place is not None and labels:
        start = at_x(max(0, from_place - 1))
        canvas.hatch(start, top, right - start, bottom - top)
    for place, row in enumerate(series):
        _line(canvas, row, color(row.get("tone"), place), DASHES[place % len(DASHES)], row.get("dashed_from", from_place), at_x, at_y)
    if target := spec.get("target"):
        y = at_y(target["value"])
        canvas.line(left, y, right, y, TONES["ink"], dash="4 4")
        canvas.text(right, y - 4, target["label"], anchor="end", size=SMALL)
    return canvas.svg()


def scale(canvas: Canvas, marks: Sequence[tuple[str, float]], left: float, right: float) -> None:
    """A faint line at the height of each mark, and its word beside it."""
    for word, y in marks:
        canvas.line(left, y, right, y, TONES["line"])
        canvas.text(left - 6, y + 3, word, anchor="end", size=SMALL, fill=TONES["soft"])


def names(canvas: Canvas, labels: Sequence[str], places: Sequence[float], bottom: float) -> None:
    """The labels under the drawing, so many of them as do not touch; the last one always."""
    if not labels:
        return
    widest = max(width_of(label, SMALL) for label in labels) + 10
    room = (places[-1] - places[0]) / max(1, len(places) - 1) if len(places) > 1 else widest
    every = max(1, math.ceil(widest / room)) if room else 1
    for place in range(len(labels) - 1, -1, -every):
        x = min(max(places[place], width_of(labels[place], SMALL) / 2), canvas.width - width_of(labels[place], SMALL) / 2)
        canvas.text(x, bottom + 14, cut(labels[place], widest, SMALL), anchor="middle", size=SMALL, fill=TONES["soft"])


def _line(canvas: Canvas, row: dict[str, Any], stroke: str, dash: str, dashed_from: int | None, at_x: Any, at_y: Any) -> None:
    """The part that holds, and the part that does not yet; a value that is not known parts the line."""
    values: list[float | None] = row["values"]
    until = len(values) if dashed_from is None else dashed_from
    for start, end, style in ((0, until, dash), (max(0, until - 1), len(values), "3 3")):
        d, is_open = "", False
        for place in range(start, end):
            value = values[place]
            if value is None:
                is_open = False
                continue
            d += f"{'L' if is_open else 'M'}{at_x(place):.1f} {at_y(value):.1f}"
            is_open = True
        if d and (style == dash or end - start > 1):
            canvas.path(d, stroke=stroke, width=2, dash=style)
    if sum(value is not None for value in values) <= 14:
        for place, value in enumerate(values):
            if value is not None:
                canvas.dot(at_x(place), at_y(value), stroke)


def _band(canvas: Canvas, band: dict[str, Any], at_x: Any, at_y: Any, fill: str) -> None:
    known = [place for place, (low, high) in enumerate(zip(band["low"], band["high"], strict=True)) if low is not None and high is not None]
    run: list[int] = []
    for place in [*known, -1]:
        if run and place != run[-1] + 1:
            there = "".join(f"{'L' if at else 'M'}{at_x(one):.1f} {at_y(band['high'][one]):.1f}" for at, one in enumerate(run))
            back = "".join(f"L{at_x(one):.1f} {at_y(band['low'][one]):.1f}" for one in reversed(run))
            canvas.path(f"{there}{back}Z", fill=fill, opacity=0.16)
            run = []
        run.append(place)
