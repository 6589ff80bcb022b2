"""Pages and API of target lists."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_practice, make_visit
from visits import actions
from visits.actions import Wanted
from visits.models import TargetEntry, TargetHandover, TargetList


@pytest.fixture
def hips(world):
    made = actions.save_target_list(
        by=world.dana, name="Hips", campaign="Hip center", starts_on=timezone.localdate() - dt.timedelta(days=5)
    )
    parts = {"Value": "$1,200 a year. A source"}
    wanted = [
        Wanted(practice=world.north_practice, provider=world.north_provider, service_line=world.line, reason="Sends 3 of 60.", value=1200,
               gain=20, parts=parts),
        Wanted(practice=world.south_practice, reason="New here."),
    ]  # fmt: skip
    actions.add_targets(by=world.dana, target_list=made, wanted=wanted)
    return made


def test_from_hand_over_to_visit(world, hips, as_):
    url = reverse("visits:target-list", args=[hips.pk])
    assert as_("nora").get(url).status_code == 404
    as_("dana").post(reverse("visits:target-hand-over", args=[hips.pk]), {"to": world.nora.pk})
    page = as_("nora").get(url)
    assert page.context["progress"].words == "0 of 1 visited"
    assert "1 more lies outside your territories" in " ".join(page.text.split())
    assert "Sends 3 of 60." in page.text
    assert "New here." not in page.text
    assert f"{reverse('visits:plan')}?practice={world.north_practice.pk}&amp;provider={world.north_provider.pk}" in page.text
    make_visit(world.north_practice, world.nora, state="planned")
    assert as_("nora").get(url).context["rows"][0]["state"] == "planned"
    make_visit(world.north_practice, world.nora)
    assert as_("nora").get(url).context["progress"].words == "1 of 1 visited"
    assert "1 of 2 visited" in as_("dana").get(reverse("visits:target-lists")).text
    assert "Hips" in as_("nora").get(reverse("visits:list")).text
    handover = TargetHandover.objects.get()
    assert as_("nora").post(reverse("visits:target-take-back", args=[handover.pk])).status_code == 302
    assert TargetHandover.objects.in_force().exists()  # only a manager or whoever made it
    as_("dana").post(reverse("visits:target-take-back", args=[handover.pk]))
    assert as_("nora").get(url).status_code == 404


def test_dropped_and_back(world, hips, as_):
    entry = hips.entries.get(practice=world.south_practice)
    drop = reverse("visits:target-drop", args=[entry.pk])
    assert as_("sol").get(drop).status_code == 404
    actions.hand_over(by=world.dana, target_list=hips, to=world.sol)
    assert as_("sol").get(drop).status_code == 200
    assert as_("sol").post(drop, {"why": ""}).status_code == 422
    assert as_("sol").post(drop, {"why": "Retired"}).status_code == 302
    assert "Dropped by Sol: Retired" in as_("sol").get(hips.get_absolute_url()).text
    as_("sol").post(reverse("visits:target-bring-back", args=[entry.pk]))
    assert TargetEntry.objects.with_state().get(pk=entry.pk).state == "open"


def test_made_changed_filled_and_closed_by_hand(world, as_):
    client = as_("dana")
    assert client.post(reverse("visits:target-list-new"), {"name": ""}).status_code == 422
    assert (
        client.post(reverse("visits:target-list-new"), {"name": "x", "starts_on": "2026-03-02", "ends_on": "2026-03-01"}).status_code == 422
    )
    client.post(reverse("visits:target-list-new"), {"name": "Knees", "starts_on": "2026-11-01"})
    made = TargetList.objects.get()
    client.post(reverse("visits:target-list-edit", args=[made.pk]), {"name": "Knees and hips", "starts_on": "2026-11-01"})
    made.refresh_from_db()
    assert (made.name, made.owner) == ("Knees and hips", world.dana)
    add = reverse("visits:target-add", args=[made.pk])
    assert client.get(add).status_code == 200
    assert client.post(add, {"practice": world.unowned_practice.pk, "reason": "x"}).status_code == 422
    assert client.post(add, {"practice": world.north_practice.pk, "reason": "New partner"}).status_code == 302
    assert made.entries.get().reason == "New partner"
    client.post(reverse("visits:target-list-close", args=[made.pk]), {"closed": "1"})
    assert "Knees and hips" in client.get(f"{reverse('visits:target-lists')}?closed=1").text
    assert "Knees and hips" not in client.get(reverse("visits:target-lists")).text


def test_the_file_tells_no_small_count(world, hips, as_):
    for kind in ("csv", "xlsx"):
        assert as_("dana").get(reverse("visits:target-export", args=[hips.pk, kind])).status_code == 200
    body = as_("dana").get(reverse("visits:target-export", args=[hips.pk, "csv"])).getvalue().decode("utf-8-sig")
    assert "3 of 60" not in body
    assert "New here." in body
    assert as_("nora").get(reverse("visits:target-export", args=[hips.pk, "csv"])).status_code == 403


def test_api(world, hips, as_):
    assert as_("nora").get("/api/v1/target-lists/").json()["results"] == []
    (row,) = as_("dana").get("/api/v1/target-lists/").json()["results"]
    assert (row["name"], row["entries"], row["visited"], row["handed_to"]) == ("Hips", 2, 0, [])
    actions.hand_over(by=world.dana, target_list=hips, to=world.nora)
    told = as_("nora").get(f"/api/v1/target-lists/{hips.pk}/").json()
    assert [(stop["provider_name"], stop["state"], stop["value"]) for stop in told["stops"]] == [("Pat Northrop", "open", "1200.00")]
    assert as_("sol").get(f"/api/v1/target-lists/{hips.pk}/").status_code == 404
    assert as_("elle").get("/api/v1/target-lists/").status_code == 403


def test_pages_ask_as_often_however_many(world, as_, assert_flat_queries):
    as_("dana")
    made = actions.save_target_list(by=world.dana, name="Long")

    def add(count):
        wanted = [Wanted(practice=make_practice(territory=world.north), reason="x") for _ in range(count)]
        actions.add_targets(by=world.dana, target_list=made, wanted=wanted)

    assert_flat_queries(made.get_absolute_url(), add)
