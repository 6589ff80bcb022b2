"""The network of a whole field: measured once per version of the data, kept as plain data, read by page, file and API."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any, Self

from reports.cells import total
from reports.intervals import Estimate
from reports.network import Node, Tie, measure
from reports.periods import Window
from reports.queries.cells import Where, cells
from reports.queries.links import Link, links
from territories.scope import Scope

NETWORK = "network"  # the kind of report
MOST_IN_A_REQUEST = 60_000  # referrals: about a second; more is a worker's
PRACTICES, ORGANIZATIONS = "practice", "organization"
NARROWER = ("service_line", "payer")  # what a run may be narrowed by, beside its territory
LEVELS = {PRACTICES: "Practices to organizations", ORGANIZATIONS: "Organizations among themselves"}


@dataclass(frozen=True)
class Whole:
    """Nodes and ties, strongest first. `seen_whole`: share of what a node sends that stands in feeds that see all destinations.

    `unnamed` referrals name no practice, or no organization we know.
    """

    nodes: tuple[Node, ...]
    ties: tuple[Tie, ...]
    communities: int
    reciprocity: float
    is_sampled: bool
    unnamed: int
    seen_whole: Mapping[str, float]

    @property
    def referrals(self) -> int:
        return sum(tie.n for tie in self.ties)

    def to_json(self) -> dict[str, Any]:
        return {
            "nodes": [
                [
                    node.key,
                    node.sent,
                    node.received,
                    node.destinations,
                    node.referrers,
                    node.reciprocity,
                    node.concentration,
                    node.betweenness,
                    node.community,
                    node.months,
                    _bare(node.trend),
                ]
                for node in self.nodes
            ],
            "ties": [[tie.source, tie.target, tie.n, tie.months, _bare(tie.trend)] for tie in self.ties],
            "communities": self.communities,
            "reciprocity": self.reciprocity,
            "is_sampled": self.is_sampled,
            "unnamed": self.unnamed,
            "seen_whole": dict(self.seen_whole),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(
            tuple(_read(Node, row) for row in stored["nodes"]),
            tuple(_read(Tie, row) for row in stored["ties"]),
            *(stored[name] for name in ("communities", "reciprocity", "is_sampled", "unnamed", "seen_whole")),
        )


def parameters_of(*, window: Window, level: str, chosen: Mapping[str, int]) -> dict[str, Any]:
    """A question to the network as a run keeps it; the territory is the run's own."""
    narrower = {name: chosen[name] for name in NARROWER if name in chosen}
    return {"start": window.start.isoformat(), "end": window.end.isoformat(), "level": level, **narrower}


def is_large(*, window: Window, where: Where, scope: Scope) -> bool:
    """Whether a selection is too much for a request; the rollups tell, so asking is cheap."""
    sums = total(cells(start=window.start, end=window.end, where=where, scope=scope))
    return sums.inbound + sums.internal + sums.outbound + sums.outside > MOST_IN_A_REQUEST


def whole(*, window: Window, where: Where, scope: Scope, level: str) -> Whole:
    """Read the links of a field and measure them: for a worker, or for a field small enough."""
    found = links(window=window, where=where, scope=scope, level=level)
    network = measure(_frame(found.links))
    sent: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for link in found.links:
        if link.source != link.target:
            sent[link.source] += link.n
            seen[link.source] += link.whole
    return Whole(
        network.nodes,
        network.ties,
        network.communities,
        network.reciprocity,
        network.is_sampled,
        found.unnamed,
        {key: seen[key] / n for key, n in sent.items()},
    )


def _frame(found: Sequence[Link]) -> Any:
    import pandas as pd  # noqa: PLC0415 - loaded by whoever measures, not by every page

    columns = ["from", "to", "month", "n"]
    return pd.DataFrame([(link.source, link.target, link.month, link.n) for link in found], columns=columns)


@dataclass(frozen=True)
class Shown:
    """What a picture can hold: the strongest nodes, the rest gathered by kind, and the strongest ties among them.

    `gathered`: kind → how many nodes stand for one. `drawn`: share of all referrals that the ties carry.
    """

    nodes: tuple[Node, ...]
    ties: tuple[Tie, ...]
    gathered: Mapping[str, int]
    drawn: float
    left_out_ties: int


def shown(found: Whole, *, most_nodes: int, most_ties: int) -> Shown:
    """The picture of a network, however large that is."""
    kept = found.nodes if len(found.nodes) <= most_nodes else found.nodes[: most_nodes - 2]
    rest: dict[str, list[Node]] = {}
    for node in found.nodes[len(kept) :]:
        rest.setdefault(str(node.key).partition(":")[0], []).append(node)
    named = {node.key for node in kept}
    sums: dict[tuple[str, str], Tie] = {}
    for tie in found.ties:
        pair = (_or_rest(tie.source, named), _or_rest(tie.target, named))
        if pair[0] != pair[1]:
            before = sums.get(pair)
            sums[pair] = replace(tie, source=pair[0], target=pair[1], n=tie.n + (before.n if before else 0))
    ties = sorted(sums.values(), key=lambda tie: (-tie.n, str(tie.source), str(tie.target)))
    nodes = [*kept, *(_gather(kind, members) for kind, members in sorted(rest.items()))]
    drawn = ties[:most_ties]
    total = found.referrals
    return Shown(
        tuple(nodes),
        tuple(drawn),
        {kind: len(members) for kind, members in rest.items()},
        sum(tie.n for tie in drawn) / total if total else 1.0,
        len(ties) - len(drawn),
    )


def _or_rest(key: Any, named: set[Any]) -> str:
    return str(key) if key in named else rest_key(str(key).partition(":")[0])


def rest_key(kind: str) -> str:
    """The node that stands for all of a kind that are not drawn one by one."""
    return f"{kind}:rest"


def _gather(kind: str, members: Sequence[Node]) -> Node:
    """Their sums. They are a community of nobody: placed with the one that most of them belong to."""
    community = Counter(node.community for node in members).most_common(1)[0][0]
    sent, received = sum(node.sent for node in members), sum(node.received for node in members)
    return Node(rest_key(kind), sent, received, 0, 0, 0.0, None, 0.0, community, max(node.months for node in members), None)


def _bare(estimate: Estimate | None) -> list[float | None] | None:
    """JSON knows no infinity."""
    return None if estimate is None else [None if part == inf else part for part in (estimate.value, estimate.low, estimate.high)]


def _read(kind: Any, row: Sequence[Any]) -> Any:
    """A node or a tie from its values in order, the trend last."""
    return kind(*row[:-1], _estimate(row[-1]))


def _estimate(stored: Sequence[float | None] | None) -> Estimate | None:
    return None if stored is None else Estimate(*(inf if part is None else part for part in stored))
