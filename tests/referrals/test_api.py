"""The API of referrals: the same rows for the same people, recorded, and files taken in."""

import datetime as dt
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError

from audit.models import AuditEvent
from referrals.importing.mapping import Mapping
from referrals.models import ImportBatch, Referral
from tests.factories.rows import make_referral, make_source

MAPPING = Mapping(name="Plain", columns={"source_key": "Nr", "ordered_on": "Ordered"}, dates="ymd", identifier="MRN")
PLAIN = {"columns": {"source_key": "Nr", "ordered_on": "On"}}
CSV = b"Nr,Ordered,MRN\nR1,2026-05-03,QX1\nR2,2026-05-04,QX2\n"


@pytest.fixture(autouse=True)
def _uploads(settings, tmp_path):
    settings.UPLOADS = tmp_path / "uploads"


@pytest.mark.parametrize(("who", "status"), [("nora", 403), ("elle", 403), ("dana", 200), ("ivan", 200), (None, 401)])
def test_rows_by_role(as_, world, who, status):
    referral = make_referral(world.north_practice)
    client = as_(who)
    assert client.get("/api/v1/referrals/").status_code == status
    assert client.get(f"/api/v1/referrals/{referral.pk}/").status_code == status


def test_rows_are_filtered_as_the_page_filters_and_recorded(as_, world):
    seen = make_referral(world.north_practice, flow="outbound", patient_hash="ab" * 16)
    make_referral(world.north_practice, flow="outbound", is_counted=False)
    make_referral(world.north_practice, anchor_on=dt.date(2025, 1, 1), flow="outbound")
    unowned = make_referral(world.unowned_practice, flow="outbound")
    found = as_("dana").get("/api/v1/referrals/?flow=outbound&start=2026-01-01").json()
    assert [row["id"] for row in found["results"]] == [seen.pk]
    assert found["results"][0]["patient"] == f"prm:{'ab' * 16}"
    assert as_("dana").get(f"/api/v1/referrals/{unowned.pk}/").status_code == 404
    assert as_("dana").get("/api/v1/referrals/?territory=987654").status_code == 400
    detail = as_("dana").get(f"/api/v1/referrals/{seen.pk}/").json()
    assert detail["status_events"] == []
    events = AuditEvent.objects.filter(by_id=str(world.dana.pk)).order_by("pk")
    assert list(events.values_list("event", flat=True)) == ["referrals.listed", "referral.viewed"]
    assert events[0].details["filter"] == ["flow", "start"]


def test_a_look_that_cannot_be_recorded_does_not_happen(as_, world, monkeypatch):
    referral = make_referral(world.north_practice)

    def broken(*args, **kwargs):
        raise DatabaseError("the log is full")

    monkeypatch.setattr("referrals.api.views.record", broken)
    for url in ("/api/v1/referrals/", f"/api/v1/referrals/{referral.pk}/"):
        with pytest.raises(DatabaseError):
            as_("ivan").get(url)


def test_a_correction_by_the_api(as_, world):
    referral = make_referral(world.north_practice, named_practice=world.north_practice)
    url = f"/api/v1/referrals/{referral.pk}/"
    assert as_("dana").patch(url, {"payer": None}, content_type="application/json").status_code == 403
    answer = as_("ivan").patch(url, {"destination": world.theirs.pk}, content_type="application/json")
    assert (answer.status_code, answer.json()["flow"]) == (200, "outbound")
    assert as_("ivan").patch(url, {"destination": 987654}, content_type="application/json").status_code == 400
    assert as_("ivan").patch(url, {}, content_type="application/json").status_code == 200


def test_a_file_through_the_api(as_, world, run_jobs):
    client = as_("ivan")
    sent = client.post(
        "/api/v1/import-batches/",
        {"file": SimpleUploadedFile("orders.csv", CSV), "source": "api-orders", "mapping": json.dumps(MAPPING.to_json())},
    )
    assert sent.status_code == 201, sent.content
    url = f"/api/v1/import-batches/{sent.json()['id']}/"
    assert client.post(f"{url}dry-run/").json()["state"] == "checking"
    run_jobs()
    assert (client.get(url).json()["state"], client.get(url).json()["new"]) == ("checked", 2)
    assert client.post(f"{url}load/", content_type="application/json").status_code == 202
    run_jobs()
    assert client.get(url).json()["state"] == "loaded"
    assert Referral.objects.count() == 2
    again = client.post(f"{url}load/", content_type="application/json")
    assert (again.status_code, again.json()["detail"]) == (400, "This file is loaded already.")
    assert [row["name"] for row in client.get("/api/v1/sources/").json()["results"]] == ["api-orders"]
    assert client.get("/api/v1/import-batches/?state=loaded").json()["count"] == 1


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"source": "x"}, "file"),
        ({"source": "x", "file": b""}, "file"),
        ({"source": "!!!", "file": CSV}, "letters"),
        ({"source": "x", "file": CSV, "mapping": "[]"}, "JSON object"),
        ({"source": "x", "file": CSV, "mapping": '{"columns": {"source_key": "No such"}}'}, "date ordered"),
        ({"source": "x", "file": b"Nr\n"}, "no rows"),
    ],
)
def test_what_cannot_be_taken_is_told(as_, form, said):
    data = {name: SimpleUploadedFile("f.csv", value) if isinstance(value, bytes) else value for name, value in form.items()}
    answer = as_("ivan").post("/api/v1/import-batches/", data)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not ImportBatch.objects.exists()


@pytest.mark.parametrize("who", ["nora", "dana", "elle"])
def test_files_are_for_those_who_import(as_, who):
    make_source()
    client = as_(who)
    assert client.get("/api/v1/import-batches/").status_code == 403
    assert client.post("/api/v1/import-batches/", {"source": "x"}).status_code == 403
    assert client.get("/api/v1/sources/").status_code == 200


def test_alarms_are_seen_before_loading_and_a_load_is_undone(as_, world, run_jobs):
    client = as_("ivan")
    file = SimpleUploadedFile("a.csv", b"Nr,On\nR1,2026-05-01\n,x\n")
    told = {"source": "orders", "format": "csv", "mapping": json.dumps(PLAIN)}
    sent = client.post("/api/v1/import-batches/", {**told, "file": file})
    assert sent.json()["arrived_by"] == "api", sent.json()
    batch = ImportBatch.objects.get()
    url = f"/api/v1/import-batches/{batch.pk}/"
    client.post(f"{url}dry-run/")
    run_jobs()
    batch.refresh_from_db()
    batch.alarms = [{"kind": "volume", "sentence": "Odd."}]
    batch.save()
    assert client.get(url).json()["alarms"] == batch.alarms
    refused = client.post(f"{url}load/", content_type="application/json")
    assert (refused.status_code, "looked" in refused.json()) == (400, True)
    assert client.post(f"{url}load/", {"looked": True}, content_type="application/json").status_code == 202
    run_jobs()
    assert Referral.objects.count() == 1
    rejects = client.get(f"{url}rejects/")
    assert b"What is wrong" in rejects.getvalue()
    assert client.post(f"{url}undo/", {"why": "of patient Doe"}, content_type="application/json").status_code == 400
    assert client.post(f"{url}undo/", {"why": "Wrong file"}, content_type="application/json").status_code == 202
    run_jobs()
    assert client.get(url).json()["state"] == "undone"
    assert not Referral.objects.exists()


def test_counts_of_a_source(as_, world):
    make_source("orders")
    client = as_("ivan")

    def tell(**totals):
        data = {"source": "orders", "totals": {month.replace("_", "-").lstrip("m"): n for month, n in totals.items()}}
        return client.post("/api/v1/control-totals/", data, content_type="application/json")

    told = tell(m2026_05=12, m2026_04=9)
    assert [(row["month"], row["total"]) for row in told.json()] == [("2026-05-01", 12), ("2026-04-01", 9)]
    tell(m2026_04=None)
    assert client.get("/api/v1/control-totals/?start=2026-01-01").json()["count"] == 1
    assert tell(may=3).status_code == 400
    assert tell(m2026_05=-3).status_code == 400
    assert tell(m2099_05=3).status_code in {400, 409, 422}
    assert as_("nora").get("/api/v1/control-totals/").status_code == 403
