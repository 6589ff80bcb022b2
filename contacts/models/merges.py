"""Two records of one person or body made one, and pairs that are not."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User
from contacts.models.directory import Organization, Provider
from contacts.querysets import KeptApartQuerySet, MergeQuerySet


class _Merge(models.Model):
    """`moved` holds what went from the merged record to the survivor, as it was, so that it can go back."""

    moved = models.JSONField(default=dict)
    merged_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    merged_at = models.DateTimeField(default=timezone.now)
    unmerged_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    unmerged_at = models.DateTimeField(null=True, blank=True)

    objects = MergeQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ("-merged_at", "-pk")

    survivor: Any
    merged: Any

    def __str__(self) -> str:
        return f"{self.merged} into {self.survivor}"


class ProviderMerge(_Merge):
    survivor = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+")
    merged = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="merges")

    class Meta(_Merge.Meta):
        constraints = (models.UniqueConstraint(fields=["merged"], condition=Q(unmerged_at=None), name="provider_merged_once"),)


class OrganizationMerge(_Merge):
    survivor = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    merged = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="merges")

    class Meta(_Merge.Meta):
        constraints = (models.UniqueConstraint(fields=["merged"], condition=Q(unmerged_at=None), name="organization_merged_once"),)


class KeptApart(models.Model):
    """A person looked at two records that seem to be one, and said that they are two."""

    first_provider = models.ForeignKey(Provider, on_delete=models.CASCADE, null=True, related_name="+")
    second_provider = models.ForeignKey(Provider, on_delete=models.CASCADE, null=True, related_name="+")
    first_organization = models.ForeignKey(Organization, on_delete=models.CASCADE, null=True, related_name="+")
    second_organization = models.ForeignKey(Organization, on_delete=models.CASCADE, null=True, related_name="+")
    said_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    said_at = models.DateTimeField(default=timezone.now)

    objects = KeptApartQuerySet.as_manager()

    class Meta:
        ordering = ("-said_at", "-pk")
        verbose_name_plural = "kept apart"
        constraints = (
            models.CheckConstraint(
                condition=Q(first_provider__lt=F("second_provider"), first_organization=None, second_organization=None)
                | Q(first_organization__lt=F("second_organization"), first_provider=None, second_provider=None),
                name="kept_apart_in_order",
            ),
            models.UniqueConstraint(fields=["first_provider", "second_provider"], name="providers_kept_apart_once"),
            models.UniqueConstraint(fields=["first_organization", "second_organization"], name="organizations_kept_apart_once"),
        )

    def __str__(self) -> str:
        return f"{self.first_provider or self.first_organization} is not {self.second_provider or self.second_organization}"
