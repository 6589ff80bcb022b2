"""What a list of comments can be narrowed by."""

from typing import Any

import django_filters as filters

from comments.models import Comment


class CommentFilter(filters.FilterSet):
    """`kind` and `subject` name the record; `mine` leaves those that mention the person."""

    kind = filters.CharFilter(label="Kind of record")
    subject = filters.NumberFilter(field_name="subject_id", label="Record")
    mine = filters.BooleanFilter(method="of_person", label="Only those that mention me")

    class Meta:
        model = Comment
        fields = ()

    def of_person(self, rows: Any, name: str, value: bool) -> Any:
        return rows.filter(mentioned=self.request.user) if value else rows
