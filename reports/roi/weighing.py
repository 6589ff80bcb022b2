"""From facts to an answer: the panels, the estimates, the money and the words, as plain data that is stored and shown.

Only a worker imports this: pandas and the estimators come with it. Two panels are weighed, all practices and those of drawn orders that
visits followed; the answer is that of the drawn ones where it can be estimated, for chance is the best evidence there is.
"""

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from reports.roi import RoiEstimate, estimate, words
from reports.roi.estimating import Control
from reports.roi.money import Margin, RoiMoney, value
from reports.roi.panel import Panel, panel_from_months
from reports.roi.studying import event_study
from reports.roi.trajectory import FOLLOWED

FEWEST_LIAISONS = 2
ONE_LIAISON = (
    "Not made: these visits are those of one liaison. An average over one person's visits would be read as a verdict on that person, "
    "and says nothing about them."
)
NO_MARGINS_ABOVE = 0.5  # share of referrals without a margin, above which no return is shown
DOSES = ((1, 1), (2, 2), (3, 3), (4, 5), (6, None))


@dataclass(frozen=True)
class Drawn:
    """A drawn order: when it was drawn, which practices, how far visits followed it (None: none was due)."""

    name: str
    drawn_on: dt.date
    practices: frozenset[int]
    share: float | None
    is_random: bool


@dataclass(frozen=True)
class Facts:
    """What the database says. `months` are (practice, month, seen), `visits` (practice, day, whose); months from `start` until `end`."""

    months: Sequence[tuple[int, dt.date, int]]
    visits: Sequence[tuple[int, dt.date, int]]
    start: dt.date
    end: dt.date
    silent: Collection[dt.date] = ()
    drawn: Sequence[Drawn] = ()


@dataclass(frozen=True)
class Purse:
    """Margins by line and payer with the referrals they hold for (None: no margin), the cost of the period and the weight."""

    margins: Sequence[tuple[str, str, float | None, float | None, float | None, int]]
    cost: float
    cost_missing: Sequence[str]
    weight: float
    start: dt.date
    end: dt.date


Pay = Callable[[dict[int, dt.date], dt.date, dt.date], Purse]


@dataclass
class Weighed:
    """One panel's answer."""

    panel: Panel
    found: RoiEstimate
    said: tuple[str, ...] = field(default=())


def weigh(facts: Facts, pay: Pay, *, control: Control, progress: Callable[[str], None] = lambda word: None) -> dict[str, Any]:
    """The whole answer as JSON. `pay(first visits, from, until)` says what the referrals after them contribute and the program costs."""
    if not facts.months:
        return nothing("Not estimable: no referral was seen in these months.")
    progress("Comparing practices with the same past")
    everybody = _estimated(facts, _frame(facts.visits), control, randomised=False)
    if everybody is None:
        return nothing("Not estimable: a feed was silent in all of these months.")
    drawn = _drawn(facts)
    chosen = drawn if drawn is not None and drawn.found.is_estimable else everybody
    owners = {owner for practice, _, owner in facts.visits if practice in _firsts(chosen.panel)}
    if 0 < len(owners) < FEWEST_LIAISONS:
        return nothing(ONE_LIAISON)
    progress("Drawing the return")
    first = _firsts(chosen.panel)
    money, purse, limits = _money(chosen, first, facts, pay)
    study = event_study(chosen.panel.rows, chosen.found)
    sentences = words.sentences(chosen.found, money if money and money.roi is not None else None)
    return {
        "headline": words.headline(chosen.found),
        "sentences": [*sentences, *chosen.said, *limits],
        "why_not": chosen.found.why_not,
        "effect": _effect(chosen.found),
        "other": _effect(everybody.found) if chosen is drawn else None,
        "money": asdict(money) if money else None,
        "no_money": "" if money and money.roi is not None else (money.why_not if money else " ".join(limits)),
        "purse": _purse(purse) if purse else None,
        "study": asdict(study) if study else None,
        "dose": _dose(chosen.panel),
        "draws": [[draw.name, len(draw.practices), draw.share, draw.is_random] for draw in facts.drawn],
        "is_drawn": chosen is drawn,
        "months": [str(chosen.panel.months[0]), str(chosen.panel.months[-1])],
        "practices": int(chosen.panel.rows["unit"].nunique()),
    }


def nothing(why_not: str) -> dict[str, Any]:
    """The answer that says why there is none, in the shape of every answer."""
    lists: dict[str, Any] = {name: [] for name in ("dose", "draws", "months")}
    blank: dict[str, Any] = dict.fromkeys(("effect", "other", "money", "purse", "study"))
    said = {"headline": why_not, "sentences": [why_not], "why_not": why_not, "no_money": why_not}
    return said | blank | lists | {"is_drawn": False, "practices": 0}


def _frame(visits: Collection[tuple[int, dt.date, int]]) -> pd.DataFrame:
    return pd.DataFrame([(practice, on) for practice, on, _ in visits], columns=["practice", "on"])


def _estimated(
    facts: Facts, visits: pd.DataFrame, control: Control, *, randomised: bool, practices: Collection[int] | None = None
) -> Weighed | None:
    rows = facts.months if practices is None else [row for row in facts.months if row[0] in practices]
    months = pd.DataFrame(rows, columns=["practice", "month", "seen"])
    silent = [pd.Period(month, "M") for month in facts.silent]
    last = pd.Period(facts.end, "M") - 1
    try:
        panel = panel_from_months(months, visits, start=pd.Period(facts.start, "M"), end=last, silent=silent)
    except ValueError:  # no month, or none that is told
        return None
    found = estimate(panel.rows, scale="ratio", control=control, randomised=randomised)
    return Weighed(panel, found, panel.remarks)


def _drawn(facts: Facts) -> Weighed | None:
    """The practices of drawn orders that visits followed, by their visits since the draw."""
    since = {practice: draw.drawn_on for draw in facts.drawn if draw.is_random for practice in draw.practices}
    if not since:
        return None
    visits = [(practice, on, who) for practice, on, who in facts.visits if practice in since and on >= since[practice]]
    return _estimated(facts, _frame(visits), "not_yet_treated", randomised=True, practices=since)


def _firsts(panel: Panel) -> dict[int, dt.date]:
    """The month of the first visit of each practice that counts as visited."""
    first = panel.rows.groupby("unit")["first_treated"].first()
    return {int(unit): panel.months[place - 1].start_time.date() for unit, place in first.items() if place > 0}


def _money(chosen: Weighed, first: dict[int, dt.date], facts: Facts, pay: Pay) -> tuple[RoiMoney | None, Purse | None, list[str]]:
    """The return, or the sentences that say what it lacks. Nothing is guessed: referrals without a margin add nothing."""
    if not chosen.found.is_estimable or not first:
        return None, None, []
    purse = pay(first, min(first.values()), facts.end)
    referrals = sum(row[-1] for row in purse.margins)
    bare = sum(row[-1] for row in purse.margins if row[2] is None)
    if purse.cost_missing:
        return None, purse, [f"No return is shown: the program's cost is not typed {', '.join(purse.cost_missing)}."]
    if purse.cost <= 0:
        return None, purse, ["No return is shown: the program's cost is zero."]
    if not referrals or bare > NO_MARGINS_ABOVE * referrals:
        share = f"{bare / referrals:.0%}" if referrals else "all"
        return None, purse, [f"No return is shown: {share} of the visited practices' referrals have no contribution margin."]
    margins = [Margin(line, payer, amount or 0.0, n, low, high) for line, payer, amount, low, high, n in purse.margins]
    said = [f"{bare / referrals:.0%} of the visited practices' referrals have no margin and add nothing to the return."] if bare else []
    return value(chosen.found, margins, purse.cost, purse.weight), purse, said


def _effect(found: RoiEstimate) -> dict[str, Any]:
    kept = asdict(found)
    kept["freedom"] = float(min(found.freedom, 1e9))  # infinity is no JSON
    return kept


def _purse(purse: Purse) -> dict[str, Any]:
    margins = sorted(purse.margins, key=lambda row: -row[-1])
    return {
        "margins": [list(row) for row in margins],
        "cost": purse.cost,
        "cost_missing": list(purse.cost_missing),
        "weight": purse.weight,
        "start": purse.start.isoformat(),
        "end": purse.end.isoformat(),
    }


def _dose(panel: Panel) -> list[list[Any]]:
    """How many visits practices had in the year from their first one, and what they sent a month before and after. It tells no effect."""
    rows = panel.rows[panel.rows["first_treated"] > 0]
    since = rows["period"] - rows["first_treated"]
    by = rows["unit"]
    dose = rows["dose"].where((since >= 0) & (since <= FOLLOWED), 0).groupby(by).sum()
    before = rows["outcome"].where((since < 0) & (since >= -FOLLOWED)).groupby(by).mean()
    after = rows["outcome"].where((since > 0) & (since <= FOLLOWED)).groupby(by).mean()
    told = []
    for least, most in DOSES:
        here = (dose >= least) & (dose <= most if most else True)
        if here.any():
            label = f"{least}" if least == most else f"{least} or more" if most is None else f"{least} to {most}"
            told.append([label, int(here.sum()), _mean(before[here]), _mean(after[here])])
    return told


def _mean(values: pd.Series) -> float | None:
    known = values.dropna()
    return float(np.mean(known)) if len(known) else None
