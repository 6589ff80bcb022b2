"""Materials, lunches and gifts of the invented world: written down as the liaisons would, one year near its limit, one over it."""

import datetime as dt
import random
from collections.abc import Mapping
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

import compliance.actions
import visits.actions
from accounts.models import User
from compliance.drafts import SpendDraft
from compliance.models import SpendEntry, SpendKind, SpendLimit, SpendState
from contacts.models import Practice, Provider
from visits.miles import rate_on
from visits.models import Material, MaterialKind, MileageRate, Mode, Outcome, Visit, VisitState

# name, kind, order again at, pieces received
MATERIALS = (
    ("Referral card", MaterialKind.PRINT, 150, 600),
    ("Guide to our clinics", MaterialKind.PRINT, 60, 200),
    ("Orthopedics brochure", MaterialKind.PRINT, 40, 120),
    ("Referral pad", MaterialKind.FORM, 25, 90),
    ("Magnet with the access line", MaterialKind.ITEM, 30, 60),
    ("Video: how to refer", MaterialKind.DIGITAL, None, 0),
)
PURPOSES = ("New orthopedics center", "How to refer to cardiology", "Access line and same-week slots", "Feedback on consult notes")
VENDORS = ("Erie Street Deli", "Lakeside Catering", "Bluebird Cafe", "Corner Bakery")
LUNCHES = 36
PLANNED_IN = dt.timedelta(days=12)


def load(people: Mapping[str, User], *, seed: int) -> None:
    """Everything that is missing; a second call adds nothing."""
    dice = random.Random(seed)
    with transaction.atomic():
        _ensure_materials(people["Ada Quinn"], dice)
        if not SpendEntry.objects.exists():
            _ensure_limits(people["Ada Quinn"])
            _lunches(people["Nora Lind"], people["Sam Ortiz"], dice)
            _near_and_over(people["Nora Lind"])
            _ensure_mileage_rate(people["Ada Quinn"])
            _drives(people["Nora Lind"], dice)


def _ensure_materials(by: User, dice: random.Random) -> None:
    if Material.objects.exists():
        return
    made = []
    for name, kind, reorder_at, pieces in MATERIALS:
        material = visits.actions.save_material(name=name, kind=kind, reorder_at=reorder_at, by=by)
        if pieces:
            visits.actions.receive_stock(material=material, pieces=pieces, note="First delivery", by=by)
        made.append(material)
    recent = Visit.objects.filter(state=VisitState.DONE, deleted_at=None, mode__in=[Mode.IN_PERSON, Mode.DROP_OFF]).order_by("-visited_at")[
        :60
    ]
    for visit in recent.select_related("owner", "practice").prefetch_related("attendees__provider", "attendees__staff", "topics"):
        met = list(visit.attendees.all())
        visits.actions.edit_visit(
            by=visit.owner,
            visit=visit,
            visited_at=visit.visited_at or timezone.now(),
            mode=visit.mode,
            outcome=visit.outcome,
            providers=[person.provider for person in met if person.provider],
            staff=[person.staff for person in met if person.staff],
            topics=list(visit.topics.all()),
            note=visit.note,
            materials=[(material, dice.choice((1, 2, 5, 10))) for material in dice.sample(made, k=dice.choice((1, 2)))],
        )


def _hosts(by: User, *, people: int) -> list[tuple[Practice, list[Provider]]]:
    """Practices of the person with so many providers who are not employed, the first by name."""
    found = []
    for practice in Practice.objects.visible_to(by).live().order_by("name", "pk"):
        here = Provider.objects.live().working_at(Practice.objects.filter(pk=practice.pk)).with_alignment(timezone.localdate())
        outside = [provider for provider in here.order_by("pk") if vars(provider)["alignment_today"] != "employed"]
        if len(outside) >= people:
            found.append((practice, outside))
        if len(found) >= LUNCHES // 2:
            break
    return found


def _lunches(nora: User, sam: User, dice: random.Random) -> None:
    """Lunches on visits, through this year; timelines show them without their amounts."""
    today = timezone.localdate()
    span = max(5, (today - dt.date(today.year, 1, 1)).days)
    for owner in (nora, sam):
        for practice, providers in _hosts(owner, people=1):
            on = today - dt.timedelta(days=dice.randrange(1, span))
            on -= dt.timedelta(days=max(0, on.weekday() - 4))
            guests = providers[: dice.choice((1, 2, 3))]
            visits.actions.log_visit(
                by=owner,
                practice=practice,
                visited_at=timezone.make_aware(dt.datetime.combine(on, dt.time(12))),
                outcome=Outcome.MET_PROVIDER,
                providers=guests,
                note="Lunch with the office.",
                spend=[
                    SpendDraft(
                        amount=Decimal(dice.randrange(6_000, 22_000)) / 100,
                        purpose=dice.choice(PURPOSES),
                        providers=tuple(guests),
                        staff_count=dice.choice((2, 3, 5)),
                        ours=1,
                        vendor=dice.choice(VENDORS),
                    )
                ],
            )


def _ensure_limits(by: User) -> None:
    """A plan needs its year's limit, and the official one of a new year is typed in by an admin: here it is invented, and says so."""
    today = timezone.localdate()
    for year in sorted({today.year, (today + PLANNED_IN).year}):
        stored = SpendLimit.objects.filter(year=year, entity=None).first()
        if stored is None or stored.non_monetary is None:
            source = "Invented for the demo: not the official amount"
            compliance.actions.save_limit(year=year, non_monetary=Decimal("535"), incidental=None, source=source, limit=stored, by=by)


def _near_and_over(by: User) -> None:
    """One physician above four fifths of the year, one a little over it, one gift that is planned."""
    hosts = [(practice, provider) for practice, providers in _hosts(by, people=1) for provider in providers]
    today = timezone.localdate()
    wanted = ((0, SpendKind.ENTERTAINMENT, "452.00", SpendState.HAPPENED, 20), (1, SpendKind.EDUCATION, "560.00", SpendState.HAPPENED, 9),
              (2, SpendKind.GIFT, "85.00", SpendState.PLANNED, -PLANNED_IN.days))  # fmt: skip
    for place, kind, amount, state, days_ago in wanted:
        if place < len(hosts):
            practice, provider = hosts[place]
            compliance.actions.record_spend(
                draft=SpendDraft(
                    amount=Decimal(amount),
                    kind=kind,
                    purpose="Regional cardiology symposium" if state == SpendState.HAPPENED else "Holiday basket for the office",
                    spent_on=today - dt.timedelta(days=days_ago),
                    state=state,
                    providers=(provider,),
                    practice=practice,
                    vendor="Lakeland Conference Center" if state == SpendState.HAPPENED else "",
                ),
                by=by,
            )


def _ensure_mileage_rate(by: User) -> None:
    """As with limits: that of a year which nobody typed in yet is invented, and says so."""
    today = timezone.localdate()
    if rate_on(MileageRate.objects.all(), today) is None:
        source = "Invented for the demo: not the official rate"
        visits.actions.save_rate(per_mile=Decimal("0.70"), started_on=today.replace(month=1, day=1), source=source, by=by)


def _drives(by: User, dice: random.Random) -> None:
    """What the odometer said on most of the last days in the field; the others stay estimated."""
    made = Visit.objects.filter(owner=by, state=VisitState.DONE, deleted_at=None, mode__in=[Mode.IN_PERSON, Mode.DROP_OFF])
    days = list(
        dict.fromkeys(timezone.localdate(at) for at in made.order_by("-visited_at").values_list("visited_at", flat=True)[:30] if at)
    )
    for on in days[:12]:
        visits.actions.save_mileage(owner=by, driven_on=on, miles=Decimal(dice.randrange(80, 620)) / 10, by=by)
