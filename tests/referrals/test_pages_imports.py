"""From a file to loaded referrals in the browser's steps, and everything that can be wrong with a file, told as a sentence."""

import csv
import datetime as dt
import io
import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from audit.models import AuditEvent
from contacts.models import Organization
from jobs.models import Job, JobState
from referrals.importing.mapping import Mapping, shipped_mappings
from referrals.models import CountingRules, ImportBatch, Referral, Source, SourceRow
from tests import factories, make_world
from tests.factories.rows import make_batch, make_referral, make_source

UPLOAD = reverse("referrals:upload")
CANARIES = re.compile("|".join([*make_world.CANARY[0], *make_world.CANARY[1], r"QX\d", r"193\d-\d\d-\d\d", r"\d/193\d"]))
CSV = """Nr,Ordered,Status,Patient Name,MRN,To,Remarks
R1,2026-05-03,open,Ysolde Yarrowby,QX1,Summit Cardiology,call Zebulon
R2,2026-05-04,gone fishing,Wrenna Wexcombe,QX2,Riverbend Cardiology,
R3,someday,open,Vexley Zwickmere,QX3,Riverbend Cardiology,
R4,2026-04-30,seen,Quillon Yarrowby,QX4,,
"""


@pytest.fixture(autouse=True)
def _uploads(settings, tmp_path):
    settings.UPLOADS = tmp_path / "uploads"


@pytest.fixture
def ivan(as_):
    """The analyst's client; nothing that it is shown names a patient."""
    client = as_("ivan")
    plain = client.request

    def watched(**request):
        answer = plain(**request)
        body = answer.getvalue() if answer.streaming else answer.content
        if answer.streaming:
            answer.streaming_content = [body]
        shown = re.sub(r"\b[A-Za-z0-9]{64}\b", "", body.decode())  # but for CSRF tokens, which can read like anything
        assert not (found := CANARIES.search(shown)), f"{request['PATH_INFO']} shows {found}"
        return answer

    client.request = watched
    return client


def send(client, content=CSV, *, name="orders.csv", **form):
    content = content.encode() if isinstance(content, str) else content
    return client.post(UPLOAD, {"new_source": "Epic orders", **form, "file": SimpleUploadedFile(name, content)})


def answers(page, **changes):
    """What the mapping page asks, answered as it suggests."""
    form = page.context["form"]
    filled = {name: form[name].value() or "" for name in form.fields}
    return filled | {"sees": filled["sees"] or "our_orders", **changes}


def column(page, header):
    return next(row.field.name for row in page.context["columns"] if row.header == header)


def word(page, text):
    return next(question.name for group in page.context["words"] for question, _ in group.questions if question.label == text)


def test_a_file_nobody_knew_becomes_referrals(ivan, world, run_jobs):
    sent = send(ivan)
    batch = ImportBatch.objects.get()
    assert sent["Location"] == reverse("referrals:batch-map", args=[batch.pk])
    page = ivan.get(sent["Location"])
    shown = {row.header: row for row in page.context["columns"]}
    assert (shown["MRN"].patient, shown["Patient Name"].patient) == ("hashed", "never kept")
    assert shown["MRN"].samples == shown["Patient Name"].samples == shown["Remarks"].samples == ()
    assert shown["To"].samples
    assert page.context["words"][0].open == 1, "gone fishing is asked for"
    unanswered = ivan.post(sent["Location"], answers(page))
    assert unanswered.status_code == 422
    assert "Say what “gone fishing” means." in unanswered.content.decode()
    checked = ivan.post(sent["Location"], answers(page, **{word(page, "gone fishing"): "no-show"}), follow=True)
    assert "waiting for a worker" in checked.content.decode()
    run_jobs()
    found = ivan.get(batch.get_absolute_url())
    assert "Load 3 referrals" in found.content.decode()
    assert "Ordered is no date that we can read." in found.content.decode()
    assert not Referral.objects.exists(), "a check loads nothing"
    ivan.post(reverse("referrals:batch-load", args=[batch.pk]))
    run_jobs()
    batch.refresh_from_db()
    assert (batch.state, batch.new, batch.rejected) == ("loaded", 3, {"bad date": 1})
    assert set(Referral.objects.values_list("source_key", "state")) == {("R1", "received"), ("R2", "no-show"), ("R4", "seen")}
    result = ivan.get(batch.get_absolute_url()).content.decode()
    assert "See the referrals" in result
    assert "The uploaded file is deleted." in result
    assert Mapping.from_json(Source.objects.get().mapping).identifier == "MRN"


def test_the_rejected_rows_come_back_mended(ivan, world, run_jobs):
    sent = send(ivan)
    page = ivan.get(sent["Location"])
    ivan.post(sent["Location"], answers(page, **{word(page, "gone fishing"): "no-show"}))
    run_jobs()
    batch = ImportBatch.objects.get()
    ivan.post(reverse("referrals:batch-load", args=[batch.pk]))
    run_jobs()
    rejects = ivan.get(reverse("referrals:rejects", args=[batch.pk]))
    text = rejects.getvalue().decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text))
    assert list(row) == [*CSV.splitlines()[0].split(","), "What is wrong (not read)"]
    assert "is no date that we can read" in row["What is wrong (not read)"]
    assert row["MRN"].startswith("prm:")
    assert row["Patient Name"] == row["Remarks"] == ""
    again = send(ivan, text.replace("someday", "2026-05-05"), new_source="", source=batch.source.pk)
    second = ImportBatch.objects.order_by("pk").last()
    assert again["Location"] == second.get_absolute_url(), "the feed's mapping fits, so the file is checked at once"
    run_jobs()
    ivan.post(reverse("referrals:batch-load", args=[second.pk]))
    run_jobs()
    hashes = Referral.objects.values_list("source_key", "patient_hash")
    assert dict(hashes)["R3"] == row["MRN"].removeprefix("prm:")
    assert AuditEvent.objects.filter(event="import.rejects_downloaded").count() == 1


def test_a_file_unlike_the_last_ones_of_its_feed_is_questioned(ivan, world, run_jobs):
    sent = send(ivan)
    page = ivan.get(sent["Location"])
    assert "unlike the last ones" not in page.content.decode()
    ivan.post(sent["Location"], answers(page, **{word(page, "gone fishing"): "no-show"}))
    run_jobs()
    batch = ImportBatch.objects.get()
    ivan.post(reverse("referrals:batch-load", args=[batch.pk]))
    run_jobs()
    other = ivan.get(send(ivan, "Foo,Bar\n1,2\n", new_source="", source=batch.source.pk)["Location"])
    assert "unlike the last ones" in other.content.decode()
    assert "“Nr”" in other.content.decode()


@pytest.mark.parametrize("letter", ["a", "b", "c"])
def test_the_invented_shapes_pass_through_the_pages(ivan, world, run_jobs, invented_world, letter):
    file = next(invented_world.glob(f"referrals_{letter}.*"))
    sent = send(ivan, file.read_bytes(), name=file.name)
    batch = ImportBatch.objects.get()
    page = ivan.get(sent["Location"])
    unknown = [question for question, _ in page.context["words"][0].questions if not question.value()]
    assert len(unknown) == (letter == "a"), "only the one that is wrong on purpose"
    assert ivan.post(sent["Location"], answers(page, **{question.name: "~skip" for question in unknown})).status_code == 302
    run_jobs()
    ivan.get(batch.get_absolute_url())
    ivan.post(reverse("referrals:batch-load", args=[batch.pk]), {"looked": "on"})
    run_jobs()
    batch.refresh_from_db()
    assert batch.state == "loaded", batch.error
    assert batch.new == Referral.objects.count() > 500
    for reason in [*batch.rejected, *batch.findings]:
        assert ivan.get(f"{batch.get_absolute_url()}?reason={reason}").context["page"].paginator.count
    ivan.get(reverse("referrals:rejects", args=[batch.pk]))
    ivan.get(f"{reverse('referrals:list')}?batch={batch.pk}&counted=all")
    ivan.get(Referral.objects.first().get_absolute_url())
    ivan.get(reverse("referrals:source", args=[batch.source_id]))
    ivan.get(reverse("referrals:batches"))
    send(ivan, file.read_bytes(), name=file.name, new_source="", source=batch.source_id)
    run_jobs()
    again = ivan.get(ImportBatch.objects.order_by("pk").last().get_absolute_url()).content.decode()
    assert "it is the very file of" in again
    assert "Everything in this file is loaded already" in again


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "The file is empty"),
        ("Nr,Ordered\n", "no rows"),
        ("R1,2026-05-03,Ysolde Yarrowby\nR2,2026-05-03,Wrenna Wexcombe\n", "The first line holds data"),
        ("Nr,Nr\n1,2\n", "Two columns are called"),
        (b"%PDF-1.7 nothing", "PDF"),
        (b"PK\x03\x04 this is no workbook", "damaged"),
        (b"\x00\x01\x02\x03" * 20, "not a text file"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_so_and_leaves_nothing(ivan, settings, content, sentence):
    answer = send(ivan, content)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert "Epic orders" in answer.content.decode(), "what was typed is kept"
    assert not ImportBatch.objects.exists()
    assert not Source.objects.exists()
    assert not [path for path in settings.UPLOADS.rglob("*") if path.is_file()]


def test_an_upload_names_its_feed_once(ivan):
    source = make_source()
    assert "Choose a feed, or name a new one." in send(ivan, new_source="").content.decode()
    assert "You chose the feed orders" in send(ivan, source=source.pk).content.decode()
    assert "needs a name of letters" in send(ivan, new_source="!!!").content.decode()
    assert "Choose the file." in ivan.post(UPLOAD, {"source": source.pk}).content.decode()


def test_an_excel_file_is_read_as_well(ivan, world, run_jobs):
    book = pytest.importorskip("openpyxl").Workbook()
    for row in csv.reader(io.StringIO(CSV)):
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    book.close()
    sent = send(ivan, content.getvalue(), name="orders.xlsx")
    page = ivan.get(sent["Location"])
    ivan.post(sent["Location"], answers(page, **{word(page, "gone fishing"): "~skip"}))
    run_jobs()
    batch = ImportBatch.objects.get()
    assert (batch.state, batch.rejected) == ("checked", {"bad date": 1, "unknown status": 1})
    assert "Say what the unknown words mean" in ivan.get(batch.get_absolute_url()).content.decode()
    assert "gone fishing" in ivan.get(sent["Location"]).content.decode()


def test_a_mapping_that_does_not_fit_is_told_and_the_files_own_is_filled_in(ivan):
    sent = send(ivan)
    page = ivan.get(f"{sent['Location']}?start=shipped-0").content.decode()
    assert "That mapping does not fit this file" in page
    assert "“Request number”" in page
    for start in ("file", "feed-987", "shipped-99", "nonsense"):
        assert ivan.get(f"{sent['Location']}?start={start}").status_code == 200


def test_the_mapping_of_another_feed_can_be_taken(ivan):
    columns = {"source_key": "Nr", "ordered_on": "Ordered", "state": "Status"}
    mapping = Mapping(name="Other", columns=columns, status={"open": "accepted", "gone fishing": "cancelled", "seen": "seen"}, dates="ymd")
    other = make_source("other", mapping=mapping.to_json())
    sent = send(ivan)
    page = ivan.get(f"{sent['Location']}?start=feed-{other.pk}")
    assert page.context["form"][word(page, "open")].value() == "accepted"
    assert page.context["form"]["dates"].value() == "ymd"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"Nr": ""}, "Say which column holds the referral number"),
        ({"Ordered": ""}, "Say which column holds the date"),
        ({"To": "source_key"}, "is read as Referral number already"),
        ({"Patient Name": "referring_name"}, "look like patient data"),
        ({"Patient Name": "~hash"}, "is read as the patient&#x27;s record number already"),
        ({"Patient Name": "state", "Status": ""}, "look like patient data"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused_with_everything_kept(ivan, change, sentence):
    sent = send(ivan)
    page = ivan.get(sent["Location"])
    filled = answers(page, **{word(page, "gone fishing"): "cancelled"}, **{column(page, header): what for header, what in change.items()})
    refused = ivan.post(sent["Location"], filled)
    assert refused.status_code == 422
    assert sentence in refused.content.decode()
    kept = {name: refused.context["form"][name].value() for name in filled if name in refused.context["form"].fields}
    assert kept == {name: value for name, value in filled.items() if name in kept}
    assert not ImportBatch.objects.get().mapping


def test_a_column_that_only_looks_like_a_patients_can_be_kept_by_saying_so(ivan, run_jobs):
    sent = send(ivan, "Nr,Ordered,Status,Name\nR1,2026-05-03,open,Pat Northrop\n")
    page = ivan.get(sent["Location"])
    filled = answers(page, **{column(page, "Name"): "referring_name"})
    refused = ivan.post(sent["Location"], filled)
    assert "I have looked" in refused.content.decode()
    assert ivan.post(sent["Location"], {**filled, "not_patient": "on"}).status_code == 302
    assert ImportBatch.objects.get().mapping["columns"]["referring_name"] == "Name"


def test_a_column_with_too_many_words_is_no_status(ivan):
    rows = "".join(f"R{n},2026-05-03,state {n}\n" for n in range(60))
    sent = send(ivan, f"Nr,Ordered,Status\n{rows}")
    page = ivan.get(sent["Location"])
    refused = ivan.post(sent["Location"], answers(page, **{column(page, "Status"): "state"}))
    assert "A status has few" in refused.content.decode()


def test_ambiguous_dates_are_asked_for(ivan):
    sent = send(ivan, "Nr,Ordered,Status\nR1,03/04/2026,open\nR2,05/06/2026,open\n")
    page = ivan.get(sent["Location"])
    assert page.context["form"]["dates"].value() is None
    assert "2026-03-04" in page.content.decode()
    assert "2026-04-03" in page.content.decode()
    refused = ivan.post(sent["Location"], answers(page))
    assert "Say which comes first" in refused.content.decode()
    assert ivan.post(sent["Location"], answers(page, dates="dmy")).status_code == 302
    assert ImportBatch.objects.get().mapping["format"]["dates"] == "dmy"


def test_kinds_and_reasons_are_understood_or_asked(ivan):
    sent = send(ivan, "Nr,Ordered,Kind,Reason,Priority\nR1,2026-05-03,consult,too far,Urgent\nR2,2026-05-03,X-ray,,\n")
    page = ivan.get(sent["Location"])
    filled = answers(page, **{column(page, "Kind"): "kind", column(page, "Reason"): "reason", column(page, "Priority"): "priority"})
    page = ivan.post(sent["Location"], {**filled, column(page, "Nr"): ""})
    filled |= {word(page, "X-ray"): "imaging", word(page, "too far"): "distance", word(page, "consult"): "consult"}
    assert ivan.post(sent["Location"], filled | {column(page, "Nr"): "source_key"}).status_code == 302
    mapping = ImportBatch.objects.get().mapping
    assert mapping["kinds"] == {"consult": "consult", "X-ray": "imaging"}
    assert mapping["reasons"] == {"too far": "distance"}


# where an import stands


def shipped_mapping():
    return next(mapping for mapping in shipped_mappings() if mapping.name == "Our orders, comma-separated").to_json()


def test_progress_can_be_left_and_found_again(ivan, world, run_jobs):
    mapping = shipped_mapping()
    batch = make_batch(state="checking", mapping=mapping, stored_as="x")
    batch.job = Job.objects.create(name="referrals.dry_run", args=[batch.pk])
    batch.save()
    url = reverse("referrals:batch-progress", args=[batch.pk])
    part = ivan.get(url, headers={"HX-Request": "true"})
    assert f'hx-get="{url}"' in part.content.decode()
    assert "Under way" in ivan.get(reverse("referrals:batches")).content.decode()
    in_list = ivan.get(f"{url}?list=1", headers={"HX-Request": "true"}).content.decode()
    assert f'hx-get="{url}?list=1"' in in_list
    Job.objects.filter(pk=batch.job_id).update(
        state=JobState.RUNNING, progress_done=40, progress_total=100, progress_note="4,000 rows read"
    )
    assert "4,000 rows read" in ivan.get(batch.get_absolute_url()).content.decode()
    ImportBatch.objects.update(state="checked")
    done = ivan.get(url, headers={"HX-Request": "true"})
    assert done["HX-Redirect"] == batch.get_absolute_url()
    assert ivan.get(f"{url}?list=1", headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    assert ivan.get(url)["Location"] == batch.get_absolute_url()


def test_work_that_stopped_by_an_error_says_so_and_can_be_tried_again(ivan):
    batch = make_batch(state="loading", mapping=shipped_mapping(), stored_as="x")
    batch.job = Job.objects.create(
        name="referrals.load", args=[batch.pk], state=JobState.FAILED, error="Something went wrong in PRM itself."
    )
    batch.save()
    page = ivan.get(batch.get_absolute_url()).content.decode()
    assert "Something went wrong in PRM itself." in page
    assert "Check the file" in page


def test_discarding_asks_first(ivan):
    send(ivan)
    batch = ImportBatch.objects.get()
    url = reverse("referrals:batch-discard", args=[batch.pk])
    assert "Discard this import?" in ivan.get(url).content.decode()
    ivan.post(url)
    batch.refresh_from_db()
    assert batch.state == "discarded"
    again = ivan.post(reverse("referrals:batch-load", args=[batch.pk]), follow=True)
    assert "was discarded" in again.content.decode()
    gone = ivan.get(reverse("referrals:batch-map", args=[batch.pk]), follow=True)
    assert "was discarded" in gone.content.decode()


def test_months_stand_beside_what_is_loaded(ivan, world, run_jobs):
    source = make_source("epic-orders")
    for _ in range(3):
        make_referral(source=source, anchor_on=dt.date(2026, 5, 10))
    sent = send(ivan, new_source="", source=source.pk)
    page = ivan.get(sent["Location"])
    ivan.post(sent["Location"], answers(page, **{word(page, "gone fishing"): "no-show"}))
    run_jobs()
    chart = ivan.get(ImportBatch.objects.get().get_absolute_url()).context["chart"]
    assert chart.table["rows"] == [["May 2026", "2", "3"], ["Apr 2026", "1", "0"]]


def test_the_list_of_imports_is_filtered_and_flat(ivan, assert_flat_queries):
    other = make_source("other")
    make_batch(source=other, state="discarded", file_name="other.csv")

    def add(number):
        for _ in range(number):
            make_batch(uploaded_by=factories.make_user())

    assert_flat_queries(reverse("referrals:batches"), add)
    page = ivan.get(f"{reverse('referrals:batches')}?source={other.pk}&state=discarded")
    assert [row.batch.file_name for row in page.context["rows"]] == ["other.csv"]
    assert b"No import fits" in ivan.get(f"{reverse('referrals:batches')}?state=failed").content
    assert b"<html" not in ivan.get(reverse("referrals:batches"), headers={"HX-Request": "true"}).content


def test_a_batch_page_is_flat_in_rows(ivan, assert_flat_queries):
    batch = make_batch(rejected={"bad date": 1}, rows=5)

    def add(number):
        for line in range(number):
            SourceRow.objects.create(batch=batch, line_number=line, outcome="rejected", reason="bad date", record={})

    assert_flat_queries(batch.get_absolute_url(), add)


# feeds and rules


def test_feeds_are_listed_flat_and_edited(ivan, world, assert_flat_queries):
    def add(number):
        for _ in range(number):
            source = make_source(f"feed-{Source.objects.count()}")
            make_batch(source=source, loaded_at="2026-05-01T00:00Z")
            make_referral(source=source)

    assert_flat_queries(reverse("referrals:sources"), add)
    source = make_source("feed-1")
    source.mapping = next(mapping.to_json() for mapping in shipped_mappings() if mapping.sees == "our_orders")
    source.save()
    changed = {"title": "Epic", "sees": "received", "from_folder": "off", "due_every_days": "0"}
    answer = ivan.post(reverse("referrals:source", args=[source.pk]), changed)
    assert answer.status_code == 302
    source.refresh_from_db()
    assert (source.title, source.sees, source.mapping["sees"]) == ("Epic", "received", "received")
    assert Job.objects.filter(name="referrals.relink", args=[[source.pk]]).exists()
    assert ivan.post(reverse("referrals:source", args=[source.pk]), {"sees": "all of it"}).status_code == 422
    file = ivan.get(reverse("referrals:source-mapping", args=[source.pk]))
    assert Mapping.from_json(json.loads(file.content)) == Mapping.from_json(source.mapping)


def test_rules_count_everything_anew(as_, world, run_jobs):
    referral = make_referral(world.north_practice, kind="imaging", is_counted=False)
    url = reverse("referrals:rules")
    ada = as_("ada")
    form = {
        "affiliated_is_ours": "on",
        "counted_kinds": ["consult", "imaging"],
        "duplicate_days": 14,
        "link_days": 90,
        "range_leads_above": 25,
        "small_cell": 11,
    }
    assert ada.post(url, {**form, "counted_kinds": []}).status_code == 422
    assert ada.post(url, {**form, "duplicate_days": 999}).status_code == 422
    saved = ada.post(url, form, follow=True).content.decode()
    assert "Every referral is counted anew" in saved
    assert "waiting for a worker" in saved
    run_jobs()
    referral.refresh_from_db()
    assert referral.is_counted
    assert CountingRules.current().duplicate_days == 14
    assert "waiting for a worker" not in ada.get(url).content.decode()


IMPORT_PAGES = [
    "batches",
    "upload",
    "sources",
    "batch",
    "batch-map",
    "batch-progress",
    "batch-discard",
    "rejects",
    "source",
    "source-mapping",
]


@pytest.mark.parametrize("name", IMPORT_PAGES)
@pytest.mark.parametrize(("who", "allowed"), [("nora", False), ("dana", False), ("elle", False), ("ivan", True), ("ada", True)])
def test_imports_are_for_those_who_import(as_, world, name, who, allowed):
    batch = make_batch()
    arguments = {"batches": [], "upload": [], "sources": [], "source": [batch.source_id], "source-mapping": [batch.source_id]}
    answer = as_(who).get(reverse(f"referrals:{name}", args=arguments.get(name, [batch.pk])))
    assert answer.status_code in ({200, 302} if allowed else {403})


@pytest.mark.parametrize(("who", "status"), [("nora", 403), ("dana", 403), ("ivan", 403), ("elle", 403), ("ada", 200), (None, 302)])
def test_rules_are_for_those_who_set(as_, who, status):
    assert as_(who).get(reverse("referrals:rules")).status_code == status


def test_a_destination_known_by_name_is_matched(ivan, world, run_jobs):
    assert Organization.objects.filter(name="Summit Cardiology").exists()
    sent = send(ivan)
    page = ivan.get(sent["Location"])
    ivan.post(sent["Location"], answers(page, **{word(page, "gone fishing"): "no-show"}))
    run_jobs()
    ivan.post(reverse("referrals:batch-load", args=[ImportBatch.objects.get().pk]))
    run_jobs()
    assert Referral.objects.get(source_key="R1").destination == world.theirs
