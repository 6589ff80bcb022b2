"""Funnel plots: units of different size around what they have in common. Limits come from reports.spc; there is no ranking."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from common.charts import Chart, table
from common.templatetags.prm import number, percent

if TYPE_CHECKING:
    from reports.spc import Funnel

CURVE = 160  # points of each drawn limit
LEAST_UNITS = 5  # fewer have no common center worth the name
LEAST_TOTAL = 10  # METHODS section 2: "too few to say" below
FAR_APART = 8  # the largest in medians, from where sizes are drawn on a logarithmic axis
TOO_FEW, UNCOMPARED, INSIDE = "Too few to say", "Too few to compare", "Within the limits"
Side = Literal["above", "below", ""]


@dataclass(frozen=True)
class Unit:
    """One practice, provider or territory: `cases` of `total`, and where its own page is.

    `barred` says in words why it may not be compared whatever its size: too much of it is undetermined, or it has no figure.
    """

    key: Any
    name: str
    cases: int
    total: int
    url: str = ""
    barred: str = ""

    @property
    def share(self) -> float:
        return self.cases / self.total


@dataclass(frozen=True)
class Placed:
    """A unit beside its 95 % (`near`) and 99.8 % limits (`wide`). `level` is the widest that it lies outside of, 0 when inside both."""

    unit: Unit
    near: tuple[float, float] | None = None
    wide: tuple[float, float] | None = None
    side: Side = ""
    level: float = 0.0
    distance: float = 0.0

    @property
    def share(self) -> float | None:
        """None where the share may not be told: nothing known, or too much unknown."""
        return None if self.unit.barred or not self.unit.total else self.unit.share

    @property
    def is_too_small(self) -> bool:
        return self.unit.total < LEAST_TOTAL

    @property
    def is_compared(self) -> bool:
        return not (self.is_too_small or self.unit.barred)

    @property
    def position(self) -> str:
        """Where it lies, in words."""
        if self.unit.barred:
            return self.unit.barred
        if self.is_too_small:
            return TOO_FEW
        if self.near is None:
            return UNCOMPARED
        if not self.side:
            return INSIDE
        return f"{self.side.capitalize()} the {'99.8' if self.level > 0.99 else '95'}% limits"


@dataclass(frozen=True)
class Plot:
    """Units placed: outside first, farthest first, then the others by name. `found` is None where too few can be compared."""

    placed: Sequence[Placed]
    found: "Funnel | None"

    @property
    def compared(self) -> list[Placed]:
        return [one for one in self.placed if one.is_compared]

    @property
    def outside(self) -> list[Placed]:
        """Beyond the 99.8 % limits: what chance hardly explains."""
        return [one for one in self.placed if one.level > 0.99]

    @property
    def near_edge(self) -> list[Placed]:
        return [one for one in self.placed if 0 < one.level < 0.99]


def plot(units: Sequence[Unit]) -> Plot:
    """Place units of at least ten around their pooled share; smaller ones are named in the table and drawn nowhere."""
    from reports.spc import funnel  # noqa: PLC0415 - scipy is loaded by the pages that need it, not by every web process

    shown = [unit for unit in units if unit.total or unit.barred]
    whole = [unit for unit in shown if Placed(unit).is_compared]
    small = [Placed(unit) for unit in shown if not Placed(unit).is_compared]
    if len(whole) < LEAST_UNITS:
        return Plot(sorted([*(Placed(unit) for unit in whole), *small], key=_by_name), None)
    found = funnel([unit.cases for unit in whole], [unit.total for unit in whole], points=CURVE)
    flags = {flag.at: flag for flag in found.flags}
    near, wide = found.limits
    placed = []
    for at, unit in enumerate(whole):
        flag, reach = flags.get(at), wide.upper[at] - found.center if unit.share > found.center else found.center - wide.lower[at]
        placed.append(
            Placed(
                unit,
                (float(near.lower[at]), float(near.upper[at])),
                (float(wide.lower[at]), float(wide.upper[at])),
                flag.side if flag else "",
                flag.level if flag else 0.0,
                abs(unit.share - found.center) / reach if reach > 0 else 0.0,
            )
        )
    placed.sort(key=lambda one: (-one.level, -one.distance if one.level else 0.0, *_by_name(one)))
    return Plot([*placed, *sorted(small, key=_by_name)], found)


def _by_name(one: Placed) -> tuple[str, str]:
    return one.unit.name.casefold(), str(one.unit.key)


def finding(drawn: Plot, words: tuple[str, str], measure: str) -> str:
    """The title: how many lie outside what chance explains. `words` are one and several of the units."""
    one, several = words
    compared = len(drawn.compared)
    if not drawn.placed:
        return f"{measure}: no {one} to compare in this selection"
    if drawn.found is None:
        have = f"{compared} {one if compared == 1 else several}" if compared else f"no {one}"
        return f"{measure}: too few to say. {have.capitalize()} can be compared, and {LEAST_UNITS} are needed"
    far = len(drawn.outside)
    if not far:
        return f"{measure}: none of {compared} {several} lies outside what chance explains"
    return f"{measure}: {far} of {compared} {several} {'lies' if far == 1 else 'lie'} outside what chance explains"


def notes(drawn: Plot, words: tuple[str, str]) -> list[str]:
    """How wide the limits are and why, who is near the edge, who is too small to be drawn."""
    found, said = drawn.found, []
    if found is not None:
        if found.is_overdispersed:
            said.append(
                f"These {words[1]} differ more than chance alone explains, so both limits are {found.phi**0.5:.1f} times as wide as "
                "exact limits would be: only what stands out among its peers is marked."
            )
        else:
            said.append("Exact binomial limits: the units differ no more than chance lets them.")
        if near := len(drawn.near_edge):
            expected = round(0.05 * len(drawn.compared))
            lie = "lies" if near == 1 else "lie"
            more = " more" if drawn.outside else ""
            said.append(f"{near}{more} {lie} between the 95% and the 99.8% limits; chance alone puts about {expected} there.")
    if small := sum(one.is_too_small and not one.unit.barred for one in drawn.placed):
        said.append(f"{small} with fewer than {LEAST_TOTAL} referrals {'is' if small == 1 else 'are'} in the table only: too few to say.")
    if barred := sum(bool(one.unit.barred) for one in drawn.placed):
        said.append(
            f"{barred} {'is' if barred == 1 else 'are'} not compared for the reason beside {'it' if barred == 1 else 'them'} in the table."
        )
    return said


def spec(drawn: Plot, *, measure: str, sizes: str, tone: str) -> dict[str, Any]:
    """The spec of kind funnel in static/js/charts.js."""
    found, compared = drawn.found, drawn.compared
    totals = sorted(one.unit.total for one in compared)
    limits = []
    if found is not None:
        for curve, label, dashed in zip(found.curve, ("95% limits", "99.8% limits"), (True, False), strict=True):
            limits.append(
                {
                    "label": label,
                    "dashed": dashed,
                    "n": [float(n) for n in found.curve_totals],
                    "lower": [round(float(value), 5) for value in curve.lower],
                    "upper": [round(float(value), 5) for value in curve.upper],
                }
            )
    nothing = {} if compared else {"empty": f"Nothing to draw: none has at least {LEAST_TOTAL} referrals in this selection."}
    return {
        **nothing,
        "kind": "funnel",
        "unit": "percent",
        "tone": tone,
        "x": sizes,
        "y": measure,
        "log": bool(totals) and totals[-1] > FAR_APART * totals[len(totals) // 2],
        "center": {"value": found.center if found else None, "label": f"All together {percent(found.center)}" if found else ""},
        "limits": limits,
        "points": [
            {
                "name": one.unit.name,
                "n": one.unit.total,
                "value": one.unit.share,
                "side": one.side,
                "wide": one.level > 0.99,
                "says": one.position,
                "url": one.unit.url,
            }
            for one in compared
        ],
    }


def chart(
    drawn: Plot,
    *,
    id: str,
    words: tuple[str, str],
    measure: str,
    sizes: str,
    cases: str,
    tone: str,
    sub: str = "",
    csv_url: str = "",
    data_through: dt.date | None = None,
) -> Chart:
    """The chart as the pages take it. `cases` and `sizes` head the columns of the numerator and the denominator."""
    rows = [
        [
            one.unit.name,
            number(one.unit.cases),
            number(one.unit.total),
            percent(one.share),
            span(one.near),
            span(one.wide),
            one.position,
        ]
        for one in drawn.placed
    ]
    heads = [words[0].capitalize(), cases, sizes, measure, "95% limits", "99.8% limits", "Position"]
    return Chart(
        id,
        finding(drawn, words, measure),
        spec(drawn, measure=measure, sizes=sizes, tone=tone),
        table(f"{measure} by {words[0]}", heads, rows),
        sub,
        " ".join(notes(drawn, words)),
        csv_url,
        "tall",
        data_through,
    )


def span(limits: tuple[float, float] | None) -> str:
    """Limits in words; a dash where none were drawn."""
    return percent(None) if limits is None else f"{percent(limits[0])} to {percent(limits[1])}"
