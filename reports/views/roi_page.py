"""A finished return on visits as its page: the finding and its grade on the ladder first, then the document."""

from typing import Any

from django.http import HttpRequest

from reports.exports.document import Heading
from reports.exports.roi import LADDER, roi_document
from reports.models import ReportRun
from reports.presenters.documents import page_blocks


def page(request: HttpRequest, run: ReportRun) -> tuple[str, dict[str, Any]]:
    found: dict[str, Any] = run.result or {}
    document = roi_document(run, request.user)
    kept = [block for block in document.blocks[1:] if not _is_ladder(block)]
    grade = (found.get("effect") or {}).get("grade")
    return "reports/run_roi.html", {
        "headline": found["headline"],
        "grade": grade,
        "ladder": [{"letter": letter, "text": text, "is_here": letter == grade} for letter, text in LADDER],
        "has_charts": bool(found["study"]),
        **page_blocks(document.with_blocks(kept)),
    }


def _is_ladder(block: Any) -> bool:
    """Drawn as steps on the page; the table is for files."""
    return getattr(block, "title", "") == "Four grades of evidence" or (
        isinstance(block, Heading) and block.text == "How good the evidence is"
    )
