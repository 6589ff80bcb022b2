"""Places change hands together, and come back together."""

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

import contacts.actions
import territories.actions
from accounts.models import User
from audit.actions import record
from common.exceptions import PolicyViolation
from contacts.models import PracticePin
from planning.models import FieldChange
from territories.models import Territory, TerritoryRule
from territories.ruling import Rule, read_rule


@transaction.atomic
def change_field(
    *, owners: Mapping[Rule, Territory | None], pins: Mapping[int, Territory | None], note: str = "", by: User | None
) -> FieldChange | None:
    """Give places (rules) and practices (pins, by id) to territories, all or none; None when they were theirs already.

    None as an owner: the rule goes, the pin comes off. A worker moves the practices and their referrals (`FieldChange.job`).
    """
    territories.actions.lock_tree()
    before = _holders(owners)
    job = territories.actions.change_rules(owners=owners, note=note, by=by)
    rules = {rule.text: [before.get(rule), to.pk if to else None] for rule, to in owners.items()}
    had = contacts.actions.set_pins(pins=pins, reason=note, by=by)
    pinned = {str(pk): [was, to.pk if (to := pins[pk]) else None] for pk, was in had.items()}
    rules = {text: pair for text, pair in rules.items() if pair[0] != pair[1]}
    if not (rules or pinned):
        return None
    change = FieldChange.objects.create(rules=rules, pins=pinned, note=note[:300], job=job, made_by=by)
    record("field.changed", by=by, target=change, places=len(rules), practices=len(pinned), note=note)
    return change


def _holders(rules: Mapping[Rule, object]) -> dict[Rule, int]:
    rows = TerritoryRule.objects.filter(excludes=False, value__in=[rule.value for rule in rules])
    return {row.rule: row.territory_id for row in rows if row.rule in rules}


@transaction.atomic
def undo_field_change(*, change: FieldChange, by: User | None) -> FieldChange:
    """Give every place and practice back to whom it was, as long as all of them still are where the change put them."""
    territories.actions.lock_tree()
    change = FieldChange.objects.select_for_update(of=("self",)).get(pk=change.pk)
    if change.undone_at:
        raise PolicyViolation("This was undone before.")
    rules = {read_rule(text): pair for text, pair in change.rules.items()}
    pins = {int(pk): pair for pk, pair in change.pins.items()}
    now = _holders(rules)
    pinned = dict(PracticePin.objects.filter(practice__in=pins).values_list("practice_id", "territory_id"))
    if any(now.get(rule) != after for rule, (_, after) in rules.items()) or any(pinned.get(pk) != after for pk, (_, after) in pins.items()):
        raise PolicyViolation("Some of these places have changed hands since. Change them on the map instead.")
    known = Territory.objects.in_bulk({before for before, _ in [*rules.values(), *pins.values()] if before})
    job = territories.actions.change_rules(
        owners={rule: known[before] if before else None for rule, (before, _) in rules.items()}, note="Taken back", by=by
    )
    contacts.actions.set_pins(pins={pk: known[before] if before else None for pk, (before, _) in pins.items()}, reason="Taken back", by=by)
    change.undone_at, change.undone_by, change.job = timezone.now(), by, job
    change.save(update_fields=["undone_at", "undone_by", "job"])
    record("field.change_undone", by=by, target=change)
    return change
