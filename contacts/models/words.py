"""What words of the sources mean: what a person decided, and what matching only believes."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from contacts.models.directory import Organization, Practice, Provider
from contacts.querysets import AliasQuerySet, GuessQuerySet


class WordsKind(models.TextChoices):
    """What the words name."""

    PROVIDER = "provider", "Provider"
    PRACTICE = "practice", "Practice"
    ORGANIZATION = "organization", "Organization"


class _Words(models.Model):
    """As matching is asked. An office and its ZIP say where a provider is; a practice has no NPI, a destination only a name."""

    kind = models.CharField(max_length=12, choices=WordsKind)
    npi = models.CharField("NPI", max_length=10, blank=True)
    name = models.CharField(max_length=200, blank=True)
    office = models.CharField(max_length=200, blank=True)
    zip = models.CharField("ZIP code", max_length=5, blank=True)
    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    practice = models.ForeignKey(Practice, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, null=True, blank=True, related_name="+")

    class Meta:
        abstract = True

    @property
    def target(self) -> Provider | Practice | Organization | None:
        """Who is meant; nobody when an alias says so."""
        return self.provider or self.practice or self.organization

    @property
    def shown(self) -> str:
        """The words as a person reads them."""
        return " · ".join(filter(None, [self.name, self.npi and f"NPI {self.npi}", self.office, self.zip]))


def _of_its_kind(**more: bool) -> Q:
    """No target but one of the kind."""
    found = Q()
    for kind in WordsKind.values:
        others = {f"{other}__isnull": True for other in WordsKind.values if other != kind}
        found |= Q(kind=kind, **others, **{f"{kind}__{name}": value for name, value in more.items()})
    return found


class Alias(_Words):
    """A person decided what these words mean: somebody, or nobody we know. Matching asks it right after the NPI."""

    key = models.CharField(max_length=700, unique=True, editable=False, help_text="contacts.matching.Words.key")
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    came_with = models.CharField(max_length=20, blank=True, help_text="the import that first said the words, if any did")

    objects = AliasQuerySet.as_manager()

    class Meta:
        ordering = ("-made_at", "-pk")
        verbose_name_plural = "aliases"
        constraints = (models.CheckConstraint(condition=_of_its_kind(), name="alias_of_its_kind"),)
        indexes = (models.Index(fields=["came_with"], name="alias_came_with", condition=~Q(came_with="")),)

    def __str__(self) -> str:
        return f"{self.shown} → {self.target or 'nobody we know'}"


class Guess(_Words):
    """Words that are matched by likeness only: shown to people until somebody confirms or rejects it, which makes an alias."""

    score = models.FloatField(default=0)

    objects = GuessQuerySet.as_manager()

    class Meta:
        ordering = ("score", "pk")
        verbose_name_plural = "guesses"
        constraints = (
            models.UniqueConstraint(fields=["kind", "npi", "name", "office", "zip"], name="guess_once"),
            models.CheckConstraint(condition=_of_its_kind(isnull=False), name="guess_of_its_kind"),
        )

    def __str__(self) -> str:
        return f"{self.shown} → {self.target}?"
