"""What leaves the house as a file."""

from reports.exports.document import (
    ChartBlock,
    Column,
    Definition,
    Definitions,
    Document,
    Figure,
    Figures,
    Heading,
    Meaning,
    TableBlock,
    Text,
    Unit,
    counts,
    shares,
)
from reports.exports.guard import hidden
from reports.exports.tables import KINDS, Table, by_dimension, by_month, destinations, flow, response, shortfalls

__all__ = [
    "KINDS",
    "ChartBlock",
    "Column",
    "Definition",
    "Definitions",
    "Document",
    "Figure",
    "Figures",
    "Heading",
    "Meaning",
    "Table",
    "TableBlock",
    "Text",
    "Unit",
    "by_dimension",
    "by_month",
    "counts",
    "destinations",
    "flow",
    "hidden",
    "response",
    "shares",
    "shortfalls",
]
