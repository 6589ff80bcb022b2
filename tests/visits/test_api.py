"""The API: the same visibility, one visit for one key."""

import datetime as dt
import uuid

import pytest
from django.utils import timezone

from tests.factories import make_staff, make_visit
from tests.factories.visits import make_follow_up, make_topic
from visits.models import FollowUp, Visit

CAST = [("nora", 200), ("sol", 404), ("past", 404), ("over", 404), ("dana", 200), ("ada", 200), ("ivan", 200), ("elle", 403), (None, 401)]


@pytest.mark.parametrize(("who", "status"), CAST)
def test_who_reads_what(as_, world, who, status):
    visit, item = make_visit(world.north_practice, world.nora), make_follow_up(world.north_practice, world.nora)
    client = as_(who)
    for url in (f"/api/v1/visits/{visit.pk}/", f"/api/v1/follow-ups/{item.pk}/"):
        assert client.get(url).status_code == status
    for url in ("/api/v1/visits/", "/api/v1/follow-ups/"):
        answer = client.get(url)
        assert answer.status_code == (status if status in {401, 403} else 200)
        if answer.status_code == 200:
            assert answer.json()["count"] == (1 if status == 200 else 0)


def _body(world, **fields):
    return {"practice": world.north_practice.pk, "visited_at": timezone.now().isoformat(), "outcome": "met staff"} | fields


def _post(client, body, key=None):
    headers = {"Idempotency-Key": str(key)} if key else {}
    return client.post("/api/v1/visits/", body, content_type="application/json", headers=headers)


@pytest.mark.parametrize(
    ("who", "status"),
    [("nora", 201), ("sol", 400), ("past", 400), ("over", 400), ("dana", 201), ("ada", 201), ("ivan", 403), ("elle", 403), (None, 401)],
)
def test_who_logs_in_the_north(as_, world, who, status):
    assert _post(as_(who), _body(world), uuid.uuid4()).status_code == status
    assert Visit.objects.exists() is (status == 201)


def test_one_key_is_one_visit(as_, world):
    client, key = as_("nora"), uuid.uuid4()
    staff, topic = make_staff(world.north_practice), make_topic()
    body = _body(world, outcome="", providers=[world.north_provider.pk], staff=[staff.pk], topics=[topic.name], note="Hi", follow_up="Call")
    first, again = _post(client, body, key), _post(client, dict(reversed(body.items())), key)
    other = _post(client, body | {"note": "Other"}, key)
    assert [answer.status_code for answer in (first, again, other)] == [201, 200, 422]
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert first.json() == again.json()
    assert first.json()["client_id"] == other.json()["client_id"] == str(key)
    assert first.json()["outcome"] == "met provider"
    assert {person["name"] for person in first.json()["attendees"]} == {str(world.north_provider), staff.name}
    assert Visit.objects.count() == FollowUp.objects.count() == 1


def test_a_late_retry_succeeds_before_any_check(as_, world):
    client, key, body = as_("nora"), uuid.uuid4(), _body(world)
    _post(client, body, key)
    world.nora.assignments.update(ended_on=dt.date(2020, 2, 2))
    assert _post(client, body, key).status_code == 200
    assert _post(client, body, uuid.uuid4()).status_code == 400


def test_a_plan_is_completed(as_, world):
    plan = make_visit(world.north_practice, world.nora, state="planned")
    body = {"planned": plan.pk, "visited_at": timezone.now().isoformat(), "outcome": "met staff"}
    assert _post(as_("nora"), body, uuid.uuid4()).json()["id"] == plan.pk
    assert Visit.objects.get().state == "done"


@pytest.mark.parametrize(
    "change",
    [
        {"practice": None},
        {"visited_at": "soon"},
        {"visited_at": "2099-01-01T00:00:00Z"},
        {"mode": "pigeon"},
        {"outcome": ""},
        {"topics": ["unknown"]},
        {"providers": [0]},
    ],
)
def test_wrong_bodies_are_told(as_, world, change):
    assert _post(as_("nora"), _body(world) | change, uuid.uuid4()).status_code == 400
    assert not Visit.objects.exists()


def test_without_a_key_nothing_is_saved(as_, world):
    answer = _post(as_("nora"), _body(world))
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["detail"]


def test_filters(as_, world):
    make_visit(world.north_practice, world.nora, mode="phone")
    make_visit(world.south_practice, world.sol)
    make_follow_up(world.north_practice, world.nora, due_in=-1)
    make_follow_up(world.north_practice, world.nora, done_at=timezone.now(), done_by=world.nora)
    client = as_("dana")

    def count(url, **query):
        return client.get(url, query).json()["count"]

    assert count("/api/v1/visits/", mode="phone") == count("/api/v1/visits/", owner=world.sol.pk) == 1
    assert count("/api/v1/visits/", territory=world.region.pk) == 2
    assert count("/api/v1/follow-ups/", is_done="true") == count("/api/v1/follow-ups/", is_done="false") == 1
    assert count("/api/v1/follow-ups/", overdue="true") == count("/api/v1/follow-ups/", overdue="false") == 1
    assert client.get("/api/v1/visits/", {"owner": "x"}).status_code == 400


def test_follow_ups_are_added_ticked_off_and_moved(as_, world):
    client = as_("nora")
    body = {"practice": world.north_practice.pk, "text": "Call", "due_on": "2099-01-01"}
    added = client.post("/api/v1/follow-ups/", body, content_type="application/json")
    assert added.status_code == 201
    url = f"/api/v1/follow-ups/{added.json()['id']}/"
    answer = client.patch(url, {"is_done": True, "due_on": "2099-02-02"}, content_type="application/json").json()
    assert (answer["is_done"], answer["done_by"], answer["due_on"]) == (True, world.nora.pk, "2099-02-02")
    assert client.patch(url, {"is_done": False}, content_type="application/json").json()["done_at"] is None
    assert client.patch(url, {"due_on": "2020-01-01"}, content_type="application/json").status_code == 400
    assert (
        client.post("/api/v1/follow-ups/", body | {"practice": world.south_practice.pk}, content_type="application/json").status_code == 400
    )
    assert as_("sol").patch(url, {"is_done": True}, content_type="application/json").status_code == 404
    assert as_("ivan").patch(url, {"is_done": True}, content_type="application/json").status_code == 403
