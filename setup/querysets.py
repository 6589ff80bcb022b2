"""Rows of set-up: for admins, and nobody else."""

from typing import TYPE_CHECKING, Any

from django.db import models

from accounts.permissions import Permission

if TYPE_CHECKING:
    from setup.models import Backup, MailTest  # noqa: F401 - parameters of the querysets


class MailTestQuerySet(models.QuerySet["MailTest"]):
    def visible_to(self, user: Any) -> "MailTestQuerySet":
        return self if user.can(Permission.SETTINGS_EDIT) else self.none()


class BackupQuerySet(models.QuerySet["Backup"]):
    def visible_to(self, user: Any) -> "BackupQuerySet":
        return self if user.can(Permission.SETTINGS_EDIT) else self.none()

    def proven(self) -> "BackupQuerySet":
        return self.exclude(proven_at=None)
