"""Hand-overs, splits and overlaps as files and by the API: what the pages show, to whom the pages show it."""

import csv
import io
from typing import Any

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from contacts.placement import place_practices
from planning import actions
from planning.models import HandOver, HandOverState, Split, Work
from territories.actions import add_rules
from territories.models import Territory
from territories.ruling import Rule
from tests import factories

JSON = {"content_type": "application/json"}


@pytest.fixture
def handover(world: Any) -> HandOver:
    return actions.propose_handover(
        territory=world.north, giver=world.nora, taker=world.sol, effective_on=timezone.localdate(), takes=[Work.VISITS], by=world.dana
    )


def test_the_file_of_handovers_is_the_list_of_who_asks(as_: Any, world: Any, handover: HandOver) -> None:
    answer = as_("dana").get("/territories/files/handovers.csv")
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert [(row["Territory"], row["From"], row["To"], row["State"], row["Takes along"]) for row in rows] == [
        (str(world.north), str(world.nora), str(world.sol), "Waits for approval", "Planned visits")
    ]
    assert AuditEvent.objects.get(event="handovers.exported").details == {"rows": 1, "kind": "csv", "filters": []}
    assert not list(
        csv.DictReader(io.StringIO(as_("dana").get("/territories/files/handovers.csv?state=done").getvalue().decode("utf-8-sig")))
    )
    assert as_("dana").get("/territories/files/handovers.csv?state=odd").status_code == 400
    assert as_("dana").get("/territories/files/handovers.pdf").status_code == 404
    page = as_("dana").get("/territories/handovers/").content.decode()
    assert "/territories/files/handovers.xlsx" in page
    sheet = as_("dana").get("/territories/files/handovers.xlsx")
    assert sheet.getvalue()[:2] == b"PK"
    assert as_("elle").get("/territories/files/handovers.csv").status_code == 403


def test_the_page_is_narrowed_as_the_file_and_the_api_are(as_: Any, world: Any, handover: HandOver) -> None:
    dana = as_("dana")

    def found(**query: Any) -> tuple[int, int, int]:
        page = dana.get("/territories/handovers/", query)
        lines = dana.get("/territories/files/handovers.csv", query).getvalue().decode().strip().splitlines()
        return len(page.context["rows"]), len(lines) - 1, dana.get("/api/v1/handovers/", query).json()["count"]

    assert found() == found(state="proposed") == found(territory=world.north.pk) == (1, 1, 1)
    assert found(person=world.nora.pk) == found(person=world.sol.pk) == (1, 1, 1)
    assert found(state="done") == found(territory=world.south.pk) == (0, 0, 0)
    page = dana.get("/territories/handovers/", {"state": "done"}).content.decode()
    assert "No hand-over like this" in page
    assert "Clear filters" in page
    assert 'aria-label="Saved views"' in page
    part = dana.get("/territories/handovers/", headers={"HX-Request": "true"}).content.decode()
    assert str(world.nora) in part
    assert "<html" not in part


def test_the_filters_offer_nobody_and_nowhere_else(as_: Any, world: Any, handover: HandOver) -> None:
    page = as_("nora").get("/territories/handovers/")
    fields = page.context["filter"].form.fields
    assert set(fields["territory"].queryset) <= set(Territory.objects.visible_to(world.nora))
    assert world.south not in fields["territory"].queryset
    assert set(fields["person"].queryset) == {world.nora, world.sol}, "the two of the hand-over, not the whole house"
    assert not as_("past").get("/territories/handovers/").context["filter"].form.fields["person"].queryset.exists()


def test_the_api_shows_handovers_to_whom_they_concern(as_: Any, world: Any, handover: HandOver) -> None:
    seen = {
        who: [row["id"] for row in as_(who).get("/api/v1/handovers/").json()["results"]] for who in ("nora", "sol", "dana", "ada", "past")
    }
    assert seen == {"nora": [handover.pk], "sol": [handover.pk], "dana": [handover.pk], "ada": [handover.pk], "past": []}
    told = as_("nora").get(f"/api/v1/handovers/{handover.pk}/").json()
    assert (told["giver_name"], told["takes"], told["state"], told["zips"]) == (str(world.nora), ["visits"], "proposed", [])
    assert as_("past").get(f"/api/v1/handovers/{handover.pk}/").status_code == 404
    assert as_("dana").get("/api/v1/handovers/", {"state": "done"}).json()["results"] == []
    assert len(as_("dana").get("/api/v1/handovers/", {"person": world.sol.pk}).json()["results"]) == 1


def test_the_api_decides_by_the_rules_of_the_page(as_: Any, world: Any, handover: HandOver) -> None:
    address = f"/api/v1/handovers/{handover.pk}/step/"
    assert as_("nora").post(address, {"step": "approve"}, **JSON).status_code == 403
    own = as_("dana").post(address, {"step": "approve"}, **JSON)
    assert (own.status_code, bool(own.json()["detail"])) == (400, True), "who proposed it does not approve it"
    assert as_("past").post(address, {"step": "withdraw"}, **JSON).status_code == 404
    assert as_("ada").post(address, {"step": "away"}, **JSON).status_code == 400
    declined = as_("ada").post(address, {"step": "decline", "why": "Not this month"}, **JSON)
    assert (declined.status_code, declined.json()["state"], declined.json()["decided_why"]) == (200, "declined", "Not this month")
    handover.refresh_from_db()
    assert (handover.state, handover.decided_by) == (HandOverState.DECLINED, world.ada)


def test_splits_and_overlaps_are_told_to_who_draws_territories(as_: Any, world: Any) -> None:
    split = Split.objects.create(zips=["44101"], territories=[world.north.pk], new_names=["Lakeside"], asked_by=world.ada)
    add_rules(territory=world.north, rules=[Rule("county", "OH/Lake")], by=world.ada)
    factories.make_practice("Family Office", zip="44060", county="OH/Lake")
    place_practices()
    add_rules(territory=world.south, rules=[Rule("zip", "44060")], by=world.ada)
    place_practices()
    told = as_("ada").get(f"/api/v1/splits/{split.pk}/").json()
    assert (told["new_names"], told["is_found"], told["measure"]) == (["Lakeside"], False, "hours")
    rows = list(csv.DictReader(io.StringIO(as_("ada").get("/territories/files/splits.csv").getvalue().decode("utf-8-sig"))))
    assert [(row["Territories"], row["Asked by"], row["Even in"]) for row in rows] == [("2", str(world.ada), "Promised visit hours")]
    page = as_("ada").get("/territories/overlaps/").context["rows"]
    assert page, "the world has an overlap"
    found = as_("ada").get("/api/v1/overlaps/").json()
    assert [tuple(row.values()) for row in found] == page
    assert [row["practices"] for row in found] == [
        int(row["Practices"])
        for row in csv.DictReader(io.StringIO(as_("ada").get("/territories/files/overlaps.csv").getvalue().decode("utf-8-sig")))
    ]
    for address in ("/api/v1/splits/", "/api/v1/overlaps/", "/territories/files/splits.csv", "/territories/files/overlaps.csv"):
        assert as_("nora").get(address).status_code == 403, address
