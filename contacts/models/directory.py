"""Who refers and who receives: organisations, practices, providers, where they work, and whose they are when."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from contacts.models.custom import CustomValues
from contacts.models.tiers import Tier
from contacts.models.visiting import LunchRule
from contacts.querysets import (
    AffiliationQuerySet,
    AlignmentQuerySet,
    OrganizationQuerySet,
    PracticeQuerySet,
    ProviderQuerySet,
    StaffQuerySet,
)
from territories.models import DateRange, ServiceLine, Territory


class Organization(models.Model):
    """A legal or clinical body: a health system, a group, a facility. Referrals go to organisations."""

    name = models.CharField(max_length=200)
    folded_name = models.CharField(max_length=200, editable=False, help_text="common.names.fold(name)")
    npi = models.CharField("NPI", max_length=10, blank=True)
    service_line = models.ForeignKey(ServiceLine, on_delete=models.PROTECT, null=True, blank=True, related_name="organizations")
    phone = models.CharField(max_length=40, blank=True)
    city = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=2, blank=True)
    registry_updated_on = models.DateField(null=True, blank=True, editable=False, help_text="NPPES: Last Update Date")
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, editable=False, related_name="merged")

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(fields=["folded_name"], name="organization_name_once"),
            models.UniqueConstraint(fields=["npi"], condition=~Q(npi=""), name="organization_npi_once"),
        )
        indexes = (
            GinIndex(fields=["folded_name"], name="organization_folded", opclasses=["gin_trgm_ops"]),
            models.Index(fields=["folded_name"], name="organization_begins", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["npi"], name="organization_npi_begins", opclasses=["varchar_pattern_ops"]),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("contacts:organization", args=[self.pk])


class FoldedCity(models.Func):
    """A town as common.names.fold writes it, in the database: letters of a to z and digits only."""

    template = "regexp_replace(normalize(lower(%(expressions)s), NFKD), '[^a-z0-9]', '', 'g')"
    output_field = models.TextField()


class PlacedBy(models.TextChoices):
    PIN = "pin", "Pinned by name"
    ZIP_SPECIALTY = "zip_specialty", "ZIP code and specialty"
    COUNTY_SPECIALTY = "county_specialty", "County and specialty"
    ZIP = "zip", "ZIP code"
    COUNTY = "county", "County"
    NOBODY = "nobody", "No rule"


class Practice(CustomValues):
    """An office where providers see patients and from which they refer. It lies in one territory or in none."""

    name = models.CharField(max_length=200)
    folded_name = models.CharField(max_length=200, editable=False, help_text="common.names.fold(name)")
    organization = models.ForeignKey(Organization, on_delete=models.SET_NULL, null=True, blank=True, related_name="practices")
    npi = models.CharField("NPI", max_length=10, blank=True)
    address = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=2, blank=True)
    zip = models.CharField("ZIP code", max_length=5, blank=True)
    county = models.CharField(max_length=80, blank=True, editable=False, help_text='of the ZIP code, as "CT/Hartford"')
    phone = models.CharField(max_length=40, blank=True)
    fax = models.CharField(max_length=40, blank=True)
    visiting_rules = models.CharField(max_length=300, blank=True, help_text="days in, lunch, who to ask for")
    visit_minutes = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=(MinValueValidator(5), MaxValueValidator(240)),
        help_text="how long a visit takes here; blank: as everywhere",
    )
    lunch_rule = models.CharField(max_length=8, choices=LunchRule, blank=True)
    lunch_begins = models.TimeField(null=True, blank=True)
    lunch_ends = models.TimeField(null=True, blank=True)
    do_not_visit = models.BooleanField(default=False)
    tier = models.CharField(max_length=1, choices=Tier, blank=True, help_text="how often it is to be visited; blank promises nothing")
    territory = models.ForeignKey(Territory, on_delete=models.SET_NULL, null=True, editable=False, related_name="practices")
    placed_by = models.CharField(max_length=16, choices=PlacedBy, default=PlacedBy.NOBODY, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = PracticeQuerySet.as_manager()

    class Meta:
        ordering = ("name", "pk")
        constraints = (
            models.UniqueConstraint(fields=["folded_name", "zip"], name="practice_once"),
            models.CheckConstraint(
                condition=Q(lunch_begins=None, lunch_ends=None) | Q(lunch_ends__gt=F("lunch_begins")),
                name="practice_lunch_ends_after_begin",
            ),
        )
        indexes = (
            models.Index(fields=["territory", "name"], name="practice_territory"),
            models.Index(fields=["zip"], name="practice_zip"),
            GinIndex(fields=["folded_name"], name="practice_folded", opclasses=["gin_trgm_ops"]),
            models.Index(OpClass(FoldedCity("city"), name="text_pattern_ops"), name="practice_city_begins"),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("contacts:practice", args=[self.pk])

    @property
    def county_name(self) -> str:
        """The county as people write it: "Hartford, CT"."""
        state, _, name = self.county.partition("/")
        return f"{name}, {state}" if name else self.county


class PracticePin(models.Model):
    """A practice put into a territory by name; it goes before every rule."""

    practice = models.OneToOneField(Practice, on_delete=models.CASCADE, related_name="pin")
    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="pins")
    reason = models.CharField(max_length=200, blank=True)
    pinned_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    pinned_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.practice} in {self.territory}"


class PracticeException(models.Model):
    """A practice that none of a territory's rules is to catch: the next rule that does places it, or nobody owns it."""

    practice = models.ForeignKey(Practice, on_delete=models.CASCADE, related_name="exceptions")
    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="practice_exceptions")
    reason = models.CharField(max_length=200, blank=True)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("made_at", "pk")
        constraints = (models.UniqueConstraint(fields=["practice", "territory"], name="practice_excepted_once"),)

    def __str__(self) -> str:
        return f"{self.practice} not in {self.territory}"


class ProviderKind(models.TextChoices):
    PHYSICIAN = "physician", "Physician"
    NP = "np", "Nurse practitioner"
    PA = "pa", "Physician assistant"
    OTHER = "other", "Other clinician"


class Specialty(models.Model):
    """A NUCC taxonomy code in our own plain words. The admin may load the NUCC file for the rest; the repository ships none of its text."""

    code = models.CharField(max_length=10, unique=True)
    name = models.CharField(max_length=120)
    service_line = models.ForeignKey(ServiceLine, on_delete=models.PROTECT, null=True, blank=True, related_name="specialties")
    stays_off_lists = models.BooleanField(
        "stays off lists of decliners and targets", default=False, db_default=False, help_text="does not choose where patients go"
    )

    class Meta:
        ordering = ("name",)
        verbose_name_plural = "specialties"

    def __str__(self) -> str:
        return self.name


class Provider(CustomValues):
    """A person who refers or receives. The NPI is the identity; without one (a clinician only named) name and practice are.

    `folded_last` and `folded_given` are what the search reads (contacts.finding); whoever writes a name writes them too.
    """

    npi = models.CharField("NPI", max_length=10, blank=True)
    first_name = models.CharField(max_length=80, blank=True)
    middle_name = models.CharField(max_length=80, blank=True)
    last_name = models.CharField(max_length=80)
    folded_name = models.CharField(max_length=200, editable=False, help_text='common.names.fold: "last first"')
    folded_last = models.CharField(
        max_length=80, blank=True, default="", db_default="", db_collation="C", editable=False, help_text="fold(last name)"
    )
    folded_given = models.CharField(
        max_length=160, blank=True, default="", db_default="", db_collation="C", editable=False, help_text="fold(first and middle name)"
    )
    credential = models.CharField(max_length=40, blank=True)
    kind = models.CharField(max_length=10, choices=ProviderKind, default=ProviderKind.PHYSICIAN)
    specialty = models.ForeignKey(Specialty, on_delete=models.PROTECT, null=True, blank=True, related_name="providers")
    phone = models.CharField(max_length=40, blank=True)
    email = models.EmailField(blank=True)
    preferences = models.CharField(max_length=300, blank=True, help_text="how to reach, when to come, how they refer")
    do_not_visit = models.BooleanField(default=False)
    stays_off_lists = models.BooleanField(
        "stays off lists of decliners and targets", default=False, db_default=False, help_text="a resident, a locum, somebody retiring"
    )
    is_stale = models.BooleanField(default=False, editable=False, help_text="the NPI was deactivated")
    registry_updated_on = models.DateField(null=True, blank=True, editable=False, help_text="NPPES: Last Update Date")
    deactivated_on = models.DateField(null=True, blank=True, editable=False)
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, editable=False, related_name="merged")

    objects = ProviderQuerySet.as_manager()

    class Meta:
        ordering = ("last_name", "first_name", "pk")
        constraints = (models.UniqueConstraint(fields=["npi"], condition=~Q(npi=""), name="provider_npi_once"),)
        indexes = (
            models.Index(fields=["last_name", "first_name"], name="provider_name"),
            GinIndex(fields=["folded_name"], name="provider_folded", opclasses=["gin_trgm_ops"]),
            models.Index(fields=["folded_last", "folded_given", "id"], include=["specialty", "merged_into"], name="provider_last_given"),
            models.Index(fields=["folded_given", "folded_last", "id"], include=["specialty", "merged_into"], name="provider_given_last"),
            models.Index(fields=["npi"], name="provider_npi_begins", opclasses=["varchar_pattern_ops"]),
        )

    def __str__(self) -> str:
        name = f"{self.first_name} {self.last_name}".strip()
        return f"{name}, {self.credential}" if self.credential else name

    def get_absolute_url(self) -> str:
        return reverse("contacts:provider", args=[self.pk])


class Affiliation(models.Model):
    """A provider works at a practice from `started_on` (blank: always) until before `ended_on`. One open one is the primary."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="affiliations")
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="affiliations")
    is_primary = models.BooleanField(default=True)
    started_on = models.DateField(null=True, blank=True)
    ended_on = models.DateField(null=True, blank=True)

    objects = AffiliationQuerySet.as_manager()

    class Meta:
        ordering = ("-is_primary", "pk")
        constraints = (
            models.UniqueConstraint(fields=["provider", "practice"], condition=Q(ended_on=None), name="affiliation_open_once"),
            models.UniqueConstraint(fields=["provider"], condition=Q(ended_on=None, is_primary=True), name="affiliation_one_primary"),
            models.CheckConstraint(
                condition=Q(ended_on=None) | Q(started_on=None) | Q(ended_on__gt=F("started_on")), name="affiliation_ends_after_start"
            ),
        )

    def __str__(self) -> str:
        return f"{self.provider} at {self.practice}"


class AlignmentKind(models.TextChoices):
    EMPLOYED = "employed", "Employed"
    AFFILIATED = "affiliated", "Affiliated"
    INDEPENDENT = "independent", "Independent"
    COMPETITOR = "competitor", "Competitor"
    UNKNOWN = "unknown", "Unknown"


class Alignment(models.Model):
    """Whose a provider, a practice or an organisation is, from `started_on` until before `ended_on`; blanks are open ends.

    Exactly one of the three is named. The provider's own goes before the practice's, the practice's before its organisation's
    (METHODS section 1, Flow). Not to be mixed with an insurer's network.
    """

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, null=True, blank=True, related_name="alignments")
    practice = models.ForeignKey(Practice, on_delete=models.CASCADE, null=True, blank=True, related_name="alignments")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, null=True, blank=True, related_name="alignments")
    kind = models.CharField(max_length=12, choices=AlignmentKind)
    started_on = models.DateField(null=True, blank=True)
    ended_on = models.DateField(null=True, blank=True)

    objects = AlignmentQuerySet.as_manager()

    class Meta:
        ordering = (F("started_on").asc(nulls_first=True), "pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(provider__isnull=False, practice=None, organization=None)
                | Q(provider=None, practice__isnull=False, organization=None)
                | Q(provider=None, practice=None, organization__isnull=False),
                name="alignment_of_one",
            ),
            models.CheckConstraint(
                condition=Q(ended_on=None) | Q(started_on=None) | Q(ended_on__gt=F("started_on")), name="alignment_ends_after_start"
            ),
            *(
                ExclusionConstraint(
                    name=f"alignment_{owner}_once",
                    expressions=[(owner, RangeOperators.EQUAL), (DateRange("started_on", "ended_on"), RangeOperators.OVERLAPS)],
                    condition=Q(**{f"{owner}__isnull": False}),
                )
                for owner in ("provider", "practice", "organization")
            ),
        )

    def __str__(self) -> str:
        return f"{self.provider or self.practice or self.organization}: {self.get_kind_display()}"


class Staff(models.Model):
    """Somebody in the office who is not a provider: front desk, referral coordinator, office manager."""

    practice = models.ForeignKey(Practice, on_delete=models.CASCADE, related_name="staff")
    name = models.CharField(max_length=150)
    job = models.CharField("role in the office", max_length=80, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    email = models.EmailField(blank=True)
    left_on = models.DateField(null=True, blank=True)

    objects = StaffQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        verbose_name_plural = "staff"

    def __str__(self) -> str:
        return self.name
