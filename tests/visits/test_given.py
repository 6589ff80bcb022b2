"""Materials and a lunch on the form of a visit: stock follows, the ledger has it once, whom it met shares it, edits are merged by field."""

import datetime as dt
import html
import re
import uuid
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.permissions import Permission
from accounts.roles import PERMISSIONS, Role
from common.exceptions import PolicyViolation
from common.guarded import LooksLikePatient
from compliance.models import SpendEntry, SpendTask
from contacts.actions import merge_providers
from tests.factories import make_practice, make_provider, make_staff, make_visit
from tests.factories.contacts import align
from tests.factories.spend import make_draft, make_limit, spend
from tests.factories.visits import make_topic
from visits import actions
from visits.models import Material, StockMove, Visit, VisitSpend

TODAY = timezone.localdate


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())))


@pytest.fixture
def stock(world):
    found = {}
    for name, pieces, kind in (("Referral card", 50, "print"), ("Pen", 2, "item"), ("Link to the portal", 0, "digital")):
        found[name] = actions.save_material(name=name, kind=kind, reorder_at=10 if kind == "print" else None, by=world.ada)
        if pieces:
            actions.receive_stock(material=found[name], pieces=pieces, by=world.nora)
    return found


@pytest.fixture
def year(world):
    align(world.north_provider, "independent")
    return make_limit(non_monetary="500")


def _form(world, **fields):
    return {
        "client_id": uuid.uuid4(),
        "practice": world.north_practice.pk,
        "people": [f"provider-{world.north_provider.pk}"],
        "mode": "in person",
        "visited_at": f"{timezone.localtime():%Y-%m-%dT%H:%M}",
        "due": "7",
        "rest_shown": "live",
        **fields,
    }


def _left(*rows):
    return {"material": [material.pk for material, _ in rows], "quantity": [quantity for _, quantity in rows]}


def _shares(entry):
    return {(str(share.provider or share.staff or share.role), share.people, share.amount) for share in entry.shares.all()}


def _stock(material):
    return Material.objects.get(pk=material.pk).stock


# The page


def test_a_lunch_and_cards_on_one_form(as_, world, stock, year):
    client = as_("nora")
    page = client.get(reverse("visits:log"), {"practice": world.north_practice.pk})
    assert "Referral card 50 in stock" in text_of(page)
    form = _form(
        world,
        new_name=["Robin Diaz"],
        new_job=["Front desk"],
        spend_amount="84.50",
        spend_staff_count="2",
        spend_ours="1",
        spend_purpose="New spine clinic",
        **_left((stock["Referral card"], "45"), (stock["Pen"], ""), (stock["Link to the portal"], "1")),
    )
    answer = client.post(reverse("visits:log"), form)
    visit = Visit.objects.get()
    assert answer.url == f"{visit.get_absolute_url()}?saved=1"
    assert [str(row) for row in visit.materials.all()] == ["1 Link to the portal", "45 Referral card"]
    assert (_stock(stock["Referral card"]), _stock(stock["Link to the portal"])) == (5, 0)
    entry = SpendEntry.objects.get()
    assert (entry.amount, entry.kind, entry.purpose, entry.practice, entry.spent_on) == (
        Decimal("84.50"),
        "meal",
        "New spine clinic",
        world.north_practice,
        TODAY(),
    )
    # 5 people: the physician, Robin who was new on this visit, two more of the office, and nora
    assert _shares(entry) == {
        ("Pat Northrop", 1, Decimal("16.90")),
        ("Robin Diaz", 1, Decimal("16.90")),
        ("staff", 2, Decimal("33.80")),
        ("ours", 1, Decimal("16.90")),
    }
    assert VisitSpend.objects.get().visit == visit
    shown = text_of(client.get(answer.url))
    assert "45 Referral card (5 in stock: low)" in shown
    assert "Meal" in shown
    assert "84.50" not in shown  # amounts stand in the ledger
    again = client.post(reverse("visits:log"), form)
    assert again.url == answer.url
    assert (Visit.objects.count(), SpendEntry.objects.count(), _stock(stock["Referral card"])) == (1, 1, 5)


def test_nobody_need_type_what_it_was_for(as_, world, year):
    topic = make_topic("Imaging slots")
    as_("nora").post(reverse("visits:log"), _form(world, spend_amount="20", topics=[topic.pk]))
    as_("nora").post(reverse("visits:log"), _form(world, spend_amount="20", topics=[topic.pk], purpose="Spine clinic"))
    assert [entry.purpose for entry in SpendEntry.objects.order_by("pk")] == ["Imaging slots", "Spine clinic"]
    refused = as_("nora").post(reverse("visits:log"), _form(world, spend_amount="20"))
    assert refused.status_code == 422
    assert "Say what it was for: the business purpose." in text_of(refused)


def test_who_was_met_may_stay_apart(as_, world, year):
    kim = make_staff(world.north_practice, "Kim Ortega")
    people = [f"provider-{world.north_provider.pk}", f"staff-{kim.pk}"]
    form = _form(
        world, people=people, sharing_asked="1", sharing=[f"staff-{kim.pk}"], spend_amount="30", spend_purpose="Coffee", spend_ours=""
    )
    as_("nora").post(reverse("visits:log"), form)
    assert _shares(SpendEntry.objects.get()) == {("Kim Ortega", 1, Decimal("30.00"))}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"spend_purpose": "Lunch"}, "Enter the amount, or leave all of it blank."),
        ({"spend_amount": "x", "spend_purpose": "Lunch"}, "Enter an amount like 84.50."),
        ({"spend_amount": "0", "spend_purpose": "Lunch"}, "Enter an amount above zero."),
        ({"spend_amount": "9", "spend_purpose": "Lunch", "people": [], "outcome": "met staff"}, "Say who had part of it"),
        ({"spend_amount": "9", "spend_purpose": "For pt Miller, MRN 8812345"}, "seems"),
    ],
)
def test_half_a_lunch_is_asked_about_and_nothing_is_lost(as_, world, year, stock, fields, said):
    form = _form(world, **_left((stock["Pen"], "1")), **fields)
    answer = as_("nora").post(reverse("visits:log"), form)
    assert answer.status_code == 422
    assert not SpendEntry.objects.exists()
    assert re.search(r'name="quantity"[^>]*value="1"', answer.content.decode())
    if said != "seems":
        assert said in text_of(answer)
        return
    assert "This tells nothing of a patient" in text_of(answer)
    assert as_("nora").post(reverse("visits:log"), {**form, "is_none": "on"}).status_code == 302
    assert SpendEntry.objects.get().purpose == fields["spend_purpose"]


@pytest.mark.parametrize("wrong", ["-1", "1.5", "20000", "many"])
def test_pieces_are_whole_and_not_endless(as_, world, stock, wrong):
    answer = as_("nora").post(reverse("visits:log"), _form(world, **_left((stock["Pen"], wrong))))
    assert answer.status_code == 422
    assert "Enter how many pieces were left, 1 to 10,000: Pen." in text_of(answer)
    assert not StockMove.objects.exclude(kind="received").exists()


def test_more_than_there_is_is_saved_and_shown(as_, world, stock):
    as_("nora").post(reverse("visits:log"), _form(world, **_left((stock["Pen"], "5"))))
    assert _stock(stock["Pen"]) == -3


def test_what_one_leaves_most_is_offered_first(as_, world, stock):
    as_("nora").post(reverse("visits:log"), _form(world, **_left((stock["Referral card"], "1"))))
    names = re.findall(r'<label for="left-\d+">([^<]+)', as_("nora").get(reverse("visits:log")).content.decode())
    assert names[0] == "Referral card"
    assert sorted(names) == sorted(stock)
    retired = stock["Pen"]
    actions.save_material(material=retired, name="Pen", kind="item", is_active=False, by=world.ada)
    assert "Pen" not in re.findall(r'<label for="left-\d+">([^<]+)', as_("nora").get(reverse("visits:log")).content.decode())


def test_without_the_right_to_spend_there_is_no_such_part(as_, world, year, monkeypatch):
    monkeypatch.setitem(PERMISSIONS, Role.LIAISON, PERMISSIONS[Role.LIAISON] - {Permission.SPEND_EDIT})
    assert "data-given" not in as_("nora").get(reverse("visits:log")).content.decode()
    with pytest.raises(PolicyViolation, match="Your role does not write down spend"):
        actions.log_visit(
            by=world.nora,
            practice=world.north_practice,
            visited_at=timezone.now(),
            outcome="met provider",
            providers=[world.north_provider],
            spend=[make_draft("10")],
        )
    assert not Visit.objects.exists()


def test_a_purpose_that_names_a_patient_is_asked_about(world, year):
    with pytest.raises(LooksLikePatient):
        actions.log_visit(
            by=world.nora,
            practice=world.north_practice,
            visited_at=timezone.now(),
            outcome="met provider",
            providers=[world.north_provider],
            spend=[make_draft("10", purpose="For pt Miller, MRN 8812345")],
        )


# What is left of a year, before anything is saved


def test_the_allowance_is_said_before_saving_and_what_happens_over_it(as_, world, year):
    spend(world.nora, "380.00", providers=[world.north_provider], practice=world.north_practice)
    asked = {"people": [f"provider-{world.north_provider.pk}"], "practice": world.north_practice.pk, "kind": "meal"}
    near = as_("nora").get("/spend/allowance/", {**asked, "amount": "40", "visited_at": f"{timezone.localtime():%Y-%m-%dT%H:%M}"})
    assert near["PRM-Fragment"] == "allowance"
    assert "$120.00 left" in text_of(near)
    assert "84% of the limit" in text_of(near)
    assert "Over the limit." not in text_of(near)
    over = text_of(as_("nora").get("/spend/allowance/", {**asked, "amount": "150"}))
    assert "that is $30.00 over" in over
    assert "What happened is saved all the same. It opens a task with a day" in over
    planned = text_of(as_("nora").get("/spend/allowance/", {**asked, "amount": "150", "state": "planned"}))
    assert "A plan over the limit is refused" in planned


def test_over_the_limit_it_is_saved_with_its_task(as_, world, year):
    as_("nora").post(reverse("visits:log"), _form(world, spend_amount="520", spend_purpose="Dinner", spend_ours=""))
    task = SpendTask.objects.get()
    assert (task.kind, task.amount, task.provider) == ("repay", Decimal("20.00"), world.north_provider)


# From a phone


def _send(client, body, key=None, to="/api/v1/visits/"):
    return client.post(to, body, content_type="application/json", headers={"Idempotency-Key": str(key or uuid.uuid4())})


def _body(world, **fields):
    return {"practice": world.north_practice.pk, "visited_at": timezone.now().isoformat(), "providers": [world.north_provider.pk], **fields}


def test_from_a_phone_all_of_it_arrives_once(as_, world, stock, year):
    kim = make_staff(world.north_practice, "Kim Ortega")
    body = _body(
        world,
        staff=[kim.pk],
        new_people=[{"name": "Robin Diaz"}],
        materials=[{"material": stock["Referral card"].pk, "quantity": 3}],
        spend=[{"amount": "84.50", "purpose": "Spine clinic", "met": True, "staff_count": 1, "ours": 1}],
    )
    key = uuid.uuid4()
    assert [_send(as_("nora"), body, key).status_code for _ in range(2)] == [201, 200]
    assert (_stock(stock["Referral card"]), SpendEntry.objects.count()) == (47, 1)
    assert {who for who, _, _ in _shares(SpendEntry.objects.get())} == {"Pat Northrop", "Kim Ortega", "Robin Diaz", "staff", "ours"}


def test_people_merged_and_materials_retired_meanwhile_refuse_nothing(as_, world, stock, year):
    twin = make_provider("Northrup", at=world.north_practice, first_name="Pat", npi="")
    align(twin, "independent")
    merge_providers(survivor=world.north_provider, merged=twin, by=world.ada)
    actions.save_material(material=stock["Pen"], name="Pen", kind="item", is_active=False, by=world.ada)
    body = _body(
        world,
        providers=[twin.pk],
        materials=[{"material": stock["Pen"].pk, "quantity": 1}],
        spend=[{"amount": "20", "purpose": "Coffee", "providers": [twin.pk]}],
    )
    assert _send(as_("nora"), body).status_code == 201
    assert _stock(stock["Pen"]) == 1
    assert [share.provider for share in SpendEntry.objects.get().shares.all()] == [world.north_provider]


def test_nobody_elses_people_share(as_, world, year):
    other = make_provider("Elsewhere", at=world.south_practice)
    body = _body(world, spend=[{"amount": "20", "purpose": "Coffee", "providers": [other.pk]}])
    answer = _send(as_("nora"), body)
    assert answer.status_code == 400
    assert "spend" in answer.json()
    assert not Visit.objects.exists()


# Edits


@pytest.fixture
def visit(world, stock):
    visit = make_visit(world.north_practice, world.nora, outcome="met staff", note="First", version=1)
    actions.edit_visit(by=world.nora, visit=visit, **_now(visit), materials=[(stock["Referral card"], 4)])
    visit.refresh_from_db()
    return visit


def _now(visit, **fields):
    now = Visit.objects.get(pk=visit.pk)
    return {
        "visited_at": now.visited_at,
        "mode": now.mode,
        "outcome": now.outcome,
        "note": now.note,
        "providers": [],
        "staff": [],
        "topics": [],
        **fields,
    }


def test_materials_are_a_field_of_the_edit_that_is_merged_or_chosen(world, visit, stock):
    card, pen = stock["Referral card"], stock["Pen"]
    assert (visit.version, _stock(card)) == (2, 46)
    began = _now(visit)
    actions.edit_visit(by=world.nora, visit=visit, **began, materials=[(card, 4), (pen, 1)])  # on the laptop
    actions.edit_visit(by=world.nora, visit=visit, **began | {"note": "From the phone"}, materials=[(card, 4)], version=2)
    visit.refresh_from_db()
    assert visit.note == "From the phone"
    assert [str(row) for row in visit.materials.all()] == ["1 Pen", "4 Referral card"]
    with pytest.raises(actions.EditConflict) as found:
        actions.edit_visit(by=world.nora, visit=visit, **_now(visit), materials=[(card, 9)], version=2)
    (clash,) = found.value.clashes
    assert (clash.name, clash.mine, clash.theirs) == ("materials", [[card.pk, 9]], [[card.pk, 4], [pen.pk, 1]])
    assert (_stock(card), _stock(pen)) == (46, 1)


def test_the_clash_is_chosen_on_the_page(as_, world, visit, stock):
    card = stock["Referral card"]
    form = {
        "mode": visit.mode,
        "outcome": visit.outcome,
        "visited_at": f"{timezone.localtime(visit.visited_at):%Y-%m-%dT%H:%M}",
        "version": "2",
    }
    actions.edit_visit(by=world.dana, visit=visit, **_now(visit), materials=[(card, 6)])
    address = reverse("visits:edit", args=[visit.pk])
    asked = as_("nora").post(address, {**form, "note": "First", **_left((card, "8"))})
    assert asked.status_code == 409
    assert "Yours: 8 Referral card" in text_of(asked)
    assert "Theirs: 6 Referral card" in text_of(asked)
    again = {**form, "version": "3", "note": "First", **_left((card, "8")), "keep_materials": "theirs"}
    assert as_("nora").post(address, again).status_code == 302
    assert visit.materials.get().quantity == 6
    shown = text_of(as_("nora").get(visit.get_absolute_url()))
    assert "Version 3: Left there 4 Referral card 6 Referral card" in shown


def test_an_edit_from_a_phone_writes_a_forgotten_lunch_down_once(as_, world, visit, stock, year):
    body = {
        "version": 2,
        "visited_at": visit.visited_at.isoformat(),
        "mode": visit.mode,
        "outcome": "met provider",
        "note": "First",
        "providers": [world.north_provider.pk],
        "materials": [],
        "topic_ids": [make_topic("Imaging").pk],
        "spend": [{"amount": "12.00", "purpose": "Coffee", "met": True}],
    }
    key, address = uuid.uuid4(), f"/api/v1/visits/{visit.pk}/edit/"
    assert [_send(as_("nora"), body, key, address).status_code for _ in range(2)] == [200, 200]
    assert (SpendEntry.objects.count(), _stock(stock["Referral card"])) == (1, 50)
    assert [topic.name for topic in visit.topics.all()] == ["Imaging"]
    alone = {name: body[name] for name in ("visited_at", "mode", "outcome", "note", "providers")} | {"version": 3, "spend": body["spend"]}
    key = uuid.uuid4()
    assert [_send(as_("nora"), alone, key, address).status_code for _ in range(2)] == [200, 200]
    assert SpendEntry.objects.count() == 2
    assert "In the ledger already: Meal , Meal" in text_of(as_("nora").get(reverse("visits:edit", args=[visit.pk])))


def test_the_form_of_an_edit_takes_a_lunch_too(as_, world, visit, year):
    form = {
        "mode": visit.mode,
        "outcome": "met provider",
        "visited_at": f"{timezone.localtime(visit.visited_at):%Y-%m-%dT%H:%M}",
        "note": "First",
        "people": [f"provider-{world.north_provider.pk}"],
        "version": "2",
        "spend_amount": "12",
        "spend_purpose": "Coffee",
        "spend_ours": "1",
        "rest_shown": "live",
    }
    assert as_("nora").post(reverse("visits:edit", args=[visit.pk]), form).status_code == 302
    assert {who for who, _, _ in _shares(SpendEntry.objects.get())} == {"Pat Northrop", "ours"}
    assert visit.materials.get().quantity == 4  # the form that was sent had no rows of materials: they stay


# The pack


def test_the_pack_brings_materials_and_nothing_of_anybodys_year(as_, world, stock, year):
    spend(world.nora, "123.45", providers=[world.north_provider], practice=world.north_practice)
    make_visit(world.north_practice, world.nora, state="planned", planned_at=timezone.now() + dt.timedelta(hours=1))
    make_practice("Other", territory=world.north)
    answer = as_("nora").get("/api/v1/field/pack/")
    assert answer.json()["form"]["materials"] == [
        {"id": stock["Link to the portal"].pk, "name": "Link to the portal", "kind": "Digital, no stock", "stock": None},
        {"id": stock["Pen"].pk, "name": "Pen", "kind": "Items", "stock": 2},
        {"id": stock["Referral card"].pk, "name": "Referral card", "kind": "Printed matter", "stock": 50},
    ]
    assert "123" not in answer.content.decode().replace(str(world.north_practice.pk), "")
    before = answer["ETag"]
    actions.receive_stock(material=stock["Pen"], pieces=7, by=world.nora)
    assert as_("nora").get("/api/v1/field/pack/", headers={"If-None-Match": before}).status_code == 200
