"""Referrals in Django's admin, to look at only. Single referrals are not in it: each look at one is recorded, and is a page of its own."""

from django.contrib import admin

from common.admin import ReadOnlyAdmin
from referrals.models import CountingRules, DataVersion, ImportBatch, Payer, Source


@admin.register(Source)
class SourceAdmin(ReadOnlyAdmin):
    list_display = ("name", "title", "sees")


@admin.register(ImportBatch)
class ImportBatchAdmin(ReadOnlyAdmin):
    list_display = ("file_name", "source", "state", "rows", "new", "changed", "uploaded_at", "uploaded_by")
    list_filter = ("state", "source")
    list_select_related = ("source", "uploaded_by")


@admin.register(DataVersion)
class DataVersionAdmin(ReadOnlyAdmin):
    list_display = ("pk", "cause", "made_at")


@admin.register(CountingRules)
class CountingRulesAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "affiliated_is_ours", "duplicate_days", "range_leads_above", "small_cell")


@admin.register(Payer)
class PayerAdmin(ReadOnlyAdmin):
    list_display = ("name",)
    search_fields = ("name",)
