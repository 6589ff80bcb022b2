"""Who keeps the directory, and which entries make sense."""

import datetime as dt
from collections.abc import Mapping

from accounts.models import User
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from common.places import is_zip
from contacts.models import Organization, Provider
from directory.languages import NAMES
from referrals.models import Payer
from territories.models import ServiceLine

Span = tuple[dt.date | None, dt.date | None]


def check_can_keep(user: User | None) -> None:
    """None is the command line."""
    if user is not None and not user.can(Permission.DIRECTORY_EDIT):
        raise PolicyViolation("The directory is kept by managers and admins.")


def check_subject(*, service_line: ServiceLine | None, organization: Organization | None, provider: Provider | None) -> None:
    if (provider is None) == (service_line is None) or (provider is not None and organization is not None):
        raise PolicyViolation("An entry is of a service line, of a site in one, or of one specialist.")


def check_fits(*, address: str, zip_: str, is_listed: bool, organization: Organization | None, provider: Provider | None) -> None:
    """A line has no address and a specialist those of the offices; only a specialist can be left out."""
    if (address or zip_) and organization is None:
        raise PolicyViolation("Only the entry of a site has an address: a specialist is seen at their practices.")
    if not is_listed and provider is None:
        raise PolicyViolation("Only a specialist can be left out of the directory. A site stands in it while it is ours.")


def check_zip(zip_: str) -> None:
    if zip_ and not is_zip(zip_):
        raise PolicyViolation("The postal service knows no such ZIP code. It needs five digits.")


def check_languages(languages: list[str]) -> None:
    if unknown := [code for code in languages if code not in NAMES]:
        raise PolicyViolation(f"Choose languages from the list: {', '.join(unknown)} is not on it.")


def check_plans(plans: Mapping[Payer, Span], *, tells_plans: bool) -> None:
    if plans and not tells_plans:
        raise PolicyViolation("Plans are chosen: say that this entry tells them, or choose none.")
    for payer, (started_on, ended_on) in plans.items():
        if started_on and ended_on and ended_on <= started_on:
            raise PolicyViolation(f"{payer}: the plan ends before it starts. Choose a later day.")
