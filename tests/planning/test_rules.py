"""Rules of one specialty, exceptions, and where rules overlap: the pages, and what they do to the field."""

import pytest
from django.urls import reverse

from common.exceptions import PolicyViolation
from contacts import actions as contacts
from contacts.models import Practice
from contacts.placement import place_practices
from contacts.previewing import overlaps
from jobs.actions import run_waiting
from territories import actions
from territories.models import TerritoryRule
from territories.ruling import Rule, read_rule
from tests import factories

HEART = "207RC0000X"


@pytest.fixture
def offices(world):
    """The north has Lake county; a heart office and a family office lie there, the heart office in the ZIP code 44060."""
    heart = factories.make_specialty(HEART, "Cardiology", world.line)
    world.heart = factories.make_practice("Heart Office", zip="44060", county="OH/Lake")
    factories.make_provider(at=world.heart, specialty=heart)
    factories.make_provider(at=world.heart)
    world.family = factories.make_practice("Family Office", zip="44077", county="OH/Lake")
    factories.make_provider(at=world.family)
    actions.add_rules(territory=world.north, rules=[Rule("county", "OH/Lake")], by=world.ada)
    follow()
    return world


def follow() -> None:
    run_waiting(apps=("contacts", "referrals"))


def where(practice: Practice) -> tuple[str | None, str]:
    practice.refresh_from_db()
    return practice.territory.name if practice.territory else None, practice.placed_by


def test_a_specialty_of_a_county_goes_elsewhere_and_comes_back(offices, as_):
    url = reverse("planning:rules", args=[offices.south.pk])
    heart = offices.heart.affiliations.exclude(provider__specialty=None).get().provider.specialty
    asked = {"effect": "gets", "counties": "OH/lake", "specialties": [heart.pk]}
    shown = as_("ada").post(url, asked).content.decode()
    assert "1 practice and 2 providers move" in shown
    assert where(offices.heart) == ("North", "county")

    as_("ada").post(url, asked | {"save": 1})
    follow()
    assert where(offices.heart) == ("South", "county_specialty")
    assert where(offices.family) == ("North", "county")
    page = as_("ada").get(url).content.decode()
    assert "Cardiology of Lake (OH)" in page
    assert "Lake (OH), specialty 207RC0000X" in as_("ada").get(offices.south.get_absolute_url()).content.decode()

    actions.undo_rules(territory=offices.south, by=offices.ada)
    follow()
    assert where(offices.heart) == ("North", "county")


def test_an_exception_lets_the_next_rule_speak_and_is_taken_away(offices, as_):
    url = reverse("planning:rules", args=[offices.north.pk])
    asked = {"effect": "excepts", "zips": "44077"}
    assert "1 practice and 1 provider move" in as_("ada").post(url, asked).content.decode()
    as_("ada").post(url, asked | {"save": 1})
    follow()
    assert where(offices.family) == (None, "nobody")
    assert where(offices.heart) == ("North", "county")
    row = TerritoryRule.objects.get(excludes=True)
    as_("ada").post(reverse("planning:rule-drop", args=[row.pk]))
    follow()
    assert where(offices.family) == ("North", "county")


def test_a_practice_is_excepted_by_name(offices):
    exception = contacts.except_practice(practice=offices.family, territory=offices.north, reason="Owner's wish", by=offices.ada)
    assert where(offices.family) == (None, "nobody")
    contacts.lift_exception(exception=exception, by=offices.ada)
    assert where(offices.family) == ("North", "county")
    contacts.pin_practice(practice=offices.family, territory=offices.north, by=offices.ada)
    with pytest.raises(PolicyViolation, match="Take the pin off"):
        contacts.except_practice(practice=offices.family, territory=offices.north, by=offices.ada)


def test_overlaps_say_who_wins_and_who_would_also_match(offices, as_):
    assert overlaps() == []
    actions.add_rules(territory=offices.south, rules=[Rule("zip", "44060"), Rule("county", "OH/Lake", HEART)], by=offices.ada)
    contacts.pin_practice(practice=offices.family, territory=offices.south, by=offices.ada)
    follow()
    told = {(one.winner, one.rule, one.loser, one.also): (one.practices, one.examples) for one in overlaps()}
    assert told == {
        ("South", Rule("county", "OH/Lake", HEART), "North", Rule("county", "OH/Lake")): (1, ("Heart Office",)),
        ("South", None, "North", Rule("county", "OH/Lake")): (1, ("Family Office",)),
    }
    page = as_("ada").get(reverse("planning:overlaps")).content.decode()
    assert "Cardiology of Lake (OH)" in page
    assert "pinned by name" in page


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"effect": "gets", "counties": "OH/Nowhere"}, "Not a county: OH/Nowhere"),
        ({"effect": "gets", "zips": "12"}, "Not a US ZIP code: 12"),
        ({"effect": "gets"}, "Name at least one"),
        ({"effect": "excepts", "counties": "OH/Lake", "save": 1}, "by a rule of its own"),
        ({"effect": "gets", "zips": "44301", "save": 1}, "belongs to South"),
    ],
)
def test_what_is_refused(offices, as_, asked, words):
    answer = as_("ada").post(reverse("planning:rules", args=[offices.north.pk]), asked)
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_rules_are_written_and_read_again():
    for text in ("zip:06103", "county:OH/Lake;207RC0000X", "!zip:06103", "!county:OH/Van Wert;207X00000X"):
        assert read_rule(text).text == text


def test_the_archived_leave_their_rules_but_no_exceptions(offices):
    actions.add_rules(territory=offices.north, rules=[Rule("zip", "44077", excludes=True)], by=offices.ada)
    actions.archive_territory(territory=offices.north, move_to=offices.south, by=offices.ada)
    follow()
    place_practices()
    assert where(offices.family) == ("South", "county")
    assert not TerritoryRule.objects.filter(excludes=True).exists()


def test_the_page_of_a_practice_excepts_it_and_lets_it_back(offices, as_):
    page = as_("ada").get(offices.family.get_absolute_url()).content.decode()
    assert "Except from North" in page
    as_("ada").post(reverse("contacts:except", args=[offices.family.pk]))
    assert where(offices.family) == (None, "nobody")
    page = as_("ada").get(offices.family.get_absolute_url()).content.decode()
    assert "Let North have it again" in page
    as_("ada").post(reverse("contacts:except", args=[offices.family.pk]))
    exception = offices.family.exceptions.get()
    assert as_("dana").post(reverse("contacts:exception-lift", args=[exception.pk])).status_code == 403
    as_("ada").post(reverse("contacts:exception-lift", args=[exception.pk]))
    assert where(offices.family) == ("North", "county")
