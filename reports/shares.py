"""Who asks what of the market file: the filter, the vendor, the window, and where each figure leads."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse

from accounts.models import User
from accounts.permissions import Permission
from contacts.models import Practice
from reports.forms import MarketFilter
from reports.periods import Window
from reports.queries.market import Market, Share, market, shares
from reports.queries.names import Names, names
from territories.scope import Scope, scope_of


@dataclass(frozen=True)
class MarketQuestion:
    """A person, their field, the vendor whose word is read, and what they filtered for."""

    user: User
    scope: Scope
    source: Market
    known: Names
    form: MarketFilter
    practice: Practice | None = None

    @property
    def window(self) -> Window:
        return self.source.window(self.form.months)

    @property
    def has_history(self) -> bool:
        """Whether the vendor tells of the whole window before."""
        return self.source.first_month <= self.window.previous.start

    @property
    def before_words(self) -> str:
        months = self.window.months
        return f"{months} months before" if months > 1 else "month before"

    @property
    def where(self) -> dict[str, Any]:
        chosen = {name: self.form.chosen(name) for name in ("territory", "service_line")}
        chosen["practice"] = self.practice.pk if self.practice else None
        return {name: value for name, value in chosen.items() if value is not None}

    @property
    def sees_sources(self) -> bool:
        """Whether practices and providers may be named."""
        return self.user.can(Permission.PROVIDER_VIEW)

    def ask(self, *by: str, before: bool = False) -> list[Share]:
        """Groups of the window, or of the one before."""
        window = self.window.previous if before else self.window
        return shares(self.source, by=by, start=window.start, end=window.end, where=self.where, scope=self.scope)

    def whole(self, *, before: bool = False) -> Share:
        """All of it."""
        return next(iter(self.ask(before=before)), Share((), 0, 0, 0))

    def query(self, **extra: Any) -> str:
        """This question as a query string, with some of it changed; None takes a part away."""
        values = {name: self.form.chosen(name) for name in ("territory", "service_line", "standing", "whose", "vendor")}
        values |= {"period": None if self.form.months == 12 else self.form.months, "practice": self.practice.pk if self.practice else None}
        return urlencode({name: value for name, value in (values | extra).items() if value not in (None, "")})

    def page(self, name: str, *args: Any, **extra: Any) -> str:
        """A page with the same question."""
        query = self.query(**extra)
        return f"{reverse(f'reports:{name}', args=args)}{'?' if query else ''}{query}"

    def file(self, name: str, kind: str, **extra: Any) -> str:
        """Where it can be downloaded, for those who may."""
        return self.page(name, kind, **extra) if self.user.can(Permission.EXPORT) else ""


def ask_market(request: HttpRequest, *, without: Sequence[str] = ()) -> MarketQuestion | None:
    """The question that a request puts; None without market data or without a field. What lies outside the person's field is not found."""
    user = cast(User, request.user)
    scope = scope_of(user)
    vendor = request.GET.get("vendor", "")
    source = market(int(vendor) if vendor.isascii() and vendor.isdigit() and len(vendor) < 10 else None)
    if source is None or scope.is_empty:
        return None
    known = names()
    territories = {pk: name for pk, name in known.territories.items() if scope.whole or pk in scope.any_territory_ids}
    form = MarketFilter(request.GET, territories=territories, lines=known.lines, vendors=source.others, without=without)
    if "territory" in form.errors:
        raise Http404("No such territory in your field.")
    practice = None
    if (wanted := request.GET.get("practice")) and user.can(Permission.PROVIDER_VIEW):
        practice = get_object_or_404(Practice.objects.visible_to(user), pk=wanted if wanted.isdecimal() and len(wanted) < 10 else 0)
    return MarketQuestion(user, scope, source, known, form, practice)
