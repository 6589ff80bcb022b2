"""The network's pages, files, API and runs: who sees what, by which name, in how many queries."""

import csv
import datetime as dt
from html import unescape
from io import BytesIO, StringIO
from re import search

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from audit.models import AuditEvent
from referrals.models import CountingRules, Referral, Sees, Source
from reports import kinds, networking
from reports.actions import ask_for_run, ask_for_standard_runs
from reports.exports import files
from reports.models import ReportRun
from tests.factories import make_organization, make_practice, make_provider
from tests.factories.reports import add_referrals, monthly
from tests.reports.conftest import END, FIRST

CAST = ("nora", "sol", "over", "dana", "ada", "ivan")
NETWORK = "reports:network"


def of(kind, subject):
    return reverse("reports:network-of", args=[kind, subject.pk])


def text_of(response):
    return " ".join(response.text.split())


def read(response):
    return list(csv.reader(StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))


@pytest.fixture
def web(history):
    """The history, and a specialist in the south to whom the north, the south and somebody of nobody's send."""
    w = history
    w.specialist = make_provider("Heartwell", at=w.south_practice)
    sent = {"performer": w.specialist, "destination": w.theirs, "service_line": w.line}
    add_referrals(
        *monthly(w.north_practice, dt.date(2026, 4, 1), [4] * 6, flow="outbound", provider=w.north_provider, **sent),
        *monthly(w.unowned_practice, dt.date(2026, 4, 1), [2] * 6, flow="outside", **sent),
    )
    return w


class TestWhole:
    def test_who_opens_it(self, web, as_):
        for who in CAST:
            assert as_(who).get(reverse(NETWORK)).status_code == 200, who
        assert as_("elle").get(reverse(NETWORK)).status_code == 403
        assert as_(None).get(reverse(NETWORK)).status_code == 302
        assert "No territory is yours yet" in as_("past").get(reverse(NETWORK)).text

    def test_before_any_data(self, as_):
        assert "Import the first file" in as_("ada").get(reverse(NETWORK)).text

    def test_nobody_outside_the_field_is_named(self, web, as_):
        text = as_("nora").get(reverse(NETWORK)).text
        assert "North Family Practice" in text
        assert "South Medical Group" not in text
        assert "Far Away Associates" not in text
        assert "South Medical Group" in as_("dana").get(reverse(NETWORK)).text
        assert "Far Away Associates" not in as_("dana").get(reverse(NETWORK)).text
        assert "Far Away Associates" in as_("ivan").get(reverse(NETWORK)).text

    def test_the_title_is_the_finding(self, web, as_):
        # Oct 2025 to Sep 2026. The south 195 and the north 120 to Riverbend; to Summit 72 and 24 of the north.
        picture = as_("dana").get(reverse(NETWORK)).context["picture"]
        assert picture.title == "Riverbend Cardiology receives 77% of all referrals; it takes more than half"
        assert "24 more referrals name no practice or no destination" in picture.note
        one = as_("sol").get(reverse(NETWORK)).context["picture"]
        assert one.title == "All 195 referrals go to Riverbend Cardiology"
        few = as_("dana").get(f"{reverse(NETWORK)}?start=2026-09-01&end=2026-10-01&territory={web.south.pk}").context["picture"]
        assert few.title == "All 5 referrals go to Riverbend Cardiology, too few to say more"

    def test_filters_narrow_and_empty_says_so(self, web, as_):
        client = as_("ivan")
        found = client.get(f"{reverse(NETWORK)}?territory={web.north.pk}").context["found"]
        assert {node.key for node in found.nodes} == {
            f"practice:{web.north_practice.pk}", f"organization:{web.ours.pk}", f"organization:{web.theirs.pk}"
        }  # fmt: skip
        assert (
            "No link in this selection" in client.get(f"{reverse(NETWORK)}?service_line={web.other_line.pk}&territory={web.south.pk}").text
        )
        assert client.get(f"{reverse(NETWORK)}?level=moon").status_code == 404
        assert as_("sol").get(f"{reverse(NETWORK)}?territory={web.north.pk}").status_code == 404

    def test_organizations_among_themselves(self, web, as_):
        web.north_practice.organization = web.theirs
        web.north_practice.save()
        found = as_("ivan").get(f"{reverse(NETWORK)}?level=organization").context["found"]
        keys = {node.key for node in found.nodes}
        assert f"organization:{web.theirs.pk}" in keys
        assert f"practice:{web.north_practice.pk}" not in keys
        assert (f"organization:{web.theirs.pk}",) * 2 not in {(tie.source, tie.target) for tie in found.ties}
        response = as_("ivan").get(f"{reverse(NETWORK)}?level=organization&sort=-betweenness&order=name")
        assert [label for _, label in response.context["headings"]][4] == "Returned"
        names = [item.name for item in response.context["items"]]
        assert names == sorted(names)

    def test_what_arrived_only_at_us_has_no_concentration(self, web, as_):
        Source.objects.update(sees=Sees.RECEIVED)
        text = text_of(as_("ivan").get(reverse(NETWORK)))
        assert "only to us" in text
        Source.objects.update(sees=Sees.OUR_ORDERS)
        rows = as_("ivan").get(reverse(NETWORK)).context["rows"]
        assert dict(next(row for row in rows if row.name == "North Family Practice").figures)["Concentration"] == "0.51"

    def test_alignment_decides_the_tone(self, web, as_):
        practice = make_practice("Allied Office", territory=web.north, alignment="affiliated")
        add_referrals(*monthly(practice, FIRST, [3] * 26, flow="internal", destination=web.ours))
        tones = {mark.name: mark.tone for mark in as_("dana").get(reverse(NETWORK)).context["picture"].marks}
        assert tones["Allied Office"] == tones["North Family Practice"] == "ours"
        assert (tones["Summit Cardiology"], tones["South Medical Group"]) == ("competitor", "independent")
        CountingRules.objects.create(pk=1, counted_kinds=["consult"], affiliated_is_ours=False)
        tones = {mark.name: mark.tone for mark in as_("dana").get(reverse(NETWORK)).context["picture"].marks}
        assert tones["Allied Office"] == "independent"

    def test_few_queries_however_many_nodes(self, web, as_, assert_flat_queries):
        as_("dana")

        def add(number):
            for _ in range(number):
                practice = make_practice(territory=web.north)
                to = make_organization()
                add_referrals(*monthly(practice, dt.date(2026, 1, 1), [2] * 9, flow="internal", destination=to))

        assert_flat_queries(reverse(NETWORK), add, few=2, many=6)

    def test_many_nodes_are_gathered_and_said(self, web, as_, monkeypatch):
        monkeypatch.setattr("reports.charts.network.MOST_NODES", 3)
        monkeypatch.setattr("reports.charts.network.MOST_TIES", 1)
        response = as_("ivan").get(reverse(NETWORK))
        assert "drawn together" in response.text
        assert "1 strongest link" in response.context["picture"].note or "The 1 strongest" in response.context["picture"].note
        assert len(response.context["picture"].marks) == 3


class TestEgo:
    def test_who_opens_whom(self, web, as_):
        assert as_("sol").get(of("practice", web.south_practice)).status_code == 200
        for kind, subject in (("practice", web.north_practice), ("provider", web.north_provider), ("practice", web.unowned_practice)):
            assert as_("sol").get(of(kind, subject)).status_code == 404
            assert as_("sol").get(reverse("reports:network-position", args=[kind, subject.pk])).status_code == 404
        assert as_("sol").get(of("organization", web.ours)).status_code == 200
        assert as_("past").get(of("organization", web.ours)).status_code == 404
        assert as_("elle").get(of("organization", web.ours)).status_code == 403
        assert as_("ada").get(of("territory", web.north)).status_code == 404

    def test_others_are_one_number(self, web, as_):
        """The south's specialist hears from the north and from nobody's: the liaison of the south is told how many, not who."""
        found = as_("sol").get(of("provider", web.specialist))
        assert "North Family Practice" not in found.text
        assert "Far Away Associates" not in found.text
        assert (found.context["elsewhere"], found.context["elsewhere_name"]) == (36, "2 practices elsewhere")
        assert "2 practices elsewhere" in found.text
        known = as_("dana").get(of("provider", web.specialist))
        assert "North Family Practice" in known.text
        assert (known.context["elsewhere"], known.context["elsewhere_name"]) == (12, "1 practice elsewhere")
        assert as_("ivan").get(of("provider", web.specialist)).context["elsewhere"] == 0

    def test_titles_are_findings(self, web, as_):
        def title(kind, subject, who="ivan", query=""):
            return as_(who).get(f"{of(kind, subject)}{query}").context["picture"].title

        assert title("practice", web.north_practice) == "Riverbend Cardiology takes 56% of what this practice sends; one link carries half"
        assert title("practice", web.south_practice) == "Riverbend Cardiology takes all 195 referrals that this practice sends"
        assert title("provider", web.specialist) == "North Family Practice sends most: 24 of 36 that this provider received"
        assert title("practice", web.south_practice, query="?start=2026-09-01&end=2026-10-01").endswith("too few to say more")
        assert title("practice", web.unowned_practice, query=f"?payer={web.north.pk + 999}").startswith("Summit Cardiology takes all")
        Source.objects.update(sees=Sees.RECEIVED)
        one_sided = "We see only what this practice sends us: 195 referrals, all to Riverbend Cardiology"
        assert title("practice", web.south_practice) == one_sided

    def test_the_filter_narrows_and_goes_on(self, web, as_):
        client = as_("ivan")
        response = client.get(f"{of('practice', web.north_practice)}?service_line={web.other_line.pk}")
        assert response.context["picture"].title == "No referral to or from this practice in this selection"
        narrowed = client.get(f"{of('practice', web.north_practice)}?service_line={web.line.pk}").text
        assert f"{of('organization', web.ours)}?service_line={web.line.pk}" in narrowed

    def test_its_place_in_the_whole(self, web, as_):
        found = as_("ivan").get(reverse("reports:network-position", args=["practice", web.north_practice.pk]))
        assert "community" in found.text
        nobody = as_("ivan").get(reverse("reports:network-position", args=["provider", web.specialist.pk]))
        assert "single providers are seen here only" in nobody.text

    def test_flat(self, web, as_, assert_flat_queries):
        as_("dana")

        def add(number):
            for _ in range(number):
                to, practice = make_organization(), make_practice(territory=web.north)
                day = dt.date(2026, 1, 1)
                add_referrals(
                    *monthly(web.south_practice, day, [2] * 9, flow="internal", destination=to),
                    *monthly(practice, day, [2] * 9, destination=to, performer=web.specialist),
                )

        assert_flat_queries(of("practice", web.south_practice), add, few=2, many=6)

    def test_more_than_the_picture_holds(self, web, as_, monkeypatch):
        monkeypatch.setattr("reports.charts.network.MOST_NODES", 4)
        for number in range(3):
            add_referrals(*monthly(web.north_practice, dt.date(2026, 1, 1), [1] * 9, destination=make_organization(f"Clinic {number}")))
        picture = as_("ivan").get(of("practice", web.north_practice)).context["picture"]
        assert any(mark.name == "4 more destinations" for mark in picture.marks)


class TestFiles:
    def test_links_nodes_and_neighbors(self, web, as_):
        client = as_("dana")
        rows = read(client.get(reverse("reports:network-file", args=["links", "csv"])))
        assert rows[1][:1] + rows[1][3:4] + rows[1][6:8] == ["South Medical Group", "Riverbend Cardiology", "195", "12"]
        nodes = read(client.get(reverse("reports:network-file", args=["nodes", "csv"])))
        assert {row[0] for row in nodes[1:]} == {
            "South Medical Group",
            "North Family Practice",
            "Riverbend Cardiology",
            "Summit Cardiology",
        }
        sheet = load_workbook(BytesIO(client.get(reverse("reports:network-file", args=["nodes", "xlsx"])).content)).active
        assert sheet.max_row == len(nodes)
        own = read(client.get(reverse("reports:network-of-file", args=["practice", web.north_practice.pk, "csv"])))
        assert own[1][0] == "Riverbend Cardiology"
        assert float(own[1][4]) == 120 / 216
        assert AuditEvent.objects.filter(event="report.exported").count() == 4

    def test_small_cells_and_what_would_tell_them(self, web, as_):
        add_referrals(*monthly(web.north_practice, dt.date(2026, 9, 1), [4], destination=make_organization("Tiny Clinic")))
        own = read(as_("dana").get(reverse("reports:network-of-file", args=["practice", web.north_practice.pk, "csv"])))
        tiny = next(row for row in own if row[0] == "Tiny Clinic")
        assert tiny[3:5] == ["<11", ""]
        assert tiny[8:] == ["", "", ""]
        nodes = read(as_("dana").get(reverse("reports:network-file", args=["nodes", "csv"])))
        assert next(row for row in nodes if row[0] == "Tiny Clinic")[4] == "<11"

    def test_who_may(self, web, as_):
        for who, status in {"nora": 403, "elle": 403, "dana": 200, None: 302}.items():
            assert as_(who).get(reverse("reports:network-file", args=["links", "csv"])).status_code == status, who
        foreign = reverse("reports:network-of-file", args=["practice", web.unowned_practice.pk, "csv"])
        assert as_("dana").get(foreign).status_code == 404
        assert as_("dana").get(reverse("reports:network-file", args=["moon", "csv"])).status_code == 404


class TestApi:
    URL = "/api/v1/network/?start=2025-10-01&end=2026-10-01"

    def test_the_pages_numbers(self, web, as_):
        found = as_("dana").get(self.URL).json()
        assert (found["total_nodes"], found["total_links"], found["unnamed"]) == (4, 3, 24)
        south = next(node for node in found["nodes"] if node["name"] == "South Medical Group")
        assert (south["sent"], south["concentration"], south["alignment"]) == (195, 1.0, "independent")
        assert found["links"][0]["referrals"] == 195
        assert found["data_through"] == "2026-09-15" or found["data_through"]

    def test_one_node(self, web, as_):
        found = as_("sol").get(f"{self.URL}&of=provider:{web.specialist.pk}").json()
        assert found["elsewhere"] == 36
        assert "North" not in str(found)
        assert as_("sol").get(f"{self.URL}&of=practice:{web.north_practice.pk}").status_code == 404
        north = as_("dana").get(f"{self.URL}&of=practice:{web.north_practice.pk}").json()
        assert [node["name"] for node in north["nodes"]] == ["North Family Practice", "Riverbend Cardiology", "Summit Cardiology"]
        assert sum(link["referrals"] for link in north["links"]) == north["nodes"][0]["sent"] == 216

    def test_who_may_and_what_is_refused(self, web, as_):
        assert as_("elle").get(self.URL).status_code == 403
        assert as_(None).get(self.URL).status_code == 401
        assert as_("sol").get(f"{self.URL}&territory={web.north.pk}").status_code == 404
        for query in ("of=moon:1", "limit=0", "level=moon", "start=2026-10-01&end=2026-10-01"):
            assert as_("dana").get(f"{self.URL}&{query}").status_code == 400, query


class TestWorker:
    def ask(self, person, run_jobs, **more):
        kind = kinds.KINDS["network"]
        parameters = {"start": dt.date(2025, 10, 1).isoformat(), "end": END.isoformat(), "level": "practice", **more}
        run = ask_for_run(kind="network", parameters=parameters, territory=None, by=person, basis=kind.basis_now())
        run_jobs()
        run.refresh_from_db()
        return run

    def test_a_large_network_is_a_workers(self, web, as_, monkeypatch, run_jobs):
        monkeypatch.setattr(networking, "MOST_IN_A_REQUEST", 10)
        before = as_("dana").get(reverse(NETWORK))
        assert "This network is a worker" in before.text
        assert f'<form method="post" action="{reverse("reports:network-ask")}?' in before.text
        assert "worker" in as_("dana").get(reverse("reports:network-position", args=["practice", web.north_practice.pk])).text
        assert as_("dana").get(reverse("reports:network-file", args=["links", "csv"])).status_code == 404
        self.ask(web.dana, run_jobs)
        after = as_("dana").get(reverse(NETWORK))
        assert after.context["found"].referrals == 411
        assert "South Medical Group" in after.text
        assert "This network is a worker" in as_("sol").get(reverse(NETWORK)).text

    def test_the_run_says_what_the_page_says(self, web, as_, run_jobs):
        live = as_("dana").get(reverse(NETWORK)).context["found"]
        run = self.ask(web.dana, run_jobs)
        page = as_("dana").get(run.get_absolute_url())
        assert page.context["found"] == live
        assert as_("sol").get(run.get_absolute_url()).status_code == 404
        assert as_("elle").get(run.get_absolute_url()).status_code == 404
        for kind in ("csv", "xlsx", "pdf"):
            assert as_("dana").get(reverse("reports:run-file", args=[run.pk, kind])).status_code == 200, kind

    @pytest.mark.parametrize("heavy", [False, True])
    def test_its_paper_opens(self, web, as_, run_jobs, monkeypatch, heavy):
        """At once, or once a worker has written it; by the very address of the run's page."""
        monkeypatch.setattr(files, "HEAVY_ROWS", 0 if heavy else files.HEAVY_ROWS)
        run = self.ask(web.dana, run_jobs)
        client = as_("dana")
        url = reverse("reports:run-file", args=[run.pk, "pdf"])
        assert f'href="{url}"' in client.get(run.get_absolute_url()).text
        answer = client.get(url)
        if heavy:
            assert answer.status_code == 302
            assert client.get(answer["Location"]).status_code == 200
            run_jobs()
            assert f'href="{url}"' in client.get(answer["Location"]).text
            answer = client.get(url)
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert content.startswith(b"%PDF")

    def test_it_is_asked_for_with_the_filters_of_the_page(self, web, as_, monkeypatch, run_jobs):
        client = as_("dana")
        payer = Referral.objects.exclude(payer=None).values_list("payer", flat=True).first()
        query = {
            "territory": web.north.pk,
            "service_line": web.line.pk,
            "level": "organization",
            "start": "2026-01-01",
            "end": "2026-10-01",
        }
        query |= {"payer": payer}
        live = client.get(reverse(NETWORK), query).context["found"]
        monkeypatch.setattr(networking, "MOST_IN_A_REQUEST", 0)
        page = client.get(reverse(NETWORK), query)
        asked = client.post(unescape(search(r'action="([^"]+/network/ask/[^"]+)"', page.text).group(1)))
        run = ReportRun.objects.get()
        assert asked["Location"] == run.get_absolute_url()
        assert run.territory == web.north
        asked_for = {"level": "organization", "service_line": web.line.pk, "payer": payer}
        assert run.parameters == {"start": "2026-01-01", "end": "2026-10-01", **asked_for}
        run_jobs()
        shown = client.get(run.get_absolute_url())
        assert shown.context["found"] == live
        assert live.ties
        assert f"Only {web.line}" in shown.text
        assert client.get(shown.context["live_url"]).context["found"] == live, "the page is answered from the run"
        assert client.get(reverse(NETWORK), query).context["found"] == live
        assert "Organizations among themselves, one service line, one payer, Jan 2026" in client.get(reverse("reports:runs")).text

    def test_the_api_has_a_worker_measure_what_is_large(self, web, as_, monkeypatch, run_jobs):
        client = as_("dana")
        monkeypatch.setattr(networking, "MOST_IN_A_REQUEST", 10)
        answer = client.get(TestApi.URL)
        assert answer.status_code == 202
        run = answer.json()
        assert answer["Location"] == run["url"]
        run_jobs()
        told = client.get(run["url"]).json()
        assert told["state"] == "finished"
        assert [table["title"] for table in told["tables"]] == ["Links", "Nodes"]
        assert client.get(TestApi.URL).json()["id"] == run["id"]
        assert client.get(f"{TestApi.URL}&of=practice:{web.north_practice.pk}").status_code == 200, "one node is small"

    def test_who_may_ask(self, web, as_, monkeypatch):
        url = reverse("reports:network-ask")
        assert as_("elle").post(url).status_code == 403
        assert as_("sol").post(f"{url}?territory={web.north.pk}").status_code == 404
        assert as_("past").post(url).status_code == 302
        assert not ReportRun.objects.exists()

    def test_memberships_ask_anew(self, web, as_, run_jobs):
        first = self.ask(web.dana, run_jobs)
        assert self.ask(web.dana, run_jobs) == first
        web.north_practice.organization = web.theirs
        web.north_practice.save()
        assert self.ask(web.dana, run_jobs) != first

    def test_standard_runs_only_where_they_are_needed(self, web, monkeypatch, run_jobs):
        ask_for_standard_runs(wanted=kinds.standard_runs())
        assert not ReportRun.objects.filter(kind="network").exists()
        monkeypatch.setattr(networking, "MOST_IN_A_REQUEST", 10)
        ask_for_standard_runs(wanted=kinds.standard_runs())
        run_jobs()
        runs = ReportRun.objects.filter(kind="network")
        assert {(run.liaison_id, run.parameters["level"]) for run in runs} >= {(None, "practice"), (web.sol.pk, "organization")}
        assert all(run.territory_id is None for run in runs)

    def test_the_form_asks_for_months_and_level(self, web, as_, run_jobs):
        url = reverse("reports:run-new-of-kind", args=["network"])
        assert as_("elle").get(url).status_code == 403
        response = as_("dana").post(url, {"first": "2026-01-01", "last": "2026-09-01", "level": "organization"})
        run_jobs()
        page = as_("dana").get(response.url)
        assert "Organizations among themselves, Jan 2026 to Sep 2026" in page.text
