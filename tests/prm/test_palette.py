"""The palette offers what the person may open, finds people and pages, and never puts a referral's number into an address."""

import pytest
from django.urls import reverse

from audit.models import AuditEvent
from prm.palette import _doing, _fits, _pages, entries_for


def labels(user, text):
    return [entry.label for entry in entries_for(user, text)]


def test_every_entry_opens(as_, world):
    """Nobody is offered a page that they may not open, whatever the role."""
    for who in ("nora", "dana", "ada", "ivan", "elle"):
        client = as_(who)
        user = world.cast[who]
        offered = {entry.url: entry for entry in (*_doing(user), *_pages(user))}
        assert len(offered) >= 3
        for url, entry in offered.items():
            assert client.get(url).status_code == 200, (who, entry)


@pytest.mark.parametrize(
    ("who", "text", "label", "group"),
    [
        ("nora", "northrop", "Pat Northrop", "People"),
        ("nora", "north fam", "North Family Practice", "Practices"),
        ("nora", "riverbend", "Riverbend Cardiology", "Organizations"),
        ("nora", "sol", "Sol", "Colleagues"),
        ("nora", "log vis", "Log a visit", "Do"),
        ("nora", "complaint", "Add a concern", "Do"),
        ("nora", "follow", "Follow-ups", "Pages"),
        ("ada", "cadence", "Tiers and cadence", "Settings"),
        ("ada", "invite", "Invite a person", "Do"),
    ],
)
def test_finds(world, who, text, label, group):
    assert (label, group) in [(entry.label, entry.group) for entry in entries_for(world.cast[who], text)]


def test_what_one_may_not_is_not_offered(world):
    assert "Pat Southwell" not in labels(world.nora, "southwell")
    assert "Invite a person" not in labels(world.nora, "invite")
    assert "Pat Northrop" not in labels(world.elle, "northrop"), "executives see no providers"
    assert not any(entry.number for entry in entries_for(world.elle, "R-1234"))


def test_a_page_called_so_stands_first(world):
    assert labels(world.nora, "Practices")[0] == "Practices"


def test_a_referral_is_looked_up_by_post_and_recorded(as_, world):
    client = as_("nora")
    answer = client.post(reverse("palette"), {"q": "R-1234"}, headers={"Accept": "application/json"})
    (entry,) = [row for row in answer.json() if row["number"]]
    assert entry["url"] == reverse("referrals:lookup")
    assert "1234" not in entry["url"], "a number stays out of addresses"
    assert client.post(entry["url"], {"number": entry["number"]}).status_code == 200
    assert AuditEvent.objects.filter(event="referral.not_found").exists()
    assert not any(row["number"] for row in client.post(reverse("palette"), {"q": "anna"}, headers={"Accept": "application/json"}).json())


def test_works_as_a_page(as_, world):
    client = as_("nora")
    page = client.get(reverse("palette")).content.decode()
    assert "Log a visit" in page
    page = client.post(reverse("palette"), {"q": "northrop"}).content.decode()
    assert "Pat Northrop" in page
    assert 'name="number"' in client.post(reverse("palette"), {"q": "R1234"}).content.decode()
    assert "Nothing found" in client.post(reverse("palette"), {"q": "zzzzzz"}).content.decode()
    assert reverse("palette") in client.get(reverse("contacts:practices")).content.decode()


def test_words_are_found_by_their_beginnings(world):
    (add,) = [entry for entry in entries_for(world.ada, "add concern") if entry.label == "Add a concern"]
    assert _fits(["add", "conc"], add)
    assert not _fits(["oncern"], add)
