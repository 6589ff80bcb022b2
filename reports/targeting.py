"""Finding targets: candidates, capacity, margins and names brought together, and each part told in words with its source."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone

from common.templatetags.prm import number, percent
from contacts.models import AlignmentKind, Practice, Provider
from referrals.models import Capacity, CountingRules
from reports import targets
from reports.models import ReportRules
from reports.periods import Window
from reports.queries import targets as queries
from reports.queries.avoidable import spans
from reports.queries.market import Market
from reports.queries.money import Margins
from reports.queries.names import Names
from reports.targets import Target
from territories.scope import Scope

NOT_OURS, EVERYBODY = "", "all"
TIMES = "\N{MULTIPLICATION SIGN}"


@dataclass(frozen=True)
class Part:
    """One part of a value: what it is called, how much, and where that comes from."""

    name: str
    amount: str
    source: str


@dataclass(frozen=True)
class Listed:
    """A target with its names, its sentence and its parts."""

    target: Target
    provider: Provider
    practice: Practice
    line: str
    why: str
    parts: tuple[Part, ...]

    @property
    def key(self) -> str:
        """How a form names it: provider and line."""
        return f"{self.provider.pk}-{self.target.candidate.service_line_id}"

    @property
    def value(self) -> float | None:
        return self.target.value


@dataclass(frozen=True)
class Found:
    """Targets in order, and how many others differ from their peers by no more than chance, or by too few referrals to say."""

    listed: list[Listed]
    by_chance: int
    window: Window
    has_capacity: bool
    has_margins: bool


def find(
    source: Market,
    *,
    scope: Scope,
    known: Names,
    territories: Collection[int] | None = None,
    service_line: int | None = None,
    practice: int | None = None,
    whose: str = NOT_OURS,
    kind: str = "",
    only: Collection[str] | None = None,
    today: dt.date | None = None,
) -> Found:
    """Everybody whom the person sees and who could send more, most valuable first. `only` are keys of `Listed`."""
    today = today or timezone.localdate()
    rules, counting, window = ReportRules.current(), CountingRules.current(), source.window(targets.MONTHS_A_YEAR)
    narrowed = {"territories": territories, "service_line": service_line, "practice": practice}
    rows = queries.candidates(source, window, scope=scope, least_peers=rules.least_peers, **narrowed)  # type: ignore[arg-type]  # keywords from a dict
    if only is not None:
        rows = [row for row in rows if f"{row.provider_id}-{row.service_line_id}" in only]
    providers = _providers(rows, today)
    ours = _ours(counting)
    rows = [row for row in rows if whose == EVERYBODY or providers[row.provider_id].alignment_today not in ours]  # type: ignore[attr-defined]  # annotated by the query
    practices = Practice.objects.select_related("territory").in_bulk({row.practice_id for row in rows})
    here = queries.today_only(spans(rules, counting), today)
    names, mixes, margins = queries.site_names(here), queries.mixes(window), Margins.read()
    told = set(Capacity.objects.order_by().values_list("service_line_id", flat=True).distinct())
    found: list[tuple[Target, Mapping[int, float]]] = []
    by_chance = 0
    for row in rows:
        mix = mixes.of(row.territory_id, row.service_line_id)
        zip_, line = practices[row.practice_id].zip, row.service_line_id
        reached = targets.reach(zip_, line, mix, spans=here, names=names, miles=rules.avoidable_miles, told=line in told)
        dollars = {payer: _dollars(margins, today, line, payer) for payer in mix}
        margin = targets.margin_of(mix, reached.payers, dollars)
        one = targets.target(row, months=window.months, rules=rules, reached=reached, margin=margin)
        by_chance += one is None
        if one is not None and kind in ("", one.standing):
            found.append((one, mix))
    order = targets.ranked([one for one, _ in found])
    listed = [_listed(one, providers, practices, known, source, window, today) for one in order]
    return Found(listed, by_chance, window, bool(told), bool(margins.rows))


def _providers(rows: Collection[queries.Candidate], today: dt.date) -> dict[int, Provider]:
    wanted = Provider.objects.filter(pk__in={row.provider_id for row in rows})
    return {provider.pk: provider for provider in wanted.with_alignment(today).select_related("specialty")}


def _ours(counting: CountingRules) -> set[str]:
    return {AlignmentKind.EMPLOYED, AlignmentKind.AFFILIATED} if counting.affiliated_is_ours else {AlignmentKind.EMPLOYED}


def _dollars(margins: Margins, today: dt.date, line: int, payer: int) -> float | None:
    row = margins.on(today, service_line_id=line, payer_id=payer)
    return None if row is None else float(row.amount)


def _listed(
    one: Target,
    providers: Mapping[int, Provider],
    practices: Mapping[int, Practice],
    known: Names,
    source: Market,
    window: Window,
    today: dt.date,
) -> Listed:
    provider, row = providers[one.candidate.provider_id], one.candidate
    region = known.territories.get(row.region_id or 0, "everywhere")
    peers = f"{str(provider.specialty).lower()}, {region}"
    line = known.lines.get(row.service_line_id, "")
    sentence = targets.why(one, name=str(provider), line=line, peers=peers)
    return Listed(one, provider, practices[row.practice_id], line, sentence, _parts(one, peers, source, window, today))


def _parts(one: Target, peers: str, source: Market, window: Window, today: dt.date) -> tuple[Part, ...]:
    row, told = one.candidate, f"{source.vendor}, {window.words}"
    own = row.total * targets.MONTHS_A_YEAR / window.months
    own_words = f"Peers' {percent(one.peers_share, 0)} of the {number(own)} a year that they send anywhere"
    expected = f"{own_words}; {number(row.peers)} peers: {peers}; {told}"
    range_ = f"{percent(one.low, 0)} to {percent(one.high, 0)}"
    class_ = f"By class, a setting: {one.standing}. An assumption, not a measurement"
    if one.reach.share is None:
        reached = Part("Reachable", "Not known", f"{one.reach.why_not[:1].upper()}{one.reach.why_not[1:]}")
    elif not one.reach.site:
        reached = Part("Reachable", "0%", f"No site of ours within reach takes new patients soon enough, as told by {today:%-d %b %Y}")
    else:
        near = f"{one.reach.site}, {number(one.reach.miles)} mi, third next available in {number(one.reach.wait)} days"
        reached = Part("Reachable", percent(one.reach.share, 0), f"Of payers, in the mix of the territory; nearest: {near}")
    margin = (
        Part("Margin", "Not known", "No margin is entered for this line and its payers")
        if one.margin is None
        else Part("Margin", f"${number(one.margin)}", "A referral, over the payers who can be taken; the admin's table")
    )
    value = "Not known" if one.value is None else f"${number(one.value)}"
    return (
        Part("Expected", f"{number(one.expected)} a year", expected),
        Part("Now to us", f"{number(one.now)} a year", f"{number(row.to_us)} of {number(row.total)}, 95% interval {range_}; {told}"),
        Part("Could come", f"{number(one.gain)} a year", f"Expected less now; between {number(one.gain_low)} and {number(one.gain_high)}"),
        margin,
        reached,
        Part("P(move)", percent(one.move, 0), class_),
        Part("Value", f"{value}{'' if one.value is None else ' a year'}", f"Could come {TIMES} margin {TIMES} reachable {TIMES} P(move)"),
    )


def money(value: float | None) -> Decimal | None:
    """As it is written down."""
    return None if value is None else Decimal(value).quantize(Decimal("0.01"))


__all__ = ["EVERYBODY", "NOT_OURS", "Found", "Listed", "Part", "find", "money"]
