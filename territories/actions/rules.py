"""Which ZIP codes and counties belong to whom: every change keeps what was before, so that it can be taken back."""

from collections.abc import Collection, Iterable, Mapping

from django.db import connection, transaction
from django.db.models import Q

from accounts.models import User
from audit.actions import record
from audit.models import AuditEvent
from common.exceptions import PolicyViolation
from jobs.models import Job
from territories import policies
from territories.actions.tree import lock_tree, place_practices
from territories.models import RuleKind, Territory, TerritoryRule
from territories.ruling import Rule, read_rule

RULES_CHANGED = "territory.rules_changed"
RULES_RESTORED = "territory.rules_restored"
Held = dict[int, set[Rule]]


def rules_of(territories: Iterable[int]) -> Held:
    """Of each of these territories, all its rules and exceptions."""
    found: Held = {territory: set() for territory in territories}
    for row in TerritoryRule.objects.filter(territory__in=found):
        found[row.territory_id].add(row.rule)
    return found


@transaction.atomic
def set_rules(*, territory: Territory, zips: Iterable[str], counties: Iterable[str], take: bool = False, by: User | None) -> Job | None:
    """Make these the territory's ZIP codes and counties; None when they were already. Rules of one specialty and exceptions stay.

    What another territory has is refused, or taken from it with `take`. The returned job moves practices and their referrals.
    """
    lock_tree()
    has = rules_of([territory.pk])[territory.pk]
    wanted = {Rule(RuleKind.ZIP, zip_) for zip_ in zips} | {Rule(RuleKind.COUNTY, county) for county in counties}
    if wanted == {rule for rule in has if rule.is_plain}:
        return None
    return _give(territory, wanted | {rule for rule in has if not rule.is_plain}, take=take, by=by)


@transaction.atomic
def add_rules(*, territory: Territory, rules: Collection[Rule], take: bool = False, by: User | None) -> Job | None:
    """More rules for a territory, of one specialty or for all, or exceptions from them; None when it has them already."""
    lock_tree()
    has = rules_of([territory.pk])[territory.pk]
    if not set(rules) - has:
        return None
    return _give(territory, has | set(rules), take=take, by=by)


@transaction.atomic
def drop_rule(*, rule: TerritoryRule, by: User | None) -> Job:
    """Take one rule or exception away; what it placed falls to the next that catches it."""
    lock_tree()
    has = rules_of([rule.territory_id])[rule.territory_id]
    return _give(rule.territory, has - {rule.rule}, take=False, by=by)


def _give(territory: Territory, wanted: set[Rule], *, take: bool, by: User | None) -> Job:
    if wanted:
        policies.check_can_hold_rules(territory)
    policies.check_no_contradiction(wanted)
    taken = _held_by_others(territory, wanted)
    if not take:
        policies.check_not_taken(taken)
    before = rules_of([territory.pk, *(row.territory_id for row in taken)])
    after = {pk: held - {row.rule for row in taken if row.territory_id == pk} for pk, held in before.items()} | {territory.pk: wanted}
    return _write(before, after, by=by)


def _held_by_others(territory: Territory, wanted: set[Rule]) -> list[TerritoryRule]:
    others = TerritoryRule.objects.filter(excludes=False, value__in=[rule.value for rule in wanted]).exclude(territory=territory)
    return [row for row in others.select_related("territory") if row.rule in wanted]


@transaction.atomic
def change_rules(*, owners: Mapping[Rule, Territory | None], note: str = "", by: User | None) -> Job | None:
    """Give rules to territories from whoever has them, all or none; None as an owner: to nobody. None returned: all was so already.

    Undone as one change, from the page of any territory that gained by it (or, where none did, lost by it).
    """
    lock_tree()
    values = [rule.value for rule in owners]
    rows = TerritoryRule.objects.filter(excludes=False, value__in=values)
    holders = {row.rule: row.territory_id for row in rows if row.rule in owners}
    moved = {rule: owner for rule, owner in owners.items() if holders.get(rule) != (owner.pk if owner else None)}
    if not moved:
        return None
    for taker in {owner for owner in moved.values() if owner}:
        policies.check_can_hold_rules(taker)
    touched = {owner.pk for owner in moved.values() if owner} | {holders[rule] for rule in moved if rule in holders}
    before = rules_of(sorted(touched))
    after = {pk: held - set(moved) | {rule for rule, owner in moved.items() if owner and owner.pk == pk} for pk, held in before.items()}
    for held in after.values():
        policies.check_no_contradiction(held)
    return _write(before, after, note=note, by=by)


def _write(before: Held, after: Held, *, event: str = RULES_CHANGED, note: str = "", by: User | None) -> Job:
    """First all that goes, then all that comes: a value stands once. Told on the page of every territory."""
    for pk, held in before.items():
        _remove(pk, held - after[pk])
    TerritoryRule.objects.bulk_create(
        TerritoryRule(territory_id=pk, kind=rule.kind, value=rule.value, specialty=rule.specialty, excludes=rule.excludes)
        for pk, held in after.items()
        for rule in sorted(held - before[pk])
    )
    _refresh_statistics()
    gainers = {pk for pk, held in after.items() if held - before[pk]} or {pk for pk, held in before.items() if held - after[pk]}
    territories = Territory.objects.in_bulk(before)
    others = " and ".join(sorted(territories[pk].name for pk in gainers))
    details = {"before": _told(before), "after": _told(after), **({"note": note} if note else {})}
    for pk, territory in territories.items():
        added, removed = after[pk] - before[pk], before[pk] - after[pk]
        if pk in gainers:
            record(event, by=by, target=territory, added=_words(added), removed=_words(removed), **details)
        elif removed:
            record(
                "territory.rules_taken", by=by, target=territory, other=others, values=_words(removed), **({"note": note} if note else {})
            )
    return place_practices(by=by)


def _refresh_statistics() -> None:
    """Too few rows for Postgres to look at them by itself; unknown, they make the overlaps of 25,000 practices take minutes."""
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {TerritoryRule._meta.db_table}")


def _remove(territory: int, gone: set[Rule]) -> None:
    which = Q(pk__in=[])
    for kind, specialty, excludes in {(rule.kind, rule.specialty, rule.excludes) for rule in gone}:
        values = [rule.value for rule in gone if (rule.kind, rule.specialty, rule.excludes) == (kind, specialty, excludes)]
        which |= Q(kind=kind, specialty=specialty, excludes=excludes, value__in=values)
    TerritoryRule.objects.filter(which, territory=territory).delete()


def _words(rules: Iterable[Rule]) -> list[str]:
    """As the page of the territory lists them."""
    return [
        f"{'not ' if rule.excludes else ''}{rule.value}{f', specialty {rule.specialty}' if rule.specialty else ''}"
        for rule in sorted(rules, key=lambda rule: (rule.excludes, rule.value, rule.specialty))
    ]


def _told(rules: Held) -> dict[str, list[str]]:
    """As the audit trail keeps them: {"12": ["county:CT/Hartford", "zip:06103"]}."""
    return {str(territory): sorted(rule.text for rule in held) for territory, held in rules.items()}


def _untold(told: dict[str, list[str]]) -> Held:
    return {int(territory): {read_rule(text) for text in held} for territory, held in told.items()}


def rules_to_undo(territory: Territory) -> AuditEvent | None:
    """The last change of the territory's rules, while the rules still are what it made them."""
    events = AuditEvent.objects.filter(target_type=territory._meta.label_lower, target_id=str(territory.pk))
    last = events.filter(event__startswith="territory.rules_").first()
    if last is None or last.event != RULES_CHANGED or territory.archived_at:
        return None
    after = _untold(last.details["after"])
    return last if rules_of(after) == after else None


@transaction.atomic
def undo_rules(*, territory: Territory, by: User) -> Job:
    """Give every territory that the last change of rules touched its rules back."""
    lock_tree()
    event = rules_to_undo(territory)
    if event is None:
        raise PolicyViolation("The rules have changed since. Edit them instead.")
    earlier, now = _untold(event.details["before"]), _untold(event.details["after"])
    for touched in Territory.objects.filter(pk__in=earlier):
        if earlier[touched.pk]:
            policies.check_can_hold_rules(touched)
    lost = {rule for rules in earlier.values() for rule in rules if not rule.excludes} - {rule for rules in now.values() for rule in rules}
    since = TerritoryRule.objects.exclude(territory__in=earlier).filter(excludes=False, value__in=[rule.value for rule in lost])
    policies.check_not_taken([row for row in since.select_related("territory") if row.rule in lost])
    return _write(now, earlier, event=RULES_RESTORED, by=by)
