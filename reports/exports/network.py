"""Links and nodes as tables that leave the house: small counts are hidden, and every share that would tell them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reports.charts.network import letter
from reports.exports.tables import Table, hidden
from reports.intervals import Estimate
from reports.neighbors import Neighborhood
from reports.networking import Whole
from reports.presenters.network import concentration
from reports.queries.nodes import KIND_WORDS, NodeWords

TREND_HEAD = ["Trend", "Trend low", "Trend high"]


def links(found: Whole, known: Mapping[str, NodeWords], smallest: int) -> Table:
    """Every tie of a network."""

    def lines() -> Iterator[Sequence[Any]]:
        for tie in found.ties:
            ends = (known[str(tie.source)], known[str(tie.target)])
            yield [*(part for end in ends for part in (end.name, KIND_WORDS[end.kind], end.whose)), *_counted(tie.n, tie, smallest)]

    head = ["From", "From kind", "From alignment", "To", "To kind", "To alignment", "Referrals", "Months active", *TREND_HEAD]
    return head, lines()


def nodes(found: Whole, known: Mapping[str, NodeWords], smallest: int) -> Table:
    """Every node with its measures."""
    head = ["Name", "Kind", "Alignment", "Sent", "Received", "Destinations", "Referrers", "Returned", "Concentration", "Betweenness"]

    def lines() -> Iterator[Sequence[Any]]:
        for node in found.nodes:
            words = known[str(node.key)]
            counts = [hidden(node.sent, smallest), hidden(node.received, smallest)]
            small = any(isinstance(count, str) for count in counts)
            told = [None, None] if small else [node.reciprocity, concentration(node, found)]
            moved = [None, None, None] if small else _trend(node.trend)
            kept = [words.name, KIND_WORDS[words.kind], words.whose, *counts, node.destinations, node.referrers, *told]
            yield [*kept, node.betweenness, letter(node.community), node.months, *moved]

    return [*head, "Community", "Months active", *TREND_HEAD], lines()


def partners(found: Neighborhood, known: Mapping[str, NodeWords], smallest: int) -> Table:
    """One node's neighbors. Shares stand only where we see all that it sends, and no hidden count could be told from them."""
    head = ["Partner", "Kind", "Alignment", "Sent to it", "Share of sent", "Received from it", "Share of received", "Months active"]

    def lines() -> Iterator[Sequence[Any]]:
        for partner in found.partners:
            words = known[partner.key]
            sent, received = hidden(partner.sent, smallest), hidden(partner.received, smallest)
            small = isinstance(sent, str) or isinstance(received, str)
            sent_share = None if isinstance(sent, str) or found.is_one_sided else partner.sent_share
            received_share = None if isinstance(received, str) else partner.received_share
            moved = [None, None, None] if small else _trend(partner.trend)
            yield [words.name, KIND_WORDS[words.kind], words.whose, sent, sent_share, received, received_share, partner.months, *moved]

    return [*head, *TREND_HEAD], lines()


def _counted(n: int, tie: Any, smallest: int) -> list[Any]:
    count = hidden(n, smallest)
    return [count, tie.months, *([None, None, None] if isinstance(count, str) else _trend(tie.trend))]


def _trend(estimate: Estimate | None) -> list[float | None]:
    """Rate of the last three months over the rate before, with its 95 % interval."""
    return [None, None, None] if estimate is None else [estimate.value, estimate.low, estimate.high]
