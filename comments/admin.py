"""Comments in Django's admin: that they are there, not what they say."""

from django.contrib import admin

from comments.models import Comment
from common.admin import ReadOnlyAdmin


@admin.register(Comment)
class CommentAdmin(ReadOnlyAdmin):
    list_display = ("kind", "subject_id", "written_by", "written_at", "edited_at", "deleted_at")
    list_filter = ("kind",)
    list_select_related = ("written_by",)
