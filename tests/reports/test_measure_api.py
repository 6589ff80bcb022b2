"""The API of measures: the page's link tells the page's figures, and what is large is a worker's, with the same answer."""

import datetime as dt
from html import unescape
from re import search
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse

from reports import workload
from reports.measures import MEASURES
from reports.models import ReportRun
from reports.presenters.measures import figure
from reports.queries.cuts import CUTS
from territories.models import Assignment
from tests.factories import make_practice, make_provider
from tests.factories.reports import add_referrals, new_referral

pytestmark = pytest.mark.usefixtures("outcomes")
WINDOW = {"start": "2025-10-01", "end": "2026-10-01"}
LARGE = {"name": "closed_loop", **WINDOW, "by": "service_line"}


def link_of(client, name, **query):
    """The page, and what its link to the API answers."""
    page = client.get(reverse("reports:measure", args=[name]), {**WINDOW, **query})
    link = unescape(search(r'<a href="([^"]+)">The same by API</a>', page.content.decode()).group(1))
    answer = client.get(link)
    assert answer.status_code == 200, (link, answer.content)
    return page, link, answer.json()


def figures_of(row):
    return {name: row.get(name) for name in ("numerator", "denominator", "value", "low", "high", "undetermined", "immature")}


class TestTheLinkOfThePage:
    @pytest.mark.parametrize("name", MEASURES)
    def test_every_measure(self, as_, name):
        page, _, told = link_of(as_("dana"), name)
        if "whole" in page.context:
            assert figures_of(told["whole"]) == figures_of(vars(page.context["whole"]))
        else:
            assert told["remark"] == page.context["lacks"]

    @pytest.mark.parametrize("cut", CUTS)
    def test_every_group_of_every_cut(self, as_, history, cut):
        """Also providers without an NPI, and groups of which nothing but undetermined referrals is known."""
        bare = [make_provider(at=history.north_practice, npi="") for _ in range(2)]
        add_referrals(
            *(new_referral(on=dt.date(2026, 3, 3), practice=history.north_practice, provider=one, flow="undetermined") for one in bare)
        )
        client = as_("ivan")
        page, _, told = link_of(client, "leakage_ordered" if cut != "flow" else "volume", by=cut)
        names = {line.name: line.cells for line in page.context["table"]["lines"]}
        assert page.context["page"].paginator.count == len(told["rows"]) == len(names)
        inquiry = page.context["inquiry"]
        evaluated = {row.key[0]: row for row in inquiry.measure.evaluate(inquiry.ask(cut))}
        for row in told["rows"]:
            key = dt.date.fromisoformat(row[f"{cut}_id"]) if cut == "month" and row[f"{cut}_id"] else row[f"{cut}_id"]
            assert figures_of(row) == figures_of(vars(evaluated[key]))

    @pytest.mark.parametrize("cut", [cut for cut in CUTS if cut not in {"month", "flow"}])
    def test_every_filter(self, as_, cut):
        """What the page is narrowed to, by an id or by nothing named, narrows the answer alike."""
        client = as_("ivan")
        groups = client.get("/api/v1/measures/", {"name": "volume", **WINDOW, "by": cut, "full": "true"}).json()["rows"]
        assert groups
        everything = client.get("/api/v1/measures/", {"name": "volume", **WINDOW}).json()["rows"][0]["value"]
        for group in [*groups[:2], *(row for row in groups if row[f"{cut}_id"] is None and cut != "territory")]:
            value = "null" if group[f"{cut}_id"] is None else group[f"{cut}_id"]
            page, link, told = link_of(client, "volume", **{cut: value})
            assert parse_qs(urlsplit(link).query)[cut] == [str(value)]
            assert page.context["whole"].value == told["whole"]["value"] == group["value"]
            assert 0 < group["value"] <= everything

    def test_all_at_once(self, as_, history):
        query = {
            **{"territory": history.north.pk, "service_line": history.line.pk, "practice": history.north_practice.pk},
            **{"reason": "distance", "flow": "outbound", "by": "month", "and": "payer"},
        }
        page, link, told = link_of(as_("dana"), "volume", **query)
        assert figures_of(told["whole"]) == figures_of(vars(page.context["whole"]))
        assert told["whole"]["value"] == 72 == sum(row["value"] for row in told["rows"])
        assert {"territory", "service_line", "practice", "reason", "flow", "by"} <= parse_qs(urlsplit(link).query).keys()
        assert figure(page.context["whole"], MEASURES["volume"], 30) == page.context["figure"] == "72"

    def test_without_full_the_answer_is_the_command_lines(self, as_):
        answer = as_("dana").get("/api/v1/measures/", {"name": "volume", **WINDOW, "by": "month"}).json()
        assert "whole" not in answer
        assert "month_id" not in answer["rows"][0]

    def test_ids_are_of_the_persons_field(self, as_, history):
        ask = {"name": "volume", **WINDOW}
        for query in ({"practice": history.north_practice.pk}, {"provider": history.north_provider.pk}, {"territory": history.north.pk},
                      {"practice": "moon"}, {"flow": "up"}, {"payer": "9" * 30}):  # fmt: skip
            assert as_("sol").get("/api/v1/measures/", {**ask, **query}).status_code == 404, query
        assert as_("elle").get("/api/v1/measures/", {**ask, "practice": history.north_practice.pk}).status_code == 403
        twice = as_("dana").get("/api/v1/measures/", {**ask, "flow": "inbound", "where": "flow=internal"})
        assert twice.status_code == 400
        assert twice.json()["detail"] == "Narrow by flow only once."


class TestWhatIsLarge:
    def test_it_is_a_workers(self, as_, monkeypatch, run_jobs):
        client = as_("dana")
        at_once = client.get("/api/v1/measures/", {**LARGE, "full": "true"}).json()
        monkeypatch.setattr(workload, "LIVE", 10)
        asked = client.get("/api/v1/measures/", LARGE)
        assert asked.status_code == 202
        run = asked.json()
        assert run["state"] == "queued"
        assert asked["Location"] == run["url"]
        assert urlsplit(run["url"]).path == f"/api/v1/reports/{run['id']}/"
        waiting = client.get(run["url"]).json()
        assert waiting["answer"] is None
        assert waiting["tables"] == []
        run_jobs()
        told = client.get(run["url"]).json()
        assert told["state"] == "finished"
        assert told["answer"] == at_once
        assert told["answer"]["rows"]
        again = client.get("/api/v1/measures/", LARGE)
        assert again.status_code == 202
        assert again.json()["id"] == run["id"]
        assert ReportRun.objects.count() == 1

    def test_without_a_grouping(self, as_, monkeypatch, run_jobs):
        """Also asked from the page: a run has no groups then, and is a page and a file all the same."""
        client = as_("dana")
        at_once = client.get("/api/v1/measures/", {"name": "closed_loop", **WINDOW, "full": "true"}).json()
        monkeypatch.setattr(workload, "LIVE", 10)
        page = client.post(f"{reverse('reports:measure-ask', args=['closed_loop'])}?start={WINDOW['start']}&end={WINDOW['end']}")
        run_jobs()
        told = client.get("/api/v1/measures/", {"name": "closed_loop", **WINDOW}).json()
        assert client.get(told["url"]).json()["answer"] == at_once
        assert f"{at_once['whole']['value']:.1%}" in client.get(page["Location"]).text

    def test_the_page_and_the_api_ask_for_one_run(self, as_, monkeypatch, history):
        monkeypatch.setattr(workload, "LIVE", 10)
        client = as_("dana")
        narrower = {"territory": history.north.pk, "reason": "distance", "service_line": history.line.pk}
        query = "&".join(f"{name}={value}" for name, value in {**WINDOW, **narrower, "by": "payer"}.items())
        page = client.post(f"{reverse('reports:measure-ask', args=['closed_loop'])}?{query}")
        asked = client.get("/api/v1/measures/", {"name": "closed_loop", **WINDOW, **narrower, "by": "payer"}).json()
        assert page["Location"] == reverse("reports:run", args=[asked["id"]])
        assert asked["territory"] == history.north.pk
        in_words = {"where": [f"territory={history.north.name}", f"service_line={history.line.name}", "reason=distance"]}
        assert client.get("/api/v1/measures/", {"name": "closed_loop", **WINDOW, **in_words, "by": "payer"}).json()["id"] == asked["id"]

    def test_the_days_waited_are_part_of_the_question(self, as_, monkeypatch, run_jobs):
        client = as_("dana")
        at_once = client.get("/api/v1/measures/", {**LARGE, "within": 35, "full": "true"}).json()
        monkeypatch.setattr(workload, "LIVE", 10)
        short, usual = (client.get("/api/v1/measures/", {**LARGE, **more}).json() for more in ({"within": 35}, {}))
        assert short["id"] != usual["id"]
        run_jobs()
        told = client.get(short["url"]).json()["answer"]
        assert told == at_once
        assert told["whole"]["numerator"] == 0 < client.get(usual["url"]).json()["answer"]["whole"]["numerator"]

    def test_what_a_rollup_covers_is_answered_at_once(self, as_, monkeypatch):
        monkeypatch.setattr(workload, "LIVE", 10)
        assert as_("dana").get("/api/v1/measures/", {"name": "volume", **WINDOW, "by": "month"}).status_code == 200
        assert as_("dana").get("/api/v1/measures/", {"name": "leakage_realised", **WINDOW}).json()["remark"] == "needs claims"

    def test_a_small_field_is_answered_at_once(self, as_, monkeypatch):
        monkeypatch.setattr(workload, "LIVE", 400)
        assert as_("nora").get("/api/v1/measures/", LARGE).status_code == 200
        assert as_("dana").get("/api/v1/measures/", LARGE).status_code == 202

    def test_an_overlay_holder_is_told_of_their_line(self, as_, monkeypatch, history, run_jobs):
        Assignment.objects.create(
            territory=history.south, user=history.nora, started_on=dt.date(2024, 1, 1), is_primary=False, service_line=history.line
        )
        client = as_("nora")
        ask = {"name": "closed_loop", **WINDOW, "territory": history.south.pk}
        at_once = client.get("/api/v1/measures/", {**ask, "full": "true"}).json()
        monkeypatch.setattr(workload, "LIVE", 10)
        run = client.get("/api/v1/measures/", ask)
        assert run.status_code == 202
        run_jobs()
        finished = client.get(run.json()["url"]).json()
        assert finished["state"] == "finished", finished
        assert finished["answer"] == at_once
        assert at_once["whole"]["denominator"]

    def test_another_field_does_not_find_the_run(self, as_, monkeypatch):
        monkeypatch.setattr(workload, "LIVE", 10)
        run = as_("dana").get("/api/v1/measures/", LARGE).json()
        assert as_("nora").get(run["url"]).status_code == 404
        assert as_("nora").get("/api/v1/measures/", LARGE).json()["id"] != run["id"]

    def test_names_of_sources_stay_with_those_who_see_them(self, as_, monkeypatch, run_jobs, history):
        monkeypatch.setattr(workload, "LIVE", 10)
        run = as_("ivan").get("/api/v1/measures/", {**LARGE, "by": "practice"}).json()
        run_jobs()
        assert as_("ivan").get(run["url"]).json()["answer"]["rows"]
        assert as_("elle").get(run["url"]).json()["answer"] is None

    def test_it_is_documented(self, as_):
        paths = as_("dana").get("/api/schema/?format=json").json()["paths"]
        asked = paths["/api/v1/measures/"]["get"]
        assert {"200", "202"} <= asked["responses"].keys()
        assert {*CUTS, "full", "within"} <= {parameter["name"] for parameter in asked["parameters"]}
        assert "Location" in asked["description"]


def test_practices_elsewhere_stay_unseen(as_, history):
    far = make_practice("Far", territory=history.south)
    assert as_("nora").get("/api/v1/measures/", {"name": "volume", **WINDOW, "practice": far.pk}).status_code == 404
