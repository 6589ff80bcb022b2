"""Every measure, defined once, by family. docs/metrics.md is written from their docstrings."""

from reports.measures.flows import (
    MEASURES,
    NOTES,
    Definition,
    Ratio,
    as_row,
    definitions,
    describe,
    inbound,
    internal,
    keepage_ordered,
    leakage_ordered,
    outbound,
    received,
    undetermined,
    volume,
)

__all__ = [
    "MEASURES",
    "NOTES",
    "Definition",
    "Ratio",
    "as_row",
    "definitions",
    "describe",
    "inbound",
    "internal",
    "keepage_ordered",
    "leakage_ordered",
    "outbound",
    "received",
    "undetermined",
    "volume",
]
