"""Computing report runs, asking for one, and letting old ones go."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from common.exceptions import PolicyViolation
from jobs.actions import enqueue
from jobs.models import Job
from reports.models import ReportName, ReportRun
from reports.periods import Window, add_months, last_full_months
from reports.queries.cells import branch
from reports.queries.freshness import Freshness, freshness, newest_version
from reports.queries.names import Names, names
from reports.queries.numbers import CORE, GROWTH, LEAKAGE, PAYERS, numbers
from reports.queries.runs import fingerprint
from territories.models import Assignment, Territory
from territories.scope import Scope, scope_of

STANDARD_MONTHS = 12
KEPT_VERSIONS = 3
_PARTS = {ReportName.LEAKAGE: (CORE, PAYERS, LEAKAGE), ReportName.VOLUME: (CORE, PAYERS, GROWTH)}


def scopes() -> list[tuple[int | None, int | None]]:
    """(territory, person) of every standard run: the whole, each territory, each person with assignments who does not see the whole."""
    territories = Territory.objects.live().values_list("pk", flat=True)
    people = User.objects.active().filter(pk__in=Assignment.objects.today().values("user"))
    own = [person.pk for person in people if not scope_of(person).whole]
    return [(None, None), *((territory, None) for territory in territories), *((None, person) for person in own)]


def ask_for_standard_runs() -> int:
    """Queue a job for each scope whose standard runs do not speak of the newest data yet; returns how many."""
    fresh = freshness()
    if fresh.data_through is None:
        return 0
    window = last_full_months(STANDARD_MONTHS, fresh.data_through)
    done = set(
        ReportRun.objects.filter(data_version=fresh.version, start_on=window.start, end_on=window.end).values_list(
            "name", "territory_id", "liaison_id"
        )
    )
    waiting = [whose for whose in scopes() if not all((name, *whose) in done for name in ReportName.values)]
    for territory, person in waiting:
        enqueue("reports.compute", territory, person, key=f"reports.compute:{territory}:{person}")
    return len(waiting)


def compute_standard_runs(*, territory_id: int | None, liaison_id: int | None, job_id: int | None = None) -> list[ReportRun]:
    """Both standard reports of one scope at the newest data; what is older than the last three versions goes."""
    through = freshness().data_through
    if through is None:
        return []
    window = last_full_months(STANDARD_MONTHS, through)
    runs = [compute_run(name=name, territory_id=territory_id, liaison_id=liaison_id, window=window, job_id=job_id) for name in ReportName]
    forget_old_runs()
    return runs


def compute_run(
    *, name: str, territory_id: int | None, liaison_id: int | None, window: Window, job_id: int | None = None, asked_by: str = ""
) -> ReportRun:
    """Compute a report and write it once, whole; a run of the same data that exists already is returned.

    Data that changes while we read would mix two versions: the version is read again at the end, and the work repeated if it rose.
    """
    while True:
        version = newest_version()
        whose: dict[str, Any] = {"name": name, "territory_id": territory_id, "liaison_id": liaison_id}
        which = {**whose, "start_on": window.start, "end_on": window.end, "data_version": version}
        if stored := ReportRun.objects.filter(**which).first():
            return stored
        fresh, known = freshness(version), names()
        result = _compute(name, territory_id, liaison_id, window, fresh, known)
        if newest_version() == version:
            break
    result |= {"asked_by": asked_by}
    values = {"data_through_on": fresh.data_through, "job_id": job_id, "result": result, "computed_at": timezone.now()}
    return ReportRun.objects.get_or_create(**which, defaults=values)[0]


def _compute(name: str, territory_id: int | None, liaison_id: int | None, window: Window, fresh: Freshness, known: Names) -> dict[str, Any]:
    scope = _scope(territory_id, liaison_id, known)
    found = numbers(window=window, where={}, scope=scope, fresh=fresh, known=known, parts=_PARTS[ReportName(name)])
    return {**fingerprint(scope), **found.to_json()}


def _scope(territory_id: int | None, liaison_id: int | None, known: Names) -> Scope:
    if liaison_id is not None:
        return scope_of(User.objects.get(pk=liaison_id))
    if territory_id is not None:
        return Scope(territory_ids=branch(territory_id, known.parents))
    return Scope(whole=True)


@transaction.atomic
def ask_for_run(*, name: str, territory: Territory | None, start: dt.date, end: dt.date, by: User) -> Job:
    """Queue a report that a person chose. Without a territory it speaks of all that the person sees."""
    scope = scope_of(by)
    if territory is not None and not (scope.whole or territory.pk in scope.territory_ids):
        raise PolicyViolation("That territory is not yours as a whole, so there is no report over all of it.")
    if start >= end:
        raise PolicyViolation("The last month must not be earlier than the first.")
    territory_id, liaison_id = (territory.pk if territory else None), (None if territory or scope.whole else by.pk)
    job = enqueue("reports.run", name, territory_id, liaison_id, start.isoformat(), end.isoformat(), by=by)
    record("report.asked", by=by, target=job, name=name, territory=territory_id, start=start.isoformat(), end=end.isoformat())
    return job


def forget_old_runs() -> int:
    """Delete standard runs of data versions before the last three. Runs that somebody asked for stay."""
    standard = ReportRun.objects.filter(result__asked_by="")
    versions = list(standard.order_by("-data_version").values_list("data_version", flat=True).distinct()[:KEPT_VERSIONS])
    return standard.filter(data_version__lt=versions[-1]).delete()[0] if len(versions) == KEPT_VERSIONS else 0


def months_on_offer(fresh: Freshness) -> list[dt.date]:
    """The months that a report may start or end with, newest first."""
    if fresh.first_month is None or fresh.full_until is None:
        return []
    return list(reversed(list(Window(fresh.first_month, max(fresh.full_until, add_months(fresh.first_month, 1))).each_month())))


def requester(job_id: int) -> str:
    """Who asked for the job, as the runs' list shows it."""
    return Job.objects.filter(pk=job_id).values_list("requested_by_label", flat=True).first() or ""
