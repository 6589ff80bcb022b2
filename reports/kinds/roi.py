"""The return on visits: does a first visit bring referrals, how many, and is that worth what the program costs?"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from accounts.permissions import Permission
from reports.exports.roi import roi_document
from reports.forms.roi import USUAL_MONTHS, RoiForm
from reports.kinds.kind import WHOLE, Kind, Progress
from reports.periods import Window, add_months
from reports.policies.money import day
from reports.queries.freshness import Freshness, freshness
from reports.queries.money import Margins, cost_of, money_basis, weight_of
from reports.queries.names import names
from reports.queries.visited import basis, drawn_orders, feeds, mix, practice_months, visits_made
from reports.views.roi_page import page
from territories.scope import Scope

FOLLOWED = 12  # months after a first visit whose referrals are counted, as reports.roi.trajectory has it


def compute(parameters: Mapping[str, Any], scope: Scope, progress: Progress) -> dict[str, Any]:
    """Facts grouped in the database, then panel, estimate and money in this worker."""
    from reports.roi import weighing  # noqa: PLC0415 - pandas and the estimators stay out of web processes

    asked = Window(dt.date.fromisoformat(parameters["start"]), dt.date.fromisoformat(parameters["end"]))
    found = feeds(asked, freshness())
    about = {
        "asked": [asked.start.isoformat(), asked.end.isoformat()],
        "control": parameters["control"],
        "later_feeds": list(found.later),
        "silent": [month.isoformat() for month in found.silent],
        "seen_within": found.seen_within,
    }
    if found.window is None:
        return weighing.nothing("Not estimable: no month is old enough for its referrals to have been seen.") | about
    window = found.window
    progress(1, 5, "Counting referrals seen by practice and month")
    months = practice_months(window, scope, found)
    progress(2, 5, "Reading visits and drawn orders")
    visits = visits_made({practice for practice, _, _ in months}, window.end)
    drawn = [
        weighing.Drawn(
            order.draw.name,
            order.draw.drawn_at.date(),
            frozenset(place.practice.pk for place in order.places),
            order.compliance.share,
            order.compliance.is_random,
        )
        for order in drawn_orders(window.end)
    ]
    facts = weighing.Facts(months, visits, window.start, window.end, found.silent, drawn)

    def pay(first: dict[int, dt.date], start: dt.date, end: dt.date) -> Any:
        return _purse(mix(first, FOLLOWED, window, scope, found), scope, start, end)

    steps = iter((3, 4))
    told = weighing.weigh(facts, pay, control=parameters["control"], progress=lambda word: progress(next(steps), 5, word))
    progress(5, 5, "Writing it down")
    return told | about


def _purse(sent: Sequence[Any], scope: Scope, start: dt.date, end: dt.date) -> Any:
    """Margins as they held in each referral's month, the cost and the weight of the period."""
    from reports.roi.weighing import Purse  # noqa: PLC0415 - as above

    held, known = Margins.read(), names()
    rows: dict[tuple[Any, ...], int] = {}
    for part in sent:
        margin = held.on(part.month, service_line_id=part.service_line_id, payer_id=part.payer_id)
        line = known.lines.get(part.service_line_id or 0, "No service line")
        payer = known.payers.get(part.payer_id or 0, "No payer")
        amounts = (None, None, None)
        if margin is not None:
            amounts = tuple(None if amount is None else float(amount) for amount in (margin.amount, margin.low, margin.high))  # type: ignore[assignment]  # always three
        rows[line, payer, *amounts] = rows.get((line, payer, *amounts), 0) + part.referrals
    cost = cost_of(start=start, end=end, territory_id=territory_of(scope))
    missing = [f"from {day(first)} until {day(last)}" for first, last in cost.missing]
    weight = weight_of(start=start, end=end)
    return Purse([(*key, n) for key, n in rows.items()], float(cost.amount), missing, weight.value, start, end)


def territory_of(scope: Scope) -> int | None:
    """The territory whose cost counts: the top of the branch that the scope is; None for the whole program."""
    if scope.whole:
        return None
    parents = names().parents
    tops = [pk for pk in scope.territory_ids if parents.get(pk) not in scope.territory_ids]
    return tops[0] if len(tops) == 1 and not scope.overlays else -1


def standard(fresh: Freshness) -> Sequence[Mapping[str, Any]]:
    """The last three years, or as much as there is."""
    if fresh.first_month is None or fresh.full_until is None or fresh.full_until <= fresh.first_month:
        return []
    start = max(fresh.first_month, add_months(fresh.full_until, -USUAL_MONTHS))
    return [{"start": start.isoformat(), "end": fresh.full_until.isoformat(), "control": "not_yet_treated"}]


def roi_basis() -> Any:
    return {**basis(), **money_basis()}


ROI = Kind(
    name="roi",
    title="Return on visits",
    question="Does a first visit bring referrals, and is that worth what the program costs?",
    compute=compute,
    form=RoiForm,
    document=roi_document,
    permissions=(Permission.ROI_VIEW,),
    page=page,
    standard=standard,
    over=(WHOLE,),
    basis=roi_basis,
    icon="scale",
)
