"""Lists: the bar of saved views and the bar for many rows, on a phone and on a desk, by hand and by keyboard."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from accounts.actions import save_view
from contacts.actions import save_custom_field
from contacts.models import Practice
from tests import factories

pytestmark = pytest.mark.browser


def _no_sideways(page):
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize(("width", "theme"), [(390, "light"), (1440, "dark")])
def test_views_and_many_rows_at_once(world, live_server, page_at, sign_in, assert_axe_clean, width, theme):
    own = save_custom_field(subject="practice", label="Record system", kind="text", by=world.ada)
    for n in range(4):
        row = factories.make_practice(f"Office {n}", territory=world.north)
        Practice.objects.filter(pk=row.pk).update(custom={own.key: "Epic"})
    save_view(page="contacts:practices", name="Offices", query="q=office", by=world.nora)
    page = page_at(width, theme)
    sign_in(page, world.nora)
    page.goto(f"{live_server.url}{reverse('contacts:practices')}")
    page.get_by_role("link", name="Offices", exact=True).click()
    expect(page.get_by_text("All 4 practices found")).to_be_visible()
    # Columns of the organization's own are added, others left out, and the view can keep that.
    page.locator("[data-columns] summary").click()
    page.get_by_role("checkbox", name="Record system").click()  # the page comes again, with the column
    expect(page.locator("tbody tr").first.get_by_text("Epic")).to_be_visible()
    page.locator("[data-columns] summary").click()
    page.locator("[data-columns]").get_by_label("Tier").click()
    assert "hide=tier" in page.url
    page.keyboard.press("Escape")
    assert_axe_clean(page)
    _no_sideways(page)
    # Shift takes the rows in between; x ticks the row that has the focus.
    ticks = page.locator("tbody [data-tick]")
    ticks.nth(0).click()
    ticks.nth(2).click(modifiers=["Shift"])
    expect(page.locator("[data-bulk-count]")).to_have_text("3 ticked")
    page.locator("tbody tr").nth(3).get_by_role("link").first.focus()
    page.keyboard.press("x")
    expect(page.locator("[data-bulk-count]")).to_have_text("4 ticked")
    page.keyboard.press("x")
    page.locator("#bulk-act").select_option("tier")
    page.get_by_role("button", name="Preview").click()
    assert_axe_clean(page)
    page.get_by_label("Put into tier").select_option("B")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="Put into tier B: 3 practices")).to_be_visible()
    assert_axe_clean(page)
    _no_sideways(page)
    page.get_by_role("button", name="Change 3 practices").click()
    expect(page.get_by_text("Put into tier B: 3 practices.")).to_be_visible()
    assert Practice.objects.filter(tier="B").count() == 3
    assert_axe_clean(page)
    page.get_by_role("link", name="Which").click()
    assert_axe_clean(page)
    _no_sideways(page)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone: 3 as before.")).to_be_visible()
    assert not Practice.objects.filter(tier="B").exists()


def test_all_that_match_and_this_page(world, live_server, page_at, sign_in):
    for n in range(30):
        factories.make_practice(f"Office {n:02}", territory=world.north)
    page = page_at(1440)
    sign_in(page, world.nora)
    page.goto(f"{live_server.url}{reverse('contacts:practices')}?q=office")
    page.keyboard.press("?")
    expect(page.get_by_text("tick the row with the focus")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_text("tick the row with the focus")).to_be_hidden()
    page.locator("[data-bulk-page]").check()
    expect(page.locator("[data-bulk-count]")).to_have_text("25 ticked")
    page.locator("[data-bulk-all]").check()
    expect(page.locator("[data-bulk-count]")).to_have_text("All of them")
    page.locator("#bulk-act").select_option("tier")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("For 30 practices.")).to_be_visible()
