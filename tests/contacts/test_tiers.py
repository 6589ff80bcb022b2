"""Tiers on the form, in bulk and undone; the cadence that they promise."""

import pytest

from audit.models import AuditEvent
from common.exceptions import PolicyViolation
from contacts import actions
from contacts.models import Cadence, Practice
from tests import factories


@pytest.fixture
def practices(world):
    return [factories.make_practice(f"Office {n}", territory=world.north, tier=tier) for n, tier in enumerate(("", "A", "B", "C"))]


def tiers(practices):
    return [Practice.objects.get(pk=practice.pk).tier for practice in practices]


def test_many_get_a_tier_and_the_undo_gives_back_what_each_had(world, practices):
    change = actions.set_tiers(practices=Practice.objects.filter(name__startswith="Office"), tier="B", by=world.nora)
    assert str(change) == "3 practices put into tier B", "the one that had it is not among them"
    assert tiers(practices) == ["B"] * 4
    actions.save_practice(practice=Practice.objects.get(pk=practices[3].pk), tier="D", by=world.nora)
    assert actions.undo_tiers(change=change, by=world.nora) == 2
    assert tiers(practices) == ["", "A", "B", "D"], "who got another tier since keeps it"
    with pytest.raises(PolicyViolation, match="undone before"):
        actions.undo_tiers(change=change, by=world.nora)
    assert list(AuditEvent.objects.filter(event__startswith="practices.").order_by("pk").values_list("event", flat=True)) == [
        "practices.tiered",
        "practices.tiers_undone",
    ]


def test_only_practices_in_scope_are_changed(world, practices):
    assert actions.set_tiers(practices=Practice.objects.all(), tier="A", by=world.sol).before == {world.south_practice.pk: ""}
    assert actions.set_tiers(practices=Practice.objects.filter(pk=practices[0].pk), tier="A", by=world.sol) is None
    with pytest.raises(PolicyViolation, match="does not edit"):
        actions.set_tiers(practices=Practice.objects.all(), tier="A", by=world.elle)


def test_the_cadence_is_for_admins_and_told(world):
    with pytest.raises(PolicyViolation, match="Only an admin"):
        actions.save_cadence(days={"A": 30}, by=world.dana)
    actions.save_cadence(days={"A": 30, "B": 60, "C": None}, by=world.ada)
    actions.save_cadence(days={"A": 21, "C": 120}, by=world.ada)
    actions.save_cadence(days={"A": 21, "C": 120}, by=world.ada)  # nothing new, nothing told
    assert dict(Cadence.objects.values_list("tier", "every_days")) == {"A": 21, "C": 120}
    told = AuditEvent.objects.filter(event="cadence.changed").order_by("pk")
    assert [event.details["changes"] for event in told] == [
        {"A": [None, 30], "B": [None, 60]},
        {"A": [30, 21], "B": [60, None], "C": [None, 120]},
    ]
    assert str(Cadence.objects.get(tier="A")) == "A: a visit every 21 days"


def test_list_filters_and_sorts_by_tier(as_, world, practices):
    client = as_("nora")

    def names(query):
        return [practice.name for practice in client.get(f"/contacts/practices/?{query}").context["page"]]

    assert names("tier=A") == ["Office 1"]
    assert names("tier=none") == ["North Family Practice", "Office 0"]
    assert names("sort=tier") == ["Office 1", "Office 2", "Office 3", "North Family Practice", "Office 0"]
    assert names("sort=-tier")[0] == "Office 3"
    assert client.get("/api/v1/practices/?tier=A").json()["results"][0]["tier"] == "A"


def test_the_form_tells_what_a_tier_promises(as_, world):
    actions.save_cadence(days={"A": 30}, by=world.ada)
    client = as_("nora")
    page = client.get(f"/contacts/practices/{world.north_practice.pk}/edit/").content.decode()
    assert "A: every 30 days" in page
    assert "B: no visit promised" in page
    sent = {"name": world.north_practice.name, "zip": "44101", "tier": "A"}
    assert client.post(f"/contacts/practices/{world.north_practice.pk}/edit/", sent).status_code == 302
    assert "A visit every 30 days is promised" in client.get(world.north_practice.get_absolute_url()).content.decode()


def test_the_cadence_page(as_, world, practices):
    client = as_("ada")
    assert "1 practice. Blank promises no visit." in client.get("/contacts/cadence/").content.decode()
    assert client.post("/contacts/cadence/", {"A": "0"}).status_code == 422
    assert client.post("/contacts/cadence/", {"A": "30", "B": ""}).status_code == 302
    assert Cadence.objects.get().every_days == 30
    assert as_("dana").get("/contacts/cadence/").status_code == 403
