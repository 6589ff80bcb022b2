"""Who is asked, and what they answer."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from contacts.models import Provider, Staff
from events import policies
from events.actions.mails import owe
from events.models import Answer, Event, Guest
from notices.actions import notify
from notices.models import NoticeKind


@dataclass(frozen=True)
class Outside:
    """Somebody of whom there is no record: a name, and where the invitation goes."""

    name: str
    email: str = ""


@transaction.atomic
def invite(*, event: Event, people: Collection[Provider | Staff | User] = (), outside: Sequence[Outside] = (), by: User) -> list[Guest]:
    """Ask people; those with an e-mail address get a mail with a calendar entry. Who stands on the list already gets no second one.

    Whoever has no address is on the list all the same: somebody tells them by word of mouth, and they sign in like everybody.
    """
    event = _locked(event, by=by)
    policies.check_can_ask(event)
    policies.check_people(by, event, people)
    for guest in outside:
        policies.check_outside_guest(event, name=guest.name, email=guest.email)
    asked = [_ask(event, {kind_of(person): person}, email=person.email.lower(), by=by) for person in people]
    for guest in outside:
        stored = event.guests.filter(provider=None, staff=None, colleague=None, email__iexact=guest.email, name__iexact=guest.name.strip())
        known = stored.first()
        asked.append(_renew(known, by=by) if known else _ask(event, {}, email=guest.email.lower(), name=guest.name.strip(), by=by))
    record("event.invited", by=by, target=event, people=len(asked))
    owe(event)
    return asked


@transaction.atomic
def withdraw_invitation(*, guest: Guest, by: User) -> Guest:
    """They are no longer asked, and told that it is cancelled for them. Asking them again undoes it."""
    event = _locked(guest.event, by=by)
    guest = Guest.objects.select_for_update().get(pk=guest.pk)
    if guest.is_invited:
        guest.withdrawn_at = timezone.now()
        guest.save(update_fields=["withdrawn_at"])
        record("event.invitation_withdrawn", by=by, target=event, guest=guest.pk)
        owe(event)
    return guest


@transaction.atomic
def answer_invitation(*, guest: Guest, answer: str, by: User | None) -> Guest:
    """Yes, no or maybe: by the guest through their signed address (`by` is None), or told to whoever holds the event."""
    event = Event.objects.select_for_update(of=("self",)).select_related("owner").get(pk=guest.event_id)
    if by is not None:
        policies.check_can_edit(by, event)
    guest = Guest.objects.for_list().select_for_update(of=("self",)).get(pk=guest.pk)
    policies.check_answer(event, guest, answer)
    policies.check_has_room(event, guest, answer)
    if guest.answer == answer:
        return guest
    guest.answer, guest.answered_at = answer, timezone.now()
    guest.save(update_fields=["answer", "answered_at"])
    record("event.answered", by=by, target=event, guest=guest.pk, answer=answer)
    counts = {value: event.guests.asked().filter(answer=value).count() for value in (Answer.YES, Answer.MAYBE, Answer.NO)}
    said = f"Answers to {event}: {counts[Answer.YES]} yes, {counts[Answer.MAYBE]} maybe, {counts[Answer.NO]} no"
    notify(to=event.owner, kind=NoticeKind.EVENT, text=said, url=event.get_absolute_url(), by=by, key=f"event {event.pk} answers")
    return guest


def kind_of(person: Provider | Staff | User) -> str:
    """The name of the column that holds such a person."""
    return "provider" if isinstance(person, Provider) else "staff" if isinstance(person, Staff) else "colleague"


def _ask(event: Event, who: dict[str, Any], *, email: str, by: User, name: str = "") -> Guest:
    stored = event.guests.filter(**who).first() if who else None
    if stored is None:
        return Guest.objects.create(event=event, **who, name=name, email=email, invited_by=by, invited_at=timezone.now())
    stored.email = email or stored.email
    return _renew(stored, by=by)


def _renew(guest: Guest, *, by: User) -> Guest:
    """On the list again. Who was told that it is cancelled gets a new invitation."""
    if guest.invited_at is None or guest.withdrawn_at is not None:
        guest.invited_by, guest.invited_at = by, timezone.now()
    guest.withdrawn_at = None
    if guest.told_cancelled:
        guest.told_sequence, guest.told_cancelled = None, False
    guest.save(update_fields=["email", "invited_by", "invited_at", "withdrawn_at", "told_sequence", "told_cancelled"])
    return guest


def _locked(event: Event, *, by: User) -> Event:
    event = Event.objects.select_for_update(of=("self",)).select_related("practice", "owner").get(pk=event.pk)
    policies.check_can_edit(by, event)
    return event
