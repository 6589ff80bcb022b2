"""The referrals of the invented world, as its two feeds write them."""

import datetime as dt
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

from demo import claims
from demo.world import LINES, MONTHS, Office, Person, Table, World, destinations, expected, month_starts

LEAKING = {"Orthopedics", "Neurosciences"}
LEAKS_SINCE = 7  # months before today
PAYERS = (("Medicare", 30), ("Medicaid", 14), ("Aetna", 14), ("UnitedHealthcare", 13), ("Anthem BCBS", 13), ("Cigna", 10), ("Self-pay", 6))
REASONS = ("service not offered", "no capacity", "payer network", "distance", "patient choice", "referrer habit")
STATES = ("received", "scheduled", "seen", "no-show", "cancelled", "rejected")
A_STATES = dict(zip(STATES, ("Pending Review", "Scheduled", "Completed", "No Show", "Canceled", "Denied"), strict=True))
B_STATES = dict(zip(STATES, "RSCNXD", strict=True))
ORDER_HEADER = (
    "Referral ID|Entry Date|Referred By Provider|Referred By NPI|Referred By Location|Referred By ZIP|"
    "Referred To Provider|Referred To NPI|Referred To Facility|Referral Type|Priority|Status|Appt Date|"
    "Report Received Date|Payer|Reason|Patient MRN|Patient Name|Patient DOB"
).split("|")
RECEIPT_HEADER = (
    "REF_NBR CREATED_DTTM FROM_PROV FROM_NPI FROM_ORG FROM_POSTAL TO_ORG_TXT SVC_LINE STATUS_CD APPT_DTTM RPT_DTTM FIN_CLASS MRN".split()
)


def _poisson(dice: random.Random, mean: float) -> int:
    """Knuth's method; expected values are small here."""
    limit, product, count = math.exp(-mean), dice.random(), 0
    while product > limit:
        product *= dice.random()
        count += 1
    return count


@dataclass(frozen=True)
class _Referral:
    person: Person
    day: dt.date
    line: str
    destination: str
    leaves: bool
    state: str
    appointment_on: dt.date | None
    report_on: dt.date | None
    payer: str
    patient: int
    performer: Person


def tables(world: World, *, seed: int) -> dict[str, Table]:
    """Our orders as the first mapping reads them, received referrals as the second, and payers' claims; some rows need an eye."""
    dice = random.Random(seed)
    orders: list[list[str]] = []
    received: list[list[str]] = []
    ours: list[tuple[str, _Referral]] = []
    for number, referral in enumerate(_made(dice, world)):
        office = world.at(referral.person)
        if office.is_ours(referral.day):
            orders.append(_order(dice, number, referral, office))
            ours.append((orders[-1][0], referral))
        else:
            received.append(_receipt(dice, number, referral, office))
    orders.append(["LX-1", "13/45/2026", *orders[1][2:]])  # three rows that a person must mend
    orders.append(["", *orders[2][1:]])
    orders.append(["LX-3", *orders[3][1:11], "Awaiting Fax", *orders[3][12:]])
    paid = claims.table(ours, seed=seed, today=world.today)
    return {"our-orders.csv": (ORDER_HEADER, orders), "received.psv": (RECEIPT_HEADER, received), "claims.csv": paid}


def _made(dice: random.Random, world: World) -> Iterator[_Referral]:
    months = month_starts(world.today, MONTHS)
    referrers = [person for person in world.people if person.rate]
    by_line = {line: [person for person in world.people if person.taxonomy == code] for line, code, *_ in LINES}
    patient = 0
    for ago, start in zip(range(len(months) - 1, -1, -1), months, strict=True):
        until = min(world.today, (start + dt.timedelta(days=32)).replace(day=1))
        days = (until - start).days
        share = days / 30.4
        for person in referrers:
            for _ in range(_poisson(dice, expected(person, ago, start.month) * share) if days else 0):
                patient += 1
                yield _one(dice, world, person, start + dt.timedelta(days=dice.randrange(days)), ago, patient, by_line)


def _one(
    dice: random.Random, world: World, person: Person, day: dt.date, ago: int, patient: int, by_line: dict[str, list[Person]]
) -> _Referral:
    line, _, _, leak = dice.choices(LINES, [entry[2] for entry in LINES])[0]
    ours = world.at(person).is_ours(day)
    leak += 0.02 * max(0, LEAKS_SINCE - ago) if line in LEAKING else 0
    leaves = ours and dice.random() < leak
    kinds = destinations(line)
    destination = kinds[2 if dice.random() < 0.65 else 3] if leaves else kinds[0 if dice.random() < 0.7 else 1]
    blank = ours and dice.random() < 0.13
    appointment = day + dt.timedelta(days=3 + int(dice.gammavariate(2, 8)))
    state = dice.choices(("seen", "no-show", "cancelled", "rejected", "received"), (72, 7, 9, 5, 7))[0]
    if state in {"seen", "no-show"} and appointment >= world.today:
        state = "scheduled" if (world.today - day).days > 4 else "received"
    booked = appointment if state in {"seen", "no-show", "scheduled"} else None
    report = appointment + dt.timedelta(days=4) if state == "seen" and dice.random() < 0.64 else None
    if report and report >= world.today:
        report = None
    payer = dice.choices([name for name, _ in PAYERS], [weight for _, weight in PAYERS])[0]
    return _Referral(
        person,
        day,
        line,
        "" if blank else destination[0],
        leaves and not blank,
        state,
        booked,
        report,
        payer,
        patient,
        dice.choice(by_line[line]),
    )


def _order(dice: random.Random, number: int, referral: _Referral, office: Office) -> list[str]:
    person, to = referral.person, referral.performer
    named = bool(referral.destination) and not referral.leaves
    american = "%m/%d/%Y"
    return [
        f"L{number:07d}",
        referral.day.strftime(american),
        f"{person.first} {person.last}",
        person.npi,
        office.name,
        office.zip,
        f"{to.first} {to.last}" if named else "",
        to.npi if named else "",
        referral.destination,
        referral.line,
        "Urgent" if dice.random() < 0.08 else "Routine",
        A_STATES[referral.state],
        referral.appointment_on.strftime(american) if referral.appointment_on else "",
        referral.report_on.strftime(american) if referral.report_on else "",
        referral.payer,
        dice.choice(REASONS) if referral.leaves else "",
        f"DM{referral.patient:07d}",
        f"Demo Patient {referral.patient}",
        "01/01/1970",
    ]


def _receipt(dice: random.Random, number: int, referral: _Referral, office: Office) -> list[str]:
    person = referral.person
    anonymous = dice.random() < 0.03
    return [
        f"R-{number}",
        f"{referral.day}T09:30:00",
        "" if anonymous else f"{person.last.upper()}, {person.first.upper()} {person.middle}",
        "" if anonymous or dice.random() < 0.12 else person.npi,
        office.name.upper(),
        office.zip,
        referral.destination,
        referral.line,
        B_STATES[referral.state],
        f"{referral.appointment_on}T14:00:00" if referral.appointment_on else "",
        f"{referral.report_on}T08:00:00" if referral.report_on else "",
        referral.payer,
        f"DM{referral.patient:07d}",
    ]
