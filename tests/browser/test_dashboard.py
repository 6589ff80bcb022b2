"""The manager's dashboard and the admin's map of the field, as people use them; and every page looked at by axe, dense and empty."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from accounts.models import User
from contacts.models import Practice, Provider
from demo import actions
from jobs.actions import run_waiting
from referrals.models import ImportBatch, Referral
from territories.models import Territory
from tests.factories import PASSWORD
from visits.models import Visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def demo(settings, monkeypatch):
    """A small invented world whose people have the tests' password."""
    monkeypatch.setattr(actions, "password", lambda: PASSWORD)
    actions.load(say=lambda sentence: None, referrals_a_month=120)
    return {name: User.objects.get(email=email) for name, email, *_ in actions.PEOPLE}


def _visit(page, live_server, name, *args):
    page.goto(f"{live_server.url}{reverse(name, args=args)}")


def test_open_the_dashboard_drill_down_and_plan_a_visit(demo, live_server, page_at, sign_in, assert_axe_clean):
    page = page_at(1440)
    sign_in(page, demo["Dana Reyes"])
    expect(page).to_have_url(f"{live_server.url}{reverse('reports:dashboard')}")
    assert_axe_clean(page)
    page.get_by_label("Territory").select_option(label="Akron")
    page.wait_for_url(re.compile(r"territory="))
    card = page.locator(".kpi", has_text=re.compile("received", re.I)).first
    shown = int(card.locator(".kpi-value").inner_text().replace(",", ""))
    card.get_by_role("link").click()
    page.wait_for_load_state()
    assert re.search(rf"\b{shown:,}\b", page.locator("main").inner_text()), f"{shown} is not what stands behind the figure"
    page.go_back()
    page.get_by_role("link", name=re.compile("Plan visit")).first.click()
    expect(page.locator("h1")).to_contain_text("Plan")
    page.get_by_role("button", name=re.compile("Plan|Save")).last.click()
    expect(page.locator(".messages")).to_contain_text(re.compile("planned", re.I))


# who, url name, arguments
PAGES = [
    ("Nora Lind", "visits:today", None),
    ("Nora Lind", "visits:brief", "practice"),
    ("Nora Lind", "visits:plan-week", None),
    ("Nora Lind", "visits:hours", None),
    ("Nora Lind", "visits:list", None),
    ("Nora Lind", "visits:log", None),
    ("Nora Lind", "visits:plan", None),
    ("Nora Lind", "visits:follow-ups", None),
    ("Nora Lind", "contacts:practices", None),
    ("Nora Lind", "contacts:practice", "practice"),
    ("Nora Lind", "contacts:providers", None),
    ("Nora Lind", "contacts:provider", "provider"),
    ("Nora Lind", "referrals:lookup", None),
    ("Nora Lind", "reports:dashboard", None),
    ("Nora Lind", "accounts:profile", None),
    ("Dana Reyes", "reports:dashboard", None),
    ("Dana Reyes", "reports:leakage", None),
    ("Dana Reyes", "reports:growth", None),
    ("Dana Reyes", "reports:runs", None),
    ("Dana Reyes", "referrals:list", None),
    ("Dana Reyes", "referrals:detail", "referral"),
    ("Dana Reyes", "visits:detail", "visit"),
    ("Ada Quinn", "territories:list", None),
    ("Ada Quinn", "territories:detail", "territory"),
    ("Ada Quinn", "territories:edit", "territory"),
    ("Ada Quinn", "territories:service-lines", None),
    ("Ada Quinn", "accounts:people", None),
    ("Ada Quinn", "accounts:invite", None),
    ("Ada Quinn", "accounts:audit", None),
    ("Ada Quinn", "settings", None),
    ("Ada Quinn", "api-docs", None),
    ("Ada Quinn", "styleguide", None),
    ("Ada Quinn", "contacts:organizations", None),
    ("Ada Quinn", "contacts:specialties", None),
    ("Ada Quinn", "visits:topics", None),
    ("Ivan Petrov", "referrals:batches", None),
    ("Ivan Petrov", "referrals:batch", "batch"),
    ("Ivan Petrov", "referrals:upload", None),
    ("Ivan Petrov", "referrals:sources", None),
    ("Ivan Petrov", "contacts:imports", None),
    ("Elle Grant", "reports:dashboard", None),
]


def _records():
    nora = User.objects.get(email="nora@lakeland.example")
    return {
        "practice": Practice.objects.visible_to(nora).first().pk,
        "provider": Provider.objects.visible_to(nora).first().pk,
        "referral": Referral.objects.first().pk,
        "visit": Visit.objects.made().first().pk,
        "territory": Territory.objects.get(name="Akron").pk,
        "batch": ImportBatch.objects.get(source__name="lakeland-orders").pk,
    }


@pytest.mark.slow
def test_every_page_is_clean_dense(demo, live_server, page_at, sign_in, assert_axe_clean):
    records = _records()
    for width, scheme in ((390, "light"), (1440, "dark"), (320, "dark"), (1440, "light")):
        page, who = page_at(width, scheme), None
        for person, name, record in PAGES:
            if person != who:
                page.context.clear_cookies()
                sign_in(page, demo[person])
                who = person
            _visit(page, live_server, name, *([records[record]] if record else []))
            page.wait_for_load_state("networkidle")
            try:
                assert_axe_clean(page)
            except AssertionError as finding:
                pytest.fail(f"{name} at {width} px, {scheme}: {finding}")


@pytest.mark.slow
def test_every_page_is_clean_empty(world, live_server, page_at, sign_in, assert_axe_clean):
    run_waiting()
    cast = {"Nora Lind": world.nora, "Dana Reyes": world.dana, "Ada Quinn": world.ada, "Ivan Petrov": world.ivan, "Elle Grant": world.elle}
    page, who = page_at(390, "light"), None
    for person, name, record in PAGES:
        if record:
            continue
        if person != who:
            page.context.clear_cookies()
            sign_in(page, cast[person])
            who = person
        _visit(page, live_server, name)
        page.wait_for_load_state("networkidle")
        try:
            assert_axe_clean(page)
        except AssertionError as finding:
            pytest.fail(f"{name}, empty: {finding}")
