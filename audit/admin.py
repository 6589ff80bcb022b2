"""History in Django's admin; accounts:audit is the everyday page."""

from django.contrib import admin

from audit.models import AuditEvent
from common.admin import ReadOnlyAdmin


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ("happened_at", "event", "by_label", "target_label")
    search_fields = ("event", "by_label", "target_label")
