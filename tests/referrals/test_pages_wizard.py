"""What the mapping page asks of a workbook with several sheets, and of formats that say themselves what their columns are."""

import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import Workbook

from referrals.models import ImportBatch, Referral

REQUEST = {
    "resourceType": "ServiceRequest",
    "id": "r1",
    "identifier": [{"value": "R1"}],
    "status": "active",
    "intent": "order",
    "subject": {"reference": "Patient/p1"},
    "authoredOn": "2026-05-01",
}


@pytest.fixture
def ivan(as_, settings, tmp_path):
    settings.UPLOADS = tmp_path / "uploads"
    return as_("ivan")


def send(client, content, name):
    return client.post(reverse("referrals:upload"), {"new_source": "Feed", "file": SimpleUploadedFile(name, content)})["Location"]


def test_fhir_is_asked_only_for_the_feed_and_words(ivan, world, run_jobs):
    url = send(ivan, json.dumps(REQUEST).encode(), "r.json")
    page = ivan.get(url)
    form = page.context["form"]
    assert form.is_fixed
    assert not [name for name in form.fields if name.startswith("column-")]
    assert "dates" not in form.fields
    assert "This format says itself what each part is." in page.content.decode()
    answers = {name: form[name].value() or "" for name in form.fields} | {"sees": "our_orders"}
    answers |= {name: value or "received" for name, value in answers.items() if name.startswith("word-state")}
    ivan.post(url, answers)
    run_jobs()
    batch = ImportBatch.objects.get()
    assert (batch.format, batch.state, batch.new) == ("fhir", "checked", 1), batch.error
    ivan.post(reverse("referrals:batch-load", args=[batch.pk]), {"looked": "on"})
    run_jobs()
    assert Referral.objects.get().source_key == "R1"


@pytest.fixture
def workbook():
    book = Workbook()
    book.active.title = "Cover"
    book.active.append(["About", "Value"])
    book.active.append(["Made", "by hand"])
    sheet = book.create_sheet("Orders")
    sheet.append(["Referral ID", "Order Date", "MRN"])
    sheet.append(["R1", "2026-05-02", "QX1"])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_the_sheet_of_a_workbook_is_chosen(ivan, world, run_jobs, workbook):
    url = send(ivan, workbook, "book.xlsx")
    first = ivan.get(url)
    assert first.context["sheets"] == ("Cover", "Orders")
    page = ivan.get(f"{url}?sheet=Orders")
    assert {row.header: row.field.value() for row in page.context["columns"]} == {
        "Referral ID": "source_key",
        "Order Date": "ordered_on",
        "MRN": "~hash",
    }
    form = page.context["form"]
    answers = {name: form[name].value() or "" for name in form.fields} | {"sees": "our_orders"}
    answer = ivan.post(f"{url}?sheet=Orders", answers)
    assert answer.status_code == 302, answer.context["form"].errors
    run_jobs()
    batch = ImportBatch.objects.get()
    assert (batch.mapping["format"]["sheet"], batch.state, batch.new) == ("Orders", "checked", 1)
    assert batch.headers == ["Referral ID", "Order Date", "MRN"]
    assert ivan.get(url).context["sheet"] == "Orders"
    assert ivan.get(f"{url}?sheet=Nothing").status_code == 200
