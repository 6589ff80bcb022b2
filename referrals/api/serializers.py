"""Referrals, imports and feeds as JSON. No rules here; of a patient there is the keyed hash and nothing else."""

import datetime as dt
from typing import Any

from rest_framework import serializers

from contacts.models import Organization, Practice, Provider
from referrals.forms import UNDO_REASONS
from referrals.importing.totals import LARGEST
from referrals.models import ControlTotal, Format, ImportBatch, Kind, LossReason, Payer, Referral, Source, StatusEvent
from territories.models import ServiceLine


class SourceSerializer(serializers.ModelSerializer):
    class Meta:
        model = Source
        fields = ("id", "name", "title", "sees", "from_folder", "due_every_days")


class StatusEventSerializer(serializers.ModelSerializer):
    class Meta:
        model = StatusEvent
        fields = ("state", "happened_on", "appointment_on", "told_at", "learned_at", "is_inferred")


class ReferralSerializer(serializers.ModelSerializer):
    """A referral with what was told and what is derived."""

    patient = serializers.SerializerMethodField(
        help_text="prm: and the keyed hash, the same for one patient within one feed; blank without"
    )

    class Meta:
        model = Referral
        fields = (
            "id", "source", "source_key", "anchor_on", "ordered_on", "received_on", "entered_on", "kind", "priority", "service_line",
            "payer", "reason", "state", "appointment_on", "seen_on", "report_on", "referrer_named", "referring_name", "referring_npi",
            "referring_org", "referring_zip", "destination_name", "performing_name", "performing_npi", "patient", "provider",
            "named_practice", "destination", "performer", "practice", "practice_assumed", "territory", "referrer_alignment",
            "destination_alignment", "flow", "is_own_follow_up", "is_duplicate", "is_counted", "credited_to", "batch",
        )  # fmt: skip

    def get_patient(self, referral: Referral) -> str:
        return f"prm:{referral.patient_hash}" if referral.patient_hash else ""


class ReferralDetailSerializer(ReferralSerializer):
    status_events = StatusEventSerializer(many=True, read_only=True)

    class Meta(ReferralSerializer.Meta):
        fields = (*ReferralSerializer.Meta.fields, "status_events")  # type: ignore[assignment]  # a longer tuple than the parent's


class ReferralEditSerializer(serializers.Serializer):
    """What may be corrected; what is left out stays."""

    provider = serializers.PrimaryKeyRelatedField(queryset=Provider.objects.all(), required=False, allow_null=True)
    practice = serializers.PrimaryKeyRelatedField(queryset=Practice.objects.all(), required=False, allow_null=True)
    destination = serializers.PrimaryKeyRelatedField(queryset=Organization.objects.all(), required=False, allow_null=True)
    performer = serializers.PrimaryKeyRelatedField(queryset=Provider.objects.all(), required=False, allow_null=True)
    service_line = serializers.PrimaryKeyRelatedField(queryset=ServiceLine.objects.all(), required=False, allow_null=True)
    payer = serializers.PrimaryKeyRelatedField(queryset=Payer.objects.all(), required=False, allow_null=True)
    kind = serializers.ChoiceField(choices=Kind.choices, required=False)
    priority = serializers.CharField(max_length=20, required=False, allow_blank=True)
    reason = serializers.ChoiceField(choices=LossReason.choices, required=False, allow_blank=True)


class ImportBatchSerializer(serializers.ModelSerializer):
    """One file on its way in; counts are of the last dry run until it is loaded."""

    source = serializers.SlugRelatedField(slug_field="name", read_only=True)  # type: ignore[var-annotated,assignment]  # a field of ours, not the argument of that name
    progress = serializers.SerializerMethodField(help_text="percent of the work under way; null when there is none")

    class Meta:
        model = ImportBatch
        fields = (
            "id", "source", "format", "arrived_by", "file_name", "sha256", "size_bytes", "state", "error", "progress", "uploaded_at",
            "loaded_at", "rows", "new", "changed", "unchanged", "duplicates", "unmatched", "rejected", "findings", "by_month", "first_on",
            "last_on", "alarms", "undone_at", "undone_why",
        )  # fmt: skip

    def get_progress(self, batch: ImportBatch) -> int | None:
        return None if batch.job is None or batch.job.is_finished else batch.job.percent


class UploadSerializer(serializers.Serializer):
    """A file, the feed it belongs to, and how to read it unless the feed's mapping or a shipped one fits."""

    file = serializers.FileField()
    source = serializers.CharField(max_length=60, help_text="the feed's name; a new one is made")  # type: ignore[assignment]  # a field of ours, not the argument of that name
    format = serializers.ChoiceField(choices=Format.choices, required=False, help_text="guessed from the file unless it is given")
    mapping = serializers.JSONField(required=False, help_text="a mapping as `import_referrals --mapping` reads it")

    def validate_mapping(self, value: Any) -> Any:
        if not isinstance(value, dict):
            raise serializers.ValidationError("The mapping must be a JSON object.")
        return value


class LoadSerializer(serializers.Serializer):
    """A file with alarms is loaded only by somebody who has seen them."""

    looked = serializers.BooleanField(default=False, help_text="true: the alarms were looked at, and the file is right")


class UndoSerializer(serializers.Serializer):
    """Reasons are chosen, not typed: the audit trail must hold nothing of a patient."""

    why = serializers.ChoiceField(choices=[(word, word) for word in UNDO_REASONS])


class ControlTotalSerializer(serializers.ModelSerializer):
    """What a source itself counted in a month."""

    source = serializers.SlugRelatedField(slug_field="name", read_only=True)  # type: ignore[var-annotated,assignment]  # a field of ours, not the argument of that name

    class Meta:
        model = ControlTotal
        fields = ("id", "source", "month", "total", "told_at")


class TotalsSerializer(serializers.Serializer):
    """Counts of a feed by month; null takes a month's count away. Months that are not named stay."""

    source = serializers.SlugRelatedField(slug_field="name", queryset=Source.objects.all())  # type: ignore[assignment]  # a field of ours, not the argument of that name
    totals = serializers.DictField(
        child=serializers.IntegerField(min_value=0, max_value=LARGEST, allow_null=True), help_text='{"2026-05": 1284}', allow_empty=False
    )

    def validate_totals(self, value: dict[str, int | None]) -> dict[dt.date, int | None]:
        try:
            return {dt.date.fromisoformat(f"{month}-01"): total for month, total in value.items()}
        except ValueError as error:
            raise serializers.ValidationError("Write each month as 2026-05.") from error
