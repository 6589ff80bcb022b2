"""Many rows at once: the preview tells the truth, the confirmation does that and nothing else, and Undo takes it back."""

import re
import uuid

import pytest
from django.urls import reverse

from audit.models import AuditEvent
from bulk import actions
from bulk.lists import lists
from bulk.models import BulkItem, BulkRun, ItemState
from common.exceptions import PolicyViolation
from contacts.models import Practice
from jobs.models import Job, JobState
from tests import factories

PRACTICES = reverse("contacts:practices")
URL = reverse("bulk:preview", args=["practices"])


def hidden(page: str) -> dict[str, list[str]]:
    """What the confirmation would send."""
    form = page[page.index('<form method="post" action="/bulk/') :]
    form = form[: form.index("</form>")]
    told: dict[str, list[str]] = {}
    for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form):
        if name != "csrfmiddlewaretoken":
            told.setdefault(name, []).append(value.replace("&amp;", "&"))
    return told


def confirm(client, page: str, **changed):
    return client.post(URL, {**hidden(page), **changed})


def tiers(practices):
    return [Practice.objects.get(pk=practice.pk).tier for practice in practices]


@pytest.fixture
def practices(world):
    return [factories.make_practice(f"Office {n}", territory=world.north, tier=tier) for n, tier in enumerate(("", "A", "B", "C"))]


def test_from_the_list_to_the_preview_to_done_and_back(as_, world, practices):
    client = as_("nora")
    page = client.get(f"{PRACTICES}?q=office").content.decode()
    assert f'action="{URL}"' in page
    assert "All 4 practices found" in page
    assert f'name="row" value="{practices[0].pk}"' in page
    ticked = {"row": [practices[0].pk, practices[1].pk, practices[2].pk, world.south_practice.pk, "x"], "act": "tier", "query": "q=office"}
    asks = client.get(URL, ticked)
    assert asks.status_code == 200
    assert "For 3 practices." in asks.content.decode()
    empty = client.get(URL, {**ticked, "set-tier": ""})
    assert empty.status_code == 422
    assert "Choose a tier." in empty.content.decode()
    preview = client.get(URL, {**ticked, "set-tier": "B"}).content.decode()
    assert "Put into tier B: 2 practices" in preview
    assert "no tier → tier B" in preview
    assert "tier A → tier B" in preview
    assert "In tier B already." in preview
    assert "Not yours to see, or gone." in preview, "a ticked row outside the scope is told without its name"
    assert "South Medical" not in preview
    assert tiers(practices) == ["", "A", "B", "C"], "a preview changes nothing"
    assert not BulkRun.objects.exists()
    done = confirm(client, preview)
    run = BulkRun.objects.get()
    assert done.url == f"{PRACTICES}?q=office&bulk={run.pk}"
    assert tiers(practices) == ["B", "B", "B", "C"]
    assert (run.changed, run.kept) == (2, 1)
    after = client.get(done.url).content.decode()
    assert "Put into tier B: 2 practices." in after
    assert "1 stayed as it was" in after
    shown = client.get(run.get_absolute_url()).content.decode()
    assert "In tier B already." in shown
    back = client.post(reverse("bulk:undo", args=[run.pk]), {"query": "q=office"}, follow=True)
    assert "Undone: 2 as before." in back.content.decode()
    assert back.redirect_chain[-1][0] == f"{PRACTICES}?q=office"
    assert tiers(practices) == ["", "A", "B", "C"]
    assert "undone before" in client.post(reverse("bulk:undo", args=[run.pk]), follow=True).content.decode()
    assert set(AuditEvent.objects.filter(event__startswith="bulk.").values_list("event", flat=True)) == {
        "bulk.asked",
        "bulk.done",
        "bulk.undone",
    }


def test_all_that_match_are_looked_up_anew_and_a_change_is_said(as_, world, practices):
    client = as_("nora")
    everything = {"all": "on", "act": "tier", "query": "q=office&page=2&hide=alignment", "set-tier": "D"}
    preview = client.get(URL, everything).content.decode()
    assert "Put into tier D: 4 practices" in preview
    factories.make_practice("Office 9", territory=world.north)
    moved = confirm(client, preview)
    assert moved.status_code == 409
    text = moved.content.decode()
    assert "it was 4 practices, it is 5 practices now. Nothing was changed yet." in text
    assert tiers(practices) == ["", "A", "B", "C"]
    assert confirm(client, text).status_code == 302
    assert Practice.objects.filter(tier="D").count() == 5


def test_who_lost_the_territory_meanwhile_changes_nothing(as_, world, practices):
    client = as_("nora")
    preview = client.get(URL, {"all": "on", "act": "tier", "query": "", "set-tier": "D"}).content.decode()
    world.nora.role = "executive"
    world.nora.save()
    assert confirm(client, preview).status_code == 403
    assert tiers(practices) == ["", "A", "B", "C"]


def test_confirmed_twice_it_is_done_once(as_, world, practices):
    client = as_("nora")
    preview = client.get(URL, {"row": [practices[0].pk], "act": "tier", "set-tier": "D"}).content.decode()
    first, second = confirm(client, preview), confirm(client, preview)
    assert first.url == second.url
    assert BulkRun.objects.count() == 1
    assert AuditEvent.objects.filter(event="practices.tiered").count() == 1
    assert confirm(client, preview, key="not a key").status_code == 200, "without a key it is only shown"


def test_who_changed_since_keeps_that(as_, world, practices):
    client = as_("nora")
    preview = client.get(URL, {"row": [row.pk for row in practices], "act": "tier", "set-tier": "D"}).content.decode()
    confirm(client, preview)
    Practice.objects.filter(pk=practices[0].pk).update(tier="A")
    run = BulkRun.objects.get()
    text = client.post(reverse("bulk:undo", args=[run.pk]), follow=True).content.decode()
    assert "Undone: 3 as before. 1 changed again since, and stay so." in text
    assert tiers(practices) == ["A", "A", "B", "C"]
    assert "3 of 4 are as before" in client.get(run.get_absolute_url()).content.decode()


def test_large_ones_go_to_a_worker_with_progress(as_, world, practices, run_jobs, monkeypatch):
    monkeypatch.setattr(actions, "LARGE", 3)
    client = as_("nora")
    preview = client.get(URL, {"all": "on", "act": "tier", "query": "q=office", "set-tier": "D"}).content.decode()
    assert "A worker does it" in preview
    answer = confirm(client, preview)
    run = BulkRun.objects.get()
    assert answer.url == run.get_absolute_url()
    assert run.done_at is None
    assert tiers(practices) == ["", "A", "B", "C"]
    waiting = client.get(answer.url).content.decode()
    assert "Waiting for a worker" in waiting
    assert "Stop it" in waiting
    with pytest.raises(PolicyViolation, match="still at it"):
        actions.undo(run=run, by=world.nora)
    practices[0].delete()
    run_jobs()
    run.refresh_from_db()
    assert (run.changed, run.kept) == (3, 1)
    assert BulkItem.objects.get(state=ItemState.KEPT).why == actions.GONE
    job = Job.objects.get(name="bulk.do")
    assert (job.state, job.progress_done, job.progress_total) == (JobState.DONE, 4, 4)
    actions.perform(run=run, by=world.nora)  # a second worker finds nothing to do
    assert AuditEvent.objects.filter(event="bulk.done").count() == 1
    assert "Changed: 3" in client.get(answer.url).content.decode()
    client.post(reverse("bulk:undo", args=[run.pk]))
    run_jobs()
    run.refresh_from_db()
    assert run.undone == 3
    assert tiers(practices[1:]) == ["A", "B", "C"]
    actions.take_back(run=run, by=world.nora)
    assert AuditEvent.objects.filter(event="bulk.undone").count() == 1


def test_a_role_that_was_taken_away_stops_the_worker(as_, world, practices, run_jobs, monkeypatch):
    monkeypatch.setattr(actions, "LARGE", 2)
    client = as_("nora")
    preview = client.get(URL, {"all": "on", "act": "tier", "query": "q=office", "set-tier": "D"}).content.decode()
    confirm(client, preview)
    world.nora.role = "executive"
    world.nora.save()
    run_jobs()
    assert Job.objects.get(name="bulk.do").error == "Your role does not let you do this."
    assert tiers(practices) == ["", "A", "B", "C"]


def test_too_many_at_once_are_refused(as_, world, practices, monkeypatch):
    monkeypatch.setattr("bulk.queries.MOST", 2)
    answer = as_("nora").get(URL, {"all": "on", "act": "tier", "set-tier": "D"}, follow=True)
    assert "At most 2 practices can be changed at once" in answer.content.decode()


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"act": ""}, "Choose what to do"),
        ({"act": "tier"}, "Tick the practices first"),
        ({"act": "tier", "row": "x"}, "Tick the practices first"),
    ],
)
def test_what_is_missing_is_said(as_, world, told, said):
    assert said in as_("nora").get(URL, told, follow=True).content.decode()


def test_strangers_to_the_list_and_to_the_act(as_, world, practices):
    assert as_("nora").get(reverse("bulk:preview", args=["nothing"])).status_code == 404
    assert as_("nora").get(URL, {"act": "fly", "all": "on"}).status_code == 404
    assert as_("elle").get(URL, {"act": "tier", "all": "on"}).status_code == 403
    assert as_("nora").get(URL, {"act": "pin", "all": "on"}).status_code == 403
    offered = {name: {act.key for act in lists["practices"].acts_for(world.cast[name])} for name in ("nora", "ivan", "elle")}
    assert offered == {
        "nora": {"tier", "own-field", "target-list", "archive", "bring-back"},
        "ivan": {"tier", "own-field", "archive", "bring-back"},
        "elle": set(),
    }
    client = as_("nora")
    confirm(client, client.get(URL, {"row": practices[0].pk, "act": "tier", "set-tier": "D"}).content.decode())
    run = BulkRun.objects.get()
    assert as_("sol").get(run.get_absolute_url()).status_code == 404
    assert as_("dana").post(reverse("bulk:undo", args=[run.pk])).status_code == 404
    assert "data-undo" not in as_("sol").get(f"{PRACTICES}?bulk={run.pk}").content.decode()
    with pytest.raises(PolicyViolation, match="Only Nora"):
        actions.undo(run=run, by=world.dana)
    assert as_("nora").get(f"{PRACTICES}?bulk=x").status_code == 200


def test_a_step_of_an_earlier_release(world):
    run = BulkRun.objects.create(list_key="practices", act_key="gone", words="x", client_key=uuid.uuid4(), asked_by=world.nora)
    with pytest.raises(PolicyViolation, match="does not know this step"):
        actions.perform(run=run, by=world.nora)
    run.act_key, run.settings = "tier", {"set-tier": ["Z"]}
    run.save()
    with pytest.raises(PolicyViolation, match="not on offer"):
        actions.perform(run=run, by=world.nora)


def test_the_bar_asks_no_database(as_, world, assert_flat_queries):
    as_("nora")
    assert_flat_queries(PRACTICES, lambda n: [factories.make_practice(f"More {i} of {n}", territory=world.north) for i in range(n)])


@pytest.mark.parametrize("key", sorted(lists))
def test_every_list_stands_somewhere_and_offers_something(as_, world, key):
    assert reverse(lists[key].page)
    assert lists[key].acts_for(world.ada)
    answer = as_("ada").get(reverse("bulk:preview", args=[key]), {"all": "on", "act": next(iter(lists[key].acts_for(world.ada))).key})
    assert answer.status_code in {200, 302}
