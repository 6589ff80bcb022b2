"""Pages, panel, files and API of concerns: who sees what, the steps by hand, the guard against patients, flat queries."""

import datetime as dt
import io
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from audit.models import AuditEvent
from common.tables import open_table
from concerns.filters import ALL
from concerns.models import Category, Concern, Department
from tests import factories
from tests.factories.concerns import make_category, make_concern, make_department


def text_of(answer) -> str:
    page = answer.content.decode()
    return page[page.index("<main") : page.index("</main>")] if "</main>" in page else page


@pytest.fixture
def concern(world):
    return make_concern(world.north_practice, world.nora, days_ago=3)


@pytest.mark.parametrize(
    ("who", "status"), [("nora", 200), ("sol", 404), ("over", 404), ("past", 404), ("dana", 200), ("ivan", 200), ("elle", 403), (None, 302)]
)
def test_who_sees_a_concern(as_, concern, who, status):
    for address in (concern.get_absolute_url(), f"/concerns/practices/{concern.practice_id}/panel/"):
        assert as_(who).get(address).status_code == status
    assert as_(who).get(f"/api/v1/concerns/{concern.pk}/").status_code == {302: 401}.get(status, status)


def test_the_list_shows_open_ones_and_its_tabs_count(as_, world):
    make_concern(world.north_practice, world.nora, days_ago=10, text="Late one.")
    make_concern(world.north_practice, world.nora, text="Young one.")
    resolved = make_concern(world.north_practice, world.nora, text="Solved one.", state="resolved", resolved_at=timezone.now())
    make_concern(world.south_practice, world.sol, text="Elsewhere.")
    page = text_of(as_("nora").get("/concerns/"))
    assert "Late one." in page
    assert "Young one." in page
    assert "Solved one." not in page
    assert "Elsewhere." not in page
    assert "3 days late" in page
    late = text_of(as_("nora").get("/concerns/?state=late"))
    assert "Late one." in late
    assert "Young one." not in late
    assert "Tell the practice" in text_of(as_("nora").get("/concerns/?state=resolved"))
    assert text_of(as_("dana").get(f"/concerns/?state={ALL}")).count("one.") == 3
    assert resolved.practice.name in text_of(as_("nora").get("/concerns/?state=unfinished"))


def test_filters(as_, world):
    finance = make_category("Insurance", department=make_department("Finance"))
    one = make_concern(world.north_practice, world.dana, text="Insurance trouble.", category=finance, severity="high")
    two = make_concern(world.north_practice, world.nora, text="Phone trouble.", escalated_to=world.dana, escalated_at=timezone.now())
    client = as_("nora")
    for query, seen in {
        f"department={finance.department_id}": {one},
        f"category={two.category_id}": {two},
        "severity=high": {one},
        "mine=on": {two},
        f"whose={world.nora.pk}": {two},
        f"territory={world.north.pk}": {one, two},
        "q=north fam": {one, two},
        "q=nowhere": set(),
        f"practice={world.north_practice.pk}": {one, two},
    }.items():
        answer = client.get(f"/concerns/?{query}")
        assert {row.concern for row in answer.context["rows"]} == seen, query
        listed = client.get(f"/api/v1/concerns/?{query}")
        assert {row["id"] for row in listed.json()["results"]} == {concern.pk for concern in seen}, query
    assert "No concern fits" in text_of(client.get("/concerns/?q=nowhere"))
    assert {row.concern for row in as_("dana").get("/concerns/?mine=on").context["rows"]} == {one, two}


def test_a_concern_from_the_phone(as_, world):
    category = make_category()
    client = as_("nora")
    assert "First the practice" in text_of(client.get("/concerns/new/"))
    assert "North Family Practice" in text_of(client.get("/concerns/new/?q=north"))
    assert "No such practice" in text_of(client.get("/concerns/new/?q=south"))
    assert client.get(f"/concerns/new/?practice={world.south_practice.pk}").status_code == 404
    address = f"/concerns/new/?practice={world.north_practice.pk}"
    assert world.north_provider.last_name in text_of(client.get(address))
    empty = client.post(address, {})
    assert empty.status_code == 422
    assert "Say what the practice said" in text_of(empty)
    sent = {"text": "Six weeks wait.", "category": category.pk, "severity": "high", "provider": world.north_provider.pk}
    answer = client.post(address, sent)
    concern = Concern.objects.get()
    assert answer["Location"] == concern.get_absolute_url()
    assert (concern.text, concern.severity, concern.provider, concern.raised_by) == (
        "Six weeks wait.",
        "high",
        world.north_provider,
        world.nora,
    )


def test_what_looks_like_a_patient_is_asked_about_before_it_is_kept(as_, world):
    category = make_category()
    address = f"/concerns/new/?practice={world.north_practice.pk}"
    client = as_("nora")
    assert "This tells nothing of a patient" not in text_of(client.get(address))
    sent = {"text": "Pt Smith, MRN 123456, waited.", "category": category.pk, "severity": "normal"}
    asked = client.post(address, sent)
    assert asked.status_code == 422
    assert "This looks like a patient&#x27;s name and a record number" in text_of(asked)
    assert "This tells nothing of a patient" in text_of(asked)
    assert not Concern.objects.exists()
    assert client.post(address, {**sent, "is_none": "on"}).status_code == 302
    assert Concern.objects.get().text == "Pt Smith, MRN 123456, waited."
    api = client.post("/api/v1/concerns/", {**sent, "category": category.name, "practice": world.north_practice.pk}, "application/json")
    assert api.status_code == 400
    assert "record number" in api.json()["detail"]


def test_every_step_by_hand(as_, world, concern):
    client, url = as_("nora"), concern.get_absolute_url()
    assert "Nothing yet. Access center has until" in text_of(client.get(url))
    for name in ("resolve", "escalate", "change"):
        assert client.get(f"{url}{name}/").status_code == 200
    assert client.get(f"{url}nothing/").status_code == 404
    assert client.post(f"{url}comment/", {"text": "Asked them."}).status_code == 302
    assert client.post(f"{url}comment/", {"text": ""}).status_code == 422
    assert client.post(f"{url}escalate/", {}).status_code == 422, "no lead, so a person is needed"
    assert client.post(f"{url}escalate/", {"to": world.dana.pk, "text": "Too slow."}).status_code == 302
    other = make_category("Waiting", days=30)
    due = (timezone.localdate() + dt.timedelta(days=9)).isoformat()
    changed = {"category": other.pk, "severity": "low", "department": concern.department_id, "owner": world.dana.pk, "due_on": due}
    assert client.post(f"{url}change/", changed).status_code == 302
    assert client.post(f"{url}resolve/", {"resolution": ""}).status_code == 422
    assert client.post(f"{url}resolve/", {"resolution": "A second line."}).status_code == 302
    page = text_of(client.get(url))
    assert "has not been told yet" in page
    assert client.get(f"{url}resolve/").status_code == 302, "a second click changes nothing"
    today = timezone.localdate()
    ahead = client.post(f"{url}tell/", {"told_on": today + dt.timedelta(days=1), "told_how": "visit", "told_by": world.nora.pk})
    assert ahead.status_code == 422
    early = client.post(f"{url}tell/", {"told_on": today - dt.timedelta(days=1), "told_how": "visit", "told_by": world.nora.pk})
    assert "cannot have heard before" in text_of(early)
    assert client.post(f"{url}tell/", {"told_on": today, "told_how": "visit", "told_by": world.nora.pk, "text": "Glad."}).status_code == 302
    page = text_of(client.get(url))
    assert "on a visit, by Nora" in page
    for words in ("Asked them.", "Too slow.", "A second line.", "Glad."):
        assert words in page
    assert client.post(f"{url}reopen/", {"text": "Again."}).status_code == 302
    concern.refresh_from_db()
    assert (concern.state, concern.severity, concern.owner) == ("open", "low", world.dana)


def test_readers_see_no_buttons_and_may_not_write(as_, concern):
    page = text_of(as_("ivan").get(concern.get_absolute_url()))
    assert "You said" in page
    assert "Add comment" not in page
    assert as_("ivan").post(f"{concern.get_absolute_url()}resolve/", {"resolution": "x"}).status_code == 403
    assert as_("sol").post(f"{concern.get_absolute_url()}resolve/", {"resolution": "x"}).status_code == 404
    assert as_("ivan").post(f"/api/v1/concerns/{concern.pk}/resolve/", {"resolution": "x"}).status_code == 403
    assert as_("sol").post(f"/api/v1/concerns/{concern.pk}/resolve/", {"resolution": "x"}).status_code == 404


def test_the_panel_of_a_practice(as_, world):
    panel = f"/concerns/practices/{world.north_practice.pk}/panel/"
    assert "has raised nothing yet" in text_of(as_("nora").get(panel))
    make_concern(world.north_practice, world.nora, days_ago=20, text="Open and late.")
    make_concern(world.north_practice, world.nora, text="Not told.", state="resolved", resolved_at=timezone.now(), resolution="Two slots.")
    for place in range(5):
        make_concern(
            world.north_practice, world.nora, text=f"Done {place}.", state="closed", resolved_at=timezone.now(),
            told_on=timezone.localdate(), told_by=world.nora, told_how="phone",
        )  # fmt: skip
    page = as_("nora").get(panel)
    assert len(page.context["closed"]) == 3
    for words in ("Open and late.", "13 days late", "We did: Two slots.", "Tell the practice"):
        assert words in text_of(page)
    fragment = as_("nora").get(panel, headers={"hx-request": "true"})
    assert "<html" not in text_of(fragment)
    assert panel in text_of(as_("nora").get(world.north_practice.get_absolute_url()))


def test_files(as_, world, concern):
    concern.text = "=cmd()"
    concern.save()
    make_concern(world.south_practice, world.sol)
    assert as_("nora").get("/concerns/files/concerns.csv").status_code == 403, "who may not export gets none"
    for kind in ("csv", "xlsx"):
        answer = as_("dana").get(f"/concerns/files/concerns.{kind}?territory={world.north.pk}")
        data = b"".join(answer.streaming_content) if answer.streaming else answer.content
        with open_table(io.BytesIO(data)) as table:
            rows = [dict(zip(table.headers, values, strict=True)) for _, values in table]
        assert [row["concern"] for row in rows] == ["=cmd()"], "read back as it was, and no formula in between"
        assert rows[0]["department"] == "Access center"
    assert as_("dana").get("/concerns/files/concerns.pdf").status_code == 404
    assert AuditEvent.objects.filter(event="concerns.exported").count() == 2


def test_the_api_makes_every_step(as_, world):
    make_category("Waiting", days=30)
    make_category()
    client = as_("nora")

    def post(path, **body):
        return client.post(f"/api/v1/concerns/{path}", body, "application/json")

    made = post("", practice=world.north_practice.pk, category="Waiting", text="Six weeks wait.")
    assert made.status_code == 201
    pk = made.json()["id"]
    assert post("", practice=world.south_practice.pk, category="Waiting", text="Six weeks wait.").status_code == 400, "unknown to her"
    patched = client.patch(f"/api/v1/concerns/{pk}/", {"severity": "high", "category": "Scheduling"}, "application/json")
    assert (patched.json()["severity"], patched.json()["category"]) == ("high", "Scheduling")
    assert patched.json()["due_on"] == (timezone.localdate() + dt.timedelta(days=7)).isoformat()
    assert post(f"{pk}/comments/", text="Asked.").json()["comments"][0]["text"] == "Asked."
    assert post(f"{pk}/escalate/").status_code == 400
    assert post(f"{pk}/escalate/", to=world.dana.pk).json()["escalated_to"] == world.dana.pk
    assert post(f"{pk}/tell/", told_on=timezone.localdate().isoformat(), told_how="phone").status_code == 400, "not resolved yet"
    assert post(f"{pk}/resolve/", resolution="Slots.").json()["state"] == "resolved"
    closed = post(f"{pk}/tell/", told_on=timezone.localdate().isoformat(), told_how="phone").json()
    assert (closed["state"], closed["told_by"]) == ("closed", world.nora.pk)
    assert post(f"{pk}/reopen/", text="Back.").json()["state"] == "open"


@pytest.mark.parametrize("address", ["/concerns/?state=all", "/api/v1/concerns/", "/concerns/files/concerns.csv"])
def test_lists_are_flat(client, world, assert_flat_queries, address):
    client.force_login(world.dana)

    def add(count: int) -> None:
        for _ in range(count):
            practice = factories.make_practice(territory=world.north)
            made = make_concern(practice, world.nora, provider=factories.make_provider(at=practice))
            made.comments.create(text="Hm.", written_by=world.nora)

    assert_flat_queries(address, add)


def test_a_concern_page_is_flat(client, world, concern, assert_flat_queries):
    client.force_login(world.nora)
    assert_flat_queries(
        concern.get_absolute_url(), lambda count: [concern.comments.create(text="Hm.", written_by=world.nora) for _ in range(count)]
    )


def test_settings_pages(as_, world, concern):
    client = as_("ada")
    page = text_of(client.get("/concerns/categories/"))
    assert "Scheduling" in page
    assert "No lead" in page
    assert client.post("/concerns/departments/new/", {"name": "Finance", "lead": world.dana.pk, "is_active": "on"}).status_code == 302
    finance = Department.objects.get(name="Finance")
    sent = {"name": "Insurance", "department": finance.pk, "deadline_days": 14, "escalate_days": "", "is_active": "on"}
    assert client.post("/concerns/categories/", sent).status_code == 302
    again = client.post("/concerns/categories/", sent)
    assert again.status_code == 422
    assert "There is a category with this name already" in text_of(again)
    assert client.post("/concerns/categories/", {**sent, "name": "Zero", "deadline_days": 0}).status_code == 422
    stored = Category.objects.get(name="Insurance")
    assert client.post(f"/concerns/categories/{stored.pk}/", {**sent, "deadline_days": 3, "escalate_days": 2}).status_code == 302
    assert client.post(f"/concerns/departments/{finance.pk}/", {"name": "Money", "lead": "", "is_active": ""}).status_code == 302
    assert client.post(f"/concerns/departments/{finance.pk}/", {"name": "Access center", "lead": ""}).status_code == 422
    stored.refresh_from_db()
    assert (stored.deadline_days, stored.escalate_days, stored.department.name, stored.department.is_active) == (3, 2, "Money", False)
    for who, status in (("dana", 403), ("nora", 403)):
        assert as_(who).get("/concerns/categories/").status_code == status


def test_without_categories_the_form_says_who_helps(as_, world):
    assert "No categories yet" in text_of(as_("nora").get(f"/concerns/new/?practice={world.north_practice.pk}"))


def test_the_usual_categories_are_offered_on_the_first_day(db):
    offer = import_module("concerns.migrations.0002_usual_categories").offer_usual_categories
    with connection.schema_editor() as editor:
        offer(apps, editor)
        offer(apps, editor)  # somebody has chosen: nothing is added
    assert Category.objects.count() == 8
    assert Category.objects.get(name="Scheduling").department.name == "Access center"
