"""Pages of practices: list, detail, forms, staff, the territory they are pinned to."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from accounts.access import requires
from accounts.downloads import send_file
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from contacts import actions, custom, exports, queries
from contacts.filters import PracticeFilter
from contacts.forms import PinForm, PracticeForm, StaffForm
from contacts.models import Cadence, CustomSubject, PlacedBy, Practice, PracticeException, PracticePin, Staff
from contacts.views.common import changes_of, editing, is_filtered, page_of, saved, show_form, today, wants_fragment
from contacts.visiting import point_of, visiting_lines

EDIT = (Permission.PROVIDER_VIEW, Permission.CONTACT_EDIT)
PIN = (Permission.PROVIDER_VIEW, Permission.TERRITORY_EDIT)


@require_GET
@vary_on_headers("HX-Request")
@requires(Permission.PROVIDER_VIEW)
def practice_list(request: HttpRequest) -> HttpResponse:
    found = PracticeFilter(request.GET, Practice.objects.visible_to(request.user).for_list(today()), request=request)
    page, own = page_of(request, found.qs), custom.own_columns(found.added, request.GET)
    owners = queries.owners_of(practice.territory_id for practice in page)
    for practice in page:
        practice.own_cells = own.cells(practice.custom)
        practice.owner = owners.get(practice.territory_id)
    organization = found.form.cleaned_data.get("organization") if found.form.is_valid() else None
    context = {"page": page, "own": own, "filter": found, "filtered": is_filtered(request), "organization": organization}
    if wants_fragment(request):
        return render(request, "contacts/_practice_table.html", context)
    return render(request, "contacts/practice_list.html", context)


@require_GET
@requires(Permission.PROVIDER_VIEW, Permission.EXPORT)
def practice_file(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The filtered list, with the organization's own fields, as CSV or XLSX; that it was taken is recorded."""
    found = PracticeFilter(request.GET, Practice.objects.visible_to(request.user).for_list(today()), request=request)
    fields, rows = custom.fields_in_file(found.added, request.GET), found.qs
    return send_file(
        request,
        "practices",
        kind,
        exports.header(exports.PRACTICE_HEADER, fields),
        exports.practice_rows(rows, fields),
        rows.count(),
        exports.PRACTICE_BELONGS,
    )


@require_GET
@requires(Permission.PROVIDER_VIEW)
def practice_detail(request: HttpRequest, pk: int) -> HttpResponse:
    practices = Practice.objects.visible_to(request.user).select_related("territory", "organization", "map_pin__dropped_by")
    practice = get_object_or_404(practices, pk=pk)
    context = {
        "practice": practice,
        "own_fields": custom.told(custom.fields_of(CustomSubject.PRACTICE), practice.custom),
        "affiliations": practice.affiliations.open()
        .select_related("provider__specialty")
        .order_by("provider__last_name", "provider__first_name", "pk"),
        "staff": practice.staff.here(),
        "left": practice.staff.exclude(left_on=None),
        "standing": queries.standing_of(practice),
        "alignments": practice.alignments.all(),
        "owner": queries.owners_of([practice.territory_id]).get(practice.territory_id or 0),
        "cadence": Cadence.objects.filter(tier=practice.tier).first(),
        "why": _why(practice),
        "point": point_of(practice),
        "visiting_lines": visiting_lines(practice, practice.visiting_hours.all()),
        "exceptions": PracticeException.objects.filter(practice=practice).select_related("territory"),
        "pin": PracticePin.objects.filter(practice=practice).select_related("pinned_by").first(),
        "changes": changes_of(practice),
        "crumbs": [{"url": reverse("contacts:practices"), "label": "Practices"}],
    }
    return render(request, "contacts/practice_detail.html", context)


def _why(practice: Practice) -> str:
    """Why the practice lies where it does."""
    return {
        PlacedBy.PIN: "pinned by name",
        PlacedBy.ZIP_SPECIALTY: f"by ZIP {practice.zip} and specialty",
        PlacedBy.COUNTY_SPECIALTY: f"by county {practice.county} and specialty",
        PlacedBy.ZIP: f"by ZIP {practice.zip}",
        PlacedBy.COUNTY: f"by county {practice.county}",
        PlacedBy.NOBODY: f"no rule names {practice.zip or 'it'}{f' or {practice.county}' if practice.county else ''}",
    }[PlacedBy(practice.placed_by)]


@require_http_methods(["GET", "POST"])
@requires(*EDIT)
def practice_new(request: HttpRequest) -> HttpResponse:
    form = PracticeForm(request.POST or None)
    if request.method == "POST" and (practice := saved(form, lambda: actions.save_practice(by=request.user, **form.cleaned_data))):
        if Practice.objects.visible_to(request.user).filter(pk=practice.pk).exists():
            messages.success(request, f"{practice} added.")
            return redirect(practice)
        messages.warning(request, f"{practice} added. Its ZIP code lies outside your territories, so it is not on your list.")
        return redirect("contacts:practices")
    return show_form(request, "contacts/practice_form.html", form, cancel_url=reverse("contacts:practices"))


@require_http_methods(["GET", "POST"])
@requires(*EDIT)
def practice_edit(request: HttpRequest, pk: int) -> HttpResponse:
    practice = get_object_or_404(Practice.objects.visible_to(request.user), pk=pk)
    form = PracticeForm(request.POST or None, instance=editing(practice))
    if request.method == "POST" and saved(form, lambda: actions.save_practice(practice=practice, by=request.user, **form.cleaned_data)):
        if Practice.objects.visible_to(request.user).filter(pk=practice.pk).exists():
            messages.success(request, f"{practice} saved.")
            return redirect(practice)
        messages.warning(request, f"{practice} saved. Its ZIP code now lies outside your territories.")
        return redirect("contacts:practices")
    return show_form(request, "contacts/practice_form.html", form, practice=practice, cancel_url=practice.get_absolute_url())


@require_http_methods(["GET", "POST"])
@requires(*EDIT)
def practice_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks first, then archives; an archived practice is brought back by the same address."""
    practice = get_object_or_404(Practice.objects.visible_to(request.user), pk=pk)
    if request.method == "GET":
        return render(request, "contacts/practice_archive.html", {"practice": practice})
    archive = practice.archived_at is None
    try:
        actions.set_archived(practice=practice, archived=archive, by=request.user)
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{practice} {'archived' if archive else 'is back'}.")
    return redirect(practice)


@require_http_methods(["GET", "POST"])
@requires(*EDIT)
def staff_new(request: HttpRequest, pk: int) -> HttpResponse:
    practice = get_object_or_404(Practice.objects.visible_to(request.user), pk=pk)
    form = StaffForm(request.POST or None)
    if request.method == "POST" and (
        person := saved(form, lambda: actions.save_staff(practice=practice, by=request.user, **form.cleaned_data))
    ):
        messages.success(request, f"{person} added.")
        return redirect(practice)
    return show_form(request, "contacts/staff_form.html", form, practice=practice)


@require_http_methods(["GET", "POST"])
@requires(*EDIT)
def staff_edit(request: HttpRequest, pk: int) -> HttpResponse:
    staff = get_object_or_404(Staff.objects.visible_to(request.user).select_related("practice"), pk=pk)
    form = StaffForm(request.POST or None, instance=editing(staff))
    if request.method == "POST" and saved(form, lambda: actions.save_staff(staff=staff, by=request.user, **form.cleaned_data)):
        messages.success(request, f"{staff} saved.")
        return redirect(staff.practice)
    return show_form(request, "contacts/staff_form.html", form, practice=staff.practice, staff=staff)


@require_http_methods(["GET", "POST"])
@requires(*PIN)
def pin(request: HttpRequest, pk: int) -> HttpResponse:
    """Put the practice into a territory by name."""
    practice = get_object_or_404(Practice.objects.visible_to(request.user), pk=pk)
    known = PracticePin.objects.filter(practice=practice).first()
    form = PinForm(request.POST or None, instance=editing(known), user=request.user)
    if request.method == "POST" and saved(
        form, lambda: actions.pin_practice(practice=practice, by=request.user, **form.cleaned_data), field="territory"
    ):
        messages.success(request, f"{practice} is pinned to {form.cleaned_data['territory']}. Its referrals follow in a moment.")
        return redirect(practice)
    return show_form(request, "contacts/pin_form.html", form, practice=practice, pin=known)


@require_POST
@requires(*PIN)
def unpin(request: HttpRequest, pk: int) -> HttpResponse:
    practice = get_object_or_404(Practice.objects.visible_to(request.user), pk=pk)
    actions.unpin_practice(practice=practice, by=request.user)
    messages.success(request, f"The rules place {practice} again. Its referrals follow in a moment.")
    return redirect(practice)


@require_POST
@requires(*PIN)
def except_practice(request: HttpRequest, pk: int) -> HttpResponse:
    """No rule of the territory in which it lies is to catch it any more."""
    practice = get_object_or_404(Practice.objects.visible_to(request.user).select_related("territory"), pk=pk)
    if practice.territory is None:
        messages.info(request, f"Nobody owns {practice}.")
        return redirect(practice)
    try:
        exception = actions.except_practice(practice=practice, territory=practice.territory, by=request.user)
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"No rule of {exception.territory} catches {practice} any more. Its referrals follow in a moment.")
    return redirect(practice)


@require_POST
@requires(*PIN)
def lift_exception(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the territory's rules catch the practice again."""
    exception = get_object_or_404(PracticeException.objects.select_related("practice", "territory"), pk=pk)
    practice = get_object_or_404(Practice.objects.visible_to(request.user), pk=exception.practice_id)
    actions.lift_exception(exception=exception, by=request.user)
    messages.success(request, f"The rules of {exception.territory} catch {practice} again. Its referrals follow in a moment.")
    return redirect(practice)
