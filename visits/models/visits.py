"""Outreach: planned, made and missed visits, and who was met."""

import uuid

from django.apps import apps
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from concerns.models import Concern
from contacts.models import CustomValues, Practice, Provider, ProviderKind, Staff
from visits.querysets import AttendeeQuerySet, VisitQuerySet


class Mode(models.TextChoices):
    """How somebody was reached. A text message or an e-mail is a touch: it shows that one keeps in touch, and is no visit of a cadence."""

    IN_PERSON = "in person", "In person"
    PHONE = "phone", "Phone"
    VIRTUAL = "virtual", "Video"
    DROP_OFF = "drop-off", "Drop-off"
    TEXT = "text", "Text message"
    EMAIL = "email", "E-mail"


class Outcome(models.TextChoices):
    MET_PROVIDER = "met provider", "Met a provider"
    MET_STAFF = "met staff", "Met staff only"
    ISSUE = "issue raised", "Issue raised"
    NOT_AVAILABLE = "not available", "Nobody available"


class VisitState(models.TextChoices):
    PLANNED = "planned", "Planned"
    DONE = "done", "Done"
    MISSED = "missed", "Missed"
    CANCELLED = "cancelled", "Cancelled"


class Topic(models.Model):
    """What a visit was about; the admin keeps the list."""

    name = models.CharField(max_length=80, unique=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Visit(CustomValues):
    """One call on one practice.

    Three times are kept apart: `visited_at` (or planned), `entered_at` when the person typed it, `received_at` when the server had it.
    `client_id` and `body_hash` make a repeated save the same visit: same key and body give the stored one, another body is refused.

    An appointment is a planned visit whose time is agreed with the office (`is_fixed`), with an end and, elsewhere than in the office, a
    `place`. `uid`, `sequence` and `revised_at` are what calendars know it by (RFC 5545: UID, SEQUENCE, DTSTAMP).

    `version` counts the edits (`VisitVersion` holds them). `clock_off_s` says by how many seconds the phone's clock was behind (ahead:
    negative) when it was so wrong that the times were set right. `arrival_notes` say what had changed before the visit arrived.
    """

    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="visits")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="visits", help_text="who goes or went")
    state = models.CharField(max_length=10, choices=VisitState, default=VisitState.PLANNED)
    planned_at = models.DateTimeField(null=True, blank=True)
    visited_at = models.DateTimeField(null=True, blank=True)
    entered_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(default=timezone.now)
    mode = models.CharField(max_length=10, choices=Mode, default=Mode.IN_PERSON)
    outcome = models.CharField(max_length=16, choices=Outcome, blank=True)
    visit_type = models.ForeignKey(
        "visits.VisitType", on_delete=models.PROTECT, null=True, blank=True, related_name="visits", verbose_name="type"
    )
    purpose = models.CharField(max_length=200, blank=True, help_text="in the words of whoever planned or made it")
    topics = models.ManyToManyField(Topic, blank=True, related_name="visits")
    concerns = models.ManyToManyField(Concern, blank=True, related_name="visits", help_text="raised on it")
    note = models.TextField(blank=True)
    back_on = models.DateField(null=True, blank=True, help_text="missed: when to try again")
    client_id = models.UUIDField(null=True, blank=True)
    body_hash = models.CharField(max_length=64, blank=True)
    logged_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    version = models.PositiveIntegerField(default=1, help_text="1, and one more with each edit")
    clock_off_s = models.IntegerField("seconds the phone's clock was behind", null=True, blank=True)
    latitude = models.FloatField(null=True, blank=True, help_text="degrees north, where it was saved; given at the tap only")
    longitude = models.FloatField(null=True, blank=True, help_text="degrees east")
    accuracy_m = models.FloatField("accuracy in meters", null=True, blank=True)
    arrival_notes = models.JSONField(default=list, blank=True, help_text="sentences: what had changed before it arrived")
    imported_from = models.CharField(max_length=200, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    is_fixed = models.BooleanField(default=False, db_default=False, help_text="its time is agreed: an appointment")
    ends_at = models.DateTimeField(null=True, blank=True, help_text="an appointment's end")
    place = models.CharField(max_length=200, blank=True, db_default="", help_text="where, if not in the practice")
    uid = models.UUIDField(default=uuid.uuid4, db_default=RandomUUID(), unique=True, editable=False)
    sequence = models.PositiveIntegerField(
        default=0, db_default=0, editable=False, help_text="rises with each change that a calendar shows"
    )
    revised_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False, help_text="when it changed so last")

    objects = VisitQuerySet.as_manager()

    class Meta:
        ordering = ("-visited_at", "-planned_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=["logged_by", "client_id"], nulls_distinct=False, condition=~Q(client_id=None), name="visit_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["planned", "cancelled"]) | Q(visited_at__isnull=False), name="visit_made_has_a_time"
            ),
            models.CheckConstraint(
                condition=Q(latitude=None, longitude=None, accuracy_m=None)
                | Q(latitude__range=(-90, 90), longitude__range=(-180, 180), accuracy_m__gte=0),
                name="visit_place_is_whole",
            ),
            models.CheckConstraint(condition=~Q(state="planned") | Q(planned_at__isnull=False), name="visit_planned_has_a_time"),
            models.CheckConstraint(condition=Q(ends_at=None) | Q(ends_at__gt=F("planned_at")), name="visit_ends_after_its_start"),
        )
        indexes = (
            models.Index(fields=["practice", "-visited_at"], name="visit_practice"),
            models.Index(fields=["owner", "-visited_at"], name="visit_owner"),
            models.Index(fields=["state", "planned_at"], name="visit_planned"),
        )

    def __str__(self) -> str:
        return f"{self.practice}, {self.happens_at:%d %b %Y}" if self.happens_at else str(self.practice)

    def get_absolute_url(self) -> str:
        return reverse("visits:detail", args=[self.pk])

    @property
    def happens_at(self):
        """When it was, else when it is planned."""
        return self.visited_at or self.planned_at

    @property
    def mode_name(self) -> str:
        """What the organization calls the way of meeting; read with the visit where the queryset was asked for it (`with_words`)."""
        row = self.__dict__
        named = row["named_mode"] if "named_mode" in row else apps.get_model("visits", "VisitMode").objects.filter(mode=self.mode).first()
        return str(named or Mode(self.mode).label)

    @property
    def is_unplanned(self) -> bool:
        """Made without having been in the plan."""
        return self.state in {VisitState.DONE, VisitState.MISSED} and self.planned_at is None and not self.imported_from


class AttendeeKind(models.TextChoices):
    """Whom one meets: by the kind of provider, or staff. Who signs referrals and who takes a brochure are different people."""

    PHYSICIAN = "physician", "Physician"
    APP = "app", "NP or PA"
    CLINICIAN = "clinician", "Other clinician"
    STAFF = "staff", "Office staff"


_KINDS = {ProviderKind.PHYSICIAN: AttendeeKind.PHYSICIAN, ProviderKind.NP: AttendeeKind.APP, ProviderKind.PA: AttendeeKind.APP}


class Attendee(models.Model):
    """Somebody met on a visit, or to be met: a provider or a member of the office's staff."""

    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, related_name="attendees")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, null=True, blank=True, related_name="visits_attended")
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, null=True, blank=True, related_name="visits_attended")

    objects = AttendeeQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(provider__isnull=False, staff=None) | Q(provider=None, staff__isnull=False), name="attendee_is_one_person"
            ),
            models.UniqueConstraint(fields=["visit", "provider"], name="attendee_provider_once"),
            models.UniqueConstraint(fields=["visit", "staff"], name="attendee_staff_once"),
        )

    def __str__(self) -> str:
        return str(self.provider or self.staff)

    @property
    def kind(self) -> AttendeeKind:
        """Derived, never stored: a record that is mended tells the truth about old visits too."""
        if self.provider is None:
            return AttendeeKind.STAFF
        return _KINDS.get(ProviderKind(self.provider.kind), AttendeeKind.CLINICIAN)

    @property
    def kind_label(self) -> str:
        return str(self.kind.label)
