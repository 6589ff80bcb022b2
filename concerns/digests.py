"""What concerns have to say in mails: daily what is the person's to answer or to tell, weekly, to managers, what the field heard."""

import datetime as dt

from django.db.models import Q
from django.urls import reverse

from accounts.models import User
from accounts.permissions import Permission
from concerns import policies
from concerns.models import Concern, ConcernState, FieldNote
from concerns.queries import by_department
from concerns.querysets import ConcernQuerySet
from notices.digests import Line, Section, digest_section
from notices.models import Digest

LINES = 15
SOON, WEEK = dt.timedelta(days=2), dt.timedelta(days=7)


@digest_section(Digest.DAILY, order=30)
def concerns_due(user: User, on: dt.date) -> Section | None:
    """Open ones that the person answers for or that were escalated to them, and that are late or due within two days."""
    mine = Concern.objects.visible_to(user).open().filter(Q(owner=user) | Q(escalated_to=user), due_on__lte=on + SOON)
    return _section(user, mine, "concern to answer", "concerns to answer", on)


@digest_section(Digest.DAILY, order=40)
def concerns_to_tell(user: User, on: dt.date) -> Section | None:
    """Resolved ones that the person wrote down or owns: the practice is yet to hear of it."""
    mine = Concern.objects.visible_to(user).to_tell().filter(Q(owner=user) | Q(raised_by=user))
    return _section(user, mine, "practice to be told", "practices to be told", on)


def _section(user: User, concerns: ConcernQuerySet, one: str, many: str, on: dt.date) -> Section | None:
    if not user.can(Permission.CONCERN_VIEW) or not (count := concerns.count()):
        return None
    lines = [
        Line(f"{concern.category}, {concern.practice.name}", concern.get_absolute_url(), _when(concern, on))
        for concern in concerns.for_list()[:LINES]
    ]
    return Section(
        f"{count} {one if count == 1 else many}", lines, f"{reverse('concerns:list')}?mine=on&state=unfinished", count - len(lines)
    )


def _when(concern: Concern, on: dt.date) -> str:
    if concern.state == ConcernState.RESOLVED:
        return "resolved, not told"
    late = (on - concern.due_on).days
    return f"due {concern.due_on:%b %-d}" if late <= 0 else f"{_days(late)} late"


@digest_section(Digest.WEEKLY, order=10)
def notes_of_the_week(user: User, on: dt.date) -> Section | None:
    """For managers: what their people heard in the seven days before the day. Kind and practice; the words are read inside."""
    heard = FieldNote.objects.visible_to(user).filter(heard_on__gte=on - WEEK, heard_on__lt=on)
    if not (policies.leads(user) and user.can(Permission.CONCERN_VIEW)) or not (count := heard.count()):
        return None
    lines = [Line(str(note), note.get_absolute_url(), f"{note.noted_by}, {note.heard_on:%b %-d}") for note in heard.for_list()[:LINES]]
    more = f"{reverse('concerns:notes')}?start={on - WEEK}&end={on - dt.timedelta(days=1)}"
    return Section(f"{count} field note{'' if count == 1 else 's'}", lines, more, count - len(lines))


@digest_section(Digest.WEEKLY, order=20)
def late_departments(user: User, on: dt.date) -> Section | None:
    """For managers: departments with concerns past their deadline."""
    if not (policies.leads(user) and user.can(Permission.CONCERN_VIEW)):
        return None
    late = [row for row in by_department(Concern.objects.visible_to(user)) if row.late]
    if not late:
        return None
    address = f"{reverse('concerns:list')}?state=late"
    lines = [
        Line(row.name, f"{address}&department={row.department_id}", f"{row.late} past the deadline, the oldest by {_days(row.days_late)}")
        for row in late[:LINES]
    ]
    total = sum(row.late for row in late)
    return Section(f"{total} concern{'' if total == 1 else 's'} past the deadline", lines, address, len(late) - len(lines))


def _days(count: int) -> str:
    return f"{count} day{'' if count == 1 else 's'}"
