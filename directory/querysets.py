"""Entries of the directory, for who may look anybody up."""

from typing import TYPE_CHECKING, Any, Self

from django.db import models

from accounts.permissions import Permission
from territories.scope import scope_of

if TYPE_CHECKING:
    from directory.models import Entry  # noqa: F401 - parameter of the queryset


class EntryQuerySet(models.QuerySet["Entry"]):
    def visible_to(self, user: Any) -> Self:
        """Our own lines and specialists are for the whole field: whoever sees providers and any part of it."""
        if not user.is_authenticated or not user.can(Permission.PROVIDER_VIEW) or scope_of(user).is_empty:
            return self.none()
        return self

    def for_list(self) -> Self:
        return self.select_related("service_line", "organization", "provider").prefetch_related("plans__payer")
