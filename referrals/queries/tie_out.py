"""What a tie-out needs to know of a feed: what is here, counted or not, and what was here or came and is not."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Max

from audit.models import AuditEvent
from referrals.models import BatchState, ControlTotal, CountingRules, Referral, RowOutcome, Source, SourceRow

MOST_REJECTED = 50_000  # refused rows that are looked at one by one; the rest are of an unknown month
_CHUNK = 5_000

Months = dict[dt.date, int]
Reader = Callable[[dict[str, str]], tuple[str, dt.date | None]]


@dataclass
class Counts:
    """A feed by month: `ours` by why it counts or not; `rejected` without those that came later after all."""

    theirs: Months = field(default_factory=dict)
    ours: dict[str, Months] = field(default_factory=dict)
    rejected: Months = field(default_factory=dict)
    rejected_sometime: int = 0
    deleted: Months = field(default_factory=dict)
    undone: Months = field(default_factory=dict)
    waiting: Months = field(default_factory=dict)
    data_through: dt.date | None = None


def counts(source: Source, *, reader: Callable[[dict[str, Any]], Reader]) -> Counts:
    """Everything that a tie-out of this feed is made of. One scan of the feed's referrals, and of what was refused; `reader` makes of a
    mapping what finds number and month in a refused row (importing.totals)."""
    found = Counts(theirs=dict(ControlTotal.objects.filter(source=source).values_list("month", "total")))
    if not found.theirs:
        return found
    first, last = min(found.theirs), max(found.theirs)
    found.ours = _ours(source, first, last)
    found.data_through = Referral.objects.filter(source=source).aggregate(last=Max("anchor_on"))["last"]
    found.rejected, found.rejected_sometime = _rejected(source, reader)
    found.deleted = _deleted(source)
    found.undone, found.waiting = _batches(source, BatchState.UNDONE), _batches(source, BatchState.CHECKED)
    return found


def _ours(source: Source, first: dt.date, last: dt.date) -> dict[str, Months]:
    """{"counted" or why not: {month: referrals}}; each referral once."""
    found: dict[str, Months] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT CASE WHEN is_counted THEN 'counted' WHEN linked_to_id IS NOT NULL THEN 'linked' WHEN is_own_follow_up THEN 'own'
                   WHEN NOT kind = ANY(%s) THEN 'kind' WHEN is_duplicate THEN 'duplicate' ELSE 'other' END, month, count(*)
               FROM referrals_referral WHERE source_id = %s AND month >= %s AND month <= %s GROUP BY 1, 2""",
            [CountingRules.current().counted_kinds, source.pk, first, last],
        )
        for why, month, n in cursor.fetchall():
            found.setdefault(why, {})[month] = n
    return found


def _rejected(source: Source, reader: Callable[[dict[str, Any]], Reader]) -> tuple[Months, int]:
    """Refused rows that never came in after all: by month as far as their own date tells it, else how many. A number refused in many
    files is one."""
    mappings: dict[int, dict[str, Any]] = dict(source.batches.filter(state=BatchState.LOADED).values_list("pk", "mapping"))
    total = sum(sum(rejected.values()) for rejected in source.batches.filter(pk__in=mappings).values_list("rejected", flat=True))
    readers = {pk: reader(mapping) for pk, mapping in mappings.items() if mapping}
    rows = SourceRow.objects.filter(batch__in=readers, outcome=RowOutcome.REJECTED).order_by("-batch", "line_number")
    months: dict[str, dt.date | None] = {}
    looked = 0
    for pk, batch, record in rows.values_list("pk", "batch", "record")[:MOST_REJECTED].iterator(chunk_size=_CHUNK):
        looked += 1
        key, month = readers[batch](record)
        months.setdefault(key or f"\n{pk}", month)
    for key in _loaded(source, months):
        del months[key]
    by_month = Counter(month for month in months.values() if month)
    return dict(by_month), max(total - looked, 0) + len(months) - by_month.total()


def _loaded(source: Source, keys: Iterable[str]) -> list[str]:
    """Which of these numbers the feed has."""
    found: list[str] = []
    asked = list(keys)
    for at in range(0, len(asked), _CHUNK):
        found += Referral.objects.filter(source=source, source_key__in=asked[at : at + _CHUNK]).values_list("source_key", flat=True)
    return found


def _deleted(source: Source) -> Months:
    """Referrals that a person deleted and that did not come back."""
    events = AuditEvent.objects.filter(event="referral.deleted", target_label__startswith=f"{source.name} ", details__has_key="month")
    month_of = {
        label.removeprefix(f"{source.name} "): dt.date.fromisoformat(f"{details['month']}-01")
        for label, details in events.values_list("target_label", "details")
    }
    for key in _loaded(source, month_of):
        del month_of[key]
    return dict(Counter(month_of.values()))


def _batches(source: Source, state: str) -> Months:
    """What files of this state held, by month; the same referral in two of them is there twice."""
    months: Counter[dt.date] = Counter()
    batches = source.batches.filter(state=state)
    if state == BatchState.CHECKED:
        batches = batches.filter(new__gt=0)  # a file that is here already explains nothing
    for by_month in batches.values_list("by_month", flat=True):
        months.update({dt.date.fromisoformat(month): n for month, n in by_month.items()})
    return dict(months)
