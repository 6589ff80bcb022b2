"""Every measure, defined once, by family. docs/metrics.md is written from their docstrings."""

from reports.measures import flows, market, notes, outcomes, sources, waiting
from reports.measures.definition import NEEDS_CLAIMS, TOO_FEW_TO_SAY, Ask, Measure, Row
from reports.measures.flows import (
    Ratio,
    inbound,
    internal,
    keepage_ordered,
    leakage_ordered,
    outbound,
    received,
    undetermined,
    volume,
)
from reports.measures.notes import NOTES

# A family registers here: pages, files, the API and the command line offer what stands in its FAMILY.
FAMILIES = (flows.FAMILY, outcomes.FAMILY, waiting.FAMILY, sources.FAMILY, market.FAMILY)
MEASURES: dict[str, Measure] = {measure.name: measure for family in FAMILIES for measure in family}


def describe() -> str:
    """docs/metrics.md."""
    return notes.describe(MEASURES)


__all__ = [
    "MEASURES",
    "NEEDS_CLAIMS",
    "NOTES",
    "TOO_FEW_TO_SAY",
    "Ask",
    "Measure",
    "Ratio",
    "Row",
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
