"""Events of the invented world: a lunch today, grand rounds with credits ahead, some that were held, one that was called off."""

import datetime as dt
import random
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

import events.actions
from accounts.models import User
from compliance.models import SpendKind, SpendShare
from compliance.queries import limit_of
from contacts.models import Practice, Provider, Staff
from demo import names
from events.actions import Cost, Outside
from events.models import Answer, Audience, Event, EventKind

HALL = "Lakeland Medical Center, Erie Auditorium, 1800 Lakeside Avenue, Cleveland"
ACCREDITED = "Lakeland Health designates this live activity for AMA PRA Category 1 Credit."
ANSWERS = (Answer.YES, Answer.YES, Answer.YES, Answer.MAYBE, Answer.NO, "")


def ensure(people: Mapping[str, User], *, seed: int) -> None:
    """Once: where there is any event, nothing is added."""
    if Event.objects.exists():
        return
    dice = random.Random(seed + 5)
    nora, sam, tara, dana = (people[name] for name in ("Nora Lind", "Sam Ortiz", "Tara Woods", "Dana Reyes"))
    with transaction.atomic():
        _held(nora, dice, days=12, hour=12, title="Same-week cardiology slots", kind=EventKind.LUNCH, guests=6, cost="118.40")
        _held(
            dana, dice, days=33, hour=7, title="Atrial fibrillation in primary care", kind=EventKind.GRAND_ROUNDS, guests=18, cost="342.00",
            place=HALL, credits=Decimal("1.5"), accreditation=ACCREDITED, audience=Audience.BOTH, speaker="Dr. Helen Marsh, Cardiology",
        )  # fmt: skip
        _held(sam, dice, days=2, hour=12, title="How to refer to orthopedics", kind=EventKind.LUNCH, guests=4, cost="", is_held=False)
        _ahead(nora, dice, at=_soon(), title="Breathing easier: the new asthma clinic", kind=EventKind.LUNCH, guests=7, cost="")
        _ahead(
            dana, dice, at=_on(6, 7), title="Heart valve disease: whom to refer, and when", kind=EventKind.GRAND_ROUNDS, guests=26, cost="",
            place=HALL, credits=Decimal("1"), accreditation=ACCREDITED, audience=Audience.BOTH, speaker="Dr. Omar Haddad, Structural Heart",
            about="Murmurs that matter, what the echo must answer, and the way to a slot within a week.", capacity=60, hosts=[nora, sam],
            outside=4,
        )  # fmt: skip
        _ahead(
            sam, dice, at=_on(13, 18), title="An evening with the orthopedics center", kind=EventKind.DINNER, guests=9, cost="410.00",
            place="The Lakehouse, Euclid", speaker="Dr. Priya Nair, Orthopedics", capacity=20,
        )  # fmt: skip
        _ahead(
            tara,
            dice,
            at=_on(24, 16),
            title="Open house: Akron imaging",
            kind=EventKind.OPEN_HOUSE,
            guests=8,
            cost="",
            place="Akron Imaging, 200 Main Street, Akron",
        )
        off = _ahead(nora, dice, at=_on(9, 12), title="Sleep clinic lunch", kind=EventKind.LUNCH, guests=5, cost="", answered=False)
        events.actions.cancel_event(event=off, reason="The speaker is on call that week.", by=nora)


def _on(days: int, hour: int) -> dt.datetime:
    """At that hour of a working day about so many days from now."""
    day = timezone.localdate() + dt.timedelta(days=days)
    day += dt.timedelta(days={5: 2, 6: 1}.get(day.weekday(), 0) if days > 0 else {5: -1, 6: -2}.get(day.weekday(), 0))
    return timezone.make_aware(dt.datetime.combine(day, dt.time(hour)))


def _soon() -> dt.datetime:
    """In about an hour, so that its list can be tried at once; after office hours noon of the next working day."""
    now = timezone.localtime()
    if 7 <= now.hour < 16 and now.weekday() < 5:
        return (now + dt.timedelta(minutes=75)).replace(minute=0, second=0, microsecond=0)
    return _on(1, 12)


def _guests(owner: User, practice: Practice | None, dice: random.Random, count: int) -> tuple[list[Provider], list[Staff]]:
    """Of one practice, or of the whole field; of these nobody whose year is used in other stories."""
    told = SpendShare.objects.exclude(provider=None).values("provider")
    seen = Provider.objects.visible_to(owner).exclude(pk__in=told)
    if practice is not None:
        found = list(seen.working_at(Practice.objects.filter(pk=practice.pk)).order_by("pk"))
        return found[:count], list(Staff.objects.visible_to(owner).here().filter(practice=practice).order_by("pk")[:2])
    found = list(seen.order_by("pk"))
    return dice.sample(found, k=min(count, len(found))), []


def _practice(owner: User, dice: random.Random) -> Practice:
    """One with several providers whom nothing was given to yet."""
    told = SpendShare.objects.exclude(provider=None).values("provider")
    sizes: dict[int, int] = {}
    works = Provider.objects.visible_to(owner).exclude(pk__in=told).filter(affiliations__ended_on=None)
    for practice in works.order_by().values_list("affiliations__practice", flat=True):
        sizes[practice] = sizes.get(practice, 0) + 1
    seen = set(Practice.objects.visible_to(owner).live().filter(pk__in=sizes).values_list("pk", flat=True))
    largest = sorted(seen, key=lambda pk: (-sizes[pk], pk))[:6]
    return Practice.objects.get(pk=dice.choice(largest))


def _plan(owner: User, dice: random.Random, *, at: dt.datetime, **fields: Any) -> Event:
    practice = None if fields.get("place") else _practice(owner, dice)
    return events.actions.plan_event(by=owner, starts_at=at, ends_at=at + dt.timedelta(hours=1), practice=practice, **fields)


def _ahead(
    owner: User, dice: random.Random, *, at: dt.datetime, guests: int, cost: str, outside: int = 0, answered: bool = True, **fields: Any
) -> Event:
    """Invited, most of them with an answer."""
    event = _plan(owner, dice, at=at, **fields)
    providers, staff = _guests(owner, event.practice, dice, guests)
    strangers = [_stranger(dice) for _ in range(outside)]
    for guest in events.actions.invite(event=event, people=[*providers, *staff], outside=strangers, by=owner):
        answer = dice.choice(ANSWERS)
        if answered and answer:
            events.actions.answer_invitation(guest=guest, answer=answer, by=owner)
    if cost and limit_of(event.local_start.year, None) is not None:  # nothing is planned for a year without a limit
        _cost(event, owner, cost, providers, staff)
    return event


def _held(owner: User, dice: random.Random, *, days: int, hour: int, guests: int, cost: str, is_held: bool = True, **fields: Any) -> Event:
    """It took place; who came was signed in at the door, and one name is still to be matched."""
    event = _plan(owner, dice, at=_on(-days, hour), **fields)
    providers, staff = _guests(owner, event.practice, dice, guests)
    came: list[Provider | Staff] = [*providers, *staff]
    for person in came:
        events.actions.add_walk_in(event=event, person=person, by=owner)
    events.actions.add_walk_in(event=event, name=_stranger(dice).name, by=owner)
    if is_held:
        events.actions.hold_event(event=event, by=owner)
    if cost:
        _cost(event, owner, cost, providers, staff)
    return event


def _cost(event: Event, owner: User, amount: str, providers: Sequence[Provider], staff: Sequence[Staff]) -> None:
    cost = Cost(Decimal(amount), f"{event.get_kind_display()}: {event.title}", SpendKind.MEAL, providers=providers, staff=staff, ours=1)
    events.actions.save_cost(event=event, cost=cost, by=owner)


def _stranger(dice: random.Random) -> Outside:
    first, last = dice.choice(names.FIRST), dice.choice(names.LAST)
    return Outside(f"{first} {last}", f"{first}.{last}@guests.example".lower().replace(" ", ""))
