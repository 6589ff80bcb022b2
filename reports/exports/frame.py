"""What surrounds the numbers of every document: whose they are, over what, from which data, by which rules."""

from collections.abc import Sequence
from typing import Any

from accounts.models import Installation, Logo
from common.charts import Chart
from referrals.models import CountingRules, Kind
from reports.exports.document import Block, ChartBlock, Column, Definitions, Document, TableBlock, Value
from reports.measures import MEASURES, NOTES
from reports.models import ReportRun
from reports.queries.names import words_for
from reports.questions import Question
from territories.models import Territory


def document_of(run: ReportRun, title: str, filter: str, blocks: Sequence[Block]) -> Document:
    """The document of a finished run."""
    return Document(
        title=title,
        scope=run.scope_name,
        blocks=blocks,
        filter=filter,
        organization=organization(),
        logo=Logo.current_png(),
        data_through=run.data_through_on,
        version=run.data_version,
        computed_at=run.computed_at,
        asked_by=asked_by(run),
        settings=settings(),
    )


def organization() -> str:
    """What heads documents: the letterhead, else the name at the top of the tree of territories, the health system's own."""
    return (
        Installation.current().letterhead
        or Territory.objects.filter(parent=None).order_by("pk").values_list("name", flat=True).first()
        or ""
    )


def scope_words(question: Question) -> str:
    """Over what a live question speaks."""
    if (territory := question.chosen.get("territory")) is not None:
        return question.known.territories.get(territory, "")
    return "Whole organization" if question.scope.whole else f"Territories of {question.user}"


def filter_words(question: Question) -> str:
    """The months of a live question, and what else it is narrowed to."""
    known, chosen = question.known, question.chosen
    parts = [question.window.words]
    parts += [names[chosen[name]] for name, names in (("service_line", known.lines), ("payer", known.payers)) if chosen.get(name) in names]
    if "practice" in chosen:
        parts.append(words_for("practice", {chosen["practice"]})[chosen["practice"]])
    return ", ".join(parts)


def asked_by(run: ReportRun) -> str:
    return ", ".join(str(person) for person in run.asked_by.all())


def settings() -> list[tuple[str, str]]:
    """The counting rules that decide a number, in words."""
    rules = CountingRules.current()
    kinds = ", ".join(str(Kind(kind).label) for kind in rules.counted_kinds) or "none"
    return [
        ("Affiliated practices count as ours", "yes" if rules.affiliated_is_ours else "no"),
        ("Kinds of referral that count", kinds),
        ("Duplicates are within", f"{rules.duplicate_days} days"),
        ("The range leads when undetermined is above", f"{rules.range_leads_above}%"),
        ("Counts hidden in files below", str(rules.small_cell)),
    ]


def meaning(*names: str) -> Definitions:
    """What these measures count, from their own definitions, and what holds for all."""
    return Definitions([MEASURES[name] for name in names], NOTES)


def set_chart(chart: Chart, columns: Sequence[Column], rows: Sequence[Sequence[Value]], **more: Any) -> ChartBlock:
    """A page's chart, with typed numbers behind it."""
    table = TableBlock(chart.table["caption"], columns, rows)
    return ChartBlock(chart.id, chart.title, chart.spec, table, sub=chart.sub, note=chart.note, **more)
