"""One provider, practice or organization among those it sends to and hears from (METHODS section 5). Pure: links in, plain data out.

The figures are those of reports.network, for one node and without pandas or networkx, so that a page can have them in its request.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reports.intervals import Estimate, rate_ratio
from reports.numbers import BASELINE_MONTHS, RECENT_MONTHS
from reports.periods import Window, months_between
from reports.queries.links import Link

HALF = 0.5


@dataclass(frozen=True)
class Partner:
    """Somebody at the other end. `sent` and `received` are the center's: to the partner, and from it; shares are of all its own."""

    key: str
    sent: int
    received: int
    sent_share: float | None
    received_share: float | None
    months: int
    trend: Estimate | None

    @property
    def strength(self) -> int:
        return self.sent + self.received


@dataclass(frozen=True)
class Neighborhood:
    """The center's own figures, and its partners, strongest first.

    `concentration`: Herfindahl-Hirschman index of where it sends; None: it sends nothing. `reciprocity`: share of its referrals, in and
    out, that the other side returns. `seen_whole`: share of what it sends that stands in feeds that see all destinations: without
    those, "all it sends" is only what it sends us.
    """

    center: str
    partners: tuple[Partner, ...]
    sent: int
    received: int
    concentration: float | None
    reciprocity: float | None
    months: int
    trend: Estimate | None
    seen_whole: float | None

    @property
    def destinations(self) -> list[Partner]:
        return sorted((partner for partner in self.partners if partner.sent), key=lambda partner: (-partner.sent, partner.key))

    @property
    def referrers(self) -> list[Partner]:
        return sorted((partner for partner in self.partners if partner.received), key=lambda partner: (-partner.received, partner.key))

    @property
    def is_one_sided(self) -> bool:
        """Whether most of what it sends is known only from what arrived at us: then its shares say nothing."""
        return self.seen_whole is not None and self.seen_whole < HALF

    @property
    def carriers(self) -> int:
        """How many links carry half of what it sends."""
        carried = number = 0
        for partner in self.destinations:
            if carried >= HALF * self.sent:
                break
            carried, number = carried + partner.sent, number + 1
        return number


@dataclass
class _Tally:
    sent: int = 0
    received: int = 0
    by_month: dict[dt.date, int] = field(default_factory=lambda: defaultdict(int))


def neighborhood(center: str, links: Iterable[Link], window: Window) -> Neighborhood:
    """The center and its partners; links between others, and of the center with itself, are left out."""
    tallies: dict[str, _Tally] = defaultdict(_Tally)
    together, whole = _Tally(), 0
    for link in links:
        if (link.source == center) == (link.target == center):
            continue
        tally = tallies[link.target if link.source == center else link.source]
        tally.by_month[link.month] += link.n
        together.by_month[link.month] += link.n
        if link.source == center:
            tally.sent += link.n
            together.sent += link.n
            whole += link.whole
        else:
            tally.received += link.n
            together.received += link.n
    sent, received = together.sent, together.received
    partners = [
        Partner(
            key,
            tally.sent,
            tally.received,
            tally.sent / sent if sent else None,
            tally.received / received if received else None,
            len(tally.by_month),
            trend(tally.by_month, window),
        )
        for key, tally in tallies.items()
    ]
    partners.sort(key=lambda partner: (-partner.strength, partner.key))
    returned = sum(min(partner.sent, partner.received) for partner in partners)
    return Neighborhood(
        center,
        tuple(partners),
        sent,
        received,
        sum((partner.sent / sent) ** 2 for partner in partners) if sent else None,
        2 * returned / (sent + received) if sent + received else None,
        len(together.by_month),
        trend(together.by_month, window) if partners else None,
        whole / sent if sent else None,
    )


def trend(by_month: Mapping[dt.date, int], window: Window) -> Estimate | None:
    """The window's last three months over the rate of up to twelve before; None while the window has fewer than six."""
    before = min(BASELINE_MONTHS, window.months - RECENT_MONTHS)
    if not window.is_whole_months or before < RECENT_MONTHS:
        return None
    ages = {month: months_between(month, window.end) - 1 for month in by_month}
    recent = sum(n for month, n in by_month.items() if ages[month] < RECENT_MONTHS)
    earlier = sum(n for month, n in by_month.items() if RECENT_MONTHS <= ages[month] < RECENT_MONTHS + before)
    return rate_ratio(recent, RECENT_MONTHS, earlier, before)
