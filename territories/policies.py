"""In which state territories may be changed. Each check raises a sentence that says what to do instead."""

import datetime as dt
from collections.abc import Collection, Iterable

from common.exceptions import PolicyViolation
from territories.models import Assignment, RuleKind, ServiceLine, Territory, TerritoryRule
from territories.ruling import Rule

_NAMED = 5


def day(date: dt.date) -> str:
    """3 Oct 2026."""
    return f"{date.day} {date:%b %Y}"


def check_name(*, name: str, territory: Territory | None) -> None:
    """Names are told apart without looking at case."""
    if not name:
        raise PolicyViolation("Give the territory a name.")
    if len(name) > 80:
        raise PolicyViolation("A name has at most 80 characters.")
    others = Territory.objects.exclude(pk=territory.pk) if territory else Territory.objects
    if other := others.filter(name__iexact=name).first():
        raise PolicyViolation(f"There is already a territory called {other.name}{' (archived)' if other.archived_at else ''}.")


def check_parent(*, parent: Territory | None, territory: Territory | None) -> None:
    """One root; everything else hangs below something that is live, holds no rules, and is not itself."""
    if territory and territory.parent_id is None:
        if parent is not None:
            raise PolicyViolation(f"{territory} is the whole organization; it hangs below nothing.")
        return
    if parent is None:
        raise PolicyViolation("Choose the territory it belongs to.")
    if parent.archived_at:
        raise PolicyViolation(f"{parent} is archived. Choose another territory.")
    if territory and parent.pk in Territory.objects.branch_ids(territory.pk):
        raise PolicyViolation(f"{territory} cannot hang below itself or a territory of its own.")
    moving = territory is None or territory.parent_id != parent.pk
    if moving and parent.rules.exists():
        raise PolicyViolation(
            f"{parent} holds ZIP codes or counties of its own. Give them to another territory first: practices lie in the lowest ones."
        )


def check_can_hold_rules(territory: Territory) -> None:
    if territory.archived_at:
        raise PolicyViolation(f"{territory} is archived.")
    if territory.parent_id is None:
        raise PolicyViolation(f"{territory} is the whole organization. Make a territory below it for ZIP codes and counties.")
    if territory.children.filter(archived_at=None).exists():
        raise PolicyViolation(f"{territory} has territories below it; ZIP codes and counties belong to those.")


def check_no_contradiction(held: Collection[Rule]) -> None:
    """A territory does not get and except the same."""
    gets = {rule[:3] for rule in held if not rule.excludes}
    if both := sorted(rule for rule in held if rule.excludes and rule[:3] in gets):
        raise PolicyViolation(
            f"{both[0].value} belongs to the territory by a rule of its own; take that rule away instead of excepting it."
        )


def check_not_taken(taken: Collection[TerritoryRule]) -> None:
    """A ZIP code or a county belongs to one territory; whoever wants another's says so."""
    if taken:
        named = [f"{'ZIP code' if rule.kind == RuleKind.ZIP else 'County'} {rule.value} belongs to {rule.territory}." for rule in taken]
        more = f" And {len(named) - _NAMED} more." if len(named) > _NAMED else ""
        raise PolicyViolation(" ".join(named[:_NAMED]) + more + " Choose to take them over, or leave them out.")


def check_can_archive(*, territory: Territory, move_to: Territory | None, drop_rules: bool) -> None:
    if territory.parent_id is None:
        raise PolicyViolation("The whole organization cannot be archived.")
    if territory.archived_at:
        raise PolicyViolation(f"{territory} is already archived.")
    if territory.children.filter(archived_at=None).exists():
        raise PolicyViolation(f"{territory} has territories below it. Archive them or hang them elsewhere first.")
    if move_to is not None:
        if move_to.pk == territory.pk:
            raise PolicyViolation("Choose another territory to take over.")
        check_can_hold_rules(move_to)
    elif not drop_rules and territory.rules.exists():
        raise PolicyViolation(f"{territory} still holds {territory.rules.count()} rules. Say which territory takes them over.")


def check_period(*, started_on: dt.date, ended_on: dt.date | None) -> None:
    if ended_on and ended_on <= started_on:
        raise PolicyViolation(f"An assignment ends after it starts; the earliest end is {day(started_on + dt.timedelta(days=1))}.")


def check_no_overlap(*, others: Iterable[Assignment], territory: Territory, line: ServiceLine | None, is_primary: bool) -> None:
    """One primary at a time; nobody holds the same twice."""
    for other in others:
        until = f" until {day(other.ended_on)}" if other.ended_on else ""
        since = f"from {day(other.started_on)}{until}"
        if is_primary and line is None and other.is_primary:
            raise PolicyViolation(
                f"{other.user} is the primary of {territory} {since}. End that assignment first, or choose to take over from them."
            )
        raise PolicyViolation(f"{other.user} already looks after {territory}{f' for {line}' if line else ''} {since}.")


def check_line_name(*, name: str, line: ServiceLine | None) -> None:
    others = ServiceLine.objects.exclude(pk=line.pk) if line else ServiceLine.objects
    if not name:
        raise PolicyViolation("Give the service line a name.")
    if other := others.filter(name__iexact=name).first():
        raise PolicyViolation(f"There is already a service line called {other.name}.")
