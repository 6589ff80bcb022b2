"""Reads around alerts: what of their counts a person may see, the months behind them, what waits for whom."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from accounts.models import User
from accounts.permissions import Permission
from reports.models import Alert, AlertChange, AlertPart, AlertRun, Untested
from reports.periods import add_months
from reports.queries.cells import cells
from reports.querysets import parts_within
from territories.models import Assignment
from territories.scope import scope_of
from visits.models import Visit
from visits.queries import colleagues_of, who_looks_after

VISITS = 8  # around an alert


@dataclass(frozen=True)
class Part:
    """What of an alert's counts came from the practices that somebody sees, where `of_line` for the service line of an overlay only."""

    before: int
    observed: int
    of_line: bool = False


def parts_seen(alerts: Sequence[Alert], user: Any) -> dict[int, Part]:
    """{alert: what of it came from the person's own practices}; without an entry all of it did."""
    scope = scope_of(user)
    if scope.whole or not alerts:
        return {}
    sums = {"n_before": Sum("before"), "n_observed": Sum("observed")}
    rows = AlertPart.objects.filter(parts_within(scope), alert__in=alerts).order_by()
    by_line = Count("pk", filter=~Q(practice__territory__in=scope.territory_ids))
    found = {pk: Part(before, seen, n > 0) for pk, before, seen, n in rows.values_list("alert").annotate(**sums, n=by_line)}
    return {
        alert.pk: part
        for alert in alerts
        if (part := found.get(alert.pk, Part(0, 0))) and (part.before, part.observed) != (alert.before, alert.observed)
    }


def inbound_months(providers: Sequence[int], user: Any, *, start: dt.date, end: dt.date) -> dict[int, dict[dt.date, int]]:
    """{provider: {month: inbound referrals}} from the person's own practices, and for the lines of their overlays; `end` is exclusive.

    A month without any is missing.
    """
    scope = scope_of(user)
    found: dict[int, dict[dt.date, int]] = {pk: {} for pk in providers}
    if not found or scope.is_empty:
        return found
    for cell in cells(by=["provider", "month"], start=start, end=end, where={"provider": list(found)}, scope=scope):
        found[cell.key[0]][cell.key[1]] = cell.inbound
    return found


def first_month(alerts: Sequence[Alert]) -> dt.date | None:
    """The earliest of the months that were compared."""
    starts = [dt.date.fromisoformat(alert.months[0][0]) for alert in alerts if alert.months]
    return min(starts, default=None)


def last_month(alerts: Sequence[Alert]) -> dt.date | None:
    return max((alert.last_run.through_month for alert in alerts if alert.last_run.through_month), default=None)


@dataclass(frozen=True)
class Tally:
    """Alerts to look at: falls and rises; referrals short, over all falls."""

    falls: int
    rises: int
    short: float
    run: AlertRun | None

    @property
    def total(self) -> int:
        return self.falls + self.rises


def tally(user: User) -> Tally:
    """What the dashboard says. Whoever sees no providers, but the whole, is told the numbers of the whole."""
    rows = Alert.objects.visible_to(user)
    if not user.can(Permission.PROVIDER_VIEW) and scope_of(user).whole:
        rows = Alert.objects.filter(provider__merged_into=None)
    falls = Q(direction="down")
    found = (
        rows.listed()
        .to_look_at()
        .aggregate(falls=Count("pk", filter=falls), rises=Count("pk", filter=~falls), short=Sum("difference", filter=falls, default=0.0))
    )
    return Tally(found["falls"], found["rises"], -found["short"], AlertRun.objects.visible_to(user).newest())


def whose(user: User) -> Q:
    """Alerts that are this person's: assigned to them, or of a practice in a territory that they hold as its primary today."""
    held = Assignment.objects.today().filter(user=user, is_primary=True, service_line=None).values("territory")
    return Q(assigned_to=user) | Q(practice__territory__in=held)


def assignable(user: User, alert: Alert | None = None) -> QuerySet[User]:
    """Whom the person may ask: who looks after the practice, and the people whom they lead."""
    people = colleagues_of(user)
    if alert is not None and alert.practice is not None:
        people = (people | who_looks_after(alert.practice)).distinct()
    return people


def last_steps(alerts: Sequence[Alert]) -> dict[int, AlertChange]:
    """{alert: its last step that stands}."""
    rows = AlertChange.objects.filter(alert__in=alerts, undone_at=None).order_by("alert_id", "-changed_at", "-pk").distinct("alert_id")
    return {change.alert_id: change for change in rows.select_related("changed_by")}


def visits_around(alert: Alert, user: User) -> list[Visit]:
    """The last visits to the practice and those planned, newest first."""
    if alert.practice_id is None or not user.can(Permission.VISIT_VIEW):
        return []
    rows = Visit.objects.visible_to(user).filter(practice=alert.practice_id, state__in=["done", "planned", "missed"]).for_list()
    return sorted(rows.order_by("-planned_at", "-visited_at")[: 3 * VISITS], key=lambda visit: visit.happens_at, reverse=True)[:VISITS]


def trend_start(alert: Alert, months: int) -> dt.date | None:
    return add_months(alert.last_run.through_month, 1 - months) if alert.last_run.through_month else None


def untested(user: User, *, reason: str = "") -> QuerySet[Untested]:
    """Whom of the person's providers the newest run did not test, by reason and name."""
    rows: QuerySet[Untested] = Untested.objects.visible_to(user).select_related("provider__specialty", "run")
    if reason:
        rows = rows.filter(reason=reason)
    return rows.order_by("reason", "provider__last_name", "provider__first_name", "pk")
