"""The shapes of visits and follow-ups in JSON. Rules live in policies; here are names and types only."""

from contextlib import suppress
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import serializers

from accounts.models import User
from compliance.api.serializers import VisitSpendDraftSerializer, draft_from
from compliance.drafts import SpendDraft
from concerns.models import Category, Severity
from contacts import custom
from contacts.models import CustomSubject, Practice, Provider
from visits.actions import More, NewPerson, Place, Promise, Raised
from visits.arrivals import Arrival, Unknown, arrival, people_met
from visits.clocks import set_right
from visits.models import AttendeeKind, FollowUp, Material, Mode, Outcome, Topic, Visit, VisitType


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
    visit_type_name = serializers.CharField(source="visit_type.name", allow_null=True, default=None)

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
            "visit_type",
            "visit_type_name",
            "outcome",
            "purpose",
            "topics",
            "note",
            "back_on",
            "is_fixed",
            "ends_at",
            "place",
            "attendees",
            "version",
            "clock_off_s",
            "arrival_notes",
            "custom",
        )
        read_only_fields = fields


class LeftSerializer(serializers.Serializer):
    """So many pieces of a material were left. One that was taken off the list since is a material still."""

    material = serializers.PrimaryKeyRelatedField(queryset=Material.objects.all())
    quantity = serializers.IntegerField(min_value=1, max_value=10_000, default=1)


class NewPersonSerializer(serializers.Serializer):
    """Somebody of the office who is not known yet."""

    name = serializers.CharField(max_length=150)
    job = serializers.CharField(max_length=80, required=False, allow_blank=True, default="")


class PromiseSerializer(serializers.Serializer):
    text = serializers.CharField(max_length=300)
    due_on = serializers.DateField(required=False, allow_null=True)


class RaisedSerializer(serializers.Serializer):
    """A concern that the practice raised."""

    category = serializers.PrimaryKeyRelatedField(queryset=Category.objects.all())
    text = serializers.CharField(max_length=2000)
    severity = serializers.ChoiceField(choices=Severity.choices, default=Severity.NORMAL.value)


class PlaceSerializer(serializers.Serializer):
    """Where the phone was when the person tapped: degrees north and east, and meters."""

    latitude = serializers.FloatField(min_value=-90, max_value=90)
    longitude = serializers.FloatField(min_value=-180, max_value=180)
    accuracy_m = serializers.FloatField(min_value=0, max_value=1e7)


class NewVisitSerializer(serializers.Serializer):
    """A visit that took place, as it is sent. Its key is the header Idempotency-Key.

    What has changed since it was made is found by `visits.arrivals`, and refuses nothing.
    """

    practice = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    planned = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=2**63 - 1)
    visited_at = serializers.DateTimeField()
    entered_at = serializers.DateTimeField(required=False, allow_null=True)
    time_is_typed = serializers.BooleanField(default=True, help_text="false: the time is the phone's, and is set right with its clock")
    mode = serializers.ChoiceField(choices=Mode.choices, default=Mode.IN_PERSON.value)
    outcome = serializers.ChoiceField(choices=Outcome.choices, required=False, allow_blank=True, default="")
    visit_type = serializers.PrimaryKeyRelatedField(
        queryset=VisitType.objects.all(),
        required=False,
        allow_null=True,
        help_text="one that is retired since is taken; for one that was merged, the one that stays. Not sent: a plan keeps its own",
    )
    purpose = serializers.CharField(max_length=200, required=False, allow_blank=True)
    providers = serializers.ListField(child=serializers.IntegerField(), required=False, default=list, max_length=100)
    staff = serializers.ListField(child=serializers.IntegerField(), required=False, default=list, max_length=100)
    new_people = NewPersonSerializer(many=True, required=False)
    topics = serializers.SlugRelatedField("name", queryset=Topic.objects.all(), many=True, required=False)
    topic_ids = serializers.ListField(child=serializers.IntegerField(), required=False, default=list, max_length=100)
    note = serializers.CharField(max_length=5000, required=False, allow_blank=True, default="")
    follow_up = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    follow_up_due = serializers.DateField(required=False, allow_null=True)
    materials = LeftSerializer(many=True, required=False)
    spend = VisitSpendDraftSerializer(many=True, required=False)

    follow_ups = PromiseSerializer(many=True, required=False)
    concern = RaisedSerializer(required=False, allow_null=True)
    back_on = serializers.DateField(
        required=False, allow_null=True, help_text="nobody could be met: missed, and planned again for this day"
    )
    location = PlaceSerializer(required=False, allow_null=True)
    custom = serializers.DictField(required=False, help_text="values of the organization's own fields of visits, by key")
    is_none = serializers.BooleanField(default=False, help_text="what looks like a patient's identifier in the texts is none")
    field_pass = serializers.CharField(
        max_length=40, required=False, allow_blank=True, default="", help_text="of the practice, from the pack"
    )

    def validate_custom(self, sent: dict[str, Any]) -> dict[str, Any]:
        """What does not fit a field as it is now is left out: fields may have changed since the visit was made, and it waits for none."""
        fields = custom.fields_of(CustomSubject.VISIT)
        found: dict[str, Any] = {}
        for field in fields:
            if field.key in sent:
                with suppress(ValidationError):
                    found |= custom.read([field], {field.key: sent[field.key]}, partial=True)
        return found

    def validate_materials(self, sent: list[dict[str, Any]]) -> list[tuple[Material, int]]:
        return pieces(sent)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A plan names its practice; who was met tells the outcome when nobody said it. Returns what `actions.log_visit` asks for."""
        times = set_right(
            visited_at=attrs["visited_at"],
            entered_at=attrs.get("entered_at") or timezone.now(),
            is_typed=attrs.pop("time_is_typed"),
            phone_now=self.context.get("phone_now"),
            now=timezone.now(),
        )
        attrs["visited_at"], attrs["entered_at"] = times.visited_at, times.entered_at
        try:
            found = arrival(
                self.context["request"].user,
                practice_id=attrs.pop("practice", None),
                planned_id=attrs.pop("planned", None),
                visited_at=times.visited_at,
                pass_=attrs.pop("field_pass"),
                provider_ids=attrs.pop("providers"),
                staff_ids=attrs.pop("staff"),
            )
        except Unknown as unknown:
            raise serializers.ValidationError({unknown.where: str(unknown)}) from None
        new_people = [NewPerson(**person) for person in attrs.pop("new_people", ())]
        if not attrs["outcome"]:
            if not found.providers and not found.staff and not new_people:
                raise serializers.ValidationError({"outcome": "Say how it went, or whom you met."})
            attrs["outcome"] = Outcome.MET_PROVIDER if found.providers else Outcome.MET_STAFF
        attrs["topics"] = [*attrs.get("topics", ()), *Topic.objects.filter(pk__in=attrs.pop("topic_ids"))]
        concern, place = attrs.pop("concern", None), attrs.pop("location", None)
        attrs["spend"] = [draft_of(row, self.context["request"].user, found.practice) for row in attrs.pop("spend", ())]
        more = More(
            purpose=attrs.pop("purpose", None),
            says_type="visit_type" in attrs,
            visit_type=attrs.pop("visit_type", None),
            new_people=new_people,
            promises=[Promise(**promise) for promise in attrs.pop("follow_ups", ())],
            concern=Raised(**concern) if concern else None,
            back_on=attrs.pop("back_on", None),
            place=Place(**place) if place else None,
            is_none=attrs.pop("is_none"),
            was_theirs=found.was_theirs,
            clock_off_s=times.clock_off_s,
            arrival_notes=found.arrival_notes,
        )
        people = {"practice": found.practice, "planned": found.planned, "providers": found.providers, "staff": found.staff}
        return {**attrs, **people, "more": more}


def pieces(sent: list[dict[str, Any]]) -> list[tuple[Material, int]]:
    """As the actions take what was left."""
    return [(row["material"], row["quantity"]) for row in sent]


def draft_of(sent: dict[str, Any], user: User, practice: Practice) -> SpendDraft:
    """What was given on the visit, to whoever the people named are today."""
    try:
        providers, staff = people_met(user, Arrival(practice), sent.pop("providers"), sent.pop("staff"))
        family = {pk: people_met(user, Arrival(practice), [pk], [])[0][0] for pk in set(sent["family"])}
    except Unknown as unknown:
        raise serializers.ValidationError({"spend": str(unknown)}) from None
    return draft_from(sent | {"providers": tuple(providers), "staff": tuple(staff), "family": tuple(family[pk] for pk in sent["family"])})


class EditSerializer(serializers.Serializer):
    """A visit as it is to be, whole, and the version that the person had before them. Its key is the header Idempotency-Key."""

    version = serializers.IntegerField(min_value=1)
    visited_at = serializers.DateTimeField()
    mode = serializers.ChoiceField(choices=Mode.choices)
    visit_type = serializers.PrimaryKeyRelatedField(
        queryset=VisitType.objects.all(), required=False, allow_null=True, help_text="null: none; not sent: it stays"
    )
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    providers = serializers.ListField(child=serializers.IntegerField(), required=False, default=list, max_length=100)
    staff = serializers.ListField(child=serializers.IntegerField(), required=False, default=list, max_length=100)
    topic_ids = serializers.PrimaryKeyRelatedField(queryset=Topic.objects.all(), many=True, required=False)
    note = serializers.CharField(max_length=5000, required=False, allow_blank=True, default="")
    materials = LeftSerializer(many=True, required=False, help_text="all that was left; without it, what was left stays")
    spend = VisitSpendDraftSerializer(many=True, required=False, help_text="what was forgotten; what stands in the ledger is changed there")
    custom = serializers.DictField(required=False, help_text="values of the organization's own fields, by key; what is not sent stays")
    is_none = serializers.BooleanField(default=False)

    def validate_materials(self, sent: list[dict[str, Any]]) -> list[tuple[Material, int]]:
        return pieces(sent)

    def validate_custom(self, sent: dict[str, Any]) -> dict[str, Any]:
        try:
            return custom.read(custom.fields_of(CustomSubject.VISIT), sent, partial=True)
        except ValidationError as error:
            raise serializers.ValidationError({f"custom_{key}": said for key, said in error.message_dict.items()}) from None

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """People who were on the visit stay people of the visit; others as with a new one. Returns what `actions.edit_visit` asks for."""
        visit: Visit = self.context["visit"]
        rows = list(visit.attendees.select_related("provider", "staff"))
        providers = {row.provider_id: row.provider for row in rows if row.provider_id in attrs["providers"]}
        staff = {row.staff_id: row.staff for row in rows if row.staff_id in attrs["staff"]}
        try:
            new = people_met(
                self.context["request"].user,
                Arrival(visit.practice),
                set(attrs["providers"]) - set(providers),
                set(attrs["staff"]) - set(staff),
            )
        except Unknown as unknown:
            raise serializers.ValidationError({unknown.where: str(unknown)}) from None
        people = {"providers": [*providers.values(), *new[0]], "staff": [*staff.values(), *new[1]]}
        attrs["spend"] = [draft_of(row, self.context["request"].user, visit.practice) for row in attrs.pop("spend", ())]
        topics = attrs.pop("topic_ids", [])
        return {**attrs, **people, "topics": topics, "says_type": "visit_type" in attrs}


class ClashSerializer(serializers.Serializer):
    """A field that two edits changed, in words."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field of ours, not the argument of that name
    mine = serializers.CharField()
    theirs = serializers.CharField()


class ConflictSerializer(serializers.Serializer):
    """Why an edit was not kept: send it again from `version`, with `merged` and, where the person wants it, `theirs`."""

    detail = serializers.CharField()
    version = serializers.IntegerField()
    told_by = serializers.CharField()
    clashes = ClashSerializer(many=True)
    merged = serializers.DictField()
    theirs = serializers.DictField()


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
