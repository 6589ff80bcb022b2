"""Plain functions that make valid rows with as little said as possible. Numbers count up, so that names never collide."""

import datetime as dt
from itertools import count
from typing import Any

from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from common.names import fold
from common.npi import with_check_digit
from contacts.finding.words import fold_names, learn_name
from contacts.models import Affiliation, Alignment, Organization, Practice, Provider, Specialty, Staff
from territories.models import Assignment, RuleKind, ServiceLine, Territory, TerritoryRule
from visits.models import Visit

_numbers = count(1)
PASSWORD = "a long enough passphrase"


def make_user(name: str = "", *, role: str = Role.LIAISON, **fields: Any) -> User:
    name = name or f"person{next(_numbers)}"
    return User.objects.create_user(f"{name}@example.org", PASSWORD, full_name=name.title(), role=role, **fields)


def make_territory(name: str = "", *, parent: Territory | None = None, zips: tuple[str, ...] = ()) -> Territory:
    """A territory; without a parent it hangs below the root, which is made when it is missing."""
    root, _ = Territory.objects.get_or_create(parent=None, defaults={"name": "Everything"})
    territory = Territory.objects.create(name=name or f"Territory {next(_numbers)}", parent=parent or root)
    TerritoryRule.objects.bulk_create(TerritoryRule(territory=territory, kind=RuleKind.ZIP, value=zip_) for zip_ in zips)
    return territory


def assign(user: User, territory: Territory, *, line: ServiceLine | None = None, primary: bool = True, **fields: Any) -> Assignment:
    fields.setdefault("started_on", dt.date(2020, 1, 1))
    return Assignment.objects.create(user=user, territory=territory, service_line=line, is_primary=primary, **fields)


def make_line(name: str = "Cardiology") -> ServiceLine:
    return ServiceLine.objects.get_or_create(name=name)[0]


def make_specialty(code: str = "207RC0000X", name: str = "Cardiology", line: ServiceLine | None = None) -> Specialty:
    return Specialty.objects.get_or_create(code=code, defaults={"name": name, "service_line": line})[0]


def make_organization(name: str = "", *, alignment: str = "", **fields: Any) -> Organization:
    name = name or f"Organization {next(_numbers)}"
    organization = Organization.objects.create(name=name, folded_name=fold(name), **fields)
    if alignment:
        Alignment.objects.create(organization=organization, kind=alignment)
    return organization


def make_practice(name: str = "", *, territory: Territory | None = None, alignment: str = "", **fields: Any) -> Practice:
    name = name or f"Practice {next(_numbers)}"
    practice = Practice.objects.create(
        name=name, folded_name=fold(name), territory=territory, placed_by="zip" if territory else "nobody", **fields
    )
    if alignment:
        Alignment.objects.create(practice=practice, kind=alignment)
    return practice


def make_provider(last: str = "", *, at: Practice | None = None, npi: str | None = None, **fields: Any) -> Provider:
    """A provider with an invented NPI (starts with 2), working at `at`."""
    number = next(_numbers)
    last, first = last or f"Provider{number}", fields.pop("first_name", "Pat")
    provider = Provider(npi=with_check_digit(f"2{number:08d}") if npi is None else npi, last_name=last, first_name=first, **fields)
    fold_names(provider).save()
    learn_name(provider)
    if at:
        Affiliation.objects.create(provider=provider, practice=at)
    return provider


def make_staff(practice: Practice, name: str = "", **fields: Any) -> Staff:
    return Staff.objects.create(practice=practice, name=name or f"Staff {next(_numbers)}", **fields)


def make_visit(practice: Practice, owner: User, **fields: Any) -> Visit:
    fields.setdefault("state", "done")
    if fields["state"] == "planned":
        fields.setdefault("planned_at", timezone.localtime() + dt.timedelta(days=1))
    else:
        fields.setdefault("visited_at", timezone.localtime() - dt.timedelta(days=1))
    return Visit.objects.create(practice=practice, owner=owner, logged_by=owner, **fields)
