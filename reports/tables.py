"""Reports by one dimension: rows to read, to sort, to page, to open and to download."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404
from django.urls import reverse

from accounts.models import User
from accounts.permissions import Permission
from common.templatetags.prm import direction, number, signed, signed_points
from reports import words
from reports.cells import Cell, merge
from reports.charts import now_and_before
from reports.measures import leakage_ordered, received
from reports.numbers import Numbers
from reports.periods import add_months
from reports.queries.cells import cells
from reports.queries.names import label
from reports.questions import NONE, Question

LEAKAGE, GROWTH = "leakage", "growth"
LABELS = {"service_line": "Service line", "payer": "Payer", "territory": "Territory", "practice": "Practice", "provider": "Provider"}
SOURCES = frozenset({"practice", "provider"})
SORTS = {LEAKAGE: ("outbound", "internal", "undetermined", "leakage"), GROWTH: ("inbound", "change", "internal", "received")}


@dataclass(frozen=True)
class Pair:
    """One group, now and in the window before."""

    key: Any
    now: Cell
    before: Cell

    @property
    def change(self) -> int:
        """Growth is of inbound referrals: what our own send us is kept, not grown."""
        return self.now.inbound - self.before.inbound


@dataclass(frozen=True)
class Figure:
    """A cell of a table: its text, and where it leads."""

    text: str
    url: str = ""
    tone: str = ""
    direction: str = ""
    word: str = ""


@dataclass(frozen=True)
class Row:
    name: str
    url: str
    figures: list[Figure]


def dimensions(question: Question) -> list[str]:
    """What the person may group by: practices and providers only where their names may be seen."""
    return [name for name in LABELS if name not in SOURCES or question.sees_sources]


def pairs(question: Question, by: str, found: Numbers | None = None, *, new: bool = False) -> list[Pair]:
    """Every group with anything in either period; without words for practices and providers, which only a page's rows need.

    Who is new is decided on the twelve months before, whatever the length of the window.
    """
    window = question.window
    if found is not None and by in {"service_line", "territory"}:
        split, place = found.grid, 1 if by == "territory" else 2
    elif found is not None and by == "payer":
        split, place = found.payers, 1
    else:
        start = add_months(window.start, -12) if new else window.previous.start
        split = cells(by=[by], start=start, end=window.end, where=question.where, scope=question.scope, split=window.start)
        place = 1
    now, before = ({cell.key[0]: cell for cell in merge(part, place)} for part in now_and_before(split))
    return [Pair(key, now.get(key, Cell((key,))), before.get(key, Cell((key,)))) for key in {**now, **before}]


def only(found: Sequence[Pair], report: str, new: bool = False) -> list[Pair]:
    """Groups that the report speaks of: ours for leakage, those who sent us something for growth."""
    if report == LEAKAGE:
        return [pair for pair in found if pair.now.internal + pair.now.outbound + pair.now.undetermined]
    if new:
        return [pair for pair in found if pair.now.inbound and not pair.before.inbound and pair.key is not None]
    return [pair for pair in found if received([pair.now]) or received([pair.before])]


def sort(found: list[Pair], by: str, *, down: bool = True) -> list[Pair]:
    """By a column; ties stay in a fixed order. Groups without a value come last either way."""

    def value(pair: Pair) -> float | None:
        if by == "leakage":
            return leakage_ordered([pair.now]).value
        if by == "received":
            return received([pair.now])
        return pair.change if by == "change" else getattr(pair.now, by)

    known = [pair for pair in found if value(pair) is not None]
    known.sort(key=lambda pair: (-(value(pair) or 0) if down else (value(pair) or 0), str(pair.key)))
    return known + [pair for pair in found if value(pair) is None]


def name(found: Sequence[Pair], by: str, question: Question) -> dict[Any, str]:
    labelled = label([Cell((pair.key,)) for pair in found], [by], question.known)
    return {cell.key[0]: cell.labels[0] for cell in labelled}


def headings(report: str) -> list[tuple[str, str]]:
    """(sort key or blank, label) of each figure."""
    if report == LEAKAGE:
        return [
            ("internal", "Kept"),
            ("outbound", "Left"),
            ("undetermined", "No destination"),
            ("leakage", "Leakage"),
            ("", "Known"),
            ("", "Change"),
        ]
    return [("inbound", "Inbound"), ("", "Before"), ("change", "Change"), ("internal", "Internal"), ("received", "Received")]


def rows(found: Sequence[Pair], report: str, by: str, question: Question) -> list[Row]:
    words_for = name(found, by, question)
    figures = _leakage_figures if report == LEAKAGE else _growth_figures
    return [Row(words_for[pair.key], _drill(pair.key, report, by, question), figures(pair, by, question)) for pair in found]


def _drill(key: Any, report: str, by: str, question: Question) -> str:
    """A territory, line or payer narrows the report; a practice opens its providers; a provider their own page."""
    if key is None:
        return ""
    if by == "provider":
        return reverse("contacts:provider", args=[key])
    if by == "practice":
        return question.page(report, by="provider", practice=key)
    return question.page(report, **{by: key})


def _behind(pair: Pair, by: str, question: Question, *flows: str) -> str:
    return question.rows(*flows, **{by: NONE if pair.key is None else pair.key})


def _leakage_figures(pair: Pair, by: str, question: Question) -> list[Figure]:
    now, before = leakage_ordered([pair.now]), leakage_ordered([pair.before])
    above = question.rules.range_leads_above
    points = None
    if (
        question.has_history
        and now.value is not None
        and before.value is not None
        and min(now.denominator, before.denominator) >= words.TOO_FEW
        and not (now.range_leads(above) or before.range_leads(above))
    ):
        points = now.value - before.value
    return [
        Figure(number(pair.now.internal), _behind(pair, by, question, "internal")),
        Figure(number(pair.now.outbound), _behind(pair, by, question, "outbound")),
        Figure(number(pair.now.undetermined), _behind(pair, by, question, "undetermined")),
        Figure(words.share(now, question.rules)),
        Figure(words.percent(now.known_share, 0)),
        _change(signed_points(points), points, is_settled=now.is_level_with(before), up_is_good=False),
    ]


def _growth_figures(pair: Pair, by: str, question: Question) -> list[Figure]:
    change = pair.change if question.has_history else None
    return [
        Figure(number(pair.now.inbound), _behind(pair, by, question, "inbound")),
        Figure(number(pair.before.inbound if question.has_history else None)),
        _change(signed(change), change, is_settled=words.is_chance(pair.now.inbound, pair.before.inbound), up_is_good=True),
        Figure(number(pair.now.internal), _behind(pair, by, question, "internal")),
        Figure(number(received([pair.now])), _behind(pair, by, question, "inbound", "internal")),
    ]


def _change(text: str, value: float | None, *, is_settled: bool, up_is_good: bool) -> Figure:
    """What chance explains is said, and called neither better nor worse."""
    if value is None:
        return Figure(text)
    if is_settled or abs(value) < 0.0005:
        return Figure(text, tone="neutral", direction=direction(value))
    good = (value > 0) == up_is_good
    return Figure(text, tone="good" if good else "bad", direction=direction(value), word="better" if good else "worse")


def check(by: str) -> str:
    """The dimension of the URL, or the first; what nobody offers is not found."""
    if not by:
        return next(iter(LABELS))
    if by not in LABELS:
        raise Http404("No such grouping.")
    return by


def may_group(by: str, user: User) -> bool:
    """Practices and providers are named to those who see providers."""
    return by not in SOURCES or user.can(Permission.PROVIDER_VIEW)
