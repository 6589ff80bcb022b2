"""Pages of territories: who sees what, what they say, and that they stay flat."""

import datetime as dt

import pytest
from django.urls import reverse

from contacts.models import PracticePin
from contacts.placement import place_practices
from jobs.models import Job
from territories.models import Assignment, ServiceLine, Territory
from tests import factories

HTMX = {"headers": {"HX-Request": "true"}}
NOBODY_INSIDE = {"elle": 403, None: 302}
ALL = {"nora": 200, "sol": 200, "past": 200, "over": 200, "dana": 200, "ada": 200, "ivan": 200} | NOBODY_INSIDE
NORTH = ALL | {"sol": 404, "past": 404, "over": 404}
SOUTH = ALL | {"nora": 404, "past": 404}
ROOT = ALL | dict.fromkeys(("nora", "sol", "past", "over", "dana"), 404)
EDIT = dict.fromkeys(ALL, 403) | {"ada": 200, None: 302}


PAGES = [
    ("territories:list", None, ALL),
    ("territories:detail", "north", NORTH),
    ("territories:detail", "south", SOUTH),
    ("territories:detail", "root", ROOT),
    ("contacts:territory-counts", None, ALL),
    ("contacts:territory-panel", "north", NORTH),
    ("contacts:territory-panel", "root", ROOT),
    ("territories:new", None, EDIT),
    ("territories:edit", "north", EDIT),
    ("territories:edit", "root", EDIT),
    ("territories:archive", "north", EDIT),
    ("territories:assign", "north", EDIT),
    ("territories:counties", None, EDIT),
    ("territories:service-lines", None, EDIT),
]


@pytest.mark.parametrize(("name", "which", "expected"), PAGES, ids=[f"{name} {which}" for name, which, _ in PAGES])
def test_who_opens_what(as_, world, name, which, expected):
    url = reverse(name, args=[getattr(world, which).pk] if which else [])
    assert {who: as_(who).get(url).status_code for who in expected} == expected


@pytest.mark.parametrize("who", [who for who, status in EDIT.items() if status == 403])
def test_only_admins_write(as_, world, who):
    assignment = world.north.assignments.get(user=world.nora)
    for name, pk in (
        ("territories:edit", world.north.pk),
        ("territories:archive", world.north.pk),
        ("territories:undo", world.north.pk),
        ("territories:assign", world.north.pk),
        ("territories:assignment-end", assignment.pk),
        ("territories:service-line", world.line.pk),
    ):
        assert as_(who).post(reverse(name, args=[pk])).status_code == 403, name
    assert as_(who).post(reverse("contacts:rule-preview")).status_code == 403


def test_the_tree_is_cut_to_ones_part(as_, world):
    seen = {who: as_(who).get(reverse("territories:list")).content.decode() for who in ("nora", "dana", "ada")}

    assert ">North</a>" in seen["nora"]
    assert ">South</a>" not in seen["nora"]
    assert ">South</a>" in seen["dana"]
    assert ">Everything</a>" not in seen["dana"]
    assert ">Everything</a>" in seen["ada"]
    assert "New territory" in seen["ada"]
    assert "New territory" not in seen["dana"]


def test_somebody_without_a_territory_is_told(as_, world):
    assert "No territory is yours today" in as_("past").get(reverse("territories:list")).content.decode()


def test_counts_reach_their_cells(as_, world):
    text = as_("ada").get(reverse("contacts:territory-counts")).content.decode()

    assert f'<span id="practices-{world.region.pk}" hx-swap-oob="true">2</span>' in text
    assert "1 practice owned by nobody" in text
    assert "owned by nobody" not in as_("nora").get(reverse("contacts:territory-counts")).content.decode()


def test_panel_of_a_territory(as_, world):
    PracticePin.objects.create(practice=world.unowned_practice, territory=world.north)
    place_practices()

    text = as_("nora").get(reverse("contacts:territory-panel", args=[world.north.pk])).content.decode()

    assert "2 practices, 2 providers" in text
    assert "Far Away Associates" in text
    assert "1 pinned by name" in text


def test_a_territory_is_drawn_in_the_browser(as_, world, run_jobs):
    client = as_("ada")
    asked = {
        "name": "West",
        "parent": world.region.pk,
        "description": "",
        "more_zips": "99501,\n99502 99503-1234;",
        "counties": ["AK/Bethel Census Area"],
    }

    answer = client.post(reverse("territories:new"), asked | {"state": "AK"}, follow=True)

    west = Territory.objects.get(name="West")
    assert [rule.value for rule in west.rules.all()] == ["AK/Bethel Census Area", "99501", "99502", "99503"]
    job = Job.objects.get(name="contacts.place_practices")
    assert reverse("territories:moves", args=[job.pk]) in answer.content.decode()
    world.unowned_practice.refresh_from_db()
    assert world.unowned_practice.territory is None
    assert "Placing practices" in client.get(reverse("territories:moves", args=[job.pk])).content.decode()
    run_jobs()
    world.unowned_practice.refresh_from_db()
    assert world.unowned_practice.territory == west


def test_the_end_of_a_move_is_told(as_, world):
    job = Job.objects.create(name="contacts.place_practices", state="done")
    url = reverse("territories:moves", args=[job.pk])
    assert "Done." in as_("ada").get(url).content.decode()

    follows = Job.objects.create(name="referrals.derive", state="running", progress_done=5, progress_total=10)
    assert "5 of 10 referrals" in as_("ada").get(url).content.decode()

    Job.objects.filter(pk=follows.pk).update(state="failed", error="It broke.")
    assert "It broke." in as_("ada").get(url).content.decode()
    assert "nothing to move" in as_("ada").get(reverse("territories:moves", args=[follows.pk + 1])).content.decode()


def test_unticked_zips_go_and_conflicts_keep_what_was_typed(as_, world):
    client, url = as_("ada"), reverse("territories:edit", args=[world.north.pk])
    asked = {"name": "North", "parent": world.region.pk, "description": "Hills", "zips": ["44102"], "more_zips": "44301"}

    refused = client.post(url, asked)

    assert refused.status_code == 422
    assert "ZIP code 44301 belongs to South" in refused.content.decode()
    assert "Hills" in refused.content.decode()
    world.north.refresh_from_db()
    assert world.north.description == ""
    assert client.post(url, asked | {"take": "on"}).status_code == 302
    assert [rule.value for rule in world.north.rules.all()] == ["44102", "44301"]


def test_a_word_that_is_no_zip_is_named(as_, world):
    answer = as_("ada").post(
        reverse("territories:edit", args=[world.north.pk]), {"name": "North", "parent": world.region.pk, "more_zips": "44103 4410 abc"}
    )
    assert "Not a US ZIP code: 4410, abc." in answer.content.decode()


def test_looking_at_counties_saves_nothing(as_, world):
    answer = as_("ada").post(
        reverse("territories:edit", args=[world.north.pk]),
        {"name": "Other", "parent": world.region.pk, "zips": ["44101"], "state": "RI", "look": "counties"},
    )
    assert answer.status_code == 200
    assert "Providence" in answer.content.decode()
    world.north.refresh_from_db()
    assert world.north.name == "North"


def test_counties_of_a_state_beside_those_chosen(as_, world):
    text = as_("ada").get(reverse("territories:counties"), {"state": "RI", "counties": "CT/Hartford"}).content.decode()

    assert 'value="RI/Kent"' in text
    assert "Hartford, CT" in text


def test_the_organization_has_a_name_and_no_rules(as_, world):
    text = as_("ada").get(reverse("territories:edit", args=[world.root.pk])).content.decode()
    assert "more_zips" not in text
    assert 'name="parent"' not in text
    answer = as_("ada").post(reverse("territories:edit", args=[world.root.pk]), {"name": "Riverbend", "description": ""})
    assert answer.status_code == 302
    world.root.refresh_from_db()
    assert world.root.name == "Riverbend"


def test_a_new_installation_starts_with_the_organization(client, db):
    ada = factories.make_user("ada", role="admin")
    client.force_login(ada)
    assert "Name the organization" in client.get(reverse("territories:list")).content.decode()
    client.post(reverse("territories:new"), {"name": "Riverbend", "description": ""})
    assert Territory.objects.get().parent is None


@pytest.mark.parametrize("htmx", [True, False])
def test_preview_before_saving(as_, world, htmx):
    asked = {"territory": world.south.pk, "more_zips": "44101 99501 nonsense", "zips": []}

    text = as_("ada").post(reverse("contacts:rule-preview"), asked, **(HTMX if htmx else {})).content.decode()

    assert ("<html" in text) is not htmx
    for said in ("Not a US ZIP code: nonsense", "Then owned by nobody", "South Medical Group"):
        assert said in text


def test_preview_of_a_conflict_offers_to_take_over(as_, world):
    asked = {"territory": world.south.pk, "more_zips": "44101", "zips": ["44301"], "take": "on"}

    text = as_("ada").post(reverse("contacts:rule-preview"), asked, **HTMX).content.decode()

    assert "ZIP code 44101 belongs to North." in text
    assert 'id="id_take" checked' in text
    assert "From North" in text


def test_undo_on_the_page(as_, world):
    client, detail = as_("ada"), reverse("territories:detail", args=[world.north.pk])
    client.post(reverse("territories:edit", args=[world.north.pk]), {"name": "North", "parent": world.region.pk, "zips": ["44101"]})
    assert "Undo the change of" in client.get(detail).content.decode()

    answer = client.post(reverse("territories:undo", args=[world.north.pk]), follow=True)

    assert "as they were before" in answer.content.decode()
    assert "Undo the change of" not in answer.content.decode()
    assert [rule.value for rule in world.north.rules.all()] == ["44101", "44102"]
    assert "changed since" in client.post(reverse("territories:undo", args=[world.north.pk]), follow=True).content.decode()


def test_archiving_in_the_browser(as_, world):
    client, url = as_("ada"), reverse("territories:archive", args=[world.north.pk])
    assert client.post(url, {"move_to": ""}).status_code == 422

    answer = client.post(url, {"move_to": world.south.pk}, follow=True)

    assert answer.redirect_chain[0][0].startswith(reverse("territories:detail", args=[world.south.pk]))
    assert "Took over from North" in answer.content.decode()
    assert "Archived" in client.get(reverse("territories:detail", args=[world.north.pk])).content.decode()
    assert client.post(url, {"move_to": world.south.pk}).status_code == 422


def test_people_in_the_browser(as_, world):
    client, url = as_("ada"), reverse("territories:assign", args=[world.north.pk])
    asked = {"user": world.sol.pk, "part": "primary", "started_on": "2026-03-02", "ended_on": ""}

    assert "Nora is the primary" in client.post(url, asked).content.decode()
    assert "Choose the service line" in client.post(url, asked | {"part": "overlay"}).content.decode()
    text = client.post(url, asked | {"take_over": "on"}, follow=True).content.decode()

    for said in ("Sol looks after North", "Sol assigned as primary", "Nora ends as primary", "1 Jan 2020 until 2 Mar 2026"):
        assert said in text
    end = reverse("territories:assignment-end", args=[Assignment.objects.get(user=world.sol, territory=world.north).pk])
    assert client.get(end).status_code == 200
    assert client.post(end, {"ended_on": "2026-01-01"}).status_code == 422
    assert client.post(end, {"ended_on": "2026-04-01"}).status_code == 302


def test_service_lines_in_the_browser(as_, world):
    client, url = as_("ada"), reverse("territories:service-lines")

    assert client.post(url, {"name": "cardiology", "is_active": "on"}).status_code == 422
    assert client.post(url, {"name": "Oncology", "is_active": "on"}).status_code == 302
    line = ServiceLine.objects.get(name="Oncology")
    one = reverse("territories:service-line", args=[line.pk])
    assert client.get(one).status_code == 200
    client.post(one, {"name": "Cancer care"})
    line.refresh_from_db()
    assert (line.name, line.is_active) == ("Cancer care", False)


def _more(world, count):
    for _ in range(count):
        territory = factories.make_territory(parent=world.region, zips=(f"{Territory.objects.count() + 10000}",))
        factories.assign(factories.make_user(), territory)
        factories.make_practice(territory=territory)


@pytest.mark.parametrize("who", ["ada", "dana"])
@pytest.mark.parametrize("name", ["territories:list", "contacts:territory-counts", "region"])
def test_pages_are_flat(as_, world, assert_flat_queries, who, name):
    as_(who)
    url = reverse(name) if ":" in name else reverse("territories:detail", args=[world.region.pk])
    assert_flat_queries(url, lambda count: _more(world, count))


def test_a_territory_is_flat_in_people_rules_and_history(as_, world, assert_flat_queries):
    as_("ada")

    def more(count):
        for _ in range(count):
            factories.assign(factories.make_user(), world.north, primary=False, started_on=dt.date(2024, 1, 1))
            factories.make_practice(territory=world.north)

    assert_flat_queries(reverse("territories:detail", args=[world.north.pk]), more)
    assert_flat_queries(reverse("contacts:territory-panel", args=[world.north.pk]), more)
