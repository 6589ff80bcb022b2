"""A file is imported in the browser, from choosing it to the referrals, while a worker works beside."""

import re
from threading import Event, Thread

import pytest
from django.db import connection
from django.urls import reverse
from playwright.sync_api import expect

from jobs.actions import run_waiting
from referrals.models import Referral

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CSV = "Nr,Ordered,Status,Patient Name,MRN,To\n" + "".join(
    f"R{n},2026-0{1 + n % 9}-05,{('open', 'gone fishing', 'seen')[n % 3]},Ysolde Yarrowby,QX{n},Summit Cardiology\n" for n in range(200)
)


@pytest.fixture
def worker():
    """Does what is queued, as a Celery worker would, in a thread of its own."""
    stop = Event()

    def work():
        while not stop.wait(0.3):
            run_waiting(apps=("referrals",))
        connection.close()

    thread = Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join(timeout=30)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_file_becomes_referrals(world, worker, page_at, sign_in, live_server, assert_axe_clean, tmp_path, settings, scheme):
    settings.UPLOADS = tmp_path / "uploads"
    file = tmp_path / "orders.csv"
    file.write_text(CSV)
    page = page_at(1440, scheme)
    sign_in(page, world.ivan)
    page.goto(f"{live_server.url}{reverse('referrals:batches')}")
    assert_axe_clean(page)
    page.get_by_role("link", name="Upload a file").first.click()
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose the file.")
    expect(page).to_have_title(re.compile("^Error: "))
    assert_axe_clean(page)
    page.get_by_label("Name of the new feed").fill("Epic orders")
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Upload").click()

    expect(page.get_by_role("heading", name="What are its columns?")).to_be_visible()
    expect(page.get_by_label("MRN", exact=True)).to_have_value("~hash")
    assert "Ysolde" not in page.content()
    assert_axe_clean(page)
    page.get_by_label("Our orders: every referral").check()
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_role("alert")).to_contain_text("Say what “gone fishing” means.")
    assert_axe_clean(page)
    page.get_by_label("gone fishing").select_option("no-show")
    page.get_by_role("button", name="Check the file").click()

    load = page.get_by_role("button", name="Load 200 referrals")
    expect(load).to_be_visible(timeout=20_000)
    assert not Referral.objects.exists()
    assert_axe_clean(page)
    load.click()
    see = page.get_by_role("link", name="See the referrals")
    expect(see).to_be_visible(timeout=20_000)
    assert_axe_clean(page)
    assert Referral.objects.count() == 200
    see.click()
    expect(page.get_by_role("status").filter(has_text="200 referrals")).to_be_visible()
    assert_axe_clean(page)
    page.get_by_text("Filter (on)").click()
    page.get_by_label("State", exact=True).select_option("no-show")
    expect(page.get_by_role("status").filter(has_text="67 referrals")).to_be_visible()
    page.locator("tbody th a").first.click()
    expect(page.get_by_role("heading", name="What we made of it, and why")).to_be_visible()
    assert "Ysolde" not in page.content()
    assert_axe_clean(page)
    page.get_by_role("link", name="Correct").click()
    expect(page.get_by_role("combobox", name="Referred to")).to_be_visible()
    assert_axe_clean(page)
