"""What a person is told: inside PRM by notices, outside by mails that come by themselves."""

import datetime as dt
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.clocks import time_zone_of
from accounts.models import User
from notices.querysets import DigestSentQuerySet, LetterQuerySet, MailSettingsQuerySet, NoticeQuerySet

FRIDAY, FIRST_WEEK = 4, 7
MOST_DAYS_AHEAD = 14


class NoticeKind(models.TextChoices):
    FOLLOW_UP = "follow-up", "Follow-up"
    CONCERN = "concern", "Concern"
    ALERT = "alert", "Alert"
    VISIT = "visit", "Visit"
    EVENT = "event", "Event"
    TARGETS = "targets", "Target list"
    SPEND = "spend", "Spend"
    RUN = "run", "Report"
    COMMENT = "comment", "Comment"
    MOVE = "move", "Move"
    HAND_OVER = "handover", "Hand-over"


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
    """A mail that comes by itself. Daily: what is due; weekly: the review and what the field heard; monthly: the month that is over."""

    DAILY = "daily", "Your day"
    WEEKLY = "weekly", "Your week"
    MONTHLY = "monthly", "Your month"


class MailKind(models.TextChoices):
    """What a person can have mails of, or not: the digests, and single letters."""

    DAILY = "daily", "Each working day, what is due"
    WEEKLY = "weekly", "Each Monday, the review of the week"
    MONTHLY = "monthly", "Each month, how it went"
    MENTION = "mention", "When a comment mentions me"
    REPORT = "report", "When a scheduled report is ready"


class ReminderRules(models.Model):
    """How the organization reminds, where nobody chose otherwise: guests of events, and owners of follow-ups. One row."""

    reminds_guests = models.BooleanField("events remind their guests the day before", default=True)
    daily = models.BooleanField("follow-ups that are due come in a daily mail", default=True)
    hour = models.PositiveSmallIntegerField(default=7, help_text="of the daily, weekly and monthly mails; from 0 to 23")
    days_ahead = models.PositiveSmallIntegerField(default=0, help_text="how many days before its day a follow-up is told of")

    class Meta:
        verbose_name_plural = "reminder rules"
        constraints = (
            models.CheckConstraint(condition=Q(pk=1), name="reminder_rules_once"),
            models.CheckConstraint(condition=Q(hour__lte=23), name="reminder_hour_of_a_day"),
            models.CheckConstraint(condition=Q(days_ahead__lte=MOST_DAYS_AHEAD), name="reminder_days_ahead"),
        )

    def __str__(self) -> str:
        return "Reminder rules"

    @classmethod
    def current(cls) -> "ReminderRules":
        """The organization's rules, or the defaults before anybody changed them."""
        return cls.objects.first() or cls(pk=1)

    def of_mails(self) -> dict[str, Any]:
        """What they say of the mails of a person who chose nothing: fields of `MailSettings`."""
        return {"daily": self.daily, "hour": self.hour}


class MailSettings(models.Model):
    """Which mails a person wants, and when. Without a row, `ReminderRules` and then the defaults here hold.

    Within quiet hours (from `quiet_from` until before `quiet_until` on the person's clock, over midnight where the first is later) nothing
    is sent; what waited goes afterwards. The fields of the kinds are named by `MailKind`.
    """

    person = models.OneToOneField(User, on_delete=models.CASCADE, related_name="mail_settings")
    daily = models.BooleanField("each day, what is due", default=True)
    weekly = models.BooleanField("each week, the review", default=True)
    monthly = models.BooleanField("each month, how it went", default=True, db_default=True)
    mention = models.BooleanField("when a comment mentions me", default=True, db_default=True)
    report = models.BooleanField("when a scheduled report is ready", default=True, db_default=True)
    hour = models.PositiveSmallIntegerField(default=7, help_text="from 0 to 23")
    quiet_from = models.PositiveSmallIntegerField(null=True, blank=True, help_text="from 0 to 23; blank: never quiet")
    quiet_until = models.PositiveSmallIntegerField(null=True, blank=True, help_text="from 0 to 23")

    objects = MailSettingsQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "mail settings"
        constraints = (
            models.CheckConstraint(condition=Q(hour__lte=23), name="mail_hour_of_a_day"),
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None) | Q(quiet_from__lte=23, quiet_until__lte=23),
                name="mail_quiet_hours_of_a_day",
            ),
        )

    def __str__(self) -> str:
        return f"Mails to {self.person}"

    @property
    def time_zone(self) -> str:
        """Of the person's clock."""
        return time_zone_of(self.person)

    @classmethod
    def of(cls, person: User) -> "MailSettings":
        """What the person chose, or what the organization did for all."""
        return cls.objects.filter(person=person).first() or cls(person=person, **ReminderRules.current().of_mails())

    def wants(self, kind: str) -> bool:
        return bool(getattr(self, kind))

    def is_quiet(self, here: dt.datetime) -> bool:
        """Whether nothing is to be sent at this moment of the person's own clock."""
        start, end = self.quiet_from, self.quiet_until
        if start is None or end is None or start == end:
            return False
        return start <= here.hour < end if start < end else here.hour >= start or here.hour < end

    def due(self, here: dt.datetime) -> list[tuple[str, dt.date]]:
        """(kind, day) of each mail whose hour has come at this moment of the person's own clock.

        The daily one comes Monday to Friday; the weekly one on Monday, or later in the week if nobody sent it then; the monthly one on the
        first, or within the month's first week.
        """
        if self.is_quiet(here):
            return []
        today, monday, first = here.date(), here.date() - dt.timedelta(days=here.weekday()), here.date().replace(day=1)
        found: list[tuple[str, dt.date]] = []
        if self.daily and here.hour >= self.hour and here.weekday() <= FRIDAY:
            found.append((Digest.DAILY, today))
        if self.weekly and (here.hour >= self.hour or today > monday):
            found.append((Digest.WEEKLY, monday))
        if self.monthly and today.day <= FIRST_WEEK and (here.hour >= self.hour or today > first):
            found.append((Digest.MONTHLY, first))
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


class Letter(models.Model):
    """A mail of one sentence and a link to one person about one matter (`key`), sent once, outside of their quiet hours.

    `tried_at` and `sent_at` as with digests. `is_dropped`: the person does not want, or must not get, such mails.
    """

    to = models.ForeignKey(User, on_delete=models.CASCADE, related_name="letters")
    kind = models.CharField(max_length=10, choices=MailKind)
    text = models.CharField(max_length=300)
    url = models.CharField(max_length=300, help_text="a path of PRM itself")
    key = models.CharField(max_length=100)
    made_at = models.DateTimeField(default=timezone.now)
    tried_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    is_dropped = models.BooleanField(default=False)

    objects = LetterQuerySet.as_manager()

    class Meta:
        ordering = ("-made_at", "-pk")
        constraints = (
            models.UniqueConstraint(fields=["to", "key"], name="letter_once"),
            models.CheckConstraint(condition=Q(url__startswith="/") & ~Q(url__startswith="//"), name="letter_leads_inside"),
        )
        indexes = (models.Index(fields=["made_at"], condition=Q(sent_at=None, is_dropped=False), name="letter_waiting"),)

    def __str__(self) -> str:
        return self.text

    @property
    def is_over(self) -> bool:
        return self.sent_at is not None or self.is_dropped

    @property
    def message_id(self) -> str:
        return f"<{self.kind}.letter.{self.pk}.{self.to_id}@{urlsplit(settings.BASE_URL).hostname or 'prm'}>"
