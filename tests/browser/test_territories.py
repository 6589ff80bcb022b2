"""An admin moves a ZIP code from one territory to another and takes it back, by mouse and with the keyboard alone."""

import re
from collections import Counter

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from contacts.placement import place_practices
from jobs.actions import run_waiting
from referrals import rollups
from referrals.models import Referral
from tests.factories import referrals as feed

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def follow() -> None:
    """What a worker does after a change of rules."""
    run_waiting(apps=("contacts", "referrals"))


def volume() -> dict[str, int]:
    """Referrals by territory, from the facts; the rollups say the same."""
    assert not rollups.differences()
    return dict(Counter(Referral.objects.values_list("territory__name", flat=True)))


@pytest.fixture
def told(world, settings, tmp_path):
    """Three referrals from the north, two from the south."""
    settings.UPLOADS = tmp_path
    place_practices()
    offices = [(world.north_practice, 3), (world.south_practice, 2)]
    feed.load(
        *(feed.row(f"{office.pk}-{n}", office=office.name, zip=office.zip, to=world.ours.name) for office, k in offices for n in range(k))
    )
    follow()
    assert volume() == {"North": 3, "South": 2}


def test_edit_a_territory_with_a_preview_and_undo_it(world, told, live_server, page_at, sign_in, assert_axe_clean):
    page = page_at(1440)
    sign_in(page, world.ada)
    page.goto(f"{live_server.url}{reverse('territories:list')}")
    page.get_by_role("link", name="South").click()
    page.get_by_role("link", name="Edit").click()
    preview = page.locator("#preview")
    expect(preview).to_contain_text("1 practice and 1 provider")
    page.get_by_label("Add ZIP codes").fill("44101 nowhere")
    expect(preview).to_contain_text("Not a US ZIP code: nowhere")
    page.get_by_label("Add ZIP codes").fill("44101")
    expect(preview).to_contain_text("2 practices and 2 providers")
    expect(preview).to_contain_text("From North: 1 practice, 1 provider")
    expect(preview).to_contain_text("ZIP code 44101 belongs to North.")
    assert_axe_clean(page)

    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("ZIP code 44101 belongs to North.")
    assert_axe_clean(page)
    assert volume() == {"North": 3, "South": 2}

    page.get_by_label("Take them over").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".messages")).to_contain_text("South is saved.")
    expect(page.locator("#moves")).to_contain_text("Placing practices")
    assert_axe_clean(page)
    follow()
    expect(page.get_by_role("heading", name="2 practices, 2 providers")).to_be_visible()
    expect(page.get_by_text("Practices and their referrals lie where the territories say.")).to_be_visible()
    assert_axe_clean(page)
    assert volume() == {"South": 5}

    page.get_by_role("button", name=re.compile("^Undo the change")).click()
    expect(page.locator(".messages")).to_contain_text("as they were before")
    follow()
    expect(page.get_by_role("heading", name="1 practice, 1 provider")).to_be_visible()
    assert volume() == {"North": 3, "South": 2}


def test_the_keyboard_alone_takes_a_zip_code_over(world, told, live_server, page_at, sign_in, tab_to):
    page = page_at(390, "dark")
    sign_in(page, world.ada)
    page.goto(f"{live_server.url}{reverse('territories:edit', args=[world.south.pk])}")
    tab_to(page, page.get_by_role("checkbox", name="44301"))
    page.keyboard.press("Space")
    tab_to(page, page.get_by_label("Add ZIP codes"))
    page.keyboard.type("44102, 44301")
    take = page.get_by_label("Take them over")
    expect(take).to_be_visible()
    tab_to(page, take)
    page.keyboard.press("Space")
    tab_to(page, page.get_by_role("button", name="Save"))
    page.keyboard.press("Enter")
    expect(page.locator(".messages")).to_contain_text("South is saved.")
    assert set(world.south.rules.values_list("value", flat=True)) == {"44102", "44301"}
    assert set(world.north.rules.values_list("value", flat=True)) == {"44101"}
