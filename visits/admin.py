"""Visits in Django's admin: to look, not to write."""

from django.contrib import admin

from common.admin import ReadOnlyAdmin
from visits.models import Attendee, FollowUp, Topic, Visit, VisitType


class AttendeeInline(admin.TabularInline):
    model = Attendee
    extra = 0
    can_delete = False


@admin.register(Visit)
class VisitAdmin(ReadOnlyAdmin):
    """Deleted visits included: this is where they can still be seen."""

    list_display = ("practice", "owner", "state", "planned_at", "visited_at", "mode", "outcome", "deleted_at")
    list_filter = ("state", "mode", "outcome")
    list_select_related = ("practice", "owner")
    search_fields = ("practice__name", "owner__full_name")
    date_hierarchy = "visited_at"
    inlines = (AttendeeInline,)


@admin.register(FollowUp)
class FollowUpAdmin(ReadOnlyAdmin):
    list_display = ("text", "practice", "owner", "due_on", "done_at")
    list_select_related = ("practice", "owner")
    search_fields = ("practice__name", "owner__full_name", "text")


@admin.register(Topic)
class TopicAdmin(ReadOnlyAdmin):
    list_display = ("name", "is_active")


@admin.register(VisitType)
class VisitTypeAdmin(ReadOnlyAdmin):
    list_display = ("name", "minutes", "is_active", "merged_into")
    list_select_related = ("merged_into",)
