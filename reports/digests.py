"""What reports have to say in mails: weekly the review in a few sentences, monthly the month that is over with its chart.

Counts of few referrals stay out: a mail leaves the house.
"""

import datetime as dt

from django.urls import reverse

from accounts.models import User
from accounts.permissions import Permission
from common.paper import png
from common.templatetags.prm import number
from notices.digests import Line, Picture, Section, digest_section
from notices.models import Digest
from referrals.models import CountingRules
from reports import words
from reports.exports.drawings import draw
from reports.measures import inbound
from reports.models import Goal
from reports.numbers import Mover
from reports.pacing import paces, running
from reports.periods import Window, add_months
from reports.presenters import goals as goal_words
from reports.queries.cells import cells
from reports.queries.field import contacts
from reports.queries.freshness import Freshness, freshness
from reports.queries.names import names
from reports.queries.numbers import find_movers
from territories.scope import scope_of

LINES, MONTHS = 5, 12


def _reads_reports(user: User) -> bool:
    """Who leads or decides; liaisons have their own day."""
    return user.can(Permission.DASHBOARD_VIEW) and not user.is_liaison and not scope_of(user).is_empty


@digest_section(Digest.WEEKLY, order=5)
def review_of_the_week(user: User, on: dt.date) -> Section | None:
    """The findings of the Monday review, each leading to it: data first, then what falls, then the goals."""
    fresh = freshness()
    if not _reads_reports(user) or fresh.full_until is None or fresh.data_through is None:
        return None
    url = reverse("reports:review")
    lines = [Line(f"Data through {fresh.data_through:%b %-d}", url)]
    if user.can(Permission.PROVIDER_VIEW):
        lines += _falls(user, fresh)
    goals = running(Goal.objects.visible_to(user).for_list(), on)
    if goals:
        lines.append(Line(goal_words.finding(paces(goals, fresh=fresh, parents=names().parents)), reverse("reports:goals")))
    return Section("The Monday review", lines, url)


def _falls(user: User, fresh: Freshness) -> list[Line]:
    """Practices that sent much less than expected; how much, only where enough came for it to say nothing of a few people."""
    assert fresh.full_until is not None  # noqa: S101 - asked before
    smallest = CountingRules.current().small_cell
    window = Window(add_months(fresh.full_until, -MONTHS), fresh.full_until)
    movers = [mover for mover in find_movers(window=window, where={}, scope=scope_of(user), fresh=fresh) if mover.difference < 0]
    seen = contacts([mover.practice_id for mover in movers], user=user, parents=names().parents)
    found = [(mover, seen[mover.practice_id]) for mover in movers if mover.practice_id in seen][:LINES]
    return [Line(contact.name, reverse("reports:practice", args=[contact.pk]), _short(mover, smallest)) for mover, contact in found]


def _short(mover: Mover, smallest: int) -> str:
    missing = round(mover.expected) - mover.observed
    return f"{number(missing)} short" if min(missing, mover.observed) >= smallest else "falling"


@digest_section(Digest.MONTHLY, order=5)
def month_that_is_over(user: User, on: dt.date) -> Section | None:
    """Inbound referrals of the last twelve full months as a chart, with the last one against the same month a year ago."""
    fresh = freshness()
    if not _reads_reports(user) or fresh.full_until is None or fresh.first_month is None:
        return None
    window = Window(max(fresh.first_month, add_months(fresh.full_until, -MONTHS)), fresh.full_until)
    found = {cell.key[0]: inbound([cell]) for cell in cells(by=["month"], start=window.start, end=window.end, scope=scope_of(user))}
    months = list(window.each_month())
    values = [found.get(month, 0) for month in months]
    smallest = CountingRules.current().small_cell
    url = reverse("reports:growth")
    if not months or any(0 < value < smallest for value in values):
        return Section("Your month", [Line("The month's numbers stand in PRM", url)], url)
    spec = {
        "kind": "line",
        "unit": "count",
        "labels": [f"{month:%b %Y}" for month in months],
        "series": [{"name": "Inbound", "values": values, "tone": "inbound"}],
    }
    last = months[-1]
    rows = [(f"{month:%b %Y}", number(value)) for month, value in zip(months, values, strict=True)]
    said = f"{words.count(values[-1], 'inbound referral')} in {last:%B %Y}"
    if len(values) > 1:
        change = values[-1] - values[-2]
        said += (
            f", {number(abs(change))} {'more' if change > 0 else 'fewer'} than in {months[-2]:%B}" if change else ", as the month before"
        )
    picture = Picture(png(draw(spec)), said, ("Month", "Inbound"), rows)
    return Section(said, [Line("Open the review", reverse("reports:review"))], url, picture=picture)
