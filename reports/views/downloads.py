"""Tables as files, for those who may download; each download is recorded."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from accounts.access import requires
from accounts.permissions import Permission
from audit.actions import record
from contacts.models import Practice
from reports import exports, tables
from reports.queries.field import contacts
from reports.queries.numbers import CORE, GROWTH, LEAKAGE, PAYERS
from reports.questions import Question, ask

# table: the measures whose definitions go with it
_LEAKAGE, _GROWTH = ("leakage_ordered", "keepage_ordered", "undetermined"), ("inbound", "internal", "received")
MEANT = {"leakage": _LEAKAGE, "flow": _LEAKAGE, "destinations": ("outbound",), "growth": _GROWTH, "shortfalls": ("received",)}


@require_GET
@requires(Permission.DASHBOARD_VIEW, Permission.EXPORT)
def export(request: HttpRequest, table: str, kind: str) -> HttpResponseBase:
    """`growth-by-month.csv`, `leakage-by-provider.xlsx`, `flow.csv` … with the filter of the page."""
    practice = None
    if wanted := request.GET.get("practice"):
        practice = get_object_or_404(Practice.objects.visible_to(request.user), pk=wanted if wanted.isdecimal() else 0)
    question = ask(request, practice=practice.pk if practice else None)
    if kind not in exports.KINDS or question is None:
        raise Http404("No such file.")
    made = _make(table, question)
    record("report.exported", by=request.user, table=table, kind=kind, filter=question.query())
    return exports.response(
        f"{table}-{question.window.start:%Y-%m}-{question.window.last_day:%Y-%m}",
        kind,
        made,
        question=question,
        measures=MEANT.get(table.partition("-by-")[0], ()),
    )


def _make(table: str, question: Question) -> exports.Table:
    smallest = question.rules.small_cell
    if table in {"flow", "destinations"}:
        found = question.numbers(CORE, LEAKAGE)
        return exports.flow(found, smallest) if table == "flow" else exports.destinations(found, smallest)
    if table == "shortfalls":
        if not question.sees_sources:
            raise PermissionDenied("Your role does not see practices.")
        found = question.numbers(CORE, GROWTH)
        seen = contacts([mover.practice_id for mover in found.movers], user=question.user, parents=question.known.parents)
        return exports.shortfalls(found, seen, smallest)
    report, _, by = table.partition("-by-")
    if report not in tables.SORTS or by not in {"month", *tables.LABELS}:
        raise Http404("No such file.")
    if not tables.may_group(by, question.user):
        raise PermissionDenied("Your role does not see practices and providers.")
    if by == "month":
        return exports.by_month(question.numbers(CORE), report, smallest)
    return exports.by_dimension(report, by, question, question.numbers(CORE, PAYERS) if by not in tables.SOURCES else None)
