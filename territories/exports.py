"""The tree of territories as a file."""

from collections.abc import Iterable, Iterator
from typing import Any

from territories.queries import Node

HEADER = ("territory", "belongs to", "people today", "ZIP codes", "counties")
BELONGS = {"placed-by": ("ZIP codes", "counties")}


def rows(nodes: Iterable[Node]) -> Iterator[tuple[Any, ...]]:
    """In the order of the tree; helpers and overlays are named as such."""
    for node in nodes:
        people = [
            f"{row.user} ({row.service_line})" if row.service_line else f"{row.user}{'' if row.is_primary else ' (helper)'}"
            for row in node.people
        ]
        yield node.territory.name, str(node.territory.parent or ""), "; ".join(people), node.zips, node.counties
