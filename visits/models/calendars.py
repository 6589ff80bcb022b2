"""What leaves towards calendars: a person's secret address, and invitations to appointments."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from contacts.models import Provider, Staff
from visits.models.visits import Visit
from visits.querysets import CalendarFeedQuerySet


class CalendarFeed(models.Model):
    """The secret address of a person's calendar. Only the hash of its token is kept: the address is shown once, and can be revoked."""

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="calendar_feeds")
    token_hash = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the 256-bit token, in hex")
    made_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_read_at = models.DateTimeField(null=True, blank=True)

    objects = CalendarFeedQuerySet.as_manager()

    class Meta:
        ordering = ("-made_at", "-pk")
        constraints = (models.UniqueConstraint(fields=["person"], condition=Q(revoked_at=None), name="calendar_feed_one_live"),)

    def __str__(self) -> str:
        return f"Calendar of {self.person}"


class Invitation(models.Model):
    """Somebody asked by e-mail to an appointment. `told_sequence` and `told_cancelled` are what the last mail to them said.

    While that is not what the appointment says now, a mail is owed; a worker sends it (`visits.actions.invitations`).
    """

    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, related_name="invitations")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    email = models.EmailField()
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True, blank=True, help_text="no longer wanted: they are told that it is cancelled")
    told_sequence = models.PositiveIntegerField(null=True, blank=True)
    told_cancelled = models.BooleanField(default=False)
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("invited_at", "pk")
        constraints = (
            models.UniqueConstraint(fields=["visit", "email"], name="invitation_once"),
            models.CheckConstraint(
                condition=Q(provider__isnull=False, staff=None) | Q(provider=None, staff__isnull=False), name="invitation_is_one_person"
            ),
        )

    def __str__(self) -> str:
        return f"{self.person} at {self.visit}"

    @property
    def person(self) -> Provider | Staff:
        found = self.provider or self.staff
        assert found is not None  # noqa: S101 - the constraint holds it
        return found
