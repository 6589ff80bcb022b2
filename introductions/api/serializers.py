"""The shapes of new physicians in JSON."""

from rest_framework import serializers

from introductions.models import NewPhysician, PayerDate


class PayerDateSerializer(serializers.ModelSerializer):
    payer_name = serializers.CharField(source="payer.name")

    class Meta:
        model = PayerDate
        fields = ("payer", "payer_name", "effective_on")


class NewPhysicianSerializer(serializers.ModelSerializer):
    """`targets`, `tasks` and `tasks_done` count the whole plan."""

    name = serializers.CharField(source="provider.__str__")
    npi = serializers.CharField(source="provider.npi")
    payers = PayerDateSerializer(many=True)
    targets = serializers.IntegerField(source="target_count")
    tasks = serializers.IntegerField(source="step_count")
    tasks_done = serializers.IntegerField(source="done_count")

    class Meta:
        model = NewPhysician
        fields = (
            "id", "provider", "name", "npi", "organization", "service_line", "start_on", "credentialed_on", "payers", "ideal_patient",
            "how_to_refer", "planned_30", "planned_60", "planned_90", "led_by", "ended_at", "targets", "tasks", "tasks_done",
        )  # fmt: skip
        read_only_fields = fields
