"""The shapes of visits and follow-ups in JSON. Rules live in policies; here are names and types only."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from accounts.models import User
from compliance.api.serializers import VisitSpendDraftSerializer
from compliance.drafts import SpendDraft
from contacts.models import Practice, Provider, Staff
from visits.models import AttendeeKind, FollowUp, Material, Mode, Outcome, Topic, Visit


class Seen(serializers.PrimaryKeyRelatedField):
    """A reference to a record that the person sees; any other is unknown to them."""

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().visible_to(self.context["request"].user)


class AttendeeSerializer(serializers.Serializer):
    provider = serializers.IntegerField(source="provider_id", allow_null=True)
    staff = serializers.IntegerField(source="staff_id", allow_null=True)
    name = serializers.CharField(source="__str__")
    kind = serializers.ChoiceField(AttendeeKind.choices)


class VisitSerializer(serializers.ModelSerializer):
    """A visit as it is read."""

    practice_name = serializers.CharField(source="practice.name")
    owner_name = serializers.CharField(source="owner.full_name")
    attendees = AttendeeSerializer(many=True)
    topics: Any = serializers.SlugRelatedField("name", many=True, read_only=True)

    class Meta:
        model = Visit
        fields = (
            "id",
            "client_id",
            "practice",
            "practice_name",
            "owner",
            "owner_name",
            "state",
            "planned_at",
            "visited_at",
            "entered_at",
            "received_at",
            "mode",
            "outcome",
            "purpose",
            "topics",
            "note",
            "back_on",
            "is_fixed",
            "ends_at",
            "place",
            "attendees",
        )
        read_only_fields = fields


class LeftSerializer(serializers.Serializer):
    """So many pieces of a material were left."""

    material = serializers.PrimaryKeyRelatedField(queryset=Material.objects.filter(is_active=True))
    quantity = serializers.IntegerField(min_value=1, max_value=10_000, default=1)


class NewVisitSerializer(serializers.Serializer):
    """A visit that took place, as it is sent. Its key is the header Idempotency-Key."""

    practice = Seen(queryset=Practice.objects.all(), required=False)
    planned = Seen(queryset=Visit.objects.planned().select_related("practice", "owner"), required=False, allow_null=True)
    visited_at = serializers.DateTimeField()
    entered_at = serializers.DateTimeField(required=False, allow_null=True)
    mode = serializers.ChoiceField(choices=Mode.choices, default=Mode.IN_PERSON.value)
    outcome = serializers.ChoiceField(choices=Outcome.choices, required=False, allow_blank=True, default="")
    providers = Seen(queryset=Provider.objects.all(), many=True, required=False)
    staff = Seen(queryset=Staff.objects.all(), many=True, required=False)
    topics = serializers.SlugRelatedField("name", queryset=Topic.objects.all(), many=True, required=False)
    note = serializers.CharField(max_length=5000, required=False, allow_blank=True, default="")
    follow_up = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    follow_up_due = serializers.DateField(required=False, allow_null=True)
    materials = LeftSerializer(many=True, required=False)
    spend = VisitSpendDraftSerializer(many=True, required=False)

    def validate_materials(self, sent: list[dict[str, Any]]) -> list[tuple[Material, int]]:
        return [(row["material"], row["quantity"]) for row in sent]

    def validate_spend(self, sent: list[dict[str, Any]]) -> list[SpendDraft]:
        return [SpendDraft(**row) for row in sent]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A plan names its practice; who was met tells the outcome when nobody said it."""
        if attrs.get("planned"):
            attrs.setdefault("practice", attrs["planned"].practice)
        if not attrs.get("practice"):
            raise serializers.ValidationError({"practice": "Name the practice, or the planned visit."})
        if not attrs["outcome"]:
            if not attrs.get("providers") and not attrs.get("staff"):
                raise serializers.ValidationError({"outcome": "Say how it went, or whom you met."})
            attrs["outcome"] = Outcome.MET_PROVIDER if attrs.get("providers") else Outcome.MET_STAFF
        return attrs


class FollowUpSerializer(serializers.ModelSerializer):
    """A follow-up as it is read."""

    practice_name = serializers.CharField(source="practice.name")
    is_done = serializers.SerializerMethodField()

    class Meta:
        model = FollowUp
        fields = (
            "id",
            "practice",
            "practice_name",
            "provider",
            "visit",
            "text",
            "due_on",
            "owner",
            "created_at",
            "is_done",
            "done_at",
            "done_by",
            "snoozes",
            "handed_by",
            "handed_note",
        )
        read_only_fields = fields

    def get_is_done(self, follow_up: FollowUp) -> bool:
        return follow_up.done_at is not None


class NewFollowUpSerializer(serializers.Serializer):
    practice = Seen(queryset=Practice.objects.all())
    provider = Seen(queryset=Provider.objects.all(), required=False, allow_null=True)
    visit = Seen(queryset=Visit.objects.all(), required=False, allow_null=True)
    text = serializers.CharField(max_length=300)
    due_on = serializers.DateField()


class FollowUpChangeSerializer(serializers.Serializer):
    is_done = serializers.BooleanField(required=False)
    due_on = serializers.DateField(required=False)


class SnoozeSerializer(serializers.Serializer):
    until_on = serializers.DateField()


class HandOverSerializer(serializers.Serializer):
    """`is_none` says that what looks like a patient's identifier in the note is none."""

    to = Seen(queryset=User.objects.active())
    note = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    is_none = serializers.BooleanField(default=False)
