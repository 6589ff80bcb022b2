"""Looking for alerts: when it is due, one run over all referrers, and what of it is new."""

import datetime as dt
import hashlib
import json
from collections.abc import Callable
from functools import partial
from typing import cast

from django.db import connection, transaction
from django.db.models import Max, Q, Sum
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from contacts.models import Provider, Specialty
from jobs.actions import enqueue
from jobs.models import Job
from referrals.models import ImportBatch, SourceMonth
from reports.actions.alert_records import keep
from reports.models import AlertRun, ClosingDay, ReportRules
from reports.periods import add_months, first_of
from reports.queries.alert_counts import brought_by, lines_of, off_lists, referrers
from reports.queries.arrivals import feed_states
from reports.queries.freshness import newest_version
from reports.queries.holidays import holidays

JOB = "reports.find_alerts"
COMPARED_MONTHS = 15
READ_MONTHS = 27  # the months compared and a year before: who was silent for a year is no newcomer
LOCK = 5_820_411  # one run at a time: a second one waits and finds the first's
NIGHT = dt.time(2)
Progress = Callable[[int, int, str], None]


def ask_for_alerts(*, now: dt.datetime | None = None) -> Job | None:
    """Queue a run if one is due: data or settings have changed since the last, and it was before last night, or a large import came."""
    return enqueue(JOB, key=JOB) if is_due(now or timezone.now()) else None


def is_due(now: dt.datetime) -> bool:
    """A night without a run is caught up by the first look after it; the same data are never looked at twice."""
    if not (version := newest_version()):
        return False
    last = AlertRun.objects.newest()
    if last is None:
        return True
    if (last.data_version, last.basis) == (version, basis(ReportRules.current())):
        return False
    local = timezone.localtime(now)
    night = timezone.make_aware(dt.datetime.combine(local.date() - dt.timedelta(days=local.time() < NIGHT), NIGHT))
    return last.computed_at < night or changed_since(last) >= ReportRules.current().large_import / 100


def changed_since(run: AlertRun) -> float:
    """Referrals that imports, and imports taken back, changed since the run: as a share of those of the months that a run compares."""
    batches = ImportBatch.objects.filter(
        Q(state="loaded", loaded_at__gt=run.computed_at) | Q(state="undone", undone_at__gt=run.computed_at)
    )
    told = batches.aggregate(new=Sum("new", default=0), changed=Sum("changed", default=0))
    since = add_months(_newest_month(), -COMPARED_MONTHS)
    flows = ("n_inbound", "n_internal", "n_outbound", "n_undetermined", "n_outside")
    sums = SourceMonth.objects.filter(month__gte=since).aggregate(**{name: Sum(name, default=0) for name in flows})
    changed = int(told["new"]) + int(told["changed"])
    total = max(1, sum(int(n) for n in sums.values()))
    return changed / total


@transaction.atomic
def ask_for_alerts_now(*, by: User) -> Job:
    """Queue a run because somebody asked: holidays or rules have changed. The same data and settings are not looked at again."""
    job = enqueue(JOB, by=by, key=JOB)
    record("alerts.asked", by=by, target=job)
    return job


def basis(rules: ReportRules) -> str:
    """A word for all settings that a run depends on."""
    days = [[str(day), is_open] for day, is_open in ClosingDay.objects.values_list("falls_on", "is_open")]
    off = [sorted(model._default_manager.filter(stays_off_lists=True).values_list("pk", flat=True)) for model in (Provider, Specialty)]
    told = json.dumps([rules.alert_q, rules.mature_at, days, off])
    return hashlib.sha256(told.encode()).hexdigest()[:32]


@transaction.atomic
def look_for_alerts(
    *, by: User | None = None, job_id: int | None = None, progress: Progress | None = None, as_of: dt.date | None = None
) -> AlertRun | None:
    """One run at the newest data, written whole; the one that exists already for these data and settings is returned. None before any data.

    `as_of` is the day on which it is asked how long a feed has been silent: today.

    Data that change while we read would mix two versions: the version is read again at the end, and the work repeated if it rose.
    """
    from reports.alerting import look  # noqa: PLC0415 - pandas and scipy, which no web process needs

    say = progress or (lambda done, total, note: None)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    while version := newest_version():
        rules = ReportRules.current()
        word, share = basis(rules), rules.mature_at / 100
        if stored := AlertRun.objects.filter(data_version=version, basis=word).first():
            return stored
        today, since = as_of or timezone.localdate(), add_months(_newest_month(), -READ_MONTHS)
        say(0, 3, "How the feeds arrive")
        feeds = feed_states(since=since, as_of=today, share=share)
        say(1, 3, "Counting every referrer's months")
        looked = look(
            referrers(since=since),
            feeds=feeds,
            brought_by=partial(brought_by, since=since),
            off_lists=off_lists(),
            q=rules.alert_q,
            share=share,
            holidays=holidays(since, today),
        )
        lines = lines_of([cast(int, finding.alert.provider) for finding in looked.findings], since=since)
        say(2, 3, "Writing what was found")
        if newest_version() == version:
            run = keep(looked, feeds, lines, version=version, basis=word, rules=rules, job_id=job_id)
            record("alerts.found", by=by, target=run, tested=run.tested, falls=run.falls, rises=run.rises)
            return run
    return None


def _newest_month() -> dt.date:
    """The last month with an inbound referral: data that ended long ago are judged as of their end."""
    this = first_of(timezone.localdate())
    return SourceMonth.objects.filter(n_inbound__gt=0, month__lte=this).aggregate(last=Max("month"))["last"] or this
