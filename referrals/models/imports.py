"""How facts arrived: batches, and the rows that need somebody's eye."""

from django.db import models
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from jobs.models import Job
from referrals.models.facts import Source
from referrals.querysets import BatchQuerySet


class BatchState(models.TextChoices):
    UPLOADED = "uploaded", "Uploaded"
    CHECKING = "checking", "Checking"
    CHECKED = "checked", "Checked"
    LOADING = "loading", "Loading"
    LOADED = "loaded", "Loaded"
    FAILED = "failed", "Failed"
    DISCARDED = "discarded", "Discarded"
    UNDOING = "undoing", "Being undone"
    UNDONE = "undone", "Undone"


# The file is here and its end is open.
OPEN_STATES = (BatchState.UPLOADED, BatchState.CHECKING, BatchState.CHECKED, BatchState.LOADING)


class Format(models.TextChoices):
    TEXT = "csv", "Text table (CSV, TSV, pipe)"
    WORKBOOK = "xlsx", "Excel workbook"
    FHIR = "fhir", "FHIR R4"
    HL7 = "hl7v2", "HL7 v2 messages"


class ArrivedBy(models.TextChoices):
    UPLOAD = "upload", "Upload"
    API = "api", "API"
    COMMAND = "command", "Command line"
    FOLDER = "folder", "Folder"


class ImportBatch(models.Model):
    """One file of one source on its way in.

    The uploaded file holds patient data: it lies under settings.UPLOADS, is deleted when the batch is loaded, failed or discarded, and
    after 24 hours in any case. Counts are of the last dry run until the batch is loaded.
    """

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="batches")
    format = models.CharField(max_length=5, choices=Format, default=Format.TEXT)
    arrived_by = models.CharField(max_length=7, choices=ArrivedBy, default=ArrivedBy.UPLOAD)
    file_name = models.CharField(max_length=200)
    stored_as = models.CharField(max_length=200, blank=True, help_text="file under settings.UPLOADS, blank once deleted")
    sha256 = models.CharField(max_length=64)
    size_bytes = models.BigIntegerField(default=0)
    mapping = models.JSONField(default=dict)
    headers = models.JSONField(default=list, help_text="the file's columns in their order, for the reject file")
    state = models.CharField(max_length=10, choices=BatchState, default=BatchState.UPLOADED)
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    uploaded_at = models.DateTimeField(default=timezone.now)
    loaded_at = models.DateTimeField(null=True)
    rows = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0, help_text="referrals of the file that repeat an earlier one of the same patient")
    unmatched = models.PositiveIntegerField(default=0, help_text="referrals whose named provider we do not know")
    rejected = models.JSONField(default=dict, help_text="{reason: rows}")
    findings = models.JSONField(default=dict, help_text="{reason: rows}")
    by_month = models.JSONField(default=dict, help_text="{month: referrals} of the file")
    first_on = models.DateField(null=True)
    last_on = models.DateField(null=True)
    alarms = models.JSONField(default=list, help_text="sentences about what is odd in this file beside the last ones")
    made = models.JSONField(default=dict, help_text="{payers: [ids], service_lines: [ids]} that it named for the first time")
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    undone_why = models.CharField(max_length=300, blank=True)
    error = models.TextField(blank=True)

    objects = BatchQuerySet.as_manager()

    class Meta:
        ordering = ("-uploaded_at", "-pk")
        verbose_name_plural = "import batches"
        constraints = (
            # Two uploads of one file at once are one batch.
            models.UniqueConstraint(fields=["source", "sha256"], condition=models.Q(state__in=OPEN_STATES), name="import_once_at_a_time"),
        )

    def __str__(self) -> str:
        """Never the file's name, which people give and the audit trail would keep: it may be a patient's."""
        return f"{self.source.name}, import {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("referrals:batch", args=[self.pk])

    @property
    def rejected_total(self) -> int:
        return sum(self.rejected.values())


class RowOutcome(models.TextChoices):
    REJECTED = "rejected", "Rejected"
    FINDING = "finding", "Finding"


class SourceRow(models.Model):
    """A row that was refused, or loaded with a finding. `record` is in the source's own shape with every patient column hashed or blank."""

    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="source_rows")
    line_number = models.PositiveIntegerField()
    outcome = models.CharField(max_length=8, choices=RowOutcome)
    reason = models.CharField(max_length=60)
    sentence = models.CharField(max_length=300, blank=True)
    record = models.JSONField(default=dict)

    class Meta:
        ordering = ("line_number", "pk")
        indexes = (models.Index(fields=["batch", "outcome"], name="source_row_batch"),)

    def __str__(self) -> str:
        return f"line {self.line_number}: {self.reason}"
