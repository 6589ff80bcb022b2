"""Any measure by one or two cuts, where so many referrals are behind it that a worker counts them."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from accounts.models import User
from accounts.permissions import Permission
from referrals.models import CountingRules
from reports import actions
from reports.exports.document import Block, Column, Document, Figure, Figures, TableBlock, Text, Unit
from reports.exports.frame import document_of, meaning
from reports.forms.measures import MeasureRunForm
from reports.inquiry import key_of, word
from reports.kinds.kind import Kind, Progress
from reports.measures import MEASURES, Ask, Measure, Row
from reports.measuring import NAMING, answer
from reports.models import ReportRules, ReportRun
from reports.periods import Window
from reports.queries.cuts import CUTS, branch
from reports.queries.names import words_for
from territories.models import Territory
from territories.scope import Scope, scope_of

_FIELDS = ("numerator", "denominator", "value", "low", "high", "undetermined", "known_share", "lowest", "highest", "immature", "remark")


def _compute(parameters: Mapping[str, Any], scope: Scope, progress: Progress) -> dict[str, Any]:
    """The whole and its groups, with the words for them as they are today."""
    measure, by = MEASURES[parameters["measure"]], tuple(parameters.get("by", []))
    where = {cut: key_of(cut, str(value)) for cut, value in parameters.get("where", {}).items()}
    if where.get("territory") is not None:
        where["territory"] = branch(where["territory"])
    start, end = (dt.date.fromisoformat(parameters[name]) for name in ("start", "end"))
    asked = Ask(start, end, by, where, scope, parameters.get("within"))
    whole = measure.evaluate(replace(asked, by=()))
    progress(1, 2, "The whole is counted")
    found = measure.evaluate(asked) if by else whole
    rows = [row for row in found if not row.is_empty] if by else []
    rows.sort(key=lambda row: (-(row.denominator or row.numerator or 0), str(row.key)))
    words = [words_for(cut, {row.key[place] for row in rows}) for place, cut in enumerate(by)]
    progress(2, 2, "Writing it down")
    return {
        "whole": _to_json(whole[0]) if whole else None,
        "answer": answer(measure, asked, found, whole=whole[0]),
        "rows": [[[word[part] for word, part in zip(words, row.key, strict=True)], _to_json(row)] for row in rows],
    }


def _to_json(row: Row) -> list[Any]:
    return [*(getattr(row, name) for name in _FIELDS), dict(row.more)]


def _from_json(stored: list[Any]) -> Row:
    return Row(**dict(zip(_FIELDS, stored, strict=False)), more=stored[-1])


def _document(run: ReportRun, reader: User) -> Document:
    measure, by = MEASURES[run.parameters["measure"]], run.parameters.get("by", [])
    told = run.result or {}
    whole = _from_json(told["whole"]) if told.get("whole") else Row()
    columns = _columns(measure)
    blocks: list[Block] = [Figures(_figures(whole, measure))]
    if _is_withheld(run, reader):
        blocks = [Text("Your role sees totals, not single practices and providers.", tone="note")]
    elif by:
        heads = [Column(CUTS[cut].label) for cut in by]
        rows = [[*names, *_cells(_from_json(row), measure)] for names, row in told["rows"]]
        title = f"{measure.title} by {' and '.join(CUTS[cut].label.lower() for cut in by)}"
        blocks.append(TableBlock(title, [*heads, *columns], rows, is_main=True))
    blocks.append(meaning(measure.name))
    return document_of(run, measure.title, MeasureRunForm.words(run.parameters), blocks)


def _is_withheld(run: ReportRun, reader: User) -> bool:
    """Whether it names single sources to somebody who sees totals only."""
    return bool(NAMING & {*run.parameters.get("by", []), *run.parameters.get("where", {})}) and not reader.can(Permission.PROVIDER_VIEW)


def _answer(run: ReportRun, reader: User) -> Any:
    """What the API would have answered at once, had it been less."""
    return None if _is_withheld(run, reader) else (run.result or {}).get("answer")


def _figures(row: Row, measure: Measure) -> list[Figure]:
    if measure.unit != "share":
        unit = Unit.DECIMAL if measure.unit == "days" else Unit.COUNT
        return [Figure(measure.title, row.value, unit, note=row.remark, of_patients=measure.unit in {"referrals", "patients"})]
    return [
        Figure(measure.title, row.value, Unit.SHARE, note=row.remark),
        Figure("Counted", row.numerator, of_patients=True),
        Figure("Of", row.denominator, of_patients=True),
        Figure("Unknown", row.undetermined, of_patients=True),
        Figure("Too young to tell", row.immature, of_patients=True),
    ]


def _columns(measure: Measure) -> list[Column]:
    of = ("Counted", "Of")
    if measure.unit == "share":
        shares = [Column(label, Unit.SHARE, parts=of) for label in (measure.title, "Low (95%)", "High (95%)")]
        bounds = [Column(label, Unit.SHARE, parts=(*of, "Unknown")) for label in ("Lowest", "Highest")]
        counts = [Column(label, Unit.COUNT, of_patients=True) for label in (*of, "Unknown", "Too young")]
        return [*shares, *counts, *bounds]
    if measure.unit == "days":
        days = [Column(label, Unit.DECIMAL, parts=of) for label in ("Median days", "Low (95%)", "High (95%)", "P90 days")]
        return [*days, *(Column(label, Unit.COUNT, of_patients=True) for label in (*of, "Unknown"))]
    return [Column(measure.title, Unit.COUNT, of_patients=measure.unit != "providers")]


def _cells(row: Row, measure: Measure) -> list[Any]:
    if measure.unit == "share":
        counts = [row.numerator, row.denominator, row.undetermined, row.immature]
        return [row.value, row.low, row.high, *counts, row.lowest, row.highest]
    if measure.unit == "days":
        return [row.value, row.low, row.high, row.more.get("p90"), row.numerator, row.denominator, row.undetermined]
    return [row.numerator]


def _basis() -> dict[str, Any]:
    """The settings that decide a figure, and what a result holds: a run that was stored before it held an answer cannot give one."""
    return {
        "holds": ["answer"],
        **{
            type(row).__name__: {field.name: getattr(row, field.name) for field in row._meta.fields}
            for row in (ReportRules.current(), CountingRules.current())
        },
    }


MEASURE = Kind(
    name="measure",
    title="A measure by any cut",
    question="How does any figure look by any two things?",
    compute=_compute,
    form=MeasureRunForm,
    document=_document,
    basis=_basis,
    answer=_answer,
    icon="adjustments-horizontal",
)


def ask_worker(
    *, measure: Measure, window: Window, cuts: Sequence[str], where: Mapping[str, Any], by: User, within: int | None = None
) -> ReportRun:
    """Have a worker answer a question to a measure, of page or API; the same question on the same data is the same run.

    `cuts` group, `where` narrows, by id or code. A territory becomes the run's own where it is the person's as a whole; else it narrows
    what they see of it.
    """
    words, scope, territory = {cut: word(value) for cut, value in where.items()}, scope_of(by), None
    if (pk := where.get("territory")) is not None and (scope.whole or pk in scope.territory_ids):
        territory = Territory.objects.get(pk=pk)
        del words["territory"]
    parameters = {
        "measure": measure.name,
        "start": window.start.isoformat(),
        "end": window.end.isoformat(),
        "by": list(cuts),
        "where": words,
        "within": within,
    }
    return actions.ask_for_run(kind=MEASURE.name, parameters=parameters, territory=territory, by=by, basis=MEASURE.basis_now())
