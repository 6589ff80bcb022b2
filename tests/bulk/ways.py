"""Doing something with rows as the confirmation of a preview does, for tests of single acts."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.http import QueryDict

from bulk import actions
from bulk.lists import lists
from bulk.models import BulkRun, ItemState
from bulk.queries import Selection, preview


def typed(fields: dict[str, Any]) -> QueryDict:
    data = QueryDict(mutable=True)
    for name, value in fields.items():
        data.setlist(f"set-{name}", [str(value)])
    return data


class Done:
    """A run, its way back, and why rows stayed."""

    def __init__(self, run: BulkRun) -> None:
        self.run, self.changed, self.kept = run, run.changed, run.kept

    @property
    def whys(self) -> dict[int, str]:
        return dict(self.run.items.filter(state=ItemState.KEPT).values_list("row_id", "why"))

    def take_back(self) -> int:
        return actions.undo(run=self.run, by=self.run.asked_by).undone


def change(name: str, act_key: str, rows: Sequence[Any], *, by: Any, **fields: Any) -> Done:
    bulk_list, act, data = lists[name], lists[name].acts[act_key], typed(fields)
    assert act in bulk_list.acts_for(by)
    form = act.form(data, user=by)
    assert form.is_valid(), form.errors
    selection = Selection([row.pk for row in rows])
    seen = preview(bulk_list, act, selection=selection, settings=dict(data.lists()), data=form.cleaned_data, by=by)
    for row in seen.changing:
        assert act.tells(row, form.cleaned_data) is not None
    run = actions.start(
        bulk_list=bulk_list, act=act, preview=seen, settings=dict(data.lists()), words=act.says(form.cleaned_data),
        client_key=uuid.uuid4(), by=by,
    )  # fmt: skip
    return Done(run)
