"""Payers renamed and merged, a hand-over, and what a leaver leaves: on a phone and a desk, light and dark."""

import os
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from planning import actions as planning
from planning.models import Work
from referrals import actions
from referrals.models import Payer
from tests import factories
from tests.factories.referrals import load, row

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SIZES = ((390, "light"), (1440, "dark"))


@pytest.fixture
def field(world, settings, tmp_path):
    """Two spellings of one payer, a hand-over that waits, and work in nora's hands."""
    settings.UPLOADS = tmp_path
    load(row("1", payer="BCBS"), row("2", payer="BCBS"), row("3", payer="Blue Cross"))
    factories.make_visit(world.north_practice, world.nora, state="planned")
    world.handover = planning.propose_handover(
        territory=world.north, giver=world.nora, taker=world.sol, effective_on=timezone.localdate(), takes=list(Work.values), by=world.dana
    )
    return world


@pytest.mark.parametrize(("width", "theme"), SIZES)
def test_pages_of_payers_leavers_and_handovers_fit_and_are_clean(live_server, page_at, sign_in, assert_axe_clean, field, width, theme):
    old, new = Payer.objects.get(name="BCBS"), Payer.objects.get(name="Blue Cross")
    actions.rename_payer(payer=new, name="Blue Cross of Lakeland", by=field.ada)
    page = page_at(width, theme)
    sign_in(page, field.ada)
    for name, path in {
        "payers": "/referrals/payers/",
        "payer": f"/referrals/payers/{new.pk}/",
        "payer-merge": f"/referrals/payers/{old.pk}/merge/{new.pk}/",
        "leaver": f"/territories/leavers/{field.nora.pk}/",
        "handover": f"/territories/handovers/{field.handover.pk}/",
        "handovers": "/territories/handovers/",
    }.items():
        page.goto(live_server.url + path)
        assert_axe_clean(page)
        if shots := os.environ.get("SHOTS"):
            page.screenshot(path=Path(shots) / f"{name}-{width}-{theme}.png", full_page=True)
    page.goto(f"{live_server.url}/referrals/payers/{old.pk}/")
    page.get_by_label("Is the same as").select_option(label="Blue Cross of Lakeland")
    page.get_by_role("button", name="See what moves").click()
    expect(page.get_by_text("2 referrals of BCBS count for Blue Cross of Lakeland")).to_be_visible()
    page.get_by_role("button", name="Merge").click()
    expect(page.get_by_role("heading", name="Work in progress")).to_be_visible()
