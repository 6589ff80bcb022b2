"""Downloads are safe and keep small cells; the API shows what the pages show."""

import csv
import datetime as dt
from io import BytesIO, StringIO

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from audit.models import AuditEvent
from jobs.models import Job, JobState
from reports import actions, kinds
from reports.models import ReportRun
from tests.factories import make_practice
from tests.factories.reports import add_months
from tests.reports.conftest import FIRST

TABLES = (
    "leakage-by-month", "leakage-by-service_line", "leakage-by-payer", "leakage-by-territory", "leakage-by-practice", "leakage-by-provider",
    "growth-by-month", "growth-by-service_line", "growth-by-payer", "growth-by-territory", "growth-by-practice", "growth-by-provider",
    "flow", "destinations", "shortfalls",
)  # fmt: skip


def read(response):
    return list(csv.reader(StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))


class TestFiles:
    @pytest.fixture(autouse=True)
    def _history(self, history):
        self.world = history

    def test_every_table_as_both_kinds(self, as_):
        client = as_("dana")
        for table in TABLES:
            rows = read(client.get(reverse("reports:export", args=[table, "csv"])))
            sheet = load_workbook(BytesIO(client.get(reverse("reports:export", args=[table, "xlsx"])).content)).worksheets[0]
            assert len(rows) > 1, table
            assert len({len(row) for row in rows}) == 1, table
            assert sheet.max_row == len(rows), table

    def test_numbers_are_the_pages_numbers(self, as_):
        rows = read(as_("dana").get(reverse("reports:export", args=["leakage-by-territory", "csv"])))
        assert rows[1][:4] == ["North", "120", "72", "24"]
        assert float(rows[1][4]) == 72 / 192

    def test_workbooks_have_formats_and_say_what_they_hold(self, as_):
        url = f"{reverse('reports:export', args=['growth-by-month', 'xlsx'])}?territory={self.world.south.pk}"
        book = load_workbook(BytesIO(as_("dana").get(url).content))
        assert [cell.number_format for cell in book.worksheets[0][2]] == ["mmm yyyy", "#,##0", "#,##0", "#,##0"]
        meant = {row[0].value: row[1].value for row in book["Definitions"].iter_rows(min_row=2)}
        assert (meant["Over"], meant["Filter"], meant["Organization"]) == ("South", "Oct 2025 to Sep 2026", "Everything")
        assert meant["Counts hidden in files below"] == "11"
        assert meant["received"].startswith("Received: inbound + internal.")
        whole = f"{reverse('reports:export', args=['growth-by-practice', 'xlsx'])}?service_line={self.world.line.pk}"
        meant = {row[0].value: row[1].value for row in load_workbook(BytesIO(as_("ivan").get(whole).content))["Definitions"].iter_rows()}
        assert (meant["Over"], meant["Filter"]) == ("Whole organization", "Oct 2025 to Sep 2026, Cardiology")
        assert "inbound" in meant

    def test_small_cells_stay_inside(self, as_):
        add_months(self.world.south_practice, dt.date(2026, 9, 1), [4], flow="internal")
        rows = read(as_("dana").get(reverse("reports:export", args=["growth-by-territory", "csv"])))
        south = next(row for row in rows if row[0] == "South")
        assert south[1:4] == ["195", "<11", ""]  # the sum would tell the hidden part
        months = read(as_("ivan").get(reverse("reports:export", args=["leakage-by-month", "csv"])))
        assert months[1][1:] == ["<11", "<11", "<11", "", "", "", ""]

    def test_no_cell_starts_a_formula(self, as_):
        evil = make_practice('=HYPERLINK("http://x")', territory=self.world.north)
        add_months(evil, FIRST, [12] * 26)
        rows = read(as_("dana").get(reverse("reports:export", args=["growth-by-practice", "csv"])))
        assert any(row[0].startswith("'=HYPERLINK") for row in rows)

    def test_who_may(self, as_):
        for who, status in {"nora": 403, "past": 403, "elle": 403, "dana": 200, "ivan": 200, "ada": 200, None: 302}.items():
            assert as_(who).get(reverse("reports:export", args=["growth-by-month", "csv"])).status_code == status, who

    def test_each_download_is_recorded(self, as_):
        as_("dana").get(f"{reverse('reports:export', args=['flow', 'csv'])}?territory={self.world.north.pk}")
        event = AuditEvent.objects.get(event="report.exported")
        assert event.details["table"] == "flow"
        assert f"territory={self.world.north.pk}" in event.details["filter"]

    def test_what_does_not_exist(self, as_):
        client = as_("dana")
        for table, kind in (("moon", "csv"), ("growth-by-moon", "csv"), ("moon-by-month", "csv"), ("flow", "pdf")):
            assert client.get(reverse("reports:export", args=[table, kind])).status_code == 404
        foreign = f"{reverse('reports:export', args=['growth-by-provider', 'csv'])}?practice={self.world.unowned_practice.pk}"
        assert client.get(foreign).status_code == 404

    def test_a_practice_narrows(self, as_):
        url = f"{reverse('reports:export', args=['growth-by-provider', 'csv'])}?practice={self.world.south_practice.pk}"
        assert [row[0] for row in read(as_("dana").get(url))] == ["Provider", "Pat Southwell"]


class TestApi:
    @pytest.fixture(autouse=True)
    def _history(self, history):
        self.world = history

    def ask(self, client, **query):
        return client.get("/api/v1/measures/", {"name": "received", "start": "2026-01-01", "end": "2026-10-01", **query})

    def test_the_same_visibility(self, as_):
        wanted = {"nora": 90, "sol": 135, "over": 135, "past": 0, "dana": 225, "ivan": 261, "elle": 261}
        # six months at 20 and three at 5 make the south's 135
        assert {who: self.ask(as_(who)).json()["rows"][0]["value"] for who in wanted} == wanted
        assert self.ask(as_(None)).status_code == 401

    def test_groups_and_refusals(self, as_):
        assert {row["territory"] for row in self.ask(as_("dana"), by="territory").json()["rows"]} == {"North", "South"}
        assert self.ask(as_("elle"), by="provider").status_code == 403
        assert self.ask(as_("sol"), by="provider").json()["rows"][0]["provider"] == self.world.south_provider.npi
        assert self.ask(as_("sol"), territory=self.world.north.pk).status_code == 404
        assert self.ask(as_("dana"), territory=self.world.north.pk).json()["rows"][0]["value"] == 90
        assert self.ask(as_("dana"), name="moon").status_code == 400
        assert "later than the start" in self.ask(as_("dana"), end="2026-01-01").json()["end"][0]

    def test_two_cuts_filters_and_days(self, as_):
        client = as_("dana")
        rows = self.ask(client, by="territory,flow").json()["rows"]
        assert {(row["territory"], row["flow"]): row["value"] for row in rows} == {("North", "internal"): 90, ("South", "inbound"): 135}
        assert self.ask(client, where=["territory=North", "payer=medicare"]).json()["rows"][0]["value"] == 90
        assert self.ask(client, where="payer=null").json()["rows"][0]["value"] == 0
        assert self.ask(client, where=f"provider={self.world.south_provider.npi}").json()["rows"][0]["value"] == 135
        assert self.ask(client, name="conversion_seen", within=30).json()["rows"][0]["denominator"] > 0
        assert self.ask(as_("sol"), where=f"provider={self.world.north_provider.npi}").status_code == 404
        assert self.ask(as_("elle"), where=f"provider={self.world.north_provider.npi}").status_code == 403
        assert self.ask(as_("elle"), by="group").status_code == 403

    @pytest.mark.parametrize(
        ("query", "sentence"),
        [
            ({"by": "moon"}, "cannot be grouped by"),
            ({"by": "month,month"}, "two different ones"),
            ({"by": "month,flow,payer"}, "two different ones"),
            ({"where": "payer"}, "such as payer=Aetna"),
            ({"where": "moon=1"}, "cannot be narrowed by"),
            ({"where": ["payer=Medicare", "payer=null"]}, "only once"),
            ({"where": "month=May"}, "as its first day"),
            ({"within": 30}, "waits for no outcome"),
            ({"name": "closed_loop", "within": 0}, "1 to 730"),
            ({"name": "leakage_ordered", "by": "flow"}, "cannot be grouped by"),
        ],
    )
    def test_wrong_questions_get_a_sentence(self, as_, query, sentence):
        answer = self.ask(as_("dana"), **query)
        assert answer.status_code == 400
        assert sentence in str(answer.json())

    def test_runs(self, as_, run_jobs):
        actions.ask_for_standard_runs(wanted=kinds.standard_runs())
        run_jobs()
        client = as_("sol")
        listed = client.get("/api/v1/reports/?kind=volume").json()
        assert {run["scope"] for run in listed["results"]} == {"South", "Territories of Sol"}
        detail = client.get(f"/api/v1/reports/{listed['results'][0]['id']}/").json()
        months = next(table for table in detail["tables"] if table["columns"][0]["label"] == "Month")
        assert months["rows"][-2][:2] == ["2026-09-01", 5]
        assert as_("nora").get(f"/api/v1/reports/{listed['results'][0]['id']}/").status_code == 404
        assert as_(None).get("/api/v1/reports/").status_code == 401

    def post(self, client, **data):
        return client.post("/api/v1/reports/", data, content_type="application/json")

    def test_asking_is_idempotent_and_shows_its_state(self, as_, run_jobs):
        question = {"kind": "volume", "parameters": {"first": "2026-01-01", "last": "2026-06-01"}}
        client = as_("dana")
        first = self.post(client, **question)
        assert first.status_code == 201, first.json()
        run = first.json()
        assert (run["state"], run["progress"], run["parameters"], run["asked_by"], run["scope"]) == (
            "queued", None, {"start": "2026-01-01", "end": "2026-07-01"}, ["Dana"], "Territories of Dana",
        )  # fmt: skip
        again = self.post(client, **question)
        assert (again.status_code, again.json()["id"]) == (200, run["id"])
        url = f"/api/v1/reports/{run['id']}/"
        assert client.get(url).json()["tables"] == []
        assert client.get("/api/v1/reports/?state=queued").json()["count"] == 1
        Job.objects.filter(name="reports.run").update(state=JobState.RUNNING, progress_done=1, progress_total=4)
        assert (client.get(url).json()["state"], client.get(url).json()["progress"]) == ("running", 25)
        Job.objects.filter(name="reports.run").update(state=JobState.QUEUED, progress_done=0)
        run_jobs()
        detail = client.get(url).json()
        assert detail["state"] == "finished"
        assert {figure["label"] for figure in detail["figures"]} >= {"Inbound referrals", "Received in all"}
        assert self.post(client, **question).json()["state"] == "finished"

    def test_refusals_are_the_pages(self, as_):
        client = as_("dana")
        months = {"first": "2026-01-01", "last": "2026-06-01"}
        assert "kind" in self.post(client, kind="moon", parameters=months).json()
        assert "parameters" in self.post(client, kind="volume", parameters={"first": "2026-06-01", "last": "2026-01-01"}).json()
        assert self.post(client, kind="volume", territory=self.world.root.pk, parameters=months).status_code == 400
        assert self.post(as_("past"), kind="volume", parameters=months).status_code == 400
        assert self.post(as_(None), kind="volume", parameters=months).status_code == 401
        assert not ReportRun.objects.exists()

    def test_letting_go(self, as_):
        client = as_("dana")
        made = self.post(
            client, kind="volume", territory=self.world.north.pk, parameters={"first": "2026-01-01", "last": "2026-06-01"}
        ).json()
        url = f"/api/v1/reports/{made['id']}/"
        assert as_("sol").delete(url).status_code == 404
        assert as_("nora").delete(url).status_code == 403
        assert as_("dana").delete(url).status_code == 204
        assert not ReportRun.objects.exists()
        assert Job.objects.get(name="reports.run").state == JobState.CANCELLED

    def test_an_executive_reads_no_practice(self, as_, run_jobs):
        made = self.post(as_("elle"), kind="volume", parameters={"first": "2025-10-01", "last": "2026-09-01"}).json()
        run_jobs()
        url = f"/api/v1/reports/{made['id']}/"
        assert "South Medical Group" in as_("ivan").get(url).content.decode()
        assert "South Medical Group" not in as_("elle").get(url).content.decode()
