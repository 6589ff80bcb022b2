"""Tasks follow from the ledger: `settle_*` compares what an excess asks for with what is open, and opens, changes or withdraws."""

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from compliance import policies, rules
from compliance.actions.telling import task_is_over, tell_of_task
from compliance.models import (
    Cause,
    Rule,
    SpendEntry,
    SpendKind,
    SpendPolicy,
    SpendShare,
    SpendState,
    SpendTask,
    TaskKind,
    TaskState,
)
from compliance.queries import limit_of
from contacts.models import Provider
from contacts.queries import survivor_of

_YEARLY = (Cause.LIMIT, Cause.NO_LIMIT, Cause.EMPLOYED)


@transaction.atomic
def finish_task(*, task: SpendTask, note: str = "", done_on: dt.date | None = None, by: User) -> SpendTask:
    """Repaid, or approved: the excess is settled by its amount.

    Repaid after its day it still is no longer healed, and that is to be approved.
    """
    task = SpendTask.objects.select_for_update(of=("self",)).select_related("entry__recorded_by", "provider").get(pk=task.pk)
    policies.check_can_finish(by, task)
    policies.check_done(task, note=note, done_on=done_on)
    task.state, task.done_on, task.done_by, task.note = TaskState.DONE, done_on or timezone.localdate(), by, note.strip()
    task.save(update_fields=["state", "done_on", "done_by", "note"])
    task_is_over(task, by=by)
    event = "spend.repaid" if task.kind == TaskKind.REPAY else "spend.approved"
    record(event, by=by, target=task.entry, amount=task.amount, cause=task.cause, provider=task.provider_id, late=task.was_late)
    if task.kind == TaskKind.REPAY and task.was_late:
        _open(
            entry=task.entry,
            provider_id=task.provider_id,
            cause=task.cause,
            wanted=rules.Asked(
                TaskKind.APPROVE,
                task.entry_id,
                task.amount,
                task.received_on,
                _approve_by(),
                "Repaid after its day: that does not heal it.",
            ),
            by=by,
        )
    return task


def settle_provider(*, provider_id: int, by: User | None = None) -> None:
    """Every year of a physician anew: after a merge, or when it was taken back."""
    everybody = Provider.objects.all_of(_survivor(provider_id))
    groups = set(
        SpendShare.objects.filter(provider__in=everybody, rule__in=[Rule.LIMIT, Rule.EMPLOYED])
        .order_by()
        .values_list("entry__payer", "entry__spent_on__year")
    ) | set(SpendTask.objects.open().filter(provider__in=everybody).order_by().values_list("payer", "year"))
    for payer_id, year in sorted(groups, key=str):
        settle_group(provider_id=provider_id, payer_id=payer_id, year=year, by=by)


def settle_year(*, year: int, by: User | None = None) -> None:
    """Every physician of a year anew: after its limit or a policy changed."""
    rows = SpendShare.objects.of_year(year).filter(rule__in=[Rule.LIMIT, Rule.EMPLOYED])
    groups = set(rows.order_by().values_list("provider", "entry__payer"))
    for provider_id, payer_id in sorted(groups, key=str):
        settle_group(provider_id=provider_id, payer_id=payer_id, year=year, by=by)
    for entry in SpendEntry.objects.in_year(year).standing():
        settle_entry(entry=entry, by=by)


@transaction.atomic
def settle_group(*, provider_id: int, payer_id: int | None, year: int, by: User | None) -> None:
    """One physician's year with one of our entities, under the yearly limit and under the policy for employed physicians."""
    survivor = _survivor(provider_id)
    Provider.objects.select_for_update(of=("self",), no_key=True).get(pk=survivor.pk)
    everybody = list(Provider.objects.all_of(survivor).values_list("pk", flat=True))
    rows = SpendShare.objects.of_year(year).filter(provider__in=everybody, entry__payer=payer_id, entry__state=SpendState.HAPPENED)
    policy = SpendPolicy.current()
    tasks = SpendTask.objects.filter(provider__in=everybody, payer=payer_id)
    limit = limit_of(year, payer_id)
    for rule, most, causes in (
        (Rule.LIMIT, limit, (Cause.LIMIT, Cause.NO_LIMIT)),
        (Rule.EMPLOYED, policy.employed_yearly, (Cause.EMPLOYED,)),
    ):
        steps = [
            rules.Step(row["entry"], row["entry__spent_on"], row["sum"])
            for row in rows.filter(rule=rule).order_by().values("entry", "entry__spent_on").annotate(sum=Sum("counted"))
            if row["sum"]
        ]
        of_rule = tasks.filter(cause__in=causes)
        done = of_rule.filter(state=TaskState.DONE, year=year).aggregate(sum=Sum("amount"))["sum"] or rules.NOTHING
        others = of_rule.filter(kind=TaskKind.REPAY).exclude(state=TaskState.WITHDRAWN).exclude(state=TaskState.OPEN, year=year)
        wanted = None
        if steps and not (rule == Rule.EMPLOYED and most is None):
            wanted = rules.asked(
                steps,
                limit=most,
                settled=done,
                repaid_before=list(others.values_list("received_on", flat=True)),
                may_repay=rule == Rule.LIMIT,
                approve_by=_approve_by(policy),
            )
        cause = Cause.EMPLOYED if rule == Rule.EMPLOYED else Cause.NO_LIMIT if most is None else Cause.LIMIT
        _follow(list(of_rule.open().filter(year=year).order_by("pk")), wanted, provider_id=survivor.pk, cause=cause, by=by)


@transaction.atomic
def settle_entry(*, entry: SpendEntry, by: User | None) -> None:
    """What an entry asks for by itself: cash-like, solicited, or more for staff than the policy allows."""
    causes: dict[str, tuple[Decimal, str]] = {}
    if entry.state == SpendState.HAPPENED:
        policy = SpendPolicy.current()
        if entry.kind in rules.CASH_LIKE:
            causes[Cause.CASH] = (entry.amount, rules.CASH_LIKE[SpendKind(entry.kind)])
        if entry.is_solicited:
            causes[Cause.SOLICITED] = (entry.amount, "What a physician or an office asks for cannot be given.")
        staff = [share for share in entry.shares.all() if share.rule == Rule.STAFF]
        heads = max((rules.per_head(share.amount, share.people) for share in staff), default=rules.NOTHING)
        if policy.staff_per_occasion is not None and heads > policy.staff_per_occasion:
            why = f"Office staff had ${heads:,.2f} each; the policy allows ${policy.staff_per_occasion:,.2f}."
            causes[Cause.STAFF] = (sum((share.amount for share in staff), rules.NOTHING), why)
    known = {task.cause: task for task in entry.tasks.exclude(state=TaskState.WITHDRAWN).exclude(cause__in=_YEARLY)}
    for cause in (Cause.CASH, Cause.SOLICITED, Cause.STAFF):
        task = known.get(cause)
        if cause in causes and (task is None or task.state == TaskState.OPEN):
            amount, why = causes[cause]
            wanted = rules.Asked(TaskKind.APPROVE, entry.pk, amount, entry.spent_on, _approve_by(), why)
            _follow([task] if task else [], wanted, provider_id=None, cause=cause, by=by)
        elif cause not in causes and task is not None and task.state == TaskState.OPEN:
            _follow([task], None, provider_id=None, cause=cause, by=by)


def _follow(open_tasks: list[SpendTask], wanted: rules.Asked | None, *, provider_id: int | None, cause: str, by: User | None) -> None:
    """At most one task stays open for what is wanted; its day of approval is that of its opening."""
    kept = open_tasks[0] if open_tasks and wanted else None
    for task in open_tasks:
        if task is not kept:
            task.state = TaskState.WITHDRAWN
            task.save(update_fields=["state"])
            task_is_over(task, by=by)
            record("spend.task_withdrawn", by=by, target=task.entry, cause=task.cause, amount=task.amount)
    if wanted is None:
        return
    if kept is None:
        _open(entry=SpendEntry.objects.get(pk=wanted.entry_id), provider_id=provider_id, cause=cause, wanted=wanted, by=by)
        return
    due_on = kept.due_on if kept.kind == wanted.kind == TaskKind.APPROVE else wanted.due_on
    now = {
        "entry_id": wanted.entry_id,
        "provider_id": provider_id,
        "kind": wanted.kind,
        "cause": cause,
        "amount": wanted.amount,
        "received_on": wanted.received_on,
        "due_on": due_on,
        "why": wanted.why,
    }
    news = kept.due_on != due_on or kept.kind != wanted.kind
    if any(getattr(kept, name) != value for name, value in now.items()):
        for name, value in now.items():
            setattr(kept, name, value)
        kept.save(update_fields=[name.removesuffix("_id") for name in now])
        record("spend.task_changed", by=by, target=kept.entry, kind=kept.kind, cause=cause, amount=kept.amount, due_on=due_on)
        if news:
            tell_of_task(SpendTask.objects.for_list().get(pk=kept.pk), by=by)


def _open(*, entry: SpendEntry, provider_id: int | None, cause: str, wanted: rules.Asked, by: User | None) -> SpendTask:
    task = SpendTask.objects.create(
        entry=entry,
        provider_id=provider_id,
        payer_id=entry.payer_id,
        year=entry.year,
        kind=wanted.kind,
        cause=cause,
        amount=wanted.amount,
        received_on=wanted.received_on,
        due_on=wanted.due_on,
        why=wanted.why,
    )
    record("spend.task_opened", by=by, target=entry, kind=task.kind, cause=cause, amount=task.amount, due_on=task.due_on)
    tell_of_task(task, by=by)
    return task


def _survivor(provider_id: int) -> Provider:
    into = survivor_of(Provider, provider_id)
    provider: Provider = Provider.objects.get(pk=provider_id if into is None else into)
    return provider


def _approve_by(policy: SpendPolicy | None = None) -> dt.date:
    return timezone.localdate() + dt.timedelta(days=(policy or SpendPolicy.current()).approve_days)
