"""Who may do what with an event and its guests, and in which state. `check_*` raises the sentence, `can_*` answers yes or no."""

import datetime as dt
from collections.abc import Collection
from typing import Any
from zoneinfo import available_timezones

from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from accounts.roles import Role
from common.exceptions import PolicyViolation
from common.npi import is_valid_npi
from common.patient_marks import warning
from contacts.models import AlignmentKind, Practice, Provider, Staff
from events.models import Answer, Audience, Event, EventState, Guest

LONGEST = dt.timedelta(days=3)
EARLY, LATE = dt.timedelta(hours=2), dt.timedelta(hours=4)  # before the start and after the end, within which guests sign in by the code
MOST_TYPED = 500  # people who sign themselves in at one event without being on its list
_LEADS = frozenset({Role.MANAGER, Role.ADMIN})
_OURS = frozenset({AlignmentKind.EMPLOYED, AlignmentKind.AFFILIATED})


class LooksLikePatient(PolicyViolation):
    """The text holds what may tell who a patient is, and nobody has said that it does not."""


def leads(user: User) -> bool:
    """Managers and admins change the events of the people they see."""
    return user.role in _LEADS


def can_edit(user: User, event: Event) -> bool:
    """Who holds it, who helps, and managers (`visible_to` decided before which they see)."""
    if not user.can(Permission.EVENT_EDIT):
        return False
    return leads(user) or event.owner_id == user.pk or event.hosts.filter(pk=user.pk).exists()


def check_can_edit(user: User, event: Event) -> None:
    if not can_edit(user, event):
        raise PolicyViolation(f"Only {event.owner}, who holds this event, their helpers and managers can change it.")


def check_can_plan(*, by: User, owner: User, practice: Practice | None) -> None:
    if not by.can(Permission.EVENT_EDIT):
        raise PolicyViolation("Your role does not plan events.")
    if owner != by and not leads(by):
        raise PolicyViolation("Only a manager plans events for somebody else.")
    if not owner.can(Permission.EVENT_EDIT):
        raise PolicyViolation(f"{owner} does not hold events.")
    if practice is not None and not Practice.objects.visible_to(by).filter(pk=practice.pk).exists():
        raise PolicyViolation("You can plan events at practices in your territories only.")


def check_fields(fields: dict[str, Any], *, is_none: bool = False) -> None:
    """What an event must say, whoever plans it."""
    if not str(fields["title"]).strip():
        raise PolicyViolation("Give the event a title, as guests will read it.")
    if fields["ends_at"] <= fields["starts_at"]:
        raise PolicyViolation("The event must end later than it starts.")
    if fields["ends_at"] - fields["starts_at"] > LONGEST:
        raise PolicyViolation(f"An event lasts at most {LONGEST.days} days. Check the end.")
    if fields["time_zone"] not in available_timezones():
        raise PolicyViolation("Choose a time zone from the list.")
    if fields["starts_at"].year < 2000 or fields["starts_at"] > timezone.now() + dt.timedelta(days=3 * 366):
        raise PolicyViolation("Check the year.")
    check_no_patient(" \n".join(str(fields[name]) for name in ("title", "speaker", "about", "place", "accreditation")), is_none=is_none)


def check_no_patient(text: str, *, is_none: bool = False) -> None:
    if not is_none and (said := warning(text, today=timezone.localdate())):
        raise LooksLikePatient(said)


def check_is(event: Event, *states: EventState) -> None:
    if event.state not in states:
        raise PolicyViolation(f"This event is {EventState(event.state).label.lower()}.")


def check_can_hold(event: Event) -> None:
    check_is(event, EventState.PLANNED)
    if not event.has_begun:
        raise PolicyViolation("This event lies ahead. Say that it was held when it has begun.")


def check_can_ask(event: Event) -> None:
    check_is(event, EventState.PLANNED)
    if event.is_over:
        raise PolicyViolation("This event is over: nobody can be asked to it any more. Who came can still be signed in.")


def check_people(by: User, event: Event, people: Collection[Provider | Staff | User]) -> None:
    """Whom one sees, and, to an event for our own people, only those."""
    providers = {person.pk for person in people if isinstance(person, Provider)}
    staff = {person.pk for person in people if isinstance(person, Staff)}
    seen = set(Provider.objects.visible_to(by).filter(pk__in=providers).values_list("pk", flat=True))
    seen_staff = set(Staff.objects.visible_to(by).filter(pk__in=staff).values_list("pk", flat=True))
    if providers - seen or staff - seen_staff:
        raise PolicyViolation("Somebody named here is not in your territories. Choose people from the list.")
    if event.audience == Audience.INTERNAL:
        day = timezone.localdate(event.starts_at)
        outside = [
            row for row in Provider.objects.filter(pk__in=providers).with_alignment(day) if vars(row)["alignment_today"] not in _OURS
        ]
        if outside:
            raise PolicyViolation(f"This event is for our own people, and {outside[0]} is not employed or affiliated.")
        if staff:
            raise PolicyViolation("This event is for our own people. Change its audience to ask the staff of practices.")


def check_outside_guest(event: Event, *, name: str, email: str) -> None:
    if event.audience == Audience.INTERNAL:
        raise PolicyViolation("This event is for our own people. Change its audience to ask guests.")
    if not name.strip():
        raise PolicyViolation("Enter the guest's name.")
    check_no_patient(name)


def check_answer(event: Event, guest: Guest, answer: str) -> None:
    if not guest.is_invited or event.state == EventState.CANCELLED:
        raise PolicyViolation("This invitation no longer stands.")
    check_is(event, EventState.PLANNED)
    if event.has_begun:
        raise PolicyViolation("The event has begun: answers are closed.")
    if answer not in Answer.values:
        raise PolicyViolation("Answer yes, no or maybe.")


def check_has_room(event: Event, guest: Guest, answer: str) -> None:
    """Yes is promised to as many as there is room for; who said yes before keeps their place."""
    if answer != Answer.YES or event.capacity is None or guest.answer == Answer.YES:
        return
    if event.guests.asked().filter(answer=Answer.YES).count() >= event.capacity:
        raise PolicyViolation("The event is full. Answer maybe, and you hear from us if a place becomes free.")


def check_can_sign_in(event: Event) -> None:
    check_is(event, EventState.PLANNED, EventState.HELD)
    if event.starts_at > timezone.now() + dt.timedelta(days=1):
        raise PolicyViolation("This event is more than a day away: nobody can have come yet.")


def is_door_open(event: Event) -> bool:
    """Whether guests can sign in by the code now."""
    now = timezone.now()
    return event.state != EventState.CANCELLED and event.starts_at - EARLY <= now <= event.ends_at + LATE


def check_typed(event: Event, *, name: str, npi: str) -> None:
    if not name.strip():
        raise PolicyViolation("Enter your name.")
    if npi and not is_valid_npi(npi):
        raise PolicyViolation("This is no NPI: ten digits, of which the last is a check digit. Leave it blank if you have none.")
    if event.guests.filter(invited_at=None).count() >= MOST_TYPED:
        raise PolicyViolation("Too many people have signed in by themselves. Please ask whoever holds the event.")
