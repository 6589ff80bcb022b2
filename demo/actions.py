"""Loading the invented world: people and visits by the apps' own actions, files by their own import commands."""

import datetime as dt
import json
import random
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

import accounts.actions
import contacts.actions
import reports.actions
import reports.queries.market
import reports.queries.names
import reports.targeting
import territories.actions
import visits.actions
from accounts.models import User
from accounts.roles import Role
from common.csvsafe import csv_rows
from contacts.models import Practice, Provider
from demo import (
    alerts,
    care,
    claims,
    directory,
    division,
    events,
    groups,
    manager,
    market,
    names,
    own_lists,
    promises,
    routes,
    spend,
    stops,
    world,
    worth,
)
from demo.referrals import tables
from jobs.actions import run_waiting
from referrals.models import ImportBatch, MarketFile
from territories.models import ServiceLine, Territory
from territories.scope import scope_of
from visits.models import Mode, Outcome, TargetList, Topic, VisitType

SYSTEM = "Lakeland Health"
# name, e-mail, role, patient rows, territories, overlay
PEOPLE = (
    ("Nora Lind", "nora@lakeland.example", Role.LIAISON, False, ("West Shore", "Lake and Geauga"), ""),
    ("Sam Ortiz", "sam@lakeland.example", Role.LIAISON, False, ("Cleveland East",), ""),
    ("Tara Woods", "tara@lakeland.example", Role.LIAISON, False, ("Akron", "Canton"), ""),
    ("Otis Reed", "otis@lakeland.example", Role.LIAISON, False, ("South",), "Orthopedics"),
    ("Dana Reyes", "dana@lakeland.example", Role.MANAGER, True, (SYSTEM,), ""),
    ("Mel Park", "mel@lakeland.example", Role.MANAGER, True, ("South",), ""),
    ("Ada Quinn", "ada@lakeland.example", Role.ADMIN, True, (), ""),
    ("Ivan Petrov", "ivan@lakeland.example", Role.ANALYST, True, (), ""),
    ("Elle Grant", "elle@lakeland.example", Role.EXECUTIVE, False, (), ""),
)
TOPICS = ("New service", "Access and wait", "Scheduling", "Introduction", "Feedback", "Reports back")
IMPORTS = (
    ("import_territories", "territories.csv", "territories"),
    ("import_practices", "practices.csv", "practices"),
    ("import_providers", "providers.csv", "providers"),
    ("import_roster", "roster.csv", "whose the practices are"),
    ("import_network", "network.csv", "where referrals go"),
)
# file, feed, what it is, its mapping where no shipped one fits
FEEDS: tuple[tuple[str, str, str, dict[str, Any] | None], ...] = (
    ("our-orders.csv", "lakeland-orders", "our orders", None),
    ("received.psv", "fax-intake", "received referrals", None),
    ("claims.csv", claims.SOURCE, "claims: where our patients were seen", claims.MAPPING),
)
MARKET_FILES = (("import_market", "market", "where providers refer in all"), ("import_capacity", "capacity", "what our sites can take"))
OFFICE_JOBS = ("Front desk", "Referral coordinator", "Office manager")
VISITS_BACK = 660  # days
Say = Callable[[str], None]


def password() -> str:
    """The demo people's password: made once per installation, so that no known one opens a door."""
    path = settings.VAR / "demo_password"
    if not path.exists():
        path.write_text(f"{secrets.choice(names.PLACES)}-{secrets.choice(names.STREETS)}-{secrets.randbelow(9000) + 1000}".lower())
        path.chmod(0o600)
    return path.read_text()


def load(*, say: Say, seed: int = 11, today: dt.date | None = None, referrals_a_month: int = 850) -> None:
    """Make the world where it is missing. A second call, or one after a cut, adds only what is not there yet."""
    made = world.make(today=today or timezone.localdate(), seed=seed, referrals_a_month=referrals_a_month)
    made.tables |= tables(made, seed=seed) | market.tables(made, seed=seed)
    say(f"Loading an invented health system, {SYSTEM} …")
    people = _ensure_people()
    territories.actions.ensure_root(name=SYSTEM, by=None)
    with tempfile.TemporaryDirectory(dir=settings.UPLOADS) as folder:
        _write_files(made, Path(folder))
        for command, file, what in IMPORTS:
            say(f"  {what}")
            call_command(command, Path(folder) / file, stdout=_Quiet(), stderr=_Quiet())
        groups.join(made, by=people["Ada Quinn"])
        _ensure_assignments(people, made.today)
        for file, source, what, shape in FEEDS:
            if not ImportBatch.objects.filter(source__name=source, state="loaded").exists():
                say(f"  {what}: {len(made.tables[file][1]):,} rows")
                mapping = _written(shape, Path(folder) / f"{source}.json") if shape else None
                call_command("import_referrals", Path(folder) / file, source=source, mapping=mapping, stdout=_Quiet(), stderr=_Quiet())
        for command, kind, what in MARKET_FILES:
            if not MarketFile.objects.filter(kind=kind, state="loaded").exists():
                say(f"  {what}")
                call_command(command, Path(folder) / f"{kind}.csv", stdout=_Quiet(), stderr=_Quiet())
    say("  visits and follow-ups")
    _ensure_field_work(made, people)
    say("  tiers, concerns, goals")
    care.load(people, seed=seed)
    say("  materials, lunches")
    spend.load(people, seed=seed)
    say("  visiting hours and a day's route")
    routes.load(people, seed=seed)
    promises.ensure(people, seed=seed)
    own_lists.ensure(people, seed=seed)

    _ensure_target_list(people)
    stops.ensure(people)
    say("  events")
    events.ensure(people, seed=seed)
    division.ensure(people, made.today)
    worth.ensure(people, world.month_starts(made.today, world.MONTHS)[0])
    say("  the directory")
    directory.ensure(people, seed=seed)
    say("  reports")
    run_waiting()
    alerts.ensure_work(people)
    say("  a manager's Monday")
    manager.ensure_monday(people["Dana Reyes"])
    run_waiting()


class _Quiet:
    """A stream that keeps nothing: the commands' own lines would repeat ours."""

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""


def _write_files(made: world.World, folder: Path) -> None:
    for name, (header, rows) in made.tables.items():
        pipe = name.endswith(".psv")
        with open(folder / name, "w", newline="", encoding="latin-1" if pipe else "utf-8") as file:
            file.writelines(csv_rows(header, rows, delimiter="|" if pipe else ",", bom=False))


def _written(mapping: dict[str, Any], path: Path) -> Path:
    path.write_text(json.dumps(mapping))
    return path


@transaction.atomic
def _ensure_people() -> dict[str, User]:
    people, hashed = {}, make_password(password())
    for name, email, role, patient_rows, *_ in PEOPLE:
        user = User.objects.filter(email=email).first()
        if user is None:
            user = accounts.actions.invite(email=email, full_name=name, role=role, patient_rows=patient_rows, by=None).user
            user.is_demo = True
            user.password = hashed
            user.save(update_fields=["is_demo", "password"])
        people[name] = user
    return people


@transaction.atomic
def _ensure_assignments(people: dict[str, User], today: dt.date) -> None:
    lines = {line.name: line for line in ServiceLine.objects.all()}
    since = world.month_starts(today, world.MONTHS)[0]
    for name, _, _, _, places, overlay in PEOPLE:
        for place in places:
            territory, line = Territory.objects.get(name=place), lines.get(overlay)
            if not people[name].assignments.filter(territory=territory, service_line=line).exists():
                primary = people[name].is_liaison and line is None
                territories.actions.assign(
                    user=people[name], territory=territory, service_line=line, is_primary=primary, started_on=since, by=people["Ada Quinn"]
                )


def _ensure_field_work(made: world.World, people: dict[str, User]) -> None:
    """A year of visits where somebody looks after the practice: more to the busy ones, with notes, promises and plans."""
    admin = people["Ada Quinn"]
    topics = {topic.name: topic for topic in Topic.objects.all()}
    for name in TOPICS:
        topics.setdefault(name, visits.actions.save_topic(by=admin, name=name) if name not in topics else topics[name])
    dice = random.Random(len(made.people))
    providers = {provider.npi: provider for provider in Provider.objects.all()}
    rates: dict[str, float] = {}
    for person in made.people:
        rates[made.offices[person.office].name] = rates.get(made.offices[person.office].name, 0) + person.rate
    covered = {
        territory: people[name] for name, _, _, _, places, line in PEOPLE if people[name].is_liaison and not line for territory in places
    }
    for practice in Practice.objects.select_related("territory").filter(visits=None).order_by("pk"):
        owner = covered.get(practice.territory.name) if practice.territory else None
        if owner:
            met = [providers[person.npi] for person in made.people if made.offices[person.office].name == practice.name and person.rate]
            with transaction.atomic():
                _tell_of(practice, owner, met, list(topics.values()), rates.get(practice.name, 0), dice)


def _ensure_target_list(people: dict[str, User]) -> None:
    """What Dana chose among the targets and gave to Nora, who is on her way."""
    dana, nora = people["Dana Reyes"], people["Nora Lind"]
    source = reports.queries.market.market()
    if source is None or TargetList.objects.exists():
        return
    known = reports.queries.names.names()
    listed = reports.targeting.find(source, scope=scope_of(nora), known=known).listed[:12]
    if not listed:
        return
    today = timezone.localdate()
    chosen, _ = reports.actions.save_targets(
        by=dana,
        source=source,
        known=known,
        keys=[one.key for one in listed],
        name="Who could send more, north",
        campaign="New orthopedics center",
        starts_on=today - dt.timedelta(days=30),
        ends_on=today + dt.timedelta(days=45),
    )
    visits.actions.hand_over(by=dana, target_list=chosen, to=nora)


def _tell_of(practice: Practice, owner: User, met: list[Provider], topics: list[Topic], rate: float, dice: random.Random) -> None:
    """One practice's year: its people at the desk, the visits to it, what was promised, what is planned."""
    last = dice.choice(names.LAST)
    contacts.actions.save_staff(
        practice=practice, name=f"{dice.choice(names.FIRST)} {last}", job=dice.choice(OFFICE_JOBS), phone=practice.phone, by=owner
    )
    now = timezone.localtime().replace(second=0, microsecond=0)
    kinds = list(VisitType.objects.offered())
    for days in sorted(dice.sample(range(1, VISITS_BACK), k=min(10, 2 + int(rate / 4) + dice.randrange(3))), reverse=True):
        when = _office_hour(now - dt.timedelta(days=days), dice)
        outcome = dice.choices((Outcome.MET_PROVIDER, Outcome.MET_STAFF, Outcome.ISSUE, Outcome.NOT_AVAILABLE), (6, 3, 1, 1))[0]
        promised = dice.random() < 0.3
        kind = kinds[days % len(kinds)] if kinds and days % 7 else None  # some say nothing of it, as people do
        visit = visits.actions.log_visit(
            by=owner,
            practice=practice,
            visited_at=when,
            mode=dice.choices((Mode.IN_PERSON, Mode.PHONE, Mode.VIRTUAL, Mode.DROP_OFF), (7, 2, 1, 1))[0],
            outcome=outcome,
            providers=dice.sample(met, k=min(len(met), dice.choice((1, 1, 2)))) if outcome == Outcome.MET_PROVIDER else [],
            topics=dice.sample(topics, k=dice.choice((1, 1, 2))),
            more=visits.actions.More(visit_type=kind, says_type=True),
            note=dice.choice(names.NOTES) if dice.random() < 0.7 else "",
            follow_up=dice.choice(names.PROMISES) if promised else "",
            follow_up_due=timezone.localdate(when) + dt.timedelta(days=dice.choice((7, 14, 21))) if promised else None,
        )
        for follow_up in visit.follow_ups.all():
            if days > 40 or dice.random() < 0.4:
                visits.actions.complete_follow_up(by=owner, follow_up=follow_up)
    if dice.random() < 0.3:
        when = _office_hour(now + dt.timedelta(days=dice.randrange(0, 10)), dice)
        if when > now:
            visits.actions.plan_visit(by=owner, practice=practice, planned_at=when, purpose=dice.choice(TOPICS))


def _office_hour(moment: dt.datetime, dice: random.Random) -> dt.datetime:
    """The same day, or the Friday before a weekend, at an hour in which offices receive."""
    moment -= dt.timedelta(days=max(0, moment.weekday() - 4))
    return moment.replace(hour=dice.randrange(9, 17), minute=dice.choice((0, 15, 30, 45)))
