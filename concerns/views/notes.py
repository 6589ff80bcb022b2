"""Field notes: the list with its filters and files, a new one, changing, withdrawing and bringing back."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from accounts.access import requires
from accounts.downloads import send_file
from accounts.permissions import Permission
from accounts.saved_views import OF_A_VIEW
from common.exceptions import PolicyViolation
from concerns import actions, exports, policies, presenters
from concerns.filters import FieldNoteFilter
from concerns.forms import FieldNoteForm
from concerns.models import FieldNote
from concerns.queries import tags_in_use
from contacts.models import Practice

PAGE = 25
HITS = 12


def _filtered(request: HttpRequest) -> FieldNoteFilter:
    return FieldNoteFilter(request.GET, FieldNote.objects.visible_to(request.user), request=request)


@require_GET
@vary_on_headers("HX-Request")
@requires(Permission.CONCERN_VIEW)
def notes(request: HttpRequest) -> HttpResponse:
    """What was heard last comes first."""
    found = _filtered(request)
    page = Paginator(found.qs.for_list(), PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [presenters.note_row(note) for note in page],
        "filter": found,
        "filtered": any(value for name, value in request.GET.items() if name not in ("page", "withdrawn", *OF_A_VIEW)),
        "tags": tags_in_use(request.user),
        "tag": request.GET.get("tag", ""),
        "withdrawn": _withdrawn(request),
        "crumbs": _crumbs(),
    }
    template = "concerns/_notes.html" if request.htmx and not request.htmx.history_restore_request else "concerns/notes.html"
    return render(request, template, context)


def _withdrawn(request: HttpRequest) -> FieldNote | None:
    """The note that was withdrawn just now, to offer the way back."""
    text = request.GET.get("withdrawn", "")
    gone = FieldNote.objects.withdrawable_by(request.user).exclude(withdrawn_at=None)
    return gone.filter(pk=text).first() if text.isdecimal() and len(text) < 19 else None


def _crumbs(*, below: bool = False) -> list[dict[str, str]]:
    crumbs = [{"url": reverse("concerns:list"), "label": "Concerns"}]
    return [*crumbs, {"url": reverse("concerns:notes"), "label": "Field notes"}] if below else crumbs


@require_GET
@requires(Permission.CONCERN_VIEW, Permission.EXPORT)
def export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The filtered list as CSV or XLSX; that it was taken is recorded."""
    found = _filtered(request).qs
    return send_file(request, "field-notes", kind, exports.NOTE_HEADER, exports.note_rows(found), found.count())


@require_http_methods(["GET", "POST"])
@requires(Permission.CONCERN_EDIT)
def new(request: HttpRequest) -> HttpResponse:
    """First the practice, found by name, then what was heard there."""
    text = request.GET.get("practice", "")
    if not text.isdecimal():
        q = request.GET.get("q", "").strip()[:80]
        seen = Practice.objects.visible_to(request.user).live()
        context = {"q": q, "hits": seen.named_like(q)[:HITS] if q else [], "title": "Add field note", "crumbs": _crumbs(below=True)}
        return render(request, "concerns/choose_practice.html", context)
    practice = get_object_or_404(Practice.objects.visible_to(request.user), pk=text)
    form = FieldNoteForm(request.POST if request.method == "POST" else None, practice=practice, initial={"heard_on": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        try:
            actions.add_field_note(practice=practice, by=request.user, **form.cleaned_data)
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Field note saved.")
            return redirect("concerns:notes")
    return _form_page(request, form, "Add field note", practice)


def _form_page(request: HttpRequest, form: FieldNoteForm, title: str, practice: Practice, note: FieldNote | None = None) -> HttpResponse:
    context = {"form": form, "title": title, "practice": practice, "note": note, "crumbs": _crumbs(below=True)}
    return render(request, "concerns/note_form.html", context, status=422 if form.is_bound else 200)


def _note(request: HttpRequest, pk: int) -> FieldNote:
    return get_object_or_404(FieldNote.objects.visible_to(request.user).for_list(), pk=pk)


@require_http_methods(["GET", "POST"])
@requires(Permission.CONCERN_VIEW)
def note(request: HttpRequest, pk: int) -> HttpResponse:
    """Read it; whoever wrote it, and managers, change it."""
    stored = _note(request, pk)
    if not policies.can_change_note(request.user, stored):
        if request.method == "POST":
            messages.error(request, f"Only {stored.noted_by} or a manager can change this note.")
        return render(request, "concerns/note.html", {"row": presenters.note_row(stored), "note": stored, "crumbs": _crumbs(below=True)})
    initial: dict[str, Any] = {name: getattr(stored, name) for name in ("kind", "text", "heard_on")}
    initial |= {"tags": ", ".join(stored.tags), "provider": stored.provider_id}
    form = FieldNoteForm(request.POST if request.method == "POST" else None, practice=stored.practice, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_field_note(note=stored, by=request.user, **form.cleaned_data)
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Field note saved.")
            return redirect("concerns:notes")
    return _form_page(request, form, "Field note", stored.practice, stored)


@require_POST
@requires(Permission.CONCERN_EDIT)
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    stored = _note(request, pk)
    try:
        actions.withdraw_field_note(note=stored, by=request.user)
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
        return redirect("concerns:notes")
    return redirect(f"{reverse('concerns:notes')}?withdrawn={stored.pk}")


@require_POST
@requires(Permission.CONCERN_EDIT)
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    stored = get_object_or_404(FieldNote.objects.withdrawable_by(request.user), pk=pk)
    try:
        actions.restore_field_note(note=stored, by=request.user)
        messages.success(request, "The note is back.")
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
    return redirect("concerns:notes")
