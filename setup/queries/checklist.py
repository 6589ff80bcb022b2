"""The ten steps of the first day, each with its lines. Nothing here is ticked by hand: a line is done when the facts say so."""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.urls import reverse

from accounts.models import User
from setup.models import PutOff
from setup.queries import facts

WHOLE = "checklist"


@dataclass(frozen=True)
class Line:
    """One thing to do: where, whether it is done, and what there is. What is not `needed` is told, and holds nothing up."""

    text: str
    url: str
    is_done: bool
    detail: str = ""
    needed: bool = True


@dataclass(frozen=True)
class Step:
    """A page of the wizard."""

    key: str
    number: int
    title: str
    why: str
    lines: tuple[Line, ...]
    is_put_off: bool = False

    @property
    def is_done(self) -> bool:
        return all(line.is_done for line in self.lines if line.needed)

    @property
    def is_open(self) -> bool:
        """Neither done nor put off."""
        return not (self.is_done or self.is_put_off)

    @property
    def left(self) -> int:
        return sum(line.needed and not line.is_done for line in self.lines)

    @property
    def standing(self) -> str:
        if self.is_done:
            return "Done"
        return "Put off" if self.is_put_off else f"{self.left} left"

    @property
    def tone(self) -> str:
        return "good" if self.is_done else "neutral" if self.is_put_off else "warn"

    @property
    def url(self) -> str:
        return reverse("setup:step", args=[self.key])


@dataclass(frozen=True)
class Checklist:
    """All steps in order."""

    steps: tuple[Step, ...]
    is_hidden: bool = field(default=False)

    @property
    def done(self) -> int:
        return sum(step.is_done for step in self.steps)

    @property
    def is_finished(self) -> bool:
        """Every step is done. A step that was put off is not."""
        return self.done == len(self.steps)

    @property
    def next(self) -> Step | None:
        """The first step that is open, else the first that was put off."""
        unfinished = [step for step in self.steps if not step.is_done]
        return next((step for step in unfinished if step.is_open), unfinished[0] if unfinished else None)

    def step(self, key: str) -> Step | None:
        return next((step for step in self.steps if step.key == key), None)

    def after(self, step: Step) -> Step | None:
        """The step that follows in order."""
        return self.steps[step.number] if step.number < len(self.steps) else None

    def before(self, step: Step) -> Step | None:
        return self.steps[step.number - 2] if step.number > 1 else None


def is_hidden() -> bool:
    """Whether an admin took the list off the dashboard."""
    return PutOff.objects.filter(step=WHOLE).exists()


def checklist(user: User) -> Checklist:
    """Every step as the facts stand, with links to the pages where its lines are done."""
    put_off = set(PutOff.objects.values_list("step", flat=True))
    steps = tuple(
        Step(key, number, title, why, tuple(lines(user)), key in put_off) for number, (key, title, why, lines) in enumerate(STEPS, start=1)
    )
    return Checklist(steps, WHOLE in put_off)


def _counted(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}" if count else "None yet"


def _organization(user: User) -> list[Line]:
    found, page = facts.organization(), reverse("setup:organization")
    return [
        Line("Name of the organization", page, bool(found.name), found.name),
        Line("Time zone", page, found.is_saved, found.zone),
        Line("Start of the fiscal year", page, found.is_saved, found.fiscal_start),
    ]


def _people(user: User) -> list[Line]:
    found = facts.people(user)
    return [
        Line("Your own second factor", reverse("mfa_index"), found.has_second_factor, "On" if found.has_second_factor else "Off"),
        Line("Colleagues", reverse("accounts:people"), found.colleagues > 0, _counted(found.colleagues, "person", "people")),
        Line(
            "Somebody who visits practices",
            reverse("accounts:invite"),
            found.liaisons > 0,
            _counted(found.liaisons, "liaison"),
        ),
        Line("Who may do what", reverse("accounts:roles"), True, "Five roles", needed=False),
    ]


def _own(user: User) -> list[Line]:
    found, network = facts.network(), reverse("contacts:organizations")
    return [
        Line("Service lines", reverse("territories:service-lines"), found.lines > 0, _counted(found.lines, "line")),
        Line("Our own facilities", network, found.ours > 0, _counted(found.ours, "organization")),
        Line("Network status with dates", network, found.dated > 0, _counted(found.dated, "dated status", "dated statuses")),
        Line(
            "Specialties in service lines",
            reverse("contacts:specialties"),
            found.specialties > 0,
            f"{found.specialties_in_lines:,} of {found.specialties:,} in a line",
            needed=False,
        ),
    ]


def _providers(user: User) -> list[Line]:
    found, imports = facts.providers(user), reverse("contacts:imports")
    pairs = "Nothing to review" if not found.pairs else _counted(found.pairs, "pair to review", "pairs to review")
    return [
        Line("Practices", imports, found.practices > 0, _counted(found.practices, "practice")),
        Line("Providers, from the national registry or a file", imports, found.providers > 0, _counted(found.providers, "provider")),
        Line("Duplicates reviewed", reverse("contacts:duplicates"), found.providers > 0 and not found.pairs, pairs),
    ]


def _territories(user: User) -> list[Line]:
    found, page = facts.territories(), reverse("territories:list")
    held = f"{found.leaves - found.unheld:,} of {found.leaves:,} looked after" if found.leaves else "None yet"
    owned = f"{found.unowned:,} owned by nobody" if found.unowned else "Every practice is owned" if found.practices else "No practices yet"
    return [
        Line(
            "Territories with ZIP codes, counties or practices",
            page,
            found.leaves > 0 and found.rules > 0,
            _counted(found.leaves, "territory", "territories"),
        ),
        Line("Who looks after each", page, found.leaves > 0 and not found.unheld, held),
        Line(
            "Practices that nobody owns",
            f"{reverse('contacts:practices')}?territory=none",
            found.practices > 0 and not found.unowned,
            owned,
            needed=False,
        ),
    ]


def _field(user: User) -> list[Line]:
    found = facts.field()
    return [
        Line(
            "Tiers and how often each is visited",
            reverse("contacts:cadence"),
            found.tiers > 0,
            _counted(found.tiers, "tier with a cadence", "tiers with a cadence"),
        ),
        Line("Visit types", reverse("visits:types"), found.types > 0, _counted(found.types, "type")),
        Line("Visit topics", reverse("visits:topics"), found.topics > 0, _counted(found.topics, "topic")),
        Line(
            "Materials and their stock",
            reverse("visits:materials"),
            found.materials > 0,
            _counted(found.materials, "material"),
            needed=False,
        ),
        Line(
            "Concern categories with deadlines",
            reverse("concerns:categories"),
            found.categories > 0,
            _counted(found.categories, "category", "categories"),
        ),
        Line(
            "Fields of your own",
            reverse("contacts:custom-fields"),
            found.custom_fields > 0,
            _counted(found.custom_fields, "field"),
            needed=False,
        ),
    ]


def _spend(user: User) -> list[Line]:
    found = facts.spend()
    detail = found.words or f"None for {found.year} yet"
    return [Line(f"Limits of {found.year}", reverse("compliance:limits"), bool(found.words), detail)]


def _proofs(user: User) -> list[Line]:
    found = facts.proofs()
    return [
        Line("A test mail arrives", reverse("setup:mail"), found.is_mail_sent, found.mail_words),
        Line("A backup comes back whole", reverse("setup:backups"), found.is_backup_proven, found.backup_words),
    ]


def _sample(user: User) -> list[Line]:
    is_there = facts.has_sample()
    words = "On: an invented health system. Take it off before you begin for real." if is_there else "Off"
    return [Line("Sample data is off", reverse("setup:sample"), not is_there, words)]


def _numbers(user: User) -> list[Line]:
    found = facts.numbers()
    return [
        Line("A feed of referrals", reverse("referrals:sources"), found.feeds > 0, _counted(found.feeds, "feed")),
        Line("The first referrals", reverse("referrals:batches"), found.has_referrals, "Loaded" if found.has_referrals else "None yet"),
        Line("How referrals are counted", reverse("referrals:rules"), True, f"Fewer than {found.small_cell} are not shown", needed=False),
        Line(
            "The first dashboard",
            reverse("reports:dashboard"),
            found.has_referrals,
            "Open it" if found.has_referrals else "After the first file",
        ),
    ]


STEPS: tuple[tuple[str, str, str, Callable[[User], list[Line]]], ...] = (
    (
        "organization",
        "Organization",
        "The name heads every report; days are counted by your clock and quarters by your fiscal year.",
        _organization,
    ),
    (
        "people",
        "People and roles",
        "Everybody comes by invitation. What they may do follows from their role, what they see from their territories.",
        _people,
    ),
    (
        "network",
        "Service lines and own facilities",
        "Whether a referral stays in the house is decided by whose the two ends are, on its day.",
        _own,
    ),
    (
        "providers",
        "Providers and practices",
        "From the national registry, from a list of yours, or both. Nobody is entered twice.",
        _providers,
    ),
    ("territories", "Territories", "Who looks after which practices decides who sees what, and who gets the credit.", _territories),
    (
        "field",
        "Visits and concerns",
        "How often practices are visited, what visits are about, and who answers what practices complain of.",
        _field,
    ),
    ("spend", "Spend limits", "What may be given to a physician in a year. Limits are the law's: they are never guessed.", _spend),
    ("proofs", "Mail and backups", "Two things that are noticed when it is too late. Prove them today.", _proofs),
    ("sample", "Sample data", "An invented health system to look around in, and to be taken off again without a trace.", _sample),
    ("numbers", "First numbers", "The first file of referrals makes the first dashboard.", _numbers),
)
