"""Numbers as specs of static/js/charts.js, each with a title that says the finding and the table behind it."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from typing import Any

from common.charts import Chart, table
from common.templatetags.prm import number, percent
from reports import words
from reports.cells import Cell, merge, total
from reports.measures import inbound, leakage_ordered
from reports.numbers import Numbers
from reports.queries.cells import BEFORE, NOW
from reports.questions import NONE, Question

TOP = (6, 8, 4)  # territories, service lines and destinations with a word of their own
TOP_OF_PAGE = (10, 14, 8)  # where the flow has a page for itself
OURS = ("internal", "outbound", "undetermined")
KEPT, UNKNOWN, OTHERS = "Kept in our network", "No destination named", "Other destinations outside"


def _immature(months: list[Cell], question: Question) -> dict[str, int]:
    late = [place for place, cell in enumerate(months) if cell.key[0] >= question.full_until]
    return {"immature_from": late[0]} if late else {}


def _immature_note(months: list[Cell], question: Question) -> str:
    late = [cell.key[0] for cell in months if cell.key[0] >= question.full_until]
    return f"Hatched: {late[0]:%B %Y} is not complete yet, and is in no comparison." if late else ""


def now_and_before(cells: Iterable[Cell]) -> tuple[list[Cell], list[Cell]]:
    """Cells whose key starts with the period, parted by it."""
    cells = list(cells)
    return [cell for cell in cells if cell.key[0] == NOW], [cell for cell in cells if cell.key[0] == BEFORE]


def inbound_trend(found: Numbers, question: Question) -> Chart:
    now, before = now_and_before(found.grid)
    months = found.months
    labels = [f"{cell.key[0]:%b %Y}" for cell in months]
    urls = [question.rows("inbound", **_one_month(cell.key[0])) for cell in months]
    spec = {
        "kind": "line",
        "unit": "count",
        "labels": labels,
        "series": [{"name": "Inbound", "values": [cell.inbound for cell in months], "tone": "inbound", "urls": urls}],
        **_immature(months, question),
    }
    return Chart(
        "inbound-trend",
        words.growth(inbound(now), inbound(before) if question.has_history else None, question),
        spec,
        table(
            "Inbound referrals by month",
            ["Month", "Inbound", "Internal", "Received"],
            [
                [label, number(cell.inbound), number(cell.internal), number(cell.inbound + cell.internal)]
                for label, cell in zip(labels, months, strict=True)
            ],
        ),
        sub=f"From practices that are not ours to us, by month of order. Compared: {question.window.words}.",
        note=_immature_note(months, question),
        csv_url=question.file("growth-by-month"),
        data_through=question.data_through,
    )


def inbound_by_line(found: Numbers, question: Question) -> Chart:
    """Which service lines grew: inbound now beside the window before."""
    now, before = now_and_before(found.grid)
    earlier = {cell.key[0]: cell.inbound for cell in merge(before, 2)} if question.has_history else {}
    lines = sorted(
        (cell for cell in merge(now, 2) if cell.inbound or earlier.get(cell.key[0])), key=lambda cell: (-cell.inbound, cell.labels[0])
    )
    shown = lines[:12]
    urls = [question.rows("inbound", service_line=_named(cell.key[0])) for cell in shown]
    series = [{"name": "This period", "values": [cell.inbound for cell in shown], "tone": "inbound", "urls": urls}]
    if earlier:
        series.append(
            {
                "name": question.before_words.capitalize(),
                "values": [earlier.get(cell.key[0], 0) for cell in shown],
                "tone": "undetermined",
            }
        )
    return Chart(
        "inbound-lines",
        words.line_growth([(cell.labels[0], cell.inbound, earlier.get(cell.key[0], 0)) for cell in lines], bool(earlier), question),
        {"kind": "bar", "unit": "count", "horizontal": True, "labels": [cell.labels[0] for cell in shown], "series": series},
        table(
            "Inbound referrals by service line",
            ["Service line", "Inbound", "Before"],
            [[cell.labels[0], number(cell.inbound), number(earlier.get(cell.key[0], 0) if earlier else None)] for cell in lines],
        ),
        sub=f"Inbound referrals by service line, {question.window.words}.",
        csv_url=question.file("growth-by-service_line"),
        data_through=question.data_through,
    )


def leakage_trend(found: Numbers, question: Question) -> Chart:
    """The rate with its bounds; where too much is unknown, only the counts: a line would claim a trend."""
    now, before = now_and_before(found.grid)
    months, ratios = found.months, [leakage_ordered([cell]) for cell in found.months]
    labels = [f"{cell.key[0]:%b %Y}" for cell in months]
    current = leakage_ordered(now)
    urls = [question.rows("outbound", **_one_month(cell.key[0])) for cell in months]
    if current.range_leads(question.rules.range_leads_above):
        spec: dict[str, Any] = {"kind": "stacked", "unit": "count", "labels": labels, "series": _our_flows(months)}
    else:
        bounds = [ratio.bounds or (None, None) for ratio in ratios]
        spec = {
            "kind": "line",
            "unit": "percent",
            "labels": labels,
            "series": [{"name": "Leakage", "values": [ratio.value for ratio in ratios], "tone": "outbound", "urls": urls}],
            "band": {
                "low": [low for low, _ in bounds],
                "high": [high for _, high in bounds],
                "label": "If none or all of the unknown left",
            },
        }
    return Chart(
        "leakage-trend",
        words.leakage(current, leakage_ordered(before) if question.has_history else None, question),
        {**spec, **_immature(months, question)},
        table(
            "Leakage by month",
            ["Month", "Leakage", "Left", "Kept", "No destination", "Lowest", "Highest"],
            [
                [
                    label,
                    percent(ratio.value),
                    number(cell.outbound),
                    number(cell.internal),
                    number(cell.undetermined),
                    *map(percent, ratio.bounds or (None, None)),
                ]
                for label, cell, ratio in zip(labels, months, ratios, strict=True)
            ],
        ),
        sub=f"Referrals of our own providers that were ordered elsewhere, {question.window.words}.",
        note=_immature_note(months, question),
        csv_url=question.file("leakage-by-month"),
        data_through=question.data_through,
    )


def leakage_by_line(found: Numbers, question: Question) -> Chart:
    now, _ = now_and_before(found.grid)
    lines = [cell for cell in merge(now, 2) if cell.internal + cell.outbound + cell.undetermined]
    ranked = not leakage_ordered(now).range_leads(question.rules.range_leads_above)
    lines.sort(key=lambda cell: (-cell.outbound, cell.labels[0]) if ranked else (0, cell.labels[0]))
    shown = lines[:12]
    series = _our_flows(shown)
    for row, flow in zip(series, OURS, strict=True):
        row["urls"] = [
            question.rows(flow, service_line=_named(cell.key[0])) or question.page("leakage", service_line=cell.key[0]) for cell in shown
        ]
    return Chart(
        "leakage-lines",
        words.worst_line(lines, ranked, question),
        {"kind": "stacked", "unit": "count", "horizontal": True, "labels": [cell.labels[0] for cell in shown], "series": series},
        table(
            "Our referrals by service line",
            ["Service line", "Leakage", "Left", "Kept", "No destination"],
            [
                [
                    cell.labels[0],
                    words.share(leakage_ordered([cell]), question.rules),
                    number(cell.outbound),
                    number(cell.internal),
                    number(cell.undetermined),
                ]
                for cell in lines
            ],
        ),
        sub="Most referrals lost first." if ranked else "By name: too few destinations are known to rank.",
        csv_url=question.file("leakage-by-service_line"),
        data_through=question.data_through,
    )


def flow(found: Numbers, question: Question, *, top: tuple[int, int, int] = TOP) -> Chart:
    """Our referrals from territory to service line to where they went; small groups are gathered, never dropped.

    The largest come first. What stands for one id opens its referrals; a gathered group opens nothing, since no filter says it.
    """
    now, _ = now_and_before(found.grid)
    most_places, most_lines, most_outs = top
    ours = sorted((cell for cell in merge(now, 1, 2) if _ours(cell)), key=_ours, reverse=True)
    line_of = _gather(((cell.key[1], cell.labels[1], _ours(cell)) for cell in ours), most_lines, "Other service lines")
    place_of = _gather(((cell.key[0], cell.labels[0], _ours(cell)) for cell in ours), most_places, "Other territories")
    out_of = _gather(((cell.key[1], cell.labels[1], cell.outbound) for cell in found.destinations), most_outs, OTHERS)
    places, lines, outs = (_single(words_of) for words_of in (place_of, line_of, out_of))

    def rows(*flows: str, **parts: int | str | None) -> str:
        return "" if None in parts.values() else question.rows(*flows, **parts)

    several = len(set(place_of.values())) > 1
    nodes: dict[str, dict[str, Any]] = {}
    # A territory or a destination may be called like a line: blanks keep the names apart.
    for place in place_of.values() if several else ():
        nodes[f"{place} "] = {"tone": "neutral", "url": rows(*OURS, territory=places.get(place))}
    for line in line_of.values():
        nodes[line] = {"tone": "neutral", "url": rows(*OURS, service_line=lines.get(line))}
    nodes[KEPT] = {"tone": "internal", "url": rows("internal")}
    for out in out_of.values():
        nodes[f" {out}"] = {"tone": "outbound", "url": rows("outbound", destination=outs.get(out))}
    nodes[UNKNOWN] = {"tone": "undetermined", "url": rows("undetermined")}
    links: dict[tuple[str, str], dict[str, Any]] = {}

    def add(source: str, target: str, value: int, *flows: str, **parts: int | str | None) -> None:
        if value:
            link = links.setdefault((source, target), {"value": 0, "tone": nodes[target]["tone"], "url": rows(*flows, **parts)})
            link["value"] += value

    for cell in ours:
        line, place = line_of[cell.key[1]], place_of[cell.key[0]]
        if several:
            add(f"{place} ", line, _ours(cell), *OURS, territory=places.get(place), service_line=lines.get(line))
        add(line, KEPT, cell.internal, "internal", service_line=lines.get(line))
        add(line, UNKNOWN, cell.undetermined, "undetermined", service_line=lines.get(line))
    for cell in found.destinations:
        if cell.key[0] in line_of:
            line, out = line_of[cell.key[0]], out_of[cell.key[1]]
            add(line, f" {out}", cell.outbound, "outbound", service_line=lines.get(line), destination=outs.get(out))
    linked = {name for link in links for name in link}
    return Chart(
        "flow",
        words.flow(total(now)),
        {
            "kind": "sankey",
            "nodes": [{"name": name, "label": name.strip(), **node} for name, node in nodes.items() if name in linked],
            "links": [{"source": source, "target": target, **link} for (source, target), link in links.items()],
        },
        table(
            "Flow of our referrals",
            ["From", "To", "Referrals"],
            [[source.strip(), target.strip(), number(link["value"])] for (source, target), link in links.items()],
        ),
        sub="Referrals by our own providers: from where, for what, to whom."
        if several
        else "Referrals by our own providers: for what, to whom.",
        csv_url=question.file("flow"),
        size="tall",
        data_through=question.data_through,
    )


def destinations(found: Numbers, question: Question) -> Chart:
    outside = sorted(merge(found.destinations, 1), key=lambda cell: (-cell.outbound, cell.labels[0]))
    shown = outside[:10]
    everything = sum(cell.outbound for cell in outside)
    return Chart(
        "destinations",
        words.top_destination(outside, everything),
        {
            "kind": "bar",
            "unit": "count",
            "horizontal": True,
            "labels": [cell.labels[0] for cell in shown],
            "series": [
                {
                    "name": "Referrals that left",
                    "values": [cell.outbound for cell in shown],
                    "tone": "outbound",
                    "urls": [question.rows("outbound", destination=_named(cell.key[0])) for cell in shown],
                }
            ],
        },
        table(
            "Where referrals went outside our network",
            ["Destination", "Referrals", "Of all that left"],
            [[cell.labels[0], number(cell.outbound), percent(cell.outbound / everything)] for cell in outside],
        ),
        sub=f"The {len(shown)} destinations outside our network with most of our referrals." if len(outside) > len(shown) else "",
        csv_url=question.file("destinations"),
        data_through=question.data_through,
    )


def _our_flows(cells: list[Cell]) -> list[dict[str, Any]]:
    return [
        {"name": name, "values": [getattr(cell, flow) for cell in cells], "tone": flow}
        for name, flow in (("Kept", "internal"), ("Left", "outbound"), ("No destination", "undetermined"))
    ]


def _named(key: int | None) -> int | str:
    return NONE if key is None else key


def _single(gathered: dict[Any, str]) -> dict[str, int | str]:
    """Of the words that `_gather` gave, those that stand for one id, with that id."""
    times = Counter(gathered.values())
    return {word: _named(key) for key, word in gathered.items() if times[word] == 1}


def _ours(cell: Cell) -> int:
    return cell.internal + cell.outbound + cell.undetermined


def _one_month(month: dt.date) -> dict[str, str]:
    return {"start": month.isoformat(), "end": (month.replace(day=28) + dt.timedelta(days=4)).replace(day=1).isoformat()}


def _gather(items: Iterable[tuple[Any, str, int]], top: int, rest: str) -> dict[Any, str]:
    """A word for each id: its own for the largest, one word for the rest together."""
    sizes: dict[Any, int] = {}
    labels: dict[Any, str] = {}
    for key, word, size in items:
        sizes[key] = sizes.get(key, 0) + size
        labels[key] = word
    largest = sorted(sizes, key=lambda key: (-sizes[key], labels[key]))
    kept = set(largest if len(largest) <= top + 1 else largest[:top])
    return {key: labels[key] if key in kept else rest for key in largest}
