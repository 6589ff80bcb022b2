"""The manager's Monday walked through (PRODUCT.md, M 1-8), at a desk and on a phone; a concern from the phone; the page for the car."""

import datetime as dt
import re

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from concerns.models import Concern
from contacts.models import Cadence, Practice
from reports import actions
from tests import factories
from tests.factories.concerns import make_category, make_concern, make_department
from tests.factories.reports import add_referrals, make_payer, monthly

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def monday(world):
    """Two years of referrals up to this month; the south falls, somebody is new, concerns are late, goals run."""
    today = timezone.localdate()
    start = (today.replace(day=1) - dt.timedelta(days=26 * 30)).replace(day=1)
    months = (today.year - start.year) * 12 + today.month - start.month
    line = {"service_line": world.line, "payer": make_payer()}
    north = {"provider": world.north_provider, **line}
    newcomer = factories.make_provider("Fresh", at=world.south_practice)
    add_referrals(
        *monthly(world.south_practice, start, [8] * (months - 3) + [2] * 3, provider=world.south_provider, **line),
        *monthly(world.south_practice, start, [0] * (months - 1) + [3], provider=newcomer, **line),
        *monthly(world.north_practice, start, [6] * months, flow="internal", destination=world.ours, **north),
        *monthly(world.north_practice, start, [3] * months, flow="outbound", destination=world.theirs, **north),
        *monthly(world.north_practice, today.replace(day=1), [1], provider=world.north_provider, **line),
    )
    Cadence.objects.create(tier="A", every_days=30)
    Practice.objects.filter(pk__in=[world.north_practice.pk, world.south_practice.pk]).update(tier="A")
    factories.make_visit(
        world.south_practice, world.sol, visited_at=timezone.localtime() - dt.timedelta(days=50), note="They wait six weeks."
    )
    make_concern(world.south_practice, world.sol, days_ago=30, category=make_category("Waiting", department=make_department("Access")))
    actions.save_goal(measure="inbound", period="quarter", start_on=today, target=400, territory=world.south, by=world.ada)
    return world


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_the_managers_monday(monday, live_server, page_at, sign_in, assert_axe_clean, width, scheme):
    page = page_at(width, scheme)
    sign_in(page, monday.dana)
    page.goto(f"{live_server.url}{reverse('reports:review')}")
    titles = page.locator("main h2")
    expect(titles.nth(0)).to_contain_text("orders is late")  # the dates of the data before any other figure
    expect(page.locator("main")).to_contain_text("through")
    falls = page.locator("section", has=page.locator("#falls-title"))
    expect(falls).to_contain_text("South Medical Group")
    expect(falls).to_contain_text("1 open concern")
    for words in (
        "1 new source sent 3 inbound referrals",
        "wait longer than their tier was promised",
        "1 concern is past its deadline at Access",
        "Leakage is unchanged at 33.3%",
        "1 goal of 1 behind pace",
    ):
        expect(page.locator("main")).to_contain_text(words)
    assert_axe_clean(page)
    # down from a service line to its practices and their referrals
    page.locator("section", has=page.locator("#leaks-title")).get_by_role("link", name="Cardiology").click()
    expect(page.locator("#report-table")).to_contain_text("North Family Practice")
    page.go_back()
    # the next step stands beside the fall
    page.locator("section", has=page.locator("#falls-title")).get_by_role("link", name="Plan visit to South Medical Group").click()
    expect(page).to_have_url(re.compile(r"/visits/plan/\?practice="))


@pytest.mark.parametrize(("width", "scheme"), [(1440, "dark"), (390, "light")])
def test_the_page_of_a_practice(monday, live_server, page_at, sign_in, assert_axe_clean, width, scheme):
    page = page_at(width, scheme)
    sign_in(page, monday.sol)
    page.goto(f"{live_server.url}{reverse('reports:practice', args=[monday.south_practice.pk])}")
    expect(page.locator("h2").first).to_contain_text("fewer than expected in the last three months")
    expect(page.locator(".chart-canvas svg")).to_be_attached()
    expect(page.locator("svg text", has_text="Expected")).to_be_attached()
    page.get_by_text("Show the numbers").click()
    expect(page.get_by_role("table").first).to_contain_text("Visits")
    assert_axe_clean(page)


def test_it_prints_on_one_page(monday, live_server, page_at, sign_in):
    page = page_at(1440)
    sign_in(page, monday.sol)
    page.goto(f"{live_server.url}{reverse('reports:practice', args=[monday.south_practice.pk])}")
    expect(page.locator(".chart-canvas svg")).to_be_attached()
    assert page.pdf(format="Letter").count(b"/Type /Page\n") + page.pdf(format="Letter").count(b"/Type /Page ") <= 2


def test_a_concern_from_the_phone_to_its_end(monday, live_server, page_at, sign_in, assert_axe_clean):
    page = page_at(390)
    sign_in(page, monday.sol)
    page.goto(f"{live_server.url}{reverse('concerns:new')}?practice={monday.south_practice.pk}")
    assert_axe_clean(page)
    page.get_by_label("What did they say?").fill("Pt Smith waited six weeks.")
    page.locator("label.chip", has_text="Waiting").click()
    page.get_by_role("button", name="Save concern").click()
    expect(page.get_by_role("alert")).to_contain_text("This looks like a patient's name")
    assert_axe_clean(page)
    page.get_by_label("What did they say?").fill("New patients wait six weeks.")
    page.get_by_role("button", name="Save concern").click()
    expect(page.locator("main")).to_contain_text("Nothing yet. Access has until")
    page.get_by_role("link", name="Resolve").click()
    page.get_by_label("What did we do?").fill("Two more slots a week.")
    page.get_by_role("button", name="Mark as resolved").click()
    expect(page.locator("main")).to_contain_text("The practice has not been told yet.")
    page.get_by_role("link", name="Practice told").click()
    page.get_by_text("By phone", exact=True).click()
    page.get_by_role("button", name="Practice told: close").click()
    expect(page.locator("main")).to_contain_text("by phone, by Sol")
    assert_axe_clean(page)
    assert Concern.objects.latest("pk").state == "closed"


@pytest.mark.parametrize("name", ["reports:goals", "reports:coverage", "concerns:list", "contacts:practices", "reports:goal-new"])
def test_the_lists_are_clean(monday, live_server, page_at, sign_in, assert_axe_clean, name):
    page = page_at(390)
    sign_in(page, monday.dana)
    page.goto(f"{live_server.url}{reverse(name)}")
    assert_axe_clean(page)
