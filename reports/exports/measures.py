"""A measure as a table that leaves the house: small cells hidden, and nothing that would give them away."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reports.exports.tables import Table, hidden
from reports.measures import Measure, Row
from reports.queries.cuts import CUTS

SHARE = ["Numerator", "Denominator", "Value", "Low (95%)", "High (95%)", "Unknown", "Known share", "Lowest", "Highest", "Too young"]
DAYS = ["Seen", "Followed", "Median days", "Low (95%)", "High (95%)", "P90 days", "Unknown", "Too young"]


def measure_table(measure: Measure, by: Sequence[str], rows: Sequence[Row], names: Sequence[Mapping[Any, str]], smallest: int) -> Table:
    """One line a group. Counts of referrals and patients below the setting are not told; providers are no patients and are."""
    head = [*(CUTS[cut].label for cut in by), *columns(measure), "Remark"]

    def lines() -> Iterator[Sequence[Any]]:
        for row in rows:
            keys = [_key(cut, part, words) for cut, part, words in zip(by, row.key, names, strict=True)]
            yield [*keys, *cells(row, measure, smallest), row.remark]

    return head, lines()


def columns(measure: Measure) -> list[str]:
    return {"share": SHARE, "days": DAYS}.get(measure.unit, [measure.title])


def cells(row: Row, measure: Measure, smallest: int) -> list[Any]:
    """The figures as they may leave: a part is hidden with all that is computed from it, the rest of a whole that would tell it too."""
    if measure.unit == "providers":
        return [row.numerator]
    if measure.unit in {"referrals", "patients"}:
        return [None if row.numerator is None else hidden(row.numerator, smallest)]
    numerator, denominator = row.numerator or 0, row.denominator or 0
    others = [row.undetermined or 0, row.immature or 0]
    known = not any(0 < part < smallest for part in (numerator, denominator - numerator))
    shown = hidden(numerator, smallest)
    if not known and not isinstance(shown, str):
        shown = None  # the few others would follow from it
    whole = None if row.denominator is None else hidden(denominator, smallest)
    unknown = None if row.undetermined is None else hidden(others[0], smallest)
    young = None if row.immature is None else hidden(others[1], smallest)
    if measure.unit == "days":
        told = [row.value, row.low, row.high, row.more.get("p90")] if denominator >= smallest else [None] * 4
        return [shown, whole, *told, unknown, young]
    told = [row.value, row.low, row.high] if known else [None] * 3
    bounds = [row.known_share, row.lowest, row.highest] if known and not isinstance(unknown, str) else [None] * 3
    return [shown, whole, *told, unknown, *bounds, young]


def _key(cut: str, part: Any, words: Mapping[Any, str]) -> Any:
    return part if cut == "month" and part is not None else words.get(part, "")
