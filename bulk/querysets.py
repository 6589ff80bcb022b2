"""Runs, cut to a person: what somebody did with many rows is told to them and to nobody else; the audit trail tells admins."""

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models

if TYPE_CHECKING:
    from bulk.models import BulkRun  # noqa: F401 - named in the base class below


class BulkRunQuerySet(models.QuerySet["BulkRun"]):
    def visible_to(self, user: Any) -> "BulkRunQuerySet":
        return self.filter(asked_by=user) if user.is_authenticated and user.is_active else self.none()

    def with_stayed(self) -> "BulkRunQuerySet":
        """`stayed`: the rows that stayed as they were."""
        kept = apps.get_model("bulk", "BulkItem").objects.filter(state="kept")
        return self.prefetch_related(models.Prefetch("items", kept, to_attr="stayed"))
