"""The return, the quarter, the drawn order and the money in a real browser: accessible, no wider than the screen, usable by hand."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from reports import actions, kinds
from reports.fiscal import Quarter
from reports.kinds.quarter import parameters_of
from tests import factories
from tests.factories.reports import add_referrals, monthly
from tests.reports.conftest import FIRST

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def fits(page):
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1"), page.url


@pytest.fixture
def computed(world, run_jobs):
    """Both reports over a small world: not estimable, and said so."""
    add_referrals(*monthly(world.south_practice, FIRST, [9] * 26, provider=world.south_provider, service_line=world.line))
    roi = kinds.KINDS["roi"]
    asked = {"start": FIRST.isoformat(), "end": "2026-10-01", "control": "not_yet_treated"}
    actions.ask_for_run(kind="roi", parameters=asked, territory=None, by=world.ada, basis=roi.basis_now())
    actions.ask_for_run(kind="quarter", parameters=parameters_of(Quarter(2026, 2)), territory=None, by=world.ada)
    run_jobs()
    return world


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1440, "dark")])
def test_pages_are_clean_and_fit(computed, live_server, page_at, sign_in, assert_axe_clean, width, scheme):
    page = page_at(width, scheme)
    sign_in(page, computed.ada)
    for address in (
        reverse("reports:roi"),
        f"{reverse('reports:quarter')}?q=2026Q2",
        reverse("reports:margins"),
        reverse("visits:draws"),
        reverse("visits:draw-new"),
    ):
        page.goto(f"{live_server.url}{address}")
        expect(page.locator("h1")).to_be_visible()
        assert_axe_clean(page)
        fits(page)


def test_an_order_is_drawn_by_hand(world, live_server, page_at, sign_in, assert_axe_clean):
    for place in range(5):
        factories.make_practice(f"Office {place}", territory=world.north)
    page = page_at(390)
    sign_in(page, world.nora)
    page.goto(f"{live_server.url}{reverse('visits:draw-new')}")
    page.get_by_label("Name of the order").fill("Spring")
    page.get_by_label("Spread over months").fill("3")
    page.get_by_label("Office 4").uncheck()
    page.get_by_role("button", name="Draw the order").click()
    expect(page.locator("h1")).to_have_text("Spring")
    expect(page.get_by_text("Office 4")).to_have_count(0)
    assert_axe_clean(page)
    fits(page)
    month = (timezone.localdate().replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    page.locator("section", has_text=f"{month:%b %Y}").get_by_role("button", name="Plan this month").first.click()
    expect(page.get_by_text("visits planned in")).to_be_visible()
