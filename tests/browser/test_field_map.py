"""An admin gives counties away: by click, by lasso, by the table and the keyboard alone; sees the preview, saves, takes it back."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from contacts.models import Practice
from contacts.placement import place_practices
from jobs.actions import run_waiting
from territories.models import TerritoryRule
from tests import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def field(world):
    """Cuyahoga is the north's, Summit the south's, Lake and Geauga have practices that nobody owns."""
    Practice.objects.filter(pk=world.north_practice.pk).update(county="OH/Cuyahoga")
    Practice.objects.filter(pk=world.south_practice.pk).update(county="OH/Summit")
    factories.make_practice("Lake Office", zip="44060", county="OH/Lake")
    factories.make_practice("Geauga Office", zip="44024", county="OH/Geauga")
    place_practices()


def owners() -> dict[str, str]:
    return dict(TerritoryRule.objects.filter(kind="county").values_list("value", "territory__name"))


def follow() -> None:
    run_waiting(apps=("contacts", "referrals"))


def test_by_click_by_lasso_and_by_list(world, field, live_server, page_at, sign_in, assert_axe_clean):
    page = page_at(1440)
    sign_in(page, world.ada)
    page.goto(f"{live_server.url}{reverse('planning:map')}")
    assert_axe_clean(page)
    lake, geauga = (page.get_by_role("checkbox", name=name) for name in ("Lake, OH", "Geauga, OH"))
    page.locator('[data-area="county:OH/Lake"]').click()
    page.locator('[data-area="county:OH/Geauga"]').click()
    expect(lake).to_be_checked()
    page.get_by_label("Give them to").select_option("North")
    expect(page.locator("#change")).to_contain_text("2 practices and 0 providers move")
    expect(page.locator("#change")).to_contain_text("1 → 3")
    assert_axe_clean(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("2 places changed hands")).to_be_visible()
    assert owners() == {"OH/Lake": "North", "OH/Geauga": "North"}
    assert_axe_clean(page)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Taken back")).to_be_visible()
    assert owners() == {}
    follow()

    page.goto(f"{live_server.url}{reverse('planning:map')}")
    page.get_by_role("button", name="Lasso").click()
    middles = page.locator('[data-area="county:OH/Lake"], [data-area="county:OH/Geauga"]').evaluate_all(
        """areas => areas.map(area => { const svg = area.closest("svg");
        const at = new DOMPoint(+area.dataset.x, +area.dataset.y).matrixTransform(svg.getScreenCTM()); return [at.x, at.y] })"""
    )
    xs, ys = [x for x, _ in middles], [y for _, y in middles]
    corners = [(min(xs) - 12, min(ys) - 12), (max(xs) + 12, min(ys) - 12), (max(xs) + 12, max(ys) + 12), (min(xs) - 12, max(ys) + 12)]
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in [*corners[1:], corners[0]]:
        page.mouse.move(*corner, steps=4)
    page.mouse.up()
    expect(lake).to_be_checked()
    expect(geauga).to_be_checked()
    expect(page.locator("input[name=area]:checked")).to_have_count(2)
    page.get_by_role("button", name="Choose none").click()
    expect(page.locator("input[name=area]:checked")).to_have_count(0)

    lake.check()
    geauga.check()
    expect(page.locator('[data-area="county:OH/Lake"]')).to_have_class("field-area is-nobody is-picked")
    page.get_by_label("Give them to").select_option("South")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("2 places changed hands")).to_be_visible()
    assert owners() == {"OH/Lake": "South", "OH/Geauga": "South"}


def test_the_keyboard_alone_on_a_phone(world, field, live_server, page_at, sign_in, tab_to, assert_axe_clean):
    page = page_at(320, "dark")
    sign_in(page, world.ada)
    page.goto(f"{live_server.url}{reverse('planning:map')}?county=OH/Lake")
    assert_axe_clean(page)
    page.goto(f"{live_server.url}{reverse('planning:map')}")
    assert_axe_clean(page)
    tab_to(page, page.get_by_role("checkbox", name="Lake, OH"))
    page.keyboard.press("Space")
    page.get_by_label("Give them to").focus()
    page.keyboard.type("North")
    tab_to(page, page.get_by_role("button", name="Save"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 place changed hands")).to_be_visible()
    assert owners() == {"OH/Lake": "North"}
