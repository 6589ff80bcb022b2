"""The shapes of reports in the API."""

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from reports.exports.document import Block, Figures
from reports.measures import MEASURES
from reports.measuring import DIMENSIONS
from reports.models import ReportRun, RunState


class RunSerializer(serializers.ModelSerializer):
    """A run; without a territory and a liaison it is over the whole organization. `progress`: percent while running."""

    scope = serializers.CharField(source="scope_name")
    state = serializers.ChoiceField(choices=RunState.choices)
    progress = serializers.SerializerMethodField()
    error = serializers.CharField()
    asked_by = serializers.SerializerMethodField()

    class Meta:
        model = ReportRun
        fields = (
            "id", "kind", "parameters", "scope", "territory", "liaison", "state", "progress", "error", "is_standard", "asked_by",
            "asked_at", "data_version", "data_through_on", "computed_at",
        )  # fmt: skip

    def get_asked_by(self, run: ReportRun) -> list[str]:
        return [str(person) for person in run.asked_by.all()]

    def get_progress(self, run: ReportRun) -> int | None:
        return run.job.percent if run.job and run.state == RunState.RUNNING else None


class RunDetailSerializer(RunSerializer):
    """A run with what it found, as its reader may see it: figures and tables; none until it is finished. Shares go from 0 to 1."""

    figures = serializers.SerializerMethodField()
    tables = serializers.SerializerMethodField()

    class Meta:
        model = ReportRun
        fields = (*RunSerializer.Meta.fields, "figures", "tables")

    def get_figures(self, run: ReportRun) -> list[dict[str, Any]]:
        blocks = [block for block in self._blocks(run) if isinstance(block, Figures)]
        return [{"label": item.label, "value": item.value, "unit": item.unit} for block in blocks for item in block.items]

    def get_tables(self, run: ReportRun) -> list[dict[str, Any]]:
        document = self.context.get("document")
        return [
            {
                "title": table.title,
                "columns": [{"label": column.label, "unit": column.unit} for column in table.columns],
                "rows": table.rows,
                "total": table.total,
            }
            for table in (document.tables() if document else ())
        ]

    def _blocks(self, run: ReportRun) -> Sequence[Block]:
        document = self.context.get("document")
        return document.blocks if document else ()


class AskSerializer(serializers.Serializer):
    """A kind of report, a territory (none: all that you see), and the fields of its own form, as `parameters`."""

    kind = serializers.CharField()
    territory = serializers.IntegerField(required=False, allow_null=True)
    parameters = serializers.DictField(required=False, default=dict)


class MeasureQuerySerializer(serializers.Serializer):
    """Which measure, over which days (`end` is exclusive), in which groups."""

    name = serializers.ChoiceField(choices=list(MEASURES))
    start = serializers.DateField()
    end = serializers.DateField()
    by = serializers.CharField(required=False, default="", help_text=f"one, or two with a comma: {', '.join(DIMENSIONS)}")
    where = serializers.ListField(
        child=serializers.CharField(), required=False, default=list, help_text="payer=Aetna, reason=null, … as often as needed"
    )
    within = serializers.IntegerField(required=False, help_text="days for the outcome to come, instead of the setting's")
    territory = serializers.IntegerField(required=False)

    def validate(self, attrs: dict) -> dict:
        if attrs["start"] >= attrs["end"]:
            raise serializers.ValidationError({"end": "The end must be later than the start: the start is in, the end is not."})
        return {**attrs, "by": [cut.strip() for cut in attrs["by"].split(",") if cut.strip()]}


class MeasureSerializer(serializers.Serializer):
    """The answer: one row per group, each with the group under the names of `by`. `remark`: why there is no figure, where there is none."""

    measure = serializers.CharField()
    start = serializers.DateField()
    end = serializers.DateField()
    data_through = serializers.DateField(allow_null=True)
    rows = serializers.ListField(child=serializers.DictField())
    remark = serializers.CharField(required=False)
