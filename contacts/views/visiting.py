"""When a practice sees visitors, and where it lies on the map."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.templatetags.static import static
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import requires
from accounts.permissions import Permission
from common.places import STATES
from contacts import actions
from contacts.forms import MapPinForm, VisitingForm
from contacts.models import Practice
from contacts.views.common import saved, show_form
from contacts.visiting import point_of

EDIT = (Permission.PROVIDER_VIEW, Permission.CONTACT_EDIT)


@require_http_methods(["GET", "POST"])
@requires(*EDIT)
def visiting(request: HttpRequest, pk: int) -> HttpResponse:
    """Hours by weekday, no-visit hours, lunch, minutes of a visit."""
    practice = get_object_or_404(Practice.objects.visible_to(request.user), pk=pk)
    form = VisitingForm(request.POST if request.method == "POST" else None, practice=practice)
    if request.method == "POST" and saved(form, lambda: actions.save_visiting(practice=practice, by=request.user, **form.arguments())):
        messages.success(request, f"Visiting hours of {practice} saved.")
        return redirect(practice)
    return show_form(request, "contacts/visiting_form.html", form, practice=practice)


@require_http_methods(["GET", "POST"])
@requires(*EDIT)
def map_pin(request: HttpRequest, pk: int) -> HttpResponse:
    """Drop a pin where the practice lies; `next` leads back to the page that asked for it."""
    practice = get_object_or_404(Practice.objects.visible_to(request.user).select_related("map_pin__dropped_by"), pk=pk)
    back = request.POST.get("next") or request.GET.get("next") or ""
    back = back if url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()) else ""
    form = MapPinForm(request.POST if request.method == "POST" else None, practice=practice)
    if request.method == "POST" and saved(form, lambda: actions.drop_map_pin(practice=practice, by=request.user, **form.place())):
        messages.success(request, f"{practice} is on the map.")
        return redirect(back or practice.get_absolute_url())
    point = point_of(practice)
    state = practice.state if practice.state in STATES else ""
    drawn = {
        "middle": (point.latitude, point.longitude) if point else None,
        "pin": bool(getattr(practice, "map_pin", None)),
        "counties": [static(f"vendor/counties/{STATES[state]}.json")] if state else [],
    }
    return show_form(request, "contacts/map_pin_form.html", form, practice=practice, point=point, back=back, map=drawn)


@require_POST
@requires(*EDIT)
def map_pin_lift(request: HttpRequest, pk: int) -> HttpResponse:
    practice = get_object_or_404(Practice.objects.visible_to(request.user), pk=pk)
    actions.lift_map_pin(practice=practice, by=request.user)
    messages.success(request, f"The pin of {practice} is off the map.")
    return redirect(practice)
