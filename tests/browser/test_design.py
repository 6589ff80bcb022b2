"""The design system in a real browser: accessible in both modes, never wider than the screen, usable by keyboard and without JavaScript."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def guide(live_server, page_at, sign_in, world):
    """`guide(390, "dark", "?errors=1")`: the style guide, opened by an admin."""

    def open_guide(width=1440, scheme="light", query="", **options):
        page = page_at(width, scheme, **options)
        sign_in(page, world.ada)
        page.goto(f"{live_server.url}/styleguide/{query}")
        return page

    return open_guide


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_every_component_is_accessible(guide, assert_axe_clean, width, scheme):
    page = guide(width, scheme, "?errors=1")
    expect(page.locator(".chart-canvas svg")).to_have_count(8)
    assert_axe_clean(page)


def test_no_sideways_scroll_on_the_narrowest_phone(guide):
    page = guide(320)
    expect(page.locator(".chart-canvas svg")).to_have_count(8)
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_errors_are_named_first_and_lead_to_their_fields(guide):
    page = guide(390, "light", "?errors=1")
    assert page.title() == "Error: Style guide · PRM"
    expect(page.locator(".error-summary")).to_be_focused()
    page.get_by_role("link", name="Email address: Enter a valid email address.").click()
    email = page.locator("[name=email]")
    expect(email).to_be_focused()
    assert page.locator(f"#{email.get_attribute('aria-describedby')}").inner_text() == "Enter a valid email address."


def test_dark_mode_is_kept_on_this_device(guide):
    page = guide(1440, "light")
    bars = page.locator("[data-chart=sg-bars-spec] svg path[fill]")
    before = bars.evaluate_all("marks => marks.map(mark => mark.getAttribute('fill'))")
    page.locator("summary", has_text="Your menu").click()
    page.get_by_role("button", name="Dark mode").click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    expect(page.locator("[data-chart=sg-bars-spec] svg")).to_be_visible()
    assert bars.evaluate_all("marks => marks.map(mark => mark.getAttribute('fill'))") != before


def test_search_is_one_shortcut_away(guide):
    page = guide()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Search people, practices, pages and actions")).to_be_focused()


def test_a_dialog_asks_and_gives_the_focus_back(guide):
    page = guide()
    opener = page.get_by_role("link", name="Delete visit")
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Delete this visit?")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_combobox_by_keyboard(guide):
    page = guide()
    box = page.get_by_role("combobox", name="Practice", exact=True)
    box.focus()
    page.keyboard.type("harb")
    option = page.get_by_role("option", name="Harbor Family Health")
    expect(page.locator("#sg-one-list [role=option]")).to_have_count(1)  # the answer to what was typed, not to the focus
    expect(option).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(box).to_have_value("Harbor Family Health")
    expect(page.locator("[data-combo-value]")).to_have_value("Harbor Family Health")
    page.keyboard.press("Backspace")
    expect(page.locator("[data-combo-value]")).to_have_value("")


def test_combobox_for_several(guide):
    page = guide()
    page.get_by_role("combobox", name="Practices (optional)").focus()
    page.keyboard.type("elm")
    page.get_by_role("option", name="Elm Street Pediatrics").click()
    expect(page.locator("input[name=practices]")).to_have_count(2)
    page.get_by_role("button", name="Remove Lakeview Internal Medicine").click()
    expect(page.locator("input[name=practices]")).to_have_count(1)


def test_a_sankey_is_bars_on_a_phone(guide):
    flows = "[data-chart=sg-sankey-spec] svg text"
    wide, phone = guide(1440), guide(390)
    expect(wide.locator(flows, has_text="Primary care  780")).to_be_attached()
    expect(phone.locator(flows, has_text="Our network").first).to_be_attached()
    expect(phone.locator(flows, has_text="Primary care  780")).to_have_count(0)


def test_charts_fit_on_paper(guide):
    page = guide()
    drawing = page.locator("[data-chart=sg-line-spec] svg")
    expect(drawing).to_have_attribute("viewBox", f"0 0 {page.locator('[data-chart=sg-line-spec]').evaluate('box => box.clientWidth')} 280")


def test_without_javascript_the_numbers_and_filters_remain(guide):
    page = guide(java_script_enabled=False)
    expect(page.locator(".chart-canvas").first).to_be_hidden()
    page.get_by_text("Show the numbers").first.click()
    expect(page.get_by_role("rowheader", name="Mar 2026").first).to_be_visible()
    page.locator("[name=service_line]").select_option("Oncology")
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile("service_line=Oncology"))


def test_a_filter_sends_itself(guide):
    page = guide()
    page.locator("[name=service_line]").select_option("Oncology")
    page.wait_for_url("**/styleguide/?service_line=Oncology")
