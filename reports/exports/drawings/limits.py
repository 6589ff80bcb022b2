"""Charts of what chance explains: XmR and funnel. The limits come with the spec; here they are only drawn."""

import math
from typing import Any

from reports.exports.drawings.canvas import SMALL, TONES, Canvas, color, cut, ticks, told, width_of
from reports.exports.drawings.lines import FOOT, HEIGHT, names, scale

TALL, NAMED = 300.0, 12


def xmr(spec: dict[str, Any]) -> str:
    canvas = Canvas(HEIGHT)
    unit, labels, values, tone = spec.get("unit", "count"), spec["labels"], spec["values"], color(spec.get("tone"))
    has_limits = spec.get("mean") is not None
    style = "1 4" if spec.get("trial") else "7 4"
    legend = [(spec["name"], tone, "line", "")]
    if has_limits:
        limits = f"{spec['limits_label']} {told(spec['lower'], unit)} to {told(spec['upper'], unit)}"
        legend += [(f"Mean {told(spec['mean'], unit)}", TONES["soft"], "line", ""), (limits, TONES["soft"], "line", style)]
    top, bottom = canvas.legend(legend), HEIGHT - FOOT
    flags = spec.get("flags") or []
    for flag in flags:  # a letter stands at the months, and here what it means
        canvas.text(0, top, f"{_letter(flags, flag)}: {flag['text']}", size=SMALL)
        top += 13
    marks = ticks(0, max([value for value in [*values, spec.get("upper")] if value is not None], default=1), unit)
    left, right = max(width_of(told(mark, unit), SMALL) for mark in marks) + 8, canvas.width - 12

    def at_x(place: int) -> float:
        return left + (right - left) * (place / (len(labels) - 1) if len(labels) > 1 else 0.5)

    def at_y(value: float) -> float:
        return bottom - (bottom - top - 6) * value / marks[-1]

    scale(canvas, [(told(mark, unit), at_y(mark)) for mark in marks], left, right)
    names(canvas, labels, [at_x(place) for place in range(len(labels))], bottom)
    for gap in spec.get("gaps") or []:
        start, end = at_x(max(0, gap["from"] - 1)), at_x(min(len(labels) - 1, gap["to"] + 1))
        canvas.rect(start, top, end - start, bottom - top, TONES["line"], opacity=0.6)
        canvas.text((start + end) / 2, top + 10, gap["label"], anchor="middle", size=9, fill=TONES["soft"])
    late = spec.get("immature_from")
    if late is not None:
        start = at_x(max(0, late - 1))
        canvas.hatch(start, top, right - start, bottom - top)
    if has_limits:
        canvas.line(left, at_y(spec["mean"]), right, at_y(spec["mean"]), TONES["soft"], width=1.25)
        for limit in (spec["lower"], spec["upper"]):
            canvas.line(left, at_y(limit), right, at_y(limit), TONES["soft"], width=1.5, dash=style)
    d, is_open = "", False
    for place, value in enumerate(values):
        if value is not None:
            d += f"{'L' if is_open else 'M'}{at_x(place):.1f} {at_y(value):.1f}"
        is_open = value is not None
    canvas.path(d or "M0 0", stroke=tone, width=2)
    for place, value in enumerate(values):
        if value is not None:
            said = "".join(_letter(flags, flag) for flag in flags if place in flag["at"])
            canvas.dot(at_x(place), at_y(value), TONES["ink"] if said else tone, radius=4 if said else 2.6)
            if said:
                canvas.text(at_x(place), at_y(value) - 7, said, anchor="middle", size=9, bold=True)
    return canvas.svg()


def _letter(flags: list[dict[str, Any]], flag: dict[str, Any]) -> str:
    return "ABCDEFGH"[flags.index(flag) % 8]


def funnel(spec: dict[str, Any]) -> str:
    canvas = Canvas(TALL)
    unit, points, limits = spec.get("unit", "count"), spec["points"], spec.get("limits") or []
    tone, is_log = color(spec.get("tone")), bool(spec.get("log"))
    legend = [("Within the limits", tone, "box", "")]
    legend += [(limit["label"], TONES["soft"], "line", "6 4" if limit.get("dashed") else "") for limit in limits]
    if limits and spec.get("center"):
        legend.append((spec["center"]["label"], TONES["soft"], "line", "1 4"))
    top, bottom = canvas.legend(legend), TALL - FOOT - 14
    sizes = [point["n"] for point in points]
    edges = [value for limit in limits for value in limit["upper"][len(limit["upper"]) // 8 :]]
    highest = max([*(point["value"] for point in points), *edges, 0.01]) * 1.04
    marks = [mark for mark in ticks(0, min(1.0, highest) if unit == "percent" else highest, unit)]
    least, most = (max(1, min(sizes)) * 0.9, max(sizes) * 1.15) if is_log else (0, max(sizes) * 1.03)
    left, right = max(width_of(told(mark, unit), SMALL) for mark in marks) + 8, canvas.width - 12

    def at_x(n: float) -> float:
        share = math.log(max(n, least) / least) / math.log(most / least) if is_log else n / most
        return left + (right - left) * min(1.0, share)

    def at_y(value: float) -> float:
        return bottom - (bottom - top) * min(1.0, max(0.0, value / marks[-1]))

    scale(canvas, [(told(mark, unit), at_y(mark)) for mark in marks], left, right)
    for size in _sizes(least, most, is_log):
        canvas.text(at_x(size), bottom + 13, told(size, "count"), anchor="middle", size=SMALL, fill=TONES["soft"])
    canvas.text((left + right) / 2, TALL - 4, spec["x"], anchor="middle", size=SMALL, fill=TONES["soft"])
    for limit in limits:
        for edge in (limit["lower"], limit["upper"]):
            d = "".join(
                f"{'L' if place else 'M'}{at_x(n):.1f} {at_y(value):.1f}"
                for place, (n, value) in enumerate((n, value) for n, value in zip(limit["n"], edge, strict=True) if least <= n <= most)
            )
            canvas.path(d or "M0 0", stroke=TONES["soft"], width=1.3, dash="6 4" if limit.get("dashed") else "")
    if limits and spec.get("center"):
        canvas.line(left, at_y(spec["center"]["value"]), right, at_y(spec["center"]["value"]), TONES["soft"], dash="1 4")
    for point in points:
        if not point.get("side"):
            canvas.dot(at_x(point["n"]), at_y(point["value"]), tone)
    outside = [point for point in points if point.get("side")]
    taken: list[tuple[float, float]] = []
    for point in outside:
        x, y, up = at_x(point["n"]), at_y(point["value"]), point["side"] == "above"
        tip, foot = (y - 5, y + 4) if up else (y + 5, y - 4)
        fill = TONES["ink"] if point.get("wide") else TONES["surface"]
        canvas.path(f"M{x:.1f} {tip:.1f}L{x + 5:.1f} {foot:.1f}L{x - 5:.1f} {foot:.1f}Z", fill=fill, stroke=TONES["ink"], width=1.2)
        said = cut(point["name"], 150, 9)
        if (point.get("wide") or len(outside) <= NAMED) and all(abs(y - other) > 10 or abs(x - there) > 160 for there, other in taken):
            fits = x + 8 + width_of(said, 9) < right
            canvas.text(x + 8 if fits else x - 8, y + 3, said, anchor="start" if fits else "end", size=9)
            taken.append((x, y))
    return canvas.svg()


def _sizes(least: float, most: float, is_log: bool) -> list[float]:
    if not is_log:
        return [mark for mark in ticks(0, most) if mark <= most]
    return [10.0**power * first for power in range(8) for first in (1, 3) if least <= 10.0**power * first <= most]
