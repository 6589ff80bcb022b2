"""The secret address of a person's calendar: made, shown once, revoked."""

import datetime as dt
import hashlib
import secrets

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from visits.models import CalendarFeed

_BYTES = 32  # 256 bits
_READ_AGAIN = dt.timedelta(minutes=10)


def token_hash(token: str) -> str:
    """What is kept of a token. It has 256 bits of its own, so a plain hash is as good as a slow one."""
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def make_calendar_feed(*, by: User) -> str:
    """A new address; the one before is dead. Returns the token, which is kept nowhere."""
    revoke_calendar_feed(by=by)
    token = secrets.token_urlsafe(_BYTES)
    feed = CalendarFeed.objects.create(person=by, token_hash=token_hash(token))
    record("calendar.made", by=by, target=feed)
    return token


@transaction.atomic
def revoke_calendar_feed(*, by: User) -> bool:
    """The address leads nowhere from now on; False when there was none."""
    feed = CalendarFeed.objects.select_for_update().filter(person=by, revoked_at=None).first()
    if feed is None:
        return False
    feed.revoked_at = timezone.now()
    feed.save(update_fields=["revoked_at"])
    record("calendar.revoked", by=by, target=feed)
    return True


def note_feed_read(*, feed: CalendarFeed, by: None = None) -> None:
    """When it was read last, kept to ten minutes: a calendar that asks every minute writes nothing."""
    now = timezone.now()
    if feed.last_read_at is None or now - feed.last_read_at > _READ_AGAIN:
        CalendarFeed.objects.filter(pk=feed.pk).update(last_read_at=now)
