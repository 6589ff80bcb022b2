"""The market: where providers refer in all, as a vendor of claims tells it, and the files that it comes in."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from jobs.models import Job
from referrals.querysets import MarketFileQuerySet
from territories.models import ServiceLine


class MarketVendor(models.Model):
    """Who tells about the market. Two vendors count differently, so their counts are never added: pages speak of one."""

    name = models.CharField(max_length=80, unique=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class MarketFileKind(models.TextChoices):
    MARKET = "market", "Market data"
    CAPACITY = "capacity", "Capacity"


class MarketFileState(models.TextChoices):
    UPLOADED = "uploaded", "Waiting"
    CHECKED = "checked", "Checked"
    LOADED = "loaded", "Loaded"
    FAILED = "failed", "Failed"
    UNDONE = "undone", "Undone"


class MarketFile(models.Model):
    """One file of market data or of capacity on its way in. Counts are of the last check until it is loaded.

    The uploaded file is deleted once it is loaded or could not be read, and after 24 hours in any case. It holds no patient.
    """

    kind = models.CharField(max_length=8, choices=MarketFileKind)
    file_name = models.CharField(max_length=200)
    stored_as = models.CharField(max_length=200, blank=True, help_text="file under settings.UPLOADS, blank once deleted")
    sha256 = models.CharField(max_length=64)
    given = models.JSONField(default=dict, help_text="what was said for columns that it lacks: vendor, through, as_of")
    headers = models.JSONField(default=list, help_text="the columns that were read, in the file's words, for the file of refused rows")
    state = models.CharField(max_length=8, choices=MarketFileState, default=MarketFileState.UPLOADED)
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    vendors = models.JSONField(default=list, help_text="names of the vendors that it tells of")
    through_on = models.DateField(null=True, help_text="the last day that it tells of, or as of which its capacity is")
    first_month = models.DateField(null=True)
    last_month = models.DateField(null=True)
    rows = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    rejected = models.JSONField(default=dict, help_text="{reason: rows}")
    findings = models.JSONField(default=dict, help_text="{finding: rows}")
    npis = models.PositiveIntegerField("providers told of", default=0)
    unknown_npis = models.PositiveIntegerField("providers told of whom we do not know", default=0)
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    uploaded_at = models.DateTimeField(default=timezone.now)
    loaded_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)
    undone_why = models.CharField(max_length=300, blank=True)
    error = models.TextField(blank=True)

    objects = MarketFileQuerySet.as_manager()

    class Meta:
        ordering = ("-uploaded_at", "-pk")

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, file {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("referrals:market-file", args=[self.pk])

    @property
    def rejected_total(self) -> int:
        return sum(self.rejected.values())


class MarketReject(models.Model):
    """A row that was refused, in the file's own words: mended, it is taken back."""

    file = models.ForeignKey(MarketFile, on_delete=models.CASCADE, related_name="rejects")
    line_number = models.PositiveIntegerField()
    reason = models.CharField(max_length=60)
    sentence = models.CharField(max_length=300)
    record = models.JSONField(default=list, help_text="the cells of the columns that were read")

    class Meta:
        ordering = ("line_number", "pk")

    def __str__(self) -> str:
        return f"line {self.line_number}: {self.reason}"


class MarketMonth(models.Model):
    """What a file told: so many referrals of a provider in a service line and month went anywhere (`total`), so many of them `to_us`.

    Of all that was told about one vendor, NPI, line and month, one row `is_current`: that of the latest `through_on`, of two that of the
    later file. Providers whom we do not know are kept, since the market has more than we do. Undoing a file deletes its rows, and what
    they had replaced is current again.
    """

    file = models.ForeignKey(MarketFile, on_delete=models.CASCADE, related_name="months")
    vendor = models.ForeignKey(MarketVendor, on_delete=models.PROTECT, related_name="+", db_index=False)
    npi = models.CharField("NPI", max_length=10)
    service_line = models.ForeignKey(ServiceLine, on_delete=models.PROTECT, related_name="+", db_index=False)
    month = models.DateField(help_text="first of the month")
    to_us = models.PositiveIntegerField()
    total = models.PositiveIntegerField()
    through_on = models.DateField(help_text="the last day of which the vendor knew when it told this")
    is_current = models.BooleanField(default=False)

    class Meta:
        ordering = ("npi", "service_line", "month")
        constraints = (
            models.UniqueConstraint(fields=["file", "vendor", "npi", "service_line", "month", "through_on"], name="market_told_once"),
            models.UniqueConstraint(
                fields=["vendor", "npi", "service_line", "month"], condition=Q(is_current=True), name="market_one_current"
            ),
            models.CheckConstraint(condition=Q(to_us__lte=F("total")), name="market_part_of_whole"),
        )
        indexes = (
            models.Index(
                fields=["vendor", "month"],
                include=["npi", "service_line", "to_us", "total", "through_on"],
                condition=Q(is_current=True),
                name="market_reading",
            ),
            models.Index(fields=["npi", "service_line", "month", "vendor"], name="market_npi"),
        )

    def __str__(self) -> str:
        return f"{self.npi} {self.month:%Y-%m}: {self.to_us} of {self.total}"
