"""What people say to each other about a visit's note, a practice, an alert or a report."""

from django.db import models
from django.utils import timezone

from accounts.models import User
from comments.querysets import CommentQuerySet


class Comment(models.Model):
    """A few sentences on a record of another app, named by `kind` and `subject_id` (comments.subjects says who sees it).

    `mentioned` are those whom the text names with an @ before their whole name.
    """

    kind = models.CharField(max_length=20)
    subject_id = models.PositiveBigIntegerField()
    text = models.CharField(max_length=2000)
    mentioned = models.ManyToManyField(User, blank=True, related_name="mentions")
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="comments_written")
    written_at = models.DateTimeField(default=timezone.now)
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = CommentQuerySet.as_manager()

    class Meta:
        ordering = ("written_at", "pk")
        indexes = (models.Index(fields=["kind", "subject_id"], name="comment_subject"),)

    def __str__(self) -> str:
        return f"Comment of {self.written_by}, {self.written_at:%d %b %Y}"
