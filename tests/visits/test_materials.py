"""Materials and mileage: stock by hand and by visits, who may, files; miles estimated and typed, dated rates, sums."""

import datetime as dt
import io
import json
from decimal import Decimal
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from audit.models import AuditEvent
from common.exceptions import PolicyViolation
from common.places import center_of, miles_between
from common.tables import open_table
from tests import factories
from visits import actions
from visits.miles import estimated_miles, month_of, rate_on
from visits.models import Material, MileageDay, MileageRate, MoveKind, WorkingHours


def text_of(answer) -> str:
    return b"".join(answer.streaming_content).decode() if answer.streaming else answer.content.decode()


@pytest.fixture
def card(world):
    material = actions.save_material(name="Referral card", kind="print", reorder_at=20, by=world.ada)
    actions.receive_stock(material=material, pieces=50, by=world.nora)
    return material


def log(world, given, **fields):
    return actions.log_visit(
        by=world.nora, practice=world.north_practice, visited_at=timezone.now(), outcome="met staff", materials=given, **fields
    )


def test_stock_follows_visits_deliveries_and_counts(world, card):
    visit = log(world, [(card, 35)])
    card.refresh_from_db()
    assert (card.stock, card.is_low) == (15, True)
    edit = {
        "visited_at": visit.visited_at,
        "mode": visit.mode,
        "outcome": visit.outcome,
        "providers": [],
        "staff": [],
        "topics": [],
        "note": "",
    }
    actions.edit_visit(by=world.nora, visit=visit, **edit)
    assert visit.materials.get().quantity == 35  # nothing said: nothing changes
    actions.edit_visit(by=world.nora, visit=visit, **edit, materials=[(card, 10)])
    card.refresh_from_db()
    assert (card.stock, visit.materials.get().quantity) == (40, 10)
    assert AuditEvent.objects.filter(event="visit.edited").get().details["changed"] == ["materials"]
    actions.edit_visit(by=world.nora, visit=visit, **edit, materials=[])
    card.refresh_from_db()
    assert (card.stock, visit.materials.count()) == (50, 0)
    move = actions.count_stock(material=card, counted=44, note="Six were wet", by=world.nora)
    assert (move.pieces, move.stock_after, move.kind) == (-6, 44, MoveKind.COUNTED)
    assert sum(card.moves.values_list("pieces", flat=True)) == 44


def test_stock_below_nothing_is_kept_and_shown(as_, world, card):
    log(world, [(card, 60)])
    card.refresh_from_db()
    assert card.stock == -10
    assert "Count again" in text_of(as_("nora").get("/visits/materials/"))
    assert "More was handed out" in text_of(as_("nora").get(f"/visits/materials/{card.pk}/"))


def test_a_visit_sent_twice_hands_out_once(world, card):
    key = "6a3f3f0e-0000-4000-8000-0d3c7d1f2a11"
    for _ in range(2):
        log(world, [(card, 5)], client_id=key, body_hash="x")
    card.refresh_from_db()
    assert card.stock == 45


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (lambda w, m: actions.save_material(name="x", kind="print", by=w.nora), "Only an admin"),
        (lambda w, m: actions.receive_stock(material=m, pieces=1, by=w.ivan), "Only those who log"),
        (lambda w, m: actions.receive_stock(material=m, pieces=0, by=w.nora), "how many pieces came in"),
        (lambda w, m: actions.count_stock(material=m, counted=-1, by=w.nora), "how many pieces are there"),
        (lambda w, m: log(w, [(m, 0)]), "how many pieces were left"),
        (lambda w, m: actions.receive_stock(material=Material(name="d", kind="digital"), pieces=1, by=w.nora), "no stock"),
    ],
)
def test_refusals_of_stock(world, card, act, sentence):
    with pytest.raises(PolicyViolation, match=sentence):
        act(world, card)


def test_material_pages_by_hand(as_, world, card):
    log(world, [(card, 4)])
    assert "Referral card" in text_of(as_("ivan").get("/visits/materials/"))
    assert "Add a material" not in text_of(as_("nora").get("/visits/materials/"))
    client = as_("nora")
    page = text_of(client.get(f"/visits/materials/{card.pk}/"))
    assert "North Family Practice" in page
    assert client.post(f"/visits/materials/{card.pk}/receive/", {"pieces": ""}).status_code == 422
    assert client.post(f"/visits/materials/{card.pk}/receive/", {"pieces": "100", "note": "Printer"}).status_code == 302
    assert client.post(f"/visits/materials/{card.pk}/count/", {"counted": "140"}).status_code == 302
    assert "North Family Practice" not in text_of(as_("sol").get(f"/visits/materials/{card.pk}/"))
    client = as_("ada")
    assert client.post("/visits/materials/", {"name": "Referral card", "kind": "print"}).status_code == 422
    assert client.post("/visits/materials/", {"name": "Guide", "kind": "digital", "is_active": "on"}).status_code == 302
    assert client.post(f"/visits/materials/{card.pk}/edit/", {"name": "Card", "kind": "print", "reorder_at": "10"}).status_code == 302
    card.refresh_from_db()
    assert (card.name, card.reorder_at, card.is_active, card.stock) == ("Card", 10, False, 140)
    assert as_("dana").get(f"/visits/materials/{card.pk}/edit/").status_code == 403
    assert "Card" in text_of(as_("dana").get("/visits/materials/files/materials.csv"))
    assert as_("elle").get("/visits/materials/").status_code == 403


def test_the_api_of_materials(as_, world, card):
    client = as_("nora")
    (row,) = client.get("/api/v1/materials/?is_active=true").json()["results"]
    assert (row["name"], row["stock"], row["is_low"]) == ("Referral card", 50, False)
    answer = client.post(f"/api/v1/materials/{card.pk}/receive/", json.dumps({"pieces": 5}), "application/json")
    assert answer.json()["stock"] == 55
    assert client.post(f"/api/v1/materials/{card.pk}/count/", json.dumps({"counted": 9}), "application/json").json()["is_low"] is True
    body = {"practice": world.north_practice.pk, "visited_at": timezone.now().isoformat(), "outcome": "met staff"}
    send = lambda left: client.post(  # noqa: E731
        "/api/v1/visits/",
        json.dumps(body | {"materials": left}),
        "application/json",
        headers={"Idempotency-Key": "6a3f3f0e-0000-4000-8000-0d3c7d1f2a12"},
    )
    assert send([{"material": 987654321}]).status_code == 400
    assert send([{"material": card.pk, "quantity": 2}]).status_code == 201
    card.refresh_from_db()
    assert card.stock == 7


ZIPS = st.lists(st.sampled_from(["44101", "44102", "44301", "44114", "99501", "", "00000"]), max_size=7)


def at(*zips: str) -> list[str]:
    """The places that these ZIP codes stand for; blank for those that nobody knows."""
    centers = [center_of(zip_) for zip_ in zips]
    return [f"{center[0]:.5f},{center[1]:.5f}" if center else "" for center in centers]


@given(ZIPS)
def test_miles_against_a_plain_recount(zips):
    known = [zip_ for zip_ in zips if zip_ not in ("", "00000")]
    found = estimated_miles(at(*zips), circuity=Decimal("1.3"))
    if len(known) < 2:
        assert found is None
        return
    total = 0.0
    for place in range(1, len(known)):
        total += 1.0 if known[place] == known[place - 1] else 1.3 * miles_between(known[place - 1], known[place])
    assert abs(float(found) - total) <= 0.06


def test_a_month_of_driving(world):
    rate = actions.save_rate(
        per_mile=Decimal("0.70"), started_on=dt.date(2025, 1, 1), ended_on=dt.date(2026, 1, 1), source="IRS", by=world.ada
    )
    WorkingHours.objects.create(user=world.nora, start_zip="44114")
    other = factories.make_practice("Lakeside Pediatrics", territory=world.north, zip="44102")
    first, second = (timezone.make_aware(dt.datetime(2025, 6, 3, hour)) for hour in (9, 11))
    factories.make_visit(world.south_practice, world.nora, visited_at=second)
    factories.make_visit(other, world.nora, visited_at=first)
    factories.make_visit(other, world.nora, visited_at=first + dt.timedelta(days=1), mode="phone")
    factories.make_visit(other, world.sol, visited_at=first)
    (day,) = month_of(world.nora, dt.date(2025, 6, 1)).days
    assert [visit.practice for visit in day.visits] == [other, world.south_practice]
    assert day.miles == estimated_miles(at("44114", "44102", "44301", "44114"), circuity=Decimal("1.3"))
    assert day.is_estimated
    assert day.amount == (day.miles * rate.per_mile).quantize(Decimal("0.01"))
    actions.save_mileage(owner=world.nora, driven_on=dt.date(2025, 6, 3), miles=Decimal("61.5"), by=world.nora)
    actions.save_mileage(owner=world.nora, driven_on=dt.date(2025, 6, 9), miles=Decimal("10"), purpose="Conference", by=world.nora)
    month = month_of(world.nora, dt.date(2025, 6, 1))
    assert (month.miles, month.amount, month.without_rate) == (Decimal("71.5"), Decimal("50.05"), 0)
    assert month.days[1].purpose == "Conference"
    assert actions.save_mileage(owner=world.nora, driven_on=dt.date(2025, 6, 9), miles=None, by=world.nora) is None
    assert MileageDay.objects.count() == 1


def test_a_day_without_a_rate_has_no_amount(world):
    known = MileageRate(per_mile=Decimal("0.7"), started_on=dt.date(2025, 1, 1), ended_on=dt.date(2026, 1, 1))
    later = MileageRate(per_mile=Decimal("0.71"), started_on=dt.date(2025, 7, 1))
    assert rate_on([known], dt.date(2025, 12, 31)) == Decimal("0.7")
    assert rate_on([known], dt.date(2026, 1, 1)) is None
    assert rate_on([known, later], dt.date(2025, 7, 1)) == Decimal("0.71")
    assert rate_on([known], dt.date(2024, 12, 31)) is None
    actions.save_mileage(owner=world.nora, driven_on=timezone.localdate(), miles=Decimal("10"), by=world.nora)
    month = month_of(world.nora, timezone.localdate().replace(day=1))
    assert (month.miles, month.amount, month.without_rate) == (Decimal("10.0"), None, 1)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"by": "sol"}, "Only the person who drove"),
        ({"driven_on": dt.date(2100, 1, 1)}, "lies ahead"),
        ({"miles": Decimal("2000")}, "0 to 1,500"),
    ],
)
def test_refusals_of_mileage(world, fields, sentence):
    given = {"owner": world.nora, "driven_on": dt.date(2025, 6, 3), "miles": Decimal("5")} | fields
    given["by"] = world.cast[given.get("by", "nora")]
    with pytest.raises(PolicyViolation, match=sentence):
        actions.save_mileage(**given)
    with pytest.raises(PolicyViolation, match="Only an admin"):
        actions.save_rate(per_mile=Decimal("1"), started_on=dt.date(2025, 1, 1), source="x", by=world.dana)


def test_mileage_pages_by_hand(as_, world):
    today = timezone.localdate()
    factories.make_visit(world.north_practice, world.nora, visited_at=timezone.now())
    client = as_("nora")
    assert "North Family Practice" in text_of(client.get("/visits/mileage/"))
    assert "Nothing was driven" in text_of(client.get("/visits/mileage/?month=2019-01"))
    assert client.post("/visits/mileage/day/", {"driven_on": "2100-01-01", "miles": "4"}).status_code == 422
    answer = client.post(f"/visits/mileage/day/?on={today}", {"driven_on": f"{today}", "miles": "12.5", "purpose": "Two offices"})
    assert answer.status_code == 302
    page = text_of(client.get("/visits/mileage/"))
    assert "12.5" in page
    assert "No rate is set" in page
    assert 'value="12.5"' in text_of(client.get(f"/visits/mileage/day/?on={today}"))
    assert "Two offices" in text_of(client.get("/visits/mileage/files/mileage.csv"))
    with open_table(io.BytesIO(client.get("/visits/mileage/files/mileage.xlsx").content)) as table:
        assert len(list(table)) == 2  # the day and the sum
    assert client.get("/api/v1/mileage/").json()[0]["miles"] == "12.5"
    assert client.get("/api/v1/mileage/?month=x").status_code == 400
    for who, status in (("sol", 404), ("dana", 200), ("ada", 200), ("ivan", 403)):
        assert as_(who).get(f"/visits/mileage/?owner={world.nora.pk}").status_code == status


def test_rates_by_hand(as_, world):
    client = as_("ada")
    sent = {"per_mile": "0.70", "started_on": "2025-01-01", "ended_on": "2026-01-01", "source": "IRS"}
    assert client.post("/visits/mileage/rates/", sent | {"ended_on": "2024-01-01"}).status_code == 422
    assert client.post("/visits/mileage/rates/", sent | {"per_mile": "0"}).status_code == 422
    assert client.post("/visits/mileage/rates/", sent).status_code == 302
    rate = MileageRate.objects.get()
    assert client.post(f"/visits/mileage/rates/{rate.pk}/", sent | {"per_mile": "0.71"}).status_code == 302
    assert "$0.710" in text_of(client.get("/visits/mileage/rates/"))
    assert client.post(f"/visits/mileage/rates/{rate.pk}/remove/").status_code == 302
    assert not MileageRate.objects.exists()
    assert as_("dana").get("/visits/mileage/rates/").status_code == 403


def test_the_known_rates_are_offered_on_the_first_day(db):
    offer = import_module("visits.migrations.0001_schema").offer_rates
    with connection.schema_editor() as editor:
        offer(apps, editor)
        offer(apps, editor)
    assert rate_on(MileageRate.objects.all(), dt.date(2024, 5, 5)) == Decimal("0.67")
    assert rate_on(MileageRate.objects.all(), dt.date(2023, 1, 1)) == Decimal("0.655")
    assert rate_on(MileageRate.objects.all(), dt.date(2026, 1, 1)) is None
