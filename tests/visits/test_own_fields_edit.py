"""The organization's own fields in the form of an edit: filled in, emptied, merged with what others changed, and told."""

import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from contacts.actions import save_custom_field
from tests import factories
from visits import actions, versions
from visits.models import Visit


@pytest.fixture
def visit(world):
    for label, kind in (("Mood", "text"), ("Call back", "yes-no")):
        save_custom_field(subject="visit", label=label, kind=kind, by=None)
    visit = factories.make_visit(world.north_practice, world.nora, mode="in person", outcome="met staff")
    Visit.objects.filter(pk=visit.pk).update(custom={"mood": "Warm", "call_back": True, "gone": "stays"})
    return Visit.objects.get(pk=visit.pk)


def body(visit, **fields):
    return {
        "mode": "in person",
        "outcome": "met staff",
        "visited_at": f"{timezone.localtime(visit.visited_at):%Y-%m-%dT%H:%M}",
        "note": "",
        "version": visit.version,
        **fields,
    }


def test_the_form_shows_keeps_and_empties_them(as_, visit):
    client, address = as_("nora"), reverse("visits:edit", args=[visit.pk])
    page = client.get(address).content.decode()
    assert 'value="Warm"' in page
    assert '<option value="yes" selected' in page
    assert client.post(address, body(visit, custom_mood="", custom_call_back="no")).status_code == 302
    fresh = Visit.objects.get(pk=visit.pk)
    assert fresh.custom == {"call_back": False, "gone": "stays"}, "a field that is not in use keeps its value"
    change = versions.changes_of(fresh)[fresh.version][0]
    assert (change.label, change.before, change.after) == ("Fields of your own", "Call back: Yes, Mood: Warm", "Call back: No")


def test_a_text_that_seems_to_name_a_patient_is_asked_about(as_, visit):
    client, address = as_("nora"), reverse("visits:edit", args=[visit.pk])
    asked = client.post(address, body(visit, custom_mood="pt Miller is angry"))
    assert asked.status_code == 422
    assert "is_none" in asked.content.decode()
    assert client.post(address, body(visit, custom_mood="pt Miller is angry", is_none="on")).status_code == 302


def test_what_two_changed_is_asked_about_and_chosen(as_, world, visit):
    told = {"visited_at": visit.visited_at, "mode": visit.mode, "outcome": visit.outcome, "providers": [], "staff": [], "topics": []}
    actions.edit_visit(by=world.dana, visit=visit, note="", custom={"mood": "Cool"}, version=visit.version, **told)
    client, address = as_("nora"), reverse("visits:edit", args=[visit.pk])
    clash = client.post(address, body(visit, custom_mood="Icy", custom_call_back="yes"))
    assert clash.status_code == 409
    assert "Theirs: Call back: Yes, Mood: Cool" in clash.content.decode()
    theirs = client.post(address, body(visit, custom_mood="Icy", custom_call_back="yes", keep_custom="theirs", version=visit.version + 1))
    assert theirs.status_code == 302
    assert Visit.objects.get(pk=visit.pk).custom["mood"] == "Cool"


def test_the_api_takes_them_and_leaves_what_is_not_sent(as_, visit):
    client, address = as_("nora"), f"/api/v1/visits/{visit.pk}/edit/"
    sent = {"version": visit.version, "visited_at": visit.visited_at.isoformat(), "mode": "in person", "outcome": "met staff"}

    def post(custom):
        head = {"Idempotency-Key": str(uuid.uuid4())}
        return client.post(address, {**sent, "custom": custom}, content_type="application/json", headers=head)

    assert post({"call_back": "perhaps"}).status_code == 400
    assert post({"shoe": 9}).status_code == 400
    assert post({"mood": ""}).status_code == 200
    assert Visit.objects.get(pk=visit.pk).custom == {"call_back": True, "gone": "stays"}
