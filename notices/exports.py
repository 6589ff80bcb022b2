"""One's notices as a file."""

from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from notices.querysets import NoticeQuerySet

HEADER = ("told", "by", "about", "told on", "read on")


def rows(notices: NoticeQuerySet) -> Iterator[tuple[Any, ...]]:
    for notice in notices.iterator(chunk_size=500):
        read_on = timezone.localdate(notice.read_at) if notice.read_at else None
        yield notice.text, str(notice.made_by or "PRM"), notice.get_kind_display(), timezone.localdate(notice.made_at), read_on
