"""The spend ledger in Django's admin: to look, not to write."""

from django.contrib import admin

from common.admin import ReadOnlyAdmin
from compliance.models import SpendEntry, SpendLimit, SpendShare, SpendTask


class ShareInline(admin.TabularInline):
    model = SpendShare
    extra = 0
    can_delete = False


@admin.register(SpendEntry)
class SpendEntryAdmin(ReadOnlyAdmin):
    list_display = ("spent_on", "kind", "amount", "practice", "state", "recorded_by")
    list_filter = ("state", "kind")
    list_select_related = ("practice", "recorded_by")
    date_hierarchy = "spent_on"
    inlines = (ShareInline,)


@admin.register(SpendTask)
class SpendTaskAdmin(ReadOnlyAdmin):
    list_display = ("due_on", "kind", "cause", "provider", "amount", "state")
    list_filter = ("state", "kind", "cause")
    list_select_related = ("provider",)


@admin.register(SpendLimit)
class SpendLimitAdmin(ReadOnlyAdmin):
    list_display = ("year", "entity", "non_monetary", "incidental", "source")
    list_select_related = ("entity",)
