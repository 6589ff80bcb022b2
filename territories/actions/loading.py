"""Service lines, and whole trees from a file."""

from collections import Counter
from typing import Any

from django.db import transaction

from accounts.models import User
from audit.actions import record
from common.exceptions import PolicyViolation
from territories import policies
from territories.actions.rules import rules_of, set_rules
from territories.actions.tree import create_territory, edit_territory, ensure_root
from territories.importing.territory_file import Plan
from territories.models import RuleKind, ServiceLine, Territory
from territories.ruling import Rule


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
    before = {rule: key for key, territory in known.items() for rule in rules_of([territory.pk])[territory.pk]}
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
    wanted = rules_of([territory.pk])[territory.pk] | more
    zips, counties = (
        {rule.value for rule in wanted if rule.is_plain and rule.kind == wanted_kind} for wanted_kind in (RuleKind.ZIP, RuleKind.COUNTY)
    )
    set_rules(territory=territory, zips=zips, counties=counties, take=True, by=by)
