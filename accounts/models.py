"""People who sign in."""

from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone

from accounts.permissions import Permission
from accounts.querysets import SavedViewQuerySet, UserManager
from accounts.roles import Role, permissions_of


class User(AbstractBaseUser):
    """A person. Leavers are disabled, never deleted: their visits keep their name."""

    email = models.EmailField(unique=True)
    full_name = models.CharField(max_length=150)
    role = models.CharField(max_length=10, choices=Role)
    patient_rows = models.BooleanField("may see patient-linked rows", default=False)
    phone = models.CharField(max_length=40, blank=True)
    time_zone = models.CharField(max_length=64, blank=True, help_text="blank: the organization's")
    is_active = models.BooleanField(default=True)
    is_demo = models.BooleanField(default=False)
    joined_at = models.DateTimeField(default=timezone.now)
    invited_by = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    scope_cache: dict[str, Any]  # the scope, kept for the length of a request (accounts.middleware, territories.scope)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["full_name"]

    class Meta:
        ordering = ("full_name", "email")
        constraints = (models.UniqueConstraint(Lower("email"), name="user_email_once"),)

    def __str__(self) -> str:
        return self.full_name or self.email

    def get_absolute_url(self) -> str:
        return reverse("accounts:person", args=[self.pk])

    def can(self, permission: Permission) -> bool:
        """Whether the person's role grants this, whatever the record."""
        return self.is_active and permission in permissions_of(role=self.role, patient_rows=self.patient_rows)

    @property
    def permissions(self) -> frozenset[Permission]:
        return permissions_of(role=self.role, patient_rows=self.patient_rows) if self.is_active else frozenset()

    @property
    def is_admin(self) -> bool:
        return self.role == Role.ADMIN

    @property
    def is_analyst(self) -> bool:
        return self.role == Role.ANALYST

    @property
    def is_liaison(self) -> bool:
        return self.role == Role.LIAISON

    # What Django's own admin asks. Only admins get in; the everyday pages ask `can`.
    @property
    def is_staff(self) -> bool:
        return self.is_active and self.is_admin

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return self.is_staff

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_staff


def configured_time_zone() -> str:
    return settings.TIME_ZONE


class Installation(models.Model):
    """What holds for everybody in this installation. One row. The organization's name is that of the top of the tree of territories."""

    time_zone = models.CharField(max_length=64, default=configured_time_zone)
    letterhead = models.CharField(max_length=120, blank=True, help_text="heads every document; blank: the organization's name")

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(pk=1), name="installation_once"),)

    def __str__(self) -> str:
        return "This installation"

    @classmethod
    def current(cls) -> "Installation":
        """The row, or the defaults before anybody saved it."""
        return cls.objects.first() or cls(pk=1)


class Logo(models.Model):
    """The organization's mark, drawn anew from what was sent (common.logos). The last one that was not removed heads what is printed."""

    name = models.CharField(max_length=120, help_text="as the file was called")
    png = models.BinaryField()
    width = models.PositiveIntegerField("width in pixels")
    height = models.PositiveIntegerField("height in pixels")
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)
    removed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def current(cls) -> "Logo | None":
        return cls.objects.filter(removed_at=None).first()

    @classmethod
    def current_png(cls) -> bytes:
        """Its bytes, none where there is no logo."""
        return bytes(cls.objects.filter(removed_at=None).values_list("png", flat=True).first() or b"")

    @classmethod
    def current_url(cls) -> str:
        """Where its picture is, blank where there is no logo; another logo has another address."""
        pk = cls.objects.filter(removed_at=None).values_list("pk", flat=True).first()
        return reverse("accounts:logo", args=[pk]) if pk else ""


class SavedView(models.Model):
    """A list as somebody wants to see it again: its filters, its order and the columns left out, all as they stand in the address.

    `page` is the name of the list's URL. A shared view is offered to everybody who may open the list; what it shows is cut to each person.
    Of somebody's views of a list at most one is the default: the list opens with it when nothing else is asked.
    """

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_views")
    page = models.CharField(max_length=80)
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000, help_text="what stands behind the question mark, without the page's number")
    is_shared = models.BooleanField("offered to the team", default=False)
    is_default = models.BooleanField("opens with the list", default=False)
    saved_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = (Lower("name"), "pk")
        constraints = (
            models.UniqueConstraint("owner", "page", Lower("name"), condition=models.Q(deleted_at=None), name="saved_view_name_once"),
            models.UniqueConstraint(
                fields=["owner", "page"], condition=models.Q(is_default=True, deleted_at=None), name="saved_view_one_default"
            ),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"{reverse(self.page)}?{self.query}{'&' if self.query else ''}view={self.pk}"
