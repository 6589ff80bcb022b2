"""In which state contacts may be changed. Each check raises a sentence that says what to do instead."""

import datetime as dt
from collections.abc import Iterable

from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from common.names import fold
from common.npi import is_valid_npi
from contacts.models import Affiliation, AlignmentKind, MoveNotice, Organization, Practice, Provider
from contacts.spans import Span
from territories.models import Territory


def day(date: dt.date) -> str:
    """3 Oct 2026."""
    return f"{date.day} {date:%b %Y}"


def check_npi(*, npi: str, record: Provider | Organization | Practice) -> None:
    """Ten digits whose last fits, and nobody else's. A practice may share the number of its organization."""
    if not npi:
        return
    if not is_valid_npi(npi):
        raise PolicyViolation(
            f"{npi} is not an NPI: it needs ten digits of which the last is the check digit. Compare it with the registry."
        )
    if isinstance(record, Practice):
        return
    if other := type(record).objects.filter(npi=npi).exclude(pk=record.pk).first():
        raise PolicyViolation(f"{other} has the NPI {npi} already.")


def why_not_archived(working: int, *, at: str) -> str:
    """The sentence where providers work; blank where nobody does."""
    if not working:
        return ""
    people = "1 provider works" if working == 1 else f"{working:,} providers work"
    return f"{people} {at} today. End their affiliations first, so that nobody is lost from sight."


def check_practice_name(*, name: str, zip_: str, practice: Practice) -> None:
    """A name stands once in a ZIP code."""
    if not fold(name):
        raise PolicyViolation("Give the practice a name.")
    if other := Practice.objects.filter(folded_name=fold(name)[:200], zip=zip_).exclude(pk=practice.pk).first():
        where = f" in {zip_}" if zip_ else ""
        state = " It is archived: bring it back from its page." if other.archived_at else ""
        raise PolicyViolation(f"There is already a practice called {other}{where}.{state}")


def check_organization_name(*, name: str, organization: Organization) -> None:
    if not fold(name):
        raise PolicyViolation("Give the organization a name.")
    if other := Organization.objects.filter(folded_name=fold(name)[:200]).exclude(pk=organization.pk).first():
        raise PolicyViolation(f"There is already an organization called {other}.")


def check_can_join(*, provider: Provider, practice: Practice) -> None:
    if practice.archived_at:
        raise PolicyViolation(f"{practice} is archived. Bring it back first.")
    if Affiliation.objects.open().filter(provider=provider, practice=practice).exists():
        raise PolicyViolation(f"{provider} works at {practice} already.")


def check_can_end(*, affiliation: Affiliation, ended_on: dt.date) -> None:
    if affiliation.ended_on:
        raise PolicyViolation(f"This ended on {day(affiliation.ended_on)} already.")
    if ended_on > timezone.localdate():
        raise PolicyViolation("The last day cannot lie in the future. Enter it when it has come.")
    if affiliation.started_on and ended_on <= affiliation.started_on:
        raise PolicyViolation(f"It began on {day(affiliation.started_on)}; the end must be later.")


def check_can_align(*, known: Iterable[Span], new: Span) -> None:
    """A new word may end what was before, never swallow what is entered for later."""
    if new.start and new.end and new.end <= new.start:
        raise PolicyViolation("The end must be later than the start.")
    for span in known:
        if not span.overlaps(new):
            continue
        if span.kind == new.kind and span.bounds[0] <= new.bounds[0] and span.bounds[1] >= new.bounds[1]:
            raise PolicyViolation(f"It is {label(span.kind)} for all of that time already.")
        if span.bounds[0] > new.bounds[0] and span.start:
            raise PolicyViolation(
                f"From {day(span.start)} it is entered as {label(span.kind)}. Give the new one an end by then, or remove that entry first."
            )


def label(kind: str) -> str:
    """The word within a sentence."""
    return str(AlignmentKind(kind).label).lower()


def check_can_pin(*, territory: Territory) -> None:
    if territory.archived_at:
        raise PolicyViolation(f"{territory} is archived. Choose another territory.")
    if territory.children.filter(archived_at=None).exists():
        raise PolicyViolation(f"{territory} has territories below it. Choose one of those.")


def check_can_merge(*, survivor: Provider | Organization, merged: Provider | Organization) -> None:
    for row in (survivor, merged):
        if row.merged_into_id:
            raise PolicyViolation(f"{row} was merged into {row.merged_into} already. Choose that record.")
    if isinstance(survivor, Provider) and isinstance(merged, Provider) and not may_be_one(survivor, merged):
        raise PolicyViolation(f"{survivor} and {merged} have an NPI each, both in use: the registry knows them as two people.")


def may_be_one(first: Provider, second: Provider) -> bool:
    """An NPI is one person's for life: two that are in use are two people."""
    return not (first.npi and second.npi) or first.is_stale or second.is_stale


def check_can_decide(notice: MoveNotice, by: User) -> None:
    """Whoever edits contacts, for the providers that they see; and whoever decided it, who may take it back."""
    if not by.can(Permission.CONTACT_EDIT) or not MoveNotice.objects.visible_to(by).filter(pk=notice.pk).exists():
        raise PolicyViolation("Only people who look after this provider's practices can decide this.")
