"""The queue in Django's admin: what waits, runs, failed."""

from django.contrib import admin

from common.admin import ReadOnlyAdmin
from jobs.models import Job


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = ("name", "state", "attempt", "queued_at", "finished_at", "requested_by_label", "error")
    list_filter = ("state", "name")
