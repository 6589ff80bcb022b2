"""Spend in a browser:

What is left is shown before saving, what is refused says so at its field; the pages are clean and never scroll sideways.
"""

import re
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.factories.contacts import align
from tests.factories.spend import make_limit, spend

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1440, "dark")])
def test_a_lunch_is_written_down_with_the_allowance_in_sight(
    world: Any, live_server, page_at, sign_in, assert_axe_clean, width, scheme
) -> None:
    make_limit(non_monetary="500")
    align(world.north_provider, "independent")
    spend(world.nora, "390.00", providers=[world.north_provider], practice=world.north_practice)
    page = page_at(width, scheme)
    sign_in(page, world.nora)
    page.goto(f"{live_server.url}{reverse('compliance:new')}?practice={world.north_practice.pk}")
    expect(page.locator("#allowance")).to_contain_text("$110.00 left")
    page.get_by_role("group", name="Physicians who have part of it").get_by_text("Pat Northrop").click()
    page.get_by_label("Amount in all, $").fill("60.00")
    page.get_by_label("Our own people").fill("1")
    page.get_by_label("Our own people").blur()
    expect(page.locator("#allowance")).to_contain_text("$30.00 of this counts: $80.00 left after it, 84% of the limit")
    assert_axe_clean(page)
    page.get_by_role("button", name="Save spend").click()
    expect(page.locator(".error-summary")).to_contain_text("Say what it was for")
    expect(page).to_have_title(re.compile("^Error: Add spend"))
    assert_axe_clean(page)
    page.get_by_label("Business purpose").fill("New orthopedics clinic")
    page.get_by_role("button", name="Save spend").click()
    expect(page.get_by_role("heading", name="Meal, $60.00")).to_be_visible()
    for address in (
        page.url,
        reverse("compliance:ledger"),
        reverse("compliance:physicians"),
        reverse("compliance:physician", args=[world.north_provider.pk]),
        reverse("compliance:tasks"),
        reverse("visits:materials"),
        reverse("visits:mileage"),
    ):
        page.goto(address if address.startswith("http") else f"{live_server.url}{address}")
        assert_axe_clean(page)
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto(f"{live_server.url}{reverse('compliance:new')}?practice={world.north_practice.pk}")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
