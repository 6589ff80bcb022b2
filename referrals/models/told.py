"""What was told about referrals, and by whom: the facts are a function of these rows, so that taking some of them away is an exact undo."""

from django.db import models
from django.utils import timezone

from accounts.models import User
from referrals.models.facts import Kind, LossReason, Payer, Referral, Sees, Source, State
from territories.models import ServiceLine


class SentRow(models.Model):
    """What a source said about a referral, once for each different content.

    A referral's given columns and its status history are folded from all its sent rows (referrals.importing.comparing), whatever the order
    in which they came. Texts are blank where the source said nothing. `batch` is the first that sent it and `line` where; who sent the same
    again stands in `SentAgain`. What it points to is held by the one statement that writes it, not by constraints of the database: checking
    them row by row would cost more than writing the rows. A referral cannot go before its sent rows and history (migration 0005).
    """

    pk = models.CompositePrimaryKey("referral", "digest")
    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="sent_rows", db_index=False, db_constraint=False)
    digest = models.UUIDField(help_text="of all columns below from ordered_on on")
    batch = models.ForeignKey("referrals.ImportBatch", on_delete=models.PROTECT, related_name="sent_rows", db_constraint=False)
    line = models.PositiveIntegerField(default=0)
    ordered_on = models.DateField(null=True)
    received_on = models.DateField(null=True)
    entered_on = models.DateField(null=True)
    kind = models.CharField(max_length=16, choices=Kind, blank=True)
    priority = models.CharField(max_length=20, blank=True)
    service_line = models.ForeignKey(
        ServiceLine, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    payer = models.ForeignKey(Payer, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False)
    reason = models.CharField(max_length=24, choices=LossReason, blank=True)
    state = models.CharField(max_length=24, choices=State)
    told_at = models.DateTimeField(null=True)
    appointment_on = models.DateField(null=True)
    seen_on = models.DateField(null=True)
    report_on = models.DateField(null=True)
    referring_name = models.CharField(max_length=200, blank=True)
    referring_npi = models.CharField(max_length=10, blank=True)
    referring_org = models.CharField(max_length=200, blank=True)
    referring_zip = models.CharField(max_length=5, blank=True)
    destination_name = models.CharField(max_length=200, blank=True)
    performing_name = models.CharField(max_length=200, blank=True)
    performing_npi = models.CharField(max_length=10, blank=True)
    patient_hash = models.CharField(max_length=32, blank=True)
    order_key = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ("referral", "batch", "line")

    def __str__(self) -> str:
        return f"{self.referral_id}: {self.state}"


class SentAgain(models.Model):
    """A later batch said the same again: undoing the first must not take away what the later one holds."""

    pk = models.CompositePrimaryKey("referral", "digest", "batch")
    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    digest = models.UUIDField()
    batch = models.ForeignKey("referrals.ImportBatch", on_delete=models.PROTECT, related_name="+", db_constraint=False)
    line = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("referral", "batch", "line")

    def __str__(self) -> str:
        return f"{self.referral_id} in batch {self.batch_id}"


class Correction(models.Model):
    """What a person put right on a referral: it stands as long as the source goes on to say what it said when it was corrected.

    `said` and `corrected` hold the given columns by name; ids for links, ISO dates.
    """

    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="corrections")
    said = models.JSONField(default=dict)
    corrected = models.JSONField(default=dict)
    corrected_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    corrected_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("corrected_at", "pk")

    def __str__(self) -> str:
        return f"{self.referral_id}: {', '.join(sorted(self.corrected))}"


class MappingVersion(models.Model):
    """How a feed's files were read from a day on. The highest number is the mapping in use."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="mapping_versions")
    number = models.PositiveIntegerField()
    mapping = models.JSONField()
    sees = models.CharField(max_length=12, choices=Sees)
    batch = models.ForeignKey(
        "referrals.ImportBatch", on_delete=models.SET_NULL, null=True, related_name="+", help_text="the import whose mapping it was first"
    )
    saved_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("source", "-number")
        constraints = (models.UniqueConstraint(fields=["source", "number"], name="mapping_version_once"),)

    def __str__(self) -> str:
        return f"{self.source}, version {self.number}"


class ControlTotal(models.Model):
    """The source's own count of a month's referrals, typed from its report: ours is held against it (METHODS, control totals)."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="control_totals")
    month = models.DateField(help_text="first of the month")
    total = models.PositiveIntegerField()
    note = models.CharField(max_length=200, blank=True)
    told_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    told_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("source", "-month")
        constraints = (models.UniqueConstraint(fields=["source", "month"], name="control_total_once"),)

    def __str__(self) -> str:
        return f"{self.source} {self.month:%Y-%m}: {self.total}"
