"""XmR charts: a series of months, what is usual for it, and which months are not. Limits come from reports.spc."""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from common.charts import Chart, table
from common.templatetags.prm import number, percent

if TYPE_CHECKING:
    from reports.spc import XmR

# rule: what its mark says, in the order in which a month's first mark is chosen
RULES = {
    "outside": "Outside the limits",
    "two of three": "2 of 3 near a limit",
    "one side": "7 or more on one side of the mean",
    "trend": "7 or more rising or falling",
}
NEWS = ("outside", "one side", "trend", "two of three")  # what a title tells first, of months equally new
FEW_A_MONTH = 5  # counts: METHODS section 3
LEAST_MONTHS = 6  # of fewer, nearly any would lie within limits made of themselves
TOO_FEW = 10  # what shares are of: METHODS section 2


@dataclass(frozen=True)
class Series:
    """Months of one figure, without gaps in the calendar. A value of None is a month nobody may compare.

    `of` are the denominators where the values are shares, `remarks` why a month has no value. Months from `immature_from` on, and `silent`
    ones (an import left them out, so their value is drawn as a gap), enter no limits and are never flagged.
    """

    name: str
    months: Sequence[dt.date]
    values: Sequence[float | None]
    unit: str = "count"
    tone: str = "inbound"
    of: Sequence[int] = ()
    remarks: Sequence[str] = ()
    urls: Sequence[str] = ()
    immature_from: dt.date | None = None
    silent: Collection[dt.date] = ()

    @property
    def labels(self) -> list[str]:
        return [f"{month:%b %Y}" for month in self.months]

    def is_late(self, at: int) -> bool:
        return self.immature_from is not None and self.months[at] >= self.immature_from

    @property
    def drawn(self) -> list[float | None]:
        """What is drawn: everything but the months that an import left out."""
        return [None if month in self.silent else value for month, value in zip(self.months, self.values, strict=True)]

    @property
    def compared(self) -> list[float | None]:
        """What enters the limits: full months only."""
        return [None if self.is_late(at) else value for at, value in enumerate(self.drawn)]

    def say(self, value: float | None) -> str:
        if value is None:
            return percent(None)
        return percent(value) if self.unit == "percent" else number(value, 0 if value == int(value) else 1)


@dataclass(frozen=True)
class Signal:
    """Neighboring months that one rule marks on one side, by place, and the sentence that says why they are not chance alone."""

    rule: str
    is_high: bool
    at: tuple[int, ...]
    sentence: str

    @property
    def first(self) -> int:
        return self.at[0]

    @property
    def last(self) -> int:
        return self.at[-1]


@dataclass(frozen=True)
class Control:
    """A series with its limits and signals. `limits` is None where no two neighboring full months have a value."""

    series: Series
    limits: "XmR | None"
    signals: Sequence[Signal]

    @property
    def known(self) -> list[float]:
        """The values that may be compared."""
        return [value for value in self.series.compared if value is not None]

    @property
    def is_short(self) -> bool:
        """Too few months to call anything usual: limits are drawn, and nothing is flagged."""
        return len(self.known) < LEAST_MONTHS

    @property
    def is_few(self) -> bool:
        """Too few months, or too few in a month: nothing is called usual, or unusual."""
        return self.limits is None or self.is_short or self.is_sparse

    @property
    def is_sparse(self) -> bool:
        """Under five a month (a share: of fewer than ten): limits of counts so small mean little, and nothing is flagged."""
        if self.series.of:
            counted = [of for of, value in zip(self.series.of, self.series.compared, strict=True) if value is not None]
            return not counted or sum(counted) / len(counted) < TOO_FEW
        return not self.known or sum(self.known) / len(self.known) < FEW_A_MONTH


def control(series: Series) -> Control:
    """The limits of a series and what stands out from them."""
    from reports.spc import xmr  # noqa: PLC0415 - scipy is loaded by the pages that need it, not by every web process

    limits = xmr(series.compared)
    found = Control(series, limits, ())
    if limits is None or found.is_few:
        return found
    return Control(series, limits, tuple(_signals(series, limits)))


def _signals(series: Series, limits: "XmR") -> Iterator[Signal]:
    for rule in RULES:
        places = sorted(flag.at for flag in limits.flags if flag.rule == rule)
        for is_high, at in _parts(rule, places, series.compared, limits.mean):
            yield Signal(rule, is_high, tuple(at), _sentence(rule, is_high, at, series, limits))


def _parts(rule: str, places: Sequence[int], values: Sequence[float | None], mean: float) -> list[tuple[bool, list[int]]]:
    """A rule's places, parted where the months are no neighbors or the side changes (of a trend: its way; its turn belongs to both)."""
    apart = 2 if rule == "two of three" else 1
    parts: list[tuple[bool, list[int]]] = []
    for place in places:
        value = values[place] or 0.0
        if rule == "trend":
            before = values[place - 1] if place and place - 1 in places else None
            if before is None:
                parts.append((False, [place]))
            elif len(parts[-1][1]) == 1 or parts[-1][0] == (value > before):
                parts[-1] = (value > before, [*parts[-1][1], place])
            else:
                parts.append((value > before, [place - 1, place]))
        elif parts and parts[-1][0] == (value > mean) and place - parts[-1][1][-1] <= apart:
            parts[-1][1].append(place)
        else:
            parts.append((value > mean, [place]))
    return parts


def _sentence(rule: str, is_high: bool, at: list[int], series: Series, limits: "XmR") -> str:
    first, last = series.labels[at[0]], series.labels[at[-1]]
    when = first if first == last else f"{first} to {last}"
    side = "above" if is_high else "below"
    if rule == "outside":
        what = ", ".join(series.say(series.values[place]) for place in at)
        lie = "lies" if len(at) == 1 else "lie"
        return f"{when} ({what}) {lie} {side} what is usual, {usual(series, limits)}: chance alone rarely does that."
    if rule == "two of three":
        return f"{when}: two of three months lie close to the {'upper' if is_high else 'lower'} limit, more than chance usually brings."
    if rule == "one side":
        return f"{when}: {len(at)} months in a row lie {side} the mean of {series.say(limits.mean)}. The level has shifted."
    return f"{when}: {len(at)} months in a row {'rise' if is_high else 'fall'}. That is a trend, not chance."


def usual(series: Series, limits: "XmR") -> str:
    """20 to 64: the limits, in the unit of the series."""
    places = 3 if series.unit == "percent" else 1
    return f"{series.say(round(limits.lower, places))} to {series.say(round(_upper(series, limits), places))}"


def _upper(series: Series, limits: "XmR") -> float:
    """A share cannot pass one."""
    return min(1.0, limits.upper) if series.unit == "percent" else limits.upper


def finding(found: Control) -> str:
    """The title of the chart: the newest signal, else that nothing stands out, else why nothing can be said."""
    series, limits = found.series, found.limits
    if not found.known:
        return f"{series.name}: no full month to chart in this selection"
    if not any(found.known) and not series.of:
        return f"{series.name}: none in {_full_months(len(found.known))}, too few to say more"
    if found.is_short or limits is None:
        return (
            f"{series.name}: too few to say. {_full_months(len(found.known)).capitalize()}, and {LEAST_MONTHS} are needed for a usual range"
        )
    if found.is_sparse:
        least = TOO_FEW if series.of else FEW_A_MONTH
        return f"{series.name}: too few to say. Below {least} a month, chance moves more than any change"
    if not found.signals:
        steady = "steady so far" if limits.is_trial else "steady"
        return f"{series.name}: {steady}. Every month lies within {usual(series, limits)}, as chance explains"
    newest = max(found.signals, key=lambda signal: (signal.last, -NEWS.index(signal.rule)))
    first, last = series.labels[newest.first], series.labels[newest.last]
    side = "above" if newest.is_high else "below"
    if newest.rule == "outside":
        return f"{series.name}: {series.say(series.values[newest.last])} in {last}, {side} the usual {usual(series, limits)}"
    if newest.rule == "one side":
        return f"{series.name}: {len(newest.at)} months {side} the mean, {first} to {last}"
    if newest.rule == "trend":
        return f"{series.name}: {'rising' if newest.is_high else 'falling'} for {len(newest.at)} months, {first} to {last}"
    return f"{series.name}: close to the {'upper' if newest.is_high else 'lower'} limit in {len(newest.at)} months, {first} to {last}"


def _full_months(n: int) -> str:
    return "one full month" if n == 1 else f"{n} full months"


def spec(found: Control) -> dict[str, Any]:
    """The spec of kind xmr in static/js/charts.js."""
    series, limits = found.series, found.limits
    late = next((at for at in range(len(series.months)) if series.is_late(at)), None)
    drawn: dict[str, Any] = {
        "kind": "xmr",
        "name": series.name,
        "unit": series.unit,
        "tone": series.tone,
        "labels": series.labels,
        "values": series.drawn,
        "mean": None,
        "lower": None,
        "upper": None,
        "flags": [{"rule": rule, "text": RULES[rule], "at": at} for rule, at in _marks(found).items()],
        "gaps": [{"from": first, "to": last, "label": "import gap"} for first, last in _gaps(series)],
    }
    if not any(value is not None for value in series.drawn):
        drawn["empty"] = "No month to draw. Choose a longer period or fewer filters."
    if series.urls:
        drawn["urls"] = list(series.urls)
    if late is not None:
        drawn["immature_from"] = late
    if limits is not None:
        drawn |= {"mean": limits.mean, "lower": limits.lower, "upper": _upper(series, limits)}
        drawn |= {"trial": limits.is_trial, "limits_label": "Trial limits" if limits.is_trial else "Natural limits"}
    return drawn


def _marks(found: Control) -> Mapping[str, list[int]]:
    """The places of each rule's marks. A month has the mark of its strongest rule; the table names them all."""
    marks: dict[str, list[int]] = {}
    taken: set[int] = set()
    for rule in RULES:
        for signal in found.signals:
            if signal.rule == rule:
                marks.setdefault(rule, []).extend(at for at in signal.at if at not in taken)
        taken |= set(marks.get(rule, ()))
    return {rule: sorted(set(at)) for rule, at in marks.items() if at}


def _gaps(series: Series) -> list[tuple[int, int]]:
    places = [at for at, month in enumerate(series.months) if month in series.silent]
    return [
        (at[0], at[-1]) for _, members in groupby(enumerate(places), lambda pair: pair[1] - pair[0]) for at in [[p for _, p in members]]
    ]


def said_of(found: Control, at: int) -> str:
    """What a month shows, in words: for the table."""
    series = found.series
    if series.months[at] in series.silent:
        return "Import gap: not compared"
    if series.is_late(at):
        return "Not complete yet: not compared"
    if series.values[at] is None:
        return (series.remarks[at] if series.remarks else "") or "Nothing to compare"
    return "; ".join(RULES[signal.rule] for signal in found.signals if at in signal.at)


def notes(found: Control) -> list[str]:
    """What to mind when reading it: trial limits, gaps, months that are not complete."""
    series, limits = found.series, found.limits
    said = []
    if limits is not None and limits.is_trial:
        said.append(f"Trial limits: they rest on {limits.points} months; twelve are needed before they settle.")
    if gaps := _gaps(series):
        spans = [series.labels[first] if first == last else f"{series.labels[first]} to {series.labels[last]}" for first, last in gaps]
        said.append(f"Import gap, {', '.join(spans)}: rows are missing there, so these months are left out.")
    if late := [label for at, label in enumerate(series.labels) if series.is_late(at)]:
        said.append(f"Hatched: {late[0]} {'is' if len(late) == 1 else f'to {late[-1]} are'} not complete yet, and in no comparison.")
    return said


def chart(
    found: Control, *, id: str, sub: str = "", csv_url: str = "", size: str = "", data_through: dt.date | None = None, title: str = ""
) -> Chart:
    """The chart as the pages take it: title, picture, and every month in words."""
    series = found.series
    heads = ["Month", series.name, *(["Of"] if series.of else []), "What it shows"]
    rows = [
        [label, series.say(series.values[at]), *([number(series.of[at])] if series.of else []), said_of(found, at)]
        for at, label in enumerate(series.labels)
    ]
    return Chart(
        id,
        title or finding(found),
        spec(found),
        table(f"{series.name} by month", heads, rows),
        sub,
        " ".join(notes(found)),
        csv_url,
        size,
        data_through,
    )
