"""The directory in Django's admin: to look, not to write."""

from django.contrib import admin

from common.admin import ReadOnlyAdmin
from directory.models import Entry


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "phone", "tells_plans", "is_listed", "changed_at")
    list_select_related = ("service_line", "organization", "provider")
