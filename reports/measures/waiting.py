"""How long patients wait (METHODS section 2): Kaplan and Meier's estimate, since some still do."""

from collections import defaultdict
from typing import Any

from django.db.models import QuerySet

from referrals.behind import Part
from referrals.models import Referral
from reports.intervals import TOO_FEW
from reports.measures.definition import TOO_FEW_TO_SAY, Ask, Measure, Row
from reports.queries.facts import facts, members, over
from reports.survival import kaplan_meier

TOLD = ("inbound", "internal", "outbound", "undetermined")


def time_to_appointment(ask: Ask) -> list[Row]:
    """Time to appointment: median days from the referral to the day seen, by Kaplan and Meier.

    Who was not seen by the data-through date is counted as waiting until then; who was canceled or rejected, until the day of that, since
    they wait no longer. So the figure is neither that of the quick ones alone nor pulled down by recent months. Beside the median stands
    P90, the days by which nine of ten were seen; both with 95% intervals. Where the wait has not been long enough to tell, it says "more
    than" so many days. Seen, canceled or rejected on an unknown day, or seen before the referral, cannot be used and is undetermined.
    """
    if ask.data_through is None:
        return [] if ask.by else [_row((), {}, 0, 0)]
    rows = facts(names=ask.by, start=ask.start, end=ask.end, where=ask.where, scope=ask.scope, flows=TOLD)
    found = over(
        rows, ask.by, ["count(*)::int"], also=["w.days", "w.is_seen", "w.what"], joins=_WAITS, params={"through": ask.data_through}
    )
    waits: dict[tuple[Any, ...], dict[tuple[int, bool], int]] = defaultdict(dict)
    unknown: dict[tuple[Any, ...], int] = defaultdict(int)
    young: dict[tuple[Any, ...], int] = defaultdict(int)
    for *key, days, is_seen, what, n in found:
        group = tuple(key)
        if what == "used":
            waits[group][days, is_seen] = n
        elif what == "unknown":
            unknown[group] += n
        else:
            young[group] += n
    groups = waits.keys() | unknown.keys() | young.keys() or (set() if ask.by else {()})
    return [_row(group, waits.get(group, {}), unknown[group], young[group]) for group in groups]


def _row(key: tuple[Any, ...], waits: dict[tuple[int, bool], int], unknown: int, young: int) -> Row:
    """Numerator: seen; denominator: all who were followed."""
    cases = sum(waits.values())
    if not cases:
        return Row(key, 0, 0, None, undetermined=unknown, immature=young)
    curve = kaplan_meier([days for days, _ in waits], [seen for _, seen in waits], list(waits.values()))
    median, p90 = curve.median, curve.p90
    remark = TOO_FEW_TO_SAY if cases < TOO_FEW else "" if median.days is not None else f"more than {curve.last:.0f} days"
    more = {"p90": p90.days, "p90_low": p90.low, "p90_high": p90.high, "followed": curve.last}
    return Row(key, curve.seen, cases, median.days, median.low, median.high, undetermined=unknown, immature=young, remark=remark, more=more)


# Days followed, and how that ended. Seen after the data-through date is not seen yet: feeds reach differently far.
_WAITS = """LEFT JOIN LATERAL (
    SELECT min(e.happened_on) AS day FROM referrals_statusevent e
    WHERE c.state IN ('cancelled', 'rejected') AND c.seen_by = '' AND e.referral_id = c.id AND e.state IN ('cancelled', 'rejected')
      AND NOT e.is_inferred) ended ON true
CROSS JOIN LATERAL (SELECT CASE
    WHEN c.seen_on IS NOT NULL THEN c.seen_on
    WHEN c.seen_by <> '' THEN NULL
    WHEN c.state IN ('cancelled', 'rejected') THEN ended.day
    ELSE 'infinity'::date END AS end_on) told
CROSS JOIN LATERAL (SELECT
    (CASE WHEN told.end_on > %(through)s THEN %(through)s ELSE told.end_on END) - c.anchor_on AS days,
    c.seen_on IS NOT NULL AND c.seen_on <= %(through)s AS is_seen,
    CASE WHEN c.anchor_on > %(through)s THEN 'young'
         WHEN told.end_on IS NULL OR told.end_on < c.anchor_on THEN 'unknown' ELSE 'used' END AS what) w"""

_PARTS = {
    Part.NUMERATOR: "w.what = 'used' AND w.is_seen",
    Part.DENOMINATOR: "w.what = 'used'",
    Part.UNDETERMINED: "w.what = 'unknown'",
    Part.IMMATURE: "w.what = 'young'",
}


def _behind(ask: Ask, rows: QuerySet[Referral], part: Part) -> QuerySet[Referral]:
    if ask.data_through is None:
        return rows.none()
    return members(rows.filter(flow__in=TOLD), _PARTS[part], joins=_WAITS, params={"through": ask.data_through})


FAMILY = (
    Measure(
        "time_to_appointment", "Time to appointment", "days", time_to_appointment, "Waiting", "down", behind=_behind, parts=tuple(_PARTS),
        settings=("affiliated_is_ours", "counted_kinds", "duplicate_days"),
    ),
)  # fmt: skip
