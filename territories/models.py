"""How the field is divided: a tree of territories, the rules that fill its leaves, and who looks after them when."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Lower
from django.urls import reverse

from accounts.models import User
from territories.querysets import AssignmentQuerySet, TerritoryQuerySet
from territories.ruling import Rule


class DateRange(Func):
    """daterange(started_on, ended_on): half-open, a blank end is open."""

    function = "DATERANGE"
    output_field = DateRangeField()


class ServiceLine(models.Model):
    """A line of care that we count and that overlays follow (cardiology, orthopedics)."""

    name = models.CharField(max_length=80, unique=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Territory(models.Model):
    """A node of the tree. There is one root, the organisation; practices are placed in leaves."""

    name = models.CharField(max_length=80)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    description = models.CharField(max_length=300, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    objects = TerritoryQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        verbose_name_plural = "territories"
        constraints = (
            models.UniqueConstraint(Lower("name"), name="territory_name_once"),
            models.UniqueConstraint(F("parent"), condition=Q(parent=None), nulls_distinct=False, name="territory_one_root"),
            models.CheckConstraint(condition=~Q(parent=F("pk")), name="territory_not_its_own_parent"),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("territories:detail", args=[self.pk])


class RuleKind(models.TextChoices):
    ZIP = "zip", "ZIP code"
    COUNTY = "county", "County"


class TerritoryRule(models.Model):
    """A ZIP code (five digits) or a county ("CT/Hartford") whose practices belong to a territory; or, with `excludes`, never come to it.

    With a specialty (a NUCC taxonomy code) only practices of that specialty are meant. Which rule goes before which:
    `territories.ruling`.
    """

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="rules")
    kind = models.CharField(max_length=6, choices=RuleKind)
    value = models.CharField(max_length=80)
    specialty = models.CharField(max_length=10, blank=True, default="", db_default="", help_text="taxonomy code; blank: every specialty")
    excludes = models.BooleanField(default=False, db_default=False, help_text="an exception: what the territory does not get")

    class Meta:
        ordering = ("excludes", "kind", "value", "specialty")
        constraints = (
            models.UniqueConstraint(fields=["kind", "value", "specialty"], condition=Q(excludes=False), name="rule_value_once"),
            models.UniqueConstraint(
                fields=["territory", "kind", "value", "specialty"], condition=Q(excludes=True), name="rule_excludes_once"
            ),
        )

    def __str__(self) -> str:
        words = f"{self.get_kind_display()} {self.value}" + (f", {self.specialty} only" if self.specialty else "")
        return f"Not {words}" if self.excludes else words

    @property
    def rule(self) -> Rule:
        """What it says, without whose it is."""
        return Rule(self.kind, self.value, self.specialty, self.excludes)


class Assignment(models.Model):
    """A person looks after a territory from `started_on` until before `ended_on`.

    One primary at a time gets the credit; helpers see the same. With a service line it is an overlay: the person sees and is
    credited for that line only, beside the primary, never added.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="assignments")
    territory = models.ForeignKey(Territory, on_delete=models.PROTECT, related_name="assignments")
    service_line = models.ForeignKey(ServiceLine, on_delete=models.PROTECT, null=True, blank=True, related_name="overlays")
    is_primary = models.BooleanField(default=True)
    started_on = models.DateField()
    ended_on = models.DateField(null=True, blank=True)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        ordering = ("started_on", "pk")
        constraints = (
            models.CheckConstraint(condition=Q(ended_on=None) | Q(ended_on__gt=F("started_on")), name="assignment_ends_after_start"),
            ExclusionConstraint(
                name="assignment_one_primary",
                expressions=[("territory", RangeOperators.EQUAL), (DateRange("started_on", "ended_on"), RangeOperators.OVERLAPS)],
                condition=Q(is_primary=True, service_line=None),
            ),
        )

    def __str__(self) -> str:
        return f"{self.user}: {self.territory}"
