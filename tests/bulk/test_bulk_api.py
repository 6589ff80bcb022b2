"""Many rows at once by API: the same preview, refusals, confirmation and undo as on the pages."""

import uuid

import pytest

from audit.models import AuditEvent
from bulk import actions
from bulk.models import BulkRun
from contacts.models import Practice
from tests import factories

LISTS, RUNS = "/api/v1/bulk/", "/api/v1/bulk-runs/"


@pytest.fixture
def practices(world):
    return [factories.make_practice(f"Office {n}", territory=world.north, tier=tier) for n, tier in enumerate(("", "A", "B", "C"))]


def send(client, address, data=None):
    return client.post(address, data or {}, content_type="application/json")


def asked(practices, **more):
    return {"act": "tier", "rows": [row.pk for row in practices], "settings": {"tier": "B"}, **more}


def tiers(practices):
    return [Practice.objects.get(pk=practice.pk).tier for practice in practices]


def test_preview_confirm_and_undo(as_, world, practices):
    client = as_("nora")
    told = send(client, f"{LISTS}practices/preview/", asked([*practices, world.south_practice])).json()
    assert told["words"] == "Put into tier B"
    assert [(row["id"], row["change"]) for row in told["changing"]] == [
        (practices[0].pk, "no tier → tier B"), (practices[1].pk, "tier A → tier B"), (practices[3].pk, "tier C → tier B"),
    ]  # fmt: skip
    assert (told["staying"], told["gone"]) == ([{"why": "In tier B already.", "rows": [practices[2].pk]}], 1)
    assert tiers(practices) == ["", "A", "B", "C"], "a preview changes nothing"
    sure = asked([*practices, world.south_practice], token=told["token"], key=str(uuid.uuid4()))
    done = send(client, f"{LISTS}practices/confirm/", sure)
    assert done.status_code == 201
    assert (done.json()["changed"], done.json()["kept"], tiers(practices)) == (3, 1, ["B", "B", "B", "B"])
    assert world.south_practice.tier == Practice.objects.get(pk=world.south_practice.pk).tier, "out of sight is untouched"
    again = send(client, f"{LISTS}practices/confirm/", sure)
    assert (again.status_code, again.json()["id"], BulkRun.objects.count()) == (200, done.json()["id"], 1)
    run = f"{RUNS}{done.json()['id']}/"
    assert [row["why"] for row in client.get(run).json()["stayed"]] == ["In tier B already."]
    assert [row["id"] for row in client.get(RUNS).json()["results"]] == [done.json()["id"]]
    for who in ("sol", "dana", "ada"):
        assert as_(who).get(run).status_code == send(as_(who), f"{run}undo/").status_code == 404
    back = send(as_("nora"), f"{run}undo/")
    assert (back.json()["undone"], tiers(practices)) == (3, ["", "A", "B", "C"])
    assert send(as_("nora"), f"{run}undo/").status_code == 400
    assert AuditEvent.objects.filter(event__in=["bulk.asked", "bulk.done", "bulk.undone"]).count() == 3


def test_a_list_that_changed_since_the_preview_is_left_alone(as_, world, practices):
    client = as_("nora")
    everything = {"act": "tier", "all": True, "query": "q=office", "settings": {"tier": "D"}}
    told = send(client, f"{LISTS}practices/preview/", everything).json()
    assert len(told["changing"]) == 4, "all that the address finds, and no more"
    factories.make_practice("Office 9", territory=world.north)
    late = send(client, f"{LISTS}practices/confirm/", {**everything, "token": told["token"], "key": str(uuid.uuid4())})
    assert late.status_code == 409
    assert tiers(practices) == ["", "A", "B", "C"]
    assert not BulkRun.objects.exists()


def test_who_may_do_what(as_, world, practices):
    offered = {row["list"]: {act["act"] for act in row["acts"]} for row in as_("nora").get(LISTS).json()}
    assert {"tier", "archive"} <= offered["practices"]
    assert "pin" not in offered["practices"]
    tier = next(act for row in as_("nora").get(LISTS).json() if row["list"] == "practices" for act in row["acts"] if act["act"] == "tier")
    assert tier["settings"] == [{"name": "tier", "words": "Put into tier", "is_required": True}]
    assert "practices" not in {row["list"] for row in as_("elle").get(LISTS).json()}
    for who, what, status in (("elle", "tier", 403), ("nora", "pin", 403), ("nora", "fly", 404), (None, "tier", 401)):
        for step in ("preview", "confirm"):
            data = asked(practices, act=what, token="x", key=str(uuid.uuid4()))
            assert send(as_(who), f"{LISTS}practices/{step}/", data).status_code == status, (who, what, step)
    assert send(as_("nora"), f"{LISTS}nothing/preview/", asked(practices)).status_code == 404
    assert tiers(practices) == ["", "A", "B", "C"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"rows": []}, "Name the practices"),
        ({"settings": {}}, "Choose a tier"),
        ({"settings": {"tier": "Z"}}, "valid choice"),
        ({"settings": {"tier": "B", "tire": "B"}}, "asks for no such thing"),
        ({"rows": "all"}, "list of items"),
    ],
)
def test_what_is_wrong_is_said(as_, world, practices, data, words):
    answer = send(as_("nora"), f"{LISTS}practices/preview/", {**asked(practices), **data})
    assert answer.status_code == 400
    assert words in answer.content.decode()


def test_much_goes_to_a_worker(as_, world, practices, run_jobs, monkeypatch):
    monkeypatch.setattr(actions, "LARGE", 2)
    client = as_("nora")
    token = send(client, f"{LISTS}practices/preview/", asked(practices)).json()["token"]
    started = send(client, f"{LISTS}practices/confirm/", asked(practices, token=token, key=str(uuid.uuid4())))
    assert (started.status_code, started.json()["done_at"], tiers(practices)) == (202, None, ["", "A", "B", "C"])
    run_jobs()
    assert client.get(f"{RUNS}{started.json()['id']}/").json()["changed"] == 3
    assert tiers(practices) == ["B", "B", "B", "B"]
    nothing = send(client, f"{LISTS}practices/preview/", asked(practices)).json()
    refused = send(client, f"{LISTS}practices/confirm/", asked(practices, token=nothing["token"], key=str(uuid.uuid4())))
    assert (refused.status_code, refused.json()["detail"]) == (400, "Nothing would change.")


def test_as_many_queries_for_many_runs(as_, world, practices, assert_flat_queries):
    client = as_("nora")

    def add(count):
        for _ in range(count):
            Practice.objects.filter(pk__in=[row.pk for row in practices[:3]]).update(tier="A")
            token = send(client, f"{LISTS}practices/preview/", asked(practices[:4])).json()["token"]
            assert send(client, f"{LISTS}practices/confirm/", asked(practices[:4], token=token, key=str(uuid.uuid4()))).status_code == 201

    assert_flat_queries(RUNS, add)
