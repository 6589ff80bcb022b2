"""Fields that an organization adds to providers, practices and visits: what they are called, and what may stand in them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower


class CustomSubject(models.TextChoices):
    """What a field is added to."""

    PROVIDER = "provider", "Providers"
    PRACTICE = "practice", "Practices"
    VISIT = "visit", "Visits"


class CustomKind(models.TextChoices):
    """What may stand in a field. A value is kept as JSON: a text, a number, a day as YYYY-MM-DD, true or false, one of the choices."""

    TEXT = "text", "Text"
    NUMBER = "number", "Number"
    DATE = "date", "Date"
    YES_NO = "yes-no", "Yes or no"
    CHOICE = "choice", "One of several"


class CustomField(models.Model):
    """A field of the organization's own.

    Its values stand in the column `custom` of the provider, practice or visit, under `key`. A field that is not active is on no form and in
    no list; its values stay where they are, and are there again when it is. `key` never changes: files and the API name the field by it.
    """

    subject = models.CharField(max_length=10, choices=CustomSubject)
    key = models.SlugField(max_length=40)
    label = models.CharField(max_length=60)
    kind = models.CharField(max_length=10, choices=CustomKind)
    choices = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    is_required = models.BooleanField("must be filled in", default=False)
    help_text = models.CharField("help", max_length=200, blank=True)
    position = models.PositiveSmallIntegerField("place in the order", default=1)
    is_active = models.BooleanField("in use", default=True)
    is_on_phone = models.BooleanField("also in the form on the phone", default=True)

    class Meta:
        ordering = ("subject", "position", "label")
        constraints = (
            models.UniqueConstraint(fields=["subject", "key"], name="custom_field_key_once"),
            models.UniqueConstraint(
                "subject",
                Lower("label"),
                name="custom_field_label_once",
                violation_error_message="There is a field of this name already.",
            ),
            models.CheckConstraint(
                condition=~Q(kind="choice") | Q(choices__len__gte=2),
                name="custom_field_has_choices",
                violation_error_message="Give at least two choices.",
            ),
        )

    def __str__(self) -> str:
        return self.label


class CustomValues(models.Model):
    """A model that organizations may add fields to: {key of the field: its value}, only fields that have one."""

    custom = models.JSONField(default=dict, blank=True, db_default=models.Value({}, models.JSONField()), editable=False)

    class Meta:
        abstract = True
