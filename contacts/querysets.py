"""Rows of contacts, cut to what a person may see.

A practice belongs to its territory; a provider is seen through any practice where they work today. Lists may use EXISTS; facts never
do (PERFORMANCE.md).
"""

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from accounts.permissions import Permission
from common.names import fold
from territories.scope import scope_of

if TYPE_CHECKING:
    from contacts.models import (  # noqa: F401 - parameters of the querysets
        Affiliation,
        Alias,
        Alignment,
        Guess,
        KeptApart,
        MoveNotice,
        Organization,
        OrganizationMerge,
        Practice,
        Provider,
        ProviderMerge,
        Staff,
        TierChange,
    )


UNKNOWN = "unknown"


def _aligned(day: dt.date, **owner: Any) -> Subquery:
    """The kind that holds on that day for the owner; NULL when nobody said."""
    return Subquery(apps.get_model("contacts", "Alignment").objects.on(day).filter(**owner).values("kind")[:1])


def _counted(model: str, **rows: Any) -> Coalesce:
    """How many rows of the model; a subquery, since a join would group every row of the list before the first page is cut."""
    owner = next(iter(rows))
    found = apps.get_model("contacts", model).objects.filter(**rows).order_by().values(owner).annotate(count=Count("pk"))
    return Coalesce(Subquery(found.values("count")), 0)


def words_of(text: str) -> list[str]:
    """The words of a search, as folded names are written."""
    return [word for part in text.replace(",", " ").split() if (word := fold(part))]


def _merged_ids(model: type[models.Model], pk: int) -> list[int]:
    """The record and all that were merged into it: a query for each step of the longest chain."""
    found = step = [pk]
    while step:
        step = list(model._default_manager.filter(merged_into__in=step).values_list("pk", flat=True))
        found = [*found, *step]
    return found


class AlignmentQuerySet(models.QuerySet["Alignment"]):
    def visible_to(self, user: Any) -> "AlignmentQuerySet":
        """Of the providers, practices and organizations that the person sees."""
        owners = {name: apps.get_model("contacts", name).objects.visible_to(user) for name in ("provider", "practice", "organization")}
        seen = [Q(**{f"{name}__in": rows}) for name, rows in owners.items()]
        return self.filter(seen[0] | seen[1] | seen[2])

    def on(self, day: dt.date) -> "AlignmentQuerySet":
        """In force on that day."""
        return self.filter(Q(started_on=None) | Q(started_on__lte=day), Q(ended_on=None) | Q(ended_on__gt=day))


class PracticeQuerySet(models.QuerySet["Practice"]):
    def visible_to(self, user: Any) -> "PracticeQuerySet":
        """Practices in the person's territories and overlays; unowned ones only for those who see the whole."""
        scope = scope_of(user)
        return self if scope.whole else self.filter(territory__in=scope.any_territory_ids)

    def live(self) -> "PracticeQuerySet":
        return self.filter(archived_at=None)

    def unowned(self) -> "PracticeQuerySet":
        return self.filter(territory=None, archived_at=None)

    def named_like(self, text: str) -> "PracticeQuerySet":
        """Every word is in the name or the town, or the text begins the ZIP code."""
        if text.isdigit():
            return self.filter(zip__startswith=text)
        found = self
        for word in words_of(text):
            found = found.filter(Q(folded_name__contains=word) | Q(city__istartswith=word))
        return found

    def with_alignment(self, day: dt.date) -> "PracticeQuerySet":
        """`alignment_today`: its own, else its organization's."""
        of_organization = _aligned(day, organization__practices=OuterRef("pk"))
        return self.annotate(alignment_today=Coalesce(_aligned(day, practice=OuterRef("pk")), of_organization, Value(UNKNOWN)))

    def for_list(self, day: dt.date) -> "PracticeQuerySet":
        """With everything that a row shows."""
        working = _counted("Affiliation", practice=OuterRef("pk"), ended_on=None)
        return self.with_alignment(day).annotate(provider_count=working).select_related("territory", "organization")


class ProviderQuerySet(models.QuerySet["Provider"]):
    def visible_to(self, user: Any) -> "ProviderQuerySet":
        """Providers who work today at a practice the person sees. Who was merged into another is seen there."""
        scope = scope_of(user)
        if scope.whole:
            return self.live()
        works = apps.get_model("contacts", "Affiliation").objects.filter(
            provider=OuterRef("pk"), ended_on=None, practice__territory__in=scope.any_territory_ids
        )
        return self.live().filter(Exists(works))

    def live(self) -> "ProviderQuerySet":
        """Not merged into another."""
        return self.filter(merged_into=None)

    def on_lists(self) -> "ProviderQuerySet":
        """Who may stand on a list of decliners or targets: not emergency physicians, hospitalists, residents and locums.

        Their specialty says so, or they themselves (METHODS section 1).
        """
        return self.filter(stays_off_lists=False).exclude(specialty__stays_off_lists=True)

    def all_of(self, provider: "Provider") -> "ProviderQuerySet":
        """The provider, and whoever was merged into them, however many steps ago."""
        return self.filter(pk__in=_merged_ids(self.model, provider.pk))

    def working_at(self, practices: "QuerySet[Practice]") -> "ProviderQuerySet":
        """Who works today at one of these."""
        works = apps.get_model("contacts", "Affiliation").objects.filter(provider=OuterRef("pk"), ended_on=None, practice__in=practices)
        return self.filter(Exists(works))

    def named_like(self, text: str) -> "ProviderQuerySet":
        """Every word is in the name, in any order; or the text begins the NPI."""
        if text.isdigit():
            return self.filter(npi__startswith=text)
        found = self
        for word in words_of(text):
            found = found.filter(folded_name__contains=word)
        return found

    def with_alignment(self, day: dt.date) -> "ProviderQuerySet":
        """`alignment_today`: their own, else their primary practice's, else its organization's."""
        primary = apps.get_model("contacts", "Affiliation").objects.filter(provider=OuterRef("pk"), ended_on=None, is_primary=True)
        return self.annotate(
            primary_practice_id=Subquery(primary.values("practice")[:1]),
            primary_organization_id=Subquery(primary.values("practice__organization")[:1]),
        ).annotate(
            alignment_today=Coalesce(
                _aligned(day, provider=OuterRef("pk")),
                _aligned(day, practice=OuterRef("primary_practice_id")),
                _aligned(day, organization=OuterRef("primary_organization_id")),
                Value(UNKNOWN),
            )
        )

    def for_list(self, user: Any, day: dt.date) -> "ProviderQuerySet":
        """With everything that a row shows: `works_at` holds the places that the person may see."""
        return self.with_alignment(day).with_places(user).select_related("specialty__service_line")

    def with_places(self, user: Any) -> "ProviderQuerySet":
        """`works_at`: the places that the person may see."""
        affiliations = apps.get_model("contacts", "Affiliation").objects.open().visible_to(user).select_related("practice__territory")
        return self.prefetch_related(models.Prefetch("affiliations", affiliations, to_attr="works_at"))


class AffiliationQuerySet(models.QuerySet["Affiliation"]):
    def visible_to(self, user: Any) -> "AffiliationQuerySet":
        scope = scope_of(user)
        return self if scope.whole else self.filter(practice__territory__in=scope.any_territory_ids)

    def open(self) -> "AffiliationQuerySet":
        """Where somebody works today."""
        return self.filter(ended_on=None)


class StaffQuerySet(models.QuerySet["Staff"]):
    def visible_to(self, user: Any) -> "StaffQuerySet":
        scope = scope_of(user)
        return self if scope.whole else self.filter(practice__territory__in=scope.any_territory_ids)

    def here(self) -> "StaffQuerySet":
        return self.filter(left_on=None)


class OrganizationQuerySet(models.QuerySet["Organization"]):
    def visible_to(self, user: Any) -> "OrganizationQuerySet":
        """Organisations are the map of the market, not a territory's own: whoever sees any part of the field sees them."""
        return self.none() if scope_of(user).is_empty else self.live()

    def live(self) -> "OrganizationQuerySet":
        """Not merged into another."""
        return self.filter(merged_into=None)

    def all_of(self, organization: "Organization") -> "OrganizationQuerySet":
        """The organization, and what was merged into it, however many steps ago."""
        return self.filter(pk__in=_merged_ids(self.model, organization.pk))

    def named_like(self, text: str) -> "OrganizationQuerySet":
        """Every word is in the name, or the text begins the NPI."""
        if text.isdigit():
            return self.filter(npi__startswith=text)
        found = self
        for word in words_of(text):
            found = found.filter(folded_name__contains=word)
        return found

    def for_list(self, day: dt.date) -> "OrganizationQuerySet":
        """With everything that a row shows."""
        aligned = Coalesce(_aligned(day, organization=OuterRef("pk")), Value(UNKNOWN))
        offices = _counted("Practice", organization=OuterRef("pk"), archived_at=None)
        return self.annotate(alignment_today=aligned, practice_count=offices).select_related("service_line")


class AliasQuerySet(models.QuerySet["Alias"]):
    def visible_to(self, user: Any) -> "AliasQuerySet":
        """Words come from everywhere in the field: for those who import."""
        return self if user.can(Permission.IMPORT_RUN) else self.none()


class GuessQuerySet(models.QuerySet["Guess"]):
    def visible_to(self, user: Any) -> "GuessQuerySet":
        """As aliases."""
        return self if user.can(Permission.IMPORT_RUN) else self.none()


class MergeQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> "MergeQuerySet":
        """A merge changes numbers everywhere: for those who import."""
        return self if user.can(Permission.IMPORT_RUN) else self.none()

    def in_force(self) -> "MergeQuerySet":
        """Not taken back."""
        return self.filter(unmerged_at=None)


class TierChangeQuerySet(models.QuerySet["TierChange"]):
    def visible_to(self, user: Any) -> "TierChangeQuerySet":
        """One's own, which one may undo; all for those who see the whole."""
        return self if scope_of(user).whole else self.filter(changed_by=user)


class KeptApartQuerySet(models.QuerySet["KeptApart"]):
    def visible_to(self, user: Any) -> "KeptApartQuerySet":
        """As merges."""
        return self if user.can(Permission.IMPORT_RUN) else self.none()


class MoveNoticeQuerySet(models.QuerySet["MoveNotice"]):
    def visible_to(self, user: Any) -> "MoveNoticeQuerySet":
        """Of providers whom the person sees, and those that the person decided: who moved away may be brought back."""
        if not user.is_authenticated or not user.can(Permission.PROVIDER_VIEW):
            return self.none()
        providers = apps.get_model("contacts", "Provider").objects.visible_to(user)
        return self.filter(Q(provider__in=providers) | Q(decided_by=user))

    def open(self) -> "MoveNoticeQuerySet":
        """Nobody decided yet."""
        return self.filter(state="open")

    def for_list(self) -> "MoveNoticeQuerySet":
        return self.select_related("provider__specialty", "decided_by")
