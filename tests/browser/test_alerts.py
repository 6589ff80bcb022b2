"""A liaison works through alerts with the keyboard, takes a step back, plans a visit; by thumb and without JavaScript too."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from reports.models import Alert
from tests.factories.alerts import bring, falls, look, sends, steady

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LIST = "/reports/alerts/"


@pytest.fixture
def fallen(world):
    bring(
        *steady(world.south_practice, providers=4),
        *sends(world.south_practice, falls(), provider=world.south_provider),
        *sends(world.south_practice, falls(to=9)),
    )
    look()
    return world


def test_alerts_by_keyboard(fallen, live_server, page_at, sign_in, assert_axe_clean):
    page = page_at(1440)
    sign_in(page, fallen.sol)
    page.goto(f"{live_server.url}{LIST}")
    cards = page.locator("[data-card]")
    expect(cards).to_have_count(2)
    assert_axe_clean(page)
    page.keyboard.press("j")
    expect(cards.nth(0)).to_be_focused()
    page.keyboard.press("s")
    expect(cards.nth(0)).to_contain_text("Undo “seen”")
    expect(cards.nth(0)).to_be_focused()
    page.keyboard.press("u")
    expect(cards.nth(0).get_by_role("button", name="Seen")).to_be_visible()
    page.keyboard.press("j")
    expect(cards.nth(1)).to_be_focused()
    page.keyboard.press("x")
    expect(cards.nth(1).get_by_role("checkbox")).to_be_checked()
    page.locator("#bulk-act").select_option("assign")
    page.get_by_role("button", name="Preview").click()
    page.get_by_label("Who looks into them").select_option(str(fallen.sol.pk))
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Change 1 alert").click()
    expect(page.get_by_text("Assign to Sol: 1 alert.")).to_be_visible()
    assert Alert.objects.get(state="assigned").assigned_to == fallen.sol
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Fall of")
    expect(page.locator(".chart-canvas svg").first).to_be_attached()
    assert_axe_clean(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_alerts_by_thumb(fallen, live_server, page_at, sign_in, assert_axe_clean, scheme):
    page = page_at(390, scheme)
    sign_in(page, fallen.sol)
    page.goto(f"{live_server.url}{LIST}")
    assert_axe_clean(page)
    page.get_by_role("link", name="Plan visit").first.tap()
    expect(page.get_by_role("heading", name="Plan visit")).to_be_visible()
    assert_axe_clean(page)
    page.get_by_role("button", name="Plan visit").tap()
    expect(page.get_by_text("visit planned for")).to_be_visible()
    assert Alert.objects.get(state="visit").visit.owner == fallen.sol
    page.get_by_role("button", name="Undo").first.tap()
    expect(page.get_by_text("as it was")).to_be_visible()
    page.goto(f"{live_server.url}{Alert.objects.first().get_absolute_url()}")
    assert_axe_clean(page)
    page.goto(f"{live_server.url}{reverse('reports:alerts-untested')}")
    assert_axe_clean(page)
    sign_out_and_in = page_at(390, scheme)
    sign_in(sign_out_and_in, fallen.ada)
    sign_out_and_in.goto(f"{live_server.url}{reverse('reports:holidays')}")
    assert_axe_clean(sign_out_and_in)


def test_alerts_without_javascript(fallen, live_server, page_at, sign_in):
    page = page_at(1440, java_script_enabled=False)
    sign_in(page, fallen.sol)
    page.goto(f"{live_server.url}{LIST}")
    page.get_by_role("button", name="Seen").nth(1).click()
    expect(page.get_by_text(": seen.")).to_be_visible()
    assert Alert.objects.filter(state="seen").count() == 1
