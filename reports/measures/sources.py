"""Who sends, and for whom (METHODS section 2): patients; referrers who are new, came back, or were lost."""

import calendar
import datetime as dt
from typing import Any

from django.db.models import QuerySet

from referrals.behind import Part
from referrals.models import Referral
from reports.measures.definition import ALL_CUTS, Ask, Measure, Row
from reports.periods import Window
from reports.queries.facts import facts, tally
from reports.queries.referrers import Stretch, referrers

TOLD = ("inbound", "internal", "outbound", "undetermined")
LEAST_BASELINE = 90  # days of history before a silence, below which no rate is known


def patients(ask: Ask) -> list[Row]:
    """Patients: different patients among the counted referrals.

    Told apart by the keyed hash of the identifier that the feed sends. Each feed has hashes of its own, so one person known to two feeds
    counts twice, unless both map the organization's own identifier. Referrals without an identifier count no patient and are
    undetermined.
    """
    rows = facts(names=ask.by, start=ask.start, end=ask.end, where=ask.where, scope=ask.scope, flows=TOLD)
    counts = {"patients": "(count(DISTINCT r.patient_hash) FILTER (WHERE r.patient_hash <> ''))", "nameless": "r.patient_hash = ''"}
    groups = tally(rows, ask.by, counts, joins="JOIN referrals_referral r ON r.id = c.id")
    return [Row.count(g.key, g.n["patients"], undetermined=g.n["nameless"]) for g in groups]


def _with_patient(ask: Ask, rows: QuerySet[Referral], part: Part) -> QuerySet[Referral]:
    """The referrals of those patients, or those that name none."""
    rows = rows.filter(flow__in=TOLD)
    return rows.filter(patient_hash="") if part == Part.UNDETERMINED else rows.exclude(patient_hash="")


def new_referrers(ask: Ask) -> list[Row]:
    """New referrers: providers with an inbound referral in the period and none in the 12 months before it.

    It needs 12 months of data before the period, else there is no figure. By month each month is a period of its own; by any other cut
    only that group's referrals are looked at, so that somebody can be new to a service line. Whoever came back after a longer silence is
    among them, and is a returning referrer too.
    """
    return _silent_before(ask, "{now} > 0 AND {before} = 0")


def returning_referrers(ask: Ask) -> list[Row]:
    """Returning referrers: new ones who had sent us referrals before their 12 months of silence.

    As new referrers, with an inbound referral anywhere in the data before those 12 months.
    """
    return _silent_before(ask, "{now} > 0 AND {before} = 0 AND {older} > 0")


def lost_referrers(ask: Ask) -> list[Row]:
    """Lost referrers: providers of whom at least 3 inbound referrals were expected in 90 days, and none came.

    Looked at on the last day of the period, or of the data when that is earlier: the 90 days up to it, against the provider's own rate in
    the 12 months before them (fewer while the data is young, but at least 90 days). By month, on the last day of each.
    """
    stretches = [_loss(ask, window) for window in _windows(ask)]
    return _counted(ask, stretches, "{before} >= {least} AND {now} = 0", "needs 180 days of history")


def _windows(ask: Ask) -> list[Window]:
    """The period, or each of its months."""
    whole = Window(ask.start, ask.end)
    if "month" not in ask.by:
        return [whole]
    starts = list(whole.each_month())
    ends = [*starts[1:], ask.end]
    return [Window(max(start, ask.start), end) for start, end in zip(starts, ends, strict=True)]


def _silent_before(ask: Ask, condition: str) -> list[Row]:
    months = ask.rules.new_after_months
    stretches: list[Stretch | None] = []
    for window in _windows(ask):
        since = months_before(window.start, months)
        has_history = ask.fresh.first_month is not None and ask.fresh.first_month <= since
        stretches.append(Stretch(window, Window(since, window.start)) if has_history else None)
    return _counted(ask, stretches, condition, f"needs {months} months of history")


def _loss(ask: Ask, window: Window) -> Stretch | None:
    """The silence up to the window's end, and the year before it; None while there is too little of that, or no data at the end."""
    if ask.data_through is None or ask.fresh.first_month is None or window.start > ask.data_through:
        return None
    end = min(window.end, ask.data_through + dt.timedelta(days=1))
    silence = Window(end - dt.timedelta(days=ask.rules.lost_days), end)
    before = Window(max(months_before(silence.start, 12), ask.fresh.first_month), silence.start)
    days = (before.end - before.start).days
    return Stretch(silence, before, least=ask.rules.lost_expected * days / ask.rules.lost_days) if days >= LEAST_BASELINE else None


def _counted(ask: Ask, stretches: list[Stretch | None], condition: str, lacks: str) -> list[Row]:
    """How many referrers the condition holds for, by group; a period without enough history has no figure."""
    place = ask.by.index("month") if "month" in ask.by else None
    pairs = list(zip(_windows(ask), stretches, strict=True))
    known = [(window, stretch) for window, stretch in pairs if stretch is not None]

    def key(group: tuple[Any, ...], window: Window) -> tuple[Any, ...]:
        return group if place is None else (*group[:place], window.start.replace(day=1), *group[place:])

    found = referrers(
        [stretch for _, stretch in known],
        condition,
        by=[cut for cut in ask.by if cut != "month"],
        where=ask.where,
        scope=ask.scope,
    )
    rows = [Row.count(key(group, window), n) for group, counts in found for (window, _), n in zip(known, counts, strict=True)]
    if len(ask.by) == (place is not None):  # groups that nobody can name have no row
        rows += [Row(key((), window), remark=lacks) for window, stretch in pairs if stretch is None]
    return rows


def months_before(day: dt.date, months: int) -> dt.date:
    """The same day so many months earlier; the last of a shorter month."""
    index = day.year * 12 + day.month - 1 - months
    year, month = index // 12, index % 12 + 1
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


_RULES = ("affiliated_is_ours", "counted_kinds", "duplicate_days")
_INBOUND = ALL_CUTS - {"flow"}

FAMILY = (
    Measure(
        "patients", "Patients", "patients", patients, "Sources", "up", settings=_RULES, behind=_with_patient,
        parts=(Part.NUMERATOR, Part.UNDETERMINED),
    ),
    Measure(
        "new_referrers", "New referrers", "providers", new_referrers, "Sources", "up", _INBOUND,
        settings=("new_after_months", *_RULES), flows=("inbound",),
    ),
    Measure(
        "returning_referrers", "Returning referrers", "providers", returning_referrers, "Sources", "up", _INBOUND,
        settings=("new_after_months", *_RULES), flows=("inbound",),
    ),
    Measure(
        "lost_referrers", "Lost referrers", "providers", lost_referrers, "Sources", "down", _INBOUND,
        settings=("lost_expected", "lost_days", *_RULES), flows=("inbound",),
    ),
)  # fmt: skip
