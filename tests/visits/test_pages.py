"""Every page with the whole cast, forms with errors, panels, exports, flat in queries."""

import csv
import datetime as dt
import io
import uuid
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from contacts.models import Affiliation
from tests import factories
from tests.factories import make_staff, make_visit
from tests.factories.visits import log_body, make_follow_up, make_topic
from visits.models import FollowUp, Topic, Visit
from visits.passes import pass_for

CAST = ("nora", "sol", "past", "over", "dana", "ada", "ivan", "elle", None)


def _expect(**statuses):
    """Pairs for parametrize: the answer for everybody of the cast."""
    return [(who, statuses.get(who or "stranger", statuses.get("rest"))) for who in CAST]


READERS = {"elle": 403, "stranger": 302, "rest": 200}
LOGGERS = {"ivan": 403, "elle": 403, "stranger": 302, "rest": 200}


@pytest.mark.parametrize("name", ["list", "follow-ups"])
@pytest.mark.parametrize(("who", "status"), _expect(**READERS))
def test_lists_open_for_readers(as_, world, name, who, status):
    assert as_(who).get(reverse(f"visits:{name}")).status_code == status


@pytest.mark.parametrize("name", ["log", "plan", "follow-up-add", "office", "practice-options", "people-options"])
@pytest.mark.parametrize(("who", "status"), _expect(**LOGGERS))
def test_forms_open_for_loggers(as_, world, name, who, status):
    assert as_(who).get(reverse(f"visits:{name}")).status_code == status


@pytest.mark.parametrize(("who", "status"), _expect(dana=200, ada=200, ivan=200, stranger=302, rest=403))
def test_the_export_needs_its_permission(as_, world, who, status):
    assert as_(who).get(reverse("visits:export")).status_code == status


@pytest.mark.parametrize(("who", "status"), _expect(ada=200, stranger=302, rest=403))
def test_topics_are_a_setting(as_, world, who, status):
    topic = make_topic()
    assert as_(who).get(reverse("visits:topics")).status_code == status
    assert as_(who).get(reverse("visits:topic", args=[topic.pk])).status_code == status


IN_SCOPE = {"sol": 404, "past": 404, "over": 404, "elle": 403, "stranger": 302, "rest": 200}
IN_SCOPE_TO_CHANGE = IN_SCOPE | {"ivan": 403}


@pytest.mark.parametrize(("who", "status"), _expect(**IN_SCOPE))
def test_a_visit_in_the_north(as_, world, who, status):
    visit = make_visit(world.north_practice, world.nora)
    assert as_(who).get(visit.get_absolute_url()).status_code == status


@pytest.mark.parametrize(("panel", "record"), [("practice-panel", "north_practice"), ("provider-panel", "north_provider")])
@pytest.mark.parametrize(("who", "status"), _expect(**IN_SCOPE))
def test_the_panels_of_the_north(as_, world, panel, record, who, status):
    assert as_(who).get(reverse(f"visits:{panel}", args=[getattr(world, record).pk])).status_code == status


@pytest.mark.parametrize("name", ["edit", "delete"])
@pytest.mark.parametrize(("who", "status"), _expect(**IN_SCOPE_TO_CHANGE))
def test_changing_a_visit_in_the_north(as_, world, name, who, status):
    visit = make_visit(world.north_practice, world.nora)
    assert as_(who).get(reverse(f"visits:{name}", args=[visit.pk])).status_code == status


@pytest.mark.parametrize("name", ["edit", "miss", "cancel"])
@pytest.mark.parametrize(("who", "status"), _expect(**IN_SCOPE_TO_CHANGE))
def test_changing_a_plan_in_the_north(as_, world, name, who, status):
    plan = make_visit(world.north_practice, world.nora, state="planned")
    assert as_(who).get(reverse(f"visits:{name}", args=[plan.pk])).status_code == status


@pytest.mark.parametrize("name", ["follow-up-done", "follow-up-reopen"])
@pytest.mark.parametrize(("who", "status"), _expect(**(IN_SCOPE_TO_CHANGE | {"nora": 302, "dana": 302, "ada": 302})))
def test_ticking_off_in_the_north(as_, world, name, who, status):
    item = make_follow_up(world.north_practice, world.nora)
    assert as_(who).post(reverse(f"visits:{name}", args=[item.pk])).status_code == status


@pytest.mark.parametrize(("who", "status"), _expect(**(IN_SCOPE_TO_CHANGE | {"nora": 302, "dana": 302, "ada": 302})))
def test_restoring_in_the_north(as_, world, who, status):
    visit = make_visit(world.north_practice, world.nora, deleted_at=timezone.now())
    assert as_(who).post(reverse("visits:restore", args=[visit.pk])).status_code == status
    assert Visit.objects.filter(deleted_at=None).exists() is (status == 302 and who is not None)


# Logging


def test_the_practice_of_the_address_is_chosen_with_its_people(as_, world):
    make_staff(world.north_practice, "Kim Front")
    page = as_("nora").get(reverse("visits:log"), {"practice": world.north_practice.pk}).content.decode()
    assert f'value="{world.north_practice.pk}"' in page
    assert "Kim Front" in page
    assert str(world.north_provider) in page


def test_from_a_providers_page_the_provider_is_ticked(as_, world):
    page = as_("nora").get(reverse("visits:log"), {"provider": world.north_provider.pk}).content.decode()
    assert f'value="provider-{world.north_provider.pk}" data-kind="provider" checked' in page


@pytest.mark.parametrize("query", ["practice=x", "practice=99999999999999999999999", "provider=0", "planned=", "practice=²"])
def test_odd_addresses_show_the_empty_form(as_, world, query):
    assert as_("nora").get(f"{reverse('visits:log')}?{query}").status_code == 200


def test_a_practice_out_of_scope_is_not_chosen(as_, world):
    page = as_("nora").get(reverse("visits:log"), {"practice": world.south_practice.pk}).content.decode()
    assert world.south_practice.name not in page


def test_saving_and_what_stands_there_afterwards(as_, world):
    client, topic = as_("nora"), make_topic()
    body = log_body(
        world.north_practice,
        outcome="",
        people=[f"provider-{world.north_provider.pk}"],
        topics=[topic.pk],
        follow_up="Send the guide",
        due="1",
        entered_at="2026-11-02T10:00:00.000Z",
    )
    answer = client.post(reverse("visits:log"), body)
    visit = Visit.objects.get()
    assert answer.headers["Location"] == f"{visit.get_absolute_url()}?saved=1"
    assert (visit.outcome, visit.entered_at.isoformat()) == ("met provider", "2026-11-02T10:00:00+00:00")
    assert FollowUp.objects.get().due_on == timezone.localdate() + dt.timedelta(days=1)
    page = client.get(answer.headers["Location"]).content.decode()
    assert "Visit saved." in page
    assert "Undo" in page
    assert "Log another" in page
    for panel, record in (("practice-panel", world.north_practice), ("provider-panel", world.north_provider)):
        panel_page = client.get(reverse(f"visits:{panel}", args=[record.pk]), headers={"HX-Request": "true"}).content.decode()
        assert "In person: met Pat Northrop" in panel_page
        assert "Send the guide" in panel_page
        assert "<html" not in panel_page


def test_a_double_submit_is_one_visit(as_, world):
    client, body = as_("nora"), log_body(world.north_practice)
    first = client.post(reverse("visits:log"), body)
    second = client.post(reverse("visits:log"), body | {"entered_at": "2026-11-02T10:00:01Z"})
    assert first.headers["Location"] == second.headers["Location"]
    assert Visit.objects.count() == 1


def test_back_edit_and_save_again_asks_whether_it_is_another_visit(as_, world):
    client, body = as_("nora"), log_body(world.north_practice)
    client.post(reverse("visits:log"), body)
    answer = client.post(reverse("visits:log"), body | {"note": "More"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "You saved this page before" in page
    assert body["client_id"] not in page
    assert "More" in page
    assert Visit.objects.count() == 1


def test_errors_keep_everything_typed(as_, world):
    staff = make_staff(world.north_practice, "Kim Front")
    body = log_body(
        world.north_practice,
        visited_at="2099-01-01T10:00",
        note="Keep me",
        people=[f"staff-{staff.pk}"],
        follow_up="Promise",
        due_on="2099-01-05",
    )
    answer = as_("nora").post(reverse("visits:log"), body)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "<title>Error: Log visit" in page
    assert page.count("This lies in the future") == 2
    for kept in (
        "Keep me",
        "Promise",
        "2099-01-01T10:00",
        "2099-01-05",
        body["client_id"],
        f'value="staff-{staff.pk}" data-kind="staff" checked',
    ):
        assert kept in page
    assert not Visit.objects.exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"practice": ""}, "Choose a practice."),
        ({"outcome": ""}, "Say how it went, or tick whom you met."),
        ({"visited_at": ""}, "Say when the visit was."),
        ({"visited_at": "soon"}, "Enter a date and a time"),
        ({"people": ["provider-x"]}, "Choose people from the list."),
        ({"mode": "pigeon"}, "Select a valid choice"),
        ({"client_id": "not a uuid"}, "Enter a valid UUID"),
        ({"follow_up": "x", "due_on": "2020-01-01"}, "This day is over."),
    ],
)
def test_what_is_wrong_is_said(as_, world, change, sentence):
    answer = as_("nora").post(reverse("visits:log"), log_body(world.north_practice) | change)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Visit.objects.exists()


def test_nobody_logs_or_names_people_out_of_scope(as_, world):
    client = as_("nora")
    answer = client.post(reverse("visits:log"), log_body(world.south_practice))
    assert "not in your territories" in answer.content.decode()
    answer = client.post(reverse("visits:log"), log_body(world.north_practice, people=[f"provider-{world.south_provider.pk}"]))
    assert "Somebody chosen here is not in your territories" in answer.content.decode()
    assert not Visit.objects.exists()


def test_without_javascript_the_practice_is_typed(as_, world):
    factories.make_practice("North Family Dental", territory=world.north, zip="44102", city="Elyria")
    client = as_("nora")
    answer = client.post(reverse("visits:log"), log_body(world.north_practice) | {"practice": "", "practice_text": "north family"})
    assert "Which one?" in answer.content.decode()
    answer = client.post(reverse("visits:log"), log_body(world.north_practice) | {"practice": "", "practice_text": "north family practice"})
    assert answer.status_code == 302
    assert Visit.objects.get().practice == world.north_practice
    answer = client.post(reverse("visits:log"), log_body(world.north_practice) | {"practice": "", "practice_text": "South Medical Group"})
    assert "No practice in your territories has this name." in answer.content.decode()


def test_undo_after_saving_and_undo_of_the_undo(as_, world):
    client = as_("nora")
    client.post(reverse("visits:log"), log_body(world.north_practice))
    visit = Visit.objects.get()
    page = client.post(reverse("visits:delete", args=[visit.pk]), follow=True).content.decode()
    assert f"Visit to {world.north_practice} deleted." in page
    assert client.get(visit.get_absolute_url()).status_code == 404
    client.post(reverse("visits:restore", args=[visit.pk]))
    assert client.get(visit.get_absolute_url()).status_code == 200


def test_a_retry_of_a_visit_deleted_since_is_no_second_one(as_, world):
    client, body = as_("nora"), log_body(world.north_practice)
    client.post(reverse("visits:log"), body)
    client.post(reverse("visits:delete", args=[Visit.objects.get().pk]))
    assert client.post(reverse("visits:log"), body).headers["Location"] == reverse("visits:list")
    assert Visit.objects.count() == 1


def test_a_plan_is_made_changed_missed_and_logged(as_, world):
    client = as_("nora")
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    body = {"practice": world.north_practice.pk, "day": tomorrow, "time": "14:30", "purpose": "Say hello", "client_id": uuid.uuid4()}
    answer = client.post(reverse("visits:plan"), body)
    plan = Visit.objects.get()
    assert answer.headers["Location"] == plan.get_absolute_url()
    assert client.post(reverse("visits:plan"), body).headers["Location"] == plan.get_absolute_url()
    assert (timezone.localtime(plan.planned_at).time(), plan.owner) == (dt.time(14, 30), world.nora)
    client.post(reverse("visits:edit", args=[plan.pk]), body | {"time": "16:00"})
    plan.refresh_from_db()
    assert timezone.localtime(plan.planned_at).time() == dt.time(16)
    page = client.get(reverse("visits:log"), {"planned": plan.pk}).content.decode()
    assert "Say hello" in page
    client.post(reverse("visits:log"), log_body(world.north_practice, planned=plan.pk))
    plan.refresh_from_db()
    assert plan.state == "done"
    # A plan that is logged already: what comes again under another key is a visit of its own, never lost.
    client.post(reverse("visits:log"), log_body(world.north_practice, planned=plan.pk))
    assert Visit.objects.made().count() == 2


def test_a_manager_plans_for_somebody(as_, world):
    body = {
        "practice": world.north_practice.pk,
        "day": timezone.localdate(),
        "time": "23:59",
        "owner": world.nora.pk,
        "client_id": uuid.uuid4(),
    }
    as_("dana").post(reverse("visits:plan"), body)
    assert Visit.objects.get().owner == world.nora
    page = as_("nora").get(reverse("visits:list")).content.decode()
    assert "Today" in page


def test_the_form_holds_the_pass_of_a_practice_that_one_sees_and_of_no_other(as_, world):
    """A phone whose pack has not come yet sends it, should the practice go to others before the visit arrives."""
    mine = pass_for(world.nora, world.north_practice.pk, on=timezone.localdate())
    held = f'name="field_pass" value="{mine}"'
    assert held in as_("nora").get(reverse("visits:log"), {"practice": world.north_practice.pk}).content.decode()
    assert held in as_("nora").get(reverse("visits:office"), {"practice": world.north_practice.pk}).content.decode()
    plan = make_visit(world.north_practice, world.nora, state="planned")
    world.north_practice.territory = world.south
    world.north_practice.save()
    page = as_("nora").get(reverse("visits:log"), {"planned": plan.pk}).content.decode()
    assert world.north_practice.name in page
    assert "field_pass" not in page


def test_after_a_visit_the_next_stop_is_one_tap_away(as_, world):
    now = timezone.localtime()
    noon = now.replace(hour=12, minute=0)
    first, second = (
        make_visit(world.north_practice, world.nora, state="planned", planned_at=noon + dt.timedelta(minutes=n)) for n in (0, 5)
    )
    make_visit(world.north_practice, world.nora, state="planned", planned_at=noon + dt.timedelta(days=1))
    brief = reverse("visits:brief", args=[world.north_practice.pk])
    done = make_visit(world.north_practice, world.nora)
    page = as_("nora").get(f"{done.get_absolute_url()}?saved=1").content.decode()
    assert f'href="{brief}">Next: {world.north_practice.name}<' in page
    assert "Next: " not in as_("nora").get(done.get_absolute_url()).content.decode()
    client = as_("nora")
    answer = client.post(reverse("visits:miss", args=[first.pk]), {"back_on": timezone.localdate() + dt.timedelta(days=2)}, follow=True)
    assert answer.redirect_chain[-1][0] == f"{reverse('visits:today')}?missed={first.pk}"
    page = answer.content.decode()
    assert "is marked as missed." in page
    assert "The next try is planned for " in page
    assert f'action="{reverse("visits:restore", args=[first.pk])}"' in page
    assert "is marked as missed." not in as_("nora").get(f"{reverse('visits:today')}?missed={second.pk}").content.decode()
    assert "is marked as missed." not in as_("dana").get(f"{reverse('visits:today')}?missed={first.pk}").content.decode()


def test_missed_on_the_page(as_, world):
    plan = make_visit(world.north_practice, world.nora, state="planned")
    client, url = as_("nora"), reverse("visits:miss", args=[plan.pk])
    assert "This day is over" in client.post(url, {"back_on": "2020-01-01"}).content.decode()
    answer = client.post(url, {"back_on": timezone.localdate() + dt.timedelta(days=2), "note": "On leave"}, follow=True)
    assert "The next try is planned." in answer.content.decode()
    assert "no longer planned" in client.post(url, {}).content.decode()
    client.post(reverse("visits:restore", args=[plan.pk]))
    assert Visit.objects.planned().get() == plan


def test_cancelling_asks_first(as_, world):
    plan = make_visit(world.north_practice, world.nora, state="planned")
    client, url = as_("nora"), reverse("visits:cancel", args=[plan.pk])
    assert "Cancel this visit?" in client.get(url).content.decode()
    assert "Bring back" in client.post(url, follow=True).content.decode()


def test_an_edit_that_is_wrong_keeps_what_was_typed(as_, world):
    visit = make_visit(world.north_practice, world.nora, outcome="met staff")
    client, url = as_("nora"), reverse("visits:edit", args=[visit.pk])
    body = {"mode": "phone", "outcome": "issue raised", "visited_at": "", "note": "Keep me"}
    answer = client.post(url, body)
    assert answer.status_code == 422
    assert "Keep me" in answer.content.decode()
    client.post(url, body | {"visited_at": "2026-03-03T09:30"})
    page = client.get(visit.get_absolute_url()).content.decode()
    assert "Keep me" in page
    assert "Edited: " in page
    assert "3 Mar 2026, 09:30" in page


def test_colleagues_of_one_practice_do_not_change_each_others_visits(as_, world):
    factories.assign(world.sol, world.north, primary=False)
    visit = make_visit(world.north_practice, world.nora)
    client = as_("sol")
    assert "Edit" not in client.get(visit.get_absolute_url()).content.decode().split("<main")[1]
    assert "Only Nora or a manager" in client.post(reverse("visits:edit", args=[visit.pk]), {}, follow=True).content.decode()
    client.post(reverse("visits:delete", args=[visit.pk]))
    assert Visit.objects.filter(deleted_at=None).exists()


# Follow-ups


def test_done_by_one_tap_draws_the_row_again(as_, world):
    item = make_follow_up(world.north_practice, world.nora, due_in=-1)
    client = as_("nora")
    row = client.post(reverse("visits:follow-up-done", args=[item.pk]), headers={"HX-Request": "true"}).content.decode()
    assert "Undo" in row
    assert "<html" not in row
    page = client.post(reverse("visits:follow-up-reopen", args=[item.pk]), follow=True).content.decode()
    assert "Overdue" in page
    answer = client.post(reverse("visits:follow-up-done", args=[item.pk]), {"next": "https://elsewhere.example/"})
    assert answer.headers["Location"].startswith(f"{reverse('visits:follow-ups')}?undo=")
    assert "Undo" in client.get(answer.headers["Location"]).content.decode()


def test_whose_and_which_follow_ups(as_, world):
    make_follow_up(world.north_practice, world.nora, text="Noras late one", due_in=-3)
    make_follow_up(world.north_practice, world.dana, text="Danas own")
    client, url = as_("nora"), reverse("visits:follow-ups")

    def shown(**query):
        page = client.get(url, query).content.decode()
        return {text for text in ("Noras late one", "Danas own") if text in page}

    assert shown() == {"Noras late one"}
    assert shown(whose="all") == {"Noras late one", "Danas own"}
    assert shown(whose="all", state="overdue") == {"Noras late one"}
    assert shown(state="done") == set()
    client = as_("dana")
    assert shown() == {"Noras late one", "Danas own"}
    assert shown(whose="mine") == {"Danas own"}


def test_a_follow_up_is_added_to_a_visit_and_to_a_practice(as_, world):
    visit = make_visit(world.north_practice, world.nora)
    client, url = as_("nora"), reverse("visits:follow-up-add")
    body = {"practice": world.north_practice.pk, "text": "Call back", "due_on": timezone.localdate()}
    assert client.post(f"{url}?visit={visit.pk}", body).headers["Location"] == visit.get_absolute_url()
    assert client.post(f"{url}?provider={world.north_provider.pk}", body).headers["Location"] == world.north_practice.get_absolute_url()
    assert [(item.visit, item.provider) for item in FollowUp.objects.order_by("pk")] == [(visit, None), (None, world.north_provider)]
    wrong = client.post(url, body | {"text": "", "due_on": "2020-01-01"})
    assert wrong.status_code == 422
    assert client.post(url, body | {"practice": world.south_practice.pk}).status_code == 422


# Lists, panels, files


def test_filters_of_the_list(as_, world):
    make_visit(
        world.north_practice, world.nora, mode="phone", outcome="issue raised", visited_at=timezone.localtime() - dt.timedelta(days=40)
    )
    make_visit(world.south_practice, world.sol, mode="virtual", outcome="met staff")
    client, url = as_("dana"), reverse("visits:list")

    def shown(**query):
        table = client.get(url, query, headers={"HX-Request": "true"}).content.decode()
        return {name for name in (world.north_practice.name, world.south_practice.name) if name in table}

    both, north = {world.north_practice.name, world.south_practice.name}, {world.north_practice.name}
    assert shown() == both
    for query in (
        {"q": "north FAM"},
        {"owner": world.nora.pk},
        {"territory": world.north.pk},
        {"mode": "phone"},
        {"outcome": "issue raised"},
        {"end": timezone.localdate() - dt.timedelta(days=20)},
        {"practice": world.north_practice.pk},
    ):
        assert shown(**query) == north, query
    assert shown(territory=world.region.pk) == both
    assert shown(start=timezone.localdate() - dt.timedelta(days=20)) == {world.south_practice.name}
    assert shown(state="planned") == set()
    assert "No visit fits these filters" in client.get(url, {"q": "zzz"}).content.decode()


def test_what_nobody_has_done_yet_says_what_to_do(as_, world):
    page = as_("nora").get(reverse("visits:list")).content.decode()
    assert "Nothing planned" in page
    assert "No visits yet" in page
    assert "Nothing to follow up" in as_("nora").get(reverse("visits:follow-ups")).content.decode()


def test_the_export_holds_what_the_filter_shows_and_is_recorded(as_, world):
    make_visit(world.north_practice, world.nora, note="=cmd()", outcome="met staff")
    make_visit(world.south_practice, world.sol)
    answer = as_("dana").get(reverse("visits:export"), {"owner": world.nora.pk})
    lines = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert len(lines) == 2
    assert lines[1][3] == world.north_practice.name
    assert lines[1][-1] == "'=cmd()"
    assert AuditEvent.objects.get(event="visits.exported").details == {"kind": "csv", "rows": 1, "filters": ["owner"]}


def test_a_panel_loads_more(as_, world):
    for days in range(12):
        make_visit(
            world.north_practice,
            world.nora,
            outcome="met staff",
            note=f"note {days}.",
            visited_at=timezone.localtime() - dt.timedelta(days=days),
        )
    client, url = as_("nora"), reverse("visits:practice-panel", args=[world.north_practice.pk])
    first = client.get(url).content.decode()
    assert "note 0." in first
    assert "note 9." not in first
    assert "offset=8" in first
    rest = client.get(url, {"offset": 8}).content.decode()
    assert "note 9." in rest
    assert "Load more" not in rest


def test_a_provider_panel_shows_no_visit_out_of_scope(as_, world):
    Affiliation.objects.create(provider=world.north_provider, practice=world.south_practice, is_primary=False)
    for practice, owner, note in ((world.north_practice, world.nora, "in the north"), (world.south_practice, world.sol, "in the south")):
        make_visit(practice, owner, note=note).attendees.create(provider=world.north_provider)
    page = as_("nora").get(reverse("visits:provider-panel", args=[world.north_provider.pk])).content.decode()
    assert "in the north" in page
    assert "in the south" not in page


def test_search_fields_find_only_what_is_in_scope(as_, world):
    make_staff(world.north_practice, "Kim Front")
    make_staff(world.south_practice, "Kim Back")
    client = as_("nora")
    found = (
        client.get(reverse("visits:practice-options"), {"q": "medical"}).json()
        + client.get(reverse("visits:practice-options"), {"q": "north"}).json()
    )
    assert [item["label"] for item in found] == ["North Family Practice"]
    people = client.get(reverse("visits:people-options"), {"q": "kim"}).json()
    assert [(item["label"], item["sub"]) for item in people] == [("Kim Front", "North Family Practice")]
    assert [item["value"] for item in client.get(reverse("visits:people-options"), {"q": "pat northrop"}).json()] == [
        f"provider-{world.north_provider.pk}"
    ]
    assert client.get(reverse("visits:people-options"), {"q": "southwell"}).json() == []
    assert client.get(reverse("visits:people-options"), {"q": " "}).json() == []


def test_topics_are_added_renamed_and_taken_off_the_form(as_, world):
    client = as_("ada")
    assert client.post(reverse("visits:topics"), {"name": "Access", "is_active": "on"}).status_code == 302
    assert "There is a topic with this name already" in client.post(reverse("visits:topics"), {"name": "Access"}).content.decode()
    topic = Topic.objects.get()
    assert "Access" in as_("nora").get(reverse("visits:log")).content.decode()
    as_("ada").post(reverse("visits:topic", args=[topic.pk]), {"name": "Access to care"})
    assert "Access" not in as_("nora").get(reverse("visits:log")).content.decode()


def test_a_new_installation_offers_topics_and_a_chosen_list_is_left_alone(db):
    offer = import_module("visits.migrations.0001_schema").offer_usual_topics
    offer(apps, SimpleNamespace(connection=connection))
    assert Topic.objects.filter(name="Introduction").exists()
    Topic.objects.exclude(name="Feedback").delete()
    offer(apps, SimpleNamespace(connection=connection))
    assert [topic.name for topic in Topic.objects.all()] == ["Feedback"]


def _rows(world):
    def add(count):
        for number in range(count):
            practice = factories.make_practice(territory=world.north, zip="44101")
            visit = make_visit(practice, world.nora, outcome="met provider")
            visit.attendees.create(provider=factories.make_provider(at=practice))
            visit.topics.add(make_topic(f"Topic {visit.pk}"))
            make_visit(practice, world.nora, state="planned")
            make_follow_up(practice, world.nora, due_in=-1, visit=visit)
            make_follow_up(world.north_practice, world.nora)
            on_panel = make_visit(world.north_practice, world.nora, visited_at=timezone.now())
            on_panel.attendees.create(provider=world.north_provider)
            on_panel.topics.add(make_topic(f"Topic {number}"))

    return add


@pytest.mark.parametrize("name", ["list", "follow-ups", "log", "plan"])
def test_pages_are_flat(as_, world, assert_flat_queries, name):
    as_("nora")
    assert_flat_queries(reverse(f"visits:{name}"), _rows(world))


def test_panels_export_and_api_are_flat(as_, world, assert_flat_queries):
    as_("dana")
    add = _rows(world)
    for url in (
        reverse("visits:practice-panel", args=[world.north_practice.pk]),
        reverse("visits:provider-panel", args=[world.north_provider.pk]),
        reverse("visits:export"),
        "/api/v1/visits/",
        "/api/v1/follow-ups/",
    ):
        assert_flat_queries(url, add)
