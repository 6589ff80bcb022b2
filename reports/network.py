"""Who sends to whom: strength, concentration, position and community (METHODS section 5). Pure: edges in, plain data out.

Components are shown one by one; there is no composite score. It is deterministic: nodes are taken in order, what is random is seeded.
pandas and networkx are loaded by whoever measures, so that a page that only shows a finished network does without them.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from reports.intervals import Estimate, rate_ratio
from reports.numbers import BASELINE_MONTHS, RECENT_MONTHS

if TYPE_CHECKING:
    import pandas as pd

SEED = 20260101
WORK = 1_000_000  # ties looked at for betweenness, about two seconds; beyond it is estimated from some pivots (Brandes and Pich 2007)
LEAST_PIVOTS = 50


@dataclass(frozen=True)
class Tie:
    """What one sends another."""

    source: Hashable
    target: Hashable
    n: int
    months: int
    trend: Estimate | None


@dataclass(frozen=True)
class Node:
    """One provider, practice or organization among the others of the network it was measured in.

    `reciprocity`: share of its referrals, in and out, that the other side returns (Squartini et al. 2013, Sci. Rep. 3:2729).
    `concentration`: Herfindahl-Hirschman index of where it sends, from near 0 (spread evenly) to 1 (all to one); None: sends nothing.
    `betweenness`: share of shortest ways between two others that lead through it, a tie being the shorter the stronger it is.
    `community`: 0 is the largest. `trend`: referrals in and out of the last three months over the rate of the twelve before.
    """

    key: Hashable
    sent: int
    received: int
    destinations: int
    referrers: int
    reciprocity: float
    concentration: float | None
    betweenness: float
    community: int
    months: int
    trend: Estimate | None

    @property
    def strength(self) -> int:
        return self.sent + self.received


@dataclass(frozen=True)
class Network:
    """The strongest nodes and ties first. `reciprocity` is of all referrals; `is_sampled` says that betweenness is an estimate."""

    nodes: tuple[Node, ...]
    ties: tuple[Tie, ...]
    communities: int
    reciprocity: float
    is_sampled: bool


def measure(edges: pd.DataFrame, *, seed: int = SEED) -> Network:
    """The network of `edges`, which has columns from, to, month and n.

    Left out are ends that nobody named, and what one sends to itself: an own follow-up is no referral.
    """
    import networkx as nx  # noqa: PLC0415 - see above
    import pandas as pd  # noqa: PLC0415

    rows = _sorted(edges)
    if rows.empty:
        return Network((), (), 0, 0.0, False)
    graph: Any = nx.DiGraph()
    graph.add_nodes_from(sorted({*rows["from"], *rows["to"]}, key=_order))
    ties = []
    for (source, target), active in _activity(rows, ["from", "to"], rows["month"]).items():
        graph.add_edge(source, target, n=active.n, length=1 / active.n)
        ties.append(Tie(source, target, *active))

    pivots = min(len(graph), max(LEAST_PIVOTS, WORK // len(ties)))
    between = nx.betweenness_centrality(graph, k=pivots, weight="length", seed=seed)
    member = _communities(graph, seed)
    either = pd.concat([rows.rename(columns={"from": "key"}), rows.rename(columns={"to": "key"})])[["key", "month", "n"]]
    activity = _activity(either, "key", rows["month"])
    nodes = [_node(graph, key, between[key], member[key], activity[key]) for key in graph]
    total = sum(tie.n for tie in ties)
    returned = sum(_returned(graph, key) for key in graph)
    return Network(
        tuple(sorted(nodes, key=lambda node: (-node.strength, _order(node.key)))),
        tuple(sorted(ties, key=lambda tie: (-tie.n, _order(tie.source), _order(tie.target)))),
        len(set(member.values())),
        returned / total,
        pivots < len(graph),
    )


def _sorted(edges: pd.DataFrame) -> pd.DataFrame:
    """One row for each pair and month in a fixed order, months as numbers."""
    import pandas as pd  # noqa: PLC0415 - see above

    rows = edges[(edges["from"] != edges["to"]) & (edges["n"] > 0)].dropna(subset=["from", "to"])
    dates = rows["month"].dt if isinstance(rows["month"].dtype, pd.PeriodDtype) else pd.to_datetime(rows["month"]).dt
    rows = rows.assign(month=dates.year * 12 + dates.month).groupby(["from", "to", "month"], sort=False, as_index=False)["n"].sum()
    return rows.sort_values(["from", "to", "month"], key=lambda column: column if column.name == "month" else column.map(_order))


def _order(key: Hashable) -> str:
    return f"{key:>20}" if isinstance(key, int) else str(key)


def _node(graph: Any, key: Hashable, between: float, community: int, active: Activity) -> Node:
    out = [edge["n"] for edge in graph[key].values()]
    sent, received = sum(out), sum(edge["n"] for edge in graph.pred[key].values())
    return Node(
        key,
        sent,
        received,
        len(out),
        len(graph.pred[key]),
        2 * _returned(graph, key) / (sent + received),
        sum((n / sent) ** 2 for n in out) if sent else None,
        between,
        community,
        active.months,
        active.trend,
    )


def _returned(graph: Any, key: Hashable) -> int:
    """Referrals to others that these others return, one for one."""
    return sum(min(edge["n"], graph.pred[key][other]["n"]) for other, edge in graph[key].items() if other in graph.pred[key])


def _communities(graph: Any, seed: int) -> dict[Hashable, int]:
    """Louvain (Blondel et al. 2008, J. Stat. Mech. P10008) on what two exchange in both directions."""
    import networkx as nx  # noqa: PLC0415 - see above

    exchange: Any = nx.Graph()
    exchange.add_nodes_from(graph)
    for source, target, n in graph.edges(data="n"):
        exchange.add_edge(source, target, weight=n + (exchange[source][target]["weight"] if exchange.has_edge(source, target) else 0))
    found = nx.community.louvain_communities(exchange, weight="weight", seed=seed)
    ordered = sorted(found, key=lambda members: (-len(members), min(map(_order, members))))
    return {key: number for number, members in enumerate(ordered) for key in members}


class Activity(NamedTuple):
    """How much, in how many months, and whether it grows. No trend while the whole network has fewer than six months."""

    n: int
    months: int
    trend: Estimate | None


def _activity(rows: pd.DataFrame, by: str | list[str], months: pd.Series) -> dict[Any, Activity]:
    age = months.max() - rows["month"]
    before = min(BASELINE_MONTHS, int(months.max() - months.min()) + 1 - RECENT_MONTHS)
    rows = rows.assign(
        recent=rows["n"].where(age < RECENT_MONTHS, 0),
        earlier=rows["n"].where((age >= RECENT_MONTHS) & (age < RECENT_MONTHS + before), 0),
    )
    groups = rows.groupby(by, sort=False)
    sums, active = groups[["n", "recent", "earlier"]].sum(), groups["month"].nunique()
    return {
        key: Activity(int(n), int(count), rate_ratio(recent, RECENT_MONTHS, earlier, before) if before >= RECENT_MONTHS else None)
        for key, n, recent, earlier, count in zip(sums.index, sums["n"], sums["recent"], sums["earlier"], active, strict=True)
    }
