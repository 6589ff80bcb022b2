"""Every write of territories: the tree, the rules, who looks after what, service lines."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from audit.models import AuditEvent
from common.exceptions import PolicyViolation
from jobs.actions import enqueue
from jobs.models import Job
from territories import policies
from territories.importing.territory_file import Plan
from territories.models import Assignment, RuleKind, ServiceLine, Territory, TerritoryRule

Rule = tuple[str, str]
RULES_CHANGED = "territory.rules_changed"
RULES_RESTORED = "territory.rules_restored"


def _lock_tree() -> None:
    """One change of the tree or its rules at a time: two moves at once could make a cycle that neither sees."""
    Territory.objects.select_for_update(no_key=True).filter(parent=None).first()


def _place_practices(*, by: User | None) -> Job:
    """Practices follow the rules, and their referrals follow them, in a worker."""
    return enqueue("contacts.place_practices", "all", by=by, key="contacts.place_practices")


@transaction.atomic
def ensure_root(*, name: str, by: User | None) -> Territory:
    """The whole organization, at the top of the tree; made with this name when it is missing."""
    root, made = Territory.objects.get_or_create(parent=None, defaults={"name": name})
    if made:
        record("territory.created", by=by, target=root)
    return root


@transaction.atomic
def create_territory(*, name: str, parent: Territory | None, description: str = "", by: User | None) -> Territory:
    """A new territory below `parent`; the very first one, without a parent, is the organization."""
    _lock_tree()
    name = name.strip()
    policies.check_name(name=name, territory=None)
    if parent is not None or Territory.objects.exists():
        policies.check_parent(parent=parent, territory=None)
    territory = Territory.objects.create(name=name, parent=parent, description=description.strip())
    record("territory.created", by=by, target=territory, parent=parent.name if parent else "")
    return territory


@transaction.atomic
def edit_territory(*, territory: Territory, name: str, parent: Territory | None, description: str, by: User | None) -> Territory:
    """Rename, describe, or hang elsewhere in the tree. Scope follows the tree at once; no practice changes its territory."""
    _lock_tree()
    territory = Territory.objects.select_related("parent").get(pk=territory.pk)
    name, description = name.strip(), description.strip()
    policies.check_name(name=name, territory=territory)
    policies.check_parent(parent=parent, territory=territory)
    changes: dict[str, list[str]] = {}
    for field, old, new in (
        ("name", territory.name, name),
        ("parent", str(territory.parent or ""), str(parent or "")),
        ("description", territory.description, description),
    ):
        if old != new:
            changes[field] = [old, new]
    if changes:
        territory.name, territory.parent, territory.description = name, parent, description
        territory.save(update_fields=["name", "parent", "description"])
        record("territory.edited", by=by, target=territory, **changes)
    return territory


@transaction.atomic
def archive_territory(*, territory: Territory, move_to: Territory | None = None, drop_rules: bool = False, by: User) -> Job:
    """Take a territory out of use. What it holds goes to `move_to`; with `drop_rules` to nobody. People's assignments end today."""
    _lock_tree()
    policies.check_can_archive(territory=territory, move_to=move_to, drop_rules=drop_rules)
    today = timezone.localdate()
    rules = territory.rules.all()
    counted = rules.count()
    if move_to:
        rules.update(territory=move_to)
    else:
        rules.delete()
    held = territory.assignments.filter(Q(ended_on=None) | Q(ended_on__gt=today))
    ended = [str(assignment.user) for assignment in held.select_related("user")]
    held.filter(started_on__gte=today).delete()
    held.update(ended_on=today)
    territory.archived_at = timezone.now()
    territory.save(update_fields=["archived_at"])
    record("territory.archived", by=by, target=territory, move_to=move_to.name if move_to else "", rules=counted, ended=ended)
    if move_to:
        record("territory.took_over", by=by, target=move_to, other=territory.name, rules=counted)
    return enqueue("contacts.move_pins", territory.pk, move_to.pk if move_to else None, by=by)


def _wanted_rules(zips: Iterable[str], counties: Iterable[str]) -> set[Rule]:
    return {(str(RuleKind.ZIP), zip_) for zip_ in zips} | {(str(RuleKind.COUNTY), county) for county in counties}


def _rules_of(territories: Iterable[int]) -> dict[int, set[Rule]]:
    found: dict[int, set[Rule]] = {territory: set() for territory in territories}
    for territory, kind, value in TerritoryRule.objects.filter(territory__in=found).values_list("territory_id", "kind", "value"):
        found[territory].add((kind, value))
    return found


def _told(rules: dict[int, set[Rule]]) -> dict[str, list[str]]:
    """As the audit trail keeps them: {"12": ["county:CT/Hartford", "zip:06103"]}."""
    return {str(territory): sorted(f"{kind}:{value}" for kind, value in held) for territory, held in rules.items()}


def _untold(told: dict[str, list[str]]) -> dict[int, set[Rule]]:
    return {int(territory): {_split(text) for text in held} for territory, held in told.items()}


def _split(text: str) -> Rule:
    kind, _, value = text.partition(":")
    return kind, value


@transaction.atomic
def set_rules(*, territory: Territory, zips: Iterable[str], counties: Iterable[str], take: bool = False, by: User | None) -> Job | None:
    """Make these the territory's ZIP codes and counties; None when they were already.

    What another territory has is refused, or taken from it with `take`. The returned job moves practices and their referrals.
    """
    _lock_tree()
    wanted, has = _wanted_rules(zips, counties), _rules_of([territory.pk])[territory.pk]
    if wanted == has:
        return None
    if wanted:
        policies.check_can_hold_rules(territory)
    others = TerritoryRule.objects.exclude(territory=territory).filter(value__in=[value for _, value in wanted]).select_related("territory")
    taken = [rule for rule in others if (rule.kind, rule.value) in wanted]
    if not take:
        policies.check_not_taken(taken)
    losers = {rule.territory_id: rule.territory for rule in taken}
    before = _rules_of([territory.pk, *losers])
    TerritoryRule.objects.filter(pk__in=[rule.pk for rule in taken]).delete()
    _replace(territory.pk, has, wanted)
    _record_rules(RULES_CHANGED, territory=territory, before=before, by=by)
    for loser in losers.values():
        gone = sorted(rule.value for rule in taken if rule.territory_id == loser.pk)
        record("territory.rules_taken", by=by, target=loser, other=territory.name, values=gone)
    return _place_practices(by=by)


def _replace(territory: int, has: set[Rule], wanted: set[Rule]) -> None:
    gone = Q(pk__in=[])
    for kind in RuleKind.values:
        gone |= Q(kind=kind, value__in=[value for has_kind, value in has - wanted if has_kind == kind])
    TerritoryRule.objects.filter(gone, territory=territory).delete()
    TerritoryRule.objects.bulk_create(TerritoryRule(territory_id=territory, kind=kind, value=value) for kind, value in sorted(wanted - has))


def _record_rules(event: str, *, territory: Territory, before: dict[int, set[Rule]], by: User | None) -> None:
    after = _rules_of(before)
    added, removed = after[territory.pk] - before[territory.pk], before[territory.pk] - after[territory.pk]
    record(
        event,
        by=by,
        target=territory,
        added=sorted(value for _, value in added),
        removed=sorted(value for _, value in removed),
        before=_told(before),
        after=_told(after),
    )


def rules_to_undo(territory: Territory) -> AuditEvent | None:
    """The last change of the territory's rules, while the rules still are what it made them."""
    events = AuditEvent.objects.filter(target_type=territory._meta.label_lower, target_id=str(territory.pk))
    last = events.filter(event__startswith="territory.rules_").first()
    if last is None or last.event != RULES_CHANGED or territory.archived_at:
        return None
    after = _untold(last.details["after"])
    return last if _rules_of(after) == after else None


@transaction.atomic
def undo_rules(*, territory: Territory, by: User) -> Job:
    """Give every territory that the last change of rules touched its rules back."""
    _lock_tree()
    event = rules_to_undo(territory)
    if event is None:
        raise PolicyViolation("The rules have changed since. Edit them instead.")
    earlier, now = _untold(event.details["before"]), _untold(event.details["after"])
    for touched in Territory.objects.filter(pk__in=earlier):
        if earlier[touched.pk]:
            policies.check_can_hold_rules(touched)
    held = {rule for rules in now.values() for rule in rules}
    lost = {rule for rules in earlier.values() for rule in rules} - held
    since = TerritoryRule.objects.exclude(territory__in=earlier).filter(value__in=[value for _, value in lost]).select_related("territory")
    policies.check_not_taken([rule for rule in since if (rule.kind, rule.value) in lost])
    for touched_pk, rules in earlier.items():  # first all that goes, then all that comes: a value stands once
        _replace(touched_pk, now[touched_pk], rules & now[touched_pk])
    for touched_pk, rules in earlier.items():
        _replace(touched_pk, rules & now[touched_pk], rules)
    _record_rules(RULES_RESTORED, territory=territory, before=now, by=by)
    return _place_practices(by=by)


@transaction.atomic
def assign(
    *,
    user: User,
    territory: Territory,
    started_on: dt.date,
    ended_on: dt.date | None = None,
    service_line: ServiceLine | None = None,
    is_primary: bool = True,
    take_over: bool = False,
    by: User | None,
) -> Assignment:
    """Let somebody look after a territory, or after one service line in it (an overlay).

    With `take_over` the primary until then, and what the person held there before, end on the day the new assignment starts.
    """
    Territory.objects.select_for_update(no_key=True).get(pk=territory.pk)
    if not user.is_active:
        raise PolicyViolation(f"{user} no longer signs in. Choose somebody else.")
    if territory.archived_at:
        raise PolicyViolation(f"{territory} is archived.")
    policies.check_period(started_on=started_on, ended_on=ended_on)
    is_primary = is_primary and service_line is None
    clash = Q(user=user, service_line=service_line)
    if is_primary:
        clash |= Q(is_primary=True, service_line=None)
    not_over = Q(ended_on=None) | Q(ended_on__gt=started_on)
    overlapping = Assignment.objects.filter(clash, not_over, territory=territory).select_related("user")
    if ended_on:
        overlapping = overlapping.filter(started_on__lt=ended_on)
    if take_over:
        for earlier in overlapping.filter(started_on__lt=started_on):
            _end(earlier, ended_on=started_on, by=by)
    policies.check_no_overlap(others=overlapping.all(), territory=territory, line=service_line, is_primary=is_primary)
    assignment = Assignment.objects.create(
        user=user, territory=territory, service_line=service_line, is_primary=is_primary, started_on=started_on, ended_on=ended_on
    )
    record("assignment.started", by=by, target=territory, **_words(assignment))
    if is_primary and started_on <= timezone.localdate():  # referrals since then that nobody was credited for get their credit
        enqueue("contacts.credit_anew", territory.pk, by=by, key=f"contacts.credit_anew:{territory.pk}")
    return assignment


@transaction.atomic
def end_assignment(*, assignment: Assignment, ended_on: dt.date, by: User | None) -> None:
    """Let an assignment end; one that has not begun before that day is withdrawn."""
    assignment = (
        Assignment.objects.select_for_update(of=("self",)).select_related("user", "territory", "service_line").get(pk=assignment.pk)
    )
    if assignment.ended_on and assignment.ended_on <= timezone.localdate():
        raise PolicyViolation(f"It ended on {policies.day(assignment.ended_on)}.")
    if ended_on <= assignment.started_on and assignment.started_on >= timezone.localdate():
        record("assignment.withdrawn", by=by, target=assignment.territory, **_words(assignment))
        assignment.delete()
        return
    policies.check_period(started_on=assignment.started_on, ended_on=ended_on)
    _end(assignment, ended_on=ended_on, by=by)


def _end(assignment: Assignment, *, ended_on: dt.date, by: User | None) -> None:
    assignment.ended_on = ended_on
    assignment.save(update_fields=["ended_on"])
    record("assignment.ended", by=by, target=assignment.territory, **_words(assignment))


def _words(assignment: Assignment) -> dict[str, Any]:
    return {
        "person": str(assignment.user),
        "person_id": assignment.user_id,
        "service_line": str(assignment.service_line or ""),
        "is_primary": assignment.is_primary,
        "started_on": assignment.started_on,
        "ended_on": assignment.ended_on,
    }


@transaction.atomic
def save_service_line(*, line: ServiceLine | None = None, name: str, is_active: bool = True, by: User | None) -> ServiceLine:
    """Add a line of care, rename it, or take it out of the choices."""
    name = " ".join(name.split())
    policies.check_line_name(name=name, line=line)
    was = "" if line is None else line.name
    line = line or ServiceLine()
    line.name, line.is_active = name, is_active
    line.save()
    record("service_line.edited" if was else "service_line.created", by=by, target=line, was=was, is_active=is_active)
    return line


@transaction.atomic
def load_plan(*, plan: Plan, by: User | None) -> dict[str, Any]:
    """Make the tree and the rules that a file asks for; returns the counts. Loading it again changes nothing.

    A parent the file does not explain hangs below the root. The file says where a ZIP code belongs: it is taken from whoever has it.
    What the file does not name stays as it is.
    """
    root = ensure_root(name="Organization", by=by)
    known = {territory.name.casefold(): territory for territory in Territory.objects.select_related("parent")}
    rejected = plan.rejected.copy()
    territories: Counter[str] = Counter(new=0, changed=0, unchanged=0)
    for key in plan.parents_first():
        try:
            territories[_load_territory(key, plan=plan, known=known, root=root, by=by)] += 1
        except PolicyViolation as refusal:
            rejected[str(refusal)] += 1
    rules: Counter[str] = Counter(new=0, moved=0, unchanged=0)
    before = {rule: key for key, territory in known.items() for rule in _rules_of([territory.pk])[territory.pk]}
    for key in dict.fromkeys(plan.rules.values()):
        wanted = {rule for rule, owner in plan.rules.items() if owner == key}
        if key not in known:
            continue  # why it could not be made is told already
        try:
            _add_rules(known[key], wanted, by=by)
        except PolicyViolation as refusal:
            rejected[str(refusal)] += len(wanted)
            continue
        rules.update("new" if rule not in before else "unchanged" if before[rule] == key else "moved" for rule in wanted)
    return {"rows": plan.rows, **territories, "rules": dict(rules), "rejected": dict(sorted(rejected.items()))}


def _load_territory(key: str, *, plan: Plan, known: dict[str, Territory], root: Territory, by: User | None) -> str:
    """Make one territory or hang it where the file says; what that was."""
    parent = known.get(plan.parents.get(key, ""))
    if key not in known:
        known[key] = create_territory(name=plan.names[key], parent=parent or root, by=by)
        return "new"
    there = known[key]
    if parent is None or there.parent_id == parent.pk:
        return "unchanged"
    known[key] = edit_territory(territory=there, name=there.name, parent=parent, description=there.description, by=by)
    return "changed"


def _add_rules(territory: Territory, more: set[Rule], *, by: User | None) -> None:
    wanted = _rules_of([territory.pk])[territory.pk] | more
    zips, counties = ({value for kind, value in wanted if kind == wanted_kind} for wanted_kind in (RuleKind.ZIP, RuleKind.COUNTY))
    set_rules(territory=territory, zips=zips, counties=counties, take=True, by=by)
