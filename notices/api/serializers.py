"""The shape of a notice in JSON."""

from rest_framework import serializers

from notices.models import Notice


class NoticeSerializer(serializers.ModelSerializer):
    made_by_name = serializers.CharField(source="made_by.full_name", default="PRM")

    class Meta:
        model = Notice
        fields = ("id", "kind", "text", "url", "made_by", "made_by_name", "made_at", "read_at")
        read_only_fields = fields
