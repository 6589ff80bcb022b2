"""Settings: fields that the organization adds to providers, practices and visits."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.access import requires
from accounts.permissions import Permission
from common.exceptions import InputError, PolicyViolation
from contacts import actions
from contacts.custom_forms import CustomFieldForm
from contacts.models import CustomField, CustomSubject
from contacts.views.common import show_form

SETTINGS = {"url": "/settings/", "label": "Settings"}


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def custom_fields(request: HttpRequest) -> HttpResponse:
    """All of them by what they are added to, and a form for another one."""
    form = CustomFieldForm(request.POST or None)
    if request.method == "POST" and _save(request, form, None):
        messages.success(request, f"Added: {form.cleaned_data['label']}.")
        return redirect("contacts:custom-fields")
    rows = list(CustomField.objects.all())
    groups = [(subject.label, [row for row in rows if row.subject == subject]) for subject in CustomSubject]
    return show_form(request, "contacts/custom_fields.html", form, groups=groups, crumbs=[SETTINGS])


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def custom_field(request: HttpRequest, pk: int) -> HttpResponse:
    field = get_object_or_404(CustomField, pk=pk)
    form = CustomFieldForm(request.POST or None, field=field)
    if request.method == "POST" and _save(request, form, field):
        messages.success(
            request, f"{field} saved." if form.cleaned_data["is_active"] else f"{field} is out of use. What was entered stays."
        )
        return redirect("contacts:custom-fields")
    crumbs = [SETTINGS, {"url": reverse("contacts:custom-fields"), "label": "Fields of your own"}]
    return show_form(request, "contacts/custom_field.html", form, field=CustomField.objects.get(pk=pk), crumbs=crumbs)


def _save(request: HttpRequest, form: CustomFieldForm, field: CustomField | None) -> CustomField | None:
    if not form.is_valid():
        return None
    try:
        return actions.save_custom_field(field=field, by=request.user, **form.cleaned_data)
    except (InputError, PolicyViolation) as refusal:
        form.add_error(None, str(refusal))
        return None
