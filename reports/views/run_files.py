"""Finished runs as files, for those who may download; each download is recorded."""

import re

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from accounts.access import requires
from accounts.permissions import Permission
from audit.actions import record
from common.csvsafe import file_response
from referrals.models import CountingRules
from reports import kinds
from reports.exports.files import FILE_KINDS, write_file


@require_GET
@requires(Permission.DASHBOARD_VIEW, Permission.EXPORT)
def download(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """A finished run as PDF, XLSX or CSV."""
    found = kinds.runs_seen_by(request.user).finished().for_one()
    run = get_object_or_404(found, pk=pk)
    if kind not in FILE_KINDS:
        raise Http404("No such file.")
    document = kinds.KINDS[run.kind].document(run, request.user)
    content = write_file(document, kind, CountingRules.current().small_cell)
    record("report.exported", by=request.user, target=run, kind=kind, report=run.kind, data_version=run.data_version)
    name = re.sub(r"[^a-z0-9]+", "-", f"{document.title} {document.scope} {document.filter}".lower()).strip("-")
    return file_response(f"{name[:100]}.{kind}", content, FILE_KINDS[kind].content_type)
