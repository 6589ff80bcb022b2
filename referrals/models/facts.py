"""One row per referral: what the source told, and what we derive from it."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from contacts.models import AlignmentKind, Organization, Practice, Provider
from referrals.querysets import PayerManager, ReferralQuerySet, SourceQuerySet
from territories.models import ServiceLine, Territory


class State(models.TextChoices):
    """Our words for the states of a referral; referrals.states holds their BSeR codes and the legal moves."""

    RECEIVED = "received", "Received"
    ACCEPTED = "accepted", "Accepted"
    SCHEDULED = "scheduled", "Scheduled"
    NO_SHOW = "no-show", "No-show"
    APPOINTMENT_CANCELLED = "appointment cancelled", "Appointment cancelled"
    SEEN = "seen", "Seen"
    CANCEL_REQUESTED = "cancel requested", "Cancel requested"
    CANCELLED = "cancelled", "Cancelled"
    REJECTED = "rejected", "Rejected"
    REPORT_SENT = "report sent", "Report sent"


class Flow(models.TextChoices):
    """Where a referral goes, by the alignment of both ends on its anchor date (METHODS section 1)."""

    INBOUND = "inbound", "Inbound"
    INTERNAL = "internal", "Internal"
    OUTBOUND = "outbound", "Outbound"
    UNDETERMINED = "undetermined", "Undetermined"
    OUTSIDE = "outside", "Outside"


class Kind(models.TextChoices):
    CONSULT = "consult", "Consult"
    PROCEDURE = "procedure", "Procedure"
    IMAGING = "imaging", "Imaging"
    THERAPY = "therapy", "Therapy"
    DME = "dme", "DME and home health"
    TRANSFER = "transfer", "Transfer"
    POST_ACUTE = "post-acute", "Post-acute"
    AUTHORIZATION = "authorization", "Authorization only"


class LossReason(models.TextChoices):
    NOT_OFFERED = "service not offered", "Service not offered"
    NO_CAPACITY = "no capacity", "No capacity or wait"
    PAYER_NETWORK = "payer network", "Payer network"
    DISTANCE = "distance", "Distance"
    PATIENT_CHOICE = "patient choice", "Patient choice"
    MEDICAL_JUDGEMENT = "medical judgement", "Physician's medical judgement"
    REFERRER_HABIT = "referrer habit", "Referrer habit"
    AUTHORIZATION_DELAY = "authorization delay", "Authorization delay"
    SCHEDULING_FAILURE = "scheduling failure", "Scheduling failure"
    NO_SHOW = "no-show", "No-show"
    UNKNOWN = "unknown", "Unknown"


class Evidence(models.TextChoices):
    """What shows that a patient was seen."""

    STATUS = "status", "The referral's own status"
    APPOINTMENT = "appointment", "An appointment"
    CLAIM = "claim", "A claim"


class ReferrerNamed(models.TextChoices):
    """Who referred, as far as the source says."""

    PROVIDER = "provider", "Named provider"
    ORGANIZATION = "organization", "Organization only"
    SELF = "self", "Patient self-referred"
    UNKNOWN = "unknown", "Unknown"


class Sees(models.TextChoices):
    """What a feed can see; what it cannot see is said, never guessed."""

    OUR_ORDERS = "our_orders", "Our orders, to all destinations"
    RECEIVED = "received", "Referrals received by us"
    APPOINTMENTS = "appointments", "Appointments"
    CLAIMS = "claims", "Claims, all destinations"


class FromFolder(models.TextChoices):
    """What happens to a file that is put into a feed's folder."""

    OFF = "off", "Leave it there"
    CHECK = "check", "Check it; a person loads it"
    LOAD = "load", "Check it, and load it when nothing is odd"


class Source(models.Model):
    """A feed: one system that sends referrals, with the mapping used last. The name salts its patient hashes: it never changes."""

    name = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=120, blank=True)
    sees = models.CharField(max_length=12, choices=Sees, default=Sees.OUR_ORDERS)
    mapping = models.JSONField(default=dict, blank=True)
    from_folder = models.CharField("files in its folder", max_length=5, choices=FromFolder, default=FromFolder.OFF)
    due_every_days = models.PositiveSmallIntegerField(
        "expected every … days", default=0, validators=[MaxValueValidator(366)], help_text="0: whenever it comes"
    )

    objects = SourceQuerySet.as_manager()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.title or self.name


class Payer(models.Model):
    """Who pays, by the name that people read. Other names that files give it are rows of their own that say whose names they are.

    Sent rows keep the name that they said; folding reads it as the payer it stands for. So a merge taken back is exact.
    """

    name = models.CharField(max_length=80, unique=True)
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="other_names")

    objects = PayerManager()  # payers; `every` has their other names besides
    every: ClassVar = models.Manager()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("referrals:payer", args=[self.standing.pk])

    @property
    def standing(self) -> "Payer":
        """The payer that this name stands for in the end."""
        payer = self
        while payer.merged_into is not None:
            payer = payer.merged_into
        return payer


class PayerMerge(models.Model):
    """Two payers that are one, and what moved with it, so that exactly that goes back.

    `moved`: what named the merged payer beside sent rows, {"app.Model.field": [ids]}.
    """

    survivor = models.ForeignKey(Payer, on_delete=models.PROTECT, related_name="+")
    merged = models.ForeignKey(Payer, on_delete=models.PROTECT, related_name="merges")
    moved = models.JSONField(default=dict)
    referrals = models.PositiveIntegerField(default=0, help_text="that changed their payer with it")
    merged_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    merged_at = models.DateTimeField(default=timezone.now)
    unmerged_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    unmerged_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-merged_at", "-pk")
        constraints = (models.UniqueConstraint(fields=["merged"], condition=models.Q(unmerged_at=None), name="payer_merge_in_force_once"),)

    def __str__(self) -> str:
        return f"{self.merged} into {self.survivor}"


class CountingRules(models.Model):
    """The settings that change numbers (METHODS section 9). One row; a change derives every fact anew in a worker."""

    affiliated_is_ours = models.BooleanField("affiliated practices count as ours", default=True)
    counted_kinds = ArrayField(models.CharField(max_length=16, choices=Kind), default=list)
    duplicate_days = models.PositiveSmallIntegerField("duplicate window, days", default=30, validators=[MaxValueValidator(365)])
    link_days = models.PositiveSmallIntegerField(
        "an appointment or claim belongs to an order of at most … days before",
        default=180,
        validators=[MaxValueValidator(730)],
        help_text="where the source names no referral number",
    )
    range_leads_above = models.PositiveSmallIntegerField(
        "show the range first when more is undetermined, %", default=25, validators=[MaxValueValidator(100)]
    )
    small_cell = models.PositiveSmallIntegerField("hide counts below, in files that leave", default=11)

    class Meta:
        verbose_name_plural = "counting rules"
        constraints = (models.CheckConstraint(condition=models.Q(pk=1), name="counting_rules_once"),)

    def __str__(self) -> str:
        return "Counting rules"

    @classmethod
    def current(cls) -> "CountingRules":
        """The organisation's rules, or the defaults of METHODS before anybody changed them."""
        return cls.objects.first() or cls(pk=1, counted_kinds=[Kind.CONSULT, Kind.PROCEDURE])


class Referral(models.Model):
    """A referral, known by its source and the source's own number.

    The given columns hold what the source told; the derived ones are written by `referrals.deriving` alone. `patient_hash` is a keyed
    hash per source (ADR PHI): no name, birth date or record number is ever stored. Each index costs every import, so a foreign key has one
    only where rows are looked up by it and no composite index begins with it. That what a referral points to exists is checked by triggers,
    a statement at a time (migration 0005): as strictly as by foreign keys, at a fraction of the cost. Only `linked_to` is a foreign key.
    """

    # given
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="referrals", db_index=False, db_constraint=False)
    source_key = models.CharField("referral number", max_length=80)
    ordered_on = models.DateField(null=True)
    received_on = models.DateField(null=True)
    entered_on = models.DateField(null=True)
    anchor_on = models.DateField(help_text="ordered, else received, else entered")
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.CONSULT)
    priority = models.CharField(max_length=20, blank=True)
    service_line = models.ForeignKey(
        ServiceLine, on_delete=models.PROTECT, null=True, related_name="referrals", db_index=False, db_constraint=False
    )
    payer = models.ForeignKey(Payer, on_delete=models.PROTECT, null=True, related_name="referrals", db_index=False, db_constraint=False)
    reason = models.CharField("reason for going elsewhere", max_length=24, choices=LossReason, blank=True)
    state = models.CharField(max_length=24, choices=State)
    appointment_on = models.DateField(null=True)
    seen_on = models.DateField(null=True, help_text="as told, else as a linked row shows, else the first appointment told as seen")
    report_on = models.DateField("report received on", null=True)
    referrer_named = models.CharField(max_length=12, choices=ReferrerNamed, default=ReferrerNamed.PROVIDER)
    referring_name = models.CharField(max_length=200, blank=True, help_text="as the source wrote it")
    referring_npi = models.CharField(max_length=10, blank=True, help_text="as the source wrote it, when it is one")
    referring_org = models.CharField(max_length=200, blank=True, help_text="the practice as the source wrote it")
    referring_zip = models.CharField(max_length=5, blank=True)
    destination_name = models.CharField(max_length=200, blank=True, help_text="the organisation as the source wrote it")
    performing_name = models.CharField(max_length=200, blank=True, help_text="the receiving provider as the source wrote it")
    performing_npi = models.CharField(max_length=10, blank=True)
    patient_hash = models.CharField(max_length=32, blank=True)
    order_key = models.CharField("the order's number", max_length=80, blank=True, help_text="of an appointment or claim, as told")
    batch = models.ForeignKey("referrals.ImportBatch", on_delete=models.PROTECT, null=True, related_name="referrals", db_constraint=False)
    # resolved by matching
    provider = models.ForeignKey(
        Provider, on_delete=models.PROTECT, null=True, related_name="referrals_made", db_index=False, db_constraint=False
    )
    named_practice = models.ForeignKey(Practice, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False)
    destination = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, related_name="referrals_received", db_constraint=False
    )
    performer = models.ForeignKey(Provider, on_delete=models.PROTECT, null=True, related_name="referrals_received", db_constraint=False)
    linked_to = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        related_name="linked",
        db_index=False,
        help_text="the order that this appointment or claim belongs to; it is evidence there and counts only there",
    )
    # derived
    seen_by = models.CharField(max_length=12, choices=Evidence, blank=True, help_text="what shows that the patient was seen")
    month = models.DateField(help_text="first of the anchor date's month")
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, null=True, related_name="referrals_made", db_constraint=False)
    practice_assumed = models.BooleanField(default=False, help_text="the provider's primary practice, as the source named none we know")
    territory = models.ForeignKey(
        Territory, on_delete=models.PROTECT, null=True, related_name="referrals", db_index=False, db_constraint=False
    )
    referrer_alignment = models.CharField(max_length=12, choices=AlignmentKind, default=AlignmentKind.UNKNOWN)
    destination_alignment = models.CharField(max_length=12, choices=AlignmentKind, blank=True, help_text="blank: no destination named")
    flow = models.CharField(max_length=12, choices=Flow)
    is_own_follow_up = models.BooleanField(default=False)
    is_duplicate = models.BooleanField(default=False)
    is_counted = models.BooleanField(default=True, help_text="in measures: a counted kind, neither own follow-up nor duplicate")
    credited_to = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False)

    objects = ReferralQuerySet.as_manager()

    class Meta:
        ordering = ("-anchor_on", "-pk")
        constraints = (models.UniqueConstraint(fields=["source", "source_key"], name="referral_once"),)
        indexes = (
            models.Index(
                fields=["territory", "month"],
                include=["flow", "is_counted", "service_line", "payer", "provider", "practice", "source", "state", "destination"],
                name="referral_covering",
            ),
            models.Index(fields=["source", "patient_hash"], name="referral_patient"),
            models.Index(fields=["provider", "anchor_on"], name="referral_provider"),
            models.Index(fields=["linked_to"], name="referral_linked", condition=models.Q(linked_to__isnull=False)),
            models.Index(fields=["order_key"], name="referral_order", condition=~models.Q(order_key="")),
        )

    def __str__(self) -> str:
        return f"{self.source.name} {self.source_key}"

    def get_absolute_url(self) -> str:
        return reverse("referrals:detail", args=[self.pk])


class StatusEvent(models.Model):
    """What a source told about a referral's state, and when we learned of it. Append-only; the state is settled from all of them."""

    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="status_events", db_index=False, db_constraint=False)
    state = models.CharField(max_length=24, choices=State)
    happened_on = models.DateField(null=True)
    appointment_on = models.DateField(null=True)
    told_at = models.DateTimeField(null=True, help_text="the source's own time stamp")
    learned_at = models.DateTimeField(default=timezone.now)
    is_inferred = models.BooleanField(default=False, help_text="a legal step that the source skipped; undated")
    batch = models.ForeignKey(  # held by the import that writes it, as with sent rows
        "referrals.ImportBatch", on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    via = models.ForeignKey(
        Referral,
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
        help_text="the linked row that told it",
    )

    class Meta:
        ordering = ("learned_at", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=["referral", "state", "appointment_on", "told_at"], nulls_distinct=False, name="status_event_once"
            ),
        )
        indexes = (models.Index(fields=["via"], name="status_event_via", condition=models.Q(via__isnull=False)),)

    def __str__(self) -> str:
        return f"{self.referral_id}: {self.state}"


class DataVersion(models.Model):
    """A number that rises with every committed change to the facts. Reports and caches name the version they speak of."""

    made_at = models.DateTimeField(default=timezone.now)
    cause = models.CharField(max_length=80)

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"{self.pk} ({self.cause})"
