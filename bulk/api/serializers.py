"""The shapes of changing many rows at once in JSON."""

from typing import Any

from django import forms
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from bulk.models import BulkItem, BulkRun
from bulk.queries import MOST


class WantedSerializer(serializers.Serializer[Any]):
    """What an act wants to know, by the name under which it stands in `settings`; of a record the id."""

    name = serializers.CharField()
    words = serializers.CharField()
    is_required = serializers.BooleanField()


class ActSerializer(serializers.Serializer[Any]):
    """One thing that can be done with the rows of a list."""

    act = serializers.CharField(source="key")
    words = serializers.CharField(source="label")
    settings = serializers.SerializerMethodField()

    @extend_schema_field(WantedSerializer(many=True))
    def get_settings(self, act: Any) -> list[dict[str, Any]]:
        wanted: dict[str, forms.Field] = act.form.base_fields
        return [{"name": name, "words": str(field.label or name), "is_required": field.required} for name, field in wanted.items()]


class BulkListSerializer(serializers.Serializer[Any]):
    """A list, and what the person may do with its rows."""

    list = serializers.CharField(source="bulk_list.key")
    rows = serializers.CharField(source="bulk_list.many", help_text="what its rows are")
    acts = ActSerializer(many=True)


class SelectionSerializer(serializers.Serializer[Any]):
    """Which rows and what: ids in `rows`, or `all` that `query` finds, as the address of the list has it."""

    act = serializers.CharField()
    rows = serializers.ListField(child=serializers.IntegerField(min_value=1), required=False, default=list, max_length=MOST)
    all = serializers.BooleanField(required=False, default=False)
    query = serializers.CharField(required=False, allow_blank=True, default="", max_length=1000, help_text="for example tier=A&q=heart")
    settings = serializers.DictField(child=serializers.CharField(allow_blank=True), required=False, default=dict)


class ConfirmSerializer(SelectionSerializer):
    """What was previewed. Sent twice with one `key` it is done once."""

    token = serializers.CharField(help_text="of the preview: when the list answers differently by now, nothing is changed")
    key = serializers.UUIDField(help_text="chosen by who asks, one for each run")


class ChangeSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    change = serializers.CharField()


class StayingSerializer(serializers.Serializer[Any]):
    why = serializers.CharField()
    rows = serializers.ListField(child=serializers.IntegerField())


class PreviewSerializer(serializers.Serializer[Any]):
    """What would happen. `gone` counts ids that the person does not see, or that are not there any more."""

    words = serializers.CharField()
    changing = ChangeSerializer(many=True)
    staying = StayingSerializer(many=True)
    gone = serializers.IntegerField()
    token = serializers.CharField()


class BulkItemSerializer(serializers.ModelSerializer):
    id = serializers.IntegerField(source="row_id")
    name = serializers.CharField(source="label")

    class Meta:
        model = BulkItem
        fields = ("id", "name", "why")


class BulkRunSerializer(serializers.ModelSerializer):
    """What was done (`BulkRunQuerySet.with_stayed`). `done_at` is null while a worker is at it. `stayed`: rows that are as they were."""

    list = serializers.CharField(source="list_key")
    act = serializers.CharField(source="act_key")
    stayed = BulkItemSerializer(many=True)

    class Meta:
        model = BulkRun
        fields = ("id", "list", "act", "words", "asked_at", "changed", "kept", "done_at", "undone", "undone_at", "can_be_undone", "stayed")
