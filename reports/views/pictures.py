"""The statistical pictures: between units, month by month, by two dimensions, and the flow of our referrals."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.access import requires
from accounts.permissions import Permission
from audit.actions import record
from contacts.models import Practice, Provider
from reports import charts, exports, pictures, presenters
from reports.charts import control as control_chart
from reports.charts import funnel as funnel_chart
from reports.charts.control import Control
from reports.charts.funnel import Plot
from reports.exports import pictures as files
from reports.forms import ControlFilter, FunnelFilter, HeatFilter, PictureFilter
from reports.measures import Measure
from reports.pictures.heat import Grid
from reports.queries.numbers import CORE, LEAKAGE
from reports.questions import Question, ask
from reports.views.pages import frame, nothing_yet

PAGE_ROWS = 50
SOURCES = frozenset({"practice", "provider"})
PAGES = (("funnel", "Who differs"), ("control", "Month by month"), ("heat", "By line and month"), ("flow", "Where it goes"))


@require_GET
@requires(Permission.DASHBOARD_VIEW)
def funnel(request: HttpRequest) -> HttpResponse:
    """Practices, providers, territories or lines around what they have in common: who differs by more than chance."""
    if (question := ask(request, FunnelFilter)) is None or question.scope.is_empty:
        return nothing_yet(request)
    unit = _unit(request, question)
    measure, refused, drawn = _funnel(question, unit)
    said, words = pictures.words_of(measure), pictures.funnel.UNITS[unit]
    file = {"by": unit}
    context = {
        "measure": measure,
        "refused": refused,
        "chart": funnel_chart.chart(
            drawn,
            id="funnel",
            words=words,
            measure=said.title,
            sizes=said.sizes,
            cases=said.cases,
            tone=said.tone,
            sub=f"Each mark is one {words[0]}, {question.window.words}. The more referrals, the narrower the limits.",
            csv_url=_file(question, "funnel", "csv", **file),
            data_through=question.data_through,
        ),
        "table": {
            "page": (page := Paginator(drawn.placed, PAGE_ROWS).get_page(request.GET.get("page"))),
            "rows": presenters.funnel_rows(page.object_list, measure, unit, question),
            "one": words[0].capitalize(),
            "several": words[1],
            "words": said,
            "csv_url": _file(question, "funnel", "csv", **file),
            "xlsx_url": _file(question, "funnel", "xlsx", **file),
        },
        "tabs": [
            {"url": question.page("funnel", by=name, **_own(question)), "label": several.capitalize(), "active": name == unit}
            for name, (_, several) in pictures.funnel.UNITS.items()
            if name in _units(question)
        ],
    }
    return render(request, "reports/funnel.html", context | _frame(question, "funnel", by=request.GET.get("by", "")))


@require_GET
@requires(Permission.DASHBOARD_VIEW)
def control(request: HttpRequest) -> HttpResponse:
    """One figure month by month, with what is usual for it."""
    parts = _parts(request)
    question = ask(request, ControlFilter, **{name: part.pk for name, part in parts.items()})
    if question is None or question.scope.is_empty:
        return nothing_yet(request)
    measure, refused, drawn = _control(question, parts)
    file = {name: part.pk for name, part in parts.items()}
    context = {
        "measure": measure,
        "refused": refused,
        "chart": control_chart.chart(
            drawn,
            id="control",
            sub=f"{question.window.words}. What lies within the limits is what chance makes of a steady process.",
            csv_url=_file(question, "control", "csv", **file),
            size="tall",
            data_through=question.data_through,
        ),
        "control": drawn,
        "signals": list(reversed(drawn.signals)),
        "rows": presenters.control_rows(drawn),
        "whole": reverse("reports:control") if not parts else question.page("control", practice=None, provider=None, **_own(question)),
        "parts": parts,
        "hidden": {name: value for name, value in request.GET.items() if name not in {"practice", "provider", "page"} and value},
        "searches": [(name, name.capitalize(), _selected(parts.get(name))) for name in ("practice", "provider")],
        "csv_url": _file(question, "control", "csv", **file),
        "xlsx_url": _file(question, "control", "xlsx", **file),
    }
    kept = {name: str(part.pk) for name, part in parts.items()}
    return render(request, "reports/control.html", context | _frame(question, "control", **kept))


@require_GET
@requires(Permission.DASHBOARD_VIEW)
def heat(request: HttpRequest) -> HttpResponse:
    """A figure by service line, territory or payer, and month."""
    by = _rows(request)
    if (question := ask(request, HeatFilter)) is None or question.scope.is_empty:
        return nothing_yet(request)
    measure, refused, grid = _heat(question, by)
    context = {
        "measure": measure,
        "refused": refused,
        "chart": pictures.heat.chart(grid, question, csv_url=_file(question, "heat", "csv", by=by)) if grid else None,
        "xlsx_url": _file(question, "heat", "xlsx", by=by),
        "tabs": [
            {"url": question.page("heat", by=name, **_own(question)), "label": one.capitalize(), "active": name == by}
            for name, (one, _) in pictures.heat.ROWS.items()
        ],
    }
    return render(request, "reports/heat.html", context | _frame(question, "heat", by=request.GET.get("by", "")))


@require_GET
@requires(Permission.DASHBOARD_VIEW)
def flow(request: HttpRequest) -> HttpResponse:
    """Our own referrals from territory to service line to where they went."""
    if (question := ask(request)) is None or question.scope.is_empty:
        return nothing_yet(request)
    found = question.numbers(CORE, LEAKAGE)
    context = {
        "chart": charts.flow(found, question, top=charts.TOP_OF_PAGE),
        "destinations": charts.destinations(found, question),
        "xlsx_url": question.file("flow", "xlsx"),
    }
    return render(request, "reports/flow.html", context | _frame(question, "flow"))


@require_GET
@requires(Permission.DASHBOARD_VIEW, Permission.EXPORT)
def export(request: HttpRequest, picture: str, kind: str) -> HttpResponseBase:
    """The numbers behind a picture, with the filter of its page."""
    if picture not in {"funnel", "control", "heat"} or kind not in exports.KINDS:
        raise Http404("No such file.")
    made, question = _table(request, picture)
    record("report.exported", by=request.user, table=picture, kind=kind, filter=question.query(**_own(question)))
    return exports.response(f"{picture}-{question.window.start:%Y-%m}-{question.window.last_day:%Y-%m}", kind, made)


def _table(request: HttpRequest, picture: str) -> tuple[exports.Table, Question]:
    if picture == "funnel":
        question = _asked(ask(request, FunnelFilter))
        unit = _unit(request, question)
        measure, _, drawn = _funnel(question, unit)
        return files.funnel(drawn, measure, pictures.funnel.UNITS[unit][0], question.rules.small_cell), question
    if picture == "control":
        parts = _parts(request)
        question = _asked(ask(request, ControlFilter, **{name: part.pk for name, part in parts.items()}))
        measure, _, found = _control(question, parts)
        return files.control(found, measure, question.rules.small_cell), question
    by = _rows(request)
    question = _asked(ask(request, HeatFilter))
    _, _, grid = _heat(question, by)
    if grid is None:
        raise Http404("This figure cannot be cut so.")
    return files.heat(grid, pictures.heat.ROWS[by][0], question.rules.range_leads_above, question.rules.small_cell), question


def _asked(question: Question | None) -> Question:
    if question is None:
        raise Http404("There is no data yet.")
    return question


def _funnel(question: Question, unit: str) -> tuple[Measure, str, Plot]:
    measure = _form(question).chosen_measure
    refused = pictures.refusal(measure, question, unit)
    return measure, refused, funnel_chart.plot([]) if refused else pictures.funnel.draw(question, measure, unit)


def _control(question: Question, parts: dict[str, Practice | Provider]) -> tuple[Measure, str, Control]:
    measure = _form(question).chosen_measure
    refused = pictures.refusal(measure, question, "month")
    known = question.known
    words = [
        names[question.chosen[name]]
        for name, names in (("territory", known.territories), ("service_line", known.lines), ("payer", known.payers))
        if name in question.chosen
    ]
    whose = ", ".join([*map(str, parts.values()), *words])
    return measure, refused, pictures.control.nothing(measure) if refused else pictures.control.draw(question, measure, whose=whose)


def _heat(question: Question, by: str) -> tuple[Measure, str, Grid | None]:
    measure = _form(question).chosen_measure
    refused = pictures.refusal(measure, question, by, "month")
    return measure, refused, None if refused else pictures.heat.draw(question, measure, by)


def _form(question: Question) -> PictureFilter:
    assert isinstance(question.form, PictureFilter)  # noqa: S101 - each of these pages asks with such a form
    return question.form


def _own(question: Question) -> dict[str, str]:
    return question.form.own() if isinstance(question.form, PictureFilter) else {}


def _units(question: Question) -> list[str]:
    """What the person may compare by this figure: practices and providers are named only to those who see providers."""
    cuts = _form(question).chosen_measure.cuts
    return [unit for unit in pictures.funnel.UNITS if unit in cuts and (unit not in SOURCES or question.sees_sources)]


def _unit(request: HttpRequest, question: Question) -> str:
    unit = request.GET.get("by") or next(iter(_units(question)), "territory")
    if unit not in pictures.funnel.UNITS:
        raise Http404("No such grouping.")
    if unit in SOURCES and not question.sees_sources:
        raise PermissionDenied("Your role sees totals by service line and territory, not by practice or provider.")
    return unit


def _rows(request: HttpRequest) -> str:
    by = request.GET.get("by") or "service_line"
    if by not in pictures.heat.ROWS:
        raise Http404("No such grouping.")
    return by


def _parts(request: HttpRequest) -> dict[str, Practice | Provider]:
    """The practice or provider that the months are of; one out of the person's field is not found."""
    wanted = {name: pk if pk.isdecimal() else "0" for name in sorted(SOURCES) if (pk := request.GET.get(name))}
    if wanted and not request.user.can(Permission.PROVIDER_VIEW):
        raise PermissionDenied("Your role sees totals by service line, payer and territory, not by practice or provider.")
    parts: dict[str, Practice | Provider] = {}
    if "practice" in wanted:
        parts["practice"] = get_object_or_404(Practice.objects.visible_to(request.user), pk=wanted["practice"])
    if "provider" in wanted:
        parts["provider"] = get_object_or_404(Provider.objects.visible_to(request.user), pk=wanted["provider"])
    return parts


def _selected(part: Practice | Provider | None) -> list[dict[str, Any]]:
    """As the combobox takes it."""
    return [{"value": part.pk, "label": str(part)}] if part else []


def _file(question: Question, picture: str, kind: str, **extra: Any) -> str:
    """Where the numbers of a picture can be downloaded, for those who may."""
    if not question.user.can(Permission.EXPORT):
        return ""
    query = question.query(**_own(question), **extra)
    return f"{reverse('reports:picture-export', args=[picture, kind])}{'?' if query else ''}{query}"


def _frame(question: Question, page: str, **kept: str) -> dict[str, Any]:
    """What stands around a picture; its neighbors are the other pictures."""
    return frame(question, page, **{name: value for name, value in kept.items() if value}) | {
        "pages": [{"url": question.page(name, **_shared(question, name)), "label": label, "active": name == page} for name, label in PAGES],
        "clear_url": reverse(f"reports:{page}") if question.query(**_own(question)) else "",
        "has_limits": page in {"funnel", "control"},
        "has_charts": page != "heat",
    }


def _shared(question: Question, page: str) -> dict[str, Any]:
    """What goes along to another picture: the filter, but no part of it that the other does not know."""
    return {"practice": None, "provider": None, **({"period": None} if page != "control" and question.form.months == "36" else {})}
