"""An analyst works through the queue with the keyboard alone, takes an answer back, and merges a duplicate."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from contacts.models import Affiliation, Alias, ProviderMerge
from jobs.actions import run_waiting
from referrals.models import Referral
from tests import factories
from tests.factories.referrals import load, row

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def queue(world, settings, tmp_path):
    settings.UPLOADS = tmp_path
    for n, first in enumerate(("Paula", "Petra", "Peggy")):
        factories.make_provider("Northcott", first_name=first, at=world.north_practice, middle_name="ABC"[n])
    at = {"office": "North Family Practice", "zip": "44101"}
    load(
        *(row(f"a{n}", **{"from": "Northrupp, Peter", **at}) for n in range(4)),
        *(row(f"b{n}", **{"from": "Northcott, P", **at}) for n in range(3)),
        *(row(f"c{n}", **{"from": "Walk-in", **at}) for n in range(2)),
        row("d", to="Rivrbend Cardiology"),
    )
    run_waiting(apps=("contacts", "referrals"))
    return world


def test_the_queue_by_keyboard(queue, live_server, page_at, sign_in, assert_axe_clean):
    page = page_at(1440)
    sign_in(page, queue.ivan)
    page.goto(f"{live_server.url}{reverse('referrals:matching')}")
    expect(page.get_by_text("0 of 9 referrals resolved")).to_be_visible()
    assert_axe_clean(page)
    cards = page.locator("[data-card]")
    expect(cards).to_have_count(3)
    page.keyboard.press("j")
    expect(cards.nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(cards.nth(1)).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("1")  # the first candidate of the first question
    expect(cards.nth(0)).to_contain_text("Undo")
    expect(cards.nth(1)).to_be_focused()
    page.keyboard.press("2")
    expect(cards.nth(1)).to_contain_text("Undo")
    expect(cards.nth(2)).to_be_focused()
    page.keyboard.press("n")
    expect(cards.nth(2)).to_contain_text("nobody we know")
    page.keyboard.press("u")
    expect(cards.nth(2).get_by_role("button", name="Nobody we know")).to_be_visible()
    page.keyboard.press("s")
    box = cards.nth(2).get_by_role("combobox")
    expect(box).to_be_focused()
    box.press_sequentially("south")
    expect(page.get_by_role("option").first).to_contain_text("Southwell")
    page.keyboard.press("Enter")
    expect(cards.nth(2)).to_contain_text("Southwell")
    expect(cards.nth(2)).to_contain_text("Undo")
    expect(page.locator("#matching-progress")).to_contain_text("carrying decisions")
    run_waiting(apps=("contacts", "referrals"))
    expect(page.locator("#matching-progress")).not_to_contain_text("carrying decisions", timeout=10_000)
    assert Alias.objects.count() == 3
    assert not Referral.objects.filter(provider=None).exclude(source_key="d").exists()
    page.goto(f"{live_server.url}{reverse('referrals:matching')}?tab=confirm")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(cards.first).to_contain_text("Undo")
    assert_axe_clean(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_by_thumb(queue, live_server, page_at, sign_in, assert_axe_clean, scheme):
    twin = factories.make_provider("Northrop", npi="", at=queue.north_practice)
    Affiliation.objects.create(provider=twin, practice=queue.south_practice, is_primary=False)
    page = page_at(390, scheme)
    sign_in(page, queue.ivan)
    page.goto(f"{live_server.url}{reverse('referrals:matching')}")
    assert_axe_clean(page)
    page.get_by_role("button", name="Nobody we know").first.tap()
    expect(page.locator("[data-card]").first).to_contain_text("Undo")
    page.goto(f"{live_server.url}{reverse('contacts:aliases')}")
    expect(page.get_by_role("table")).to_contain_text("Nobody we know")
    assert_axe_clean(page)
    page.goto(f"{live_server.url}{reverse('contacts:duplicates')}")
    assert_axe_clean(page)
    page.get_by_role("link", name="Compare").first.tap()
    expect(page.get_by_role("heading", name="What a merge does")).to_be_visible()
    expect(page.get_by_text("0 attended").first).to_be_visible()
    assert_axe_clean(page)
    page.get_by_role("button", name="Merge").tap()
    expect(page.get_by_role("heading", name="Also known as")).to_be_visible()
    assert ProviderMerge.objects.in_force().count() == 1


def test_without_javascript(queue, live_server, page_at, sign_in):
    page = page_at(1440, java_script_enabled=False)
    sign_in(page, queue.ivan)
    page.goto(f"{live_server.url}{reverse('referrals:matching')}")
    page.locator("[data-key='1']").first.click()
    expect(page.get_by_text("Its referrals follow in a moment")).to_be_visible()
    assert Alias.objects.count() == 1
