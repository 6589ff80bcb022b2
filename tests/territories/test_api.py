"""The API of territories: the same scope and the same actions as the pages."""

import pytest

from territories.models import Territory
from tests import factories

URL = "/api/v1/territories/"


def names(answer):
    return [row["name"] for row in answer.json()["results"]]


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("nora", ["North"]),
        ("over", ["South"]),
        ("past", []),
        ("dana", ["North", "Region", "South"]),
        ("ada", ["Everything", "North", "Region", "South"]),
        ("ivan", ["Everything", "North", "Region", "South"]),
    ],
)
def test_lists_are_cut_to_the_scope(as_, world, who, seen):
    assert names(as_(who).get(URL)) == seen


@pytest.mark.parametrize(("who", "status"), [("nora", 200), ("sol", 404), ("past", 404), ("dana", 200), ("elle", 403), (None, 401)])
def test_one_territory(as_, world, who, status):
    assert as_(who).get(f"{URL}{world.north.pk}/").status_code == status


def test_a_territory_with_rules_and_people_of_today(as_, world):
    row = as_("nora").get(f"{URL}{world.north.pk}/").json()

    assert (row["name"], row["parent"], row["zips"], row["counties"]) == ("North", world.region.pk, ["44101", "44102"], [])
    assert row["people"] == [
        {"user": world.nora.pk, "name": "Nora", "is_primary": True, "service_line": None, "started_on": "2020-01-01", "ended_on": None}
    ]


@pytest.mark.parametrize(("who", "status"), [("nora", 403), ("dana", 403), ("ivan", 403), ("ada", 201), (None, 401)])
def test_only_admins_write(as_, world, who, status):
    answer = as_(who).post(URL, {"name": "West", "parent": world.region.pk}, content_type="application/json")
    assert answer.status_code == status


def test_writing_goes_through_the_actions(as_, world):
    client = as_("ada")
    made = client.post(URL, {"name": "West", "parent": world.region.pk, "zips": ["10001"]}, content_type="application/json").json()
    url = f"{URL}{made['id']}/"

    refused = client.patch(url, {"zips": ["10001", "44101"]}, content_type="application/json")
    assert (refused.status_code, refused.json()["detail"][:36]) == (400, "ZIP code 44101 belongs to North. Cho")
    taken = client.patch(url, {"zips": ["44101"], "take": True, "counties": ["ct/hartford county"]}, content_type="application/json").json()
    assert (taken["zips"], taken["counties"], taken["name"]) == (["44101"], ["CT/Hartford"], "West")
    renamed = client.put(url, {"name": "Far West", "description": "Coast"}, content_type="application/json").json()
    assert (renamed["name"], renamed["zips"], renamed["parent"]) == ("Far West", ["44101"], world.region.pk)


@pytest.mark.parametrize(
    ("asked", "field"), [({"zips": ["0610"]}, "zips"), ({"counties": ["CT/Nowhere"]}, "counties"), ({"parent": 0}, "parent")]
)
def test_what_is_no_place_is_named(as_, world, asked, field):
    answer = as_("ada").patch(f"{URL}{world.north.pk}/", asked, content_type="application/json")
    assert (answer.status_code, list(answer.json())) == (400, [field])


def test_filters(as_, world):
    client = as_("ada")
    assert names(client.get(URL, {"q": "nor"})) == ["North"]
    assert names(client.get(URL, {"zip": "44301"})) == ["South"]
    assert names(client.get(URL, {"parent": world.region.pk})) == ["North", "South"]
    assert names(client.get(URL, {"archived": "true"})) == []
    assert len(names(client.get(URL, {"archived": "false"}))) == 4


def test_lists_are_flat(as_, world, assert_flat_queries):
    as_("ada")

    def more(count):
        for _ in range(count):
            factories.assign(factories.make_user(), factories.make_territory(zips=(f"{Territory.objects.count() + 10000}",)))

    assert_flat_queries(URL, more)
