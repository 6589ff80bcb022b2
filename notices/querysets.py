"""Notices, cut to a person: everybody reads their own and nobody else's."""

from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    from notices.models import Notice  # noqa: F401 - named in the base class below


class NoticeQuerySet(models.QuerySet["Notice"]):
    def visible_to(self, user: Any) -> "NoticeQuerySet":
        return self.filter(to=user) if user.is_authenticated and user.is_active else self.none()

    def unread(self) -> "NoticeQuerySet":
        return self.filter(read_at=None)

    def for_list(self) -> "NoticeQuerySet":
        """With everything that a row shows."""
        return self.select_related("made_by")
