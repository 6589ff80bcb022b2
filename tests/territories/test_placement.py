"""Where practices lie: the SQL against a slow, plain twin, and the preview against what then happens."""

from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.models import PlacedBy, Practice, PracticePin, Provider
from contacts.placement import place_practices, preview, unowned
from jobs.models import Job
from territories.models import RuleKind, Territory, TerritoryRule
from tests import factories

ZIPS = ("06103", "06105", "06106", "02903", "")
COUNTIES = ("CT/Hartford", "RI/Providence", "")
RULES = [(RuleKind.ZIP, zip_) for zip_ in ZIPS if zip_] + [(RuleKind.COUNTY, county) for county in COUNTIES if county]


def twin(practice: Practice, rules: dict[tuple[str, str], int], pins: dict[int, int]) -> tuple[int | None, str]:
    """The rule in plain words: a pin, else the ZIP, else the county, else nobody."""
    if practice.pk in pins:
        return pins[practice.pk], PlacedBy.PIN
    for kind, value in ((RuleKind.ZIP, practice.zip), (RuleKind.COUNTY, practice.county)):
        if (kind, value) in rules:
            return rules[kind, value], str(kind)
    return None, PlacedBy.NOBODY


world_of_rules = st.fixed_dictionaries(
    {
        "practices": st.lists(st.tuples(st.sampled_from(ZIPS), st.sampled_from(COUNTIES), st.sampled_from([None, 0, 1, 2])), max_size=8),
        "rules": st.dictionaries(st.sampled_from(RULES), st.sampled_from([0, 1, 2])),
        "proposed": st.frozensets(st.sampled_from(RULES)),
    }
)


def build(drawn: dict) -> list[Territory]:
    """Rows as drawn, in place of those of the previous example."""
    Provider.objects.all().delete()
    Practice.objects.all().delete()
    TerritoryRule.objects.all().delete()
    territories = [Territory.objects.filter(name=name).first() or factories.make_territory(name) for name in ("Uno", "Due", "Tre")]
    for (kind, value), index in drawn["rules"].items():
        TerritoryRule.objects.create(territory=territories[index], kind=kind, value=value)
    for zip_, county, pin in drawn["practices"]:
        practice = factories.make_practice(zip=zip_, county=county)
        factories.make_provider(at=practice)
        if pin is not None:
            PracticePin.objects.create(practice=practice, territory=territories[pin])
    return territories


def state() -> dict[int, tuple[int | None, str]]:
    return {practice.pk: (practice.territory_id, practice.placed_by) for practice in Practice.objects.all()}


def expected() -> dict[int, tuple[int | None, str]]:
    rules = {(rule.kind, rule.value): rule.territory_id for rule in TerritoryRule.objects.all()}
    pins = dict(PracticePin.objects.values_list("practice_id", "territory_id"))
    return {practice.pk: twin(practice, rules, pins) for practice in Practice.objects.all()}


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(world_of_rules)
def test_placement_equals_its_plain_twin(drawn):
    build(drawn)
    before = state()

    moved = place_practices()

    assert state() == expected()
    assert moved == sorted(pk for pk, (territory, _) in state().items() if territory != before[pk][0])
    assert place_practices() == []


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(world_of_rules)
def test_preview_tells_what_then_happens(drawn):
    territory, *_ = build(drawn)
    place_practices()
    before = state()
    names = {other.pk: other.name for other in Territory.objects.all()} | {None: None}

    told = preview(drawn["proposed"], territory=territory)
    TerritoryRule.objects.filter(territory=territory).delete()
    for kind, value in drawn["proposed"]:
        TerritoryRule.objects.update_or_create(kind=kind, value=value, defaults={"territory": territory})
    place_practices()

    after = state()
    moves = [(before[pk][0], after[pk][0]) for pk in after if before[pk][0] != after[pk][0]]
    tally = {pair: moves.count(pair) for pair in moves}
    assert {move.territory: move.practices for move in told.arriving} == {
        names[old]: count for (old, new), count in tally.items() if new == territory.pk
    }
    assert {move.territory: move.practices for move in told.leaving} == {
        names[new]: count for (old, new), count in tally.items() if old == territory.pk and new
    }
    assert told.nobody.practices == told.nobody.providers == tally.get((territory.pk, None), 0)
    assert told.practices == told.providers == sum(1 for place, _ in after.values() if place == territory.pk)
    practices = {practice.pk: practice for practice in Practice.objects.all()}
    for catch in told.catches:
        caught = [
            pk
            for pk, place in after.items()
            if place == (territory.pk, catch.kind) and catch.value in (practices[pk].zip, practices[pk].county)
        ]
        assert catch.practices == len(caught), catch
    assert {(conflict.kind, conflict.value) for conflict in told.conflicts} == {
        rule for rule, index in drawn["rules"].items() if index != 0 and rule in drawn["proposed"]
    }


def test_placing_a_few_leaves_the_rest(world: SimpleNamespace):
    Practice.objects.filter(pk__in=[world.north_practice.pk, world.south_practice.pk]).update(territory=None)

    assert place_practices([world.north_practice.pk]) == [world.north_practice.pk]
    world.south_practice.refresh_from_db()
    assert world.south_practice.territory is None


def test_referrals_of_moved_practices_follow_in_a_worker(world: SimpleNamespace):
    place_practices()
    Job.objects.all().delete()
    TerritoryRule.objects.filter(territory=world.north).delete()

    place_practices(by=world.ada)

    job = Job.objects.get()
    assert (job.name, job.args, job.requested_by_id) == ("referrals.derive", ["practices", [world.north_practice.pk]], str(world.ada.pk))
    assert set(unowned()) == {world.north_practice, world.unowned_practice}


def test_a_new_territory_can_be_previewed(world: SimpleNamespace):
    told = preview([("zip", "44101"), ("zip", "99501")])

    assert {move.territory: (move.practices, move.examples) for move in told.arriving} == {
        "North": (1, ("North Family Practice",)),
        None: (1, ("Far Away Associates",)),
    }
    assert [conflict.sentence for conflict in told.conflicts] == ["ZIP code 44101 belongs to North."]
    assert not told.changes_nothing


def test_archived_practices_are_placed_but_not_told(world: SimpleNamespace):
    world.north_practice.archived_at = world.ada.joined_at
    world.north_practice.save()

    assert preview([], territory=world.north).nobody.practices == 0
    TerritoryRule.objects.all().delete()
    assert world.north_practice.pk in place_practices()
