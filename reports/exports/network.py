"""Links and nodes as tables that leave the house: small counts are hidden, and every share that would tell them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils import timezone

from accounts.models import User
from reports.charts.network import letter, whole_title
from reports.exports.document import (
    Block,
    Column,
    Definitions,
    Document,
    Figure,
    Figures,
    Meaning,
    TableBlock,
    Text,
    Unit,
    counts,
)
from reports.exports.frame import document_of
from reports.exports.tables import Table, hidden
from reports.intervals import Estimate
from reports.models import ReportRun
from reports.neighbors import Neighborhood
from reports.networking import LEVELS, Whole
from reports.presenters.network import concentration
from reports.queries.nodes import KIND_WORDS, NodeWords, node_words

MOST_ON_PAPER = 40
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


def network_document(run: ReportRun, reader: User) -> Document:
    """A finished run as a document: what stands out, every node, every link."""
    found = Whole.from_json(run.result or {})
    window = run.window
    day = window.last_day if window else run.data_through_on or timezone.localdate()
    known = node_words([str(node.key) for node in found.nodes], user=reader, day=day)
    measured = [
        [
            known[str(node.key)].name, KIND_WORDS[known[str(node.key)].kind], known[str(node.key)].whose, node.sent, node.received,
            node.destinations, node.referrers, node.reciprocity, concentration(node, found), node.betweenness, letter(node.community),
            node.months, *_trend(node.trend)[:1],
        ]
        for node in found.nodes
    ]  # fmt: skip
    told = [[known[str(tie.source)].name, known[str(tie.target)].name, tie.n, tie.months, *_trend(tie.trend)[:1]] for tie in found.ties]
    both = ("Sent", "Received")
    node_columns = [
        Column("Name"), Column("Kind"), Column("Alignment"), *counts(*both), Column("Destinations", Unit.COUNT),
        Column("Referrers", Unit.COUNT), Column("Returned", Unit.SHARE, parts=both), Column("Concentration", Unit.DECIMAL, parts=both),
        Column("Betweenness", Unit.DECIMAL, parts=both), Column("Community"), Column("Months active", Unit.COUNT),
        Column("Trend", Unit.DECIMAL, parts=both),
    ]  # fmt: skip
    link_columns = [
        Column("From"), Column("To"), *counts("Referrals"), Column("Months active", Unit.COUNT),
        Column("Trend", Unit.DECIMAL, parts=("Referrals",)),
    ]  # fmt: skip
    blocks: list[Block] = [
        Text(whole_title(found, known), of_patients=True),
        Figures(
            [
                Figure("Referrals along links", found.referrals, of_patients=True),
                Figure("Nodes", len(found.nodes)),
                Figure("Links", len(found.ties)),
                Figure("Communities", found.communities),
                Figure("Without a known end", found.unnamed, note="Name no practice, or no destination that we know.", of_patients=True),
            ]
        ),
        TableBlock("Links", link_columns, told, is_main=True, limit=MOST_ON_PAPER),
        TableBlock("Nodes", node_columns, measured, limit=MOST_ON_PAPER),
        Definitions(MEANINGS),
    ]
    narrowed = (run.result or {}).get("narrowed", [])
    words = ", ".join([LEVELS[run.parameters["level"]], *narrowed, window.words]) if window else ""
    return document_of(run, "Network", words, blocks)


MEANINGS = (
    Meaning("Link", "counted referrals from a practice to the organization that they name"),
    Meaning("Returned", "of all referrals sent and received, the share that the other side sends back, one for one"),
    Meaning("Concentration", "Herfindahl-Hirschman index: the sum of the squared shares of its destinations; blank where not all is seen"),
    Meaning("Betweenness", "share of the shortest ways between two others that lead through it; a strong link is a short way"),
    Meaning("Community", "Louvain: groups that exchange more among themselves than chance would have it; A is the largest"),
    Meaning("Trend", "referrals a month of the last three months over those of up to twelve before, within the period"),
)


def _counted(n: int, tie: Any, smallest: int) -> list[Any]:
    count = hidden(n, smallest)
    return [count, tie.months, *([None, None, None] if isinstance(count, str) else _trend(tie.trend))]


def _trend(estimate: Estimate | None) -> list[float | None]:
    """Rate of the last three months over the rate before, with its 95 % interval."""
    return [None, None, None] if estimate is None else [estimate.value, estimate.low, estimate.high]
