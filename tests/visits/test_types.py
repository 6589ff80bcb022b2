"""Visit types and the names of the modes: kept by an admin, asked for by every form, never lost; undone exactly."""

import csv
import datetime as dt
import io
import json
import uuid
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from audit.models import AuditEvent
from common.exceptions import PolicyViolation
from tests import factories
from tests.factories.visits import log_body
from visits import actions, versions
from visits.models import Mode, Visit, VisitMode, VisitType, VisitTypeMerge
from visits.routes import asked_for

URL = "/visits/types/"


@pytest.fixture(autouse=True)
def _usual_types(db):
    """Those that come with the app."""
    offer()


def offer():
    with connection.schema_editor() as editor:
        import_module("visits.migrations.0004_visit_types").offer_usual_types(apps, editor)


@pytest.fixture
def kinds(world):
    """Two types of one's own behind those that come with the app."""
    return [
        actions.save_visit_type(by=world.ada, name=name, minutes=minutes) for name, minutes in (("Rounds", 50), ("Courtesy call", None))
    ]


def log(world, **fields):
    return actions.log_visit(by=world.nora, practice=world.north_practice, visited_at=timezone.now(), outcome="met staff", **fields)


def typed(kind, **fields):
    return actions.More(visit_type=kind, says_type=True, **fields)


def post_api(client, body, url="/api/v1/visits/"):
    return client.post(url, body, content_type="application/json", headers={"Idempotency-Key": str(uuid.uuid4())})


def body_of(world, **fields):
    return {"practice": world.north_practice.pk, "visited_at": timezone.now().isoformat(), "outcome": "met staff"} | fields


# ---- the list


def test_the_usual_types_are_there_in_their_order(db):
    assert list(VisitType.objects.values_list("name", flat=True)) == list(import_module("visits.migrations.0004_visit_types").USUAL)


def test_visits_of_before_keep_their_words_and_equal_ones_get_the_type(world):
    said = {
        text: factories.make_visit(world.north_practice, world.nora, purpose=text) for text in ("regular VISIT", "Regular visit soon", "")
    }
    VisitType.objects.all().delete()
    offer()
    for text, visit in said.items():
        visit.refresh_from_db()
        assert visit.purpose == text
        assert str(visit.visit_type) == ("Regular visit" if text == "regular VISIT" else "None")


def test_a_new_type_is_offered_last_and_takes_the_visits_that_say_it(as_, world):
    visit = factories.make_visit(world.north_practice, world.nora, purpose="courtesy call")
    other = factories.make_visit(world.north_practice, world.nora, purpose="courtesy call", visit_type=VisitType.objects.first())
    client = as_("ada")
    page = client.get(URL).content.decode()
    assert "Written instead" not in page  # twice is not often
    for _ in range(2):
        factories.make_visit(world.north_practice, world.nora, purpose="Courtesy Call")
    page = client.get(URL).content.decode()
    assert "Written instead" in page
    assert "Courtesy call" in page
    assert "3 visits" in page
    answer = client.post(URL, {"name": " Courtesy  call ", "is_active": "on"}, follow=True)
    assert "3 visits had said so in words" in answer.content.decode()
    made = VisitType.objects.last()
    assert (made.name, made.minutes, made.is_active) == ("Courtesy call", None, True)
    visit.refresh_from_db(), other.refresh_from_db()
    assert (visit.visit_type, visit.purpose) == (made, "courtesy call")
    assert other.visit_type != made
    assert AuditEvent.objects.get(event="visit_type.added").details["visits"] == 3


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"name": " "}, "Give the visit type a name"),
        ({"name": "regular  VISIT"}, "with this name already"),
        ({"name": "X", "minutes": "0"}, "greater than or equal to 1"),
        ({"name": "X", "minutes": "481"}, "less than or equal to 480"),
    ],
)
def test_what_is_wrong_with_a_type_is_said_and_nothing_is_kept(as_, sent, said):
    count = VisitType.objects.count()
    answer = as_("ada").post(URL, sent)
    assert (answer.status_code, VisitType.objects.count()) == (422, count)
    assert said in answer.content.decode()


@pytest.mark.parametrize("who", ["nora", "dana", "ivan", "elle"])
def test_only_an_admin_keeps_the_list(as_, world, kinds, who):
    client = as_(who)
    for url in (URL, f"{URL}{kinds[0].pk}/", f"{URL}modes/phone/", f"{URL}files/visit-types.csv"):
        assert client.get(url).status_code == 403
    by = getattr(world, who)
    for act in (
        lambda: actions.save_visit_type(by=by, name="Mine"),
        lambda: actions.undo_visit_type(by=by, visit_type=kinds[0]),
        lambda: actions.order_visit_types(by=by, ids=[kinds[1].pk]),
        lambda: actions.merge_visit_types(by=by, merged=kinds[0], survivor=kinds[1]),
        lambda: actions.save_visit_mode(by=by, mode="phone", name="Call"),
    ):
        with pytest.raises(PolicyViolation, match="Only an admin"):
            act()


def test_a_change_is_undone_and_a_retired_type_stays_on_its_visits(as_, world, kinds):
    rounds, _ = kinds
    visit = log(world, more=typed(rounds))
    client = as_("ada")
    assert "Undo the last change" not in client.get(f"{URL}{rounds.pk}/").content.decode()
    client.post(f"{URL}{rounds.pk}/", {"name": "Ward rounds", "minutes": "40"})  # retired with it
    rounds.refresh_from_db()
    assert (rounds.name, rounds.minutes, rounds.is_active) == ("Ward rounds", 40, False)
    assert "Ward rounds" in client.get(visit.get_absolute_url()).content.decode()
    assert "Ward rounds" in as_("nora").get(f"/visits/{visit.pk}/edit/").content.decode()  # it has it
    assert "Ward rounds" not in as_("nora").get("/visits/log/").content.decode()
    as_("ada").post(f"{URL}{rounds.pk}/undo/")
    rounds.refresh_from_db()
    assert (rounds.name, rounds.minutes, rounds.is_active) == ("Rounds", 50, True)
    as_("ada").post(f"{URL}{rounds.pk}/retire/", {"list": "1"})
    rounds.refresh_from_db()
    assert not rounds.is_active
    assert "Rounds" in as_("ada").get(URL).content.decode()
    as_("ada").post(f"{URL}{rounds.pk}/retire/", {"offered": "yes"})
    rounds.refresh_from_db()
    assert rounds.is_active
    assert [event.event for event in AuditEvent.objects.filter(event="visit_type.edited")] == ["visit_type.edited"] * 4
    fresh = actions.save_visit_type(by=world.ada, name="Untouched")
    with pytest.raises(PolicyViolation, match="no change to undo"):
        actions.undo_visit_type(by=world.ada, visit_type=fresh)


def test_types_are_moved_in_their_order(as_, kinds):
    client, (rounds, call) = as_("ada"), kinds
    client.post(f"{URL}{call.pk}/move/", {"way": "up"})
    names = list(VisitType.objects.offered().values_list("name", flat=True))
    assert names[-2:] == ["Courtesy call", "Rounds"]
    client.post(f"{URL}{rounds.pk}/move/", {"way": "down"})  # it is the last: nothing moves
    assert list(VisitType.objects.offered().values_list("name", flat=True)) == names
    page = as_("nora").get("/visits/log/").content.decode()
    assert page.index(">Courtesy call<") < page.index(">Rounds<")


def test_merged_types_are_one_and_come_apart_exactly(as_, world, kinds):
    rounds, call = kinds
    mine, theirs, gone = log(world, more=typed(rounds)), log(world, more=typed(call)), log(world, more=typed(rounds))
    actions.delete_visit(by=world.nora, visit=gone)
    client = as_("ada")
    page = client.get(f"{URL}{rounds.pk}/merge/", {"into": call.pk}).content.decode()
    assert "1 visit of Rounds is Courtesy call from now on" in page
    client.post(f"{URL}{rounds.pk}/merge/", {"into": call.pk})
    assert set(Visit.objects.filter(visit_type=call)) == {mine, theirs, gone}
    rounds.refresh_from_db()
    assert (rounds.merged_into, rounds.is_active) == (call, False)
    answer = post_api(as_("nora"), body_of(world, visit_type=rounds.pk))  # from a phone that does not know yet
    assert answer.json()["visit_type_name"] == "Courtesy call"
    answer = as_("ada").post(f"{URL}{rounds.pk}/", {"name": "Rounds", "minutes": "50", "is_active": "on"})
    assert "take the merge back first" in answer.content.decode()
    with pytest.raises(PolicyViolation, match="merged before"):
        actions.merge_visit_types(by=world.ada, merged=rounds, survivor=VisitType.objects.first())
    with pytest.raises(PolicyViolation, match="another type than itself"):
        actions.merge_visit_types(by=world.ada, merged=call, survivor=call)
    merge = VisitTypeMerge.objects.get()
    as_("ada").post(f"{URL}merges/{merge.pk}/take-back/")
    rounds.refresh_from_db()
    assert (rounds.merged_into, rounds.is_active) == (None, True)
    assert set(Visit.objects.filter(visit_type=rounds)) == {mine, gone}
    assert Visit.objects.filter(visit_type=call).count() == 2
    assert "taken back before" in as_("ada").post(f"{URL}merges/{merge.pk}/take-back/", follow=True).content.decode()


def test_a_type_that_was_merged_twice_comes_apart_from_the_outside(world, kinds):
    rounds, call = kinds
    last = VisitType.objects.first()
    first = actions.merge_visit_types(by=world.ada, merged=rounds, survivor=call)
    actions.merge_visit_types(by=world.ada, merged=call, survivor=last)
    rounds.refresh_from_db()
    assert rounds.merged_into == last
    with pytest.raises(PolicyViolation, match="was merged itself since"):
        actions.part_visit_types(by=world.ada, merge=first)


# ---- visits


def test_a_visit_has_its_type_on_every_way_in(as_, world, kinds):
    rounds, call = kinds
    client = as_("nora")
    client.post("/visits/log/", log_body(world.north_practice, visit_type=rounds.pk))
    by_form = Visit.objects.latest("pk")
    assert by_form.visit_type == rounds
    answer = post_api(client, body_of(world, visit_type=call.pk))
    assert (answer.status_code, answer.json()["visit_type"], answer.json()["visit_type_name"]) == (201, call.pk, "Courtesy call")
    answer = post_api(client, body_of(world))
    assert (answer.json()["visit_type"], answer.json()["visit_type_name"]) == (None, None)
    assert post_api(client, body_of(world, visit_type=0)).status_code == 400
    day = timezone.localdate() + dt.timedelta(days=1)
    client.post(
        "/visits/plan/",
        {"practice": world.north_practice.pk, "day": day, "time": "10:00", "visit_type": rounds.pk, "client_id": uuid.uuid4()},
    )
    plan = Visit.objects.get(state="planned")
    assert plan.visit_type == rounds
    client.post(f"/visits/{plan.pk}/edit/", {"day": day, "time": "11:00", "visit_type": call.pk, "practice": plan.practice_id})
    plan.refresh_from_db()
    assert plan.visit_type == call
    answer = post_api(client, body_of(world, planned=plan.pk))  # a sender who knows nothing of types
    plan.refresh_from_db()
    assert (answer.status_code, plan.state, plan.visit_type) == (201, "done", call)


def test_the_form_of_a_plan_is_filled_with_its_type(as_, world, kinds):
    plan = actions.plan_visit(
        by=world.nora, practice=world.north_practice, planned_at=timezone.now() + dt.timedelta(days=1), visit_type=kinds[0]
    )
    page = as_("nora").get(f"/visits/log/?planned={plan.pk}").content.decode()
    assert f'<option value="{kinds[0].pk}" selected>' in page
    missed = actions.miss_visit(by=world.nora, visit=plan, back_on=timezone.localdate() + dt.timedelta(days=3))
    assert Visit.objects.get(state="planned").visit_type == missed.visit_type == kinds[0]


def test_an_edit_of_the_type_is_a_version_and_two_edits_are_asked_about(as_, world, kinds):
    rounds, call = kinds
    visit = log(world, more=typed(rounds))
    now = {
        "visited_at": visit.visited_at,
        "mode": visit.mode,
        "outcome": visit.outcome,
        "providers": [],
        "staff": [],
        "topics": [],
        "note": "",
    }
    visit = actions.edit_visit(by=world.nora, visit=visit, **now)  # nothing said of it: it stays
    assert (visit.version, visit.visit_type) == (1, rounds)
    actions.edit_visit(by=world.nora, visit=visit, **now, visit_type=call, says_type=True, version=1)
    visit.refresh_from_db()
    assert (visit.version, visit.visit_type) == (2, call)
    (change,) = versions.changes_of(visit)[2]
    assert (change.label, change.before, change.after) == ("Type of visit", "Rounds", "Courtesy call")
    with pytest.raises(actions.EditConflict) as asked:
        actions.edit_visit(by=world.nora, visit=visit, **now, visit_type=None, says_type=True, version=1)
    (choice,) = versions.choices(asked.value)
    assert (choice.name, choice.mine, choice.theirs) == ("visit_type", "none", "Courtesy call")
    body = {"version": 2, "visited_at": visit.visited_at.isoformat(), "mode": "phone", "outcome": "met staff"}
    post_api(as_("nora"), body, f"/api/v1/visits/{visit.pk}/edit/")
    visit.refresh_from_db()
    assert (visit.mode, visit.visit_type) == ("phone", call)
    post_api(as_("nora"), body | {"version": 3, "visit_type": None}, f"/api/v1/visits/{visit.pk}/edit/")
    visit.refresh_from_db()
    assert visit.visit_type is None


def test_lists_and_files_and_the_api_tell_and_filter_by_type(as_, world, kinds):
    rounds, _ = kinds
    log(world, more=typed(rounds)), log(world)
    client = as_("dana")
    page = client.get("/visits/", {"visit_type": rounds.pk}).content.decode()
    assert '<td data-label="Type">Rounds</td>' in page
    answer = client.get("/visits/export/csv/", {"visit_type": rounds.pk})
    (row,) = csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig")))
    assert (row["type"], row["mode"]) == ("Rounds", "In person")
    hidden = b"".join(client.get("/visits/export/csv/", {"hide": "type"})).decode("utf-8-sig")
    assert "type" not in hidden.splitlines()[0].split(",")
    assert client.get("/api/v1/visits/", {"visit_type": rounds.pk}).json()["count"] == 1
    assert client.get("/api/v1/visits/", {"visit_type": "null"}).json()["count"] == 1
    kept = client.get("/api/v1/visit-types/", {"is_active": "true"}).json()["results"]
    assert [row["name"] for row in kept][-2:] == ["Rounds", "Courtesy call"]
    lines = b"".join(as_("ada").get(f"{URL}files/visit-types.csv")).decode("utf-8-sig").splitlines()
    assert lines[-2:] == ["Rounds,50,1,yes,", "Courtesy call,,0,yes,"]


def test_the_phones_pack_has_the_types_and_the_plans_own(as_, world, kinds):
    at = timezone.localtime().replace(hour=12)
    actions.plan_visit(
        by=world.nora, practice=world.north_practice, planned_at=timezone.now() + dt.timedelta(minutes=1), visit_type=kinds[0]
    )
    VisitType.objects.filter(name="Lunch").update(is_active=False)
    pack = as_("nora").get("/api/v1/field/pack/").json()
    names = [row["name"] for row in pack["form"]["types"]]
    assert names[-2:] == ["Rounds", "Courtesy call"]
    assert "Lunch" not in names
    stops = [stop for day in pack["days"] for stop in day["stops"]]
    if at.weekday() < 5:
        assert (stops[0]["type"], stops[0]["type_name"]) == (kinds[0].pk, "Rounds")


def test_a_route_plans_the_minutes_of_the_type_before_those_of_the_office(world, kinds):
    practice, day = world.north_practice, timezone.localdate() + dt.timedelta(days=1)
    practice.zip, practice.visit_minutes = "44113", 15
    practice.save()
    for kind, minutes in ((kinds[0], 50), (kinds[1], 15), (None, 15)):
        at = timezone.make_aware(dt.datetime.combine(day, dt.time(10)))
        actions.plan_visit(by=world.nora, practice=practice, planned_at=at, visit_type=kind)
        home = (41.5, -81.7)
        ends = actions.Ends(start_minute=480, end_minute=1020, lunch_minutes=30, start=home, start_label="Home", end=home, end_label="Home")
        plan = actions.ask_for_route(owner=world.nora, day_on=day, ends=ends, by=world.nora)
        assert [stop.service for stop in asked_for(plan).stops] == [minutes]
        Visit.objects.all().delete()


# ---- ways of meeting


def test_a_mode_has_the_organizations_name_wherever_it_is_told(as_, world, kinds):
    visit = log(world, mode="virtual", note="Well")
    client = as_("ada")
    client.post(f"{URL}modes/virtual/", {"name": "Telehealth call", "is_offered": "on"})
    pages = ("/visits/", visit.get_absolute_url(), "/visits/log/", f"/visits/practices/{visit.practice_id}/panel/", URL)
    for page in pages:
        assert "Telehealth call" in as_("nora" if page != URL else "ada").get(page).content.decode(), page
    row = next(csv.DictReader(io.StringIO(b"".join(as_("dana").get("/visits/export/csv/")).decode("utf-8-sig"))))
    assert row["mode"] == "Telehealth call"
    assert {"value": "virtual", "label": "Telehealth call"} in as_("nora").get("/api/v1/field/pack/").json()["form"]["modes"]
    assert as_("nora").get(f"/api/v1/visits/{visit.pk}/").json()["mode"] == "virtual"  # the code is ours
    assert versions.in_words("mode", "virtual") == "Telehealth call"
    client = as_("ada")
    client.post(f"{URL}modes/virtual/", {"name": "Video", "is_offered": "on"})  # ours again: nothing is kept
    assert not VisitMode.objects.exists()


def test_a_mode_is_switched_off_and_old_visits_keep_it(as_, world):
    visit = log(world, mode="email")
    as_("ada").post(f"{URL}modes/email/", {"name": "E-mail"})
    client = as_("nora")
    assert 'value="email"' not in client.get("/visits/log/").content.decode()
    assert client.post("/visits/log/", log_body(world.north_practice, mode="email")).status_code == 422
    assert 'value="email"' in client.get(f"/visits/{visit.pk}/edit/").content.decode()
    assert client.get("/visits/", {"mode": "email"}).content.decode().count("E-mail") >= 2  # the filter and the row
    assert post_api(client, body_of(world, mode="email")).status_code == 201  # a phone that was out of reach
    assert "email" not in {row["value"] for row in client.get("/api/v1/field/pack/").json()["form"]["modes"]}


@pytest.mark.parametrize(
    ("mode", "sent", "said"),
    [
        ("phone", {"name": ""}, "Give it a name"),
        ("phone", {"name": "VIDEO", "is_offered": "on"}, "called so already"),
        ("in person", {"name": " "}, "Give it a name"),
    ],
)
def test_what_is_wrong_with_a_mode_is_said(as_, mode, sent, said):
    answer = as_("ada").post(f"{URL}modes/{mode}/", sent)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not VisitMode.objects.exists()


def test_visits_in_person_stay_and_an_unknown_mode_has_no_page(as_, world):
    client = as_("ada")
    client.post(f"{URL}modes/in%20person/", {"name": "On site"})
    assert VisitMode.objects.get().is_offered
    with pytest.raises(PolicyViolation, match="this one stays"):
        actions.save_visit_mode(by=world.ada, mode=Mode.IN_PERSON, name="On site", is_offered=False)
    with pytest.raises(PolicyViolation, match="Give it a name"):
        actions.save_visit_mode(by=world.ada, mode=Mode.PHONE, name=" ")
    assert client.get(f"{URL}modes/pigeon/").status_code == 404


def test_a_change_of_names_is_a_new_shell_for_the_phone(client, world):
    before = json.loads(client.get("/sw.js").content.decode().partition("= ")[2].partition(";\n")[0])["version"]
    actions.save_visit_mode(by=world.ada, mode="phone", name="Call", is_offered=True)
    after = json.loads(client.get("/sw.js").content.decode().partition("= ")[2].partition(";\n")[0])["version"]
    assert before != after


def test_the_list_of_visits_asks_as_often_for_many(client, world, kinds, assert_flat_queries):
    client.force_login(world.nora)

    def more(rows):
        for at in range(rows):
            log(world, more=typed((*kinds, None)[at % 3]))

    assert_flat_queries("/visits/", more)
