"""What events have to say in mails: daily, those of today and of the next two days that one holds or helps with."""

import datetime as dt

from django.urls import reverse

from accounts.models import User
from accounts.permissions import Permission
from events.models import Event
from events.presenters import guests_words
from notices.digests import Line, Section, digest_section
from notices.models import Digest

LINES, AHEAD = 10, dt.timedelta(days=2)


@digest_section(Digest.DAILY, order=50)
def events_ahead(user: User, on: dt.date) -> Section | None:
    """With how many said yes of how many were asked."""
    if not user.can(Permission.EVENT_VIEW):
        return None
    mine = Event.objects.visible_to(user).held_by(user).filter(state="planned")
    near = mine.filter(starts_at__date__gte=on, starts_at__date__lte=on + AHEAD).order_by("starts_at", "pk")
    if not (count := near.count()):
        return None
    lines = [
        Line(event.title, event.get_absolute_url(), f"{event.local_start:%b %-d, %-I:%M %p}, {guests_words(event)}")
        for event in near.for_list()[:LINES]
    ]
    return Section(f"{count} event{'' if count == 1 else 's'} ahead", lines, f"{reverse('events:list')}?mine=on", count - len(lines))
