"""Feeds: how fresh, what they see, their folder, and how their files were read from when on."""

import datetime as dt
import json
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from referrals import actions, inbox
from referrals.models import MappingVersion, Source
from referrals.presenters.feeds import due
from referrals.presenters.mappings import differences
from tests.factories.rows import make_batch, make_source

FIRST = {
    "columns": {"source_key": "Nr", "ordered_on": "On", "state": "St"},
    "status": {"open": "received"},
    "patient": {"dropped": ["Name"]},
}
SECOND = {
    "sees": "received",
    "format": {"dates": "dmy", "sheet": "Orders"},
    "columns": {"source_key": "No", "ordered_on": "On", "payer": "Plan"},
    "patient": {"identifier": "MRN", "enterprise": "EMPI", "dropped": ["Name"]},
}


@pytest.fixture(autouse=True)
def _inbox(settings, tmp_path):
    settings.INBOX = tmp_path / "inbox"
    settings.INBOX.mkdir()


@pytest.fixture
def ivan(as_):
    return as_("ivan")


def test_when_a_feed_is_due():
    today = dt.date(2026, 5, 10)

    def said(every, last):
        found = due(SimpleNamespace(due_every_days=every), last, today)
        return found and (found.text, found.tone)

    assert said(0, None) is None
    assert said(7, None) == ("Its first file is awaited", "warn")
    assert said(7, today) == ("Due 17 May 2026", "good")
    assert said(7, dt.date(2026, 5, 3)) == ("Due today", "warn")
    assert said(7, dt.date(2026, 5, 2)) == ("1 day overdue", "bad")
    assert said(1, dt.date(2026, 5, 2)) == ("7 days overdue", "bad")


def test_the_list_tells_what_is_late_what_waits_and_what_belongs_to_nobody(ivan, settings):
    source = make_source("orders", due_every_days=1)
    make_batch(source=source, loaded_at=timezone.localtime() - dt.timedelta(days=9))
    for folder in ("orders", "typo"):
        (settings.INBOX / folder).mkdir()
        (settings.INBOX / folder / "may.csv").write_text("x")
    page = ivan.get(reverse("referrals:sources")).content.decode()
    assert "8 days overdue" in page
    assert "The folder “typo” belongs to no feed." in page
    detail = ivan.get(reverse("referrals:source", args=[source.pk])).content.decode()
    assert "Its file is overdue." in detail
    assert str(inbox.folder(source)) in detail
    assert "may.csv" in detail


def test_a_feed_is_edited_and_errors_say_what_to_enter(ivan):
    source = make_source("orders")
    url = reverse("referrals:source", args=[source.pk])
    wrong = ivan.post(url, {"title": "Orders", "sees": "received", "from_folder": "check", "due_every_days": ""})
    assert wrong.status_code == 422
    assert "Enter a number of days, or 0" in wrong.content.decode()
    ivan.post(url, {"title": "Orders", "sees": "our_orders", "from_folder": "load", "due_every_days": "7"})
    source.refresh_from_db()
    assert (source.title, source.from_folder, source.due_every_days) == ("Orders", "load", 7)
    assert "It does not see what others refer to us." in ivan.get(url).content.decode()


def test_differences_in_words():
    said = differences(FIRST, SECOND)
    assert "The feed sees: referrals received by us, before our orders, to all destinations" in said
    assert "Dates: day/month/year, before as it comes" in said
    assert "Referral number: No, before Nr" in said
    assert "Payer: Plan" in said
    assert "Status: not read any more" in said
    assert "Patient column “MRN”: hashed" in said
    assert "Patient column “EMPI”: hashed, the same in all feeds" in said
    assert "Status “open”: not read any more" in said
    assert "Sheet: Orders" in said
    assert differences(FIRST, FIRST | {"name": "Other"}) == ["Only how the file is written: delimiter, encoding or name"]


def test_versions_are_listed_compared_and_restored(ivan, world):
    source = make_source("orders")
    for mapping in (FIRST, SECOND):
        actions.save_mapping(source=Source.objects.get(), mapping=mapping, by=world.ivan)
    assert MappingVersion.objects.count() == 2
    page = ivan.get(reverse("referrals:source", args=[source.pk]))
    assert [row.is_in_use for row in page.context["versions"]] == [True, False]
    assert "Referral number: No, before Nr" in page.content.decode()
    now = ivan.get(reverse("referrals:mapping-version", args=[source.pk, 2])).content.decode()
    assert "files are read now." in now
    url = reverse("referrals:mapping-version", args=[source.pk, 1])
    assert "Referral number: Nr, before No" in ivan.get(url).content.decode()
    ivan.post(url)
    source.refresh_from_db()
    assert source.mapping["columns"]["source_key"] == "Nr"
    assert ivan.get(reverse("referrals:mapping-version", args=[source.pk, 9])).status_code == 404


def test_a_mapping_goes_out_as_a_file_and_comes_back(ivan, world):
    source, other = make_source("orders"), make_source("other")
    actions.save_mapping(source=source, mapping=SECOND, by=world.ivan)
    file = ivan.get(reverse("referrals:source-mapping", args=[source.pk])).content
    url = reverse("referrals:source-mapping-upload", args=[other.pk])
    assert ivan.get(url).status_code == 200
    ivan.post(url, {"file": SimpleUploadedFile("m.json", file)})
    other.refresh_from_db()
    assert (other.mapping, other.sees) == (json.loads(file), "received")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"{", "not JSON"), (b"[]", "JSON object"), (b"{}", "referral number"), (b" " * 1_000_001, "larger than 1 MB")],
)
def test_what_is_no_mapping_is_said(ivan, content, sentence):
    url = reverse("referrals:source-mapping-upload", args=[make_source().pk])
    answer = ivan.post(url, {"file": SimpleUploadedFile("m.json", content)})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
