"""The shapes of events in JSON. Rules live in policies; here are names and types only."""

from typing import Any

from rest_framework import serializers

from accounts.models import User
from common.api import Seen
from contacts.models import Practice, Provider, Staff
from events.models import Answer, Audience, Event, EventKind, Guest
from territories.models import ServiceLine


class EventSerializer(serializers.ModelSerializer):
    """An event as it is read; `asked`, `coming`, `maybe` and `came` count its guests."""

    service_line: Any = serializers.SlugRelatedField("name", read_only=True)
    practice_name = serializers.CharField(source="practice.name", default=None)
    owner_name = serializers.CharField(source="owner.full_name")
    asked = serializers.IntegerField()
    coming = serializers.IntegerField()
    maybe = serializers.IntegerField()
    came = serializers.IntegerField()

    class Meta:
        model = Event
        fields = (
            "id",
            "title",
            "kind",
            "audience",
            "state",
            "speaker",
            "about",
            "service_line",
            "practice",
            "practice_name",
            "place",
            "starts_at",
            "ends_at",
            "time_zone",
            "capacity",
            "credits",
            "accreditation",
            "reminds",
            "owner",
            "owner_name",
            "asked",
            "coming",
            "maybe",
            "came",
        )
        read_only_fields = fields


class EventFieldsSerializer(serializers.Serializer):
    """`is_none` says that what looks like a patient's identifier in the texts is none."""

    title = serializers.CharField(max_length=160)
    kind = serializers.ChoiceField(EventKind.choices, required=False)
    audience = serializers.ChoiceField(Audience.choices, required=False)
    speaker = serializers.CharField(max_length=160, required=False, allow_blank=True)
    about = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    service_line = serializers.SlugRelatedField("name", queryset=ServiceLine.objects.all(), required=False, allow_null=True)
    practice = Seen(queryset=Practice.objects.all(), required=False, allow_null=True)
    place = serializers.CharField(max_length=200, required=False, allow_blank=True)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    time_zone = serializers.CharField(max_length=64, required=False)
    capacity = serializers.IntegerField(min_value=1, max_value=10_000, required=False, allow_null=True)
    credits = serializers.DecimalField(max_digits=4, decimal_places=2, required=False, allow_null=True)
    accreditation = serializers.CharField(max_length=300, required=False, allow_blank=True)
    reminds = serializers.BooleanField(required=False, help_text="guests get a mail the day before; without it, as the organization does")
    owner = serializers.PrimaryKeyRelatedField(queryset=User.objects.active(), required=False)
    is_none = serializers.BooleanField(required=False, default=False)


class CancellationSerializer(serializers.Serializer):
    reason = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class GuestSerializer(serializers.ModelSerializer):
    """A guest as they are read; without a record behind them, `name` is all that is known."""

    name = serializers.CharField(source="__str__")
    is_invited = serializers.BooleanField()
    has_come = serializers.BooleanField()

    class Meta:
        model = Guest
        fields = (
            "id",
            "name",
            "provider",
            "staff",
            "colleague",
            "email",
            "is_invited",
            "answer",
            "answered_at",
            "reminded_for_on",
            "has_come",
            "signed_in_at",
            "signed_in_way",
        )
        read_only_fields = fields


class OutsideSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=150)
    email = serializers.EmailField(required=False, allow_blank=True, default="")


class InviteesSerializer(serializers.Serializer):
    """Whom to ask: records that the person sees, and `outside` guests by name."""

    providers: Any = Seen(queryset=Provider.objects.all(), many=True, required=False)
    staff: Any = Seen(queryset=Staff.objects.all(), many=True, required=False)
    colleagues: Any = serializers.PrimaryKeyRelatedField(queryset=User.objects.active(), many=True, required=False)
    outside = OutsideSerializer(many=True, required=False)


class GuestAnswerSerializer(serializers.Serializer):
    guest = serializers.IntegerField()
    answer = serializers.ChoiceField(Answer.choices)


class SignInSerializer(serializers.Serializer):
    """`guest` of the list is here; `here` false takes it back."""

    guest = serializers.IntegerField()
    here = serializers.BooleanField(required=False, default=True)
