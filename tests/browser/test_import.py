"""A file is imported in the browser, from choosing it to the referrals, while a worker works beside."""

import datetime as dt
import re
from pathlib import Path
from threading import Event, Thread

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from jobs.actions import run_waiting
from referrals import actions
from referrals.importing.mapping import Mapping
from referrals.models import ImportBatch, Referral
from tests.factories.rows import make_batch, make_referral, make_source

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CSV = "Nr,Ordered,Status,Patient Name,MRN,To\n" + "".join(
    f"R{n},2026-0{1 + n % 9}-05,{('open', 'gone fishing', 'seen')[n % 3]},Ysolde Yarrowby,QX{n},Summit Cardiology\n" for n in range(200)
)
PLAIN = Mapping(columns={"source_key": "Nr", "ordered_on": "Ordered"}).to_json()


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
    page.get_by_role("search", name="Filters").get_by_label("State", exact=True).select_option("no-show")
    expect(page.get_by_role("status").filter(has_text="67 referrals")).to_be_visible()
    page.locator("tbody th a").first.click()
    expect(page.get_by_role("heading", name="What we made of it, and why")).to_be_visible()
    assert "Ysolde" not in page.content()
    assert_axe_clean(page)
    page.get_by_role("link", name="Correct").click()
    expect(page.get_by_role("combobox", name="Referred to")).to_be_visible()
    assert_axe_clean(page)


@pytest.fixture
def analyst(world, worker, page_at, sign_in, live_server, tmp_path, settings):
    """`analyst(1440, "dark")`: ivan's page, and where it is served; files lie in folders of this test."""
    settings.UPLOADS, settings.INBOX = tmp_path / "uploads", tmp_path / "inbox"
    settings.INBOX.mkdir()

    def open_page(width=1440, scheme="light"):
        page = page_at(width, scheme)
        sign_in(page, world.ivan)
        return page

    return open_page


def test_what_is_odd_is_seen_what_is_refused_comes_back_and_an_import_is_undone(analyst, live_server, assert_axe_clean, tmp_path):
    source = make_source("orders", mapping=PLAIN, title="Epic orders")
    file = tmp_path / "orders.csv"
    file.write_text("Nr,Ordered\n" + "".join(f"R{n},2026-05-{1 + n % 28:02}\n" for n in range(40)) + "R99,someday\n")
    page = analyst()
    page.goto(f"{live_server.url}{reverse('referrals:upload')}?source={source.pk}")
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("heading", name="1 row rejected")).to_be_visible(timeout=20_000)
    ImportBatch.objects.update(alarms=[{"kind": "volume", "sentence": "May 2026 has 60% fewer referrals than usual."}])
    page.reload()
    expect(page.get_by_role("heading", name="One thing is odd in this file")).to_be_visible()
    assert_axe_clean(page)
    page.get_by_role("button", name="Load anyway").click()
    expect(page.get_by_role("alert")).to_contain_text("If it is right all the same, tick the box.")
    assert_axe_clean(page)
    page.get_by_label("I have looked at this").check()
    page.get_by_role("button", name="Load anyway").click()
    expect(page.get_by_role("link", name="See the referrals")).to_be_visible(timeout=20_000)
    with page.expect_download() as rejected:
        page.get_by_role("link", name="Rejected rows").click()
    mended = tmp_path / "mended.csv"
    mended.write_text(Path(rejected.value.path()).read_text(encoding="utf-8-sig").replace("someday", "2026-05-09"))
    page.get_by_role("link", name="Upload the mended rows").click()
    assert_axe_clean(page)
    page.get_by_label("The mended rows").set_input_files(mended)
    page.get_by_role("button", name="Upload and check").click()
    page.get_by_role("button", name="Load 1 referral").click(timeout=20_000)
    expect(page.get_by_role("link", name="See the referrals")).to_be_visible(timeout=20_000)
    assert Referral.objects.count() == 41

    page.goto(live_server.url + ImportBatch.objects.order_by("pk").first().get_absolute_url())
    page.get_by_role("link", name="Undo this import").click()
    expect(page.get_by_role("main")).to_contain_text("Only this import told of them")
    assert_axe_clean(page)
    page.get_by_label("Wrong file").check()
    page.get_by_role("button", name="Undo this import").click()
    expect(page.get_by_role("main")).to_contain_text("Wrong file.", timeout=20_000)
    assert_axe_clean(page)
    assert Referral.objects.get().source_key == "R99"


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_a_feed_is_tied_out_and_looked_at(analyst, live_server, assert_axe_clean, world, width, scheme):
    source = make_source("orders", mapping=PLAIN, title="Epic orders", due_every_days=1)
    for month in range(1, 7):
        for n in range(10 + month):
            make_referral(world.north_practice, source=source, anchor_on=dt.date(2026, month, 3), is_counted=n > 2, is_duplicate=n < 3)
    for days in (40, 10):
        loaded = timezone.localtime() - dt.timedelta(days=days)
        make_batch(source=source, rows=90, rejected={"bad date": 4}, findings={"bad npi": 9}, loaded_at=loaded, new=40, mapping=PLAIN)
    actions.save_mapping(source=source, mapping=PLAIN, by=world.ivan)
    actions.save_mapping(source=source, mapping=PLAIN | {"sees": "received"}, by=world.ivan)
    page = analyst(width, scheme)
    for name in ("tie-out", "quality", "source"):
        page.goto(f"{live_server.url}{reverse(f'referrals:{name}', args=[source.pk])}")
        expect(page.locator(".skeleton")).to_have_count(0)
        assert_axe_clean(page)
        assert page.evaluate("document.documentElement.scrollWidth") == width
    page.get_by_role("link", name="Version 1").click()
    assert_axe_clean(page)
    page.goto(f"{live_server.url}{reverse('referrals:tie-out', args=[source.pk])}")
    page.get_by_role("link", name="Enter their counts").first.click()
    assert_axe_clean(page)
    page.get_by_label("Paste from a report").fill("2026-05\t20\n2026-06\t16\nnothing")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Line 3 is no month and count.")
    page.get_by_label("Paste from a report").fill("2026-05\t20\n2026-06\t16")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="May 2026 has 5 more there than here that nothing explains")).to_be_visible()
    assert_axe_clean(page)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.goto(f"{live_server.url}{reverse('referrals:sources')}")
    expect(page.get_by_role("main")).to_contain_text("9 days overdue")
    assert_axe_clean(page)
