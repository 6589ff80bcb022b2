"""The director's quarter: one page for the CFO."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from accounts.permissions import Permission
from referrals.models import CountingRules
from reports import quarterly
from reports.exports.quarter import quarter_document
from reports.fiscal import Quarter
from reports.forms.quarter import QuarterForm
from reports.kinds import roi
from reports.kinds.kind import WHOLE, Kind, Progress
from reports.measures import MEASURES, Ask, Row
from reports.models import ReportRules
from reports.periods import Window, add_months
from reports.policies.money import day
from reports.queries import quarter as queries
from reports.queries.freshness import Freshness, freshness
from reports.queries.holidays import holidays
from reports.queries.money import cost_of
from reports.queries.quarter import ASSIGNED, UNASSIGNED
from reports.views.quarter_page import page
from reports.workdays import business_days
from territories.scope import Scope

BASELINE_MONTHS = 12
WAIT = MEASURES["time_to_appointment"]
LEAST_BASELINE = 3


def parameters_of(quarter: Quarter) -> dict[str, Any]:
    window = quarter.window
    return {"quarter": quarter.name, "starts": quarter.starts, "start": window.start.isoformat(), "end": window.end.isoformat()}


def compute(parameters: Mapping[str, Any], scope: Scope, progress: Progress) -> dict[str, Any]:
    """Every part against its own baseline; the return is that of the newest data, as the return on visits tells it."""
    fresh, rules, counting = freshness(), ReportRules.current(), CountingRules.current()
    window = Window(dt.date.fromisoformat(parameters["start"]), dt.date.fromisoformat(parameters["end"]))
    first = fresh.first_month or window.start
    start = max(add_months(window.start, -BASELINE_MONTHS), first)
    baseline = Window(start, window.start) if start < window.start else None
    months = baseline.months if baseline else 0
    told = baseline if baseline and months >= LEAST_BASELINE else None
    through = fresh.data_through or window.start
    days_since = max(0, (through - window.last_day).days)
    within = min(rules.seen_within, days_since)
    assigned = queries.assigned_territories(window.start)
    progress(0, 4, "Counting referrals of assigned and unassigned practices")
    seen: dict[str, Any] = {ASSIGNED: None, UNASSIGNED: None}
    compared = None
    if within >= quarterly.LEAST_DAYS and told:
        counts = queries.seen_inbound(window, told, scope, assigned, within)
        seen = {whose: _against(counts[whose], window, told) for whose in (ASSIGNED, UNASSIGNED)}
        one, other = counts[ASSIGNED], counts[UNASSIGNED]
        compared = quarterly.difference_in_change((one.now, one.before), (other.now, other.before))
    patients = _patients(window, first, scope, assigned)
    progress(1, 4, "Referrers, leakage and waiting")
    wide = told or Window(add_months(window.start, -1), window.start)
    found = queries.referrers(window, wide, scope, has_year=first <= add_months(window.start, -12), expected=rules.lost_expected)
    recovered = quarterly.leakage_recovered(queries.our_lines(window, wide, scope) if told else [], counting.range_leads_above)
    wait, wait_before = (_wait(part, scope, fresh, rules, counting) for part in (window, told))
    concerns = queries.concerns_in(window, scope)
    cost = cost_of(start=window.start, end=window.end, territory_id=roi.territory_of(scope))
    progress(2, 4, "The return on visits")
    result: dict[str, Any] = {
        "words": Quarter.named(parameters["quarter"], parameters["starts"]).words,  # type: ignore[union-attr]  # asked for by us, so it is one
        "baseline": baseline.words if baseline else "",
        "baseline_months": months,
        "days_since": days_since,
        "within": within,
        "seen_within": rules.seen_within,
        "seen": seen,
        "seen_compared": compared,
        "patients": patients,
        "referrers": {"gained": found.gained, "regular": found.regular, "kept": found.kept, "lost": found.regular - found.kept},
        "lost_expected": rules.lost_expected,
        "recovered": quarterly.plain(recovered),
        "wait": wait,
        "wait_before": wait_before,
        "concerns": {"raised": concerns.raised, "resolved": concerns.resolved, "in_time": concerns.in_time, "told": concerns.told,
                     "open_at_end": concerns.open_at_end},
        "cost": {"amount": float(cost.amount), "missing": [f"from {day(a)} until {day(b)}" for a, b in cost.missing]},
        "roi": _roi(fresh, scope),
    }  # fmt: skip
    progress(4, 4, "Writing it down")
    return result | {"headline": quarterly.headline(result), "cannot": quarterly.cannot_be_claimed(result)}


def _wait(window: Window | None, scope: Scope, fresh: Freshness, rules: ReportRules, counting: CountingRules) -> dict[str, Any]:
    """Days to access are the measure's own figure; None for no baseline."""
    row = Row()
    if window is not None:
        [row] = WAIT.evaluate(Ask(window.start, window.end, (), {}, scope, None, fresh, rules, counting))
    told: dict[str, Any] = quarterly.plain(quarterly.Wait.of(row))
    return told


def _against(counted: queries.Counted, window: Window, baseline: Window) -> dict[str, Any]:
    closed = holidays(baseline.start, window.end)
    days, before = (float(business_days(list(part.each_month()), closed).sum()) for part in (window, baseline))
    found: dict[str, Any] = quarterly.plain(quarterly.Against.of(counted.now, counted.before, days, before))
    return found


def _patients(window: Window, first: dt.date, scope: Scope, assigned: Any) -> dict[str, Any] | None:
    """New patients need a year before whoever is called new, in the baseline as well; None where the data is younger."""
    start = max(add_months(window.start, -BASELINE_MONTHS), add_months(first, 12))
    if start > add_months(window.start, -LEAST_BASELINE):
        return None
    baseline = Window(start, window.start)
    counts = queries.new_patients(window, baseline, scope, assigned)
    return {whose: _against(counts[whose], window, baseline) for whose in (ASSIGNED, UNASSIGNED)}


def _roi(fresh: Freshness, scope: Scope) -> dict[str, Any] | None:
    usual = roi.standard(fresh)
    if not usual:
        return None
    found = roi.compute(usual[0], scope, lambda done, total, word: None)
    money, effect = found["money"], found["effect"]
    return {
        "headline": found["headline"],
        "grade": effect["grade"] if effect else None,
        "effect": [effect["simple_att"], *effect["simple_ci"]] if effect and effect["simple_ci"] else None,
        "return": money["roi"] if money else None,
        "return_ci": money["roi_ci"] if money else None,
        "extra": money["extra"] if money else None,
        "extra_ci": money["extra_ci"] if money else None,
        "chance": money["p_positive"] if money else None,
        "why": found["no_money"] or found["why_not"],
        "months": found["months"],
    }


def standard(fresh: Freshness) -> Sequence[Mapping[str, Any]]:
    """The last quarter that is over, as far as the data reaches."""
    if fresh.full_until is None or fresh.first_month is None:
        return []
    last = Quarter.of(fresh.full_until, ReportRules.current().fiscal_starts).previous
    return [parameters_of(last)] if last.window.start >= fresh.first_month else []


def quarter_basis() -> Any:
    return {**roi.roi_basis(), "concerns": queries.concerns_basis(), "days_to_access": WAIT.name}


QUARTER = Kind(
    name="quarter",
    title="The quarter",
    question="What did outreach cost, what did it bring, and what cannot be claimed?",
    compute=compute,
    form=QuarterForm,
    document=quarter_document,
    permissions=(Permission.ROI_VIEW,),
    page=page,
    standard=standard,
    over=(WHOLE,),
    basis=quarter_basis,
    icon="presentation",
)
