"""Today and the briefs on a phone: by touch, by keyboard, and with the server gone; whose pack is shown, and what the page weighs."""

import datetime as dt
import re

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from contacts.models import Cadence
from tests import factories, make_world
from tests.factories.visits import make_follow_up
from visits.models import Visit, WorkingHours

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CANARY = re.compile(r"QX\d{3,}|" + "|".join(name for part in make_world.CANARY for name in part))
EVERYTHING = """async () => {
  const names = ["outbox", "drafts", "pack", "meta"];
  const rows = await Promise.all(names.map((name) => fieldDb.all(name)));
  return JSON.stringify(Object.fromEntries(names.map((name, at) => [name, rows[at]])));
}"""


@pytest.fixture
def day(world):
    """nora works every day, so that today is one; two stops to come and one that was missed, with an overdue practice nearby."""
    WorkingHours.objects.create(user=world.nora, weekdays=list(range(7)), start_zip="44101")
    Cadence.objects.create(tier="A", every_days=30)
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    world.lakeview = factories.make_practice(
        "Lakeview Internal Medicine",
        territory=world.north,
        zip="44102",
        address="12 Elm St",
        city="Cleveland",
        tier="A",
        phone="2165550100",
    )
    factories.make_practice("Overdue Nearby", territory=world.north, zip="44101", tier="A")
    factories.make_staff(world.lakeview, "Kim Ortega", job="Referral coordinator")
    factories.make_visit(world.lakeview, world.nora, note="Pt Xanthippe waits for a report, MRN QX12345. Bring the guide.")
    make_follow_up(world.lakeview, world.nora, due_in=-2, text="Bring the new guide")
    factories.make_visit(world.lakeview, world.nora, state="planned", planned_at=today + dt.timedelta(hours=23, minutes=58))
    last = today + dt.timedelta(hours=23, minutes=59)
    factories.make_visit(world.north_practice, world.nora, state="planned", planned_at=last)
    factories.make_visit(
        factories.make_practice("Closed Office", territory=world.north, zip="44101"), world.nora, state="missed", visited_at=today
    )
    return world


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (390, "light"), (1440, "light")])
def test_the_day_and_a_brief(day, live_server, page_at, sign_in, assert_axe_clean, width, scheme):
    page = page_at(width, scheme)
    sign_in(page, day.nora)
    expect(page).to_have_url(f"{live_server.url}{reverse('visits:today')}")
    expect(page.locator(".stop")).to_have_count(3)
    expect(page.locator(".stop-next")).to_contain_text("Lakeview Internal Medicine")
    expect(page.get_by_text("Overdue nearby:")).to_be_visible()
    assert_axe_clean(page)
    page.locator(".stop-next").get_by_role("link", name="Lakeview Internal Medicine", exact=True).click()
    expect(page.get_by_role("heading", name="Lakeview Internal Medicine")).to_be_visible()
    expect(page.get_by_text("Kim Ortega")).to_be_visible()
    expect(page.get_by_text("We promised: Bring the new guide")).to_be_visible()
    assert_axe_clean(page)
    page.get_by_role("link", name="Log visit", exact=True).click()
    expect(page).to_have_url(re.compile(r"/visits/log/\?planned=\d+"))


def test_by_keyboard_an_overdue_practice_nearby_becomes_a_stop(day, live_server, page_at, sign_in, tab_to):
    page = page_at(390)
    sign_in(page, day.nora)
    tab_to(page, page.get_by_role("button", name="Add Overdue Nearby to today"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Overdue Nearby is a stop of today now.")).to_be_visible()
    assert Visit.objects.filter(practice__name="Overdue Nearby", state="planned").count() == 1
    tab_to(page, page.get_by_role("link", name="Log visit to Overdue Nearby"))


def test_a_week_is_planned_by_keyboard(day, live_server, page_at, sign_in, tab_to, assert_axe_clean):
    page = page_at(320, "dark")
    sign_in(page, day.nora)
    page.goto(f"{live_server.url}{reverse('visits:plan-week')}")
    assert_axe_clean(page)
    tab_to(page, page.get_by_role("button", name="Draft the week"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="A draft of the week")).to_be_visible()
    assert_axe_clean(page)
    tab_to(page, page.get_by_role("button", name="Plan these visits"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("planned from a draft")).to_be_visible()
    tab_to(page, page.get_by_role("button", name="Undo the planned draft"))


def kept(page):
    expect(page.locator("[data-pack-age]")).to_contain_text("kept on this phone")
    page.evaluate("navigator.serviceWorker.ready")


def test_without_a_server_today_and_the_briefs_open_from_the_phone(day, server, phone, assert_axe_clean):
    page = phone(day.nora)
    page.goto(f"{server.url}{reverse('visits:today')}")
    kept(page)
    server.stop()
    page.goto(f"{server.url}{reverse('visits:today')}")
    expect(page.locator("[data-pack-says]")).to_contain_text(re.compile(r"Kept on this phone, as of \d\d:\d\d, (just now|\d+ min old)\."))
    expect(page.locator(".stop")).to_have_count(3)
    expect(page.locator(".stop-next")).to_contain_text("Lakeview Internal Medicine")
    expect(page.locator(".stop-next")).to_contain_text("Follow-up 2 days overdue")
    assert_axe_clean(page)
    page.locator(".stop-next").get_by_role("link", name="Lakeview Internal Medicine", exact=True).tap()
    expect(page.get_by_role("heading", name="Lakeview Internal Medicine")).to_be_visible()
    expect(page.get_by_text("We promised: Bring the new guide")).to_be_visible()
    expect(page.get_by_text("Kim Ortega")).to_be_visible()
    expect(page.get_by_text("as of")).to_be_visible()
    assert_axe_clean(page)
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.goto(f"{server.url}{reverse('visits:brief', args=[day.south_practice.pk])}")
    expect(page.get_by_text("This brief is not kept on the phone")).to_be_visible()
    everything = page.evaluate(EVERYTHING)
    assert "Bring the guide" in everything
    assert not CANARY.search(everything), "no patient is in the phone's store"
    server.start()
    for _ in range(5):  # a server that has just come back may answer too late for the worker's patience
        page.goto(f"{server.url}{reverse('visits:today')}")
        if not page.locator("[data-pack-page]").count():
            break
    expect(page.locator(".stop-next").get_by_role("link", name=re.compile("^Missed ?: Lakeview Internal Medicine"))).to_be_visible()


def test_how_old_it_is_is_always_said(day, server, phone):
    page = phone(day.nora)
    page.goto(f"{server.url}{reverse('visits:today')}")
    kept(page)
    page.evaluate(
        "async () => { const user = Number(document.body.dataset.user); const old = await fieldDb.get('pack', user);"
        " await fieldDb.put('pack', { ...old, checkedAt: Date.now() - 3 * 3600000 }, user); }"
    )
    server.stop()
    page.goto(f"{server.url}{reverse('visits:today')}")
    expect(page.locator("[data-pack-says]")).to_contain_text("3 h old")


def test_the_pack_of_another_person_is_never_shown_and_sign_out_clears_it(day, server, phone, client):
    page = phone(day.nora)
    page.goto(f"{server.url}{reverse('visits:today')}")
    kept(page)
    client.logout()
    client.force_login(day.sol)
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": server.url}])
    page.goto(f"{server.url}{reverse('visits:today')}")
    kept(page)
    assert "Lakeview" not in page.evaluate(EVERYTHING)
    server.stop()
    page.goto(f"{server.url}{reverse('visits:today')}")
    expect(page.locator("[data-pack-says]")).to_contain_text("Kept on this phone")
    expect(page.locator("body")).not_to_contain_text("Lakeview")
    server.start()
    page.goto(f"{server.url}/account/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").tap()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert page.evaluate("async () => (await indexedDB.databases()).map(({name}) => name)") == []


def test_the_first_page_weighs_little(day, deployed, browser, client, bytes_over_the_wire):
    client.force_login(day.nora)
    context = browser.new_context(viewport={"width": 390, "height": 844})
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": deployed}])
    page = context.new_page()
    with bytes_over_the_wire(page) as count:
        page.goto(f"{deployed}{reverse('visits:today')}")
        page.wait_for_load_state("networkidle")
        carried = count()
    context.close()
    assert 20_000 < carried <= 100_000, f"{carried} bytes"
