"""Ctrl/Cmd-K in a real browser: by keyboard, on a phone, accessible."""

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NAME = "Search people, practices, pages and actions"


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1440, "dark")])
def test_a_person_is_two_keys_and_a_few_letters_away(live_server, page_at, sign_in, world, assert_axe_clean, width, scheme):
    page = page_at(width, scheme)
    sign_in(page, world.nora)
    page.goto(f"{live_server.url}/contacts/practices/")
    if width < 768:
        page.get_by_role("link", name="Search", exact=True).click()
    else:
        page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name=NAME)
    expect(box).to_be_focused()
    expect(page.get_by_role("option", name="Log a visit")).to_be_visible()
    assert_axe_clean(page)
    box.fill("nortrop")
    expect(page.get_by_role("option", name="Pat Northrop")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Pat Northrop")).to_be_visible()
    page.wait_for_load_state()  # the heading is there before the scripts, which are deferred
    page.keyboard.press("Control+k")
    expect(page.get_by_role("group", name="Lately").get_by_role("option", name="Pat Northrop")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Search everything")).to_be_hidden()


def test_enter_waits_for_the_answer_to_what_was_typed(live_server, page_at, sign_in, world):
    page = page_at(1440)
    sign_in(page, world.nora)
    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name=NAME)
    expect(page.get_by_role("option", name="Log a visit")).to_be_visible()
    box.fill("follow-ups")
    page.keyboard.press("Enter")
    page.wait_for_url("**/visits/follow-ups/**")
