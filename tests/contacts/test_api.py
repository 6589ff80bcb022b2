"""The API of contacts: the same rows, filters and actions as the pages."""

import pytest

from audit.models import AuditEvent
from contacts.models import Affiliation, Provider
from tests import factories
from tests.factories.contacts import add_providers

NAMES = ("providers", "practices", "organizations")


@pytest.mark.parametrize(
    ("who", "status"), [("nora", 200), ("past", 200), ("dana", 200), ("ada", 200), ("ivan", 200), ("elle", 403), (None, 401)]
)
@pytest.mark.parametrize("name", NAMES)
def test_who_lists(as_, who, status, name):
    assert as_(who).get(f"/api/v1/{name}/").status_code == status


@pytest.mark.parametrize(
    ("who", "status"), [("nora", 200), ("sol", 404), ("past", 404), ("dana", 200), ("ivan", 200), ("elle", 403), (None, 401)]
)
@pytest.mark.parametrize("name", ["providers", "practices"])
def test_who_reads_one(as_, world, who, status, name):
    row = world.north_provider if name == "providers" else world.north_practice
    assert as_(who).get(f"/api/v1/{name}/{row.pk}/").status_code == status


@pytest.mark.parametrize(
    ("who", "providers", "practices"),
    [("nora", {"Northrop"}, 1), ("sol", {"Southwell"}, 1), ("past", set(), 0), ("dana", {"Northrop", "Southwell"}, 2),
     ("ada", {"Northrop", "Southwell", "Farrow"}, 3)],
)  # fmt: skip
def test_what_lists_hold(as_, who, providers, practices):
    client = as_(who)
    assert {row["last_name"] for row in client.get("/api/v1/providers/").json()["results"]} == providers
    assert client.get("/api/v1/practices/").json()["count"] == practices


def test_a_provider_shows_only_places_in_scope(as_, world):
    Affiliation.objects.create(provider=world.north_provider, practice=world.south_practice, is_primary=False)
    row = as_("nora").get(f"/api/v1/providers/{world.north_provider.pk}/").json()
    assert [place["name"] for place in row["practices"]] == ["North Family Practice"]
    assert row["alignment"] == "employed"


def test_filters_are_those_of_the_pages(as_, world):
    client = as_("dana")
    assert client.get("/api/v1/providers/?q=north").json()["count"] == 1
    assert client.get(f"/api/v1/providers/?territory={world.south.pk}").json()["results"][0]["last_name"] == "Southwell"
    assert client.get("/api/v1/organizations/?alignment=competitor").json()["results"][0]["name"] == "Summit Cardiology"
    assert client.get("/api/v1/providers/?territory=999999").status_code == 400


def test_writing_goes_through_the_action(as_, world):
    client = as_("nora")
    url = f"/api/v1/providers/{world.north_provider.pk}/"
    answer = client.patch(url, {"phone": "555", "last_name": "Hacked"}, content_type="application/json")
    assert answer.json()["phone"] == "555"
    assert Provider.objects.get(pk=world.north_provider.pk).last_name == "Northrop"
    assert AuditEvent.objects.get(event="provider.changed").by_label == "Nora"
    assert client.patch(url, {"email": "no"}, content_type="application/json").status_code == 400
    practice = f"/api/v1/practices/{world.north_practice.pk}/"
    assert client.patch(practice, {"visiting_rules": "Tuesdays"}, content_type="application/json").json()["visiting_rules"] == "Tuesdays"
    organization = f"/api/v1/organizations/{world.ours.pk}/"
    assert client.patch(organization, {"city": "Akron"}, content_type="application/json").status_code == 403
    assert as_("ada").patch(organization, {"city": "Akron"}, content_type="application/json").json()["city"] == "Akron"
    assert as_("sol").patch(url, {"phone": "1"}, content_type="application/json").status_code == 404
    assert as_("ada").delete(url).status_code == 405


def test_lists_are_flat(client, world, assert_flat_queries):
    client.force_login(world.dana)
    assert_flat_queries("/api/v1/providers/", lambda n: add_providers(world.north_practice, n))
    assert_flat_queries("/api/v1/practices/", lambda n: [factories.make_practice(territory=world.north) for _ in range(n)])
    assert_flat_queries("/api/v1/organizations/", lambda n: [factories.make_organization(alignment="employed") for _ in range(n)])
