"""Lists as files: what is seen, for those who may download, and recorded."""

import io

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from common.tables import open_table
from contacts import actions as contacts_actions
from contacts.models import Practice
from notices.actions import notify
from tests import factories
from visits import actions as visits_actions


def table(answer):
    data = b"".join(answer.streaming_content) if answer.streaming else answer.content
    with open_table(io.BytesIO(data)) as found:
        return found.headers, [values for _, values in found]


def own_field(subject, label):
    contacts_actions.save_custom_field(subject=subject, kind="text", label=label, by=None)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("page", ["accounts:people", "accounts:audit", "territories:list", "contacts:organizations"])
def test_lists_answer_with_a_file(as_, world, page, kind):
    as_("ada").post(reverse("accounts:view-save"), {"page": page, "name": "Mine", "query": ""})  # so that the trail tells something
    headers, rows = table(as_("ada").get(reverse(page), {"file": kind}))
    assert rows
    assert len(headers) > 3
    assert AuditEvent.objects.filter(event__endswith=".exported").latest("pk").details["kind"] == kind
    assert as_("ada").get(reverse(page), {"file": "pdf"}).status_code == 404


def test_who_may_not_download_gets_no_file(as_, world):
    assert as_("nora").get(reverse("contacts:organizations"), {"file": "csv"}).status_code == 403
    assert "file=csv" not in as_("nora").get(reverse("contacts:organizations")).content.decode()
    assert "file=csv" in as_("dana").get(reverse("contacts:organizations")).content.decode()


def test_a_manager_gets_only_their_part_of_the_tree(as_, world):
    world.cast["mel"] = factories.make_user("mel", role="manager")
    factories.assign(world.cast["mel"], world.south, primary=False)
    _, rows = table(as_("mel").get(reverse("territories:list"), {"file": "csv"}))
    assert [row[0] for row in rows] == ["South"]


def test_target_lists_draws_notices_and_materials(as_, world):
    visits_actions.save_target_list(by=world.dana, name="Autumn")
    notify(to=world.dana, kind="concern", text="Yours to answer", url="/x", by=world.nora)
    drawn = [factories.make_practice(f"Draw {n}", territory=world.north) for n in range(3)]
    visits_actions.draw_order(by=world.dana, name="Fair", practices=drawn, first_month_on=timezone.localdate().replace(day=1), months=2)
    client = as_("dana")
    assert table(client.get(reverse("visits:target-lists"), {"file": "csv"}))[1][0][0] == "Autumn"
    assert table(client.get(reverse("visits:draws"), {"file": "xlsx"}))[1][0][:2] == ["Fair", "3"]
    assert table(client.get(reverse("notices:list"), {"file": "csv"}))[1][0][0] == "Yours to answer"


def test_hidden_columns_are_not_in_the_file_and_shown_ones_are(as_, world):
    own_field("practice", "Parking")
    own_field("practice", "Lab")
    contacts_actions.save_practice(practice=world.north_practice, custom={"parking": "Behind", "lab": "No"}, by=world.ada)
    client, address = as_("dana"), reverse("contacts:practice-file", args=["csv"])
    whole, _ = table(client.get(address))
    assert {"tier", "address", "town", "Parking", "Lab"} <= set(whole), "nobody chose: all there is"
    seen, rows = table(client.get(address, {"hide": ["where", "tier"], "show": "custom_parking"}))
    assert not {"tier", "address", "town", "state", "zip", "Lab"} & set(seen)
    assert seen[-1] == "Parking"
    assert "Behind" in {row[-1] for row in rows}
    page = client.get(reverse("contacts:practices"), {"show": "custom_parking"}).content.decode()
    assert '<td data-label="Parking">Behind</td>' in page
    assert "Lab</th>" not in page
    assert '"key": "custom_lab"' in page, "the menu offers it"


def test_own_fields_stand_in_the_lists_of_providers_and_visits_and_follow(as_, world):
    own_field("provider", "Languages")
    own_field("visit", "Mood")
    type(world.north_provider).objects.filter(pk=world.north_provider.pk).update(custom={"languages": "Polish"})
    visit = factories.make_visit(world.north_practice, world.nora)
    type(visit).objects.filter(pk=visit.pk).update(custom={"mood": "Warm"})
    client = as_("dana")
    for page, show, value in (("contacts:providers", "custom_languages", "Polish"), ("visits:list", "custom_mood", "Warm")):
        assert f">{value}</td>" in client.get(reverse(page), {"show": show}).content.decode()
        assert f">{value}</td>" not in client.get(reverse(page)).content.decode()
    headers, rows = table(client.get(reverse("visits:export", args=["xlsx"]), {"show": "custom_mood", "hide": "who"}))
    assert "owner" not in headers
    assert rows[0][headers.index("Mood")] == "Warm"
    assert client.get(reverse("visits:export", args=["pdf"])).status_code == 404


def test_a_saved_view_keeps_the_columns(as_, world):
    told = {"page": "contacts:practices", "query": "show=custom_parking&hide=tier&page=2&bulk=3&file=csv", "name": "Parking"}
    assert "?show=custom_parking&hide=tier&view=" in as_("nora").post(reverse("accounts:view-save"), told).url


def test_the_api_answers_with_the_fields_that_are_asked_for(as_, world):
    Practice.objects.filter(pk=world.north_practice.pk).update(custom={"parking": "Behind"})
    client = as_("nora")
    found = client.get("/api/v1/practices/", {"fields": "name, tier,custom.parking"}).json()
    assert found["results"] == [{"name": "North Family Practice", "tier": "", "custom": {"parking": "Behind"}}]
    assert "address" in client.get("/api/v1/practices/").json()["results"][0]
    refused = client.get("/api/v1/practices/", {"fields": "name,shoe"})
    assert refused.status_code == 400
    assert "There is no field shoe." in refused.json()["fields"]
