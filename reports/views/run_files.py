"""Finished runs as files, for those who may download; each download is recorded."""

import re

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET
from django_htmx.http import HttpResponseClientRedirect

from accounts.access import requires
from accounts.permissions import Permission
from audit.actions import record
from common.csvsafe import file_response
from referrals.models import CountingRules
from reports import actions, kinds
from reports.exports.document import Document
from reports.exports.files import FILE_KINDS, is_heavy, write_file
from reports.models import ReportFile, ReportRun
from reports.presenters.runs import run_line


@require_GET
@requires(Permission.DASHBOARD_VIEW, Permission.EXPORT)
def download(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """A finished run as PDF, XLSX or CSV: written at once, or by a worker where that would take long."""
    run = _find(request, pk, kind)
    document = kinds.KINDS[run.kind].document(run, request.user)
    if is_heavy(document, kind):
        file = actions.ask_for_file(run=run, kind=kind, by=request.user)
        if file.content is None:
            return redirect(file)
        content = bytes(file.content)
    else:
        content = write_file(document, kind, CountingRules.current().small_cell)
    record("report.exported", by=request.user, target=run, kind=kind, report=run.kind, data_version=run.data_version)
    return file_response(f"{_name(document)}.{kind}", content, FILE_KINDS[kind].content_type)


@require_GET
@requires(Permission.DASHBOARD_VIEW, Permission.EXPORT)
def waiting(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """How far a large file is; offers it when it is there."""
    run = _find(request, pk, kind)
    file = get_object_or_404(ReportFile.objects.visible_to(request.user).select_related("job", "run"), run=run, kind=kind)
    if request.htmx and file.content is not None:
        return HttpResponseClientRedirect(file.get_absolute_url())
    context = {"run": run, "file": file, "kind": kind, "line": run_line(run, kinds.KINDS[run.kind], request.user)}
    return render(request, "reports/_run_file.html" if request.htmx else "reports/run_file.html", context)


def _find(request: HttpRequest, pk: int, kind: str) -> ReportRun:
    if kind not in FILE_KINDS:
        raise Http404("No such file.")
    return get_object_or_404(kinds.runs_seen_by(request.user).finished().for_one(), pk=pk)


def _name(document: Document) -> str:
    words = f"{document.title} {document.scope} {document.filter}".lower()
    return re.sub(r"[^a-z0-9]+", "-", words).strip("-")[:100]
