"""A split from the question to its undo: proposed by a worker, beside today, accepted whole."""

import pytest
from django.urls import reverse

from common.exceptions import PolicyViolation
from contacts.models import Cadence, Practice
from contacts.placement import place_practices
from jobs.actions import run_waiting
from planning import actions
from planning.models import FieldChange, Split
from territories.models import Territory, TerritoryRule
from tests import factories

ZIPS = ("44060", "44077", "44024", "44062", "44107", "44116", "44140", "44145")  # four in the east of the lake shore, four in the west


@pytest.fixture
def field(world):
    """All eight ZIP codes are the north's; each office is promised a visit every two weeks."""
    Cadence.objects.create(tier="A", every_days=14)
    TerritoryRule.objects.all().delete()
    Practice.objects.update(archived_at=world.ada.joined_at)
    for zip_ in ZIPS:
        TerritoryRule.objects.create(territory=world.north, kind="zip", value=zip_)
        county = "OH/Cuyahoga" if zip_.startswith("441") else "OH/Lake"
        factories.make_practice(f"Office {zip_}", zip=zip_, county=county, tier="A")
    place_practices()
    return world


def follow() -> None:
    run_waiting(apps=("planning", "contacts", "referrals"))


def offices(territory: Territory) -> set[str]:
    return set(Practice.objects.live().filter(territory=territory).values_list("zip", flat=True))


def test_from_the_question_to_the_undo(field, as_):
    url = reverse("planning:splits")
    answer = as_("ada").post(url, {"territories": [field.north.pk, field.south.pk], "measure": "hours", "unit": "zip"})
    split = Split.objects.get()
    assert answer["Location"] == split.get_absolute_url()
    assert "Dividing the areas" in as_("ada").get(split.get_absolute_url()).content.decode()
    follow()
    split.refresh_from_db()
    assert split.found["spread"] == 0
    assert split.found["spread_before"] == 1.0, "the north has everything today, twice its share"
    assert split.found["moves"] == 4
    assert [one["pieces"] for one in split.found["after"]] == [1, 1]
    assert {one["practices"] for one in split.found["after"]} == {4}
    page = as_("ada").get(split.get_absolute_url()).content.decode()
    assert "would have 0% more than its even share; today it has 100%" in page
    assert offices(field.north) == set(ZIPS)

    as_("ada").post(reverse("planning:split-accept", args=[split.pk]))
    follow()
    assert {frozenset(offices(field.north)), frozenset(offices(field.south))} == {frozenset(ZIPS[:4]), frozenset(ZIPS[4:])}
    with pytest.raises(PolicyViolation, match="accepted before"):
        actions.accept_split(split=split, by=field.ada)

    change = FieldChange.objects.get()
    actions.undo_field_change(change=change, by=field.ada)
    follow()
    assert offices(field.north) == set(ZIPS)
    assert not offices(field.south)


def test_new_territories_are_made_when_it_is_accepted(field, as_):
    asked = {"territories": [field.north.pk], "new_names": "East", "measure": "practices", "unit": "county"}
    as_("ada").post(reverse("planning:splits"), asked)
    follow()
    split = Split.objects.get()
    assert not Territory.objects.filter(name="East").exists()
    as_("ada").post(reverse("planning:split-accept", args=[split.pk]))
    follow()
    east = Territory.objects.get(name="East")
    assert east.parent == field.north.parent
    assert len(offices(east)) + len(offices(field.north)) == 8
    assert offices(east)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"territories": []}, "Choose at least one territory"),
        ({"territories": ["north"]}, "at least two territories"),
        ({"territories": ["north"], "new_names": "a,b,c,d,e,f,g,h"}, "only 8 places to divide among 9"),
    ],
)
def test_what_is_refused(field, as_, asked, words):
    sent = {**asked, "territories": [getattr(field, name).pk for name in asked["territories"]], "measure": "hours", "unit": "zip"}
    answer = as_("ada").post(reverse("planning:splits"), sent)
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_nothing_is_accepted_before_it_is_found(field):
    split = Split.objects.create(asked_by=field.ada)
    with pytest.raises(PolicyViolation, match="not found yet"):
        actions.accept_split(split=split, by=field.ada)


def test_without_a_territory_there_is_nothing_to_divide(db, client):
    client.force_login(factories.make_user("alone", role="admin"))
    page = client.get(reverse("planning:splits")).text
    assert "No territory to divide yet" in page
    assert reverse("territories:new") in page
    assert "Propose a split" not in page
