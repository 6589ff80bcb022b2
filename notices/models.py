"""What a person is told: inside PRM by notices, outside by mails that come by themselves."""

import datetime as dt
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.clocks import time_zone_of
from accounts.models import User
from notices.querysets import DigestSentQuerySet, MailSettingsQuerySet, NoticeQuerySet

FRIDAY = 4


class NoticeKind(models.TextChoices):
    FOLLOW_UP = "follow-up", "Follow-up"
    CONCERN = "concern", "Concern"
    ALERT = "alert", "Alert"
    VISIT = "visit", "Visit"
    EVENT = "event", "Event"
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


class Digest(models.TextChoices):
    """A kind of mail that comes by itself. The daily one tells what is due, the weekly one what the field heard."""

    DAILY = "daily", "Your day"
    WEEKLY = "weekly", "From the field"


class MailSettings(models.Model):
    """Which mails a person wants, and at what hour of their own clock. Without a row, the defaults here hold."""

    person = models.OneToOneField(User, on_delete=models.CASCADE, related_name="mail_settings")
    daily = models.BooleanField("each day, what is due", default=True)
    weekly = models.BooleanField("each week, what the field heard", default=True)
    hour = models.PositiveSmallIntegerField(default=7, help_text="from 0 to 23")

    objects = MailSettingsQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "mail settings"
        constraints = (models.CheckConstraint(condition=Q(hour__lte=23), name="mail_hour_of_a_day"),)

    def __str__(self) -> str:
        return f"Mails to {self.person}"

    @property
    def time_zone(self) -> str:
        """Of the person's clock."""
        return time_zone_of(self.person)

    @classmethod
    def of(cls, person: User) -> "MailSettings":
        """What the person chose, or the defaults."""
        return cls.objects.filter(person=person).first() or cls(person=person)

    def due(self, here: dt.datetime) -> list[tuple[str, dt.date]]:
        """(kind, day) of each mail whose hour has come at this moment of the person's own clock.

        The daily one comes Monday to Friday; the weekly one on Monday, or later in the week if nobody sent it then.
        """
        today, monday = here.date(), here.date() - dt.timedelta(days=here.weekday())
        found: list[tuple[str, dt.date]] = []
        if self.daily and here.hour >= self.hour and here.weekday() <= FRIDAY:
            found.append((Digest.DAILY, today))
        if self.weekly and (here.hour >= self.hour or today > monday):
            found.append((Digest.WEEKLY, monday))
        return found


class DigestSent(models.Model):
    """That a mail of a kind went to a person for a day: the row that makes it one mail, whoever tries how often.

    `tried_at` is set before the mail is handed over and `sent_at` after it was taken: between the two a worker may have died. The next one
    hands the same mail over again under the same Message-ID, by which a mailbox knows it. Neither is set where there was nothing to say.
    """

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="digests")
    kind = models.CharField(max_length=10, choices=Digest)
    day_on = models.DateField(help_text="the person's day")
    made_at = models.DateTimeField(default=timezone.now)
    tried_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    is_empty = models.BooleanField(default=False)

    objects = DigestSentQuerySet.as_manager()

    class Meta:
        ordering = ("-day_on", "-pk")
        verbose_name_plural = "digests sent"
        constraints = (models.UniqueConstraint(fields=["person", "kind", "day_on"], name="digest_once"),)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.day_on} to {self.person}"

    @property
    def is_over(self) -> bool:
        """Sent, or nothing to send."""
        return self.sent_at is not None or self.is_empty

    @property
    def message_id(self) -> str:
        return f"<{self.kind}.{self.day_on}.{self.person_id}@{urlsplit(settings.BASE_URL).hostname or 'prm'}>"
