"""The shapes of the directory in JSON: those of `directory.presenters`, described."""

from typing import Any

from rest_framework import serializers

from contacts.importing.cells import read_zip
from directory.filters import KINDS, MILES, SORTS
from directory.languages import LANGUAGES
from directory.models import AcceptedPlan, Entry
from referrals.models import Payer


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


class AcceptedPlanSerializer(serializers.ModelSerializer):
    """A payer whose patients are taken, from `started_on` (null: for long) until before `ended_on` (null: until further notice)."""

    payer = serializers.PrimaryKeyRelatedField(queryset=Payer.objects.all())
    payer_name = serializers.CharField(source="payer.name", read_only=True)

    class Meta:
        model = AcceptedPlan
        fields = ("payer", "payer_name", "started_on", "ended_on")
        extra_kwargs = {"started_on": {"default": None}, "ended_on": {"default": None}}


_WRITTEN = (
    "criteria", "send_along", "how_to_refer", "phone", "fax", "email", "address", "zip", "languages", "tells_plans", "is_listed", "plans",
)  # fmt: skip


class EntrySerializer(serializers.ModelSerializer):
    """What is written of a line, of a site in it, or of a specialist. A blank says nothing: the next above holds."""

    name = serializers.CharField(source="__str__")
    plans = AcceptedPlanSerializer(many=True)

    class Meta:
        model = Entry
        fields = ("key", "name", "service_line", "organization", "provider", *_WRITTEN, "changed_at", "changed_by")
        read_only_fields = fields


class EntryWriteSerializer(serializers.ModelSerializer):
    """What an entry says. PUT says all of it, what is not sent is blank; PATCH leaves that. `plans` are all that are accepted."""

    languages = serializers.ListField(child=serializers.ChoiceField(LANGUAGES), default=list)
    plans = AcceptedPlanSerializer(many=True, default=list)
    is_none = serializers.BooleanField(default=False, help_text="what looks like a patient's identifier in a text is none")

    class Meta:
        model = Entry
        fields = (*_WRITTEN, "is_none")
        extra_kwargs = {
            **{name: {"default": ""} for name in ("criteria", "send_along", "how_to_refer", "phone", "fax", "email", "address")},
            "zip": {"default": "", "max_length": 10},
            "tells_plans": {"default": False},
            "is_listed": {"default": True},
        }

    def validate_zip(self, text: str) -> str:
        return read_zip(text) if text else ""

    def validate_languages(self, codes: list[str]) -> list[str]:
        return list(dict.fromkeys(codes))

    def validate_plans(self, rows: list[dict[str, Any]]) -> dict[Payer, tuple[Any, Any]]:
        plans = {row["payer"]: (row["started_on"], row["ended_on"]) for row in rows}
        if len(plans) < len(rows):
            raise serializers.ValidationError("Name each payer once.")
        return plans
