"""Scheduled reports and one-to-ones in the API: those that the person sees on the pages."""

from django.db.models import QuerySet
from rest_framework import mixins, serializers
from rest_framework.viewsets import GenericViewSet

from accounts.permissions import Permission
from reports.models import Agreement, OneToOne, ReportSchedule


class ScheduleSerializer(serializers.ModelSerializer):
    """A report that comes by itself: `when` in words, `recipients` who get what their own field and role show."""

    when = serializers.CharField()

    class Meta:
        model = ReportSchedule
        fields = (
            "id", "kind", "territory", "rhythm", "weekday", "month_day", "hour", "when", "file", "recipients", "made_by", "made_at",
            "paused_at", "ended_at",
        )  # fmt: skip
        read_only_fields = fields


class ScheduleViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """One's own scheduled reports and those that come to oneself; admins see all. Ended ones are not among them."""

    required_permissions = (Permission.DASHBOARD_VIEW,)
    serializer_class = ScheduleSerializer
    queryset = ReportSchedule.objects.none()

    def get_queryset(self) -> QuerySet[ReportSchedule]:
        return ReportSchedule.objects.visible_to(self.request.user).standing().prefetch_related("recipients").select_related("made_by")


class AgreementSerializer(serializers.ModelSerializer):
    class Meta:
        model = Agreement
        fields = ("id", "text", "owner", "due_on", "done_at")
        read_only_fields = fields


class OneToOneSerializer(serializers.ModelSerializer):
    """A talk of a liaison with whoever leads them, and what was agreed."""

    agreements = AgreementSerializer(many=True)

    class Meta:
        model = OneToOne
        fields = ("id", "liaison", "led_by", "held_on", "notes", "agreements", "made_at")
        read_only_fields = fields


class OneToOneViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """Talks in which the person took part; admins see all."""

    required_permissions = (Permission.DASHBOARD_VIEW,)
    serializer_class = OneToOneSerializer
    queryset = OneToOne.objects.none()

    def get_queryset(self) -> QuerySet[OneToOne]:
        return OneToOne.objects.visible_to(self.request.user).prefetch_related("agreements")
