"""Follow-ups by touch and by keyboard, the bell, an appointment, a field note, trends and a project; axe and no sideways scroll on each."""

import datetime as dt
import re

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from concerns.actions import add_field_note, save_project
from notices.actions import notify
from tests.factories import make_staff
from tests.factories.concerns import make_category, make_concern
from tests.factories.visits import make_follow_up
from visits.models import FollowUp, Visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_follow_ups_by_touch_and_by_keyboard(world, live_server, page_at, sign_in, assert_axe_clean):
    late = make_follow_up(world.north_practice, world.nora, due_in=-2, text="Call the office back about the lunch talk next week")
    other = make_follow_up(world.north_practice, world.nora, due_in=3, text="Send the guide", handed_by=world.dana, handed_note="Please.")
    page = page_at(320)
    sign_in(page, world.nora)
    page.goto(f"{live_server.url}{reverse('visits:follow-ups')}")
    assert_axe_clean(page)
    row = page.locator(f"#follow-up-{late.pk}")
    row.locator("summary").tap()
    row.get_by_role("button", name="Till tomorrow").tap()
    expect(row).to_contain_text("put off once")
    row.get_by_role("button", name=re.compile("Undo")).tap()
    expect(row).to_contain_text("Overdue")
    wide = page_at(1440, "dark")
    sign_in(wide, world.nora)
    wide.goto(f"{live_server.url}{reverse('visits:follow-ups')}")
    wide.keyboard.press("j")
    wide.keyboard.press("x")
    wide.keyboard.press("j")
    wide.keyboard.press("x")
    expect(wide.locator("[data-bulk-count]")).to_have_text("2 ticked")
    wide.locator("#bulk-act").select_option("done")
    wide.get_by_role("button", name="Preview").click()
    expect(wide.get_by_role("heading", name="Mark as done: 2 follow-ups")).to_be_visible()
    assert_axe_clean(wide)
    wide.get_by_role("button", name="Change 2 follow-ups").click()
    expect(wide.get_by_text("Mark as done: 2 follow-ups.")).to_be_visible()
    assert_axe_clean(wide)
    wide.get_by_role("button", name="Undo").click()
    expect(wide.get_by_text("Undone: 2 as before.")).to_be_visible()
    wide.keyboard.press("j")
    wide.keyboard.press("d")
    expect(wide.locator(f"#follow-up-{late.pk}").get_by_role("button", name=re.compile("Undo"))).to_be_focused()
    late.refresh_from_db()
    assert late.done_by == world.nora
    wide.goto(f"{live_server.url}{other.get_absolute_url()}")
    assert_axe_clean(wide)
    assert FollowUp.objects.done().count() == 1


def test_the_bell_leads_to_what_it_tells(world, live_server, page_at, sign_in, assert_axe_clean):
    item = make_follow_up(world.north_practice, world.nora)
    notify(to=world.nora, kind="follow-up", text="Dana hands you a follow-up", url=item.get_absolute_url(), by=world.dana)
    page = page_at(320)
    sign_in(page, world.nora)
    page.get_by_role("link", name="Notices: 1 unread").tap()
    expect(page.get_by_role("link", name="Dana hands you a follow-up")).to_be_visible()
    assert_axe_clean(page)
    page.get_by_role("link", name="Dana hands you a follow-up").tap()
    expect(page).to_have_url(f"{live_server.url}{item.get_absolute_url()}")
    expect(page.locator(".bell-count")).to_have_count(0)
    page.goto(f"{live_server.url}{reverse('notices:mail-settings')}")
    assert_axe_clean(page)


def test_an_appointment_on_a_phone(world, live_server, page_at, sign_in, assert_axe_clean):
    make_staff(world.north_practice, "Kim Coordinator", email="kim@north.example", job="Referral coordinator")
    page = page_at(390, "dark")
    sign_in(page, world.nora)
    page.goto(f"{live_server.url}{reverse('visits:plan')}?practice={world.north_practice.pk}")
    page.get_by_text("Kim Coordinator").tap()
    page.get_by_label("An appointment: the office agreed to this time").tap()
    page.get_by_text("Its end and place").tap()
    page.get_by_label("Until").fill("11:00")
    page.get_by_label("Place").fill("Break room")
    assert_axe_clean(page)
    page.get_by_role("button", name="Plan visit").tap()
    expect(page.get_by_text("Break room")).to_be_visible()
    page.get_by_role("button", name="Send invitation").tap()
    expect(page.get_by_text("Office staff · Invitation on the way")).to_be_visible()
    assert_axe_clean(page)
    assert Visit.objects.get().invitations.count() == 1
    page.goto(f"{live_server.url}{reverse('visits:calendar')}")
    page.get_by_role("button", name="Make an address").tap()
    expect(page.get_by_text("Copy this address now")).to_be_visible()
    assert_axe_clean(page)


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1440, "dark")])
def test_what_the_field_heard(world, live_server, page_at, sign_in, assert_axe_clean, width, scheme):
    category = make_category("Access")
    for days in (5, 40, 90, 200):
        concern = make_concern(world.north_practice, world.nora, category=category, days_ago=days)
    add_field_note(kind="gap", practice=world.north_practice, text="No open MRI nearby.", tags=["mri", "access"], by=world.nora)
    started_on = timezone.localdate() - dt.timedelta(days=60)
    project = save_project(
        name="A second line", goal="Phones.", owner=world.dana, started_on=started_on, categories=[category], by=world.dana
    )
    page = page_at(width, scheme)
    sign_in(page, world.dana)
    for address in (
        reverse("concerns:trends"), reverse("concerns:projects"), project.get_absolute_url(),
        reverse("concerns:project-change", args=[project.pk]),
        reverse("concerns:notes"), f"{reverse('concerns:note-new')}?practice={world.north_practice.pk}", concern.get_absolute_url(),
    ):  # fmt: skip
        page.goto(f"{live_server.url}{address}")
        assert_axe_clean(page)
