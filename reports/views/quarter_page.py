"""A finished quarter as its page."""

from typing import Any, cast

from django.http import HttpRequest
from django.urls import reverse

from accounts.models import User
from accounts.permissions import Permission
from reports.exports.document import Text
from reports.exports.quarter import quarter_document
from reports.models import ReportRun
from reports.presenters.documents import page_blocks
from reports.questions import of_run


def page(request: HttpRequest, run: ReportRun) -> tuple[str, dict[str, Any]]:
    found: dict[str, Any] = run.result or {}
    document = quarter_document(run, request.user)
    claims = {sentence for sentence in found["cannot"]}
    kept = [block for block in document.blocks[1:] if not (isinstance(block, Text) and block.text in claims)]
    kept = [block for block in kept if getattr(block, "text", "") != "What cannot be claimed"]
    may_export = request.user.can(Permission.EXPORT)
    return "reports/run_quarter.html", {
        "headline": found["headline"],
        "words": found["words"],
        "cannot": found["cannot"],
        "slides_url": reverse("reports:quarter-slides", args=[run.pk]) if may_export else "",
        "has_charts": True,
        "wait_url": _wait_url(run, cast(User, request.user)),
        **page_blocks(document.with_blocks(kept)),
    }


def _wait_url(run: ReportRun, reader: User) -> str:
    """The measure over the same days and territory, for whom it says the same."""
    question = of_run(run, reader)
    return f"{reverse('reports:measure', args=['time_to_appointment'])}?{question.query()}" if question.is_own else ""
