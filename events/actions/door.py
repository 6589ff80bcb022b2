"""Who came: signed in from the list, typed at the door, or by themselves through the code."""

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from common.exceptions import PolicyViolation
from common.names import fold, split_person_name
from contacts.models import Provider, Staff
from events import policies
from events.actions.guests import kind_of
from events.models import Event, Guest, SignInWay


@transaction.atomic
def sign_in(*, guest: Guest, by: User) -> Guest:
    """This person is here. Twice is once."""
    event = _locked(guest.event, by=by)
    guest = Guest.objects.select_for_update().get(pk=guest.pk)
    if not guest.has_come:
        _came(guest, SignInWay.LIST, by=by)
        record("event.signed_in", by=by, target=event, guest=guest.pk, way=SignInWay.LIST)
    return guest


@transaction.atomic
def undo_sign_in(*, guest: Guest, by: User) -> Guest:
    """A slip of the finger: they are not here."""
    event = _locked(guest.event, by=by)
    guest = Guest.objects.select_for_update().get(pk=guest.pk)
    if guest.has_come:
        guest.signed_in_at, guest.signed_in_way, guest.signed_in_by = None, "", None
        guest.save(update_fields=["signed_in_at", "signed_in_way", "signed_in_by"])
        record("event.sign_in_undone", by=by, target=event, guest=guest.pk)
    return guest


@transaction.atomic
def add_walk_in(
    *, event: Event, person: Provider | Staff | User | None = None, name: str = "", email: str = "", npi: str = "", by: User
) -> Guest:
    """Somebody who was not asked is here: a record of ours, or a name."""
    event = _locked(event, by=by)
    if person is not None:
        policies.check_people(by, event, [person])
        guest = event.guests.filter(**{kind_of(person): person}).first()
        guest = guest or Guest.objects.create(event=event, email=person.email.lower(), **{kind_of(person): person})
    else:
        policies.check_typed(event, name=name, npi=npi)
        policies.check_no_patient(name)
        guest = Guest.objects.create(event=event, name=name.strip(), email=email.lower(), npi=npi)
    if not guest.has_come:
        _came(guest, SignInWay.LIST if guest.is_invited else SignInWay.WALK_IN, by=by)
        record("event.signed_in", by=by, target=event, guest=guest.pk, way=guest.signed_in_way)
    return guest


@transaction.atomic
def sign_in_by_code(*, event: Event, name: str, email: str = "", npi: str = "", by: None = None) -> Guest:
    """A guest typed who they are on their own phone. Whoever on the list that can only be is signed in; else a name waits to be matched.

    The same person sending it twice is there once. The answer is the same for everybody: nobody learns who is on the list.
    """
    event = Event.objects.select_for_update(of=("self",)).get(pk=event.pk)
    if not policies.is_door_open(event):
        raise PolicyViolation("Signing in is closed for this event.")
    policies.check_typed(event, name=name, npi=npi)
    email = email.strip().lower()
    guest = _on_the_list(event, name=name, email=email, npi=npi) or _typed_before(event, name=name, email=email, npi=npi)
    guest = guest or Guest.objects.create(event=event, name=name.strip(), email=email, npi=npi)
    if not guest.has_come:
        _came(guest, SignInWay.CODE, by=None)
        record("event.signed_in", by=None, target=event, guest=guest.pk, way=SignInWay.CODE)
    return guest


@transaction.atomic
def match_guest(*, guest: Guest, to: Guest | Provider | Staff | User, by: User) -> Guest:
    """Say who a typed name is: somebody on the list, whose sign-in it becomes, or another record of ours. `undo_match` takes it back."""
    event = _locked(guest.event, by=by)
    guest = Guest.objects.select_for_update().get(pk=guest.pk)
    if guest.is_known or guest.invited_at is not None or not guest.has_come:
        raise PolicyViolation(f"{guest} is not waiting to be matched.")
    if not isinstance(to, Guest):
        policies.check_people(by, event, [to])
        there = event.guests.filter(**{kind_of(to): to}).first()
        if there is None:
            setattr(guest, kind_of(to), to)
            guest.save(update_fields=[kind_of(to)])
            record("event.matched", by=by, target=event, guest=guest.pk)
            return guest
        to = there
    to = Guest.objects.select_for_update().get(pk=to.pk, event=event)
    if to.pk == guest.pk:
        raise PolicyViolation("Choose somebody else on the list.")
    if not to.has_come:
        to.signed_in_at, to.signed_in_way, to.signed_in_by = guest.signed_in_at, guest.signed_in_way, guest.signed_in_by
        to.save(update_fields=["signed_in_at", "signed_in_way", "signed_in_by"])
    guest.signed_in_at, guest.signed_in_way, guest.signed_in_by, guest.matched_to = None, "", None, to
    guest.save(update_fields=["signed_in_at", "signed_in_way", "signed_in_by", "matched_to"])
    record("event.matched", by=by, target=event, guest=guest.pk, to=to.pk)
    return to


@transaction.atomic
def undo_match(*, guest: Guest, by: User) -> Guest:
    """The typed name stands for itself again, and is here; who it was taken for is no longer signed in by it."""
    event = _locked(guest.event, by=by)
    guest = Guest.objects.select_for_update(of=("self",)).select_related("matched_to").get(pk=guest.pk)
    to = guest.matched_to
    if to is not None:
        guest.signed_in_at, guest.signed_in_way, guest.signed_in_by = to.signed_in_at or timezone.now(), SignInWay.CODE, to.signed_in_by
        to.signed_in_at, to.signed_in_way, to.signed_in_by = None, "", None
        to.save(update_fields=["signed_in_at", "signed_in_way", "signed_in_by"])
        guest.matched_to = None
    elif guest.name and guest.invited_at is None:
        guest.provider = guest.staff = guest.colleague = None
    else:
        return guest
    guest.save()
    record("event.match_undone", by=by, target=event, guest=guest.pk)
    return guest


@transaction.atomic
def new_code(*, event: Event, by: User) -> Event:
    """Every code that was shown before leads nowhere."""
    event = _locked(event, by=by)
    event.code_serial += 1
    event.save(update_fields=["code_serial"])
    record("event.code_made", by=by, target=event)
    return event


def _on_the_list(event: Event, *, name: str, email: str, npi: str) -> Guest | None:
    """By NPI, else by an address that one guest only has, else by a name that one guest only has and that no other address contradicts."""
    asked = list(event.guests.asked().for_list())
    if npi:
        return next((guest for guest in asked if guest.provider and guest.provider.npi == npi), None)
    by_mail = [guest for guest in asked if email and guest.email == email]
    if len(by_mail) == 1:
        return by_mail[0]
    named = [guest for guest in (by_mail or asked) if _same_name(name, str(guest))]
    return named[0] if len(named) == 1 and (not email or named[0].email in {"", email}) else None


def _same_name(one: str, other: str) -> bool:
    """First and last name; titles, degrees, case and accents do not matter."""
    read = [split_person_name(name) for name in (one, other)]
    keys = [(fold(name.first), fold(name.last)) for name in read]
    return keys[0] == keys[1] and all(keys[0])


def _typed_before(event: Event, *, name: str, email: str, npi: str) -> Guest | None:
    same = event.guests.filter(invited_at=None, name__iexact=name.strip(), email=email, npi=npi)
    found: Guest | None = same.select_related("matched_to").first()
    return (found.matched_to or found) if found else None


def _came(guest: Guest, way: SignInWay, *, by: User | None) -> None:
    guest.signed_in_at, guest.signed_in_way, guest.signed_in_by = timezone.now(), way, by
    guest.save(update_fields=["signed_in_at", "signed_in_way", "signed_in_by"])


def _locked(event: Event, *, by: User) -> Event:
    event = Event.objects.select_for_update(of=("self",)).select_related("practice", "owner").get(pk=event.pk)
    policies.check_can_edit(by, event)
    policies.check_can_sign_in(event)
    return event
