"""The map of territories: what it shows, what a preview tells, what saving does, and its undo."""

import datetime as dt
from collections import Counter

import pytest
from django.urls import reverse

from contacts.models import Cadence, Practice, PracticePin
from contacts.placement import place_practices
from jobs.actions import run_waiting
from planning.forms import read_areas
from planning.models import FieldChange
from planning.queries.change import Chosen, change_of
from planning.queries.field import field_of
from referrals import rollups
from referrals.models import Referral
from territories.models import TerritoryRule
from territories.ruling import Rule
from tests import factories
from tests.factories import referrals as feed

URL = reverse("planning:map")


def follow() -> None:
    run_waiting(apps=("contacts", "referrals"))


@pytest.fixture
def told(world, settings, tmp_path):
    """Three referrals from the north (Cuyahoga), two from the south (Summit), and a practice of Lake county that nobody owns."""
    settings.UPLOADS = tmp_path
    Practice.objects.filter(pk=world.north_practice.pk).update(county="OH/Cuyahoga", tier="A")
    Practice.objects.filter(pk=world.south_practice.pk).update(county="OH/Summit")
    Cadence.objects.create(tier="A", every_days=14)
    world.lake = factories.make_practice("Lake Office", zip="44060", county="OH/Lake")
    place_practices()
    offices = [(world.north_practice, 3), (world.south_practice, 2)]
    feed.load(
        *(feed.row(f"{office.pk}-{n}", office=office.name, zip=office.zip, to=world.ours.name) for office, k in offices for n in range(k))
    )
    follow()


def volume() -> dict[str | None, int]:
    assert not rollups.differences()
    return dict(Counter(Referral.objects.values_list("territory__name", flat=True)))


@pytest.mark.parametrize(("who", "status"), [("nora", 200), ("dana", 200), ("ada", 200), ("ivan", 200), ("elle", 403)])
def test_who_looks(as_, told, who, status):
    assert as_(who).get(URL).status_code == status


def test_only_who_draws_territories_saves(as_, told, world):
    for who in ("nora", "dana", "ivan"):
        page = as_(who).get(URL).content.decode()
        assert 'name="area"' not in page
        answer = as_(who).post(URL, {"area": "county:OH/Lake", "to": world.north.pk, "save": 1})
        assert answer.status_code == 403
    assert not FieldChange.objects.exists()


@pytest.mark.parametrize("show", ["", "inbound", "leakage", "workload", "visits"])
def test_every_measure_is_drawn_with_its_legend_and_its_table(as_, told, show):
    answer = as_("ada").get(URL, {"show": show} if show else {})
    page = answer.content.decode()
    assert answer.context["map"].legend
    assert {"county:OH/Cuyahoga", "county:OH/Summit", "county:OH/Lake"} <= {area.key for area in answer.context["map"].areas}
    assert "Cuyahoga, OH" in page


def test_colors_say_whose_a_county_is(as_, told):
    answer = as_("ada").get(URL)
    by_key = {area.key: area for area in answer.context["map"].areas}
    assert by_key["county:OH/Cuyahoga"].text == "North"
    assert by_key["county:OH/Lake"].text == "Nobody"
    assert by_key["county:OH/Lake"].css == "is-nobody"
    assert by_key["county:OH/Medina"].text == "no practice, no rule"
    assert answer.context["map"].title == "2 practices lie in 2 territories; Lake, OH belongs to nobody"


def test_workload_is_the_hours_that_tiers_promise(as_, told):
    """Every 14 days a visit of 25 minutes: 50 minutes in four weeks."""
    found = field_of(as_("ada") and told_user("ada"))
    assert found.county("OH/Cuyahoga").promised == pytest.approx(50)
    assert found.county("OH/Lake").promised == 0


def told_user(name: str):
    from accounts.models import User  # noqa: PLC0415 - one name

    return User.objects.get(full_name=name.title())


def test_an_unowned_territory_is_not_shown_to_a_liaison(as_, told):
    keys = {area.key: area.text for area in as_("nora").get(URL).context["map"].areas}
    assert keys["county:OH/Cuyahoga"] == "North"
    assert keys.get("county:OH/Lake", "no practice, no rule") == "no practice, no rule"
    assert "South" not in keys.values()


def test_a_county_opens_into_its_zip_codes(as_, told, world):
    answer = as_("ada").get(URL, {"county": "OH/Cuyahoga"})
    assert [row.key for row in answer.context["rows"]] == ["zip:44101", "zip:44102"]
    assert answer.context["practices"][0].name == world.north_practice.name
    assert any("not their borders" in note for note in answer.context["map"].notes)


@pytest.mark.parametrize("query", ["show=spend", "state=XX", "county=OH/Nowhere"])
def test_what_is_no_map_is_not_found(as_, told, query):
    assert as_("ada").get(f"{URL}?{query}").status_code == 404


def test_a_state_is_drawn_whole(as_, told):
    answer = as_("ada").get(URL, {"state": "OH"})
    assert len([row for row in answer.context["rows"]]) == 88


def test_before_any_data_there_is_an_empty_page(as_, db, world):
    Practice.objects.update(county="", zip="")
    TerritoryRule.objects.all().delete()
    assert "Nothing to draw yet" in as_("ada").get(URL).content.decode()


class TestAssigning:
    def test_counties_are_previewed_saved_and_taken_back(self, as_, told, world):
        asked = {"area": ["county:OH/Cuyahoga", "county:OH/Lake"], "to": world.south.pk, "with_zips": "on", "note": "Spring plan"}
        shown = as_("ada").post(URL, asked, headers={"HX-Request": "true"}).content.decode()
        assert "2 practices and 1 provider move" in shown
        assert "3 referrals" in shown
        assert "ZIP 44101: until now North, goes along" in shown
        assert not FieldChange.objects.exists()
        assert volume() == {"North": 3, "South": 2}

        answer = as_("ada").post(URL, asked | {"save": 1})
        change = FieldChange.objects.get()
        assert f"changed={change.pk}" in answer["Location"]
        assert str(change) == "4 places changed hands"
        follow()
        assert volume() == {"South": 5}
        assert set(world.south.rules.values_list("value", flat=True)) == {"44301", "OH/Cuyahoga", "OH/Lake"}
        assert not world.north.rules.exists()
        page = as_("ada").get(answer["Location"]).content.decode()
        assert "Undo" in page
        assert "Spring plan" in as_("ada").get(world.south.get_absolute_url()).content.decode()

        as_("ada").post(reverse("planning:change-undo", args=[change.pk]))
        follow()
        assert volume() == {"North": 3, "South": 2}
        assert set(world.north.rules.values_list("value", flat=True)) == {"44101", "44102"}

    def test_without_their_zip_codes_counties_leave_those_where_they_are(self, as_, told, world):
        asked = {"area": ["county:OH/Cuyahoga"], "to": world.south.pk}
        shown = as_("ada").post(URL, asked, headers={"HX-Request": "true"}).content.decode()
        assert "No practice moves." in shown
        assert "1 practice of these places stays" in shown

    def test_the_preview_tells_what_then_happens(self, as_, told, world):
        field = field_of(world.ada)
        chosen = Chosen([Rule("county", "OH/Lake"), Rule("zip", "44101")], [world.south_practice.pk], world.north)
        change = change_of(field, chosen)
        assert change.moved == {world.lake.pk: (None, world.north.pk), world.south_practice.pk: (world.south.pk, world.north.pk)}
        north = next(holding for holding in change.holdings if holding.name == "North")
        assert (north.practices, north.practices_after, north.people) == (1, 3, "Nora")
        assert change.referrals == 2

        as_("ada").post(
            URL, {"area": ["county:OH/Lake", "zip:44101", f"practice:{world.south_practice.pk}"], "to": world.north.pk, "save": 1}
        )
        follow()
        assert dict(Practice.objects.filter(pk__in=change.moved).values_list("pk", "territory")) == {
            pk: to for pk, (_, to) in change.moved.items()
        }
        assert PracticePin.objects.get().practice == world.south_practice
        change = FieldChange.objects.get()
        assert str(change) == "1 place and 1 practice changed hands"

        as_("ada").post(reverse("planning:change-undo", args=[change.pk]))
        follow()
        assert not PracticePin.objects.exists()
        assert volume() == {"North": 3, "South": 2}

    def test_to_nobody_takes_the_rules_away(self, as_, told, world):
        as_("ada").post(URL, {"area": ["zip:44101"], "to": "nobody", "save": 1})
        follow()
        world.north_practice.refresh_from_db()
        assert world.north_practice.territory is None

    def test_what_changed_since_is_not_taken_back(self, as_, told, world):
        as_("ada").post(URL, {"area": ["county:OH/Lake"], "to": world.north.pk, "save": 1})
        as_("ada").post(URL, {"area": ["county:OH/Lake"], "to": world.south.pk, "save": 1})
        first = FieldChange.objects.last()
        answer = as_("ada").post(reverse("planning:change-undo", args=[first.pk]), follow=True)
        assert "changed hands since" in answer.content.decode()
        assert world.south.rules.filter(value="OH/Lake").exists()

    def test_twice_the_same_is_nothing(self, as_, told, world):
        as_("ada").post(URL, {"area": ["county:OH/Lake"], "to": world.north.pk, "save": 1})
        answer = as_("ada").post(URL, {"area": ["county:OH/Lake"], "to": world.north.pk, "save": 1}, follow=True)
        assert "it was so already" in answer.content.decode()
        assert FieldChange.objects.count() == 1

    def test_nothing_chosen_is_told_and_what_was_typed_stays(self, as_, told, world):
        answer = as_("ada").post(URL, {"to": world.north.pk, "note": "kept", "save": 1})
        assert answer.status_code == 422
        assert "Choose counties, ZIP codes or practices" in answer.content.decode()
        assert 'value="kept"' in answer.content.decode()

    def test_credit_of_the_past_stays(self, as_, told, world):
        before = dict(Referral.objects.values_list("pk", "credited_to"))
        assert set(before.values()) == {world.nora.pk, world.sol.pk}
        as_("ada").post(URL, {"area": ["zip:44101"], "to": world.south.pk, "save": 1})
        follow()
        assert volume() == {"South": 5}
        assert dict(Referral.objects.values_list("pk", "credited_to")) == before


def test_areas_are_read_and_what_is_none_is_left_out():
    keys = ["county:OH/Lake", "zip:44060", "zip:44060", "practice:7", "county:OH/Nowhere", "zip:1", "practice:x", "planet:mars", ""]
    assert read_areas(keys) == ([Rule("county", "OH/Lake"), Rule("zip", "44060")], [7])


def test_a_hundred_territories_ask_no_more_often(as_, told, world, assert_flat_queries):
    client = as_("ada")

    def add(count: int) -> None:
        for _ in range(count):
            territory = factories.make_territory(parent=world.region)
            factories.assign(factories.make_user(), territory, started_on=dt.date(2020, 1, 1))
            factories.make_practice(territory=territory, zip="44107", county="OH/Cuyahoga")

    assert client.get(URL).status_code == 200
    assert_flat_queries(URL, add, few=2, many=100)
    assert_flat_queries(f"{URL}?county=OH/Cuyahoga", add, few=2, many=3)
