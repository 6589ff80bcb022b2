"""A figure by two dimensions: service line, territory or payer, and month."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from scipy.special import bdtr, pdtr

from common.charts import Chart, table
from common.heat import HeatCell, HeatRow, spec
from common.templatetags.prm import number, percent
from reports import words
from reports.cells import Cell
from reports.intervals import TOO_FEW
from reports.measures import Measure, Row
from reports.periods import add_months
from reports.pictures.asking import behind, evaluate, late_from, out_of_range, silent_months, stretch, words_of
from reports.queries.names import label
from reports.questions import NONE, Question

# what the rows may be: one and several
ROWS = {"service_line": ("service line", "service lines"), "territory": ("territory", "territories"), "payer": ("payer", "payers")}
MOST_ROWS = 24
OTHERS = "others"
LEAST_EXPECTED = 5  # of a count: fewer are not called unusual
UNUSUAL = 0.05  # the chance that any cell of the grid is called unusual though none is


@dataclass(frozen=True)
class GridRow:
    """One group: its months, and all of them together (only those that may be compared)."""

    key: Any
    label: str
    cells: Sequence[Row]
    total: Row


@dataclass(frozen=True)
class Grid:
    """Groups by month, largest first. `late` is the place of the first unfinished month; in `silent` places a feed told not all."""

    measure: Measure
    by: str
    months: Sequence[dt.date]
    rows: Sequence[GridRow]
    overall: GridRow
    late: int
    silent: frozenset[int] = frozenset()

    @property
    def told(self) -> list[int]:
        """The places of months that may be compared: complete, and told by every feed."""
        return [place for place in range(self.late) if place not in self.silent]

    @property
    def is_share(self) -> bool:
        return self.measure.unit == "share"

    @property
    def shown(self) -> list[GridRow]:
        """The rows of the picture: the smallest of very many are gathered in one."""
        if len(self.rows) <= MOST_ROWS + 1:
            return list(self.rows)
        rest = self.rows[MOST_ROWS:]
        return [*self.rows[:MOST_ROWS], _gather(OTHERS, f"{len(rest)} {ROWS[self.by][1]} more", rest, self)]


def draw(question: Question, measure: Measure, by: str) -> Grid:
    """The measure by `by` and month. Months not complete are in the cells, and in no total."""
    span = stretch(question, question.window.start)
    months = list(span.each_month())
    found: dict[Any, dict[dt.date, Row]] = {}
    for row in evaluate(measure, question, span, by, "month"):
        if not row.is_empty:
            found.setdefault(row.key[0], {})[row.key[1]] = row
    labels = {cell.key[0]: cell.labels[0] for cell in label([Cell((key,)) for key in found], [by], question.known)}
    after = late_from(measure, question)
    late = sum(month < after for month in months)
    gaps = silent_months(measure, question)
    silent = frozenset(place for place, month in enumerate(months[:late]) if month in gaps)
    grid = Grid(measure, by, months, [], GridRow(None, "", [], Row()), late, silent)
    groups = [_group(key, labels[key], [cells.get(month) for month in months], grid) for key, cells in found.items()]
    groups.sort(key=lambda group: (-_size(group.total), group.label.casefold()))
    grid = replace(grid, rows=groups)
    return replace(grid, overall=_gather("all", "All together", groups, grid))


def _group(key: Any, text: str, cells: Sequence[Row | None], grid: Grid) -> GridRow:
    whole = [cell or _row(grid.measure, []) for cell in cells]
    return GridRow(key, text, whole, _row(grid.measure, [whole[place] for place in grid.told]))


def _gather(key: str, text: str, groups: Sequence[GridRow], grid: Grid) -> GridRow:
    cells = [_row(grid.measure, [group.cells[place] for group in groups]) for place in range(len(grid.months))]
    return GridRow(key, text, cells, _row(grid.measure, [cells[place] for place in grid.told]))


def _row(measure: Measure, parts: Sequence[Row]) -> Row:
    """Several rows as one. Counts of referrals and the halves of a share can be added; a remark goes along where all have it."""
    cases = sum(part.numerator or 0 for part in parts)
    if measure.unit != "share":
        return Row.count((), cases)
    unknown = [part.undetermined for part in parts if part.undetermined is not None]
    return Row.share((), cases, sum(part.denominator or 0 for part in parts), undetermined=sum(unknown) if unknown else None)


def _size(row: Row) -> int:
    return (row.denominator if row.denominator is not None else row.numerator or 0) + (row.undetermined or 0)


def unusual(grid: Grid, above_percent: int) -> tuple[GridRow, int, float] | None:
    """The cell that lies furthest from what its row and month let one expect, if chance does not explain it: row, place, expected value.

    A count is tested as Poisson against row total times month total over all, a share as binomial against its row's own: exact tails, twice
    the smaller one, with Bonferroni's threshold over the cells that are large enough. Months not complete or not told by every feed, and
    shares of which more than `above_percent` is undetermined, are in no test.
    """
    tests = [
        (chance, row, place, expected)
        for row in grid.rows
        for place in grid.told
        for cell in [row.cells[place]]
        for chance, expected in [_chance(cell, row, grid.overall.cells[place], grid, above_percent)]
        if chance is not None
    ]
    if not tests:
        return None
    chance, row, place, expected = min(tests, key=lambda test: test[0])
    return (row, place, expected) if chance <= UNUSUAL / len(tests) else None


def _chance(cell: Row, row: GridRow, month: Row, grid: Grid, above_percent: int) -> tuple[float | None, float]:
    """How likely a cell so far from the expected value is by chance (None: too small to be tested), and that value."""
    cases = cell.numerator or 0
    if grid.is_share:
        n, usual = cell.denominator or 0, row.total.value
        if n < TOO_FEW or usual is None or not 0 < usual < 1 or cell.range_leads(above_percent):
            return None, 0.0
        return _twice(bdtr(cases, n, usual), 1 - bdtr(cases - 1, n, usual) if cases else 1.0), usual
    everything = grid.overall.total.numerator or 0
    expected = (row.total.numerator or 0) * (month.numerator or 0) / everything if everything else 0.0
    if expected < LEAST_EXPECTED:
        return None, 0.0
    return _twice(pdtr(cases, expected), 1 - pdtr(cases - 1, expected) if cases else 1.0), expected


def _apart(grid: Grid, above_percent: int) -> GridRow | None:
    """Of a share: the row that differs most from all together, if chance does not explain it; tested as the cells are."""
    tests = [
        (chance, row)
        for row in grid.rows
        for chance, _ in [_chance(row.total, grid.overall, row.total, grid, above_percent)]
        if chance is not None
    ]
    if not tests:
        return None
    chance, row = min(tests, key=lambda test: test[0])
    return row if chance <= UNUSUAL / len(tests) else None


def _twice(below: float, above: float) -> float:
    return min(1.0, 2 * min(float(below), float(above)))


def finding(grid: Grid, question: Question) -> str:
    """The title: what is unusual, else who is largest; nothing is compared where too many destinations are unknown."""
    measure, total = grid.measure, grid.overall.total
    one = ROWS[grid.by][0]
    if not grid.rows or not grid.told or total.is_empty:
        return f"{measure.title}: nothing to show by {one} in this selection"
    if total.range_leads(question.rules.range_leads_above):
        return f"{measure.title}: between {words.bounds(total.lowest, total.highest)}. Too much is unknown to compare"
    if found := unusual(grid, question.rules.range_leads_above):
        row, place, expected = found
        where = f"{measure.title}: {row.label} in {grid.months[place]:%b %Y} stands out"
        if grid.is_share:
            return f"{where}. {percent(row.cells[place].value, 0)}, where {percent(expected, 0)} is usual"
        return f"{where}. {number(row.cells[place].numerator)}, where about {number(round(expected))} were to be expected"
    if not grid.is_share:
        return f"{measure.title}: {_largest(grid)}"
    if (total.denominator or 0) < TOO_FEW:
        return f"{measure.title}: too few to say, {number(total.numerator)} of {number(total.denominator)}"
    if apart := _apart(grid, question.rules.range_leads_above):
        return f"{measure.title}: {apart.label} stands apart with {percent(apart.total.value, 0)}, where {percent(total.value, 0)} is usual"
    if not _is_tested(grid, question.rules.range_leads_above):
        return f"{measure.title}: {percent(total.value)} in all. No month of a {one} has enough to be compared"
    return f"{measure.title}: {percent(total.value)} in all. Chance explains how every {one} and month differs"


def _largest(grid: Grid) -> str:
    """Who has most of a count, and that no month stands out where any was large enough to."""
    whole = grid.overall.total.numerator or 0
    if whole < TOO_FEW:
        return f"too few to say, {number(whole)} in all"
    sizes = [(row.label, row.total.numerator or 0) for row in grid.rows]
    lead = words.leaders(sizes)
    most = f"{number(max(size for _, size in sizes))}{'' if len(lead) == 1 else ' each'} of {number(whole)}"
    largest = f"{lead[0]} has all {number(whole)}" if len(sizes) == 1 else f"{words.together(lead)} {_is(lead)} largest with {most}"
    return f"{largest}. {'No month stands out' if _is_tested(grid, 0) else 'No month has enough to be compared'}"


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _is_tested(grid: Grid, above_percent: int) -> bool:
    """Whether any cell is large enough to stand out."""
    cells = ((row.cells[place], row, grid.overall.cells[place]) for row in grid.rows for place in grid.told)
    return any(_chance(cell, row, month, grid, above_percent)[0] is not None for cell, row, month in cells)


def chart(grid: Grid, question: Question, *, csv_url: str = "") -> Chart:
    """The grid as the page takes it. Shares of few, and ranges, are told without a color."""
    one, several = ROWS[grid.by]
    said = words_of(grid.measure)
    months = [f"{month:%b %Y}" for month in grid.months]
    lines = [
        HeatRow(row.label, [_cell(cell, place, row, grid, question) for place, cell in enumerate(row.cells)], _months(row, grid, question))
        for row in grid.shown
    ]
    if len(lines) > 1:
        lines.append(HeatRow("All together", [HeatCell(None, *_said(cell, grid.measure, question)) for cell in grid.overall.cells]))
    told = [line.cells[place] for line in lines for place in grid.told]
    top = max((cell.value or 0 for cell in told if cell.value is not None), default=0)
    return Chart(
        "heat",
        finding(grid, question),
        spec(
            lines,
            [(month, "") for month in months],
            corner=one.capitalize(),
            unit="percent" if grid.is_share else "count",
            tone=said.tone,
            immature_from=grid.late if grid.late < len(months) else None,
            silent=grid.silent,
            scale=(percent(0, 0), percent(top, 0)) if grid.is_share else ("0", number(top)),
        ),
        table(
            f"{grid.measure.title} by {one} and month",
            [one.capitalize(), *months],
            [[line.label, *(cell.text for cell in line.cells)] for line in lines],
        ),
        sub=f"By {one} and month, largest first. The stronger the color, the {'higher the share' if grid.is_share else 'more of them'}.",
        note=_note(grid, several, question),
        csv_url=csv_url,
        data_through=question.data_through,
    )


def _note(grid: Grid, several: str, question: Question) -> str:
    said = []
    if grid.late < len(grid.months):
        late = grid.months[grid.late :]
        span = f"{late[0]:%b %Y}" if len(late) == 1 else f"{late[0]:%b %Y} to {late[-1]:%b %Y}"
        said.append(f"Hatched: {span} {'is' if len(late) == 1 else 'are'} not complete yet, and in no comparison.")
    if grid.silent:
        named = ", ".join(f"{grid.months[place]:%b %Y}" for place in sorted(grid.silent))
        said.append(
            f"Hatched and silent: of {named} a feed told nothing, or not all. What stands there may be more, and is in no comparison."
        )
    total = grid.overall.total
    if total.known_share is not None:
        said.append(f"Known share {percent(total.known_share, 0)}, bounds {words.bounds(total.lowest, total.highest)}.")
        above = question.rules.range_leads_above
        said.append(f"Where more than {above}% of a cell is unknown, it shows the range and has no color.")
    if grid.is_share:
        said.append(f"Of fewer than {TOO_FEW}, the counts are shown instead of a share.")
    if len(grid.shown) < len(grid.rows):
        said.append(f"The {MOST_ROWS} largest {several} have a row each; the file has them all.")
    return " ".join(said)


def _cell(cell: Row, place: int, row: GridRow, grid: Grid, question: Question) -> HeatCell:
    text, says = _said(cell, grid.measure, question)
    value = None if says or (cell.is_empty and grid.is_share) else (cell.value if grid.is_share else float(cell.numerator or 0))
    return HeatCell(value, text, says, "" if cell.is_empty else _behind(place, row, grid, question))


def _said(cell: Row, measure: Measure, question: Question) -> tuple[str, str]:
    """A cell's text, and why it may not be compared."""
    if cell.denominator is None:
        return (number(cell.numerator) if cell.numerator else "", "")
    if cell.range_leads(question.rules.range_leads_above):
        return words.bounds(cell.lowest, cell.highest), out_of_range(measure).lower()
    if cell.value is None:
        return "", ""
    if cell.denominator < TOO_FEW:
        return f"{number(cell.numerator)} of {number(cell.denominator)}", "too few to say"
    return percent(cell.value, 0), ""


def _behind(place: int, row: GridRow, grid: Grid, question: Question) -> str:
    """A cell opens its referrals, or, for who may not see single ones, its group's months."""
    if row.key == OTHERS:
        return ""
    month = grid.months[place]
    days = {"start": month.isoformat(), "end": add_months(month, 1).isoformat()}
    opened = behind(grid.measure, question, **{grid.by: NONE if row.key is None else row.key}, **days)
    return opened or _months(row, grid, question)


def _months(row: GridRow, grid: Grid, question: Question) -> str:
    """The group alone, month by month."""
    if row.key is None or row.key == OTHERS:
        return ""
    return question.page("control", measure=grid.measure.name, **{grid.by: row.key}, period=None, start=None, end=None)
