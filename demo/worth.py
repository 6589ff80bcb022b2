"""What the invented program is weighed with: margins, its cost, and an order of visits that was drawn."""

import datetime as dt
from decimal import Decimal

from django.utils import timezone

import reports.actions
import visits.actions
from accounts.models import User
from contacts.models import Practice
from referrals.models import Payer
from reports.models import ContributionMargin, ProgramCost
from territories.models import ServiceLine
from visits.drawing import month_after
from visits.models import Draw
from visits.queries import not_drawable

MARGINS = {"Cardiology": 620, "Orthopedics": 880, "Neurosciences": 540, "Oncology": 1150, "Gastroenterology": 410}
USUAL = 360
DRAWN, MONTHS = 18, 6


def ensure(people: dict[str, User], since: dt.date) -> None:
    """Typed once, by the admin; drawn once, by the manager."""
    admin, manager = people["Ada Quinn"], people["Dana Reyes"]
    if not ContributionMargin.objects.exists():
        for line in ServiceLine.objects.all():
            amount = Decimal(MARGINS.get(line.name, USUAL))
            low, high = amount * Decimal("0.75"), amount * Decimal("1.25")
            row = {"service_line": line, "amount": amount, "low": low, "high": high, "started_on": since, "note": "Finance, budget"}
            reports.actions.save_money(by=admin, model=ContributionMargin, values=row)
            for payer in Payer.objects.filter(name__istartswith="Medicaid"):
                poor = {"service_line": line, "payer": payer, "amount": amount * Decimal("0.4"), "started_on": since}
                reports.actions.save_money(by=admin, model=ContributionMargin, values=poor)
    if not ProgramCost.objects.exists():
        year = since.year
        while dt.date(year, 1, 1) <= timezone.localdate():
            row = {
                "started_on": dt.date(year, 1, 1),
                "ended_on": dt.date(year + 1, 1, 1),
                "amount": Decimal(412_000),
                "note": "Three liaisons",
            }
            reports.actions.save_money(by=admin, model=ProgramCost, values=row)
            year += 1
    if not Draw.objects.exists():
        _draw(manager)


def _draw(manager: User) -> None:
    today = timezone.localdate()
    practices = list(Practice.objects.visible_to(manager).live().order_by("name"))
    refused = not_drawable([practice.pk for practice in practices], today=today)
    free = [practice for practice in practices if practice.pk not in refused][:DRAWN]
    if len(free) > MONTHS:
        visits.actions.draw_order(
            by=manager,
            name="Quiet offices",
            practices=free,
            first_month_on=month_after(today.replace(day=1)),
            months=MONTHS,
            note="Nobody was there for half a year; all alike.",
        )
