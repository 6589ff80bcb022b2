"""Promises, appointments, field notes and quality projects of the invented world, by the apps' own actions."""

import datetime as dt
import random
from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

import concerns.actions
import contacts.actions
import visits.actions
from accounts.models import User
from concerns.models import Category, Concern, FieldNote, QualityProject
from contacts.models import Practice
from visits.models import FollowUp, Mode, Visit

# kind, what was heard, tags
HEARD = (
    ("feedback", "The new consult letters are short and arrive the same day; they want more of them.", ("letters", "praise")),
    ("feedback", "The referral coordinator praises the direct line to cardiology.", ("cardiology", "praise")),
    ("feedback", "They would rather get results in the portal than by fax.", ("portal", "results")),
    ("feedback", "Parking at the main building keeps older patients away.", ("access", "parking")),
    ("gap", "No open MRI within forty minutes.", ("imaging", "mri")),
    ("gap", "They ask for evening hours in orthopedics.", ("access", "orthopedics")),
    ("gap", "Nobody nearby treats sleep apnea in children.", ("sleep",)),
    ("gap", "A Spanish-speaking scheduler would help half of their families.", ("access", "language")),
    ("competitor", "Summit offers appointments within three days, and says so on a flyer.", ("access", "summit")),
    ("competitor", "Summit opens an infusion center across the street in spring.", ("infusion", "summit")),
    ("competitor", "A national chain bought the imaging center next door.", ("imaging",)),
    ("competitor", "Their new partner asks them to refer inside the chain.", ("alignment",)),
)
# name, goal, category, days since it began
PROJECTS = (
    (
        "A second scheduling clerk",
        "The scheduling line is answered until 5 pm, and families are called back within two days.",
        "Scheduling",
        60,
    ),
    ("Consult notes the same day", "Consult notes reach the office on the day of the appointment.", "Reports back", 20),
)
HANDED = "I am on leave that week. She asked for it twice, so please call before you go."


@transaction.atomic
def ensure(people: Mapping[str, User], *, seed: int) -> None:
    """What is missing; a second call adds nothing."""
    dice = random.Random(seed + 5)
    if not FieldNote.objects.exists():
        _heard(people, dice)
    if not QualityProject.objects.exists():
        _projects(people)
    if not Visit.objects.filter(is_fixed=True).exists():
        _appointments(people["Nora Lind"])
        _touches(people["Nora Lind"])
    if not FollowUp.objects.exclude(handed_by=None).exists():
        _promises(people)


def _practices_of(person: User) -> list[Practice]:
    """Where they were last."""
    rows = Visit.objects.filter(owner=person, state="done").order_by("-visited_at").select_related("practice")[:40]
    return list({visit.practice_id: visit.practice for visit in rows}.values())


def _heard(people: Mapping[str, User], dice: random.Random) -> None:
    today = timezone.localdate()
    for name in ("Nora Lind", "Sam Ortiz", "Tara Woods"):
        places = _practices_of(people[name])
        for kind, text, tags in dice.sample(HEARD, k=min(7, len(places))):
            concerns.actions.add_field_note(
                kind=kind, practice=dice.choice(places), text=text, tags=tags, heard_on=today - dt.timedelta(days=dice.randrange(60)),
                by=people[name],
            )  # fmt: skip


def _projects(people: Mapping[str, User]) -> None:
    today = timezone.localdate()
    for name, goal, category, days in PROJECTS:
        kind = Category.objects.filter(name=category).first()
        if kind is None:
            continue
        project = concerns.actions.save_project(
            name=name,
            goal=goal,
            owner=people["Dana Reyes"],
            started_on=today - dt.timedelta(days=days),
            categories=[kind],
            by=people["Dana Reyes"],
        )
        for concern in Concern.objects.filter(category=kind).order_by("-raised_at")[:3]:
            concerns.actions.link_concern(project=project, concern=concern, by=people["Dana Reyes"])


def _at(days: int, hour: int, minute: int = 0) -> dt.datetime:
    """So many days from now, or the Monday after a weekend."""
    when = timezone.localtime() + dt.timedelta(days=days)
    when += dt.timedelta(days=(7 - when.weekday()) % 7 if when.weekday() > 4 else 0)
    return when.replace(hour=hour, minute=minute, second=0, microsecond=0)


def _appointments(nora: User) -> None:
    """A lunch with the whole office, and a short meeting with the coordinator, who is invited."""
    for place, (days, hour, minutes, room) in zip(_practices_of(nora), ((2, 12, 60, "Break room"), (3, 8, 30, "")), strict=False):
        person = place.staff.first()
        if person is not None and not person.email:
            email = f"{person.name.split()[0].lower()}@{place.zip or 'office'}.example"
            person = contacts.actions.save_staff(
                practice=place, name=person.name, job=person.job, phone=person.phone, email=email, staff=person, by=nora
            )
        met = [row.provider for row in place.affiliations.open().select_related("provider")[:2]]
        starts = _at(days, hour)
        visit = visits.actions.plan_visit(
            by=nora, practice=place, planned_at=starts, ends_at=starts + dt.timedelta(minutes=minutes), is_fixed=True, place=room,
            purpose="How the new referral form works", providers=met, staff=[person] if person else [],
        )  # fmt: skip
        if person is not None and not room:
            visits.actions.invite(by=nora, visit=visit, people=[person])


def _touches(nora: User) -> None:
    notes = ((Mode.TEXT, "Sent the new fax number."), (Mode.EMAIL, "Sent the list of specialists who take new patients."))
    for place, (mode, note) in zip(_practices_of(nora), notes, strict=False):
        visits.actions.log_visit(by=nora, practice=place, visited_at=timezone.now() - dt.timedelta(days=2, hours=3), mode=mode, note=note)


def _promises(people: Mapping[str, User]) -> None:
    """Dana gives Nora two of hers with a sentence; Nora has put one of her own off twice."""
    dana, nora = people["Dana Reyes"], people["Nora Lind"]
    today = timezone.localdate()
    for place, text in zip(_practices_of(nora), ("Bring the new referral guide", "Call back about the lunch talk"), strict=False):
        item = visits.actions.add_follow_up(by=dana, practice=place, text=text, due_on=today + dt.timedelta(days=2))
        visits.actions.hand_over_follow_up(by=dana, follow_up=item, to=nora, note=HANDED)
    own = FollowUp.objects.open().filter(owner=nora, handed_by=None).order_by("due_on").first()
    if own is not None:
        for days in (1, 3):
            visits.actions.snooze_follow_up(by=nora, follow_up=own, until_on=today + dt.timedelta(days=days))
