"""The liaison logs a visit on a phone: by touch, by keyboard, pressed twice, without JavaScript; and what the page weighs."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.factories import make_practice, make_provider, make_staff, make_visit
from tests.factories.visits import make_topic
from visits.models import FollowUp, Visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def field(world):
    """The north, as nora finds it."""
    make_staff(world.north_practice, "Kim Ortega", job="Referral coordinator")
    make_topic("Access")
    world.lakeview = make_practice("Lakeview Internal Medicine", territory=world.north, zip="44101", city="Lorain")
    world.lake_provider = make_provider("Raman", at=world.lakeview, first_name="Priya", credential="MD")
    make_visit(world.lakeview, world.nora, outcome="met staff")
    return world


def test_by_touch(field, live_server, page_at, sign_in, assert_axe_clean):
    page = page_at(390)
    sign_in(page, field.nora)
    expect(page).to_have_url(f"{live_server.url}{reverse('visits:today')}")
    page.get_by_role("link", name="Log visit").first.tap()
    page.get_by_role("link", name="Lakeview Internal Medicine").tap()
    page.get_by_text("Priya Raman, MD").tap()
    expect(page.get_by_role("radio", name="Met a provider")).to_be_checked()
    page.get_by_role("checkbox", name="Access").tap()
    assert_axe_clean(page)
    page.get_by_role("button", name="Save visit").tap()
    expect(page.get_by_text("Visit saved.")).to_be_visible()
    assert_axe_clean(page)
    visit = Visit.objects.latest("pk")
    assert (visit.practice, visit.outcome, visit.mode, visit.owner) == (field.lakeview, "met provider", "in person", field.nora)
    assert [topic.name for topic in visit.topics.all()] == ["Access"]
    assert visit.entered_at < visit.received_at
    page.goto(f"{live_server.url}{field.lake_provider.get_absolute_url()}")
    expect(page.get_by_role("link", name="In person: met Priya Raman, MD")).to_be_visible()


def test_by_keyboard(field, live_server, page_at, sign_in, tab_to):
    page = page_at(390, "dark")
    sign_in(page, field.nora)
    page.goto(f"{live_server.url}{reverse('visits:log')}?practice={field.north_practice.pk}")
    tab_to(page, page.get_by_role("checkbox", name="Kim Ortega"))
    page.keyboard.press("Space")
    tab_to(page, page.get_by_role("radio", name="In person"))
    page.keyboard.press("ArrowRight")
    tab_to(page, page.locator("[name=note]"))
    page.keyboard.type("Wants the new fax number")
    tab_to(page, page.locator("summary", has_text="Add a follow-up"))
    page.keyboard.press("Enter")
    tab_to(page, page.locator("[name=follow_up]"))
    page.keyboard.type("Send the number")
    tab_to(page, page.get_by_role("button", name="Save visit"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Visit saved.")).to_be_visible()
    visit = Visit.objects.latest("pk")
    assert (visit.mode, visit.outcome, visit.note) == ("phone", "met staff", "Wants the new fax number")
    assert FollowUp.objects.get().text == "Send the number"


def test_pressed_twice_it_is_one_visit_and_undo_takes_it_back(field, live_server, page_at, sign_in):
    page = page_at(390)
    sign_in(page, field.nora)
    page.goto(f"{live_server.url}{reverse('visits:log')}?practice={field.north_practice.pk}")
    page.get_by_text("Met staff only").tap()
    page.get_by_role("button", name="Save visit").dblclick()
    expect(page.get_by_text("Visit saved.")).to_be_visible()
    assert Visit.objects.filter(practice=field.north_practice).count() == 1
    page.get_by_role("button", name="Undo").tap()
    expect(page.get_by_text("Visit to North Family Practice deleted.")).to_be_visible()
    assert not Visit.objects.filter(practice=field.north_practice, deleted_at=None).exists()


def test_back_and_save_again_is_the_same_visit(field, live_server, page_at, sign_in):
    page = page_at(390)
    sign_in(page, field.nora)
    page.goto(f"{live_server.url}{reverse('visits:log')}?practice={field.north_practice.pk}")
    page.get_by_text("Met staff only").tap()
    page.get_by_role("button", name="Save visit").tap()
    expect(page.get_by_text("Visit saved.")).to_be_visible()
    saved = page.url
    page.go_back()
    page.get_by_text("Met staff only").tap()
    page.get_by_role("button", name="Save visit").tap()
    expect(page).to_have_url(saved)
    assert Visit.objects.filter(practice=field.north_practice).count() == 1


def test_errors_come_first_have_the_focus_and_keep_what_was_typed(field, live_server, page_at, sign_in, assert_axe_clean):
    page = page_at(390, "dark")
    sign_in(page, field.nora)
    page.goto(f"{live_server.url}{reverse('visits:log')}?practice={field.north_practice.pk}")
    page.fill("[name=note]", "Keep me")
    page.get_by_role("button", name="Save visit").tap()
    expect(page.locator(".error-summary")).to_be_focused()
    expect(page.locator("[name=note]")).to_have_value("Keep me")
    assert page.title().startswith("Error: ")
    assert_axe_clean(page)


def test_without_javascript(field, live_server, page_at, sign_in):
    page = page_at(390, java_script_enabled=False)
    sign_in(page, field.nora)
    page.goto(f"{live_server.url}{reverse('visits:log')}")
    page.get_by_label("Practice, by name").fill("lakeview")
    page.get_by_text("Nobody available").tap()
    page.get_by_role("button", name="Save visit").tap()
    expect(page.get_by_text("Visit saved.")).to_be_visible()
    assert Visit.objects.latest("pk").practice == field.lakeview


def test_a_follow_up_is_ticked_off_in_its_row(field, live_server, page_at, sign_in):
    item = FollowUp.objects.create(practice=field.lakeview, owner=field.nora, created_by=field.nora, text="Call back", due_on="2026-01-05")
    page = page_at(390)
    sign_in(page, field.nora)
    page.goto(f"{live_server.url}{reverse('visits:list')}")
    page.get_by_role("button", name=re.compile("Done ?: Call back")).tap()
    undo = page.get_by_role("button", name=re.compile("Undo ?: Call back"))
    expect(undo).to_be_focused()
    item.refresh_from_db()
    assert item.done_by == field.nora
    undo.press("Enter")
    expect(page.get_by_role("button", name=re.compile("Done ?: Call back"))).to_be_visible()


def test_the_search_field_finds_practices_and_people_from_elsewhere(field, live_server, page_at, sign_in):
    page = page_at(390)
    sign_in(page, field.nora)
    page.goto(f"{live_server.url}{reverse('visits:log')}")
    page.get_by_role("combobox", name="Practice").fill("north")
    expect(page.get_by_role("option", name="North Family Practice")).to_be_visible()
    page.keyboard.press("Enter")
    page.get_by_text("Pat Northrop").tap()
    page.get_by_text("Somebody else").tap()
    page.get_by_role("combobox", name="Find by name").fill("raman")
    page.get_by_role("option", name="Priya Raman, MD").tap()
    page.get_by_role("button", name="Save visit").tap()
    expect(page.get_by_text("Visit saved.")).to_be_visible()
    visit = Visit.objects.latest("pk")
    assert visit.practice == field.north_practice
    assert {str(person) for person in visit.attendees.all()} == {"Pat Northrop", "Priya Raman, MD"}


def test_the_page_weighs_little(field, deployed, browser, client, bytes_over_the_wire):
    client.force_login(field.nora)
    context = browser.new_context(viewport={"width": 390, "height": 844})
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": deployed}])
    page = context.new_page()
    with bytes_over_the_wire(page) as count:
        page.goto(f"{deployed}{reverse('visits:log')}?practice={field.north_practice.pk}")
        page.wait_for_load_state("networkidle")
        carried = count()
    context.close()
    assert 20_000 < carried <= 100_000, f"{carried} bytes"
