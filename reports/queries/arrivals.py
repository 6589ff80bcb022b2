"""When the feeds' rows came, against the days they speak of: what may be compared of each feed."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from referrals.models import Source, SourceMonth
from reports.maturity import Maturity, maturity


@dataclass(frozen=True)
class FeedState:
    """A feed that brings inbound referrals, and which of its months may be compared."""

    source_id: int
    name: str
    maturity: Maturity

    def to_json(self) -> dict[str, Any]:
        through = self.maturity.through
        return {
            "source": self.source_id,
            "name": self.name,
            "through": through.isoformat() if through else None,
            "silent": [month.isoformat() for month in self.maturity.silent],
            "gaps": [[gap.start.isoformat(), gap.end.isoformat(), gap.is_filled] for gap in self.maturity.gaps],
        }


def feed_states(*, since: dt.date, as_of: dt.date, share: float) -> list[FeedState]:
    """Of every feed that brought inbound referrals since then, by name. A feed of our own orders has no say in who refers to us."""
    bring = (SourceMonth.objects.filter(month__gte=since).order_by().values("source").annotate(n=Sum("n_inbound")).filter(n__gt=0)).values(
        "source"
    )
    sources = list(Source.objects.filter(pk__in=bring))
    came = arrivals([source.pk for source in sources], since=since)
    return [FeedState(source.pk, str(source), maturity(came[source.pk], as_of=as_of, share=share)) for source in sources]


def arrivals(sources: Iterable[int], *, since: dt.date) -> dict[int, list[tuple[dt.date, dt.date, int]]]:
    """{feed: [(anchor date, day on which a load first brought it, referrals)]} of all referrals since then, counted or not."""
    found: dict[int, list[tuple[dt.date, dt.date, int]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH loads AS (SELECT id, (loaded_at AT TIME ZONE %(zone)s)::date AS on_day FROM referrals_importbatch
                              WHERE source_id = ANY(%(sources)s) AND state = 'loaded'),
               first AS (SELECT s.referral_id AS id, min(l.on_day) AS on_day FROM referrals_sentrow s JOIN loads l ON l.id = s.batch_id
                         GROUP BY 1)
               SELECT r.source_id, r.anchor_on, f.on_day, count(*) FROM referrals_referral r JOIN first f ON f.id = r.id
               WHERE r.anchor_on >= %(since)s GROUP BY 1, 2, 3""",
            {"zone": timezone.get_current_timezone_name(), "sources": list(sources), "since": since},
        )
        for source, anchor, day, n in cursor.fetchall():
            found[source].append((anchor, day, n))
    return found
