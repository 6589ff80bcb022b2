"""New physicians in Django's admin: to look, not to write."""

from django.contrib import admin

from common.admin import ReadOnlyAdmin
from introductions.models import NewPhysician


@admin.register(NewPhysician)
class NewPhysicianAdmin(ReadOnlyAdmin):
    list_display = ("provider", "service_line", "start_on", "led_by", "ended_at")
    list_select_related = ("provider", "service_line", "led_by")
