"""What the national registry (NPPES) and the code set of specialties (NUCC) tell beside the records themselves."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from contacts.models.directory import Organization, Provider

_ONE_OWNER = Q(provider__isnull=False, organization=None) | Q(provider=None, organization__isnull=False)


class NameKind(models.TextChoices):
    FORMER = "former", "Former name"
    PROFESSIONAL = "professional", "Professional name"
    DBA = "dba", "Doing business as"
    OTHER = "other", "Other name"


class ProviderName(models.Model):
    """Another name of a person or a body, current or former, so that who is named by it is found.

    Exactly one of `provider` and `organization` is set. `folded_name` is made as theirs is ("last first" of a person, the whole name of a
    body), so that one look-up by a folded name reads both tables. One name may belong to several owners.
    """

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, null=True, related_name="other_names")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, null=True, related_name="other_names")
    name = models.CharField(max_length=200)
    folded_name = models.CharField(max_length=200, editable=False, help_text='common.names.fold; of a person "last first"')
    kind = models.CharField(max_length=12, choices=NameKind, default=NameKind.OTHER)

    class Meta:
        ordering = ("name", "pk")
        constraints = (
            models.CheckConstraint(condition=_ONE_OWNER, name="provider_name_of_one"),
            models.UniqueConstraint(fields=["provider", "folded_name"], name="provider_other_name_once"),
            models.UniqueConstraint(fields=["organization", "folded_name"], name="organization_other_name_once"),
        )
        indexes = (
            GinIndex(fields=["folded_name"], name="other_name_folded", opclasses=["gin_trgm_ops"]),
            models.Index(fields=["folded_name"], name="other_name_begins", opclasses=["varchar_pattern_ops"]),
        )

    def __str__(self) -> str:
        return self.name


class ProviderLocation(models.Model):
    """A further place where a person or a body practises, as the registry tells it: an address, not yet one of our practices.

    Exactly one of `provider` and `organization` is set. What the registry's latest file says of an owner stands for all it said before.
    """

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, null=True, related_name="locations")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, null=True, related_name="locations")
    address = models.CharField(max_length=200)
    folded_address = models.CharField(max_length=200, editable=False, help_text="common.names.fold(address)")
    city = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=2, blank=True)
    zip = models.CharField("ZIP code", max_length=5, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    fax = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ("city", "address", "pk")
        constraints = (
            models.CheckConstraint(condition=_ONE_OWNER, name="provider_location_of_one"),
            models.UniqueConstraint(fields=["provider", "folded_address", "zip"], name="provider_location_once"),
            models.UniqueConstraint(fields=["organization", "folded_address", "zip"], name="organization_location_once"),
        )
        indexes = (models.Index(fields=["zip"], name="provider_location_zip"),)

    def __str__(self) -> str:
        return f"{self.address}, {self.city} {self.zip}".strip(" ,")


class NameWord(models.Model):
    """A last or a given name that somebody bears, with what is left of it when any one letter is left out.

    Two words that differ in one letter (one wrong, missing, too many, or two swapped) share such a rest, or one is a rest of the other:
    that is how the search forgives a slip without comparing words one by one. A word stays when nobody bears it any longer; two
    transactions at once may both write it, which does no harm.
    """

    word = models.CharField(max_length=40, db_collation="C")
    shorter = ArrayField(models.CharField(max_length=40), help_text="the word with one letter left out, each once")

    class Meta:
        ordering = ("word",)
        indexes = (
            models.Index(fields=["word"], name="name_word"),
            GinIndex(fields=["shorter"], name="name_word_shorter", fastupdate=False),
        )

    def __str__(self) -> str:
        return self.word


class TaxonomyCode(models.Model):
    """A code of the NUCC set as the file that somebody loaded names it. `Specialty` is what we call it."""

    code = models.CharField(max_length=10, unique=True)
    display_name = models.CharField(max_length=120)
    classification = models.CharField(max_length=120, blank=True)
    specialization = models.CharField(max_length=120, blank=True)
    is_retired = models.BooleanField(default=False, help_text="the latest file marks it inactive or does not have it")

    class Meta:
        ordering = ("code",)

    def __str__(self) -> str:
        return self.display_name
