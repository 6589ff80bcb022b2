"""The day's route on a phone and a laptop: planned, moved by keyboard, seen on the map; a pin dropped by a tap."""

import datetime as dt
import re

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

import contacts.actions
from contacts.models import MapPin
from jobs.actions import run_waiting
from tests.factories import make_practice, make_visit
from visits.models import DayStop

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SPOTS = [(41.51, -81.72), (41.46, -81.60), (41.55, -81.65)]


@pytest.fixture
def monday(world):
    """Three visits of Nora's next Monday, at offices with a pin."""
    today = timezone.localdate()
    day = today + dt.timedelta(days=7 - today.weekday())
    for n, spot in enumerate(SPOTS):
        practice = make_practice(f"Office {n}", territory=world.north, zip=f"4410{n}", state="OH")
        contacts.actions.drop_map_pin(practice=practice, latitude=spot[0], longitude=spot[1], by=world.nora)
        at = timezone.make_aware(dt.datetime.combine(day, dt.time(9 + n)))
        make_visit(practice, world.nora, state="planned", planned_at=at)
    return day


def _fits(page):
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1440, "dark")])
def test_a_day_is_planned_and_changed(world, monday, live_server, page_at, sign_in, assert_axe_clean, width, scheme):
    page = page_at(width, scheme)
    sign_in(page, world.nora)
    page.goto(f"{live_server.url}{reverse('visits:route', args=[monday.isoformat()])}")
    assert_axe_clean(page)
    page.get_by_label("From", exact=False).first.fill("44101")
    page.get_by_role("button", name="Plan the route").click()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    run_waiting()
    expect(page.get_by_role("button", name="Accept these times")).to_be_visible(timeout=15000)
    page.locator("#map-title").scroll_into_view_if_needed()
    expect(page.locator(".route-pin")).to_have_count(4)
    expect(page.locator(".leaflet-overlay-pane path")).not_to_have_count(0)
    assert_axe_clean(page)
    _fits(page)
    first = DayStop.objects.get(place=1)
    later = page.get_by_role("button", name=re.compile(rf"Later ?: {first.practice}"))
    later.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"{first.practice} comes later.")).to_be_visible()
    first.refresh_from_db()
    assert first.place == 2
    page.get_by_role("button", name="Accept these times").click()
    expect(page.get_by_text("Accepted: the visits have these times now.")).to_be_visible()
    if width == 390:
        page.set_viewport_size({"width": 320, "height": 700})
        _fits(page)


def test_a_pin_is_dropped_by_a_tap(world, live_server, page_at, sign_in, assert_axe_clean):
    page = page_at(390)
    sign_in(page, world.nora)
    page.goto(f"{live_server.url}{reverse('contacts:map-pin', args=[world.north_practice.pk])}")
    box = page.locator("[data-pin-map]")
    expect(box).to_be_visible()
    box.click(position={"x": 150, "y": 150})
    expect(page.locator("[name=coordinates]")).to_have_value(re.compile(r"^-?\d+\.\d{5}, -?\d+\.\d{5}$"))
    assert_axe_clean(page)
    page.get_by_role("button", name="Drop the pin").click()
    expect(page.get_by_text(f"{world.north_practice} is on the map.")).to_be_visible()
    assert MapPin.objects.get().dropped_by == world.nora
