"""The numbers of a report, from the smallest tables that hold them."""

import datetime as dt
from collections.abc import Collection

from reports.cells import Cell
from reports.numbers import MOVERS, TREND_MONTHS, Baseline, Mover, Numbers
from reports.periods import Window, add_months
from reports.queries.cells import Where, cells, ground
from reports.queries.freshness import Freshness
from reports.queries.names import Names, label
from reports.queries.referrers import Stretch, referrers
from territories.scope import Scope

CORE, PAYERS, LEAKAGE, GROWTH = "core", "payers", "leakage", "growth"
_UNFINISHED = 3  # months after the last full one that some feeds may already have reached
_SMALLEST_MOVE = 3  # referrals; less is said by nobody


def numbers(*, window: Window, where: Where, scope: Scope, fresh: Freshness, known: Names, parts: Collection[str]) -> Numbers:
    """Compute the parts that a page shows; what it does not show is left empty."""
    previous = window.previous
    payers: list[Cell] = []
    destinations: list[Cell] = []
    movers: list[Mover] = []
    new: tuple[int | None, int | None] = (None, None)
    grid = cells(by=["territory", "service_line"], start=previous.start, end=window.end, where=where, scope=scope, split=window.start)
    if PAYERS in parts:
        payers = cells(by=["payer"], start=previous.start, end=window.end, where=where, scope=scope, split=window.start)
        payers = label(payers, ["period", "payer"], known)
    if LEAKAGE in parts:
        destinations = cells(by=["service_line", "destination"], start=window.start, end=window.end, where=where, scope=scope)
        # Where our own referrals went; the names of those who sent us something are not asked for.
        destinations = label([cell for cell in destinations if cell.outbound], ["service_line", "destination"], known)
    if GROWTH in parts:
        movers = find_movers(window=window, where=where, scope=scope, fresh=fresh)
        new = new_referrers(window=window, where=where, scope=scope, first_month=fresh.first_month)
    return Numbers(
        window=window,
        months=label(trend(window=window, where=where, scope=scope, fresh=fresh), ["month"]),
        grid=label(grid, ["period", "territory", "service_line"], known),
        payers=payers,
        destinations=destinations,
        movers=movers,
        new_referrers=new[0],
        new_referrers_before=new[1],
    )


def trend(*, window: Window, where: Where, scope: Scope, fresh: Freshness) -> list[Cell]:
    """By month, without gaps: from 24 months before the window's end (or its comparison's start) to that end.

    A window that ends with the last full month goes on into the months that are not complete yet.
    """
    start = min(window.previous.start, add_months(window.end, -TREND_MONTHS))
    end = add_months(window.end, _UNFINISHED) if fresh.full_until and window.end >= fresh.full_until else window.end
    found = {cell.key[0]: cell for cell in cells(by=["month"], start=start, end=end, where=where, scope=scope)}
    if not found:
        return []
    first, last = min(found), max(*found, add_months(window.end, -1))
    return [found.get(month, Cell((month,))) for month in Window(first, add_months(last, 1)).each_month()]


def find_movers(*, window: Window, where: Where, scope: Scope, fresh: Freshness) -> list[Mover]:
    """Practices furthest from their own baseline in referrals received, shortfalls first, then gains: by referrals, never by percent."""
    baseline = Baseline.of(window.end, fresh.first_month)
    if baseline is None or scope.is_empty:
        return []
    source = ground(dimensions=["practice"], start=baseline.before.start, end=window.end, where=where, scope=scope)
    recent = source.since(baseline.recent.start)
    rows = (
        source.rows.filter(practice_id__isnull=False)
        .order_by()
        .values("practice_id")
        .annotate(now=source.tally("inbound", "internal", when=recent), before=source.tally("inbound", "internal", when=~recent))
        .values_list("practice_id", "now", "before")
    )
    found = [Mover(practice, now, round(before * baseline.share, 1)) for practice, now, before in rows]
    found.sort(key=lambda mover: (mover.difference, mover.practice_id))
    falls = [mover for mover in found if mover.difference <= -_SMALLEST_MOVE][:MOVERS]
    gains = [mover for mover in reversed(found) if mover.difference >= _SMALLEST_MOVE][:MOVERS]
    return falls + gains


def new_referrers(*, window: Window, where: Where, scope: Scope, first_month: dt.date | None) -> tuple[int | None, int | None]:
    """Providers with an inbound referral in the window and none in the twelve months before it; the same for the window before.

    None where the data does not reach twelve months back.
    """
    if first_month is None:
        return None, None
    told = [Stretch(period, Window(add_months(period.start, -12), period.start)) for period in (window, window.previous)]
    told = [stretch for stretch in told if first_month <= stretch.earlier.start]
    found = referrers(told, "{now} > 0 AND {before} = 0", by=(), where=where, scope=scope)
    counts: list[int | None] = [*(found[0][1] if found else []), None, None]
    return counts[0], counts[1]
