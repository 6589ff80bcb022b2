"""The rare things in Django's admin. Facts are looked at there, never edited: their writes go through the engine."""

from django.contrib import admin

from common.admin import ReadOnlyAdmin
from referrals.models import DataVersion, ImportBatch, Payer, Source


@admin.register(Source)
class SourceAdmin(ReadOnlyAdmin):
    list_display = ("name", "title", "sees")


@admin.register(Payer)
class PayerAdmin(ReadOnlyAdmin):
    list_display = ("name",)
    search_fields = ("name",)


@admin.register(ImportBatch)
class ImportBatchAdmin(ReadOnlyAdmin):
    list_display = ("source", "file_name", "state", "uploaded_at", "rows", "new", "changed", "unchanged", "unmatched")
    list_filter = ("state", "source")
    list_select_related = ("source",)


@admin.register(DataVersion)
class DataVersionAdmin(ReadOnlyAdmin):
    list_display = ("pk", "made_at", "cause")
