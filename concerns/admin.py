"""Concerns in Django's admin: to look, not to write."""

from django.contrib import admin

from common.admin import ReadOnlyAdmin
from concerns.models import Category, Comment, Concern, Department, FieldNote, QualityProject


class CommentInline(admin.TabularInline):
    model = Comment
    extra = 0
    can_delete = False


@admin.register(Concern)
class ConcernAdmin(ReadOnlyAdmin):
    list_display = ("practice", "category", "severity", "state", "due_on", "department", "owner", "told_on")
    list_filter = ("state", "severity", "category", "department")
    list_select_related = ("practice", "category", "department", "owner")
    search_fields = ("practice__name",)
    date_hierarchy = "raised_at"
    inlines = (CommentInline,)


@admin.register(Category)
class CategoryAdmin(ReadOnlyAdmin):
    list_display = ("name", "department", "deadline_days", "escalate_days", "is_active")
    list_select_related = ("department",)


@admin.register(Department)
class DepartmentAdmin(ReadOnlyAdmin):
    list_display = ("name", "lead", "is_active")
    list_select_related = ("lead",)


@admin.register(FieldNote)
class FieldNoteAdmin(ReadOnlyAdmin):
    list_display = ("practice", "kind", "heard_on", "noted_by", "withdrawn_at")
    list_filter = ("kind",)
    list_select_related = ("practice", "noted_by")


@admin.register(QualityProject)
class QualityProjectAdmin(ReadOnlyAdmin):
    list_display = ("name", "owner", "started_on", "ended_on")
    list_select_related = ("owner",)
