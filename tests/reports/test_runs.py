"""Report runs: made once per version and scope, seen whole or not at all, shown only to whom their field still belongs."""

import datetime as dt

import pytest
from django.core.cache import caches
from django.urls import reverse
from redis.exceptions import ConnectionError as CacheDown

from accounts.roles import Role
from audit.models import AuditEvent
from common.exceptions import PolicyViolation
from jobs.actions import enqueue
from jobs.models import Job, JobState
from referrals.models import DataVersion
from reports import actions, keeping
from reports.keeping import kept
from reports.models import ReportName, ReportRun
from reports.numbers import Numbers
from reports.periods import Window
from tests.factories import assign, make_territory, make_user
from tests.factories.reports import add_months
from tests.reports.conftest import END, FIRST

YEAR = Window(dt.date(2025, 10, 1), END)


def refresh(run_jobs):
    enqueue("reports.refresh", key="reports.refresh")
    run_jobs()


@pytest.fixture
def standard(history, run_jobs):
    refresh(run_jobs)
    return history


class TestRefresh:
    def test_both_reports_for_every_scope_and_once(self, standard, run_jobs):
        scopes = set(ReportRun.objects.values_list("territory__name", "liaison__full_name"))
        assert scopes == {
            (None, None), ("Everything", None), ("Region", None), ("North", None), ("South", None),
            (None, "Nora"), (None, "Sol"), (None, "Over"), (None, "Dana"),
        }  # fmt: skip
        assert ReportRun.objects.count() == 2 * len(scopes)
        before = list(ReportRun.objects.values_list("pk", "computed_at"))
        refresh(run_jobs)
        for territory, person in actions.scopes():
            actions.compute_standard_runs(territory_id=territory, liaison_id=person)
        assert list(ReportRun.objects.values_list("pk", "computed_at")) == before
        assert not Job.objects.exclude(state=JobState.DONE).exists()

    def test_a_run_says_what_the_live_page_says(self, standard, as_):
        client = as_("dana")
        opened = client.get(reverse("reports:dashboard"))
        live = client.get(f"{reverse('reports:dashboard')}?start=2025-10-01&end=2026-10-01")
        assert opened.context["run"] is not None
        assert live.context["run"] is None
        assert [kpi.value for kpi in opened.context["kpis"]] == [kpi.value for kpi in live.context["kpis"]]
        for name in ("inbound", "inbound_lines", "leakage", "lines", "flow", "destinations"):
            assert opened.context[name].table == live.context[name].table
        assert "computed" in opened.text
        assert "computed" not in live.text

    def test_old_versions_go_and_asked_for_runs_stay(self, standard, run_jobs):
        kept_run = actions.compute_run(
            name=ReportName.LEAKAGE, territory_id=None, liaison_id=None, window=Window(FIRST, END), asked_by="Ivan"
        )
        for _ in range(4):
            DataVersion.objects.create(cause="test")
            refresh(run_jobs)
        versions = set(ReportRun.objects.filter(result__asked_by="").values_list("data_version", flat=True))
        assert len(versions) == actions.KEPT_VERSIONS
        assert max(versions) == DataVersion.objects.latest("pk").pk
        assert ReportRun.objects.filter(pk=kept_run.pk).exists()

    def test_numbers_of_two_versions_are_never_mixed(self, history, monkeypatch):
        """Data that changes while a worker reads makes it read again."""
        asked = []
        real = actions.runs.numbers

        def slow(**question):
            found = real(**question)
            if not asked:
                add_months(history.south_practice, dt.date(2026, 9, 1), [100])
            asked.append(question)
            return found

        monkeypatch.setattr(actions.runs, "numbers", slow)
        run = actions.compute_run(name=ReportName.VOLUME, territory_id=None, liaison_id=None, window=YEAR)
        assert len(asked) == 2
        assert run.data_version == DataVersion.objects.latest("pk").pk
        assert run.numbers.months[-2].inbound == 109
        assert ReportRun.objects.count() == 1

    def test_a_worker_that_fails_leaves_nothing(self, history, monkeypatch, run_jobs):
        monkeypatch.setattr(actions.runs, "numbers", lambda **question: 1 / 0)
        enqueue("reports.compute", None, None)
        run_jobs()
        assert not ReportRun.objects.exists()
        assert Job.objects.get(name="reports.compute").state == JobState.FAILED

    def test_without_data_there_is_nothing_to_compute(self, world, run_jobs):
        refresh(run_jobs)
        assert not ReportRun.objects.exists()
        assert actions.compute_standard_runs(territory_id=None, liaison_id=None) == []

    def test_numbers_survive_being_stored(self, standard):
        for run in ReportRun.objects.all():
            again = Numbers.from_json(run.result)
            assert again.to_json() == {key: run.result[key] for key in again.to_json()}


class TestVisibility:
    def test_who_opens_what(self, standard, as_):
        runs = {
            "whole": ReportRun.objects.get(territory=None, liaison=None, name="volume"),
            "north": ReportRun.objects.get(territory=standard.north, name="volume"),
            "region": ReportRun.objects.get(territory=standard.region, name="leakage"),
            "sol": ReportRun.objects.get(liaison=standard.sol, name="leakage"),
            "over": ReportRun.objects.get(liaison=standard.over, name="volume"),
        }
        everything = set(runs)
        sees = {
            "nora": {"north"}, "sol": {"sol"}, "past": set(), "over": {"over"}, "dana": {"north", "region"},
            "ada": everything, "ivan": everything, "elle": everything,
        }  # fmt: skip
        for who, may in sees.items():
            client = as_(who)
            for name, run in runs.items():
                assert client.get(run.get_absolute_url()).status_code == (200 if name in may else 404), (who, name)
        assert as_(None).get(runs["whole"].get_absolute_url()).status_code == 302

    def test_a_changed_field_hides_the_old_run(self, standard, as_):
        client, url = as_("sol"), reverse("reports:dashboard")
        assert client.get(url).context["run"] is not None
        run = ReportRun.objects.get(liaison=standard.sol, name="leakage")
        standard.sol.assignments.update(territory=make_territory("Elsewhere"))
        assert client.get(url).context["run"] is None
        assert client.get(run.get_absolute_url()).status_code == 404

    def test_a_territory_that_grew_smaller_hides_its_old_run(self, standard, as_):
        """South leaves the region: what was computed with it is no longer the region's manager's to see."""
        run = ReportRun.objects.get(territory=standard.region, name="volume")
        standard.south.parent = standard.root
        standard.south.save()
        assert as_("dana").get(run.get_absolute_url()).status_code == 404

    def test_executives_find_no_practice_in_a_run(self, standard, as_):
        run = ReportRun.objects.get(territory=None, liaison=None, name="volume")
        assert "South Medical Group" in as_("ivan").get(run.get_absolute_url()).text
        assert "South Medical Group" not in as_("elle").get(run.get_absolute_url()).text

    def test_a_run_over_somebody_elses_field_leads_nowhere_else(self, standard, as_):
        """Its figures are of one person's territories; the same links would show the reader's."""
        run = ReportRun.objects.get(liaison=standard.sol, name="volume")
        foreign, own = as_("ivan").get(run.get_absolute_url()), as_("sol").get(run.get_absolute_url())
        assert (foreign.context["live_url"], foreign.context["table"]["csv_url"]) == ("", "")
        assert f"{reverse('referrals:list')}?start=" not in foreign.text
        assert own.context["live_url"]

    def test_a_run_has_only_what_was_stored(self, standard, as_):
        url = ReportRun.objects.get(territory=None, liaison=None, name="leakage").get_absolute_url()
        for by, status in (("payer", 200), ("territory", 200), ("practice", 404), ("moon", 404)):
            assert as_("ivan").get(f"{url}?by={by}").status_code == status

    def test_the_list_is_flat(self, standard, as_, assert_flat_queries):
        as_("ada")

        def add(number):
            for _ in range(number):
                DataVersion.objects.create(cause="test")
                actions.compute_standard_runs(territory_id=standard.north.pk, liaison_id=None)

        assert_flat_queries(reverse("reports:runs"), add)
        assert as_("ada").get(f"{reverse('reports:runs')}?report=leakage").context["page"].paginator.count < ReportRun.objects.count()


class TestAsking:
    def ask(self, client, **changes):
        form = {"name": "leakage", "territory": "", "first": "2026-01-01", "last": "2026-06-01", **changes}
        return client.post(reverse("reports:run-new"), form)

    def test_from_question_to_result(self, history, as_, run_jobs):
        client = as_("dana")
        waiting = self.ask(client, territory=history.north.pk)
        assert waiting.status_code == 302
        assert "Waiting for a worker" in client.get(waiting.url).text
        assert AuditEvent.objects.filter(event="report.asked").count() == 1
        run_jobs()
        finished = client.get(waiting.url)
        run = ReportRun.objects.get()
        assert finished.url == run.get_absolute_url()
        assert client.get(waiting.url, headers={"HX-Request": "true"}).headers["HX-Redirect"] == run.get_absolute_url()
        assert (run.start_on, run.end_on, run.territory, run.result["asked_by"]) == (
            dt.date(2026, 1, 1), dt.date(2026, 7, 1), history.north, "Dana",
        )  # fmt: skip
        page = client.get(run.get_absolute_url())
        assert page.context["leakage"].table["rows"]
        assert "start=2026-01-01" in page.context["live_url"]

    def test_without_a_territory_it_is_ones_own_field(self, history, as_, run_jobs):
        self.ask(as_("sol"), name="volume")
        self.ask(as_("elle"), name="volume")
        run_jobs()
        assert set(ReportRun.objects.values_list("liaison__full_name", flat=True)) == {"Sol", None}

    def test_not_over_somebody_elses_territory(self, history, as_):
        assert "Select a valid choice" in self.ask(as_("sol"), territory=history.north.pk).text
        assert not Job.objects.exists()

    def test_months_must_not_run_backwards(self, history, as_):
        assert "not earlier than the first" in self.ask(as_("dana"), last="2025-12-01").text

    def test_an_overlay_is_no_whole_territory(self, history):
        with pytest.raises(PolicyViolation, match="not yours as a whole"):
            actions.ask_for_run(name="volume", territory=history.south, start=FIRST, end=END, by=history.over)

    def test_progress_is_ones_own(self, history, as_, run_jobs):
        url = self.ask(as_("dana")).url
        assert as_("nora").get(url).status_code == 404
        Job.objects.update(state=JobState.FAILED, error="It broke.")
        assert "It broke." in as_("dana").get(url).text
        Job.objects.update(state=JobState.DONE)
        assert "replaced by a newer report" in as_("dana").get(url).text


class TestKeeping:
    @pytest.fixture(autouse=True)
    def _memory(self, settings):
        settings.CACHES = {
            **settings.CACHES,
            "fast": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "reports"},
        }
        caches["fast"].clear()

    def test_an_answer_is_kept_until_the_data_changes(self, history, as_):
        client, url = as_("dana"), f"{reverse('reports:dashboard')}?period=3"
        first = client.get(url).context["kpis"][0].value
        assert client.get(url).context["kpis"][0].value == first
        add_months(history.north_practice, dt.date(2026, 9, 1), [100])
        assert int(client.get(url).context["kpis"][0].value) == int(first) + 100

    def test_nobody_is_served_another_field(self, history, as_):
        url = f"{reverse('reports:dashboard')}?period=3"
        seen = {who: as_(who).get(url).context["kpis"][0].value for who in ("nora", "sol", "ivan", "over")}
        assert seen == {"nora": "30", "sol": "15", "ivan": "57", "over": "15"}

    def test_two_people_of_one_role_with_other_overlays(self, history, as_):
        history.cast["olga"] = make_user("olga", role=Role.LIAISON)
        assign(history.cast["olga"], history.south, line=history.other_line, primary=False)
        url = f"{reverse('reports:dashboard')}?period=3"
        assert as_("over").get(url).context["kpis"][0].value == "15"
        assert as_("olga").get(url).context["kpis"][0].value == "0"

    def test_without_the_cache_it_computes(self, monkeypatch):
        class Down:
            def get(self, name):
                raise CacheDown

        class Full:
            def get(self, name):
                return None

            def set(self, *args):
                raise CacheDown

        assert kept("key", lambda: [1]) == [1]
        assert kept("key", lambda: [2]) == [1]
        for broken in (Down(), Full()):
            monkeypatch.setitem(keeping.resting, "until", 0.0)
            monkeypatch.setattr("reports.keeping.caches", {"fast": broken})
            assert kept("key", lambda: [3]) == [3]

    def test_a_silent_cache_is_asked_once(self, monkeypatch):
        asked = []

        class Silent:
            def get(self, name):
                asked.append(name)
                raise CacheDown

        monkeypatch.setitem(keeping.resting, "until", 0.0)
        monkeypatch.setattr("reports.keeping.caches", {"fast": Silent()})
        assert [kept(str(n), lambda n=n: n) for n in range(5)] == [0, 1, 2, 3, 4]
        assert len(asked) == 1
