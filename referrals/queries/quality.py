"""How complete and how fresh a feed is: one scan of its last months, one of its imports."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import connection
from django.db.models import Max

from referrals.models import BatchState, ImportBatch, Referral, Source

MONTHS = 13  # the newest months of the feed that are looked at
IMPORTS = 24
# what a person calls it: when a referral has it
COLUMNS = {
    "Referrer": "referring_name <> '' OR referring_npi <> ''",
    "Referrer NPI": "referring_npi <> ''",
    "Practice": "referring_org <> ''",
    "ZIP": "referring_zip <> ''",
    "Destination": "destination_name <> ''",
    "Performer": "performing_name <> '' OR performing_npi <> ''",
    "Service line": "service_line_id IS NOT NULL",
    "Payer": "payer_id IS NOT NULL",
    "Priority": "priority <> ''",
    "Patient": "patient_hash <> ''",
    "Appointment": "appointment_on IS NOT NULL",
    "Seen on": "seen_on IS NOT NULL",
}


@dataclass(frozen=True)
class MonthQuality:
    """One month of a feed: how many referrals, and how many of them have what."""

    month: dt.date
    referrals: int
    filled: dict[str, int]
    unmatched: int
    assumed: int
    lag_median: float | None = None
    lag_p90: float | None = None


@dataclass(frozen=True)
class StateSeen:
    """A state that the feed's referrals are in."""

    state: str
    referrals: int
    newest: dt.date


@dataclass
class Quality:
    """A feed's months from the oldest that is looked at, the states of its referrals, and its last imports, oldest first."""

    months: list[MonthQuality] = field(default_factory=list)
    states: list[StateSeen] = field(default_factory=list)
    imports: list[ImportBatch] = field(default_factory=list)
    data_through: dt.date | None = None

    def missing(self) -> list[dt.date]:
        """Months between the first and the last without a single referral."""
        there = {month.month for month in self.months}
        return [month for month in _between(min(there), max(there)) if month not in there] if there else []


def quality(source: Source) -> Quality:
    """Look at the newest months of a feed."""
    found = Quality(data_through=Referral.objects.filter(source=source).aggregate(last=Max("month"))["last"])
    newest = ImportBatch.objects.filter(source=source, state=BatchState.LOADED, rows__gt=0).order_by("-loaded_at", "-pk")
    found.imports = list(newest[:IMPORTS])[::-1]
    if found.data_through is None:
        return found
    at = found.data_through.year * 12 + found.data_through.month - MONTHS
    first = dt.date(at // 12, at % 12 + 1, 1)
    lags = _lags(source, first)
    with connection.cursor() as cursor:
        filled = ", ".join(f"count(*) FILTER (WHERE {condition})" for condition in COLUMNS.values())
        cursor.execute(
            f"""SELECT month, count(*), count(*) FILTER (WHERE referrer_named = 'provider' AND provider_id IS NULL),
                    count(*) FILTER (WHERE practice_assumed), {filled}
                FROM referrals_referral WHERE source_id = %s AND month >= %s GROUP BY 1 ORDER BY 1""",  # noqa: S608 - our own conditions
            [source.pk, first],
        )
        found.months = [
            MonthQuality(month, n, dict(zip(COLUMNS, has, strict=True)), unmatched, assumed, *lags.get(month, (None, None)))
            for month, n, unmatched, assumed, *has in cursor.fetchall()
        ]
        cursor.execute(
            "SELECT state, count(*), max(anchor_on) FROM referrals_referral WHERE source_id = %s AND month >= %s"
            " GROUP BY 1 ORDER BY 2 DESC, 1",
            [source.pk, first],
        )
        found.states = [StateSeen(*row) for row in cursor.fetchall()]
    return found


def _lags(source: Source, first: dt.date) -> dict[dt.date, tuple[float, float]]:
    """Days from the referral's date to the load that brought it first: half came sooner, nine in ten came sooner. Months that were over
    when the feed began came with its first file, which says nothing of how it arrives."""
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH began AS (SELECT min(loaded_at)::date AS on_day FROM referrals_importbatch WHERE source_id = %(source)s
                              AND state = 'loaded'),
               arrived AS (
                   SELECT r.month, min(b.loaded_at)::date - r.anchor_on AS days
                   FROM referrals_importbatch b JOIN referrals_sentrow s ON s.batch_id = b.id
                   JOIN referrals_referral r ON r.id = s.referral_id, began
                   WHERE b.source_id = %(source)s AND r.month >= greatest(%(first)s, date_trunc('month', began.on_day)::date)
                   GROUP BY r.id
               )
               SELECT month, percentile_cont(0.5) WITHIN GROUP (ORDER BY days), percentile_cont(0.9) WITHIN GROUP (ORDER BY days)
               FROM arrived GROUP BY 1""",
            {"source": source.pk, "first": first},
        )
        return {month: (median, late) for month, median, late in cursor.fetchall()}


def _between(first: dt.date, last: dt.date) -> Iterable[dt.date]:
    for at in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        yield dt.date(at // 12, at % 12 + 1, 1)
