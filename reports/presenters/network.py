"""Networks as lists: the twin of the picture, every node with its measures, and one node's partners. No queries of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isinf
from typing import Any

from common.templatetags.prm import direction, number, percent, signed_percent
from reports.charts.network import letter, rest_name
from reports.intervals import Estimate
from reports.neighbors import Neighborhood, Partner
from reports.network import Node
from reports.networking import Shown, Whole, rest_key
from reports.presenters.dashboard import Kpi
from reports.queries.nodes import KIND_WORDS, NodeWords

SORTS = ("strength", "sent", "received", "destinations", "referrers", "reciprocity", "concentration", "betweenness", "months", "trend")
HEADINGS = {
    "sent": "Sent",
    "received": "Received",
    "destinations": "Sends to",
    "referrers": "Hears from",
    "reciprocity": "Returned",
    "concentration": "Concentration",
    "betweenness": "Betweenness",
    "community": "Community",
    "months": "Months active",
    "trend": "Trend",
}
ORDERS = ("strength", "name", "sent", "received", "trend")
ONE_SIDED = "only to us"


@dataclass(frozen=True)
class Change:
    """A trend as a cell shows it; what chance explains has no direction."""

    text: str
    direction: str = ""


@dataclass(frozen=True)
class Item:
    """A row of the list beside a picture: `number` is that of its mark in the picture, blank when it has none."""

    number: int | None
    name: str
    url: str
    about: str
    sent: int
    received: int
    share: str
    trend: Change


@dataclass(frozen=True)
class Measured:
    """A node with all its measures."""

    name: str
    url: str
    about: str
    figures: Sequence[tuple[str, str]]
    trend: Change


def change(estimate: Estimate | None) -> Change:
    """The last three months against the rate before: a percentage only where the interval leaves level out.

    Where it lets both a half and the double be true, it says nothing, and that is not called level.
    """
    if estimate is None:
        return Change(number(None))
    if estimate.low < 1 / 2 and estimate.high > 2:
        return Change("too few")
    if estimate.low <= 1 <= estimate.high:
        return Change("level")
    if isinf(estimate.value):
        return Change("new", "up")
    return Change(signed_percent(estimate.value - 1, 0), direction(estimate.value - 1))


def items(part: Shown, known: Mapping[str, NodeWords], order: str, *, down: bool) -> list[Item]:
    """The nodes of the picture as a list; what is gathered comes last."""
    rest = {rest_key(kind) for kind in part.gathered}
    places = {node.key: place for place, node in enumerate(part.nodes)}
    single = [node for node in part.nodes if node.key not in rest]
    everything = sum(node.sent for node in part.nodes)
    rows = [
        Item(
            places[node.key],
            known[str(node.key)].name,
            known[str(node.key)].url,
            f"{known[str(node.key)].whose} · {letter(node.community)}",
            node.sent,
            node.received,
            percent(node.received / everything, 0) if everything and node.received else "",
            change(node.trend),
        )
        for node in _sorted(single, order, down, known)
    ]
    rows += [
        Item(
            places[node.key], rest_name(kind, part.gathered[kind]), "", "drawn together", node.sent, node.received, "", Change(number(None))
        )
        for node in part.nodes
        if node.key in rest and (kind := str(node.key).partition(":")[0])
    ]
    return rows


def measured(nodes: Sequence[Node], found: Whole, known: Mapping[str, NodeWords], *, returns: bool) -> list[Measured]:
    """Nodes with every measure; shares of what we see only in part are said to be unknown."""
    return [
        Measured(
            known[str(node.key)].name,
            known[str(node.key)].url,
            f"{KIND_WORDS[known[str(node.key)].kind]} · {known[str(node.key)].whose}",
            [(HEADINGS[name], _figure(name, node, found)) for name in columns(returns) if name != "trend"],
            change(node.trend),
        )
        for node in nodes
    ]


def columns(returns: bool) -> list[str]:
    """On the level of practices nobody returns a referral and no way leads through anybody: there only organizations receive."""
    return [name for name in HEADINGS if returns or name not in {"reciprocity", "betweenness"}]


def concentration(node: Node, found: Whole) -> float | None:
    """Where a node sends; None also where we see only what it sends us."""
    return node.concentration if found.seen_whole.get(str(node.key), 1.0) >= 0.5 else None


def ranked(found: Whole, sort: str, *, down: bool) -> list[Node]:
    """Nodes by one of their measures, those without it last either way."""

    def value(node: Node) -> float | None:
        if sort == "trend":
            return node.trend.value if node.trend else None
        if sort == "concentration":
            return concentration(node, found)
        return getattr(node, sort)

    known = [node for node in found.nodes if value(node) is not None]
    known.sort(key=lambda node: -(value(node) or 0) if down else (value(node) or 0))
    return known + [node for node in found.nodes if value(node) is None]


def partners(found: Neighborhood, known: Mapping[str, NodeWords], order: str, *, down: bool) -> list[Item]:
    """The neighbors as a list. They are numbered as `charts.network.ego_picture` numbers its marks: the center is 0."""
    places = {partner.key: place for place, partner in enumerate(found.partners, 1)}
    return [
        Item(
            places[partner.key],
            known[partner.key].name,
            known[partner.key].url,
            f"{known[partner.key].whose} · {partner.months} mo. active",
            partner.sent,
            partner.received,
            _share(partner, found),
            change(partner.trend),
        )
        for partner in _sorted(found.partners, order, down, known)
    ]


def kpis(found: Neighborhood, months: int) -> list[Kpi]:
    """The center's own measures, each one by itself: there is no score that mixes them."""
    moved = change(found.trend)
    concentrated = f"{found.concentration:.2f}" if found.concentration is not None and not found.is_one_sided else number(None)
    if found.is_one_sided:
        why = "We see only what they send us"
    elif found.concentration is None:
        why = "Sends nothing in this selection"
    else:
        why = f"{found.carriers} of {len(found.destinations)} links carry half. 1 is all to one, near 0 is spread evenly"
    return [
        Kpi(
            "Sent",
            number(found.sent),
            note=f"to {number(len(found.destinations))} destination{'' if len(found.destinations) == 1 else 's'}",
        ),
        Kpi("Received", number(found.received), note=f"from {number(len(found.referrers))} who send"),
        Kpi("Concentration (HHI)", concentrated, note=why),
        Kpi("Returned", percent(found.reciprocity, 0), note="of referrals sent and received, what the other side sends back"),
        Kpi("Trend", moved.text, note=f"Last 3 months against those before. Active in {found.months} of {months} months"),
    ]


def _share(partner: Partner, found: Neighborhood) -> str:
    if partner.sent and not found.is_one_sided:
        return percent(partner.sent_share, 0)
    return percent(partner.received_share, 0) if partner.received and not partner.sent else ""


def _figure(name: str, node: Node, found: Whole) -> str:
    if name == "community":
        return letter(node.community)
    if name == "concentration":
        shown = concentration(node, found)
        return ONE_SIDED if shown is None and node.sent else number(None) if shown is None else f"{shown:.2f}"
    if name == "betweenness":
        return f"{node.betweenness:.3f}"
    value = getattr(node, name)
    return percent(value, 0) if name == "reciprocity" else number(value)


def _sorted(rows: Sequence[Any], order: str, down: bool, known: Mapping[str, NodeWords]) -> list[Any]:
    if order == "name":
        return sorted(rows, key=lambda row: known[str(row.key)].name.casefold(), reverse=down)
    if order == "trend":
        with_trend = [row for row in rows if row.trend is not None]
        with_trend.sort(key=lambda row: -row.trend.value if down else row.trend.value)
        return with_trend + [row for row in rows if row.trend is None]
    return sorted(rows, key=lambda row: -getattr(row, order) if down else getattr(row, order))
