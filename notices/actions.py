"""Telling people, and what they do with what they were told.

What a notice tells of was audited by the action that made it; that somebody read it is nobody else's business, and not audited.
"""

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from notices.models import Notice
from notices.querysets import NoticeQuerySet

KEPT = dt.timedelta(days=90)


@transaction.atomic
def notify(*, to: User | Iterable[User | None] | None, kind: str, text: str, url: str, by: User | None, key: str = "") -> list[Notice]:
    """Tell people something in the caller's transaction: with what happened, or not at all.

    Nobody is told what they did themselves (`by`), nobody twice, and nobody who is disabled. `url` is a path inside PRM. With a `key`, a
    notice of the same matter that is still unread is told anew instead of a second one.
    """
    people = [to] if isinstance(to, User) or to is None else to
    wanted = {person.pk: person for person in people if person is not None and person.is_active and person != by}
    told = []
    for person in wanted.values():
        fields = {"kind": kind, "text": text[:300], "url": url, "made_by": by, "made_at": timezone.now()}
        if key:
            notice, _ = Notice.objects.update_or_create(to=person, key=key, read_at=None, defaults=fields)
        else:
            notice = Notice.objects.create(to=person, **fields)
        told.append(notice)
    return told


@transaction.atomic
def withdraw(*, key: str, to_others_than: int, by: User | None) -> int:
    """The matter went back to somebody before others read of it: their unread notices of this key go; returns how many."""
    return Notice.objects.unread().filter(key=key).exclude(to=to_others_than).delete()[0]


@transaction.atomic
def mark_read(*, notices: NoticeQuerySet, by: User) -> int:
    """Of these, the person's own that were unread; returns how many."""
    return notices.visible_to(by).unread().order_by().update(read_at=timezone.now())


@transaction.atomic
def forget_read(*, by: User | None = None) -> int:
    """Delete what was read long ago; returns how many."""
    return Notice.objects.filter(read_at__lt=timezone.now() - KEPT).delete()[0]
