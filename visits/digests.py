"""What visits have to say in the daily mail: promises that are due, and what is planned for the day. Practices and days, never a text."""

import datetime as dt

from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from notices.digests import Line, Section, digest_section
from notices.models import Digest, ReminderRules
from visits.models import FollowUp, Visit

LINES = 15


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


@digest_section(Digest.DAILY, order=10)
def visits_today(user: User, on: dt.date) -> Section | None:
    """The person's own plans of the day, in order."""
    plans = Visit.objects.visible_to(user).planned().filter(owner=user, planned_at__date=on).select_related("practice")
    if not user.can(Permission.VISIT_VIEW) or not (count := plans.count()):
        return None
    lines = [
        Line(visit.practice.name, visit.get_absolute_url(), f"{timezone.localtime(visit.planned_at):%-I:%M %p}") for visit in plans[:LINES]
    ]
    return Section(f"{_count(count, 'visit')} today", lines, reverse("visits:list"), count - len(lines))


@digest_section(Digest.DAILY, order=20)
def follow_ups_due(user: User, on: dt.date) -> Section | None:
    """The person's own promises that are due by the day, or as many days later as the organization tells ahead; the oldest first."""
    ahead = ReminderRules.current().days_ahead
    until = on + dt.timedelta(days=ahead)
    due = FollowUp.objects.visible_to(user).open().filter(owner=user, due_on__lte=until).select_related("practice")
    if not user.can(Permission.VISIT_VIEW) or not (count := due.count()):
        return None
    lines = [Line(item.practice.name, item.get_absolute_url(), _when((on - item.due_on).days)) for item in due[:LINES]]
    more = f"{reverse('visits:follow-ups')}?state={'open' if ahead else 'due'}&whose=mine"
    title = f"{_count(count, 'follow-up')} due{f' by {until:%b %-d}' if ahead else ''}"
    return Section(title, lines, more, count - len(lines))


def _when(late: int) -> str:
    if late < 0:
        return "due tomorrow" if late == -1 else f"due in {-late} days"
    return "due today" if late == 0 else f"{_count(late, 'day')} late"
