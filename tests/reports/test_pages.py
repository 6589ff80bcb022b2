"""Who sees which page of reports, what stands on it, and how often it asks the database."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jobs.actions import run_waiting
from referrals.models import CountingRules
from reports import actions, kinds
from territories.models import Assignment
from tests.factories import make_practice, make_provider, make_territory, make_visit
from tests.factories.reports import add_months
from tests.reports.conftest import FIRST

CAST = ("nora", "sol", "past", "over", "dana", "ada", "ivan", "elle")
PAGES = ("reports:dashboard", "reports:leakage", "reports:growth", "reports:runs", "reports:run-new")
ALWAYS = ("reports:metrics",)


@pytest.mark.usefixtures("history")
def test_everybody_inside_opens_the_pages_and_strangers_do_not(as_):
    for page in PAGES + ALWAYS:
        for who in CAST:
            assert as_(who).get(reverse(page)).status_code == 200, (who, page)
        assert as_(None).get(reverse(page)).status_code == 302


def test_before_any_data_the_next_step_is_told(as_):
    for page in PAGES:
        assert "Import the first file" in as_("ada").get(reverse(page)).text
        assert "Import the first file" not in as_("elle").get(reverse(page)).text


@pytest.mark.usefixtures("history")
def test_without_a_territory_nothing_is_shown(as_):
    assert "No territory is yours yet" in as_("past").get(reverse("reports:dashboard")).text


@pytest.mark.usefixtures("history")
def test_executives_see_aggregates_only(as_):
    client = as_("elle")
    for page in ("reports:dashboard", "reports:growth", "reports:leakage"):
        text = client.get(reverse(page)).text
        assert "South Medical Group" not in text
        assert "Southwell" not in text
    for query in ("by=practice", "by=provider", "practice=1"):
        assert client.get(f"{reverse('reports:growth')}?{query}").status_code == 403
    assert client.get(reverse("reports:export", args=["growth-by-practice", "csv"])).status_code == 403


class TestDashboard:
    @pytest.fixture(autouse=True)
    def _history(self, history):
        self.world = history

    def kpis(self, client, query=""):
        return {kpi.label: kpi for kpi in client.get(f"{reverse('reports:dashboard')}{query}").context["kpis"]}

    def test_the_whole(self, as_):
        cards = self.kpis(as_("ivan"))
        # Oct 2025 to Sep 2026: south 9 x 20 + 3 x 5, unowned 12 x 4, north kept 12 x 10
        assert cards["Referrals received"].value == str(195 + 48 + 120)
        assert cards["Leakage"].value == f"{72 / 192:.1%}"
        assert "known share 89%" in cards["Leakage"].note.lower()
        assert (cards["Leakage"].direction, cards["Leakage"].word) == ("up", "")  # 60 of 170 before: within chance
        assert cards["Leakage"].period == "about level with 12 months before"
        assert "31 Oct 2026" not in cards["Leakage"].note
        assert "15 Oct 2026" in cards["Leakage"].note

    def test_a_liaison_sees_her_own(self, as_):
        assert self.kpis(as_("sol"))["Referrals received"].value == "195"
        assert self.kpis(as_("nora"))["Referrals received"].value == "120"

    def test_an_overlay_sees_its_line(self, as_):
        add_months(self.world.south_practice, FIRST, [7] * 26, service_line=self.world.other_line)
        assert self.kpis(as_("over"))["Referrals received"].value == "195"
        assert self.kpis(as_("sol"))["Referrals received"].value == str(195 + 84)

    def test_filters_narrow(self, as_):
        client = as_("dana")
        assert self.kpis(client, f"?territory={self.world.north.pk}")["Referrals received"].value == "120"
        assert self.kpis(client, f"?territory={self.world.region.pk}&period=3")["Referrals received"].value == "45"
        assert self.kpis(client, f"?service_line={self.world.other_line.pk}")["Referrals received"].value == "0"

    def test_a_territory_out_of_scope_is_not_found(self, as_):
        url = f"{reverse('reports:dashboard')}?territory={self.world.north.pk}"
        assert as_("sol").get(url).status_code == 404
        assert as_("dana").get(f"{reverse('reports:dashboard')}?territory=abc").status_code == 404

    def test_shortfalls_name_the_practice_and_the_next_step(self, as_):
        make_visit(self.world.south_practice, self.world.sol)
        response = as_("dana").get(reverse("reports:dashboard"))
        falls, gains = response.context["movers"]
        assert [(row.name, row.observed, row.expected, row.difference) for row in falls.rows] == [
            ("South Medical Group", 15, "60", "\N{MINUS SIGN}45")
        ]
        assert falls.rows[0].owner == "Sol"
        assert f"{reverse('visits:plan')}?practice={self.world.south_practice.pk}" in response.text
        assert gains.rows == []

    def test_a_do_not_visit_practice_is_not_offered(self, as_):
        self.world.south_practice.do_not_visit = True
        self.world.south_practice.save()
        falls = as_("dana").get(reverse("reports:dashboard")).context["movers"][0]
        assert (falls.rows[0].plan_url, falls.rows[0].do_not_visit) == ("", True)

    def test_new_referrers_need_history(self, as_):
        newcomer = make_provider("Newman", at=self.world.south_practice)
        add_months(self.world.south_practice, dt.date(2026, 8, 1), [2], provider=newcomer)
        assert self.kpis(as_("ivan"))["New referrers"].value == "1"
        rows = as_("ivan").get(f"{reverse('reports:growth')}?by=provider&only=new").context["table"]["rows"]
        assert [row.name for row in rows] == ["Pat Newman"]
        assert "12 months of history" in self.kpis(as_("ivan"), "?period=24")["New referrers"].note

    def test_figures_open_the_rows_only_for_those_who_may(self, as_):
        listing = reverse("referrals:list")
        assert f"{listing}?start=" in as_("dana").get(reverse("reports:leakage")).text
        for who in ("sol", "elle"):
            assert f"{listing}?start=" not in as_(who).get(reverse("reports:leakage")).text

    def test_an_unfinished_month_is_marked_and_compared_with_nothing(self, as_):
        response = as_("ivan").get(reverse("reports:dashboard"))
        chart = response.context["inbound"].chart
        assert chart.spec["labels"][-1] == "Oct 2026"
        assert chart.spec["immature_from"] == len(chart.spec["labels"]) - 1
        assert "October 2026 is not complete" in chart.note

    def test_too_many_unknown_destinations_leave_only_the_range(self, as_):
        CountingRules.objects.create(pk=1, counted_kinds=["consult"], range_leads_above=5)
        response = as_("ivan").get(reverse("reports:dashboard"))
        card = {kpi.label: kpi for kpi in response.context["kpis"]}["Leakage"]
        assert (card.value, card.change, list(card.points)) == ("33\N{EN DASH}44%", "", [])
        assert response.context["leakage"].chart.spec["kind"] == "stacked"
        assert "Too few destinations are known" in response.context["lines"].chart.title

    def test_the_flow_adds_up(self, as_):
        spec = as_("ivan").get(reverse("reports:dashboard")).context["flow"].chart.spec
        ends = {link["target"]: link["value"] for link in spec["links"]}
        assert (ends["Kept in our network"], ends[" Summit Cardiology"], ends["No destination named"]) == (120, 72, 24)
        assert len({node["name"] for node in spec["nodes"]}) == len(spec["nodes"])

    def test_any_window_renders(self, as_):
        client = as_("dana")
        for query in ("", "?period=6", "?by=x", "?period=nonsense", "?start=2026-01-10&end=2026-03-20", "?period=year"):
            assert client.get(f"{reverse('reports:dashboard')}{query}").status_code == 200, query

    def test_few_queries_however_many_rows_and_territories(self, as_):
        client = as_("dana")
        run_standard()
        for url, most in ((reverse("reports:dashboard"), 18), (f"{reverse('reports:dashboard')}?period=6", 24)):
            client.get(url)
            with CaptureQueriesContext(connection) as few:
                client.get(url)
            assert len(few) <= most, "\n".join(query["sql"][:200] for query in few.captured_queries)
            for number in range(5):
                practice = make_practice(territory=make_territory(parent=self.world.region))
                add_months(practice, FIRST, [0] * 12 + [number + 5] * 11 + [1] * 3, flow="internal", service_line=self.world.line)
            run_standard()
            with CaptureQueriesContext(connection) as many:
                client.get(url)
            assert len(many) == len(few), "\n".join(query["sql"][:200] for query in many.captured_queries)

    def test_as_many_queries_for_one_territory_as_for_the_field(self, as_):
        away = {"flow": "outbound", "destination": self.world.theirs, "service_line": self.world.line}
        add_months(self.world.south_practice, FIRST, [3] * 26, provider=self.world.south_provider, **away)
        client, held = as_("dana"), Assignment.objects.filter(user=self.world.dana)
        counts = {}
        for territory in (self.world.south, self.world.region, self.world.region.parent or self.world.region):
            held.update(territory=territory, is_primary=False)  # others are the primaries
            for query in ("?period=6", f"?period=6&service_line={self.world.line.pk}"):
                url = f"{reverse('reports:dashboard')}{query}"
                shown = client.get(url)
                with CaptureQueriesContext(connection) as asked:
                    client.get(url)
                assert any(part.rows for part in shown.context["movers"])
                counts.setdefault(query, {})[territory.name] = len(asked)
        assert all(len(set(found.values())) == 1 for found in counts.values()), counts


def run_standard():
    actions.ask_for_standard_runs(wanted=kinds.standard_runs())
    run_waiting(apps=("reports",))


class TestTables:
    @pytest.fixture(autouse=True)
    def _history(self, history):
        self.world = history

    @pytest.mark.parametrize("page", ["reports:leakage", "reports:growth"])
    def test_every_grouping_and_order_renders(self, as_, page):
        client = as_("dana")
        for by in ("service_line", "payer", "territory", "practice", "provider"):
            for order in ("", "-outbound", "leakage", "change", "received"):
                assert client.get(f"{reverse(page)}?by={by}&sort={order}").context["table"]["rows"], (by, order)

    def test_a_practice_opens_its_providers(self, as_):
        client = as_("sol")
        rows = client.get(f"{reverse('reports:growth')}?by=practice").context["table"]["rows"]
        assert rows[0].name == "South Medical Group"
        inside = client.get(rows[0].url)
        assert [row.name for row in inside.context["table"]["rows"]] == ["Pat Southwell"]
        assert client.get(f"{reverse('reports:growth')}?practice={self.world.north_practice.pk}").status_code == 404

    def test_a_filter_keeps_the_grouping(self, as_):
        text = as_("dana").get(f"{reverse('reports:growth')}?by=payer&sort=internal&page=1").text
        assert '<input type="hidden" name="by" value="payer">' in text
        assert '<input type="hidden" name="page" value="1"' not in text

    def test_unknown_grouping_is_not_found(self, as_):
        assert as_("dana").get(f"{reverse('reports:leakage')}?by=moon").status_code == 404

    def test_the_table_is_flat(self, as_, assert_flat_queries):
        as_("dana")

        def add(number):
            for _ in range(number):
                add_months(make_practice(territory=self.world.north), FIRST, [3] * 26, flow="outbound", service_line=self.world.line)

        assert_flat_queries(f"{reverse('reports:leakage')}?by=practice", add)


class TestPanels:
    @pytest.fixture(autouse=True)
    def _history(self, history):
        self.world = history

    def test_the_baseline_is_a_sentence(self, as_):
        url = reverse("reports:practice-panel", args=[self.world.south_practice.pk])
        assert "15 in the last 3 full months, 60 expected from the 12 before." in as_("sol").get(url).text
        url = reverse("reports:provider-panel", args=[self.world.unowned_provider.pk])
        assert "12 in the last 3 full months, 12 expected" in as_("ivan").get(url).text

    def test_few_are_too_few_to_say(self, as_):
        small = make_practice("Small", territory=self.world.south)
        add_months(small, FIRST, [1] * 26)
        assert "too few to say" in as_("sol").get(reverse("reports:practice-panel", args=[small.pk])).text

    def test_elsewhere_is_one_number(self, as_):
        add_months(self.world.north_practice, dt.date(2026, 1, 1), [6], provider=self.world.south_provider)
        text = as_("sol").get(reverse("reports:provider-panel", args=[self.world.south_provider.pk])).text
        assert "6 more from other offices" in text
        assert "North Family" not in text
        assert "other offices" not in as_("ivan").get(reverse("reports:provider-panel", args=[self.world.south_provider.pk])).text

    def test_visibility(self, as_):
        wanted = {"nora": 404, "sol": 200, "past": 404, "over": 200, "dana": 200, "ivan": 200, "elle": 403, None: 302}
        for who, status in wanted.items():
            for panel, pk in (("practice", self.world.south_practice.pk), ("provider", self.world.south_provider.pk)):
                assert as_(who).get(reverse(f"reports:{panel}-panel", args=[pk])).status_code == status, (who, panel)

    def test_nobody_knows_a_referral(self, as_):
        quiet = make_practice("Quiet", territory=self.world.south)
        assert "No referral of this practice" in as_("sol").get(reverse("reports:practice-panel", args=[quiet.pk])).text
