"""What a person is told inside PRM: something fell to them, or waits for them, or came to its end."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from notices.querysets import NoticeQuerySet


class NoticeKind(models.TextChoices):
    FOLLOW_UP = "follow-up", "Follow-up"
    CONCERN = "concern", "Concern"
    ALERT = "alert", "Alert"
    VISIT = "visit", "Visit"
    TARGETS = "targets", "Target list"
    SPEND = "spend", "Spend"
    RUN = "run", "Report"


class Notice(models.Model):
    """One sentence for one person, with the page that it is about. Never a patient's data, never an amount of spend.

    `key` names the matter ("concern 7 assigned"): as long as the notice is unread, the same matter is told in it anew, not in a second one.
    """

    to = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=10, choices=NoticeKind)
    text = models.CharField(max_length=300)
    url = models.CharField(max_length=300, help_text="a path of PRM itself")
    key = models.CharField(max_length=100, blank=True)
    made_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", help_text="blank: PRM itself")
    made_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ("-made_at", "-pk")
        constraints = (
            models.UniqueConstraint(fields=["to", "key"], condition=Q(read_at=None) & ~Q(key=""), name="notice_unread_once"),
            models.CheckConstraint(condition=Q(url__startswith="/") & ~Q(url__startswith="//"), name="notice_leads_inside"),
        )
        indexes = (
            models.Index(fields=["to", "-made_at"], name="notice_to"),
            models.Index(fields=["to"], condition=Q(read_at=None), name="notice_unread"),
        )

    def __str__(self) -> str:
        return self.text
