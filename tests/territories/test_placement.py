"""Where practices lie: the SQL against a slow, plain twin, and the preview against what then happens."""

from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.models import PlacedBy, Practice, PracticeException, PracticePin, Provider
from contacts.placement import place_practices, unowned
from contacts.previewing import preview
from jobs.models import Job
from territories.models import RuleKind, Territory, TerritoryRule
from territories.ruling import Place, Rule, matches
from tests import factories

HEART, BONES = "207RC0000X", "207X00000X"
ZIPS = ("06103", "06105", "06106", "02903", "")
COUNTIES = ("CT/Hartford", "RI/Providence", "")
RULES = [Rule(RuleKind.ZIP, zip_) for zip_ in ZIPS if zip_] + [Rule(RuleKind.COUNTY, county) for county in COUNTIES if county]
OF_ONE = [rule._replace(specialty=code) for rule in RULES for code in (HEART, BONES)]


def specialty_of(practice: Practice) -> str:
    """What most of its providers are; the lower code where two are as many."""
    codes = [work.provider.specialty.code for work in practice.affiliations.filter(ended_on=None) if work.provider.specialty]
    return min(codes, key=lambda code: (-codes.count(code), code), default="")


def twin(
    practice: Practice, rules: dict[Rule, int], pins: dict[int, int], bars: set[tuple[int, Rule]], named: set[tuple[int, int]]
) -> tuple[int | None, str]:
    """A pin; else ZIP and specialty, county and specialty, ZIP, county, each unless its territory excepts it; else nobody."""
    if practice.pk in pins:
        return pins[practice.pk], PlacedBy.PIN
    specialty = specialty_of(practice)
    for kind, value, code, why in (
        (RuleKind.ZIP, practice.zip, specialty, PlacedBy.ZIP_SPECIALTY),
        (RuleKind.COUNTY, practice.county, specialty, PlacedBy.COUNTY_SPECIALTY),
        (RuleKind.ZIP, practice.zip, "", PlacedBy.ZIP),
        (RuleKind.COUNTY, practice.county, "", PlacedBy.COUNTY),
    ):
        owner = rules.get(Rule(kind, value, code)) if value and (code or "specialty" not in why) else None
        if owner is None or (practice.pk, owner) in named:
            continue
        wider_or_same = {(kind, code), (kind, ""), ("county", code), ("county", "")} if kind == "zip" else {(kind, code), (kind, "")}
        spared = wider_or_same - {(kind, code)}
        exceptions = [(bar.kind, bar.specialty) for whose, bar in bars if whose == owner and bar.value in (practice.zip, practice.county)]
        if not [one for one in exceptions if one[1] in {"", specialty} and one not in spared]:
            return owner, why
    return None, PlacedBy.NOBODY


world_of_rules = st.fixed_dictionaries(
    {
        "practices": st.lists(
            st.tuples(
                st.sampled_from(ZIPS),
                st.sampled_from(COUNTIES),
                st.sampled_from([None, None, 0, 1, 2]),
                st.sampled_from([(), (HEART,), (BONES, HEART), (HEART, BONES, BONES)]),
                st.sampled_from([None, None, 0, 1]),
            ),
            max_size=8,
        ),
        "rules": st.dictionaries(st.sampled_from(RULES + OF_ONE), st.sampled_from([0, 1, 2])),
        "bars": st.frozensets(st.tuples(st.sampled_from([0, 1, 2]), st.sampled_from(RULES + OF_ONE)), max_size=4),
        "proposed": st.frozensets(st.sampled_from(RULES)),
    }
)


def build(drawn: dict) -> list[Territory]:
    """Rows as drawn, in place of those of the previous example."""
    Provider.objects.all().delete()
    Practice.objects.all().delete()
    TerritoryRule.objects.all().delete()
    territories = [Territory.objects.filter(name=name).first() or factories.make_territory(name) for name in ("Uno", "Due", "Tre")]
    specialties = {code: factories.make_specialty(code, name) for code, name in ((HEART, "Heart"), (BONES, "Bones"))}
    for rule, index in [*((rule, index) for rule, index in drawn["rules"].items()), *((bar, index) for index, bar in drawn["bars"])]:
        excludes = (index, rule) in drawn["bars"] and drawn["rules"].get(rule) != index
        values = {"kind": rule.kind, "value": rule.value, "specialty": rule.specialty}
        TerritoryRule.objects.get_or_create(territory=territories[index], excludes=excludes, **values)
    for zip_, county, pin, codes, excepted in drawn["practices"]:
        practice = factories.make_practice(zip=zip_, county=county)
        for code in codes or (None,):
            factories.make_provider(at=practice, specialty=specialties.get(code))
        if pin is not None:
            PracticePin.objects.create(practice=practice, territory=territories[pin])
        if excepted is not None:
            PracticeException.objects.create(practice=practice, territory=territories[excepted])
    return territories


def state() -> dict[int, tuple[int | None, str]]:
    return {practice.pk: (practice.territory_id, practice.placed_by) for practice in Practice.objects.all()}


def expected() -> dict[int, tuple[int | None, str]]:
    rules = {row.rule: row.territory_id for row in TerritoryRule.objects.filter(excludes=False)}
    bars = {(row.territory_id, row.rule) for row in TerritoryRule.objects.filter(excludes=True)}
    pins = dict(PracticePin.objects.values_list("practice_id", "territory_id"))
    named = set(PracticeException.objects.values_list("practice_id", "territory_id"))
    return {practice.pk: twin(practice, rules, pins, bars, named) for practice in Practice.objects.all()}


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
    TerritoryRule.objects.filter(territory=territory, specialty="", excludes=False).delete()
    for rule in drawn["proposed"]:
        plain = {"kind": rule.kind, "value": rule.value, "specialty": "", "excludes": False}
        TerritoryRule.objects.update_or_create(**plain, defaults={"territory": territory})
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
    assert told.nobody.practices == tally.get((territory.pk, None), 0)
    assert told.practices == sum(1 for place, _ in after.values() if place == territory.pk)
    assert told.providers == sum(Practice.objects.get(pk=pk).affiliations.count() for pk in after if after[pk][0] == territory.pk)
    practices = {practice.pk: practice for practice in Practice.objects.all()}
    for catch in told.catches:
        caught = [
            pk
            for pk, place in after.items()
            if place == (territory.pk, catch.kind) and catch.value in (practices[pk].zip, practices[pk].county)
        ]
        assert catch.practices == len(caught), catch
    assert {(conflict.kind, conflict.value) for conflict in told.conflicts} == {
        rule[:2] for rule, index in drawn["rules"].items() if index != 0 and rule in drawn["proposed"]
    }


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(world_of_rules)
def test_the_list_of_what_catches_a_practice_begins_with_what_places_it(drawn):
    build(drawn)
    rules = [(row.territory_id, row.rule) for row in TerritoryRule.objects.all()]
    named = set(PracticeException.objects.values_list("practice_id", "territory_id"))
    pinned = set(PracticePin.objects.values_list("practice_id", flat=True))

    for practice in Practice.objects.all():
        found = matches(Place(practice.zip, practice.county, specialty_of(practice)), rules)
        winners = [match.territory for match in found if not match.barred_by and (practice.pk, match.territory) not in named]
        if practice.pk not in pinned:
            assert expected()[practice.pk][0] == (winners[0] if winners else None)


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
