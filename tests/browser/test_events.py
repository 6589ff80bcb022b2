"""Events in a browser: one tap signs a guest in, the code does it on the guest's own phone; pages are clean, none scrolls sideways."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from events import actions
from events.actions import Outside
from events.signing import answer_url, door_url
from tests.factories.events import make_event

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1440, "dark")])
def test_an_event_from_the_invitation_to_the_door(world: Any, live_server, page_at, sign_in, assert_axe_clean, width, scheme) -> None:
    event = make_event(world.nora, days=0.05, practice=world.north_practice, credits="1.50")
    (gwen,) = actions.invite(event=event, outside=[Outside("Gwen Guest", "gwen@example.org")], by=world.nora)
    actions.invite(event=event, people=[world.north_provider], by=world.nora)
    guest = page_at(width, scheme)
    guest.goto(f"{live_server.url}{urlsplit(answer_url(gwen)).path}")
    assert_axe_clean(guest)
    guest.get_by_role("button", name="Yes").click()
    expect(guest.locator("main")).to_contain_text("You said yes")
    page = page_at(width, scheme)
    sign_in(page, world.nora)
    page.goto(f"{live_server.url}{reverse('events:door', args=[event.pk])}")
    assert_axe_clean(page)
    page.locator("li", has_text="Gwen Guest").get_by_role("button", name="Here").click()
    expect(page.locator("li", has_text="Gwen Guest").get_by_role("button", name="Undo")).to_be_visible()
    guest.goto(f"{live_server.url}{urlsplit(door_url(event)).path}")
    assert_axe_clean(guest)
    guest.get_by_role("button", name="Sign in").click()
    expect(guest.locator(".error-summary")).to_contain_text("Enter your name")
    assert_axe_clean(guest)
    guest.get_by_label("Your name").fill("Wally Kin")
    guest.get_by_role("button", name="Sign in").click()
    expect(guest.get_by_role("heading", name="You are signed in")).to_be_visible()
    page.reload()
    expect(page.locator("li", has_text="Wally Kin").get_by_role("link", name="Who is this?")).to_be_visible()
    addresses = [
        event.get_absolute_url(),
        reverse("events:list"),
        reverse("events:calendar"),
        reverse("events:new"),
        f"{reverse('events:invite', args=[event.pk])}?practice={world.north_practice.pk}",
        reverse("events:code", args=[event.pk]),
        reverse("events:match", args=[event.pk, event.guests.get(name="Wally Kin").pk]),
        reverse("events:cancel", args=[event.pk]),
    ]
    for address in addresses:
        page.goto(f"{live_server.url}{address}")
        assert_axe_clean(page)
    page.set_viewport_size({"width": 320, "height": 700})
    for address in [*addresses, reverse("events:door", args=[event.pk])]:
        page.goto(f"{live_server.url}{address}")
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), address
