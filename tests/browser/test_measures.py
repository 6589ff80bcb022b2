"""The pages of measures in a browser: accessible at both widths and in both modes, never wider than the screen, grouped without a mouse."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.browser.test_reports import history  # noqa: F401 - a fixture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1440, "light")])
def test_measures_are_accessible(history, live_server, page_at, sign_in, assert_axe_clean, width, scheme):  # noqa: F811
    page = page_at(width, scheme)
    sign_in(page, history.dana)
    page.goto(f"{live_server.url}{reverse('reports:measures')}")
    assert_axe_clean(page)
    page.get_by_role("link", name="Leakage, ordered").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Leakage, ordered")
    page.get_by_label("By", exact=True).select_option("practice")
    expect(page.locator("#measure-table")).to_be_visible()
    assert_axe_clean(page)
    page.goto(f"{live_server.url}{reverse('reports:measure', args=['volume'])}?by=practice&and=month")
    expect(page.locator(".heat-wrap")).to_be_visible()
    assert_axe_clean(page)
