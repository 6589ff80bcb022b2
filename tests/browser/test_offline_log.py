"""A visit is logged with the server gone, with the answer lost, twice at once, by two people on one phone: it arrives once, or it waits."""

import json
import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.factories import make_practice, make_provider, make_staff
from tests.factories.visits import make_topic
from visits.models import FollowUp, Visit

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

ITEMS = "async () => (await fieldDb.all('outbox')).map(({id, user, state, reason, body}) => ({id, user, state, reason, body}))"


@pytest.fixture
def field(world):
    make_staff(world.north_practice, "Kim Ortega", job="Referral coordinator")
    make_topic("Access")
    return world


def open_form(page, server, world):
    """The log form for the north practice, with the worker in place."""
    page.goto(f"{server.url}{reverse('visits:log')}?practice={world.north_practice.pk}")
    page.evaluate("navigator.serviceWorker.ready")


def log(page, note="Wants the new fax number"):
    page.get_by_text("Met staff only").tap()
    page.fill("[name=note]", note)
    page.get_by_role("button", name="Save visit").tap()


def waits(page):
    expect(page.get_by_text("Saved on this phone.")).to_be_visible(timeout=15_000)


def sent(page):
    expect(page.get_by_text("Visit sent.")).to_be_visible(timeout=30_000)


def test_saved_with_the_server_gone_and_sent_when_it_is_back(field, server, phone, assert_axe_clean):
    page = phone(field.nora)
    open_form(page, server, field)
    server.stop()
    log(page)
    waits(page)
    assert_axe_clean(page)
    assert Visit.objects.count() == 0
    expect(page.locator("[data-unsent]")).to_have_text("1")
    server.start()
    page.locator("[data-unsent]").tap()
    expect(page.get_by_text("Nothing waits: everything you saved was sent.")).to_be_visible(timeout=20_000)
    expect(page.locator("[data-sent-list]")).to_contain_text("North Family Practice")
    visit = Visit.objects.get()
    assert (visit.practice, visit.note, visit.owner) == (field.north_practice, "Wants the new fax number", field.nora)
    assert visit.visited_at <= visit.entered_at < visit.received_at
    expect(page.locator("[data-unsent]")).to_be_hidden()


def test_the_tab_is_closed_before_the_server_is_back(field, server, phone):
    page = phone(field.nora)
    open_form(page, server, field)
    server.stop()
    log(page)
    waits(page)
    context = page.context
    page.close()
    server.start()
    page = context.new_page()
    page.goto(f"{server.url}/visits/")
    expect(page.locator("[data-unsent]")).to_be_hidden(timeout=20_000)
    page.wait_for_timeout(500)
    assert Visit.objects.get().note == "Wants the new fax number"


def test_the_answer_is_lost_after_it_was_stored(field, server, phone):
    page = phone(field.nora)
    open_form(page, server, field)
    answers = []

    def lose(route):
        answers.append(route.fetch().status)
        route.abort()

    page.route("**/api/v1/visits/", lose)
    log(page)
    waits(page)
    assert (answers, Visit.objects.count()) == ([201], 1)
    page.unroute("**/api/v1/visits/")
    page.evaluate("outbox.drain({now: true, wait: true})")
    sent(page)
    assert Visit.objects.count() == 1
    assert page.evaluate(ITEMS) == []


def test_a_double_tap_is_one_visit(field, server, phone):
    page = phone(field.nora)
    open_form(page, server, field)
    page.get_by_text("Met staff only").tap()
    page.get_by_role("button", name="Save visit").dblclick()
    expect(page.get_by_text("Visit saved.")).to_be_visible(timeout=15_000)
    assert Visit.objects.count() == 1


def test_two_tabs_drain_at_once(field, server, phone):
    page = phone(field.nora)
    open_form(page, server, field)
    server.stop()
    log(page)
    waits(page)
    other = page.context.new_page()
    other.goto(f"{server.url}{reverse('visits:log')}")
    log_again = other.get_by_text("Met staff only")
    expect(log_again).to_be_visible()
    server.start()
    drain = "() => { outbox.drain({now: true}); outbox.drain({now: true, wait: true}); }"
    page.evaluate(drain)
    other.evaluate(drain)
    sent(page)
    page.wait_for_timeout(1000)
    assert Visit.objects.count() == 1


def test_the_session_is_over_and_another_user_sends_nothing(field, server, phone, client):
    page = phone(field.nora)
    open_form(page, server, field)
    page.context.clear_cookies()
    log(page)
    expect(page.get_by_text("Your visits are safe on this phone. Sign in to send them.")).to_be_visible(timeout=15_000)
    client.force_login(field.dana)
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": server.url}])
    page.goto(f"{server.url}{reverse('visits:waiting')}")
    expect(page.get_by_text("A visit of somebody else waits on this phone, until they sign in.")).to_be_visible()
    expect(page.get_by_text("North Family Practice")).to_be_hidden()
    page.evaluate("outbox.drain({now: true, wait: true})")
    assert Visit.objects.count() == 0
    client.force_login(field.nora)
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": server.url}])
    page.goto(f"{server.url}{reverse('visits:waiting')}")
    expect(page.get_by_text("Nothing waits: everything you saved was sent.")).to_be_visible(timeout=15_000)
    assert Visit.objects.get().owner == field.nora


def test_a_captive_portal_is_no_success(field, server, phone):
    page = phone(field.nora)
    open_form(page, server, field)
    page.route("**/api/**", lambda route: route.fulfill(status=200, content_type="text/html", body="<h1>Welcome to the hotel</h1>"))
    log(page)
    expect(page.get_by_text("This network wants a sign-in of its own first.")).to_be_visible(timeout=15_000)
    assert len(page.evaluate(ITEMS)) == 1
    page.unroute("**/api/**")
    # A portal that lets the question through and swallows the visit is none either.
    page.route("**/api/v1/visits/", lambda route: route.fulfill(status=200, content_type="application/json", body=json.dumps({"ok": True})))
    page.evaluate("outbox.drain({now: true, wait: true})")
    assert len(page.evaluate(ITEMS)) == 1
    page.unroute("**/api/v1/visits/")
    page.evaluate("outbox.drain({now: true, wait: true})")
    sent(page)
    assert Visit.objects.count() == 1


def test_what_is_refused_comes_back_filled_in_under_a_new_key(field, server, phone, assert_axe_clean):
    page = phone(field.nora)
    open_form(page, server, field)
    server.stop()
    log(page, "Keep this note")
    waits(page)
    first = page.evaluate(ITEMS)[0]["id"]
    page.evaluate(
        "async () => { const [item] = await fieldDb.all('outbox'); item.body.mode = 'pigeon'; await fieldDb.put('outbox', item); }"
    )
    server.start()
    page.goto(f"{server.url}{reverse('visits:waiting')}")
    expect(page.get_by_text("needs a fix", exact=True)).to_be_visible(timeout=15_000)
    assert_axe_clean(page)
    page.get_by_role("link", name="Mend and send").tap()
    expect(page.locator("[name=note]")).to_have_value("Keep this note")
    expect(page.locator(".error-summary")).to_be_focused()
    page.locator("label.tile", has_text="Phone").tap()
    page.get_by_role("button", name="Save visit").tap()
    expect(page.get_by_text("Visit saved.")).to_be_visible(timeout=15_000)
    visit = Visit.objects.get()
    assert (visit.note, visit.mode) == ("Keep this note", "phone")
    assert str(visit.client_id) != first
    assert page.evaluate(ITEMS) == []


def test_sign_out_warns_of_what_was_not_sent(field, server, phone, assert_axe_clean):
    page = phone(field.nora)
    open_form(page, server, field)
    page.route("**/api/**", lambda route: route.abort())
    log(page)
    waits(page)
    page.goto(f"{server.url}/account/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").tap()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 unsent visit")
    assert_axe_clean(page)
    dialog.get_by_role("button", name="Stay").tap()
    assert len(page.evaluate(ITEMS)) == 1
    page.get_by_role("main").get_by_role("button", name="Sign out").tap()
    dialog.get_by_role("button", name="Sign out, lose them").tap()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible(timeout=15_000)
    assert page.evaluate("async () => (await indexedDB.databases()).length") == 0


def test_drafts_survive_a_closed_tab_and_belong_to_one_person(field, server, phone, client):
    page = phone(field.nora)
    open_form(page, server, field)
    page.get_by_text("Met staff only").tap()
    page.fill("[name=note]", "Half a thought")
    page.wait_for_timeout(800)
    context = page.context
    page.close()
    page = context.new_page()
    open_form(page, server, field)
    expect(page.get_by_text(re.compile("Your draft of .* is back"))).to_be_visible()
    expect(page.locator("[name=note]")).to_have_value("Half a thought")
    expect(page.get_by_role("radio", name="Met staff only")).to_be_checked()
    client.force_login(field.dana)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": server.url}])
    open_form(page, server, field)
    page.wait_for_timeout(500)
    expect(page.locator("[name=note]")).to_have_value("")


def test_the_guard_asks_before_anything_is_stored(field, server, phone, assert_axe_clean):
    page = phone(field.nora)
    open_form(page, server, field)
    server.stop()
    log(page, "MRN 123456 waited six weeks")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("a record number")
    assert_axe_clean(page)
    page.wait_for_timeout(600)
    stored = page.evaluate("async () => JSON.stringify([await fieldDb.all('outbox'), await fieldDb.all('drafts')])")
    assert "123456" not in stored
    dialog.get_by_role("button", name="Change it").tap()
    expect(page.locator("[name=note]")).to_be_focused()
    page.get_by_role("button", name="Save visit").tap()
    dialog.get_by_role("button", name="Keep: it names none").tap()
    waits(page)
    server.start()
    page.evaluate("outbox.drain({now: true, wait: true})")
    sent(page)
    assert Visit.objects.get().note == "MRN 123456 waited six weeks"


def test_everything_on_the_form_arrives(field, server, phone):
    page = phone(field.nora)
    make_provider("Raman", at=make_practice("Lakeview", territory=field.north, zip="44101"), first_name="Priya")
    open_form(page, server, field)
    page.get_by_text("Pat Northrop").tap()
    page.get_by_text("New person here").tap()
    page.get_by_label("Name", exact=True).fill("Robin Diaz")
    page.get_by_label("Role in the office").fill("Front desk")
    page.get_by_role("checkbox", name="Access").tap()
    page.get_by_text("Add a follow-up").tap()
    page.get_by_label("What did you promise?").fill("Send the guide")
    page.get_by_role("button", name="Another follow-up").tap()
    page.get_by_label("And what else?").fill("Call about Tuesday")
    page.get_by_role("button", name="Save visit").tap()
    expect(page.get_by_text("Visit saved.")).to_be_visible(timeout=15_000)
    visit = Visit.objects.get()
    assert {str(person) for person in visit.attendees.all()} == {"Pat Northrop", "Robin Diaz"}
    assert [topic.name for topic in visit.topics.all()] == ["Access"]
    assert set(FollowUp.objects.values_list("text", flat=True)) == {"Send the guide", "Call about Tuesday"}


def test_a_visit_is_not_sent_while_it_is_changed_and_a_sent_one_is_not_changed(field, server, phone):
    page = phone(field.nora)
    open_form(page, server, field)
    server.stop()
    log(page, "First words")
    waits(page)
    item = page.evaluate(ITEMS)[0]["id"]
    page.goto(f"{server.url}{reverse('visits:log')}?fix={item}")
    expect(page.locator("[name=note]")).to_have_value("First words")
    server.start()
    page.evaluate("outbox.drain({now: true, wait: true})")
    assert Visit.objects.count() == 0
    page.fill("[name=note]", "Better words")
    page.get_by_role("button", name="Save visit").tap()
    expect(page.get_by_text("Visit saved.")).to_be_visible(timeout=15_000)
    assert Visit.objects.get().note == "Better words"
    page.goto(f"{server.url}{reverse('visits:log')}?fix={item}")
    expect(page.get_by_text("Nothing waits: everything you saved was sent.")).to_be_visible()
