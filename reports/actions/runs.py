"""Asking for reports, computing them, and letting them go."""

import datetime as dt
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from common.exceptions import PolicyViolation
from common.snapshot import snapshot
from jobs import actions as jobs
from jobs.models import Job, JobState
from notices.actions import notify
from notices.models import NoticeKind
from reports.models import ReportRun
from reports.queries.cells import branch
from reports.queries.freshness import freshness, newest_version
from reports.queries.runs import canonical, fingerprint, question_of
from territories.models import Assignment, Territory
from territories.scope import Scope, scope_of

log = logging.getLogger(__name__)
KEPT_VERSIONS = 3
JOB = "reports.run"
PATIENCE = dt.timedelta(seconds=20)  # whoever waited longer has gone on to something else, and is told
Progress = Callable[[int, int, str], None]
Compute = Callable[[Mapping[str, Any], Scope, Progress], dict[str, Any]]


@transaction.atomic
def ask_for_run(*, kind: str, parameters: Mapping[str, Any], territory: Territory | None, by: User, basis: Any = None) -> ReportRun:
    """The run that answers this question: the finished one of the newest data, one that is under way, or a new one.

    Without a territory it speaks of all that the person sees. Two who ask at once are given the same run.
    """
    scope = scope_of(by)
    if scope.is_empty:
        raise PolicyViolation("No territory is yours, so there is nothing to report on.")
    if territory is not None and not (scope.whole or territory.pk in scope.territory_ids):
        raise PolicyViolation("That territory is not yours as a whole, so there is no report over all of it.")
    if territory is not None:
        scope = Scope(territory_ids=branch(territory.pk))
    liaison_id = None if territory or scope.whole else by.pk
    run = _find_or_queue(
        kind=kind, parameters=parameters, territory_id=territory.pk if territory else None, liaison_id=liaison_id, scope=scope,
        basis=basis, by=by,
    )  # fmt: skip
    run.asked_by.add(by)
    record("report.asked", by=by, target=run, kind=kind, territory=run.territory_id, parameters=run.parameters)
    return run


def _find_or_queue(
    *, kind: str, parameters: Mapping[str, Any], territory_id: int | None, liaison_id: int | None, scope: Scope, basis: Any, by: User | None
) -> ReportRun:
    """The run of this question, locked until the caller's transaction ends; its job is queued where there is none that could answer."""
    wanted = canonical(parameters)
    question = question_of(kind=kind, parameters=wanted, territory_id=territory_id, liaison_id=liaison_id, scope=scope, basis=basis)
    for _ in range(5):  # a run that somebody lets go between our look and our lock is looked for again
        version = newest_version()
        pk = _answering(question, version)
        if pk is None:
            try:
                with transaction.atomic():
                    run = ReportRun.objects.create(
                        kind=kind, parameters=wanted, territory_id=territory_id, liaison_id=liaison_id, field=fingerprint(scope),
                        question=question, asked_version=version, is_standard=by is None,
                    )  # fmt: skip
            except IntegrityError:  # another asked in the same moment
                continue
            pk = run.pk
        locked = ReportRun.objects.select_for_update(of=("self",)).select_related("job").filter(pk=pk).first()
        if locked is not None:
            if by is None and not locked.is_standard:
                locked.is_standard = True
                locked.save(update_fields=["is_standard"])
            if not (locked.is_finished or locked.is_under_way):
                _queue(locked, by)
            return locked
    raise PolicyViolation("This report was let go while you asked for it. Ask again.")


def _answering(question: str, version: int) -> int | None:
    """A run that tells, or will tell, no older data than this version; a failed one of it may be tried again."""
    same = ReportRun.objects.filter(question=question)
    finished = same.finished().filter(data_version__gte=version)
    waiting = same.filter(computed_at=None, job__state=JobState.QUEUED)  # it starts after our look, so it reads what we saw
    at_once = same.filter(asked_version=version)
    return next((pk for found in (finished, waiting, at_once) if (pk := found.values_list("pk", flat=True).first()) is not None), None)


def _queue(run: ReportRun, by: User | None) -> None:
    run.job = jobs.enqueue(JOB, run.pk, by=by)
    run.save(update_fields=["job"])


def compute_run(*, run: ReportRun, compute: Compute, lease: jobs.Lease, title: str = "A report") -> None:
    """Compute a run and write it once, whole, in the transaction that ends its job.

    All is read in one snapshot. Where the reader is inside a transaction already and so has none, data that moved meanwhile is found by
    its version, and the work is done again.
    """
    while True:
        with snapshot():
            version = newest_version()
            fresh = freshness(version)
            answered = ReportRun.objects.finished().filter(question=run.question, data_version=version).first()
            result = answered.result if answered else compute(run.parameters, run.scope, lease.progress)
            if newest_version() == version:
                break
    with transaction.atomic():
        # The run before its job: who lets a run go takes them in the same order.
        written = ReportRun.objects.filter(pk=run.pk, computed_at=None).update(
            result=result, data_version=version, data_through_on=fresh.data_through, computed_at=timezone.now()
        )
        if not written:
            raise jobs.LostLease(JOB)
        if timezone.now() - run.asked_at > PATIENCE:
            text = f"{title} is ready: {run.scope_name}"
            notify(to=run.asked_by.all(), kind=NoticeKind.RUN, text=text, url=run.get_absolute_url(), by=None, key=f"run {run.pk}")
        lease.complete()


def scopes() -> list[tuple[int | None, int | None, Scope]]:
    """(territory, person, field) of every standard run: the whole, each territory, each person with assignments who does not see all."""
    parents = dict(Territory.objects.live().values_list("pk", "parent_id"))
    people = User.objects.active().filter(pk__in=Assignment.objects.today().values("user"))
    own = [(person.pk, scope) for person in people if not (scope := scope_of(person)).whole]
    return [
        (None, None, Scope(whole=True)),
        *((territory, None, Scope(territory_ids=branch(territory, parents))) for territory in parents),
        *((None, person, scope) for person, scope in own),
    ]


def ask_for_standard_runs(*, wanted: Iterable[tuple[str, Mapping[str, Any], Iterable[str], Any]]) -> int:
    """Queue every standard run that does not speak of the newest data yet; returns how many.

    `wanted` are (kind, parameters, over what, basis); over what is any of "whole", "territory", "own".
    """
    version, asked = newest_version(), 0
    fields = scopes()
    if not version:
        return 0
    runs = ReportRun.objects.filter(is_standard=True)
    done = set(runs.finished().filter(data_version__gte=version).values_list("question", flat=True))
    done |= set(runs.filter(computed_at=None, job__state=JobState.QUEUED).values_list("question", flat=True))
    for kind, parameters, over, basis in wanted:
        for territory, person, scope in fields:
            if ("own" if person else "territory" if territory else "whole") not in over:
                continue
            whose: dict[str, Any] = {"territory_id": territory, "liaison_id": person, "scope": scope, "basis": basis}
            if question_of(kind=kind, parameters=parameters, **whose) not in done:
                with transaction.atomic():
                    _find_or_queue(kind=kind, parameters=parameters, by=None, **whose)
                asked += 1
    forget_old_runs()
    return asked


@transaction.atomic
def withdraw_run(*, run: ReportRun, by: User) -> bool:
    """Let go of a run: cancelled while it waits or works, deleted afterwards. True when it is gone.

    Who asked for it gives up their own asking; the run goes with the last of them, unless it is a standard one. An admin who did not ask
    ends it for everybody.
    """
    locked = ReportRun.objects.select_for_update(of=("self",)).select_related("job").filter(pk=run.pk).first()
    if locked is None:
        return True
    is_asker = locked.asked_by.filter(pk=by.pk).exists()
    if not (is_asker or by.is_admin):
        raise PolicyViolation("Only who asked for a report, or an admin, can let it go.")
    was, label = locked.state, str(locked)
    locked.asked_by.set([] if not is_asker else locked.asked_by.exclude(pk=by.pk))
    is_last = not (locked.asked_by.exists() or locked.is_standard)
    record("report.withdrawn", by=by, target=locked, state=was, kind=locked.kind, label=label, is_gone=is_last)
    if not is_last:
        return False
    if locked.job is not None:
        jobs.cancel(job=locked.job, by=by)
    locked.delete()
    return True


@transaction.atomic
def retry_run(*, run: ReportRun, by: User) -> ReportRun:
    """Try a failed run again, on the newest data."""
    locked = ReportRun.objects.select_for_update(of=("self",)).select_related("job").get(pk=run.pk)
    if not (locked.is_finished or locked.is_under_way):
        _queue(locked, by)
        record("report.retried", by=by, target=locked, kind=locked.kind)
    return locked


def forget_old_runs() -> int:
    """Delete standard runs of data versions before the last three, the newest data's own among them. What somebody asked for stays."""
    standard = ReportRun.objects.filter(is_standard=True, asked_by=None)
    computed = standard.finished().order_by("-data_version").values_list("data_version", flat=True).distinct()[:KEPT_VERSIONS]
    versions = sorted({newest_version(), *(version for version in computed if version)}, reverse=True)[:KEPT_VERSIONS]
    if len(versions) < KEPT_VERSIONS:
        return 0
    over = standard.filter(asked_version__lt=versions[-1]).exclude(data_version__gte=versions[-1])
    under_way = Job.objects.filter(state__in=[JobState.QUEUED, JobState.RUNNING]).values("pk")
    return over.exclude(job__in=under_way, computed_at=None).delete()[0]
