"""The invented world as plain tables: pure, the same for the same seed and day.

It tells a story that every page can show: two services leak more each quarter, a dozen practices fall to a third, others grow or are new,
some sent their first referral last month, some their first after more than a year,
one practice joins the network half-way, a corner of the map belongs to nobody, and the last weeks are still on their way.
"""

import datetime as dt
import math
import random
from dataclasses import dataclass, field

from common.npi import with_check_digit
from demo import names

MONTHS = 30
FALLS, GROWS = 4, 6  # months before today in which the stories begin
LATELY, RESTED = 1, 16  # months before today: newcomers begin, and those who come back had stopped

# territory, region, ZIP codes, counties
TERRITORIES = (
    ("West Shore", "North", ("44107", "44116", "44140", "44145"), ("OH/Lorain",)),
    ("Cleveland East", "North", ("44106", "44118", "44121", "44122"), ()),
    ("Lake and Geauga", "North", (), ("OH/Lake", "OH/Geauga")),
    ("Akron", "South", ("44301", "44303", "44313", "44333"), ("OH/Portage",)),
    ("Canton", "South", ("44702", "44708", "44718"), ("OH/Wayne",)),
)
ZIPS = (
    "44107 44116 44140 44145 44035 44052 44106 44118 44121 44122 44060 44077 44024 44301 44303 44313 44333 44240 44266 44702 44708 "
    "44718 44691"
).split()
NOTICED = 4.0  # referrals a month of whoever begins, or comes back, so that it shows in any world
NOBODYS = ("44004", "44030")  # Ashtabula: no rule

# line, taxonomy of its specialists, weight, share that leaves
LINES = (
    ("Cardiology", "207RC0000X", 5, 0.16),
    ("Orthopedics", "207X00000X", 6, 0.24),
    ("Gastroenterology", "207RG0100X", 4, 0.15),
    ("Neurosciences", "2084N0400X", 3, 0.30),
    ("Oncology", "207RX0202X", 2, 0.12),
    ("Pulmonology", "207RP1001X", 2, 0.18),
    ("Women's Health", "207V00000X", 4, 0.14),
)
PRIMARY_CARE = (("207Q00000X", 45), ("207R00000X", 30), ("208000000X", 12), ("363LF0000X", 13))
Table = tuple[list[str], list[list[str]]]


@dataclass(frozen=True)
class Office:
    name: str
    address: str
    zip: str
    alignment: str
    joined_on: dt.date | None = None

    def is_ours(self, day: dt.date) -> bool:
        return self.alignment in {"employed", "affiliated"} or (self.joined_on is not None and day >= self.joined_on)


@dataclass(frozen=True)
class Person:
    npi: str
    first: str
    last: str
    middle: str
    taxonomy: str
    office: int
    rate: float = 0.0  # referrals a month, before season and story
    story: str = ""  # falls, grows, new, first (last month), back (last month, after a long rest)


@dataclass
class World:
    """Everything as files hold it: name -> (header, rows). `offices` and `people` are for those who tell the story on."""

    today: dt.date
    offices: list[Office]
    people: list[Person]
    tables: dict[str, Table] = field(default_factory=dict)

    def at(self, person: Person) -> Office:
        return self.offices[person.office]


def make(*, today: dt.date, seed: int = 11, referrals_a_month: int = 850) -> World:
    """The world as of `today`: 30 full months and the running one, without its referrals (demo.referrals)."""
    dice = random.Random(seed)
    offices = _offices(dice, today)
    world = World(today, offices, _people(dice, offices, referrals_a_month))
    world.tables = {
        "territories.csv": _territories(),
        "providers.csv": _registry(world),
        "practices.csv": (
            ["practice", "address", "zip", "provider_npi"],
            [[world.at(p).name, world.at(p).address, world.at(p).zip, p.npi] for p in world.people],
        ),
        "roster.csv": _roster(offices),
        "network.csv": _network(),
    }
    return world


def month_starts(today: dt.date, count: int) -> list[dt.date]:
    """The first days of the running month and of the `count` before it, oldest first."""
    index = today.year * 12 + today.month - 1
    return [dt.date(i // 12, i % 12 + 1, 1) for i in range(index - count, index + 1)]


def _offices(dice: random.Random, today: dt.date) -> list[Office]:
    halfway = month_starts(today, MONTHS)[MONTHS // 2]
    taken: set[str] = set()
    offices = []
    for number in range(84):
        while (name := f"{dice.choice(names.PLACES)} {dice.choice(names.PRACTICE_KINDS)}") in taken:
            pass
        taken.add(name)
        alignment = dice.choices(("employed", "affiliated", "independent"), (38, 17, 45))[0]
        joined = halfway if alignment == "independent" and number % 12 == 0 else None
        zip_ = dice.choice(NOBODYS) if number >= 80 else dice.choice(ZIPS)
        offices.append(Office(name, f"{dice.randint(1, 999)} {dice.choice(names.STREETS)} St", zip_, alignment, joined))
    return offices


def _people(dice: random.Random, offices: list[Office], monthly: int) -> list[Person]:
    """Two to four who refer in every office; specialists in the offices of ours."""
    taken: set[tuple[str, str]] = set()
    drafts = []
    for office in range(len(offices)):
        for _ in range(dice.choices((2, 3, 4), (5, 4, 2))[0]):
            taxonomy = dice.choices([code for code, _ in PRIMARY_CARE], [weight for _, weight in PRIMARY_CARE])[0]
            drafts.append((office, taxonomy, dice.paretovariate(1.5)))
    specialists = [(dice.randrange(len(offices)), line[1], 0.0) for line in LINES for _ in range(6)]
    total = sum(weight for _, _, weight in drafts)
    people = []
    for number, (office, taxonomy, weight) in enumerate(drafts + specialists):
        while (name := (dice.choice(names.FIRST), dice.choice(names.LAST))) in taken:
            pass
        taken.add(name)
        rate = min(weight / total * monthly, 40)
        people.append(
            Person(
                with_check_digit(f"2{90_000_000 + number:08d}"),
                *name,
                dice.choice("ABCDEFGHJKLM"),
                taxonomy,
                office,
                rate,
                _story(number, rate, offices[office]),
            )
        )
    return people


def _story(number: int, rate: float, office: Office) -> str:
    """Busy referrers get one now and then, so that it shows; some of those outside begin to refer."""
    if rate and office.alignment == "independent" and number % 8 == 3:
        return "new"
    if 0 < rate < 6 and office.alignment == "independent" and not office.joined_on and number % 8 == 5:
        return ("first", "back")[number // 8 % 2]
    if rate >= 6 and office.alignment == "independent":  # many enough to be told from chance
        return ("falls", "grows", "")[number % 3]
    if rate < 2.5:
        return ""
    return ("falls", "", "grows", "", "")[number % 5]


def expected(person: Person, months_ago: int, month: int) -> float:
    """Expected referrals of one month: rate, season, story."""
    season = 1 + 0.1 * math.sin(2 * math.pi * month / 12)
    story = {
        "falls": 0.35 if months_ago < FALLS else 1.0,
        "grows": 1.7 if months_ago < GROWS else 1.0,
        "new": 2.0 if months_ago < FALLS else 0.0,
        "first": 1.0 if months_ago <= LATELY else 0.0,
        "back": 1.0 if months_ago <= LATELY or months_ago >= RESTED else 0.0,
    }.get(person.story, 1.0)
    rate = max(person.rate, NOTICED) if person.story in {"first", "back"} else person.rate
    return rate * season * story


def _territories() -> Table:
    rows = []
    for territory, region, zips, counties in TERRITORIES:
        rows += [[territory, region, zip_, ""] for zip_ in zips] + [[territory, region, "", county] for county in counties]
    return ["territory", "parent", "zip", "county"], rows


_REGISTRY_HEADER = (
    "NPI|Entity Type Code|Provider Last Name (Legal Name)|Provider First Name|Provider Middle Name|"
    "Provider Credential Text|Provider First Line Business Practice Location Address|"
    "Provider Business Practice Location Address State Name|Provider Business Practice Location Address Postal Code|"
    "Provider Business Practice Location Address Telephone Number|Last Update Date|Healthcare Provider Taxonomy Code_1|"
    "Healthcare Provider Primary Taxonomy Switch_1"
).split("|")


def _registry(world: World) -> Table:
    """The NPPES layout, with the columns that matter."""
    rows = []
    for number, person in enumerate(world.people):
        office = world.at(person)
        credential = "NP" if person.taxonomy.startswith("363") else "DO" if number % 6 == 0 else "MD"
        rows.append(
            [
                person.npi,
                "1",
                person.last,
                person.first,
                person.middle,
                credential,
                office.address,
                "OH",
                office.zip,
                f"216555{1000 + number:04d}",
                "01/15/2026",
                person.taxonomy,
                "Y",
            ]
        )
    return _REGISTRY_HEADER, rows


def _roster(offices: list[Office]) -> Table:
    rows = []
    for office in offices:
        if office.joined_on:
            rows += [
                [office.name, "independent", "", office.joined_on.isoformat()],
                [office.name, "employed", office.joined_on.isoformat(), ""],
            ]
        else:
            rows.append([office.name, office.alignment, "", ""])
    return ["practice", "alignment", "from", "to"], rows


def destinations(line: str) -> list[tuple[str, str]]:
    return [
        (f"Lakeland {line}", "employed"),
        (f"Harbor {line} Partners", "affiliated"),
        (f"Summit Regional {line}", "competitor"),
        (f"Crestview {line}", "independent"),
    ]


def _network() -> Table:
    rows = [[name, alignment, "", "", line] for line, *_ in LINES for name, alignment in destinations(line)]
    return ["organization", "alignment", "from", "to", "service_line"], rows
