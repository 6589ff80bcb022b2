"""The pictures in a browser: accessible in both schemes, no wider than a phone, names apart, cells by keyboard, whole on paper."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.factories import make_practice
from tests.factories.reports import add_referrals, monthly
from tests.reports.conftest import FIRST

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGES = ("funnel", "control", "heat", "flow")


@pytest.fixture
def dense(world):
    """40 practices of the north, some of which lose far more than chance explains; the south sends and falls."""
    rows = monthly(world.south_practice, FIRST, [20] * 23 + [5] * 3 + [1], provider=world.south_provider, service_line=world.line)
    for at in range(40):
        practice = make_practice(f"Practice {at:02} of the north", territory=world.north, alignment="employed")
        left = 5 if at % 8 == 0 else 1
        rows += monthly(practice, FIRST, [0] * 20 + [6 - left] * 6, flow="internal", destination=world.ours, service_line=world.line)
        rows += monthly(practice, FIRST, [0] * 20 + [left] * 6, flow="outbound", destination=world.theirs, service_line=world.line)
    add_referrals(*rows)
    return world


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1440, "dark")])
def test_every_picture_is_accessible(dense, live_server, page_at, sign_in, assert_axe_clean, width, scheme):
    page = page_at(width, scheme)
    sign_in(page, dense.dana)
    for name in PAGES:
        for query in ("", "?measure=leakage_ordered") if name != "flow" else ("",):
            page.goto(f"{live_server.url}{reverse(f'reports:{name}')}{query}")
            expect(page.locator("figure.chart table.heat, figure.chart svg").first).to_be_visible()
            try:
                assert_axe_clean(page)
            except AssertionError as finding:
                pytest.fail(f"{name}{query} at {width} px, {scheme}: {finding}")


def test_names_outside_the_limits_lie_apart(dense, live_server, page_at, sign_in):
    page = page_at(1440)
    sign_in(page, dense.dana)
    page.goto(f"{live_server.url}{reverse('reports:funnel')}")
    names = page.locator("figure svg text", has_text="of the north")
    expect(names.first).to_be_attached()
    boxes = [name.bounding_box() for name in names.all()]
    for place, one in enumerate(boxes):
        for other in boxes[place + 1 :]:
            apart = one["x"] + one["width"] <= other["x"] + 1 or other["x"] + other["width"] <= one["x"] + 1
            above = one["y"] + one["height"] <= other["y"] + 2 or other["y"] + other["height"] <= one["y"] + 2
            assert apart or above, "names overlap"


def test_a_cell_is_reached_and_opened_by_keyboard(dense, live_server, page_at, sign_in, tab_to):
    page = page_at(1440)
    sign_in(page, dense.dana)
    page.goto(f"{live_server.url}{reverse('reports:heat')}")
    page.locator(".heat tbody th a").first.focus()
    cell = page.locator(".heat td a").first
    tab_to(page, cell)
    shown = cell.inner_text()
    page.keyboard.press("Enter")
    page.wait_for_url("**/referrals/?*")
    assert shown in page.locator("main").inner_text()


def test_printed_pages_show_the_charts_whole(dense, live_server, page_at, sign_in):
    page = page_at(1440)
    sign_in(page, dense.dana)
    for name in PAGES:
        page.goto(f"{live_server.url}{reverse(f'reports:{name}')}")
        expect(page.locator("figure.chart table.heat, figure.chart svg").first).to_be_visible()
        page.emulate_media(media="print")
        page.set_viewport_size({"width": 704, "height": 960})  # A4 between its margins
        for drawing in page.locator("figure.chart svg, figure.chart table.heat").all():
            box = drawing.bounding_box()
            assert box["width"] <= 704, name
            assert box["x"] + box["width"] <= 705, f"{name} is cut off on paper"
        assert page.evaluate("document.documentElement.scrollWidth") <= 704, name
        page.emulate_media(media="screen")
        page.set_viewport_size({"width": 1440, "height": 900})
