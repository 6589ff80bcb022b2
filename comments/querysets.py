"""Comments, cut to what a person may see: those on records that they see."""

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q

from comments.subjects import subjects

if TYPE_CHECKING:
    from comments.models import Comment  # noqa: F401 - the parameter of the queryset


class CommentQuerySet(models.QuerySet["Comment"]):
    def visible_to(self, user: Any) -> Self:
        if not user.is_authenticated or not user.is_active:
            return self.none()
        seen = Q(pk=None)
        for known in subjects():
            rows = known.seen_by(user)
            if rows is not None:
                seen |= Q(kind=known.kind, subject_id__in=rows.order_by().values("pk"))
        return self.filter(seen)

    def standing(self) -> Self:
        """Not taken back."""
        return self.filter(deleted_at=None)

    def on(self, kind: str, pk: int) -> Self:
        return self.filter(kind=kind, subject_id=pk)

    def for_list(self) -> Self:
        """With everything that a thread shows."""
        return self.select_related("written_by").prefetch_related("mentioned")
