"""An occasion to which several people are asked."""

import uuid
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from accounts.clocks import organization_time_zone
from accounts.models import User
from contacts.models import Practice
from events.querysets import EventQuerySet
from territories.models import ServiceLine


class EventKind(models.TextChoices):
    GRAND_ROUNDS = "grand rounds", "Grand rounds"
    CME = "cme", "CME course"
    LUNCH = "lunch", "Lunch and learn"
    DINNER = "dinner", "Dinner talk"
    OPEN_HOUSE = "open house", "Open house"
    OTHER = "other", "Other event"


class Audience(models.TextChoices):
    INTERNAL = "internal", "Our own people"
    EXTERNAL = "external", "Practices and guests"
    BOTH = "both", "Both"


class EventState(models.TextChoices):
    PLANNED = "planned", "Planned"
    HELD = "held", "Held"
    CANCELLED = "cancelled", "Cancelled"


class Event(models.Model):
    """One occasion. It takes place on the clock of `time_zone`, in `place` or, where that is blank, in the practice.

    `uid`, `sequence` and `revised_at` are what calendars know it by (RFC 5545: UID, SEQUENCE, DTSTAMP). `code_serial` is part of the signed
    address that the code for signing in leads to: one more makes every code that was shown before worthless.
    """

    title = models.CharField(max_length=160)
    kind = models.CharField(max_length=12, choices=EventKind, default=EventKind.LUNCH)
    audience = models.CharField(max_length=8, choices=Audience, default=Audience.EXTERNAL)
    state = models.CharField(max_length=9, choices=EventState, default=EventState.PLANNED)
    speaker = models.CharField(max_length=160, blank=True)
    about = models.TextField(blank=True, help_text="topics, as guests read them")
    service_line = models.ForeignKey(ServiceLine, on_delete=models.PROTECT, null=True, blank=True, related_name="events")
    practice = models.ForeignKey(
        Practice, on_delete=models.PROTECT, null=True, blank=True, related_name="events", help_text="in whose office, or for whose people"
    )
    place = models.CharField(max_length=200, blank=True, help_text="where, if not in the practice")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    time_zone = models.CharField(max_length=64, default=organization_time_zone)
    capacity = models.PositiveIntegerField(null=True, blank=True, help_text="how many there is room for")
    credits = models.DecimalField("CME credits", max_digits=4, decimal_places=2, null=True, blank=True)
    accreditation = models.CharField(max_length=300, blank=True, help_text="what the provider of the credits wants to be said")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="events", help_text="who holds it; answers reach them")
    hosts = models.ManyToManyField(User, blank=True, related_name="events_hosted", help_text="colleagues who help: they see and sign in")
    planned_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    planned_at = models.DateTimeField(default=timezone.now)
    reminds = models.BooleanField("remind guests the day before", default=True, db_default=True)
    cancel_reason = models.CharField(max_length=200, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True, help_text="when the owner was asked whether it was held")
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sequence = models.PositiveIntegerField(default=0, editable=False, help_text="rises with each change that a calendar shows")
    revised_at = models.DateTimeField(default=timezone.now, editable=False)
    code_serial = models.PositiveIntegerField(default=1, editable=False)

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ("starts_at", "pk")
        constraints = (
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="event_ends_after_its_start"),
            models.CheckConstraint(condition=Q(credits=None) | Q(credits__gt=0), name="event_credits_positive"),
        )
        indexes = (
            models.Index(fields=["state", "starts_at"], name="event_state"),
            models.Index(fields=["owner", "starts_at"], name="event_owner"),
        )

    def __str__(self) -> str:
        return f"{self.title}, {self.local_start:%d %b %Y}"

    def get_absolute_url(self) -> str:
        return reverse("events:detail", args=[self.pk])

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def local_start(self):
        """On the clock of the place where it is."""
        return timezone.localtime(self.starts_at, self.zone)

    @property
    def local_end(self):
        return timezone.localtime(self.ends_at, self.zone)

    @property
    def has_begun(self) -> bool:
        return self.starts_at <= timezone.now()

    @property
    def is_over(self) -> bool:
        return self.ends_at <= timezone.now()

    @property
    def where(self) -> str:
        """The place, else the practice with its address."""
        if self.place or self.practice is None:
            return self.place
        office = self.practice
        return ", ".join(part for part in (office.name, office.address, office.city, f"{office.state} {office.zip}".strip()) if part)
