"""Files of contacts, uploaded in the browser and read by a worker."""

from datetime import timedelta
from uuid import uuid4

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from accounts.access import requires
from accounts.permissions import Permission
from audit.models import AuditEvent
from contacts.forms import ImportForm
from contacts.imports import CHECKED, EVENT, FEEDS
from contacts.views.common import show_form
from jobs.actions import enqueue
from jobs.models import Job, JobState
from jobs.querysets import JobQuerySet

PAST_SHOWN = 15
KEPT = timedelta(hours=24)  # as all uploads


@require_http_methods(["GET", "POST"])
@requires(Permission.IMPORT_RUN)
def imports(request: HttpRequest) -> HttpResponse:
    form = ImportForm(request.POST or None, request.FILES or None, initial={"kind": request.GET.get("kind")})
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        stored_as = _store(asked["file"])
        args = (asked["kind"], stored_as, asked["file"].name, request.user.pk, asked["dry_run"], asked["states"], asked["taxonomies"])
        return redirect("contacts:import", enqueue("contacts.import_file", *args, by=request.user).pk)
    past = [_told(event) for event in AuditEvent.objects.filter(event=EVENT)[:PAST_SHOWN]]
    return show_form(request, "contacts/imports.html", form, past=past, feeds=FEEDS, waiting=_waiting(request))


def _jobs(request: HttpRequest) -> JobQuerySet:
    return Job.objects.visible_to(request.user).filter(name="contacts.import_file")


def _waiting(request: HttpRequest) -> list[dict[str, object]]:
    """What is under way, and what was checked and can still be loaded."""
    since = timezone.now() - KEPT
    found = []
    for job in _jobs(request).filter(queued_at__gte=since).exclude(state__in=[JobState.FAILED, JobState.CANCELLED])[:PAST_SHOWN]:
        kind, _, file_name, *_ = job.args
        if not job.is_finished or can_be_loaded(job):
            found.append({"job": job, "label": FEEDS[kind].label, "file": file_name})
    return found


def can_be_loaded(job: Job) -> bool:
    """Checked only, and the file is still here."""
    _, stored_as, _, _, dry_run, *_ = job.args
    return bool(dry_run and job.state == JobState.DONE and (settings.UPLOADS / stored_as).is_file())


@require_POST
@requires(Permission.IMPORT_RUN)
def load_checked(request: HttpRequest, pk: int) -> HttpResponse:
    """Load the file of a check, as it was asked for then."""
    job = get_object_or_404(_jobs(request), pk=pk)
    if not can_be_loaded(job):
        messages.error(request, "This file is no longer here. Upload it again.")
        return redirect("contacts:imports")
    kind, stored_as, file_name, _, _, *choice = job.args
    args = (kind, stored_as, file_name, request.user.pk, False, *choice)
    return redirect("contacts:import", enqueue("contacts.import_file", *args, by=request.user, key=f"contacts.import_file:{stored_as}").pk)


def _store(file: UploadedFile) -> str:
    name = f"contacts-{uuid4().hex}"
    path = settings.UPLOADS / name
    with path.open("xb") as kept:
        path.chmod(0o600)
        for chunk in file.chunks():
            kept.write(chunk)
    return name


def _told(event: AuditEvent) -> dict[str, object]:
    told = event.details
    feed = FEEDS.get(told["kind"])
    return {
        **told,
        "label": feed.label if feed else told["kind"],
        "when": event.happened_at,
        "by": event.by_label,
        "checked": event.event == CHECKED,
        "rejected_total": sum(told["rejected"].values()),
    }


@require_GET
@requires(Permission.IMPORT_RUN)
def import_result(request: HttpRequest, pk: int) -> HttpResponse:
    """The progress while it runs, then what came of it."""
    job = get_object_or_404(_jobs(request), pk=pk)
    event = AuditEvent.objects.filter(event__in=(EVENT, CHECKED), details__job=job.pk).first()
    if request.htmx:
        here = reverse("contacts:import", args=[job.pk])
        return HttpResponseClientRedirect(here) if job.is_finished else render(request, "contacts/_import_progress.html", {"job": job})
    kind, _, file_name, *_ = job.args
    context = {
        "job": job,
        "told": _told(event) if event else None,
        "feed": FEEDS[kind],
        "file_name": file_name,
        "can_be_loaded": can_be_loaded(job),
    }
    return render(request, "contacts/import_result.html", context)
