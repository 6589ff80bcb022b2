"""A report as a neutral document: what is said, in which order, with which numbers. How it looks is the business of its renderings.

A kind of report builds a `Document` once; the page, the PDF, the workbook and the CSV are made from it (and slides, where a report has
them). Numbers stay numbers until a rendering writes them: a share is 0.213, money is dollars, a day is a date, None is "not known".
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

Value = str | int | float | Decimal | dt.date | bool | None


class Unit(StrEnum):
    """How a number is written: 1,234 · 12.3 · 21.3% · $1,234 · 5 Oct 2026 · Oct 2026 · as it is."""

    COUNT = "count"
    DECIMAL = "decimal"
    SHARE = "share"
    MONEY = "money"
    DATE = "date"
    MONTH = "month"
    TEXT = "text"


@dataclass(frozen=True)
class Column:
    """A column of a table.

    `of_patients` counts referrals or patients: below the setting for small cells it is not told outside. `parts` are the labels of the
    columns that this one is computed from; where one of them is hidden, this one is left blank, or it would give the hidden one away. A
    share or a decimal without `parts` rests on every count of its row.
    """

    label: str
    unit: Unit = Unit.TEXT
    of_patients: bool = False
    parts: tuple[str, ...] = ()

    @property
    def is_number(self) -> bool:
        return self.unit not in {Unit.TEXT, Unit.DATE, Unit.MONTH}


def counts(*labels: str) -> list[Column]:
    """Columns that count referrals: hidden outside where they are small."""
    return [Column(label, Unit.COUNT, of_patients=True) for label in labels]


def shares(*labels: str, parts: tuple[str, ...] = ()) -> list[Column]:
    return [Column(label, Unit.SHARE, parts=parts) for label in labels]


@dataclass(frozen=True)
class Heading:
    """Starts a part of the document. Level 1 is the document's own title; parts begin at 2."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Text:
    """A paragraph. `tone` "note" is set apart: what to mind when reading. `of_patients` tells counts of referrals: left out where
    they are small and the document leaves."""

    text: str
    tone: str = ""
    of_patients: bool = False


@dataclass(frozen=True)
class Figure:
    """One number that stands for itself: what it is, its value, how it changed (in words), what to mind."""

    label: str
    value: Value
    unit: Unit = Unit.COUNT
    change: str = ""
    note: str = ""
    of_patients: bool = False


@dataclass(frozen=True)
class Figures:
    """Some figures beside each other, four to six."""

    items: Sequence[Figure]


@dataclass(frozen=True)
class TableBlock:
    """A table. `title` names what is listed; `is_main` marks the one that the CSV carries (else the first). `total` is a last row.

    `limit` is how many rows paper shows; the workbook and the CSV carry all.
    """

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    note: str = ""
    total: Sequence[Value] | None = None
    is_main: bool = False
    limit: int = 100
    empty: str = "Nothing to show: no referral fits this selection."


@dataclass(frozen=True)
class ChartBlock:
    """A picture: `title` says the finding, `spec` is that of static/js/charts.js, `table` holds the numbers behind it.

    For kinds of chart with `labels`, the table's rows are in the order of the labels. `counts` are the referrals that each mark rests on
    (one per label; a heat map's as its values), where neither the mark nor the table's row says it: a mark of few is not drawn outside.
    """

    id: str
    title: str
    spec: dict[str, Any]
    table: TableBlock
    sub: str = ""
    note: str = ""
    counts: Sequence[Any] | None = None


class Definition(Protocol):
    """What a number means: a measure says it of itself."""

    @property
    def name(self) -> str: ...

    @property
    def formula(self) -> str: ...

    @property
    def paragraphs(self) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Meaning:
    """What a number means that is no measure."""

    name: str
    formula: str
    paragraphs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Definitions:
    """What the numbers mean, at the document's end."""

    items: Sequence[Definition]
    notes: Sequence[str] = ()


Block = Heading | Text | Figures | TableBlock | ChartBlock | Definitions


@dataclass(frozen=True)
class Document:
    """A finished report, ready to be shown or written.

    `scope`, `filter` are in words; `settings` are (name, value) pairs of the counting rules that decide a number. `version` is the data
    version; `data_through` the last day that every feed has reached.
    """

    title: str
    scope: str
    blocks: Sequence[Block] = field(default_factory=list)
    filter: str = ""
    organization: str = ""
    logo: bytes = b""  # PNG; none: the name stands alone
    data_through: dt.date | None = None
    version: int | None = None
    computed_at: dt.datetime | None = None
    asked_by: str = ""
    settings: Sequence[tuple[str, str]] = ()
    is_guarded: bool = False

    def tables(self) -> list[TableBlock]:
        """Every table, those behind charts included, in order."""
        return [
            block if isinstance(block, TableBlock) else block.table for block in self.blocks if isinstance(block, TableBlock | ChartBlock)
        ]

    def main_table(self) -> TableBlock | None:
        found = self.tables()
        return next((table for table in found if table.is_main), found[0] if found else None)

    def with_blocks(self, blocks: Sequence[Block]) -> "Document":
        return replace(self, blocks=blocks)
