"""The shapes of reports in the API."""

import datetime as dt

from rest_framework import serializers

from reports.cells import Cell
from reports.measures import MEASURES
from reports.measuring import DIMENSIONS
from reports.models import ReportRun


class RunSerializer(serializers.ModelSerializer):
    """A finished run; without a territory and a liaison it speaks of the whole organization. `end_on` is exclusive."""

    scope = serializers.CharField(source="scope_name")

    class Meta:
        model = ReportRun
        fields = ("id", "name", "scope", "territory", "liaison", "start_on", "end_on", "data_version", "data_through_on", "computed_at")


class MonthSerializer(serializers.Serializer):
    """A month of a run: referrals by flow."""

    month = serializers.SerializerMethodField()
    inbound = serializers.IntegerField()
    internal = serializers.IntegerField()
    outbound = serializers.IntegerField()
    undetermined = serializers.IntegerField()

    def get_month(self, cell: Cell) -> dt.date:
        return cell.key[0]


class RunDetailSerializer(RunSerializer):
    """A run with its months. Groups are asked for at /api/v1/measures/."""

    months = MonthSerializer(source="numbers.months", many=True)

    class Meta:
        model = ReportRun
        fields = (*RunSerializer.Meta.fields, "months")


class MeasureQuerySerializer(serializers.Serializer):
    """Which measure, over which days (`end` is exclusive), in which groups."""

    name = serializers.ChoiceField(choices=list(MEASURES))
    start = serializers.DateField()
    end = serializers.DateField()
    by = serializers.ChoiceField(choices=DIMENSIONS, required=False, default="")
    territory = serializers.IntegerField(required=False)

    def validate(self, attrs: dict) -> dict:
        if attrs["start"] >= attrs["end"]:
            raise serializers.ValidationError({"end": "The end must be later than the start: the start is in, the end is not."})
        return attrs


class MeasureSerializer(serializers.Serializer):
    """The answer: one row per group, each with the group under the name of `by`."""

    measure = serializers.CharField()
    start = serializers.DateField()
    end = serializers.DateField()
    data_through = serializers.DateField(allow_null=True)
    rows = serializers.ListField(child=serializers.DictField())
