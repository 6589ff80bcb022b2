"""Flows from left to right: as wide as the referrals that went that way."""

from typing import Any

from reports.exports.drawings.canvas import SMALL, TONES, Canvas, color, cut, number, width_of

NODE, GAP, LABEL = 9.0, 9.0, 150.0


def sankey(spec: dict[str, Any]) -> str:
    nodes = {node["name"]: node for node in spec["nodes"]}
    links = [link for link in spec["links"] if link["value"]]
    column = _columns(nodes, links)
    size = {name: max(sum(link["value"] for link in links if link[end] == name) for end in ("source", "target")) for name in nodes}
    levels = [[name for name in nodes if column[name] == level] for level in range(max(column.values(), default=0) + 1)]
    tallest = max((len(level) for level in levels), default=1)
    canvas = Canvas(max(220.0, 26.0 * tallest))
    most = max((sum(size[name] for name in level) for level in levels), default=1) or 1
    scale = (canvas.height - GAP * (tallest - 1) - 10) / most
    left, right = LABEL if len(levels) > 2 else 0.0, canvas.width - LABEL - NODE
    step = (right - left) / max(1, len(levels) - 1)
    place: dict[str, tuple[float, float]] = {}
    for level, names in enumerate(levels):
        taken = sum(size[name] * scale for name in names) + GAP * (len(names) - 1)
        y = (canvas.height - taken) / 2
        for name in names:
            place[name] = (left + step * level, y)
            y += size[name] * scale + GAP
    leaves, arrives = ({name: y for name, (_, y) in place.items()} for _ in range(2))
    for link in sorted(links, key=lambda link: (place[link["source"]], place[link["target"]])):
        tall = link["value"] * scale
        x1, x2 = place[link["source"]][0] + NODE, place[link["target"]][0]
        y1, y2, half = leaves[link["source"]], arrives[link["target"]], (place[link["target"]][0] - x1) / 2
        leaves[link["source"]] += tall
        arrives[link["target"]] += tall
        there = f"M{x1:.1f} {y1:.1f}C{x1 + half:.1f} {y1:.1f} {x2 - half:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
        back = f"L{x2:.1f} {y2 + tall:.1f}C{x2 - half:.1f} {y2 + tall:.1f} {x1 + half:.1f} {y1 + tall:.1f} {x1:.1f} {y1 + tall:.1f}Z"
        canvas.path(there + back, fill=color(link.get("tone")), opacity=0.32)
    for name, (x, y) in place.items():
        tall = size[name] * scale
        canvas.rect(x, y, NODE, tall, color(nodes[name].get("tone")))
        said = f"{cut(nodes[name].get('label', name), LABEL - 40, SMALL)} {number(size[name])}"
        is_first = column[name] == 0 and len(levels) > 2
        if 0 < column[name] < len(levels) - 1:
            canvas.rect(x + NODE + 2, y + tall / 2 - 6.5, width_of(said, SMALL) + 5, 12, TONES["surface"], opacity=0.75)
        canvas.text(x - 5 if is_first else x + NODE + 5, y + tall / 2 + 3.5, said, anchor="end" if is_first else "start", size=SMALL)
    return canvas.svg()


def _columns(nodes: dict[str, Any], links: list[dict[str, Any]]) -> dict[str, int]:
    """How many steps from the left each node is: one more than the furthest that leads to it. Ends stand in the last column."""
    column = dict.fromkeys(nodes, 0)
    for _ in nodes:  # as many rounds as the longest way could have steps; a circle stops there
        for link in links:
            column[link["target"]] = min(len(nodes), max(column[link["target"]], column[link["source"]] + 1))
    last = max(column.values(), default=0)
    sources = {link["source"] for link in links}
    return {name: level if name in sources else last for name, level in column.items()}
