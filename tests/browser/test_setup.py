"""The admin's first day (journey A), from an empty database to the first dashboard, by the pages alone; no Django admin, no terminal."""

import datetime as dt
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from demo.models import Sample
from jobs.actions import run_waiting
from referrals.models import Referral
from setup import actions, backups
from setup.models import Backup
from setup.queries import checklist
from tests.factories import make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WORLD = Path(__file__).resolve().parents[1] / "make_world.py"
PATIENCE = 60_000


@pytest.fixture
def worker():
    """Does what is queued, as a Celery worker would, in a thread of its own."""
    stop = Event()

    def work():
        while not stop.wait(0.3):
            run_waiting()
        connection.close()

    thread = Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join(timeout=60)


@pytest.fixture
def files(tmp_path, settings, monkeypatch) -> Path:
    """The files of an invented health system in the shapes of three EHRs; folders of this test for all that PRM keeps in files."""
    settings.VAR, settings.UPLOADS = tmp_path, tmp_path / "uploads"
    settings.UPLOADS.mkdir()
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = "common.mailfiles.EmailBackend", str(tmp_path / "mail")
    monkeypatch.setattr(backups, "FOLDER", tmp_path / "backups")
    last = timezone.localdate().replace(day=1)
    told = ["--out", tmp_path / "world", "--providers", "60", "--referrals", "900", "--months", "12", "--end", last.isoformat(), "--clean"]
    subprocess.run([sys.executable, WORLD, *map(str, told)], check=True, capture_output=True)
    return tmp_path / "world"


def submit(page: Page, **fields: str) -> None:
    """Fill the form of the page by its fields' names, and send it."""
    form = page.locator(f"main form[method=post]:has([name={next(iter(fields))}])")
    for name, value in fields.items():
        field = form.locator(f"[name={name}]").first
        if field.evaluate("element => element.tagName") == "SELECT":
            field.select_option(label=value)
        elif field.get_attribute("type") in {"radio", "checkbox"}:
            form.locator(f"[name={name}][value='{value}']").check(force=True)
        elif field.get_attribute("type") == "file":
            field.set_input_files(value)
        else:
            field.fill(value)
    form.locator("button[type=submit]").first.click()


@pytest.mark.slow
def test_the_first_day(page_at, live_server, assert_axe_clean, worker, files):
    page = page_at(1440)
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)

    def go(step: str, line: str) -> None:
        page.goto(f"{live_server.url}{reverse('setup:step', args=[step])}")
        page.get_by_role("main").get_by_role("link", name=line, exact=True).click()

    def done(step: str) -> None:
        page.goto(f"{live_server.url}{reverse('setup:step', args=[step])}")
        expect(page.get_by_role("main").get_by_role("heading", name="Done", exact=True)).to_be_visible()

    # the first person
    page.goto(live_server.url + actions.first_admin_path())
    assert_axe_clean(page)
    submit(page, full_name="Ada Quinn", email="ada@riverbend.example", password="long-enough-words-7")
    expect(page.get_by_role("heading", name="Set-up", exact=True)).to_be_visible()
    assert_axe_clean(page)

    # 1 organization
    go("organization", "Name of the organization")
    submit(page, name="Riverbend Health", time_zone="Central", fiscal_starts="July")
    expect(page.get_by_text("Saved. Pages follow at once")).to_be_visible()
    done("organization")

    # 2 people; the second factor is put off with the step, and stays on the list
    go("people", "Somebody who visits practices")
    submit(page, email="nora@riverbend.example", full_name="Nora Lind", role="Liaison")
    expect(page.get_by_role("main")).to_contain_text("Nora Lind")
    page.goto(f"{live_server.url}{reverse('setup:step', args=['people'])}")
    assert_axe_clean(page)
    page.get_by_role("button", name="Leave for later").click()
    expect(page.get_by_role("heading", name="Service lines and own facilities")).to_be_visible()

    # 3 service lines, whose the places are, with dates; 4 practices and providers
    go("network", "Service lines")
    submit(page, name="Cardiology")
    expect(page.get_by_role("rowheader", name="Cardiology")).to_be_visible()
    for kind, file in (("practices", "practices.csv"), ("providers", "nppes.csv"), ("roster", "roster.csv"), ("network", "network.csv")):
        go("providers", "Practices")
        submit(page, kind=kind, file=str(files / file))
        expect(page.get_by_role("link", name="Import another file")).to_be_visible()
    done("network")

    # 5 territories
    go("territories", "Territories with ZIP codes, counties or practices")
    page.goto(f"{live_server.url}{reverse('territories:new')}")
    zips = {line.split(",")[2] for line in (files / "practices.csv").read_text().splitlines()[1:] if line.count(",") == 3}
    submit(page, name="Everywhere", parent="Riverbend Health", more_zips=" ".join(sorted(zips)))
    expect(page.get_by_role("heading", name="Everywhere")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="Assign", exact=True).first.click()
    submit(page, user="Nora Lind")
    done("territories")

    # 6 the field, 7 spend
    go("field", "Tiers and how often each is visited")
    submit(page, A="30", B="60")
    go("field", "Visit topics")
    submit(page, name="New service")
    go("field", "Visit types")
    submit(page, name="Regular visit")
    page.goto(f"{live_server.url}{reverse('concerns:department-new')}")
    submit(page, name="Access center")
    go("field", "Concern categories with deadlines")
    submit(page, name="Scheduling", department="Access center", deadline_days="7")
    done("field")
    year = timezone.localdate().year
    go("spend", f"Limits of {year}")
    submit(page, year=str(year), non_monetary="500", source="CMS, read for this test")
    done("spend")

    # 8 mail and backup
    go("proofs", "A test mail arrives")
    page.get_by_role("button", name="Send a test mail").click()
    expect(page.get_by_text("it is a file")).to_be_visible()
    assert_axe_clean(page)
    page.get_by_role("link", name="PRM: test mail").click()
    expect(page.get_by_text("this is the test mail")).to_be_visible()
    go("proofs", "A backup comes back whole")
    page.get_by_role("button", name="Make a backup and prove it").click()
    expect(page.get_by_text("The backup came back whole")).to_be_visible()
    page.reload()
    assert_axe_clean(page)
    assert Backup.objects.get().proven_at is not None
    done("proofs")

    # 9 sample data: too late for it, and said so
    go("sample", "Sample data is off")
    expect(page.get_by_text("Not beside real data")).to_be_visible()
    assert not Sample.objects.exists()

    # the first file, and 10 what is left
    go("numbers", "A feed of referrals")
    page.goto(f"{live_server.url}{reverse('referrals:upload')}")
    page.get_by_label("Name of the new feed").fill("Our orders")
    page.get_by_label("File", exact=True).set_input_files(files / "referrals_a.csv")
    page.get_by_role("button", name="Upload").click()
    check = page.get_by_role("button", name="Check the file")
    load = page.get_by_role("button", name="Load")
    expect(check.or_(load)).to_be_visible()
    if check.is_visible():
        check.click()
    if (odd := page.get_by_label("I have looked at this")).is_visible():
        odd.check()
    load.click()
    expect(page.get_by_text("The uploaded file is deleted.")).to_be_visible()  # single referrals are not granted to her
    expect(page.get_by_text("Loaded", exact=True)).to_be_visible()
    assert Referral.objects.count() > 300
    page.goto(live_server.url)
    expect(page.get_by_role("heading", name="Referral dashboard")).to_be_visible()
    expect(page.get_by_role("heading", name="Inbound growth", exact=True)).to_be_visible()
    panel = page.locator(".setup-panel")
    expect(panel).to_contain_text("9 of 10 steps done")
    expect(panel).to_contain_text("Next: People and roles")
    assert_axe_clean(page)
    assert "/admin/" not in page.url
    ada = User.objects.get(email="ada@riverbend.example")
    assert [step.key for step in checklist(ada).steps if not step.is_done] == ["people"]
    assert ada.joined_at > timezone.now() - dt.timedelta(hours=1)


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1440, "dark")])
def test_the_pages_of_set_up_are_clean(page_at, live_server, sign_in, assert_axe_clean, width, scheme):
    """Empty, on a phone and on a screen: no finding of axe, no sideways scroll."""
    admin = make_user("root", role="admin")
    page = page_at(width, scheme)
    sign_in(page, admin)
    names = [
        "setup:overview",
        "setup:organization",
        "setup:mail",
        "setup:backups",
        "setup:sample",
        "accounts:roles",
        "contacts:custom-fields",
    ]
    for address in [*(reverse(name) for name in names), reverse("setup:step", args=["people"])]:
        page.goto(f"{live_server.url}{address}")
        assert_axe_clean(page)
