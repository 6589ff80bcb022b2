"""Finished runs of leakage and growth: drawn like the live pages, from what was stored."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest

from reports import tables
from reports.models import ReportRun
from reports.questions import of_run
from reports.views.pages import drawings, frame, mover_lists, table

STORED = ("service_line", "payer", "territory")
Page = Callable[[HttpRequest, ReportRun], tuple[str, dict[str, Any]]]


def page(report: str) -> Page:
    def context(request: HttpRequest, run: ReportRun) -> tuple[str, dict[str, Any]]:
        question, found = of_run(run, request.user), run.numbers
        by = tables.check(request.GET.get("by", ""))
        if by not in STORED:
            raise Http404("A finished run has no such table.")
        tabs = [
            {"url": f"{run.get_absolute_url()}?by={dimension}", "label": tables.LABELS[dimension], "active": dimension == by}
            for dimension in STORED
        ]
        return "reports/run_standard.html", {
            **frame(question, report),
            **drawings(found, question, report),
            "movers": mover_lists(found, question) if report == tables.GROWTH else [],
            "table": table(request, question, report, by, found),
            "tabs": tabs,
            "report": report,
            "live_url": question.page(report),
        }

    return context
