"""Events in Django's admin: to look, not to write."""

from django.contrib import admin

from common.admin import ReadOnlyAdmin
from events.models import Event, Guest


class GuestInline(admin.TabularInline):
    model = Guest
    extra = 0
    can_delete = False
    fields = ("provider", "staff", "colleague", "name", "answer", "signed_in_at", "signed_in_way")
    fk_name = "event"


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("title", "kind", "audience", "state", "starts_at", "owner", "practice")
    list_filter = ("state", "kind", "audience")
    list_select_related = ("owner", "practice")
    search_fields = ("title", "speaker")
    date_hierarchy = "starts_at"
    inlines = (GuestInline,)
