"""A physician's year as a statement, and the sums by year that an executive reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, Sum
from django.db.models.functions import ExtractYear

from compliance.models import Rule, SpendEntry, SpendShare, SpendState, SpendTask, TaskState
from compliance.queries.allowances import limit_of
from compliance.rules import NOTHING
from contacts.models import Organization, Provider


@dataclass(frozen=True)
class Section:
    """What one of our entities gave the physician in the year."""

    payer: Organization | None
    shares: Sequence[SpendShare]
    limit: Decimal | None
    tasks: Sequence[SpendTask]

    @property
    def counted(self) -> Decimal:
        """Against the yearly limit, happened only."""
        return sum((s.counted for s in self.shares if s.rule == Rule.LIMIT and s.entry.state == SpendState.HAPPENED), NOTHING)

    @property
    def planned(self) -> Decimal:
        return sum((s.counted for s in self.shares if s.rule == Rule.LIMIT and s.entry.state == SpendState.PLANNED), NOTHING)

    @property
    def apart(self) -> Decimal:
        """What was had without counting against the yearly limit: incidental items, exempt events, what other policies cover."""
        return sum((s.amount for s in self.shares if s.rule != Rule.LIMIT and s.entry.state == SpendState.HAPPENED), NOTHING)

    @property
    def repaid(self) -> Decimal:
        return sum((task.amount for task in self.tasks if task.kind == "repay" and task.state == TaskState.DONE), NOTHING)


@dataclass(frozen=True)
class Statement:
    """What a physician and their family were given in a calendar year, by paying entity."""

    provider: Provider
    year: int
    sections: Sequence[Section]


def statement_of(provider: Provider, year: int) -> Statement:
    """Everything that stands in the ledger for the physician, and whoever was merged into them; planned entries are marked as such."""
    everybody = list(Provider.objects.all_of(provider).values_list("pk", flat=True))
    rows = SpendShare.objects.of_year(year).filter(provider__in=everybody).select_related("entry__payer", "entry__practice", "provider")
    shares = list(rows.order_by("entry__spent_on", "entry", "pk"))
    tasks = list(SpendTask.objects.filter(provider__in=everybody, year=year).exclude(state=TaskState.WITHDRAWN).for_list())
    by_payer = {share.entry.payer_id: share.entry.payer for share in shares} or {None: None}
    sections = [
        Section(
            payer=payer,
            shares=[share for share in shares if share.entry.payer_id == pk],
            limit=limit_of(year, pk),
            tasks=[task for task in tasks if task.payer_id == pk],
        )
        for pk, payer in sorted(by_payer.items(), key=lambda pair: str(pair[1] or ""))
    ]
    return Statement(provider, year, sections)


@dataclass(frozen=True)
class YearSum:
    """A calendar year of what happened: dollars in all, entries, physicians who had part of it, and dollars of each kind."""

    year: int
    amount: Decimal
    entries: int
    physicians: int
    kinds: dict[str, Decimal]


def year_sums() -> list[YearSum]:
    """Newest year first. Sums only: no person, no practice."""
    happened = SpendEntry.objects.filter(state=SpendState.HAPPENED).order_by()
    years: dict[int, dict[str, Decimal]] = {}
    counts: dict[int, int] = {}
    kinds = happened.values("kind", year=ExtractYear("spent_on")).annotate(sum=Sum("amount"), entries=Count("pk"))
    for row in kinds:
        years.setdefault(row["year"], {})[row["kind"]] = row["sum"]
        counts[row["year"]] = counts.get(row["year"], 0) + row["entries"]
    physicians = dict(
        SpendShare.objects.filter(Q(rule=Rule.LIMIT) | Q(role="physician"), entry__state=SpendState.HAPPENED)
        .order_by()
        .values(year=ExtractYear("entry__spent_on"))
        .annotate(people=Count("provider", distinct=True))
        .values_list("year", "people")
    )
    return [
        YearSum(year, sum(kinds.values(), NOTHING), counts[year], physicians.get(year, 0), kinds)
        for year, kinds in sorted(years.items(), reverse=True)
    ]


def years_with_spend(provider: Provider) -> list[int]:
    """Newest first."""
    rows = SpendShare.objects.filter(provider__in=Provider.objects.all_of(provider)).exclude(entry__state=SpendState.CANCELLED)
    return sorted(set(rows.order_by().values_list("entry__spent_on__year", flat=True)), reverse=True)
