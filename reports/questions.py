"""Who asks for which window and filter: what every page of reports starts from."""

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast
from urllib.parse import urlencode

from django.http import Http404, HttpRequest
from django.templatetags.static import static
from django.urls import reverse

from accounts.models import User
from accounts.permissions import Permission
from referrals.models import CountingRules
from reports.forms import DEFAULT_PERIOD, ReportFilter
from reports.keeping import kept
from reports.models import ReportRun
from reports.numbers import Numbers
from reports.periods import Window, last_full_months
from reports.queries.cells import branch
from reports.queries.freshness import Freshness, freshness
from reports.queries.names import Names, names
from reports.queries.numbers import numbers
from reports.queries.runs import fingerprint, latest_standard
from territories.scope import Scope, scope_of

NONE = "null"  # how the list of referrals is asked for rows that name nothing


@dataclass(frozen=True)
class Question:
    """A person, their field, the data there is, and what they filtered for."""

    user: User
    scope: Scope
    fresh: Freshness
    known: Names
    rules: CountingRules
    form: ReportFilter
    window: Window
    where: Mapping[str, Any]
    chosen: Mapping[str, int]
    run: ReportRun | None = None
    is_own: bool = True

    @property
    def data_through(self) -> dt.date | None:
        return self.run.data_through_on if self.run else self.fresh.data_through

    @property
    def full_until(self) -> dt.date:
        """Months from here on are not complete."""
        full = replace(self.fresh, data_through=self.data_through).full_until
        return full or self.window.end

    @property
    def has_history(self) -> bool:
        """Whether the whole of the window before lies within the data."""
        return self.fresh.first_month is not None and self.fresh.first_month <= self.window.previous.start

    @property
    def territories(self) -> Collection[int] | None:
        return self.where.get("territory")

    @property
    def sees_sources(self) -> bool:
        """Whether practices and providers may be named: executives see aggregates only."""
        return self.user.can(Permission.PROVIDER_VIEW)

    @property
    def before_words(self) -> str:
        months = self.window.months if self.window.is_whole_months else 0
        return f"{months} months before" if months > 1 else "period before"

    def narrowed(self, *, territory: int) -> "Question":
        """The same question of one territory and what lies below it. The caller has seen that it is the person's."""
        chosen, where = {**self.chosen, "territory": territory}, {**self.where, "territory": branch(territory, self.known.parents)}
        return replace(self, chosen=chosen, where=where)

    def query(self, **extra: Any) -> str:
        """This question as a query string, with some of it changed; None takes a part away."""
        values: dict[str, Any] = {name: value for name, value in self.chosen.items()}
        if self.form.custom or (self.run and self.window != self.form.standard(self.fresh.data_through)):
            values |= {"start": self.window.start.isoformat(), "end": self.window.end.isoformat()}
        elif self.form.months != self.form.default_period:
            values["period"] = self.form.months
        values |= extra
        return urlencode({name: value for name, value in values.items() if value not in (None, "")}, doseq=True)

    def page(self, name: str, **extra: Any) -> str:
        """A page of reports with the same question; blank where the run spoke of somebody else's field, which no page can show."""
        if not self.is_own:
            return ""
        query = self.query(**extra)
        return f"{reverse(f'reports:{name}')}{'?' if query else ''}{query}"

    def rows(self, *flows: str, **extra: Any) -> str:
        """The list of the referrals behind a figure, for those who may see single referrals; else blank."""
        if not self._rows_url:
            return ""
        parts = self._rows_parts | {name: _encoded(name, value) for name, value in {"flow": flows, **extra}.items()}
        return f"{self._rows_url}?{'&'.join(part for part in parts.values() if part)}"

    @cached_property
    def _rows_url(self) -> str:
        return reverse("referrals:list") if self.is_own and self.user.can(Permission.REFERRAL_ROWS) else ""

    @cached_property
    def _rows_parts(self) -> dict[str, str]:
        """What every link of a page to its rows says alike; a page has hundreds of them."""
        values = {**self.chosen, "start": self.window.start.isoformat(), "end": self.window.end.isoformat()}
        return {name: _encoded(name, value) for name, value in values.items()}

    def file(self, table: str, kind: str = "csv") -> str:
        """Where a table can be downloaded, for those who may."""
        if not (self.is_own and self.user.can(Permission.EXPORT)):
            return ""
        query = self.query()
        return f"{reverse('reports:export', args=[table, kind])}{'?' if query else ''}{query}"

    def numbers(self, *parts: str) -> Numbers:
        """The parts a page shows, kept per data version, field and question."""

        def compute() -> Any:
            found = numbers(window=self.window, where=self.where, scope=self.scope, fresh=self.fresh, known=self.known, parts=parts)
            return found.to_json()

        return Numbers.from_json(kept(self._asked(*parts), compute))

    def drawn(self, name: str, draw: Callable[[], str]) -> str:
        """The HTML of a chart, kept like the numbers; also per reader's rights and rules, which decide its links and words."""
        rules = [str(getattr(self.rules, field.attname)) for field in self.rules._meta.concrete_fields]
        rights = sorted(permission.name for permission in self.user.permissions)
        around = [rights, rules, str(self.data_through), self.run and self.run.pk, self.is_own, self.query()]
        return kept(self._asked("drawn", name, static("css/app.css"), json.dumps(around)), draw)

    def _asked(self, *what: str) -> str:
        """The key under which an answer is kept, with the names it shows; blank, so never kept, before there is a data version."""
        if not self.fresh.version:
            return ""
        asked = [self.fresh.version, fingerprint(self.scope), str(self.window), sorted(self.chosen.items()), self._names, what]
        return json.dumps(asked, sort_keys=True)

    @cached_property
    def _names(self) -> str:
        return hashlib.sha256(repr(self.known).encode()).hexdigest()


def _encoded(name: str, value: Any) -> str:
    """A part of a query string; blank for what is not asked."""
    return "" if value in (None, "", ()) else urlencode({name: value}, doseq=True)


def ask(request: HttpRequest, form_class: type[ReportFilter] = ReportFilter, **narrower: int | None) -> Question | None:
    """The question that a request puts, or None before any data. A territory outside the person's field is not found.

    `form_class` is the page's own filter; `narrower` are dimensions that a page adds, such as the practice whose providers are shown.
    """
    user = cast(User, request.user)
    scope, fresh = scope_of(user), freshness()
    if fresh.data_through is None:
        return None
    known = names()
    territories = {pk: name for pk, name in known.territories.items() if scope.whole or pk in scope.any_territory_ids}
    form = form_class(request.GET, territories=territories, lines=known.lines, payers=known.payers)
    if "territory" in form.errors:
        raise Http404("No such territory in your field.")
    chosen = {name: value for name in ("territory", "service_line", "payer") if (value := form.chosen(name)) is not None}
    chosen |= {name: value for name, value in narrower.items() if value is not None}
    where: dict[str, Any] = dict(chosen)
    if "territory" in chosen:
        where["territory"] = branch(chosen["territory"], known.parents)
    return Question(user, scope, fresh, known, CountingRules.current(), form, form.window(fresh.data_through), where, chosen)


def opening(question: Question) -> tuple[Question, Numbers] | None:
    """The latest finished standard runs of the person's field, when nothing is filtered and their field is still the same."""
    if question.query():
        return None
    runs = latest_standard(user=question.user, scope=question.scope)
    if not runs:
        return None
    leakage, growth = runs["leakage"], runs["volume"]
    found = replace(growth.numbers, destinations=leakage.numbers.destinations)
    return _about(question, growth), found


def of_run(run: ReportRun, reader: User) -> Question:
    """The question that a finished run over some time answered, as its reader may follow it."""
    fresh, known = freshness(), names()
    form = ReportFilter({}, territories=known.territories, lines=known.lines, payers=known.payers)
    window = run.window or last_full_months(int(DEFAULT_PERIOD), run.data_through_on or dt.date.min)
    return _about(Question(reader, run.scope, fresh, known, CountingRules.current(), form, window, {}, {}), run)


def _about(question: Question, run: ReportRun) -> Question:
    chosen = {"territory": run.territory_id} if run.territory_id else {}
    is_own = run.liaison_id in {None, question.user.pk}
    return replace(question, run=run, window=run.window or question.window, chosen=chosen, is_own=is_own)
