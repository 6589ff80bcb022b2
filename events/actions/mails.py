"""The mails that guests are owed: invitations, changes and cancellations, as Outlook and Google take them (iTIP by e-mail, RFC 6047)."""

from collections.abc import Callable

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from common.calendars import CANCEL, REQUEST, Person, invitation
from common.locks import held
from events.agenda import credit_words, invitation_entry
from events.models import Event, EventState, Guest
from events.signing import answer_url
from jobs import actions as jobs
from notices.calendars import host


def owe(event: Event) -> None:
    """Somebody was asked, or a calendar shows it differently: a worker writes to whoever has not heard how it stands now."""
    if event.guests.exclude(invited_at=None).exclude(email="").exists():
        jobs.enqueue("events.send_invitations", event.pk, key=f"event {event.pk} invitations")


def send_invitations(*, event: Event, complete: Callable[[], None], by: User | None = None) -> int:
    """Send every mail that is owed, one worker at a time; returns how many.

    Each goes under a Message-ID of its own content: one of which nobody knows whether it was taken is handed over again as the same mail.
    """
    with held(f"event {event.pk} invitations"):
        sent = _send_owed(Event.objects.select_related("practice", "owner").get(pk=event.pk), by=by)
        complete()
    return sent


def _send_owed(event: Event, *, by: User | None) -> int:
    sent = 0
    for guest in event.guests.exclude(invited_at=None).exclude(email="").for_list():
        is_off = guest.withdrawn_at is not None or event.state == EventState.CANCELLED
        if not _is_owed(event, guest, is_off=is_off):
            continue
        _mail(event, guest, CANCEL if is_off else REQUEST).send()
        with transaction.atomic():
            Guest.objects.filter(pk=guest.pk).update(told_sequence=event.sequence, told_cancelled=is_off, told_at=timezone.now())
            record("event.invitation_sent", by=by, target=event, guest=guest.pk, method=CANCEL if is_off else REQUEST)
        sent += 1
    return sent


def _is_owed(event: Event, guest: Guest, *, is_off: bool) -> bool:
    """A cancellation to whoever was told that they are asked; else what they do not know yet, while the event lies ahead."""
    never_told = guest.told_sequence is None
    if is_off:
        return not never_told and not guest.told_cancelled
    if event.state == EventState.HELD or event.is_over:
        return False
    return never_told or guest.told_cancelled or (guest.told_sequence or 0) < event.sequence


def _mail(event: Event, guest: Guest, method: str) -> EmailMultiAlternatives:
    """multipart/alternative: words with the guest's own address to answer at, the same as HTML, and text/calendar with its method, last."""
    entry = invitation_entry(event)
    organizer, attendee = Person(str(event.owner), event.owner.email), Person(str(guest), guest.email)
    calendar = invitation(
        entry, method=method, organizer=organizer, sender=settings.DEFAULT_FROM_EMAIL, attendee=attendee, time_zone=event.time_zone
    )
    start = event.local_start
    words = {
        "event": event,
        "start": start,
        "end": event.local_end,
        "zone": start.tzname(),
        "is_off": method == CANCEL,
        "is_all_off": event.state == EventState.CANCELLED,
        "answer_url": answer_url(guest),
        "credits": credit_words(event),
    }
    said = "Cancelled: " if method == CANCEL else "Updated: " if guest.told_sequence is not None else "Invitation: "
    mail = EmailMultiAlternatives(
        f"{said}{event.title}, {start:%b %-d, %-I:%M %p}",
        render_to_string("events/invitation.txt", words),
        f'"{str(event.owner).replace(chr(34), "")}" <{settings.DEFAULT_FROM_EMAIL}>',
        [guest.email],
        reply_to=[event.owner.email],
        headers={"Message-ID": f"<{event.uid}.{event.sequence}.{method.lower()}.{guest.pk}@{host()}>"},
    )
    mail.attach_alternative(render_to_string("events/invitation.html", words), "text/html")
    mail.attach_alternative(calendar.decode(), f"text/calendar; method={method}")
    return mail
