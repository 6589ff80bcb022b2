"""Every measure at one glance: its figure of the period, and its months as a spark."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.urls import reverse

from reports import workload
from reports.keeping import kept
from reports.measures import MEASURES, Ask, Measure
from reports.models import ReportRules
from reports.presenters.dashboard import Kpi
from reports.presenters.measures import figure, halves, interval
from reports.queries.runs import fingerprint
from reports.queries.size import referrals_of
from reports.questions import Question


@dataclass(frozen=True)
class Family:
    name: str
    cards: Sequence[Kpi]


def overview(question: Question) -> list[Family]:
    """By family, kept per version of the data, field, question and settings."""
    rules = ReportRules.current()
    settings = [{field.name: getattr(row, field.name) for field in row._meta.fields} for row in (rules, question.rules)]
    asked = json.dumps(
        [question.fresh.version, fingerprint(question.scope), str(question.window), sorted(question.chosen.items()), settings, "overview"],
        sort_keys=True,
    )
    told = kept(asked if question.fresh.version else "", lambda: _told(question, rules))
    families: dict[str, list[Kpi]] = {}
    for name, measure in MEASURES.items():
        query = question.query()
        card = Kpi(**told[name], url=f"{reverse('reports:measure', args=[name])}{'?' if query else ''}{query}")
        families.setdefault(measure.family, []).append(card)
    return [Family(name, cards) for name, cards in families.items()]


def _told(question: Question, rules: ReportRules) -> dict[str, Any]:
    window = question.window
    is_large = referrals_of(start=window.start, end=window.end, where=question.where, scope=question.scope) > workload.LIVE
    return {name: _card(measure, question, rules, is_large) for name, measure in MEASURES.items()}


def _card(measure: Measure, question: Question, rules: ReportRules, is_large: bool) -> dict[str, Any]:
    above = question.rules.range_leads_above
    where = {cut: value for cut, value in question.where.items() if cut in measure.cuts}

    def ask(*by: str) -> Ask:
        span = question.window
        return Ask(span.start, span.end, by, where, question.scope, None, question.fresh, rules, question.rules)

    if lacks := measure.lacks(ask()):
        return {"label": measure.title, "value": "\N{EN DASH}", "note": lacks[:1].upper() + lacks[1:]}
    if is_large and not measure.from_rollups:
        return {"label": measure.title, "value": "\N{EN DASH}", "note": "Many referrals: a worker counts it. Open to ask for it."}
    whole = measure.evaluate(ask())[0]
    months = measure.evaluate(ask("month")) if "month" in measure.cuts else []
    points = [row.value for row in sorted((row for row in months if row.key[0]), key=lambda row: row.key[0]) if not row.immature]
    said = figure(whole, measure, above)
    note = ""
    if whole.denominator is not None:
        note = halves(whole, measure)[1]
        if between := interval(whole, measure):
            note = f"{note}, by chance {between}"
    if whole.value is None and whole.remark:
        said, note = "\N{EN DASH}", said
    card = Kpi(
        measure.title, said, points=points if len(points) > 1 else (), note=note, period=whole.remark if whole.value is not None else ""
    )
    told = asdict(card)
    del told["url"]
    return told
