"""Fields of the organization's own on the log form of a phone: required, drafted, kept without a server, sent once."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from contacts import actions
from contacts.models import CustomKind, CustomSubject
from tests.browser.field import drain_though_the_first_answer_is_lost, wait_until_kept
from visits.models import Visit

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def field(world):
    def make(label, kind, **more):
        told = {"choices": [], "help_text": "", "position": 1, "is_required": False, "is_on_phone": True, "is_active": True} | more
        actions.save_custom_field(subject=CustomSubject.VISIT, kind=kind, label=label, by=None, **told)

    make("Exam rooms", CustomKind.NUMBER, is_required=True)
    make("Brochure given", CustomKind.YES_NO, position=2)
    make("Record system", CustomKind.CHOICE, choices=["Epic", "Athena"], position=3)
    make("Contract until", CustomKind.DATE, position=4)
    make("Remark", CustomKind.TEXT, position=5)
    return world


def test_without_a_server_they_wait_and_land_once(field, server, phone, assert_axe_clean):
    page = phone(field.nora)
    page.goto(f"{server.url}{reverse('visits:today')}")
    page.evaluate("navigator.serviceWorker.ready")
    wait_until_kept(page, field.nora)
    server.stop()
    page.goto(f"{server.url}{reverse('visits:log')}?practice={field.north_practice.pk}")
    page.get_by_role("checkbox", name="Pat Northrop").first.tap(timeout=15_000)
    page.get_by_role("button", name="Save visit").tap()
    expect(page.locator(".error-summary")).to_contain_text("Fill in Exam rooms")
    assert_axe_clean(page)
    page.get_by_label("Exam rooms").fill("7")
    page.get_by_label("Brochure given").select_option("yes")
    page.get_by_label("Record system").select_option("Athena")
    page.get_by_label("Contract until").fill("2027-03-31")
    page.get_by_label("Remark").fill("pt Miller, MRN 12345678")
    page.get_by_role("button", name="Save visit").tap()
    expect(page.get_by_role("dialog", name="Does this name a patient?")).to_be_visible()
    page.get_by_role("button", name="Change it").tap()
    page.get_by_label("Remark").fill("Parking behind the house")
    page.wait_for_timeout(600)  # the draft is kept
    page.reload()
    expect(page.get_by_label("Exam rooms")).to_have_value("7", timeout=15_000)
    expect(page.get_by_label("Record system")).to_have_value("Athena")
    page.get_by_role("button", name="Save visit").tap()
    expect(page.get_by_text("Saved on this phone.")).to_be_visible(timeout=20_000)
    assert Visit.objects.count() == 0
    server.start()
    drain_though_the_first_answer_is_lost(page)
    assert Visit.objects.get().custom == {
        "exam_rooms": 7,
        "brochure_given": True,
        "record_system": "Athena",
        "contract_until": "2027-03-31",
        "remark": "Parking behind the house",
    }
