"""Share of care, avoidable leakage, targets and target lists in a real browser: they fit, they are clean, and a target becomes a plan."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from contacts.models import Provider
from reports.models import ContributionMargin
from tests.factories import make_provider, make_specialty
from tests.factories.market import load_market, make_capacity, market_row
from tests.factories.reports import add_referrals, make_payer, monthly

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def valued(world):
    """A family physician in the south who sends little, five who send half, capacity near and a margin; the north loses referrals."""
    family = make_specialty("207Q00000X", "Family medicine")
    Provider.objects.filter(pk=world.south_provider.pk).update(specialty=family)
    peers = [make_provider(f"Peer{n}", at=world.south_practice, specialty=family) for n in range(5)]
    load_market(
        *(market_row(peer.npi, 30, 60, through="2026-09-30") for peer in peers),
        market_row(world.south_provider.npi, 3, 60, through="2026-09-30"),
    )
    north = {"provider": world.north_provider, "service_line": world.line, "payer": make_payer()}
    add_referrals(
        *monthly(
            world.south_practice, dt.date(2026, 7, 1), [6] * 4, provider=world.south_provider, service_line=world.line, payer=make_payer()
        ),
        *monthly(world.north_practice, dt.date(2026, 7, 1), [4] * 4, flow="outbound", destination=world.theirs, **north),
    )
    for day in (dt.date(2026, 7, 1), dt.date(2026, 8, 10), dt.date(2026, 9, 10), timezone.localdate()):
        make_capacity(world.ours, world.line, as_of=day, wait=9, zip_="44303" if day > dt.date(2026, 10, 1) else "44106")
    ContributionMargin.objects.create(service_line=world.line, amount=400, started_on=dt.date(2020, 1, 1))
    return world


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1440, "dark")])
def test_pages_fit_and_are_clean(valued, live_server, page_at, sign_in, assert_axe_clean, width, scheme):
    page = page_at(width, scheme)
    sign_in(page, valued.dana)
    for name in ("share", "avoidable", "targets", "capacity"):
        page.goto(f"{live_server.url}{reverse(f'reports:{name}')}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert_axe_clean(page)


def test_from_a_target_to_a_plan(valued, live_server, page_at, sign_in, assert_axe_clean):
    manager = page_at(1440)
    sign_in(manager, valued.dana)
    manager.goto(f"{live_server.url}{reverse('reports:targets')}")
    manager.get_by_text("What it is made of").click()
    expect(manager.get_by_role("rowheader", name="P(move)")).to_be_visible()
    manager.get_by_label("Choose Pat Southwell, Cardiology").check()
    manager.get_by_role("button", name="Save the ticked as a list").click()
    manager.get_by_label("Name of the list").fill("South hearts")
    manager.get_by_role("button", name="Make the list").click()
    expect(manager.get_by_role("heading", name="0 of 1 visited")).to_be_visible()
    manager.get_by_label("Hand to").select_option(label="Sol")
    manager.get_by_role("button", name="Hand over").click()
    expect(manager.get_by_role("button", name="Take back from Sol")).to_be_visible()
    phone = page_at(390)
    sign_in(phone, valued.sol)
    phone.goto(f"{live_server.url}{reverse('visits:list')}")
    phone.get_by_role("link", name="South hearts").click()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    assert_axe_clean(phone)
    phone.get_by_role("link", name="Plan visit to South Medical Group").click()
    phone.get_by_role("button", name="Plan visit").click()
    phone.goto(f"{live_server.url}{reverse('visits:target-lists')}")
    phone.get_by_role("link", name="South hearts").click()
    expect(phone.get_by_role("heading", name="0 of 1 visited, 1 planned")).to_be_visible()
