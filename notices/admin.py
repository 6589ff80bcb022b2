"""Notices in Django's admin: to look, not to write."""

from django.contrib import admin

from common.admin import ReadOnlyAdmin
from notices.models import DigestSent, Notice


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    list_display = ("to", "kind", "text", "made_at", "read_at")
    list_filter = ("kind",)
    list_select_related = ("to",)


@admin.register(DigestSent)
class DigestSentAdmin(ReadOnlyAdmin):
    """Whose mails went when, and which were tried and never taken."""

    list_display = ("person", "kind", "day_on", "tried_at", "sent_at", "is_empty")
    list_filter = ("kind",)
    list_select_related = ("person",)
