"""The shapes of contacts in the API. They hold no rules: writing goes through the actions."""

from typing import Any

from django.core.exceptions import ValidationError
from rest_framework import serializers

from contacts import custom
from contacts.models import Affiliation, Alignment, CustomField, CustomSubject, MoveNotice, Organization, Practice, Provider


class CustomFieldSerializer(serializers.ModelSerializer):
    """A field that the organization added. Its values stand under its `key` in `custom` of each provider, practice or visit."""

    class Meta:
        model = CustomField
        fields = ("id", "subject", "key", "label", "kind", "choices", "is_required", "help_text", "position", "is_active", "is_on_phone")


class CustomWriteMixin(serializers.Serializer):
    """`custom` takes values by key, null for nothing; what is not sent stays."""

    custom_subject = ""
    custom = serializers.DictField(required=False)

    def validate_custom(self, given: dict[str, Any]) -> dict[str, Any]:
        try:
            return custom.read(custom.fields_of(self.custom_subject), given, partial=True)
        except ValidationError as error:
            raise serializers.ValidationError(error.message_dict) from error


class AlignmentSerializer(serializers.ModelSerializer):
    """Half-open dates; null is an open end."""

    class Meta:
        model = Alignment
        fields = ("kind", "started_on", "ended_on")


class PlaceSerializer(serializers.ModelSerializer):
    """A practice where a provider works, within the reader's scope."""

    practice = serializers.IntegerField(source="practice_id")
    name = serializers.CharField(source="practice.name")
    territory = serializers.IntegerField(source="practice.territory_id", allow_null=True)

    class Meta:
        model = Affiliation
        fields = ("practice", "name", "territory", "is_primary", "started_on")


class ProviderSerializer(serializers.ModelSerializer):
    """`alignment` is today's: the provider's own, else the practice's, else its organization's."""

    specialty = serializers.CharField(source="specialty.name", default=None)
    service_line = serializers.CharField(source="specialty.service_line.name", default=None)
    alignment = serializers.CharField(source="alignment_today")
    practices = PlaceSerializer(source="works_at", many=True)

    class Meta:
        model = Provider
        fields = ("id", "npi", "first_name", "middle_name", "last_name", "credential", "kind", "specialty", "service_line", "alignment",
                  "phone", "email", "preferences", "do_not_visit", "is_stale", "registry_updated_on", "practices", "custom")  # fmt: skip


class ProviderWriteSerializer(CustomWriteMixin, serializers.ModelSerializer):
    """What may be changed here; the rest comes from the registry."""

    custom_subject = CustomSubject.PROVIDER

    class Meta:
        model = Provider
        fields = ("phone", "email", "preferences", "do_not_visit", "custom")


class PracticeSerializer(serializers.ModelSerializer):
    territory_name = serializers.CharField(source="territory.name", default=None)
    organization_name = serializers.CharField(source="organization.name", default=None)
    alignment = serializers.CharField(source="alignment_today")
    providers = serializers.IntegerField(source="provider_count")

    class Meta:
        model = Practice
        fields = ("id", "name", "organization", "organization_name", "npi", "address", "city", "state", "zip", "county", "phone", "fax",
                  "visiting_rules", "do_not_visit", "tier", "territory", "territory_name", "placed_by", "alignment", "providers",
                  "archived_at", "custom")  # fmt: skip


class PracticeWriteSerializer(CustomWriteMixin, serializers.ModelSerializer):
    """What may be changed here."""

    custom_subject = CustomSubject.PRACTICE

    class Meta:
        model = Practice
        fields = ("phone", "fax", "visiting_rules", "do_not_visit", "tier", "custom")


class OrganizationSerializer(serializers.ModelSerializer):
    service_line = serializers.CharField(source="service_line.name", default=None)
    alignment = serializers.CharField(source="alignment_today")
    alignments = AlignmentSerializer(many=True)

    class Meta:
        model = Organization
        fields = ("id", "name", "npi", "service_line", "phone", "city", "state", "alignment", "alignments")


class OrganizationWriteSerializer(serializers.ModelSerializer):
    """What may be changed here."""

    class Meta:
        model = Organization
        fields = ("phone", "city", "state")


class MoveNoticeSerializer(serializers.ModelSerializer):
    """One difference between the registry and us; `told` is what the registry says."""

    provider_name = serializers.CharField(source="provider.__str__")

    class Meta:
        model = MoveNotice
        fields = (
            "id", "provider", "provider_name", "kind", "was", "now", "told", "registry_on", "found_at", "state", "decided_by", "decided_at",
        )  # fmt: skip
        read_only_fields = fields


class MoveStepSerializer(serializers.Serializer):
    """How another address is accepted: the practice there, or the name of a new one; whether they work at the old one too."""

    practice = serializers.PrimaryKeyRelatedField(queryset=Practice.objects.none(), required=False, allow_null=True, default=None)
    new_name = serializers.CharField(required=False, allow_blank=True, max_length=200, default="")
    stays = serializers.BooleanField(required=False, default=False)
