"""Notices in Django's admin: to look, not to write."""

from django.contrib import admin

from common.admin import ReadOnlyAdmin
from notices.models import Notice


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    list_display = ("to", "kind", "text", "made_at", "read_at")
    list_filter = ("kind",)
    list_select_related = ("to",)
