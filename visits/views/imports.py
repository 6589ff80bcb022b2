"""Visits from the PRM that somebody leaves: a file uploaded in the browser and read by a worker."""

from uuid import uuid4

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from accounts.access import requires
from accounts.permissions import Permission
from audit.models import AuditEvent
from jobs.actions import enqueue
from jobs.models import Job
from visits.forms import ImportForm
from visits.importing import CHECKED, COLUMNS, EVENT
from visits.views.common import sent

PAST_SHOWN = 15


@require_http_methods(["GET", "POST"])
@requires(Permission.IMPORT_RUN)
def import_file(request: HttpRequest) -> HttpResponse:
    form = ImportForm(sent(request), request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        job = enqueue("visits.import_file", _store(file), file.name, request.user.pk, form.cleaned_data["dry_run"], by=request.user)
        return redirect("visits:import-result", job.pk)
    past = AuditEvent.objects.filter(event=EVENT)[:PAST_SHOWN]
    context = {"form": form, "columns": COLUMNS, "past": past}
    return render(request, "visits/import.html", context, status=422 if form.errors else 200)


def _store(file: UploadedFile) -> str:
    name = f"visits-{uuid4().hex}"
    path = settings.UPLOADS / name
    with path.open("xb") as kept:
        path.chmod(0o600)
        for chunk in file.chunks():
            kept.write(chunk)
    return name


@require_GET
@requires(Permission.IMPORT_RUN)
def import_result(request: HttpRequest, pk: int) -> HttpResponse:
    """The progress while it runs, then what came of it."""
    job = get_object_or_404(Job.objects.visible_to(request.user).filter(name="visits.import_file"), pk=pk)
    if request.htmx:
        here = reverse("visits:import-result", args=[job.pk])
        return HttpResponseClientRedirect(here) if job.is_finished else render(request, "visits/_import_progress.html", {"job": job})
    event = AuditEvent.objects.filter(event__in=(EVENT, CHECKED), details__job=job.pk).first()
    told = event.details if event else None
    context = {
        "job": job,
        "file_name": job.args[1],
        "told": told,
        "checked": bool(event and event.event == CHECKED),
        "rejected_total": sum(told["rejected"].values()) if told else 0,
    }
    return render(request, "visits/import_result.html", context)
