"""The organization's own fields of a visit that is logged already: changed on a page of their own, in the history like any edit."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access import requires
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from contacts.custom import CustomFormMixin
from contacts.models import CustomSubject
from visits import actions, policies
from visits.models import Visit


class OwnFieldsForm(CustomFormMixin):
    """Every field in use, as it stands; `is_none` is asked for when a text seems to name a patient."""

    custom_subject = CustomSubject.VISIT
    is_none = forms.BooleanField(label="This tells nothing of a patient", required=False)

    def __init__(self, data: object = None, *, visit: Visit) -> None:
        self.instance = visit
        super().__init__(data)


@require_http_methods(["GET", "POST"])
@requires(Permission.VISIT_LOG)
def own_fields(request: HttpRequest, pk: int) -> HttpResponse:
    visit = get_object_or_404(Visit.objects.visible_to(request.user).select_related("practice"), pk=pk)
    try:
        policies.check_can_edit(request.user, visit)
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
        return redirect(visit)
    form = OwnFieldsForm(request.POST if request.method == "POST" else None, visit=visit)
    if request.method == "POST" and form.is_valid():
        try:
            actions.save_own_fields(visit=visit, found=form.cleaned_data["custom"], is_none=form.cleaned_data["is_none"], by=request.user)
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect(f"{visit.get_absolute_url()}?changed=1")
    if not form.errors:
        del form.fields["is_none"]
    return render(request, "visits/own_fields.html", {"form": form, "visit": visit}, status=422 if form.errors else 200)
