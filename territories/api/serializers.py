"""The shapes of territories in the API."""

from typing import Any

from rest_framework import serializers

from accounts.models import User
from common.places import county_named, is_zip
from territories.models import Assignment, RuleKind, Territory


class PersonSerializer(serializers.ModelSerializer):
    """Who looks after a territory today, and as what. Without a service line and not primary: a helper."""

    user = serializers.IntegerField(source="user_id")
    name = serializers.CharField(source="user.full_name")
    service_line = serializers.CharField(source="service_line.name", default=None)

    class Meta:
        model = Assignment
        fields = ("user", "name", "is_primary", "service_line", "started_on", "ended_on")


class TerritorySerializer(serializers.ModelSerializer):
    """A territory with its rules and its people of today. Writing rules moves practices and referrals in a worker."""

    zips = serializers.SerializerMethodField()
    counties = serializers.SerializerMethodField()
    more_rules = serializers.SerializerMethodField()
    people = PersonSerializer(source="people_today", many=True, read_only=True)

    class Meta:
        model = Territory
        fields = ("id", "name", "parent", "description", "archived_at", "zips", "counties", "more_rules", "people")

    def get_zips(self, territory: Territory) -> list[str]:
        return [rule.value for rule in territory.rules.all() if rule.kind == RuleKind.ZIP and rule.rule.is_plain]

    def get_counties(self, territory: Territory) -> list[str]:
        return [rule.value for rule in territory.rules.all() if rule.kind == RuleKind.COUNTY and rule.rule.is_plain]

    def get_more_rules(self, territory: Territory) -> list[str]:
        """Rules of one specialty, and exceptions: "county:OH/Lake;207RC0000X", "!zip:44101"."""
        return [row.rule.text for row in territory.rules.all() if not row.rule.is_plain]


class TerritoryWriteSerializer(serializers.Serializer):
    """What may be written: leave out what shall stay. `take` takes ZIP codes and counties from the territories that have them."""

    name = serializers.CharField(max_length=80)
    parent = serializers.PrimaryKeyRelatedField(queryset=Territory.objects.none(), required=False, allow_null=True)  # type: ignore[assignment]  # a field of ours; the framework's attribute of that name is another thing
    description = serializers.CharField(max_length=300, required=False, allow_blank=True)
    zips = serializers.ListField(child=serializers.CharField(max_length=10), required=False)
    counties = serializers.ListField(child=serializers.CharField(max_length=80), required=False)
    take = serializers.BooleanField(required=False, default=False)

    def __init__(self, *args: Any, by: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if by:  # none when only the schema is asked for
            self.fields["parent"].queryset = Territory.objects.visible_to(by).live()

    def validate_zips(self, zips: list[str]) -> list[str]:
        if wrong := [zip_ for zip_ in zips if not is_zip(zip_)]:
            raise serializers.ValidationError(f"Not a US ZIP code: {', '.join(wrong[:10])}.")
        return zips

    def validate_counties(self, counties: list[str]) -> list[str]:
        known = [county_named(county) for county in counties]
        if wrong := [county for county, name in zip(counties, known, strict=True) if not name]:
            raise serializers.ValidationError(f"Not a county: {', '.join(wrong[:10])}. Counties are written as CT/Hartford.")
        return known
