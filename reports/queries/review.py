"""What the Monday review asks beside the numbers of the standard reports: feeds, new and returning sources, open concerns."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Q
from django.utils import timezone

from concerns.models import Concern
from concerns.querysets import ConcernQuerySet
from contacts.models import Affiliation, Practice, Provider
from contacts.querysets import PracticeQuerySet
from referrals.models import Referral, Source, SourceMonth
from reports.keeping import kept
from reports.models import Alert, Direction
from reports.periods import Window, add_months
from reports.queries.cells import Where, ground
from territories.scope import Scope

LATE_AFTER = 10  # days without a newer referral, weekends in it; the least gap of reports.maturity
SHOWN = 8


@dataclass(frozen=True)
class Feed:
    """A feed and the newest day that it told us of. Late: nothing newer for more than `LATE_AFTER` days."""

    name: str
    through: dt.date | None
    days: int | None

    @property
    def is_late(self) -> bool:
        return self.days is None or self.days > LATE_AFTER


def feeds(version: int) -> list[Feed]:
    """Every feed that ever sent something, the one furthest behind first."""
    found = kept(f"feeds:{version}" if version else "", _read_feeds)
    today = timezone.localdate()
    rows = [(name, dt.date.fromisoformat(last)) for name, last in found]
    return [Feed(name, last, (today - last).days) for name, last in sorted(rows, key=lambda row: (row[1], row[0]))]


def _read_feeds() -> list[tuple[str, str]]:
    """One short look at the end of each feed: only its last month of the facts is read."""
    newest = dict(SourceMonth.objects.order_by().values_list("source").annotate(Max("month")))
    names = dict(Source.objects.filter(pk__in=newest).values_list("pk", "name"))
    ends = Q()
    for source, month in newest.items():
        ends |= Q(source=source, month=month)
    if not newest:
        return []
    last = Referral.objects.filter(ends).order_by().values_list("source").annotate(Max("anchor_on"))
    return [(names[source], day.isoformat()) for source, day in last]


@dataclass(frozen=True)
class Newcomer:
    """A provider whose first inbound referral for twelve months or more came in the window; returning ones had sent before that."""

    provider_id: int
    name: str
    url: str
    practice: str
    practice_id: int | None
    referrals: int
    is_returning: bool


@dataclass(frozen=True)
class Newcomers:
    """How many there are, and those with most referrals. None known while there are no twelve months of history."""

    window: Window
    new: int | None
    returning: int | None
    shown: Sequence[Newcomer]
    referrals: int = 0


def newcomers(
    *, window: Window, where: Where, scope: Scope, first_month: dt.date | None, practices: PracticeQuerySet, with_names: bool
) -> Newcomers:
    """New and returning referrers of the window, by inbound referrals."""
    history = add_months(window.start, -12)
    if first_month is None or first_month > history or scope.is_empty:
        return Newcomers(window, None, None, [])
    source = ground(dimensions=["provider"], start=first_month, end=window.end, where=where, scope=scope)
    now, year = source.since(window.start), source.since(history)
    rows = (
        source.rows.filter(provider_id__isnull=False)
        .order_by()
        .values("provider_id")
        .annotate(
            now=source.tally("inbound", when=now),
            year=source.tally("inbound", when=year & ~now),
            earlier=source.tally("inbound", when=~year),
        )
        .filter(now__gt=0, year=0)
        .values_list("provider_id", "now", "earlier")
    )
    found = sorted(((pk, came, earlier > 0) for pk, came, earlier in rows), key=lambda row: (-row[1], row[0]))
    returning = sum(is_returning for _, _, is_returning in found)
    shown = _named(found[:SHOWN], practices) if with_names else []
    return Newcomers(window, len(found) - returning, returning, shown, sum(came for _, came, _ in found))


def _named(found: Sequence[tuple[int, int, bool]], practices: PracticeQuerySet) -> list[Newcomer]:
    """With names and offices, of those who work at one of these practices."""
    pks = [pk for pk, _, _ in found]
    works = (
        Affiliation.objects.open().filter(provider__in=pks, practice__in=practices).order_by("is_primary", "-pk").select_related("practice")
    )
    seen = {provider.pk: provider for provider in Provider.objects.live().filter(pk__in=pks).working_at(practices)}
    at = {row.provider_id: row.practice for row in works}
    return [
        Newcomer(
            pk,
            str(seen[pk]),
            seen[pk].get_absolute_url(),
            at[pk].name if pk in at else "",
            at[pk].pk if pk in at else None,
            came,
            is_returning,
        )
        for pk, came, is_returning in found
        if pk in seen
    ]


def falls_to_look_at(user: Any, territories: Collection[int] | None) -> list[Alert]:
    """Falls that chance does not explain and nobody has taken on, largest shortfall first."""
    rows = Alert.objects.visible_to(user).listed().to_look_at().filter(direction=Direction.DOWN)
    if territories is not None:
        rows = rows.filter(practice__territory__in=territories)
    return list(rows.by_size().for_list()[:SHOWN])


def practices_in(scope: Scope) -> PracticeQuerySet:
    """The practices of a field, as `visible_to` cuts them for a person."""
    seen = Practice.objects.all()
    return seen if scope.whole else seen.filter(territory__in=scope.any_territory_ids)


def concerns_in(scope: Scope) -> ConcernQuerySet:
    """The concerns of a field's practices."""
    seen = Concern.objects.all()
    return seen if scope.whole else seen.filter(practice__territory__in=scope.any_territory_ids)


def open_concerns(practice_ids: Collection[int], concerns: ConcernQuerySet) -> dict[int, int]:
    """{practice: open or untold ones of these concerns}."""
    rows = concerns.unfinished().filter(practice__in=practice_ids).order_by()
    return dict(rows.values_list("practice").annotate(Count("pk")))
