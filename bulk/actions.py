"""Doing one thing with many rows, and taking it back. Each row goes through the action of its own app."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.http import QueryDict
from django.utils import timezone

import jobs.actions
from accounts.models import User
from audit.actions import record
from bulk.lists import Act, BulkList, lists
from bulk.models import BulkItem, BulkRun, ItemState
from bulk.queries import Preview, in_chunks
from common.exceptions import PolicyViolation

LARGE = 300  # from so many rows on, a worker does it
GONE = "You do not see it any more."
Progress = Callable[[int, int, str], None]


def _quiet(done: int, total: int, note: str) -> None:
    """Whoever waits for the page sees no progress."""


@transaction.atomic
def start(
    *, bulk_list: BulkList, act: Act, preview: Preview, settings: Mapping[str, Sequence[str]], words: str, client_key: uuid.UUID, by: User
) -> BulkRun:
    """Do what was previewed: at once, or by a worker when it is much. Confirmed twice, it is done once."""
    run, is_new = BulkRun.objects.get_or_create(
        asked_by=by,
        client_key=client_key,
        defaults={"list_key": bulk_list.key, "act_key": act.key, "settings": dict(settings), "words": words[:300]},
    )
    if not is_new:
        return run
    items = [BulkItem(run=run, row_id=row.pk, label=bulk_list.words(row)[:200]) for row in preview.changing]
    items += [
        BulkItem(run=run, row_id=row.pk, label=bulk_list.words(row)[:200], state=ItemState.KEPT, why=why[:300])
        for why, rows in preview.staying.items()
        for row in rows
    ]
    BulkItem.objects.bulk_create(items, batch_size=1000)
    record("bulk.asked", by=by, target=run, list=run.list_key, act=run.act_key, rows=len(preview.changing))
    if len(preview.changing) >= LARGE:
        run.job = jobs.actions.enqueue("bulk.do", run.pk, by=by, key=f"bulk {run.pk}")
        run.save(update_fields=["job"])
        return run
    return perform(run=run, by=by)


def act_of(run: BulkRun, user: User) -> tuple[BulkList, Act]:
    """The run's list and act, for somebody who may still do it."""
    bulk_list = lists.get(run.list_key)
    act = bulk_list.acts.get(run.act_key) if bulk_list else None
    if bulk_list is None or act is None:
        raise PolicyViolation("This release does not know this step any more.")
    if not user.is_active or act not in bulk_list.acts_for(user):
        raise PolicyViolation("Your role does not let you do this.")
    return bulk_list, act


@transaction.atomic
def perform(*, run: BulkRun, by: User, progress: Progress = _quiet) -> BulkRun:
    """Change the chosen rows, each looked up, allowed and judged anew; once, however often it is asked."""
    run = BulkRun.objects.select_for_update().get(pk=run.pk)
    if run.done_at is not None:
        return run
    bulk_list, act = act_of(run, by)
    form = act.form(as_typed(run.settings), user=by)
    if not form.is_valid():
        raise PolicyViolation("What was chosen is not on offer any more. Choose again from the list.")
    items = list(run.items.filter(state=ItemState.CHOSEN))
    for number, some in enumerate(in_chunks(items)):
        progress(number * len(some), len(items), run.words)
        _change(bulk_list, act, some, by, form.cleaned_data)
    BulkItem.objects.bulk_update(items, ["state", "why", "undo"], batch_size=500)
    run.changed = sum(item.state == ItemState.CHANGED for item in items)
    run.kept = run.items.filter(state=ItemState.KEPT).count()
    run.done_at = timezone.now()
    run.save(update_fields=["changed", "kept", "done_at"])
    record("bulk.done", by=by, target=run, list=run.list_key, act=run.act_key, changed=run.changed, kept=run.kept)
    return run


def _change(bulk_list: BulkList, act: Act, items: Sequence[BulkItem], by: User, data: Mapping[str, Any]) -> None:
    """Write onto the items (unsaved) what became of them."""
    rows = list(bulk_list.seen(by).filter(pk__in=[item.row_id for item in items]))
    reasons = act.judge(rows, by, data)
    outcome = act.do([row for row in rows if row.pk not in reasons], by, data)
    why = {**reasons, **outcome.kept}
    for item in items:
        if item.row_id in outcome.changed:
            item.state, item.undo = ItemState.CHANGED, outcome.changed[item.row_id]
        else:
            item.state, item.why = ItemState.KEPT, why.get(item.row_id, GONE)[:300]


def as_typed(settings: Mapping[str, Sequence[str]]) -> QueryDict:
    """The fields of an act as a form sends them."""
    data = QueryDict(mutable=True)
    for name, texts in settings.items():
        data.setlist(name, list(texts))
    return data


@transaction.atomic
def undo(*, run: BulkRun, by: User) -> BulkRun:
    """Take a run back, at once or by a worker; only whoever asked for it, and only once."""
    run = BulkRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if run.asked_by_id != by.pk:
        raise PolicyViolation(f"Only {run.asked_by} can take this back.")
    if run.undone_at is not None:
        raise PolicyViolation("This was undone before.")
    if run.done_at is None:
        raise PolicyViolation("A worker is still at it. Stop the work instead.")
    act_of(run, by)
    if run.changed >= LARGE:
        run.job = jobs.actions.enqueue("bulk.undo", run.pk, by=by, key=f"bulk undo {run.pk}")
        run.save(update_fields=["job"])
        return run
    return take_back(run=run, by=by)


@transaction.atomic
def take_back(*, run: BulkRun, by: User, progress: Progress = _quiet) -> BulkRun:
    """Give each changed row back what it had, where nothing happened since."""
    run = BulkRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if run.undone_at is not None:
        return run
    _, act = act_of(run, by)
    tokens = list(run.items.filter(state=ItemState.CHANGED).order_by("-pk").values_list("undo", flat=True))
    run.undone = 0
    for number, some in enumerate(in_chunks(tokens)):
        progress(number * len(some), len(tokens), f"Undo: {run.words}"[:200])
        run.undone += act.undo(some, by)
    run.undone_at = timezone.now()
    run.save(update_fields=["undone", "undone_at"])
    record("bulk.undone", by=by, target=run, list=run.list_key, act=run.act_key, back=run.undone, stayed=len(tokens) - run.undone)
    return run
