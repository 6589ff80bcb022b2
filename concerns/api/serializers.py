"""The shapes of concerns in JSON. Rules live in policies; here are names and types only."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import User
from concerns.models import Category, Comment, Concern, Department, FieldNote, FieldNoteKind, QualityProject, Severity, ToldHow
from concerns.trends import effect
from contacts.models import Practice, Provider


class Seen(serializers.PrimaryKeyRelatedField):
    """A reference to a record that the person sees; any other is unknown to them."""

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().visible_to(self.context["request"].user)


class CommentSerializer(serializers.ModelSerializer):
    class Meta:
        model = Comment
        fields = ("id", "kind", "text", "written_by", "written_at")
        read_only_fields = fields


class ConcernSerializer(serializers.ModelSerializer):
    """A concern as it is read."""

    practice_name = serializers.CharField(source="practice.name")
    category: Any = serializers.SlugRelatedField("name", read_only=True)
    department: Any = serializers.SlugRelatedField("name", read_only=True)
    comments = CommentSerializer(many=True)

    class Meta:
        model = Concern
        fields = (
            "id",
            "practice",
            "practice_name",
            "provider",
            "category",
            "severity",
            "text",
            "raised_by",
            "raised_at",
            "department",
            "owner",
            "due_on",
            "is_late",
            "state",
            "resolution",
            "resolved_at",
            "resolved_by",
            "told_on",
            "told_by",
            "told_how",
            "escalated_at",
            "escalated_to",
            "comments",
        )
        read_only_fields = fields

    is_late = serializers.BooleanField()


class Guarded(serializers.Serializer):
    """`is_none`: the sender looked at what may tell of a patient in the text, and it does not."""

    is_none = serializers.BooleanField(required=False, default=False)


class NewConcernSerializer(Guarded):
    practice = Seen(queryset=Practice.objects.all())
    provider = Seen(queryset=Provider.objects.all(), required=False, allow_null=True)
    category = serializers.SlugRelatedField("name", queryset=Category.objects.all())
    severity = serializers.ChoiceField(choices=Severity.choices, default=Severity.NORMAL.value)
    text = serializers.CharField(max_length=2000)
    owner = serializers.PrimaryKeyRelatedField(queryset=User.objects.active(), required=False, allow_null=True)


class SortSerializer(serializers.Serializer):
    """What is left out stays as it is."""

    category = serializers.SlugRelatedField("name", queryset=Category.objects.all(), required=False)
    severity = serializers.ChoiceField(choices=Severity.choices, required=False)
    department = serializers.SlugRelatedField("name", queryset=Department.objects.all(), required=False)
    owner = serializers.PrimaryKeyRelatedField(queryset=User.objects.active(), required=False, allow_null=True)
    due_on = serializers.DateField(required=False)


class ResolutionSerializer(Guarded):
    resolution = serializers.CharField(max_length=2000)


class ToldSerializer(Guarded):
    told_on = serializers.DateField()
    told_how = serializers.ChoiceField(choices=ToldHow.choices)
    text = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")


class ReopeningSerializer(Guarded):
    text = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")


class EscalationSerializer(ReopeningSerializer):
    to = serializers.PrimaryKeyRelatedField(queryset=User.objects.active(), required=False, allow_null=True, default=None)


class NewCommentSerializer(Guarded):
    text = serializers.CharField(max_length=2000)


class FieldNoteSerializer(serializers.ModelSerializer):
    """A field note as it is read."""

    practice_name = serializers.CharField(source="practice.name")
    noted_by_name = serializers.CharField(source="noted_by.full_name")

    class Meta:
        model = FieldNote
        fields = (
            "id",
            "kind",
            "practice",
            "practice_name",
            "provider",
            "text",
            "tags",
            "heard_on",
            "noted_by",
            "noted_by_name",
            "noted_at",
        )
        read_only_fields = fields


class NewFieldNoteSerializer(serializers.Serializer):
    """`is_none` says that what looks like a patient's identifier is none."""

    kind = serializers.ChoiceField(FieldNoteKind.choices)
    practice = Seen(queryset=Practice.objects.all())
    provider = Seen(queryset=Provider.objects.all(), required=False, allow_null=True)
    text = serializers.CharField(max_length=2000)
    tags = serializers.ListField(child=serializers.CharField(max_length=40), required=False)
    heard_on = serializers.DateField(required=False)
    is_none = serializers.BooleanField(default=False)


class EffectSerializer(serializers.Serializer):
    """Concerns of the project's kinds before it began and since; `p` is the chance of so uneven a split if nothing changed."""

    finding = serializers.CharField()
    before = serializers.IntegerField()
    before_days = serializers.IntegerField()
    since = serializers.IntegerField()
    since_days = serializers.IntegerField()
    p = serializers.FloatField()


class QualityProjectSerializer(serializers.ModelSerializer):
    """A quality project with what may be said of it."""

    categories: Any = serializers.SlugRelatedField("name", many=True, read_only=True)
    owner_name = serializers.CharField(source="owner.full_name")
    effect = serializers.SerializerMethodField()

    class Meta:
        model = QualityProject
        fields = ("id", "name", "goal", "owner", "owner_name", "started_on", "ended_on", "categories", "effect")
        read_only_fields = fields

    @extend_schema_field(EffectSerializer)
    def get_effect(self, project: QualityProject) -> dict[str, Any]:
        seen = Concern.objects.visible_to(self.context["request"].user)
        found: dict[str, Any] = EffectSerializer(effect(project, seen, today=timezone.localdate())).data
        return found
