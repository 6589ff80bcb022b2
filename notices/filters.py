"""What one's notices can be narrowed by: one set for page and API."""

from typing import Any

import django_filters as filters

from notices.models import Notice, NoticeKind


class NoticeFilter(filters.FilterSet):
    """`unread` leaves out what was read; `kind` is what it is about."""

    unread = filters.BooleanFilter(method="only_unread", label="Only unread")
    kind = filters.ChoiceFilter(choices=NoticeKind, label="About", empty_label="Everything")

    class Meta:
        model = Notice
        fields = ()

    def only_unread(self, rows: Any, name: str, value: bool) -> Any:
        return rows.unread() if value else rows
