"""Who was asked to an event, what they answered, and who came."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from contacts.models import Provider, Staff
from events.models.events import Event
from events.querysets import GuestQuerySet


class Answer(models.TextChoices):
    YES = "yes", "Yes"
    NO = "no", "No"
    MAYBE = "maybe", "Maybe"


class SignInWay(models.TextChoices):
    LIST = "list", "From the list"
    WALK_IN = "walk-in", "Walk-in"
    CODE = "code", "By code"


class Guest(models.Model):
    """One person at one event: asked (`invited_at`), or there without having been asked, or both.

    Known as a provider, a member of an office's staff or a colleague; of anybody else only `name` is known, as it was typed. A row that was
    typed at the door and turns out to be somebody on the list keeps standing as `matched_to` that one, so that it can be taken back.

    `told_sequence` and `told_cancelled` are what the last mail to them said; while that is not what the event says now, a mail is owed.
    """

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="guests")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, null=True, blank=True, related_name="events_attended")
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, null=True, blank=True, related_name="events_attended")
    colleague = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="events_attended")
    name = models.CharField(max_length=150, blank=True, help_text="as typed, of somebody who is no record of ours")
    email = models.EmailField(blank=True)
    npi = models.CharField("NPI", max_length=10, blank=True, help_text="as typed at the door")
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    invited_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True, help_text="no longer asked: they are told that it is cancelled")
    told_sequence = models.PositiveIntegerField(null=True, blank=True)
    told_cancelled = models.BooleanField(default=False)
    told_at = models.DateTimeField(null=True, blank=True)
    wants_reminder = models.BooleanField(default=True, db_default=True, help_text="off: they said that they want none")
    reminded_for_on = models.DateField(null=True, blank=True, help_text="the event's day of which they were reminded last")
    answer = models.CharField(max_length=5, choices=Answer, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    signed_in_at = models.DateTimeField(null=True, blank=True)
    signed_in_way = models.CharField(max_length=7, choices=SignInWay, blank=True)
    signed_in_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="blank: themselves")
    matched_to = models.ForeignKey("self", on_delete=models.CASCADE, null=True, blank=True, related_name="typed_as")
    added_at = models.DateTimeField(default=timezone.now)

    objects = GuestQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                condition=Q(provider__isnull=False, staff=None, colleague=None)
                | Q(provider=None, staff__isnull=False, colleague=None)
                | Q(provider=None, staff=None, colleague__isnull=False)
                | Q(provider=None, staff=None, colleague=None) & ~Q(name=""),
                name="guest_is_one_person",
            ),
            models.UniqueConstraint(fields=["event", "provider"], name="guest_provider_once"),
            models.UniqueConstraint(fields=["event", "staff"], name="guest_staff_once"),
            models.UniqueConstraint(fields=["event", "colleague"], name="guest_colleague_once"),
            models.CheckConstraint(
                condition=Q(signed_in_at=None, signed_in_way="") | Q(signed_in_at__isnull=False) & ~Q(signed_in_way=""),
                name="guest_signed_in_somehow",
            ),
            models.CheckConstraint(
                condition=Q(answer="", answered_at=None) | ~Q(answer="") & Q(answered_at__isnull=False), name="guest_answered_at"
            ),
        )
        indexes = (models.Index(fields=["event", "signed_in_at"], name="guest_signed_in"),)

    def __str__(self) -> str:
        return str(self.provider or self.staff or self.colleague or self.name)

    @property
    def is_invited(self) -> bool:
        return self.invited_at is not None and self.withdrawn_at is None

    @property
    def has_come(self) -> bool:
        return self.signed_in_at is not None

    @property
    def is_known(self) -> bool:
        """Whether a record of ours stands behind the name."""
        return bool(self.provider_id or self.staff_id or self.colleague_id)

    @property
    def key(self) -> str:
        """How forms name the person: provider-12, staff-3, colleague-4, guest-5."""
        for kind in ("provider", "staff", "colleague"):
            if (pk := getattr(self, f"{kind}_id")) is not None:
                return f"{kind}-{pk}"
        return f"guest-{self.pk}"
