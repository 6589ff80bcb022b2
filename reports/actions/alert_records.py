"""What a run found, written down: the same decline is the same alert, whatever people made of it in the meantime."""

import datetime as dt
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from audit.actions import record
from contacts.models import Provider
from contacts.queries import survivor_of
from reports.models import Alert, AlertChange, AlertPart, AlertRun, AlertState, CloseReason, ReportRules, Untested
from reports.numbers import RECENT_MONTHS
from reports.periods import add_months
from reports.queries.alert_counts import LineRow, works_at
from reports.queries.arrivals import FeedState

if TYPE_CHECKING:
    from reports.alerting import Finding, Looked

Key = tuple[int, str]  # provider, direction


def keep(
    looked: "Looked",
    feeds: Sequence[FeedState],
    lines: Iterable[LineRow],
    *,
    version: int,
    basis: str,
    rules: ReportRules,
    job_id: int | None = None,
) -> AlertRun:
    """The run with its alerts, in the caller's transaction. `lines` are the counts of everybody found, by service line."""
    directions = Counter(finding.alert.direction for finding in looked.findings)
    run = AlertRun.objects.create(
        data_version=version,
        basis=basis,
        through_month=looked.through,
        q=rules.alert_q,
        mature_share=rules.mature_at / 100,
        tested=len(looked.tested),
        falls=directions["down"],
        rises=directions["up"],
        feeds=[feed.to_json() for feed in feeds],
        not_tested=dict(Counter(looked.untested.values())),
        job_id=job_id,
        computed_at=timezone.now(),
    )
    Untested.objects.all().delete()
    Untested.objects.bulk_create(Untested(run=run, provider_id=pk, reason=reason) for pk, reason in sorted(looked.untested.items()))
    _follow_merges()
    known = _known(run)
    places = works_at([finding.alert.provider for finding in looked.findings])  # type: ignore[misc]  # the statistics name a provider by any key; here it is an id
    by_line: dict[int, list[LineRow]] = defaultdict(list)
    for row in lines:
        by_line[row.provider].append(row)
    found = {_write(finding, known, places, run, by_line) for finding in looked.findings}
    _not_found(found, looked, run)
    return run


def _known(run: AlertRun) -> dict[Key, Alert]:
    """The alert that a finding would go on with: the open one, else the last closed one whose months still meet those of the run.

    A decline that somebody closed as explained is not told again as long as it lasts.
    """
    alerts: dict[Key, Alert] = {}
    since = add_months(run.through_month, 1 - RECENT_MONTHS) if run.through_month else dt.date.max
    closed = Alert.objects.filter(state=AlertState.CLOSED, last_run__through_month__gte=since).order_by("pk")
    for alert in (*closed, *Alert.objects.exclude(state=AlertState.CLOSED)):
        alerts[alert.provider_id, alert.direction] = alert
    return alerts


def _write(
    finding: "Finding",
    known: Mapping[Key, Alert],
    places: Mapping[int, Mapping[int, bool]],
    run: AlertRun,
    by_line: Mapping[int, Sequence[LineRow]],
) -> Key:
    told = finding.alert
    key: Key = (told.provider, told.direction)  # type: ignore[assignment]  # the same: an id, and one of the two directions
    alert = known.get(key)
    step = ""
    if alert is None:
        alert, step = Alert(provider_id=key[0], direction=key[1], first_run=run), "found"
    elif alert.state == AlertState.CLOSED and alert.closed_reason == CloseReason.FADED:
        alert.state, alert.state_at, alert.closed_reason, alert.closed_note, step = AlertState.NEW, run.computed_at, "", "", "again"
    alert.practice_id, alert.came_from_id = _whereabouts(finding.parts, places.get(key[0], {}))
    low, high = told.interval
    alert.expected, alert.observed, alert.difference, alert.before = told.expected, told.observed, told.difference, told.before
    alert.low, alert.high, alert.q, alert.sentence = low, (high if math.isfinite(high) else None), told.q, told.sentence
    alert.months = [[month.isoformat(), round(expected, 3)] for month, expected in told.months]
    alert.last_run, alert.is_current = run, True
    alert.save()
    alert.parts.all().delete()
    AlertPart.objects.bulk_create(
        AlertPart(alert=alert, practice_id=practice, service_line_id=line, before=before, observed=observed)
        for (practice, line), (before, observed) in _by_line(finding, by_line.get(key[0], ()), run).items()
    )
    if step:
        AlertChange.objects.create(alert=alert, what=step, words=told.sentence[:300], changed_at=run.computed_at)
        record(f"alert.{step}", by=None, target=alert, run=run.pk)
    return key


def _by_line(finding: "Finding", rows: Iterable[LineRow], run: AlertRun) -> dict[tuple[int | None, int | None], list[int]]:
    """{(practice, line): [in the baseline, in the recent months]} of the practices and months that the alert speaks of."""
    months = {month for month, _ in finding.alert.months}
    recent = add_months(run.through_month, 1 - RECENT_MONTHS) if run.through_month else dt.date.max
    found: dict[tuple[int | None, int | None], list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        if row.practice in finding.parts and row.month in months:
            found[row.practice, row.line][row.month >= recent] += row.inbound
    return found


def _whereabouts(parts: Mapping[int | None, tuple[int, int]], places: Mapping[int, bool]) -> tuple[int | None, int | None]:
    """(where the provider is to be found, whence most of the baseline came if that is a place they have left)."""
    before = max(parts, key=lambda practice: parts[practice][0], default=None)
    now = max(parts, key=lambda practice: parts[practice][1], default=None)
    primary = next((practice for practice, is_primary in places.items() if is_primary), None)
    today = primary or (now if now is not None and parts[now][1] else before)
    return today, before if before is not None and before != today and before not in places else None


def _not_found(found: set[Key], looked: "Looked", run: AlertRun) -> None:
    """Open alerts that the run did not find: of those it could not test nothing is known; the others fade, and end when their months have
    passed."""
    since = add_months(run.through_month, 1 - RECENT_MONTHS) if run.through_month else dt.date.min
    for alert in Alert.objects.exclude(state=AlertState.CLOSED).select_related("last_run", "provider"):
        if (alert.provider_id, alert.direction) in found or alert.provider_id in looked.untested or run.through_month is None:
            continue
        if alert.last_run.through_month is None or alert.last_run.through_month < since:
            _end(alert, f"Not found in {run.recent_words}.", run.computed_at)
        elif alert.is_current:
            alert.is_current = False
            alert.save(update_fields=["is_current"])


def _end(alert: Alert, words: str, at: dt.datetime) -> None:
    AlertChange.objects.create(alert=alert, what="closed", was={"state": alert.state}, words=words, changed_at=at)
    alert.state, alert.state_at, alert.closed_reason, alert.closed_note = AlertState.CLOSED, at, CloseReason.FADED, words
    alert.is_current = False
    alert.save()
    record("alert.closed", by=None, target=alert, reason=CloseReason.FADED)


def _follow_merges() -> None:
    """Alerts of providers who were merged into another are the other's."""
    taken: set[Any] = set(Alert.objects.exclude(state=AlertState.CLOSED).values_list("provider", "direction"))
    merged: Iterable[Alert] = Alert.objects.exclude(state=AlertState.CLOSED).exclude(provider__merged_into=None).select_related("provider")
    for alert in merged:
        survivor = survivor_of(Provider, alert.provider_id)
        if survivor is None:
            continue
        if (survivor, alert.direction) in taken:
            _end(alert, "The provider was merged into another, who has an alert already.", timezone.now())
            continue
        taken.add((survivor, alert.direction))
        AlertChange.objects.create(alert=alert, what="merged", words=f"{alert.provider} was merged into another record.")
        alert.provider_id = survivor
        alert.save(update_fields=["provider"])
