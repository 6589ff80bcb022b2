"""What a page of measures asks: the filters of every report, besides any cut of METHODS section 2 in the address, and one or two groupings.

`?by=month&and=payer&flow=inbound&kind=consult`: values are ids or codes, "null" is what names nothing.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.urls import reverse

from accounts.models import User
from accounts.permissions import Permission
from contacts.models import Organization, Practice, Provider
from referrals.behind import Part
from referrals.models import Flow, Kind, LossReason, Source, State
from reports import workload
from reports.measures import MEASURES, Ask, Measure
from reports.measuring import NAMING
from reports.models import ReportRules
from reports.periods import Window, add_months
from reports.queries.cuts import CUTS
from reports.questions import NONE, Question, ask
from territories.models import Territory

_FILTERED = frozenset({"territory", "service_line", "payer"})  # cuts that the filter bar offers
_CODES = {"flow": Flow.values, "kind": Kind.values, "state": State.values, "reason": LossReason.values}
_SEEN: Mapping[str, type[Any]] = {"provider": Provider, "practice": Practice, "organization": Organization, "destination": Organization,
                                  "source": Source, "territory": Territory}  # fmt: skip


@dataclass(frozen=True)
class Inquiry:
    """One measure, asked by one person: `narrowed` are the cuts of the address beyond the filter bar, by id or code."""

    question: Question
    measure: Measure
    by: tuple[str, ...]
    narrowed: Mapping[str, Any]
    rules: ReportRules

    def ask(self, *by: str, window: Window | None = None) -> Ask:
        """The question to the measure, in these groups."""
        span = window or self.question.window
        where = {**self.question.where, **self.narrowed}
        return Ask(span.start, span.end, by, where, self.question.scope, None, self.question.fresh, self.rules, self.question.rules)

    @property
    def cuts(self) -> list[str]:
        """By what this person may group this measure."""
        return [cut for cut in CUTS if cut in self.measure.cuts and (cut not in NAMING or self.question.sees_sources)]

    def url(self, page: str = "measure", *args: str, changes: Mapping[str, Any] | None = None) -> str:
        """A page or file of this measure with the same question, some of it changed; None takes a part away."""
        values: dict[str, Any] = {
            **self.narrowed_words,
            "by": self.by[0] if self.by else None,
            "and": self.by[1] if len(self.by) > 1 else None,
        }
        query = self.question.query(**{**values, **(changes or {})})
        return f"{reverse(f'reports:{page}', args=[self.measure.name, *args])}{'?' if query else ''}{query}"

    def narrower(self, keys: Mapping[str, Any], by: str = "") -> str:
        """The same measure for one group of the table, without the grouping that leads there, or by another one."""
        left = [by] if by else [cut for cut in self.by if cut not in keys]
        changes: dict[str, Any] = {cut: word(key) for cut, key in keys.items() if cut != "month"}
        if isinstance(keys.get("month"), dt.date):
            changes |= {"start": keys["month"].isoformat(), "end": add_months(keys["month"], 1).isoformat(), "period": None}
        return self.url(changes={**changes, "by": left[0] if left else None, "and": left[1] if len(left) > 1 else None})

    def figure_rows(self, keys: Mapping[str, Any], part: Part = Part.NUMERATOR) -> str:
        """The referrals that a figure counts, or those in another of its parts; blank where no referral of ours is in it."""
        measure = self.measure
        if measure.unit == "referrals" or not measure.parts:
            return self.rows(keys, *(measure.numerator if measure.unit == "share" else measure.flows))
        if part not in measure.parts:
            return ""
        return self.rows(keys, *measure.flows, measure=measure.name, part="" if part == Part.NUMERATOR else part.value)

    def rows(self, keys: Mapping[str, Any], *flows: str, **extra: Any) -> str:
        """The referrals of a group, for those who may see single referrals. With a measure named in `extra` that decides of the flows."""
        if not flows or not self.question.user.can(Permission.REFERRAL_ROWS):
            return ""
        values = {**self.narrowed_words, **{cut: word(key) for cut, key in keys.items()}}
        asked = () if "measure" in extra else flows
        if "flow" in values:
            asked = (values.pop("flow"),)
            if asked[0] not in flows:
                return ""
        month = values.pop("month", None)
        if month and month != NONE:
            first = dt.date.fromisoformat(month)
            window = self.question.window
            values |= {
                "start": max(first, window.start).isoformat(),
                "end": min(add_months(first, 1), window.end).isoformat(),
            }
        return self.question.rows(*asked, **{**values, **extra})

    def providers(self, keys: Mapping[str, Any]) -> str:
        """The same measure by provider: those that a figure counts, for those who may read their names."""
        is_one = "provider" in {**keys, **self.narrowed}
        return "" if is_one or not self.question.sees_sources else self.narrower(keys, by="provider")

    @property
    def narrowed_words(self) -> dict[str, str]:
        return {cut: word(value) for cut, value in self.narrowed.items()}

    @property
    def by_words(self) -> str:
        """practice and month"""
        return " and ".join(CUTS[cut].label.lower() for cut in self.by)

    @property
    def by_label(self) -> str:
        return CUTS[self.by[0]].label if self.by else ""

    @property
    def kept(self) -> dict[str, str]:
        """What stays in the address when somebody filters."""
        return self.narrowed_words

    def size(self) -> int:
        """How many referrals the answer reads: none where rollups cover it."""
        return workload.size(self.measure, self.ask(*self.by))

    @property
    def is_for_a_worker(self) -> bool:
        return workload.is_for_a_worker(self.measure, self.ask(*self.by))

    @property
    def api_query(self) -> str:
        """The same question to the API, which tells the same figures: the days, the groups, every filter."""
        window = self.question.window
        values: dict[str, Any] = {"name": self.measure.name, "start": window.start.isoformat(), "end": window.end.isoformat()}
        if self.by:
            values["by"] = ",".join(self.by)
        return urlencode({**values, **self.question.chosen, **self.narrowed_words, "full": "true"})


def word(key: Any) -> str:
    """A key as addresses carry it."""
    if key is None:
        return NONE
    return key.isoformat() if isinstance(key, dt.date) else str(key)


def key_of(cut: str, text: str) -> Any:
    """What an address means by a value; what it cannot mean is not found."""
    if text == NONE:
        return None
    try:
        if cut == "month":
            return dt.date.fromisoformat(text).replace(day=1)
        if cut == "specialty":
            return text
        if cut in _CODES:
            return _CODES[cut][_CODES[cut].index(text)]
        number = int(text)
        if abs(number) >= 2**63:  # no id of the database
            raise ValueError
        return number
    except ValueError:
        raise Http404("No such value.") from None


def inquire(request: HttpRequest, name: str) -> Inquiry | None:
    """The inquiry of a request, or None before any data. Who does not see what it names gets no answer that tells it exists."""
    if name not in MEASURES:
        raise Http404("No such measure.")
    measure = MEASURES[name]
    if (question := ask(request)) is None:
        return None
    narrowed = {cut: key_of(cut, request.GET[cut]) for cut in CUTS if cut not in _FILTERED and request.GET.get(cut) and cut in measure.cuts}
    for cut in _FILTERED & set(measure.cuts):
        if request.GET.get(cut) == NONE:
            narrowed[cut] = None
    asked = list(dict.fromkeys(cut for part in ("by", "and") if (cut := request.GET.get(part, ""))))
    if any(cut not in CUTS for cut in asked):
        raise Http404("No such grouping.")
    by = tuple(cut for cut in asked if cut in measure.cuts)
    if NAMING & {*by, *narrowed} and not question.sees_sources:
        raise PermissionDenied("Your role sees totals, not single practices and providers.")
    for cut, value in narrowed.items():
        check_seen(cut, value, question.user)
    chosen = {cut: value for cut, value in question.chosen.items() if cut in measure.cuts}
    where = {cut: value for cut, value in question.where.items() if cut in measure.cuts}
    return Inquiry(replace(question, chosen=chosen, where=where), measure, by, narrowed, ReportRules.current())


def check_seen(cut: str, value: Any, user: User) -> None:
    """What somebody does not see is not found."""
    model: Any = _SEEN.get(cut)
    if cut == "group" and value is not None:
        model, value = (Organization, value) if value > 0 else (Practice, -value)
    if model is None or value is None:
        return
    if not model.objects.visible_to(user).filter(pk=value).exists():
        raise Http404("No such record in your field.")
