"""Addresses that need no account: a guest's own, to answer at, and the one behind the code at the door. Signed: none can be made up."""

import datetime as dt

from django.core import signing
from django.urls import reverse

from events.models import Event, Guest
from notices.calendars import url_of

_ANSWER, _DOOR = "events.answer", "events.door"
CODE_LASTS = dt.timedelta(hours=12)


def answer_token(guest: Guest) -> str:
    """The same each time: a mail that is sent again leads to the same address."""
    return signing.Signer(salt=_ANSWER, sep="~").sign(str(guest.pk))


def answer_url(guest: Guest) -> str:
    return url_of(reverse("event-answer", args=[answer_token(guest)]))


def guest_of(token: str) -> Guest | None:
    """Whose address this is; None when it was made up."""
    try:
        pk = signing.Signer(salt=_ANSWER, sep="~").unsign(token)
    except signing.BadSignature:
        return None
    return Guest.objects.for_list().select_related("event__practice", "event__owner").filter(pk=pk).first()


def door_url(event: Event) -> str:
    """What the code at the door holds; good for twelve hours, or until a new code is made."""
    token = signing.TimestampSigner(salt=_DOOR, sep="~").sign(f"{event.pk}-{event.code_serial}")
    return url_of(reverse("event-door", args=[token]))


def event_of(token: str) -> Event | None:
    """At which event this code lets guests sign in; None when it is made up, too old, or replaced by a newer one."""
    try:
        pk, _, serial = signing.TimestampSigner(salt=_DOOR, sep="~").unsign(token, max_age=CODE_LASTS).partition("-")
    except signing.BadSignature:  # SignatureExpired is one
        return None
    return Event.objects.select_related("practice", "owner").filter(pk=pk, code_serial=serial).first()
