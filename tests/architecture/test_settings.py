"""Everything configurable has a page, and the list of settings leads to it."""

import pytest
from django.apps import apps
from django.urls import reverse

from prm.navigation import _SETTINGS
from tests.architecture.test_rooms import SCOPELESS

# what is configuration: the same for everybody, and kept by admins
_KEPT = ("a list of", "one row of settings", "rows of settings", "four rows of settings", "names of fields")
# model: the page where its rows are kept. A page that is not in the list of settings itself is reached from the one named second.
PAGES = {
    "accounts.Installation": ("setup:organization",),
    "accounts.Logo": ("setup:logo", "setup:organization"),
    "compliance.SpendLimit": ("compliance:limits",),
    "compliance.SpendPolicy": ("compliance:policy", "compliance:limits"),
    "concerns.Category": ("concerns:categories",),
    "concerns.Department": ("concerns:department-new", "concerns:categories"),
    "contacts.Cadence": ("contacts:cadence",),
    "contacts.CustomField": ("contacts:custom-fields",),
    "contacts.Specialty": ("contacts:specialties",),
    "notices.ReminderRules": ("notices:reminders",),
    "referrals.CountingRules": ("referrals:rules",),
    "referrals.MarketVendor": ("referrals:market",),
    "referrals.Payer": ("referrals:payers",),
    "reports.ClosingDay": ("reports:holidays",),
    "reports.ReportRules": ("reports:rules",),
    "territories.ServiceLine": ("territories:service-lines",),
    "visits.FieldRules": ("visits:field-rules",),
    "visits.Material": ("visits:materials",),
    "visits.MileageRate": ("visits:mileage-rates",),
    "visits.Topic": ("visits:topics",),
    "visits.VisitType": ("visits:types",),
    "visits.VisitMode": ("visits:types",),
    "planning.OutlineFile": ("planning:outlines",),
    # cut to a person, and configuration all the same
    "reports.AttributionWeight": ("reports:weights",),
    "reports.ContributionMargin": ("reports:margins",),
    "reports.ProgramCost": ("reports:costs",),
    "referrals.Source": ("referrals:sources",),
    "contacts.Organization": ("contacts:organizations",),
    "territories.Territory": ("territories:list",),
    "accounts.User": ("accounts:people",),
    "demo.Sample": ("setup:sample",),
    "setup.Backup": ("setup:backups",),
    "setup.MailTest": ("setup:mail",),
}
# model: why it has none
WITHOUT = {"contacts.TaxonomyCode": "the national code set, loaded as a file under Contact imports; nobody edits it"}
LISTED = {name for _, name, *_ in _SETTINGS}


def test_every_model_that_is_configuration_has_a_page():
    configuration = {label for label, reason in SCOPELESS.items() if reason.startswith(_KEPT)}
    assert configuration - PAGES.keys() == WITHOUT.keys()
    known = {model._meta.label for model in apps.get_models()}
    assert PAGES.keys() <= known, "a page of a model that is gone"


@pytest.mark.parametrize(("model", "pages"), PAGES.items(), ids=list(PAGES))
def test_the_page_opens_and_is_reached_from_the_settings(as_, model, pages):
    client = as_("ada")
    assert client.get(reverse(pages[0]), follow=True).status_code == 200
    assert pages[-1] in LISTED
    if len(pages) > 1:
        assert reverse(pages[0]) in client.get(reverse(pages[1])).content.decode()


def test_the_list_of_settings_names_each_page_once(as_):
    names = [name for _, name, *_ in _SETTINGS]
    assert len(names) == len(set(names))
    page = as_("ada").get(reverse("settings")).content.decode()
    for name in names:
        assert reverse(name) in page


def test_a_payer_is_added_once(as_):
    client, address = as_("ada"), reverse("referrals:payers")
    assert client.post(address, {"name": "Medicare  Advantage"}).status_code == 302
    assert "Medicare Advantage" in client.get(address).content.decode()
    assert client.post(address, {"name": "MEDICARE ADVANTAGE"}).status_code == 422
    assert as_("ivan").get(address).status_code == 403
