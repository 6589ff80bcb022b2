"""Grouped counts: what the query layer gives, and all that measures ever read."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Self

FLOWS = ("inbound", "internal", "outbound", "undetermined", "outside")


class Cell(NamedTuple):
    """Referrals of one group, by flow. `key` has one id per dimension asked for, `labels` the words for them.

    A tuple, since a page makes thousands of them.
    """

    key: tuple[Any, ...] = ()
    labels: tuple[str, ...] = ()
    inbound: int = 0
    internal: int = 0
    outbound: int = 0
    undetermined: int = 0
    outside: int = 0

    def to_json(self) -> list[Any]:
        return [list(self.key), list(self.labels), *self[2:]]

    @classmethod
    def from_json(cls, row: Sequence[Any]) -> Self:
        return cls(tuple(row[0]), tuple(row[1]), *row[2:])


def total(cells: Iterable[Cell]) -> Cell:
    """All of them as one, without a group."""
    return _sum((), (), cells)


def merge(cells: Iterable[Cell], *positions: int) -> list[Cell]:
    """The same referrals in fewer dimensions: those at these positions of the key, in the order of first appearance."""
    groups: dict[tuple[Any, ...], list[Cell]] = {}
    for cell in cells:
        groups.setdefault(tuple(cell.key[position] for position in positions), []).append(cell)
    return [
        _sum(key, tuple(members[0].labels[position] for position in positions) if members[0].labels else (), members)
        for key, members in groups.items()
    ]


def _sum(key: tuple[Any, ...], labels: tuple[str, ...], cells: Iterable[Cell]) -> Cell:
    columns = zip(*(cell[2:] for cell in cells), strict=True)
    return Cell(key, labels, *map(sum, columns))
