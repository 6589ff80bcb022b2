"""Territories in Django's admin, to look at only: the everyday pages are territories:list and territories:service-lines."""

from django.contrib import admin

from common.admin import ReadOnlyAdmin
from territories.models import Assignment, ServiceLine, Territory, TerritoryRule


@admin.register(Territory)
class TerritoryAdmin(ReadOnlyAdmin):
    list_display = ("name", "parent", "archived_at")
    list_select_related = ("parent",)
    search_fields = ("name",)


@admin.register(TerritoryRule)
class TerritoryRuleAdmin(ReadOnlyAdmin):
    list_display = ("value", "kind", "territory")
    list_filter = ("kind",)
    list_select_related = ("territory",)
    search_fields = ("value",)


@admin.register(Assignment)
class AssignmentAdmin(ReadOnlyAdmin):
    list_display = ("user", "territory", "service_line", "is_primary", "started_on", "ended_on")
    list_select_related = ("user", "territory", "service_line")
    search_fields = ("user__full_name", "territory__name")


@admin.register(ServiceLine)
class ServiceLineAdmin(ReadOnlyAdmin):
    list_display = ("name", "is_active")
