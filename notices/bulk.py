"""What can be done with many of one's notices at once."""

from collections.abc import Sequence
from typing import Any

from django.http import QueryDict

from accounts.models import User
from bulk.lists import Act, BulkList, Data, Outcome, Rows, offer, register
from notices import actions
from notices.filters import NoticeFilter
from notices.models import Notice


def _seen(user: User) -> Any:
    return Notice.objects.visible_to(user).for_list()


def _found(user: User, query: QueryDict) -> Any:
    return NoticeFilter(query, _seen(user)).qs


register(
    BulkList(key="notices", page="notices:list", one="notice", many="notices", seen=_seen, found=_found, words=lambda notice: notice.text)
)


def _judge(rows: Rows, by: User, data: Data) -> dict[int, str]:
    return {row.pk: "Read already." for row in rows if row.read_at}


def _read(rows: Rows, by: User, data: Data) -> Outcome:
    ids = [row.pk for row in rows]
    actions.mark_read(notices=Notice.objects.filter(pk__in=ids), by=by)
    return Outcome({pk: pk for pk in ids})


def _undo(tokens: Sequence[Any], by: User) -> int:
    return actions.mark_unread(notices=Notice.objects.filter(pk__in=tokens), by=by)


offer(
    "notices",
    Act(
        key="read", label="Mark as read", permissions=(), says=lambda data: "Mark as read", judge=_judge,
        tells=lambda row, data: "New → read", do=_read, undo=_undo,
    ),
)  # fmt: skip
