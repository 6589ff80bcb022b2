"""The rest of the manager's Monday (PRODUCT.md, M 1, 8 to 11): from the mail to the review, goals from last year, a comment that names
somebody, what waits for approval, the talk with a liaison, and the sheet for the executive.
"""

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from comments.models import Comment
from jobs.actions import run_waiting
from notices.actions import send_digest
from notices.models import Digest, Notice
from reports.models import Agreement, Goal
from tests.browser.test_review import monday  # noqa: F401 - the fixture
from visits.models import Visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def no_sideways_scroll(page):
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_the_rest_of_monday(monday, live_server, page_at, sign_in, assert_axe_clean, width, scheme):  # noqa: F811 - the fixture
    world = monday
    send_digest(person=world.dana, kind=Digest.WEEKLY, on=timezone.localdate(), complete=lambda: None)
    [message] = mail.outbox
    assert reverse("reports:review") in message.body  # M 1: the mail leads to the review
    page = page_at(width, scheme)
    sign_in(page, world.dana)
    page.goto(f"{live_server.url}{reverse('reports:review')}")
    expect(page.locator("#falls-title")).to_be_visible()

    # M 8: goals from last year, all at once, and back
    page.goto(f"{live_server.url}{reverse('reports:goals-bulk')}")
    page.get_by_label("What").select_option("received")
    page.get_by_label("For").select_option("territory")
    page.get_by_role("button", name="Show the table").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    assert_axe_clean(page)
    no_sideways_scroll(page)
    page.get_by_role("button", name="Save these goals").click()
    expect(page.locator("main")).to_contain_text("2 goals set.")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("main")).to_contain_text("2 goals taken back.")
    assert Goal.objects.count() == 1

    # M 10: a comment on a visit's note names whoever made it, by keyboard alone
    visit = Visit.objects.get(note="They wait six weeks.")
    page.goto(f"{live_server.url}{visit.get_absolute_url()}")
    box = page.get_by_label("Your comment")
    box.press_sequentially("Well seen @so")
    expect(page.get_by_role("option")).to_contain_text("Sol")
    box.press("Enter")
    expect(box).to_have_value("Well seen @Sol ")
    assert_axe_clean(page)
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator("#comments")).to_contain_text("told: Sol")
    no_sideways_scroll(page)
    assert Comment.objects.get().mentioned.get() == world.sol
    assert Notice.objects.visible_to(world.sol).filter(kind="comment").exists()

    # M 9: what waits
    page.goto(f"{live_server.url}{reverse('approvals')}")
    expect(page.locator("#spend-approvals")).to_contain_text("No spend waits")
    assert_axe_clean(page)

    # the talk with a liaison
    page.goto(f"{live_server.url}{reverse('reports:team')}")
    assert_axe_clean(page)
    no_sideways_scroll(page)
    page.get_by_role("link", name="Sol").click()
    expect(page.locator("#falls-title")).to_contain_text("1 falling source")
    page.get_by_label("Notes").fill("A good week")
    page.get_by_label("Agreed, 1").fill("Call the south")
    assert_axe_clean(page)
    no_sideways_scroll(page)
    page.get_by_role("button", name="Save the talk").click()
    expect(page.locator("#agreed-title")).to_contain_text("1 agreement open")
    assert Agreement.objects.get().owner == world.sol

    # M 11: the sheet for the executive, and the same every week
    page.goto(f"{live_server.url}{reverse('reports:run-new-of-kind', args=['review'])}")
    page.locator("main form button[type=submit]").last.click()
    run_waiting()
    page.goto(f"{live_server.url}{reverse('reports:runs')}")
    page.locator("main a", has_text="Monday review").first.click()
    page.get_by_role("link", name="Schedule").click()
    assert_axe_clean(page)
    no_sideways_scroll(page)
    page.get_by_role("button", name="Save schedule").click()
    expect(page.locator("main")).to_contain_text("Every week on Monday")
