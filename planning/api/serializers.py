"""The shapes of territory planning in JSON."""

from rest_framework import serializers

from planning.models import HandOver, Split, Work


class HandOverSerializer(serializers.ModelSerializer):
    """Who gives what to whom. Without `zips` and `practices` the whole territory; `effective_on` is the first day of the taker."""

    territory_name = serializers.CharField(source="territory.name")
    giver_name = serializers.CharField(source="giver.__str__")
    taker_name = serializers.CharField(source="taker.__str__")
    takes = serializers.ListField(child=serializers.ChoiceField(choices=Work.choices))
    zips = serializers.ListField(child=serializers.CharField())
    practices = serializers.ListField(child=serializers.IntegerField())

    class Meta:
        model = HandOver
        fields = (
            "id", "territory", "territory_name", "giver", "giver_name", "taker", "taker_name", "to_territory", "zips", "practices",
            "effective_on", "takes", "note", "state", "proposed_by", "proposed_at", "decided_by", "decided_at", "decided_why", "done_at",
            "problem",
        )  # fmt: skip
        read_only_fields = fields


class DecisionSerializer(serializers.Serializer):
    """What is to become of a hand-over; `why` is needed where one is declined."""

    step = serializers.ChoiceField(choices=["approve", "decline", "withdraw", "undo"])
    why = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class SplitSerializer(serializers.ModelSerializer):
    """A split that was asked for; `is_found` once a worker has a proposal."""

    counties = serializers.ListField(child=serializers.CharField())
    zips = serializers.ListField(child=serializers.CharField())
    territories = serializers.ListField(child=serializers.IntegerField())
    new_names = serializers.ListField(child=serializers.CharField())
    is_found = serializers.SerializerMethodField()

    class Meta:
        model = Split
        fields = (
            "id", "counties", "zips", "unit", "territories", "new_names", "measure", "is_found", "asked_by", "asked_at", "accepted_by",
            "accepted_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_is_found(self, split: Split) -> bool:
        return split.found is not None


class OverlapSerializer(serializers.Serializer):
    """Practices that rules of two territories catch: the winner's rule, the rule that would also match, how many, some of them."""

    winner = serializers.CharField()
    rule = serializers.CharField()
    also = serializers.CharField()
    also_rule = serializers.CharField()
    practices = serializers.IntegerField()
    such_as = serializers.CharField()
