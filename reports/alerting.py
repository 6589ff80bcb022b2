"""From counts by practice and month to what one run has to say of everybody. Pure; `reports.alerts` holds the test itself.

It decides what a run may compare: whose months were not seen because a feed was silent or is still filling up, who is off lists of
decliners, and who changed sides. A practice that joins us turns from inbound to internal overnight: that is no fall.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import pandas as pd

from reports.alerts import WINDOW, Alert, run_tests
from reports.numbers import RECENT_MONTHS
from reports.periods import add_months
from reports.queries.alert_counts import Row
from reports.queries.arrivals import FeedState

OFF_LISTS, SHORT_HISTORY, NOT_SEEN, CHANGED_SIDES = "off lists", "short history", "not seen", "changed sides"
FEW = 3  # own referrals in the recent months from which on somebody may have become one of ours


@dataclass(frozen=True)
class Finding:
    """An alert, and from which practices its referrals came: {practice: (in the baseline, in the recent months)}."""

    alert: Alert
    parts: dict[int | None, tuple[int, int]]


@dataclass(frozen=True)
class Looked:
    """What a run found. `through` is the last month read; `untested` says of each referrer that was left out why."""

    through: dt.date | None = None
    findings: list[Finding] = field(default_factory=list)
    tested: frozenset[int] = frozenset()
    untested: dict[int, str] = field(default_factory=dict)


def look(
    rows: Sequence[Row],
    *,
    feeds: Sequence[FeedState],
    brought_by: Callable[[], Mapping[int, Mapping[int, int]]],
    off_lists: Collection[int],
    q: float,
    share: float,
    holidays: Iterable[dt.date] | None = None,
) -> Looked:
    """One run over all referrers. `brought_by` is asked only where a feed has months that may not be compared."""
    months = [feed.maturity.through for feed in feeds if feed.maturity.through]
    if not months:
        return Looked(untested={row.provider: NOT_SEEN for row in rows if row.inbound})
    through = max(months)
    start = add_months(through, 1 - WINDOW)
    window = [row for row in rows if start <= row.month <= through]
    untested = {row.provider: OFF_LISTS for row in window if row.inbound and row.provider in off_lists}
    gone = changed_sides(window, through)
    kept = [
        row
        for row in rows
        if row.month <= through
        and row.inbound
        and row.provider not in off_lists
        and (row.provider, None) not in gone
        and (row.provider, row.practice) not in gone
    ]
    still_there = {row.provider for row in kept}
    untested |= {provider: CHANGED_SIDES for provider, _ in gone if provider not in still_there and provider not in untested}

    counts = pd.DataFrame(
        {"provider": [row.provider for row in kept], "month": [row.month for row in kept], "n": [row.inbound for row in kept]}
    )
    left_out = not_seen(feeds, brought_by, start=start, through=through, share=share)
    found = run_tests(counts, q=q, through=through, left_out=_frame(left_out), holidays=holidays)
    known = {row.provider for row in window if row.inbound}
    reasons = {cast(int, provider): reason for provider, reason in found.untested.items() if reason != "nothing came"}
    untested |= {provider: reason for provider, reason in reasons.items() if provider in known}
    findings = _with_parts(found.alerts, kept, through)
    return Looked(through, findings, frozenset(cast(list[int], found.tested)), untested)


def changed_sides(window: Iterable[Row], through: dt.date) -> set[tuple[int, int | None]]:
    """(provider, practice) whose referrals from there were inbound in some months and our own in others; practice None: all of a provider,
    who came to us, or left, by changing the practice."""
    recent = add_months(through, 1 - RECENT_MONTHS)
    at: dict[tuple[int, int | None], list[int]] = defaultdict(lambda: [0, 0, 0, 0])  # inbound and ours, before and now
    for row in window:
        sums, now = at[row.provider, row.practice], 2 * (row.month >= recent)
        sums[now] += row.inbound
        sums[now + 1] += row.ours
    found = {key for key, sums in at.items() if sums[0] + sums[2] and sums[1] + sums[3]}
    of: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for key in at.keys() - found:
        of[key[0]] = [total + n for total, n in zip(of[key[0]], at[key], strict=True)]
    for provider, (inbound_before, ours_before, inbound_now, ours_now) in of.items():
        came = not ours_before and inbound_before and ours_now >= max(FEW, inbound_now)
        left = not ours_now and inbound_now and ours_before >= max(FEW, inbound_before)
        if came or left:
            found.add((provider, None))
    return found


def not_seen(
    feeds: Sequence[FeedState],
    brought_by: Callable[[], Mapping[int, Mapping[int, int]]],
    *,
    start: dt.date,
    through: dt.date,
    share: float,
) -> list[tuple[int, dt.date]]:
    """(provider, month) that a silent or unfinished feed keeps from us: of everybody of whose referrals it brings a part that would show.

    A part shows from 1 - share on: less than that may be missing in a mature month as well.
    """
    missing: dict[int, list[dt.date]] = {}
    for feed in feeds:
        upto = feed.maturity.through
        months = [month for month in _each(start, through) if upto is None or month > upto or month in feed.maturity.silent]
        if months:
            missing[feed.source_id] = months
    if not missing:
        return []
    found: set[tuple[int, dt.date]] = set()
    for provider, sources in brought_by().items():
        total = sum(sources.values())
        for source, months in missing.items():
            if sources.get(source, 0) > (1 - share) * total + 1e-9:
                found |= {(provider, month) for month in months}
    return sorted(found)


def _each(start: dt.date, through: dt.date) -> list[dt.date]:
    months = [start]
    while months[-1] < through:
        months.append(add_months(months[-1], 1))
    return months


def _frame(left_out: list[tuple[int, dt.date]]) -> pd.DataFrame | None:
    return pd.DataFrame(left_out, columns=["provider", "month"]) if left_out else None


def _with_parts(alerts: list[Alert], rows: Iterable[Row], through: dt.date) -> list[Finding]:
    """The alerts with the practices behind their counts, in the months that were compared."""
    recent = add_months(through, 1 - RECENT_MONTHS)
    compared = {cast(int, alert.provider): {month for month, _ in alert.months} for alert in alerts}
    parts: dict[int, dict[int | None, list[int]]] = {provider: defaultdict(lambda: [0, 0]) for provider in compared}
    for row in rows:
        if row.provider in compared and row.month in compared[row.provider]:
            parts[row.provider][row.practice][row.month >= recent] += row.inbound
    return [
        Finding(alert, {practice: (n[0], n[1]) for practice, n in sorted(parts[cast(int, alert.provider)].items(), key=str)})
        for alert in alerts
    ]
