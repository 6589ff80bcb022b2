"""A visit with a lunch, its receipt and cards, with one hand: the year's rest is said first; without a server it waits, and lands once."""

import base64
import time
from decimal import Decimal

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from compliance.models import Receipt, SpendEntry
from tests.browser.field import drain_though_the_first_answer_is_lost, wait_until_kept
from tests.factories import make_staff
from tests.factories.contacts import align
from tests.factories.spend import make_limit, spend
from tests.factories.visits import make_topic
from visits import actions
from visits.models import Material, Visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def field(world, settings, tmp_path):
    settings.RECEIPTS = tmp_path / "receipts"
    make_staff(world.north_practice, "Kim Ortega", job="Referral coordinator")
    make_topic("Access")
    make_limit(non_monetary="500")
    align(world.north_provider, "independent")
    spend(world.nora, "380.00", providers=[world.north_provider], practice=world.north_practice)
    world.card = actions.save_material(name="Referral card", kind="print", by=world.ada)
    actions.receive_stock(material=world.card, pieces=50, by=world.nora)
    return world


def lunch(page):
    """Two cards, and $84.50 for whom one met, Kim without a part of it."""
    page.get_by_role("checkbox", name="Pat Northrop").first.tap()
    page.get_by_role("checkbox", name="Kim Ortega").first.tap()
    page.get_by_role("checkbox", name="Access").tap()
    page.locator("summary", has_text="Materials left").tap()
    more = page.locator("[data-left-row]", has_text="Referral card").get_by_role("button", name="One more")
    more.tap()
    more.tap()
    expect(page.get_by_text("50 in stock, 48 after this")).to_be_visible()
    page.locator("summary", has_text="Lunch or something else paid").tap()
    page.get_by_label("Amount in all, $").fill("84.50")
    page.locator("[data-sharing]").get_by_text("Kim Ortega").tap()


# A photo as a phone takes it, more than 3,000 pixels wide, drawn by the browser itself.
PHOTO = """async () => {
  const canvas = Object.assign(document.createElement("canvas"), {width: 3200, height: 2400}), pen = canvas.getContext("2d");
  const noise = pen.createImageData(3200, 2400);
  for (let at = 0; at < noise.data.length; at += 1) noise.data[at] = at % 4 === 3 ? 255 : (at * 7919) % 251;
  pen.putImageData(noise, 0, 0);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.9));
  return btoa(Array.from(new Uint8Array(await blob.arrayBuffer()), (byte) => String.fromCharCode(byte)).join(""));
}"""


def photograph(page):
    """The lunch's receipt; returns its bytes, before the phone makes it small."""
    content = base64.b64decode(page.evaluate(PHOTO))
    page.get_by_label("Receipt").set_input_files({"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": content})
    expect(page.locator("[data-receipts]").get_by_text("IMG_1.jpg")).to_be_visible(timeout=15_000)
    return content


def one_small_receipt(content):
    receipt = Receipt.objects.get()
    assert (receipt.name, receipt.content_type) == ("IMG_1.jpg", "image/jpeg")
    assert receipt.size < min(len(content) / 2, 1_500_000)
    assert receipt.entry == SpendEntry.objects.latest("pk")


def landed(world):
    visit, entry = Visit.objects.get(), SpendEntry.objects.latest("pk")
    assert [str(row) for row in visit.materials.all()] == ["2 Referral card"]
    assert Material.objects.get().stock == 48
    assert SpendEntry.objects.count() == 2
    assert (entry.amount, entry.purpose, entry.practice) == (Decimal("84.50"), "Access", world.north_practice)
    assert {str(share.provider or share.role) for share in entry.shares.all()} == {"Pat Northrop", "ours"}
    assert visit.spend_links.get().entry == entry


def test_the_years_rest_is_said_before_saving(field, live_server, page_at, sign_in, assert_axe_clean):
    page = page_at(390)
    sign_in(page, field.nora)
    began = time.monotonic()
    page.goto(f"{live_server.url}{reverse('visits:log')}?practice={field.north_practice.pk}")
    lunch(page)
    expect(page.get_by_text("$120.00 left")).to_be_visible()
    expect(page.get_by_text("$42.25 of this counts")).to_be_visible()  # shared with nora
    expect(page.get_by_text("85% of the limit")).to_be_visible()
    page.get_by_label("Amount in all, $").fill("300")
    expect(page.get_by_text("that is $30.00 over")).to_be_visible()
    expect(page.get_by_text("What happened is saved all the same.")).to_be_visible()
    assert_axe_clean(page)
    page.get_by_label("Amount in all, $").fill("84.50")
    content = photograph(page)
    assert_axe_clean(page)
    page.get_by_role("button", name="Save visit").tap()
    expect(page.get_by_text("Visit saved.")).to_be_visible(timeout=15_000)
    assert time.monotonic() - began < 60
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    landed(field)
    one_small_receipt(content)
    page.goto(f"{live_server.url}{reverse('visits:edit', args=[Visit.objects.get().pk])}")
    page.locator("summary", has_text="Materials left").tap()
    row = page.locator("[data-left-row]", has_text="Referral card")
    row.get_by_role("button", name="One fewer").tap()
    expect(page.get_by_text("48 in stock, 49 after this")).to_be_visible()
    assert_axe_clean(page)
    page.get_by_role("button", name="Save changes").tap()
    expect(page.get_by_text("Changes saved.")).to_be_visible(timeout=15_000)
    assert (Material.objects.get().stock, SpendEntry.objects.count()) == (49, 2)


@pytest.mark.slow
def test_with_the_server_gone_cards_and_lunch_wait_and_land_once(field, server, phone, assert_axe_clean):
    page = phone(field.nora)
    page.goto(f"{server.url}{reverse('visits:today')}")
    page.evaluate("navigator.serviceWorker.ready")
    wait_until_kept(page, field.nora)
    server.stop()
    page.goto(f"{server.url}{reverse('visits:log')}")
    page.get_by_role("combobox", name="Practice").fill("north")
    page.get_by_role("option", name="North Family Practice").tap()
    lunch(page)
    expect(page.get_by_text("Without a network it is not known here")).to_be_visible(timeout=15_000)
    content = photograph(page)
    assert_axe_clean(page)
    page.wait_for_timeout(600)  # the draft is kept
    page.reload()
    expect(page.get_by_label("Amount in all, $")).to_have_value("84.50", timeout=15_000)
    expect(page.get_by_text("50 in stock, 48 after this")).to_be_visible()
    expect(page.locator("[data-sharing]").get_by_label("Kim Ortega")).not_to_be_checked()
    expect(page.locator("[data-receipts]").get_by_text("IMG_1.jpg")).to_be_visible()  # taking a photo may close the page: it comes back
    page.get_by_role("button", name="Save visit").tap()
    expect(page.get_by_text("Saved on this phone.")).to_be_visible(timeout=20_000)
    assert (Visit.objects.count(), Material.objects.get().stock) == (0, 50)
    server.start()
    drain_though_the_first_answer_is_lost(page)
    landed(field)
    one_small_receipt(content)


def test_too_much_for_a_phone_is_said_and_so_is_a_phone_without_room(field, live_server, page_at, sign_in):
    page = page_at(390)
    sign_in(page, field.nora)
    page.goto(f"{live_server.url}{reverse('visits:log')}?practice={field.north_practice.pk}")
    lunch(page)
    receipts = page.get_by_label("Receipt")
    receipts.set_input_files({"name": "long.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-" + b"x" * 1_600_000})
    expect(page.get_by_text("long.pdf is too large: a visit carries 1.5 MB of receipts at most.")).to_be_visible()
    receipts.set_input_files({"name": "page.html", "mimeType": "text/html", "buffer": b"<script>"})
    expect(page.get_by_text("page.html: A receipt is a PDF or a picture.")).to_be_visible()
    receipts.set_input_files({"name": "bill.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-bill"})
    expect(page.get_by_text("$42.25 of this counts")).to_be_visible()
    page.evaluate("() => { fieldDb.change = () => Promise.reject(new DOMException('full', 'QuotaExceededError')); }")
    page.get_by_role("button", name="Save visit").tap()
    expect(page.get_by_text("This phone has no room left, so the visit was not kept.")).to_be_visible()
    page.get_by_role("button", name="Send it without keeping it").tap()
    expect(page.get_by_text("Visit saved.")).to_be_visible(timeout=15_000)
    assert Receipt.objects.get().name == "bill.pdf"
    landed(field)
