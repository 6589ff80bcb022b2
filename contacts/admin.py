"""Contacts in Django's admin, to look at only: every write is an audited action of the everyday pages."""

from django.contrib import admin

from common.admin import ReadOnlyAdmin
from contacts.models import Affiliation, Alignment, Cadence, MoveNotice, Organization, Practice, PracticePin, Provider, Specialty, Staff


@admin.register(Organization)
class OrganizationAdmin(ReadOnlyAdmin):
    list_display = ("name", "npi", "service_line", "city", "state", "registry_updated_on")
    list_filter = ("service_line",)
    list_select_related = ("service_line",)
    search_fields = ("name", "npi")


@admin.register(Practice)
class PracticeAdmin(ReadOnlyAdmin):
    list_display = ("name", "city", "zip", "county", "territory", "placed_by", "archived_at")
    list_filter = ("tier", "placed_by", "territory")
    list_select_related = ("territory",)
    search_fields = ("name", "zip")


@admin.register(Cadence)
class CadenceAdmin(ReadOnlyAdmin):
    list_display = ("tier", "every_days")


@admin.register(Provider)
class ProviderAdmin(ReadOnlyAdmin):
    list_display = ("last_name", "first_name", "npi", "kind", "specialty", "is_stale", "registry_updated_on")
    list_filter = ("kind", "is_stale")
    list_select_related = ("specialty",)
    search_fields = ("last_name", "first_name", "npi")


@admin.register(Affiliation)
class AffiliationAdmin(ReadOnlyAdmin):
    list_display = ("provider", "practice", "is_primary", "started_on", "ended_on")
    list_select_related = ("provider", "practice")
    search_fields = ("provider__last_name", "practice__name")


@admin.register(Alignment)
class AlignmentAdmin(ReadOnlyAdmin):
    list_display = ("provider", "practice", "organization", "kind", "started_on", "ended_on")
    list_filter = ("kind",)
    list_select_related = ("provider", "practice", "organization")
    search_fields = ("provider__last_name", "practice__name", "organization__name")


@admin.register(PracticePin)
class PracticePinAdmin(ReadOnlyAdmin):
    list_display = ("practice", "territory", "reason", "pinned_by", "pinned_at")
    list_select_related = ("practice", "territory", "pinned_by")


@admin.register(Staff)
class StaffAdmin(ReadOnlyAdmin):
    list_display = ("name", "job", "practice", "left_on")
    list_select_related = ("practice",)
    search_fields = ("name", "practice__name")


@admin.register(Specialty)
class SpecialtyAdmin(ReadOnlyAdmin):
    list_display = ("name", "code", "service_line")
    list_select_related = ("service_line",)
    search_fields = ("name", "code")


@admin.register(MoveNotice)
class MoveNoticeAdmin(ReadOnlyAdmin):
    list_display = ("provider", "kind", "was", "now", "state", "found_at")
    list_filter = ("kind", "state")
    list_select_related = ("provider",)
