"""What a vendor of claims and our own sites would tell of the invented world: its market and its capacity, as files."""

import datetime as dt
import random

from common.npi import with_check_digit
from demo.world import LINES, MONTHS, Table, World, destinations, expected, month_starts

VENDOR = "Claims Almanac"
LAG = 40  # days that the vendor is behind
MARKET_HEADER = "NPI,Service line,Month,To us,Total,Vendor,Through".split(",")
CAPACITY_HEADER = "Site,Service line,As of,Accepting new patients,Third next available,Payers,Address,ZIP".split(",")
BACK = 26  # months that the vendor tells of
STRANGERS = 40  # providers of the market whom nobody here knows
# where each of our two sites of a line lies, and how soon it sees somebody new
PLACES = (("44106", "11100 Euclid Ave", 9), ("44303", "55 Arch St", 17))
SLOW = {"Neurosciences": 34}  # days: leaves early because nobody here has time
CLOSED = "Oncology"  # its second site takes nobody new
ALL_PAYERS = "Medicare;Medicaid;Aetna;UnitedHealthcare;Anthem BCBS;Cigna"
SOME_PAYERS = "Medicare;Aetna;UnitedHealthcare;Anthem BCBS"


def tables(world: World, *, seed: int) -> dict[str, Table]:
    """`market.csv` and `capacity.csv`."""
    dice = random.Random(seed + 1)
    return {"market.csv": (MARKET_HEADER, _market(dice, world)), "capacity.csv": (CAPACITY_HEADER, _capacity(dice, world))}


def _market(dice: random.Random, world: World) -> list[list[str]]:
    """Everybody who refers, in every line: most of ours stay, most of the others split, some send us next to nothing."""
    through = world.today - dt.timedelta(days=LAG)
    months = [month for month in month_starts(world.today, MONTHS)[-BACK:] if month <= through]
    weights = sum(weight for _, _, weight, _ in LINES)
    rows = []
    for number, person in enumerate(person for person in world.people if person.rate):
        ours = world.at(person).is_ours(world.today)
        habit = 0.84 if ours else (0.72, 0.55, 0.62, 0.12, 0.5)[number % 5]
        scale = 1.0 if ours else 1 / max(habit, 0.25)
        for ago, month in zip(range(len(months) - 1, -1, -1), months, strict=True):
            for line, _, weight, leak in LINES:
                mean = expected(person, ago, month.month) * scale * weight / weights
                total = _count(dice, mean)
                to_us = sum(dice.random() < max(0.02, habit - leak / 2) for _ in range(total))
                if total:
                    rows.append([person.npi, line, f"{month:%Y-%m}", str(to_us), str(total), VENDOR, through.isoformat()])
    return rows + _strangers(dice, world, months, through)


def _strangers(dice: random.Random, world: World, months: list[dt.date], through: dt.date) -> list[list[str]]:
    """Providers beyond our own directory: their numbers run on behind those of the world."""
    rows = []
    for number in range(STRANGERS):
        npi = with_check_digit(f"2{95_000_000 + number:08d}")
        for month in months:
            total = _count(dice, 3)
            if total:
                to_us = sum(dice.random() < 0.2 for _ in range(total))
                rows.append([npi, dice.choice(LINES)[0], f"{month:%Y-%m}", str(to_us), str(total), VENDOR, through.isoformat()])
    return rows


def _count(dice: random.Random, mean: float) -> int:
    """About the mean, never below zero: sums of many small chances."""
    return sum(dice.random() < mean / 20 for _ in range(20)) if mean < 10 else round(dice.gauss(mean, mean**0.5))


def _capacity(dice: random.Random, world: World) -> list[list[str]]:
    """Both of our sites of each line, told on the first of each month; one forgot the last two months."""
    rows = []
    for line, *_ in LINES:
        for place, (name, _) in enumerate(destinations(line)[:2]):
            zip_, address, wait = PLACES[place]
            for month in month_starts(world.today, MONTHS)[-BACK:]:
                forgot = place and line == "Pulmonology" and (world.today - month).days < 75
                if month > world.today or forgot:
                    continue
                accepting = "no" if place and line == CLOSED else "yes"
                days = SLOW.get(line, wait) + dice.randrange(-3, 4)
                payers = SOME_PAYERS if place else ALL_PAYERS
                rows.append([name, line, month.isoformat(), accepting, str(days), payers, address, zip_])
    return rows
