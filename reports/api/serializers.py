"""The shapes of reports in the API."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema_field
from rest_framework import serializers, status
from rest_framework.response import Response

from reports.exports.document import Block, Figures
from reports.measures import MEASURES
from reports.measuring import DIMENSIONS
from reports.models import ReportRun, RunState
from reports.queries.cuts import CUTS


class MeasureSerializer(serializers.Serializer):
    """The answer: one row per group, each with the group under the names of `by`. `remark`: why there is no figure, where there is none.

    In full, each row has the id of its group too, as `<name>_id`, and `whole` is the figure of all groups together.
    """

    measure = serializers.CharField()
    start = serializers.DateField()
    end = serializers.DateField()
    data_through = serializers.DateField(allow_null=True)
    whole = serializers.DictField(required=False)
    rows = serializers.ListField(child=serializers.DictField())
    remark = serializers.CharField(required=False)


class RunSerializer(serializers.ModelSerializer):
    """A run; without a territory and a liaison it is over the whole organization. `progress`: percent while running."""

    scope = serializers.CharField(source="scope_name")
    state = serializers.ChoiceField(choices=RunState.choices)
    progress = serializers.SerializerMethodField()
    error = serializers.CharField()
    asked_by = serializers.SerializerMethodField()
    url = serializers.HyperlinkedIdentityField(view_name="reports-detail", help_text="where to look how far it is, and for what it found")

    class Meta:
        model = ReportRun
        fields = (
            "id", "url", "kind", "parameters", "scope", "territory", "liaison", "state", "progress", "error", "is_standard", "asked_by",
            "asked_at", "data_version", "data_through_on", "computed_at",
        )  # fmt: skip

    def get_asked_by(self, run: ReportRun) -> list[str]:
        return [str(person) for person in run.asked_by.all()]

    def get_progress(self, run: ReportRun) -> int | None:
        return run.job.percent if run.job and run.state == RunState.RUNNING else None


class RunDetailSerializer(RunSerializer):
    """A run with what it found, as its reader may see it: figures and tables; none until it is finished. Shares go from 0 to 1.

    `answer`: of a measure, what `/measures/` would have answered with `full`; null for other kinds, and until it is finished.
    """

    figures = serializers.SerializerMethodField()
    tables = serializers.SerializerMethodField()
    answer = serializers.SerializerMethodField()

    class Meta:
        model = ReportRun
        fields = (*RunSerializer.Meta.fields, "figures", "tables", "answer")

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

    @extend_schema_field(MeasureSerializer(allow_null=True))
    def get_answer(self, run: ReportRun) -> Any:
        return self.context.get("answer")

    def _blocks(self, run: ReportRun) -> Sequence[Block]:
        document = self.context.get("document")
        return document.blocks if document else ()


IN_THE_WORKS = OpenApiResponse(
    RunSerializer, "So much that a worker answers: the run. What it found stands at its `url` once it is finished."
)


def in_the_works(run: ReportRun, context: dict[str, Any]) -> Response:
    """202: the run that will answer, or does already; its address is in `Location` too."""
    told = RunSerializer(ReportRun.objects.for_one().get(pk=run.pk), context=context).data
    return Response(told, status=status.HTTP_202_ACCEPTED, headers={"Location": told["url"]})


class AskSerializer(serializers.Serializer):
    """A kind of report, a territory (none: all that you see), and the fields of its own form, as `parameters`."""

    kind = serializers.CharField()
    territory = serializers.IntegerField(required=False, allow_null=True)
    parameters = serializers.DictField(required=False, default=dict)


class MeasureQuerySerializer(serializers.Serializer):
    """Which measure, over which days (`end` is exclusive), in which groups.

    Besides, each thing that a measure can be cut by narrows it: `practice=12`, `flow=inbound`, `reason=null`, as in the addresses of the
    pages; `where` says the same in words.
    """

    name = serializers.ChoiceField(choices=list(MEASURES))
    start = serializers.DateField()
    end = serializers.DateField()
    by = serializers.CharField(required=False, default="", help_text=f"one, or two with a comma: {', '.join(DIMENSIONS)}")
    where = serializers.ListField(
        child=serializers.CharField(), required=False, default=list, help_text="payer=Aetna, reason=null, … as often as needed"
    )
    within = serializers.IntegerField(required=False, help_text="days for the outcome to come, instead of the setting's")
    full = serializers.BooleanField(
        required=False, default=False, help_text="all that the page shows: every group, with its id, and the whole beside its groups"
    )

    def get_fields(self) -> dict[str, serializers.Field]:
        """One more for each cut."""
        named = {cut.name: f"{cut.label}: its id or code; null for what names none" for cut in CUTS.values()}
        return {**super().get_fields(), **{name: serializers.CharField(required=False, help_text=text) for name, text in named.items()}}

    def validate(self, attrs: dict) -> dict:
        if attrs["start"] >= attrs["end"]:
            raise serializers.ValidationError({"end": "The end must be later than the start: the start is in, the end is not."})
        cuts = {cut: attrs.pop(cut) for cut in CUTS if cut in attrs}
        return {**attrs, "cuts": cuts, "by": [cut.strip() for cut in attrs["by"].split(",") if cut.strip()]}
