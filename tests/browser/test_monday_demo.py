"""The manager's Monday on the invented world, whole: PRODUCT.md, M 1 to 11, in order, as its manager."""

import re

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import User
from comments.models import Comment
from demo import actions
from jobs.actions import run_waiting
from notices.actions import send_digest
from notices.models import Digest
from planning.models import HandOver
from visits.models import FollowUp, Visit

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def section(page, title):
    return page.locator("section", has=page.locator(f"#{title}"))


def through_the_review(page, url):
    """M 2 to 7, down from a line of care to the referrals themselves."""
    page.goto(f"{url}{reverse('reports:review')}")
    expect(page.locator("main h2").nth(0)).to_contain_text(re.compile("up to date|late"))  # M 2: the data's dates before any figure
    expect(page.locator("main")).to_contain_text("through")
    falls = section(page, "falls-title")
    expect(falls.locator("h2")).to_contain_text(re.compile(r"\d+ practices? sent [\d,]+ fewer referrals? than"))  # M 3
    short = [int(re.sub(r"\D", "", cell)) for cell in falls.locator("tbody tr td:nth-child(2)").all_inner_texts()]
    assert short == sorted(short, reverse=True)
    expect(falls).to_contain_text("last visit")
    expect(falls.get_by_role("link", name=re.compile("^Plan visit to")).first).to_be_visible()
    expect(page.locator("#new-title")).to_contain_text(re.compile(r"\d+ (new|returning).* sent \d+ inbound referral"))  # M 4
    expect(page.locator("#coverage-title")).to_contain_text(re.compile(r"\d+ of \d+ practices waits? longer than"))  # M 5
    expect(page.locator("#concerns-title")).to_contain_text(re.compile(r"concerns? (are|is) past (their|its) deadline"))  # M 6
    expect(page.locator("#goals-title")).to_contain_text(re.compile("goal"))  # M 8
    leaks = section(page, "leaks-title")  # M 7
    leaks.locator("a[href*='service_line=']").first.click()
    table = page.locator("#report-table")
    expect(table).to_be_visible()
    table.locator("tbody a[href*='/referrals/?']").first.click()
    expect(page).to_have_url(re.compile(r"/referrals/\?"))
    expect(page.locator("main table tbody tr").first).to_be_visible()


def test_the_managers_monday_on_the_demo(page_at, live_server, client, assert_axe_clean):
    actions.load(say=lambda sentence: None, referrals_a_month=120)
    run_waiting()
    dana, nora = (User.objects.get(email__startswith=f"{name}@") for name in ("dana", "nora"))
    send_digest(person=dana, kind=Digest.WEEKLY, on=timezone.localdate(), complete=lambda: None)
    assert reverse("reports:review") in mail.outbox[-1].body  # M 1
    client.force_login(dana)
    page = page_at(1440)
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    through_the_review(page, live_server.url)

    page.goto(f"{live_server.url}{reverse('reports:goals')}")  # M 8
    expect(page.locator("main")).to_contain_text(re.compile("Reached|Behind pace|On pace"))
    assert_axe_clean(page)

    page.goto(f"{live_server.url}{reverse('approvals')}")  # M 9
    waiting = HandOver.objects.get(state="proposed")
    page.locator(f"a[href='{waiting.get_absolute_url()}']").first.click()
    page.get_by_role("button", name="Approve").click()
    page.wait_for_load_state()
    waiting.refresh_from_db()
    assert waiting.decided_by == dana

    visit = Visit.objects.filter(owner=nora, state="done").exclude(note="").first()  # M 10: a comment on a note, and a task
    page.goto(f"{live_server.url}{visit.get_absolute_url()}")
    box = page.get_by_label("Your comment")
    box.press_sequentially("Well seen @nor")
    expect(page.get_by_role("option").first).to_contain_text("Nora")
    box.press("Enter")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator("#comments").get_by_text("Well seen")).to_be_visible()  # the demo's own comments stand there already
    assert nora in Comment.objects.get(text__startswith="Well seen").mentioned.all()
    task = FollowUp.objects.filter(owner=nora, done_at=None).first()
    page.goto(f"{live_server.url}{reverse('visits:follow-up-hand-over', args=[task.pk])}")
    assert_axe_clean(page)

    page.goto(f"{live_server.url}{reverse('reports:run-new-of-kind', args=['review'])}")  # M 11
    page.locator("main form button[type=submit]").last.click()
    run_waiting()
    page.goto(f"{live_server.url}{reverse('reports:runs')}")
    page.locator("main a", has_text="Monday review").first.click()
    menu = page.locator("main details.menu", has_text="Download")
    for kind in ("PDF", "XLSX", "CSV"):
        menu.evaluate("menu => { menu.open = true; }")
        with page.expect_download() as download:
            menu.get_by_role("link", name=re.compile(f"^{kind},")).click()
        assert download.value.path().stat().st_size > (100 if kind == "CSV" else 5_000)
