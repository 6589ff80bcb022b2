"""The numbers behind the pictures as tables that leave the house: no small cell, and no share that would tell one."""

from collections.abc import Iterator, Sequence
from typing import Any

from common.heat import SILENT
from reports.charts.control import Control, said_of
from reports.charts.funnel import Plot
from reports.exports.tables import Table, hidden
from reports.measures import Measure, Row
from reports.pictures.asking import words_of
from reports.pictures.heat import Grid


def halves(cases: int, total: int, smallest: int) -> tuple[int | str | None, int | str, float | None]:
    """Numerator, denominator and share. Where the numerator or what is left of the denominator is small, the other half and the share
    would tell it: then they are blank.
    """
    if isinstance(shown := hidden(total, smallest), str):
        return None, shown, None
    if isinstance(few := hidden(cases, smallest), str):
        return few, total, None
    if isinstance(hidden(total - cases, smallest), str):
        return None, total, None
    return cases, total, cases / total if total else None


def funnel(drawn: Plot, measure: Measure, one: str, smallest: int) -> Table:
    """Every unit with its limits; those that are not compared say why."""
    said = words_of(measure)
    head = [one.capitalize(), said.cases, said.sizes, measure.title, "95% from", "95% to", "99.8% from", "99.8% to", "Position"]

    def lines() -> Iterator[Sequence[Any]]:
        for placed in drawn.placed:
            cases, total, share = halves(placed.unit.cases, placed.unit.total, smallest)
            if placed.unit.barred:
                share = None
            yield [placed.unit.name, cases, total, share, *(placed.near or (None, None)), *(placed.wide or (None, None)), placed.position]

    return head, lines()


def control(found: Control, measure: Measure, smallest: int) -> Table:
    """Every month with mean and limits, and what it shows."""
    series, limits = found.series, found.limits
    bounds = (limits.mean, limits.lower, limits.upper) if limits else (None, None, None)
    head = ["Month", *(["Of these", "Out of"] if series.of else []), measure.title, "Mean", "Lower limit", "Upper limit", "What it shows"]

    def lines() -> Iterator[Sequence[Any]]:
        for at, month in enumerate(series.months):
            value = series.values[at]
            figures: Sequence[Any]
            if series.of:
                cases, total, share = halves(round((value or 0) * series.of[at]), series.of[at], smallest)
                figures = [cases, total, share] if value is not None else [None, total, None]
            else:
                figures = [hidden(int(value), smallest) if value is not None and measure.unit in {"referrals", "patients"} else value]
            yield [month, *figures, *bounds, said_of(found, at)]

    return head, lines()


def heat(grid: Grid, one: str, above: int, smallest: int) -> Table:
    """One line per group and month, so that a spreadsheet can turn it as it likes. A month that a feed did not tell whole is "silent"."""
    share = grid.is_share
    head = [one.capitalize(), "Month", *(["Of these", "Out of"] if share else []), grid.measure.title, "Complete"]

    def figures(cell: Row) -> Sequence[Any]:
        if not share:
            return [hidden(cell.numerator or 0, smallest)]
        cases, total, value = halves(cell.numerator or 0, cell.denominator or 0, smallest)
        return [cases, total, None if cell.range_leads(above) else value]

    def lines() -> Iterator[Sequence[Any]]:
        for row in grid.rows:
            for place, cell in enumerate(row.cells):
                if place in grid.silent:
                    told = [None] * (3 if share else 1) if cell.is_empty else figures(cell)
                    yield [row.label, grid.months[place], *told, SILENT]
                elif not cell.is_empty:
                    yield [row.label, grid.months[place], *figures(cell), "yes" if place < grid.late else "no"]

    return head, lines()
