"""Notices and mails, cut to a person: everybody reads their own and nobody else's."""

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    from notices.models import DigestSent, Letter, MailSettings, Notice  # noqa: F401 - named in the base classes below


class NoticeQuerySet(models.QuerySet["Notice"]):
    def visible_to(self, user: Any) -> "NoticeQuerySet":
        return self.filter(to=user) if user.is_authenticated and user.is_active else self.none()

    def unread(self) -> "NoticeQuerySet":
        return self.filter(read_at=None)

    def for_list(self) -> "NoticeQuerySet":
        """With everything that a row shows."""
        return self.select_related("made_by")


class MailSettingsQuerySet(models.QuerySet["MailSettings"]):
    def visible_to(self, user: Any) -> "MailSettingsQuerySet":
        return self.filter(person=user) if user.is_authenticated and user.is_active else self.none()


class DigestSentQuerySet(models.QuerySet["DigestSent"]):
    def visible_to(self, user: Any) -> "DigestSentQuerySet":
        return self.filter(person=user) if user.is_authenticated and user.is_active else self.none()

    def over(self, *, since_on: dt.date) -> "DigestSentQuerySet":
        """Sent, or with nothing to send, for days from then on."""
        return self.filter(models.Q(sent_at__isnull=False) | models.Q(is_empty=True), day_on__gte=since_on)


class LetterQuerySet(models.QuerySet["Letter"]):
    def visible_to(self, user: Any) -> "LetterQuerySet":
        return self.filter(to=user) if user.is_authenticated and user.is_active else self.none()

    def waiting(self) -> "LetterQuerySet":
        """Neither sent nor dropped."""
        return self.filter(sent_at=None, is_dropped=False)
