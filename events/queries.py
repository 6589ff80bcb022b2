"""Reads over several models: whom to ask, who is there, a month of events, what happened to one."""

import calendar
import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from accounts.roles import PERMISSIONS, Role
from audit.models import AuditEvent
from contacts.models import Affiliation, Practice, Provider, Staff
from events.models import Answer, Event, Guest
from territories.models import ServiceLine

_HOLDING_ROLES = [role for role in Role.values if Permission.EVENT_EDIT in PERMISSIONS[role]]
Person = Provider | Staff | User


def who_may_hold() -> QuerySet[User]:
    """Whom an event can belong to, and who can help with it."""
    people: QuerySet[User] = User.objects.active().filter(role__in=_HOLDING_ROLES)
    return people


def history_of(event: Event) -> Sequence[AuditEvent]:
    """What happened to the event's record, oldest first."""
    return list(AuditEvent.objects.filter(target_type="events.event", target_id=str(event.pk)).order_by("happened_at", "pk"))


@dataclass(frozen=True)
class Found:
    """Somebody who could be asked, where they work, and whether they stand on the list already."""

    person: Person
    key: str
    where: str
    is_asked: bool


def find_people(
    user: User, event: Event, *, words: str = "", practice: Practice | None = None, line: ServiceLine | None = None, limit: int = 60
) -> tuple[list[Found], bool]:
    """Providers, staff and colleagues by name, of a practice or a service line; and whether there are more. Nothing said: nobody."""
    if not (words.strip() or practice or line):
        return [], False
    providers, staff = Provider.objects.visible_to(user), Staff.objects.visible_to(user).here()
    colleagues = User.objects.active()
    if practice is not None:
        providers, staff = providers.working_at(Practice.objects.filter(pk=practice.pk)), staff.filter(practice=practice)
    if line is not None:
        providers, staff = providers.filter(specialty__service_line=line), staff.none()
    if practice is not None or line is not None:
        colleagues = colleagues.none()
    if words.strip():
        providers = providers.named_like(words)
        for word in words.split():
            staff, colleagues = staff.filter(name__icontains=word), colleagues.filter(full_name__icontains=word)
    shown = list(providers[: limit + 1])
    offices = {
        row.provider_id: row.practice.name
        for row in Affiliation.objects.open().filter(provider__in=shown).select_related("practice").order_by("is_primary", "pk")
    }
    asked = {guest.key for guest in event.guests.standing()}
    rows: list[tuple[Person, str, str]] = [(person, f"provider-{person.pk}", offices.get(person.pk, "")) for person in shown]
    rows += [(person, f"staff-{person.pk}", person.practice.name) for person in staff.select_related("practice")[: limit + 1]]
    rows += [(person, f"colleague-{person.pk}", person.get_role_display()) for person in colleagues[: limit + 1]]
    return [Found(person, key, where, key in asked) for person, key, where in rows[:limit]], len(rows) > limit


def people_by_keys(keys: Iterable[str], user: User) -> list[Person]:
    """The people behind "provider-12", "staff-3", "colleague-4": those that the user sees; others are unknown."""
    wanted: dict[str, set[int]] = {"provider": set(), "staff": set(), "colleague": set()}
    for key in keys:
        kind, _, number = key.partition("-")
        if kind in wanted and number.isascii() and number.isdecimal() and len(number) < 19:
            wanted[kind].add(int(number))
    return [
        *Provider.objects.visible_to(user).filter(pk__in=wanted["provider"]),
        *Staff.objects.visible_to(user).filter(pk__in=wanted["staff"]),
        *User.objects.active().filter(pk__in=wanted["colleague"]),
    ]


@dataclass(frozen=True)
class Shares:
    """Who has part of a cost: the guests who came, or before it those who did not decline."""

    providers: QuerySet[Provider]
    staff: QuerySet[Staff]
    chosen_providers: Sequence[int]
    chosen_staff: Sequence[int]
    others: int
    ours: int


def shares_of(event: Event) -> Shares:
    """All guests are offered; chosen are those who came or, while it lies ahead, those who said yes or maybe, else all who were asked."""
    guests = event.guests.standing()
    if guests.came().exists():
        there = guests.came()
    else:
        there = guests.asked().filter(answer__in=[Answer.YES, Answer.MAYBE])
        there = there if there.exists() else guests.asked().exclude(answer=Answer.NO)
    rows = list(there.values_list("provider", "staff", "colleague"))
    ours = {colleague for *_, colleague in rows if colleague} | {event.owner_id}
    return Shares(
        providers=Provider.objects.filter(pk__in=guests.exclude(provider=None).values("provider")),
        staff=Staff.objects.filter(pk__in=guests.exclude(staff=None).values("staff")),
        chosen_providers=[provider for provider, _, _ in rows if provider],
        chosen_staff=[staff for _, staff, _ in rows if staff],
        others=sum(1 for row in rows if not any(row)),
        ours=len(ours),
    )


@dataclass(frozen=True)
class Day:
    """A day of the month's sheet; `is_other` when it belongs to the month before or after."""

    on: dt.date
    events: Sequence[Event]
    is_other: bool
    is_today: bool


def month_of(events: QuerySet[Event], month: dt.date) -> list[list[Day]]:
    """The weeks of a month from Sunday on, each day with its events, on the clock of the organization."""
    weeks = calendar.Calendar(firstweekday=calendar.SUNDAY).monthdatescalendar(month.year, month.month)
    first, last = weeks[0][0], weeks[-1][-1]
    by_day: dict[dt.date, list[Event]] = {}
    for event in events.filter(starts_at__date__gte=first, starts_at__date__lte=last).order_by("starts_at", "pk"):
        by_day.setdefault(timezone.localdate(event.starts_at), []).append(event)
    today = timezone.localdate()
    return [[Day(on, by_day.get(on, []), on.month != month.month, on == today) for on in week] for week in weeks]


def guests_to_show(event: Event, user: User) -> tuple[list[Guest], int]:
    """The guests whom the person sees, by name, and how many more there are."""
    seen = sorted(event.guests.standing().visible_to(user).for_list(), key=lambda guest: (guest.has_come is False, str(guest).lower()))
    return seen, event.guests.standing().count() - len(seen)


def by_name(rows: Iterable[Guest]) -> list[Guest]:
    return sorted(rows, key=lambda guest: str(guest).lower())


def guests_named(rows: Iterable[Guest], words: str) -> list[Guest]:
    """Those in whose name every word stands."""
    wanted = words.lower().split()
    return [guest for guest in rows if all(word in str(guest).lower() for word in wanted)]


def to_match_with(event: Event) -> QuerySet[Guest]:
    """Who on the list has not come yet: whom a typed name could be."""
    rows: QuerySet[Guest] = event.guests.asked().filter(Q(signed_in_at=None)).for_list()
    return rows
