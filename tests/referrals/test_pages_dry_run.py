"""What a person sees of a file before it is loaded, of what was refused, and of what undoing would take away."""

import datetime as dt
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from jobs.actions import enqueue
from jobs.models import Job, JobState
from referrals.importing.mapping import Mapping
from referrals.models import BatchState, ImportBatch, SentAgain, SentRow, SourceRow
from referrals.presenters import findings
from referrals.presenters.batches import arrived, batch_row
from referrals.queries import TakenBack, previous_import, taken_back
from tests.factories.rows import make_batch, make_referral, make_source

DAY = dt.date(2026, 5, 1)
MAPPING = {"columns": {"source_key": "Nr", "ordered_on": "On"}, "format": {"delimiter": ";"}}
ALARM = {"kind": "volume", "sentence": "May 2026 has 41% fewer referrals than usual."}


@pytest.fixture
def ivan(as_, settings, tmp_path):
    settings.UPLOADS = tmp_path / "uploads"
    return as_("ivan")


def months(counts, **fields):
    days = sorted(counts)
    return ImportBatch(by_month={f"{day:%Y-%m-01}": n for day, n in counts.items()}, first_on=days[0], last_on=days[-1], **fields)


@pytest.fixture
def spring():
    return [dt.date(2026, month, 1) for month in (3, 4, 5, 6)]


def test_the_oddest_whole_month_is_the_title(spring):
    batch, loaded = months(dict(zip(spring, (100, 50, 110, 3), strict=True))), dict(zip(spring, (10, 100, 100, 90), strict=True))
    chart = findings.months(batch, loaded=loaded, before=None)
    assert chart.title == "Apr 2026 has 50% fewer referrals than are loaded already"
    assert chart.table["rows"][0] == ["Jun 2026", "3", "90"]
    assert [series["name"] for series in chart.spec["series"]] == ["In this file", "Loaded already"]


def test_nothing_odd_is_said_too(spring):
    batch, before = months(dict.fromkeys(spring, 100)), months(dict.fromkeys(spring, 110))
    assert findings.months(batch, loaded={}, before=before).title == "No whole month differs by 30% or more from the previous import"
    few = findings.months(batch, loaded=dict.fromkeys(spring, 3), before=None)
    assert few.title == "400 referrals, and no whole month to compare with what is loaded already"
    alone = findings.months(months({spring[0]: 4, spring[1]: 9}), loaded={}, before=None)
    assert alone.title == "13 referrals, most of them in Apr 2026"
    assert findings.months(months({spring[0]: 1}), loaded={}, before=None).title == "1 referral, in Mar 2026"
    assert findings.months(months({spring[0]: 2}), loaded={}, before=None).title == "2 referrals, all in Mar 2026"
    assert findings.months(ImportBatch(), loaded={}, before=None) is None
    long = months({dt.date(2020 + n // 12, 1 + n % 12, 1): 40 for n in range(30)})
    assert "24 newest of 30" in findings.months(long, loaded={}, before=None).note


def test_the_previous_import_stands_beside(ivan):
    source = make_source("orders")
    noon = timezone.now()
    old = make_batch(source=source, rows=200, new=150, unmatched=15, rejected={"bad date": 20}, loaded_at=noon - dt.timedelta(days=30))
    make_batch(source=source, loaded_at=noon - dt.timedelta(days=60))
    make_batch(source=make_source("other"), loaded_at=noon)
    batch = make_batch(source=source, state="checked", rows=100, new=40, unchanged=40, unmatched=8, rejected={"bad date": 20})
    assert previous_import(batch) == old
    assert previous_import(old).loaded_at < old.loaded_at
    lines = {line.label: (line.now, line.before) for line in ivan.get(batch.get_absolute_url()).context["beside"]}
    assert lines["Rejected rows"] == ("20 (20.0%)", "20 (10.0%)")
    assert lines["Unmatched"] == ("8 (10.0%)", "15 (10.0%)")


def test_mended_rows_are_held_against_nothing(ivan):
    source = make_source("orders")
    make_batch(source=source, rows=200, new=150, by_month={"2026-05-01": 150})
    few = {"rows": 3, "new": 3, "by_month": {"2026-05-01": 3}}
    part = make_batch(source=source, state="checked", headers=["Nr", "What is wrong (not read)"], **few)
    whole = make_batch(source=source, state="checked", headers=["Nr"], sha256="f" * 64, **few)
    assert ivan.get(part.get_absolute_url()).context["before"] is None
    assert ivan.get(whole.get_absolute_url()).context["before"] is not None


def test_appointments_say_which_are_counted_already(ivan):
    found = {"no order found": 3, "order not clear": 1, "bad npi": 2}
    booked = Mapping(columns={"source_key": "Nr", "entered_on": "Booked"}, sees="appointments").to_json()
    batch = make_batch(rows=20, new=18, unchanged=2, findings=found, mapping=booked)
    said = "16 of these appointments belong to an order that is here: they tell what became of it and are not counted again."
    assert findings.linked(batch) == f"{said} 4 are counted by themselves."
    assert said in ivan.get(batch.get_absolute_url()).content.decode()
    assert findings.linked(make_batch(rows=1, new=1, mapping={**booked, "sees": "our_orders"})) == ""


def test_what_is_here_already_is_discarded_and_what_is_loaded_leads_to_matching(ivan):
    source = make_source("orders")
    again = make_batch(source=source, state="checked", rows=5, unchanged=5, unmatched=5, alarms=[{"kind": "volume", "sentence": "So few."}])
    page = ivan.get(again.get_absolute_url()).content.decode()
    assert "Everything in this file is loaded already" in page
    assert "So few." not in page
    assert "name a provider we do not know." not in page
    loaded = make_batch(source=source, rows=5, new=5, unmatched=2)
    assert f'<a href="{reverse("referrals:matching")}">Say whom' in ivan.get(loaded.get_absolute_url()).content.decode()
    gone = make_batch(source=source, state="discarded")
    assert "Nothing of this file was loaded" in ivan.get(gone.get_absolute_url()).content.decode()


def test_each_reason_has_an_example_and_what_to_do(ivan):
    batch = make_batch(rows=3, rejected={"bad date": 2}, findings={"element missing": 1})
    for line in (7, 5):
        SourceRow.objects.create(batch=batch, line_number=line, outcome="rejected", reason="bad date", sentence="Ordered is no date.")
    context = ivan.get(batch.get_absolute_url()).context
    (reason,) = context["rejected"]
    assert (reason.rows, reason.example) == (2, "Line 5: Ordered is no date.")
    assert "Mend the date" in reason.advice
    assert context["findings"][0].text == "Element missing", "what a reader of messages remarks is shown as it is"


def test_alarms_are_seen_before_loading(ivan, settings):
    batch = make_batch(state="checked", rows=100, new=40, alarms=[ALARM], stored_as="x.upload", mapping=MAPPING)
    page = ivan.get(batch.get_absolute_url()).content.decode()
    assert "One thing is odd in this file" in page
    assert ALARM["sentence"] in page
    load = reverse("referrals:batch-load", args=[batch.pk])
    refused = ivan.post(load)
    assert refused.status_code == 422
    assert "If it is right all the same, tick the box" in refused.content.decode()
    assert not Job.objects.exists()
    ivan.post(load, {"looked": "on"})
    batch.refresh_from_db()
    assert batch.state == "loading"


def test_the_mended_rows_go_where_the_first_ones_went(ivan, run_jobs):
    batch = make_batch(mapping=MAPPING, rows=9, rejected={"bad date": 1})
    page = ivan.get(batch.get_absolute_url()).content.decode()
    url = reverse("referrals:batch-mended", args=[batch.pk])
    assert url in page
    assert "Choose the mended file." in ivan.post(url).content.decode()
    assert "has no column" in ivan.post(url, {"file": SimpleUploadedFile("a.csv", b"Foo\n1\n")}).content.decode()
    sent = ivan.post(url, {"file": SimpleUploadedFile("a.csv", b"Nr;On\nR1;2026-05-01\n")})
    again = ImportBatch.objects.latest("pk")
    assert sent["Location"] == again.get_absolute_url()
    assert (again.source, again.mapping["columns"]) == (batch.source, MAPPING["columns"])
    run_jobs()
    again.refresh_from_db()
    assert (again.state, again.new) == ("checked", 1)


def told(referral, batch, digest, *, again=()):
    """A content that a batch told of a referral, and the batches that told it again."""
    digest = uuid.UUID(int=digest)
    SentRow.objects.create(referral=referral, digest=digest, batch=batch, state="received")
    for other in again:
        SentAgain.objects.create(referral=referral, digest=digest, batch=other)


@pytest.fixture
def told_twice(db):
    """A batch that is alone with one referral, shares three with another, and told one again: what undoing it does to each."""
    batch, other = make_batch(), make_batch()
    alone, differs, same, partly, repeated = (make_referral() for _ in range(5))
    told(alone, batch, 1)
    told(alone, batch, 2)
    told(differs, batch, 3)
    told(differs, other, 4)
    told(same, batch, 5, again=[other])
    told(partly, batch, 6)
    told(partly, batch, 7, again=[other])
    told(repeated, other, 8, again=[batch])
    told(make_referral(), other, 9)
    return batch


def test_what_undoing_takes_away(told_twice):
    assert taken_back(told_twice) == TakenBack(gone=1, back=2, kept=2)
    assert taken_back(make_batch()) == TakenBack(gone=0, back=0, kept=0)


def test_undoing_is_shown_first_and_says_why(ivan, told_twice):
    url = reverse("referrals:batch-undo", args=[told_twice.pk])
    assert url in ivan.get(told_twice.get_absolute_url()).content.decode()
    page = ivan.get(url)
    assert "Only this import told of it" in page.content.decode()
    assert "Choose why the import is undone." in ivan.post(url).content.decode()
    waiting = make_batch(state="checked", source=make_source("other"))
    assert ivan.get(reverse("referrals:batch-undo", args=[waiting.pk]))["Location"] == waiting.get_absolute_url()


def test_an_undo_that_gave_up_says_why_and_can_be_asked_for_again(ivan, told_twice):
    job = enqueue("referrals.undo", told_twice.pk)
    Job.objects.filter(pk=job.pk).update(state=JobState.FAILED, error="The disk of the server is full.")
    told_twice.state, told_twice.job = BatchState.UNDOING, job
    told_twice.save()
    page = ivan.get(told_twice.get_absolute_url()).content.decode()
    assert "The disk of the server is full. All that it told still stands. Undo it again." in page
    assert reverse("referrals:batch-undo", args=[told_twice.pk]) in page
    assert reverse("referrals:batch-discard", args=[told_twice.pk]) not in page


def test_arrivals_and_states_in_words(world):
    batch = make_batch(uploaded_by=world.ivan)
    assert arrived(batch) == f"uploaded by {world.ivan}"
    assert arrived(make_batch(arrived_by="folder")) == "taken from the folder"
    undone = make_batch(state="undone", findings={"bad npi": 2, "illegal move": 1})
    assert (batch_row(undone).state, batch_row(undone).tone, batch_row(undone).findings) == ("Undone", "neutral", 3)
