"""The shapes of the directory in JSON: those of `directory.presenters`, described."""

from typing import Any

from rest_framework import serializers

from directory.filters import KINDS, MILES, SORTS
from directory.languages import LANGUAGES


class DirectoryQuerySerializer(serializers.Serializer[Any]):
    """The question, as on the page."""

    q = serializers.CharField(required=False, help_text="words of a name, specialty, line, site, town or of whom to send")
    kind = serializers.ChoiceField(choices=KINDS, required=False)
    line = serializers.IntegerField(required=False, help_text="id of a service line")
    specialty = serializers.IntegerField(required=False, help_text="id of a specialty")
    payer = serializers.IntegerField(required=False, help_text="id of a payer whose plan is accepted today")
    language = serializers.CharField(required=False, help_text=f"one of {', '.join(code for code, _ in LANGUAGES)}")
    accepting = serializers.BooleanField(required=False, help_text="takes new patients")
    zip = serializers.CharField(required=False, help_text="where miles are counted from")
    practice = serializers.IntegerField(required=False, help_text="a practice in place of a ZIP code")
    within = serializers.ChoiceField(choices=[(miles, f"{miles} miles") for miles in MILES], required=False)
    unsure = serializers.BooleanField(required=False, help_text="also those of whom something asked is not known, behind the others")
    sort = serializers.ChoiceField(choices=SORTS, required=False)


class ListedPlaceSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    address = serializers.CharField()
    zip = serializers.CharField()
    phone = serializers.CharField()
    fax = serializers.CharField()


class PlansSerializer(serializers.Serializer[Any]):
    """`accepted` is null when nobody recorded any."""

    accepted = serializers.ListField(child=serializers.CharField(), allow_null=True)
    coming = serializers.ListField(child=serializers.CharField())
    note = serializers.CharField(help_text="whose word it is, and of which day")


class AccessSerializer(serializers.Serializer[Any]):
    """`wait` is in days to the third next free appointment, as of that day."""

    accepting = serializers.BooleanField(allow_null=True)
    wait = serializers.IntegerField(allow_null=True)
    as_of = serializers.DateField()
    is_old = serializers.BooleanField()
    site = serializers.CharField()


class ListingSerializer(serializers.Serializer[Any]):
    """One answer. `unknown` names what was asked and nobody knows of it."""

    key = serializers.CharField()
    kind = serializers.ChoiceField(choices=KINDS)
    name = serializers.CharField()
    npi = serializers.CharField()
    provider = serializers.IntegerField(allow_null=True)
    organization = serializers.IntegerField(allow_null=True)
    alignment = serializers.CharField()
    specialty = serializers.CharField()
    line = serializers.CharField()
    place = ListedPlaceSerializer(allow_null=True)
    also = ListedPlaceSerializer(many=True)
    miles = serializers.FloatField(allow_null=True)
    plans = PlansSerializer()
    access = AccessSerializer(allow_null=True)
    languages = serializers.ListField(child=serializers.CharField(), allow_null=True)
    criteria = serializers.CharField()
    send_along = serializers.CharField()
    how_to_refer = serializers.CharField()
    phone = serializers.CharField()
    fax = serializers.CharField()
    email = serializers.CharField()
    starts = serializers.CharField()
    unknown = serializers.ListField(child=serializers.CharField())
