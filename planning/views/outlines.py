"""Real outlines of ZIP codes for the map: files that were loaded, one more, and taking one back."""

from uuid import uuid4

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from accounts.access import requires
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from jobs.actions import enqueue
from jobs.models import Job
from planning import actions
from planning.forms import OutlineForm
from planning.importing.zip_outlines import ZIP_COLUMNS
from planning.models import OutlineFile

SHOWN = 20


@require_http_methods(["GET", "POST"])
@requires(Permission.TERRITORY_EDIT, Permission.SETTINGS_EDIT)
def outlines(request: HttpRequest) -> HttpResponse:
    form = OutlineForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        job = enqueue("planning.load_outlines", _store(file), file.name, request.user.pk, by=request.user)
        return redirect("planning:outlines-load", job.pk)
    context = {
        "form": form,
        "files": OutlineFile.objects.select_related("loaded_by", "undone_by")[:SHOWN],
        "column": ZIP_COLUMNS[0],
        "crumbs": [{"url": reverse("settings"), "label": "Settings"}],
    }
    return render(request, "planning/outlines.html", context, status=422 if form.errors else 200)


def _store(file: UploadedFile) -> str:
    name = f"outlines-{uuid4().hex}"
    with (settings.UPLOADS / name).open("xb") as kept:
        (settings.UPLOADS / name).chmod(0o600)
        for chunk in file.chunks():
            kept.write(chunk)
    return name


@require_GET
@requires(Permission.TERRITORY_EDIT, Permission.SETTINGS_EDIT)
def load(request: HttpRequest, pk: int) -> HttpResponse:
    """How far the reading of a file is; what was wrong with one that could not be read."""
    job = get_object_or_404(Job.objects.visible_to(request.user).filter(name="planning.load_outlines"), pk=pk)
    if request.htmx:
        here = reverse("planning:outlines-load", args=[job.pk])
        return HttpResponseClientRedirect(here) if job.is_finished else render(request, "planning/_outlines_progress.html", {"job": job})
    if job.state == "done":
        messages.success(request, f"{job.args[1]} is loaded.")
        return redirect("planning:outlines")
    crumbs = [{"url": reverse("settings"), "label": "Settings"}, {"url": reverse("planning:outlines"), "label": "Outlines of ZIP codes"}]
    return render(request, "planning/outlines_load.html", {"job": job, "file_name": job.args[1], "crumbs": crumbs})


@require_POST
@requires(Permission.TERRITORY_EDIT, Permission.SETTINGS_EDIT)
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a file back, or draw it again."""
    file = get_object_or_404(OutlineFile, pk=pk)
    again = "again" in request.POST
    try:
        (actions.redo_outlines if again else actions.undo_outlines)(file=file, by=request.user)
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "Drawn again." if again else "Taken back: what was drawn before is drawn again.")
    return redirect("planning:outlines")
