"""The network picture and the map, drawn: readable at 200 nodes, moved through by keyboard, light, the same on paper."""

import datetime as dt
from random import Random

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.factories import make_organization, make_practice, make_visit
from tests.factories.reports import add_referrals, monthly

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NAMES = "document.querySelectorAll('.network-name')"
BOXES = f"[...{NAMES}].map(name => {{ const box = name.getBoundingClientRect(); return [box.left, box.top, box.right, box.bottom]; }})"
COUNTIES = ("OH/Cuyahoga", "OH/Summit", "OH/Portage", "OH/Lake")


@pytest.fixture
def crowd(world):
    """170 practices and 60 organizations: more than the picture takes one by one."""
    dice = Random(3)
    clinics = [
        make_organization(f"Clinic of Specialists {number}", alignment=dice.choice(("employed", "competitor", ""))) for number in range(60)
    ]
    rows = []
    for number in range(170):
        practice = make_practice(
            f"Family Practice {number}", territory=world.north, zip="44101", alignment=dice.choice(("employed", "independent"))
        )
        practice.county = COUNTIES[number % 4]
        practice.save()
        for clinic in dice.sample(clinics, k=3):
            rows += monthly(practice, dt.date(2026, 1, 1), [dice.randint(0, 2) for _ in range(9)], flow="internal", destination=clinic)
    world.ours.name = "The Largest Clinic of All"
    world.ours.save()
    rows += monthly(practice, dt.date(2026, 1, 1), [40] * 9, flow="internal", destination=world.ours)
    make_visit(practice, world.nora)
    add_referrals(*rows)
    world.busiest = practice
    return world


def overlapping(boxes):
    return [
        (one, other)
        for place, one in enumerate(boxes)
        for other in boxes[place + 1 :]
        if one[0] < other[2] - 1 and other[0] < one[2] - 1 and one[1] < other[3] - 1 and other[1] < one[3] - 1
    ]


def test_two_hundred_nodes_can_be_read(crowd, live_server, page_at, sign_in, assert_axe_clean):
    page = page_at(1440)
    sign_in(page, crowd.dana)
    page.goto(f"{live_server.url}{reverse('reports:network')}")
    picture = page.locator("svg[data-drawn]")
    expect(picture).to_be_attached()
    assert page.locator("[data-node]").count() == 199  # the 198 largest, and whoever is smaller as one
    assert int(picture.get_attribute("data-drawn")) < 1000
    boxes = page.evaluate(BOXES)
    assert len(boxes) >= 5
    assert not overlapping(boxes)
    frame = picture.bounding_box()
    assert all(box[0] >= frame["x"] - 1 and box[2] <= frame["x"] + frame["width"] + 1 for box in boxes)
    expect(page.locator(".network-name", has_text="The Largest Clinic of All")).to_be_attached()
    assert_axe_clean(page)

    # The list is the picture's twin: what has the focus there is shown in the picture.
    page.locator("[data-network-list] tbody a").first.focus()
    expect(page.locator(".network-tip text").first).to_have_text("Family Practice 169")
    assert page.locator("path.is-near").count() >= 1


def test_on_a_phone_the_list_comes_first(crowd, live_server, page_at, sign_in, assert_axe_clean):
    page = page_at(390, "dark")
    sign_in(page, crowd.dana)
    page.goto(f"{live_server.url}{reverse('reports:network')}")
    expect(page.locator("svg[data-drawn]")).to_be_attached()
    assert page.locator(".network-list").bounding_box()["y"] < page.locator("figure.network").bounding_box()["y"]
    assert not overlapping(page.evaluate(BOXES))
    assert_axe_clean(page)
    page.goto(f"{live_server.url}{reverse('reports:map')}?show=territory")
    expect(page.locator(".map-county")).to_have_count(4)
    assert_axe_clean(page)


def test_the_map_by_keyboard(crowd, live_server, page_at, sign_in, assert_axe_clean, tab_to):
    page = page_at(1440)
    sign_in(page, crowd.dana)
    page.goto(f"{live_server.url}{reverse('reports:map')}?show=received")
    county = page.get_by_role("link", name="Cuyahoga, OH:")
    tab_to(page, county)
    expect(county.locator(".map-tip text.on-wide")).to_be_visible()
    expect(county.locator(".map-tip text.on-wide")).to_have_text(county.get_attribute("aria-label"))
    assert_axe_clean(page)
    page.keyboard.press("Enter")
    expect(page.locator("#county-title")).to_contain_text("Cuyahoga, OH: 43 practices")
    expect(page.locator(".map-county[aria-current]")).to_have_count(1)
    assert_axe_clean(page)


@pytest.mark.parametrize("name", ["network", "map"])
def test_pages_weigh_little(crowd, deployed, browser, client, bytes_over_the_wire, name):
    client.force_login(crowd.dana)
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": deployed}])
    page = context.new_page()
    with bytes_over_the_wire(page) as count:
        page.goto(f"{deployed}{reverse(f'reports:{name}')}")
        page.wait_for_load_state("networkidle")
        carried = count()
    context.close()
    assert 20_000 < carried <= 150_000, f"{carried} bytes"
