"""Runs, cut to a person: what somebody did with many rows is told to them and to nobody else; the audit trail tells admins."""

from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    from bulk.models import BulkRun  # noqa: F401 - named in the base class below


class BulkRunQuerySet(models.QuerySet["BulkRun"]):
    def visible_to(self, user: Any) -> "BulkRunQuerySet":
        return self.filter(asked_by=user) if user.is_authenticated and user.is_active else self.none()
