"""Charts for paper: the specs of static/js/charts.js drawn as SVG, in the light palette, told apart without color."""

from collections.abc import Callable
from typing import Any

from reports.exports.drawings.bars import bar, heatmap
from reports.exports.drawings.flows import sankey
from reports.exports.drawings.limits import funnel, xmr
from reports.exports.drawings.lines import line

KINDS: dict[str, Callable[[dict[str, Any]], str]] = {
    "line": line,
    "bar": bar,
    "stacked": bar,
    "heatmap": heatmap,
    "sankey": sankey,
    "xmr": xmr,
    "funnel": funnel,
}


def draw(spec: dict[str, Any]) -> str:
    """The chart as SVG; blank for a kind that paper has no drawing of, or without anything to draw: its table stands for it."""
    drawing = KINDS.get(spec.get("kind", ""))
    if drawing is None or not (spec.get("labels") or spec.get("rows") or spec.get("links") or spec.get("points")):
        return ""
    return drawing(spec)
