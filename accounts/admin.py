"""People in Django's admin, to look at only: the everyday page is accounts:people."""

from django.contrib import admin

from accounts.models import User
from common.admin import ReadOnlyAdmin


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    list_display = ("full_name", "email", "role", "patient_rows", "is_active", "last_login")
    list_filter = ("role", "is_active")
    search_fields = ("full_name", "email")
    exclude = ("password",)
