"""The shapes of market data and of targets in the API."""

from rest_framework import serializers

from reports.forms.market import STANDINGS
from reports.presenters.market import SHARE_LABELS
from reports.targeting import Listed


class MarketQuerySerializer(serializers.Serializer):
    """Which groups, over how many of the vendor's last whole months."""

    by = serializers.ChoiceField(choices=["month", *SHARE_LABELS], required=False, default="service_line")
    months = serializers.IntegerField(min_value=1, max_value=60, required=False, default=12)
    territory = serializers.IntegerField(required=False)
    service_line = serializers.IntegerField(required=False)
    vendor = serializers.IntegerField(required=False)


class MarketRowSerializer(serializers.Serializer):
    """A group: referrals to us and in all, the share within Wilson's interval, and the class of a provider or practice."""

    id = serializers.CharField(allow_null=True, help_text="of the group; null for whom we do not know")
    name = serializers.CharField()
    to_us = serializers.IntegerField()
    total = serializers.IntegerField()
    share = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    standing = serializers.ChoiceField(choices=STANDINGS, allow_null=True)


class MarketSerializer(serializers.Serializer):
    """The answer; without market data `remark` says so and there are no rows. `end` is exclusive."""

    vendor = serializers.CharField(allow_null=True)
    through = serializers.DateField(allow_null=True)
    start = serializers.DateField(allow_null=True)
    end = serializers.DateField(allow_null=True)
    remark = serializers.CharField(allow_blank=True)
    rows = MarketRowSerializer(many=True)


class TargetQuerySerializer(serializers.Serializer):
    territory = serializers.IntegerField(required=False)
    service_line = serializers.IntegerField(required=False)
    vendor = serializers.IntegerField(required=False)
    ours_too = serializers.BooleanField(required=False, default=False)


class PartSerializer(serializers.Serializer):
    name = serializers.CharField()
    amount = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # a field of ours, not the argument of that name


class TargetSerializer(serializers.Serializer):
    """A provider in a line who could send more: most valuable first. Dollars and referrals are of a year; null where not known."""

    provider = serializers.IntegerField(source="provider.pk")
    npi = serializers.CharField(source="provider.npi")
    name = serializers.CharField(source="provider")
    practice = serializers.IntegerField(source="practice.pk")
    practice_name = serializers.CharField(source="practice.name")
    service_line = serializers.CharField(source="line")
    standing = serializers.ChoiceField(choices=STANDINGS, source="target.standing")
    to_us = serializers.IntegerField(source="target.candidate.to_us")
    total = serializers.IntegerField(source="target.candidate.total")
    expected = serializers.FloatField(source="target.expected")
    now = serializers.FloatField(source="target.now")
    gain = serializers.FloatField(source="target.gain")
    margin = serializers.FloatField(source="target.margin", allow_null=True)
    reachable = serializers.FloatField(source="target.reach.share", allow_null=True)
    chance_of_moving = serializers.FloatField(source="target.move")
    value = serializers.FloatField(allow_null=True)
    why = serializers.CharField()
    parts = PartSerializer(many=True)
    missing = serializers.SerializerMethodField()

    def get_missing(self, one: Listed) -> list[str]:
        return list(one.target.missing)


class TargetsSerializer(serializers.Serializer):
    vendor = serializers.CharField(allow_null=True)
    through = serializers.DateField(allow_null=True)
    remark = serializers.CharField(allow_blank=True)
    rows = TargetSerializer(many=True)
