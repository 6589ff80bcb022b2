"""Reading and making people."""

from typing import TYPE_CHECKING, Any

from django.contrib.auth.base_user import BaseUserManager
from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from accounts.models import SavedView, User  # noqa: F401 - parameters of the querysets


class UserQuerySet(models.QuerySet["User"]):
    def visible_to(self, user: Any) -> "UserQuerySet":
        """Colleagues' names are seen by everybody inside; strangers see nobody."""
        return self if user.is_authenticated and user.is_active else self.none()

    def active(self) -> "UserQuerySet":
        return self.filter(is_active=True)


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]  # a base made at run time
    def get_by_natural_key(self, email: str) -> "User":
        return self.get(email__iexact=email)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A person with a normalised address; without a password they cannot sign in until they choose one."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def visible_to(self, user: Any) -> "SavedViewQuerySet":
        """One's own, and what colleagues who still work here share."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.filter(Q(owner=user) | Q(is_shared=True, owner__is_active=True), deleted_at=None)
