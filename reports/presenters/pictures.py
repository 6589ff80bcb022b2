"""Rows of the tables under the pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

from common.templatetags.prm import number, percent
from reports.charts.control import RULES, Control, said_of
from reports.charts.funnel import Placed, span
from reports.measures import Measure
from reports.pictures import among
from reports.questions import Question


@dataclass(frozen=True)
class UnitRow:
    """A unit of a funnel: figures, limits and position in words."""

    name: str
    url: str
    cases: str
    total: str
    total_url: str
    share: str
    near: str
    wide: str
    position: str
    tone: str
    months_url: str


def funnel_rows(placed: Sequence[Placed], measure: Measure, unit: str, question: Question) -> list[UnitRow]:
    return [
        UnitRow(
            one.unit.name,
            one.unit.url,
            number(one.unit.cases),
            number(one.unit.total),
            among(measure, question, **{unit: one.unit.key}),
            percent(one.share),
            span(one.near),
            span(one.wide),
            one.position,
            "warn" if one.level > 0.99 else "info" if one.side else "",
            question.page("control", measure=measure.name, period=None, start=None, end=None, **{unit: one.unit.key}),
        )
        for one in placed
    ]


@dataclass(frozen=True)
class MonthRow:
    """A month of a control chart: its figure, out of how many, and what it shows."""

    month: str
    value: str
    of: str
    url: str
    says: str
    is_signal: bool

    @property
    def is_outside(self) -> bool:
        return self.is_signal and self.first == RULES["outside"]

    @property
    def first(self) -> str:
        """The strongest rule that marks it."""
        return self.says.partition("; ")[0]

    @property
    def rest(self) -> str:
        """What else marks it, in the middle of a line."""
        rest = self.says.partition("; ")[2]
        return rest[:1].lower() + rest[1:]


def control_rows(found: Control) -> list[MonthRow]:
    """Newest first."""
    series = found.series
    flagged = {at for signal in found.signals for at in signal.at}
    return [
        MonthRow(
            label,
            series.say(series.values[at]),
            number(series.of[at]) if series.of else "",
            series.urls[at] if series.urls else "",
            said_of(found, at),
            at in flagged,
        )
        for at, label in reversed(list(enumerate(series.labels)))
    ]
