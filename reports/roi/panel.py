"""From practice-months of referrals and the dates of visits to the panel that `reports.roi.estimate` takes."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

QUIET = 6  # months without a visit before a visit begins something


@dataclass(frozen=True)
class Panel:
    """Rows `unit, period, outcome, first_treated, dose`, what the periods stand for, and what was left out.

    `dose` counts the visits of a month from the first one on; it describes the programme, the estimate does not use it.
    """

    rows: pd.DataFrame
    months: tuple[pd.Period, ...]
    remarks: tuple[str, ...]


def panel_from_months(
    months: pd.DataFrame,
    visits: pd.DataFrame,
    *,
    start: pd.Period | None = None,
    end: pd.Period | None = None,
    silent: Collection[pd.Period] = (),
) -> Panel:
    """A panel from `months` (practice, month, seen) and `visits` (practice, on).

    `month` and `on` are anything pandas reads as dates. The panel reaches from `start` to `end`, both included, else over the months
    that hold referrals. A practice that sent nothing in a month sent 0 in it. Practices that never sent anything are not in `months`
    and so not in the panel. Visits after `end` are unknown to it. `silent` are months in which a feed told nothing: they are left out, and
    who was first visited in one counts as visited in the next that is told. Visits in them are known, and so are quiet months.

    The event is the first visit that follows six months without any, all of them within the panel; every visit from then on is dose.
    A practice with visits but no such one is left out: it was never untouched where we could see it, neither as visited nor as a control.
    One that was visited, then quiet for six months or more, then visited again begins with the second; how many those are is said.
    """
    told = pd.DataFrame({"unit": months["practice"], "month": _months(months["month"]), "outcome": months["seen"]})
    if told.empty:
        raise ValueError("No month with referrals to make a panel of.")
    if (told["outcome"] < 0).any():
        raise ValueError("A month has fewer than no referrals.")
    span = pd.period_range(start or told["month"].min(), end or told["month"].max(), freq="M")
    wide = told.pivot_table(index="unit", columns="month", values="outcome", aggfunc="sum", observed=True).reindex(columns=span)
    wide = wide.fillna(0).astype(int)
    dose = _dose(visits, wide.index, span)
    first = np.array([_event(row) for row in dose])
    remarks = []
    if early := int((first < 0).sum()):
        remarks.append(f"{early} left out: visited, but never after {QUIET} quiet months.")
    if again := int(sum(event > 0 and row[: event - 1].any() for row, event in zip(dose, first, strict=True))):
        remarks.append(f"{again} had been visited before their {QUIET} quiet months: what that did may still be in their past.")
    if late := int((first == len(span)).sum()):
        remarks.append(f"{late} first visited in the last month: nothing after it is known.")
    strangers = int((~visits["practice"].isin(wide.index)).sum())
    if strangers:
        remarks.append(f"{strangers} visits to practices that sent nothing in these months.")
    kept = first >= 0
    wide, dose, first = wide[kept], dose[kept], first[kept]
    told_months = ~span.isin(list(silent))
    if not told_months.any():
        raise ValueError("No month is left: a feed was silent in all of them.")
    if not told_months.all():
        remarks.append(f"{int((~told_months).sum())} months left out: a feed told nothing, or not all.")
        place = np.cumsum(told_months) + ~told_months  # where a month, or the next one told, stands among those kept
        first = np.where(first > 0, place[np.maximum(first, 1) - 1], 0)
        first[first > told_months.sum()] = 0
        wide, dose, span = wide.loc[:, told_months], dose[:, told_months], span[told_months]
    rows = pd.DataFrame(
        {
            "unit": np.repeat(wide.index.to_numpy(), len(span)),
            "period": np.tile(np.arange(1, len(span) + 1), len(wide)),
            "outcome": wide.to_numpy().ravel(),
            "first_treated": np.repeat(first, len(span)),
            "dose": dose.ravel(),
        }
    )
    return Panel(rows, tuple(span), tuple(remarks))


def _months(values: pd.Series) -> pd.Series:
    if isinstance(values.dtype, pd.PeriodDtype):
        return values.dt.asfreq("M")
    return pd.to_datetime(values).dt.to_period("M")


def _dose(visits: pd.DataFrame, units: pd.Index, span: pd.PeriodIndex) -> np.ndarray:
    """Visits by practice and month."""
    dose = np.zeros((len(units), len(span)), dtype=int)
    row = units.get_indexer(visits["practice"])
    column = span.get_indexer(pd.PeriodIndex(_months(visits["on"]), freq="M")) if len(visits) else np.empty(0, dtype=int)
    inside = (row >= 0) & (column >= 0)
    np.add.at(dose, (row[inside], column[inside]), 1)
    return dose


def _event(dose: np.ndarray) -> int:
    """The month (from 1) of the first visit after six quiet ones; 0 without any visit, -1 where every visit came too soon to tell."""
    visited = np.flatnonzero(dose)
    if not len(visited):
        return 0
    quiet = np.diff(visited, prepend=-1) - 1
    events = visited[quiet >= QUIET]
    return int(events[0]) + 1 if len(events) else -1
