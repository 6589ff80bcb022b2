"""Report runs: made once per version and scope, seen whole or not at all, shown only to whom their field still belongs."""

import datetime as dt
import re

import pytest
from django.core.cache import caches
from django.urls import reverse
from django.utils import timezone
from redis.exceptions import ConnectionError as CacheDown

from accounts.roles import Role
from audit.models import AuditEvent
from common.exceptions import PolicyViolation
from jobs.actions import enqueue
from jobs.models import Job, JobState
from referrals.models import DataVersion
from reports import actions, keeping, kinds
from reports.keeping import kept
from reports.kinds import standard as standard_kinds
from reports.models import ReportRun
from reports.numbers import Numbers
from reports.views.pages import Drawing
from territories.models import ServiceLine
from tests.factories import assign, make_territory, make_user
from tests.factories.reports import add_months
from tests.reports.conftest import END, FIRST


def ask(kind, *, by, territory=None, start=dt.date(2025, 10, 1), end=END):
    parameters = {"start": start.isoformat(), "end": end.isoformat()}
    return actions.ask_for_run(kind=kind, parameters=parameters, territory=territory, by=by)


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
        assert ReportRun.objects.count() == 2 * len(scopes) + 2, "and over the whole: the return on visits and the quarter"
        before = list(ReportRun.objects.values_list("pk", "computed_at"))
        refresh(run_jobs)
        assert actions.ask_for_standard_runs(wanted=kinds.standard_runs()) == 0
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
            assert opened.context[name].chart.table == live.context[name].chart.table
        assert "computed" in opened.text
        assert "computed" not in live.text

    def test_old_versions_go_and_asked_for_runs_stay(self, standard, run_jobs):
        kept_run = ask("leakage", by=standard.ivan, start=FIRST, end=END)
        also_standard = ask("volume", by=standard.ivan)
        assert also_standard.is_standard
        run_jobs()
        for _ in range(4):
            DataVersion.objects.create(cause="test")
            refresh(run_jobs)
        versions = set(ReportRun.objects.filter(is_standard=True, asked_by=None).values_list("data_version", flat=True))
        assert len(versions) == actions.KEPT_VERSIONS
        assert max(versions) == DataVersion.objects.latest("pk").pk
        assert ReportRun.objects.filter(pk__in=[kept_run.pk, also_standard.pk]).count() == 2

    def test_numbers_of_two_versions_are_never_mixed(self, history, monkeypatch, run_jobs):
        """Data that changes while a worker reads without a snapshot makes it read again."""
        asked = []
        real = standard_kinds.numbers

        def slow(**question):
            found = real(**question)
            if not asked:
                add_months(history.south_practice, dt.date(2026, 9, 1), [100])
            asked.append(question)
            return found

        monkeypatch.setattr(standard_kinds, "numbers", slow)
        run = ask("volume", by=history.ivan)
        run_jobs()
        run.refresh_from_db()
        assert len(asked) == 2
        assert run.data_version == DataVersion.objects.latest("pk").pk > run.asked_version
        assert run.numbers.months[-2].inbound == 109
        assert ReportRun.objects.count() == 1

    def test_a_worker_that_fails_leaves_no_number(self, history, monkeypatch, run_jobs, as_):
        monkeypatch.setattr(standard_kinds, "numbers", lambda **question: 1 / 0)
        run = ask("volume", by=history.dana)
        run_jobs()
        run.refresh_from_db()
        assert (run.state, run.result, run.computed_at, run.job.attempt) == ("failed", None, None, 3)
        page = as_("dana").get(run.get_absolute_url())
        assert "Something went wrong in PRM itself (ZeroDivisionError)" in page.text
        assert "Try again" in page.text
        monkeypatch.undo()
        assert as_("dana").post(reverse("reports:run-retry", args=[run.pk])).url == run.get_absolute_url()
        assert as_("dana").post(reverse("reports:run-retry", args=[run.pk])).status_code == 302
        run_jobs()
        run.refresh_from_db()
        assert run.state == "finished"
        assert Job.objects.filter(name="reports.run").count() == 2, "a second press of the button asks for nothing more"

    def test_asking_again_for_what_failed_tries_again(self, history, monkeypatch, run_jobs):
        monkeypatch.setattr(standard_kinds, "numbers", lambda **question: 1 / 0)
        run = ask("volume", by=history.dana)
        run_jobs()
        monkeypatch.undo()
        assert ask("volume", by=history.dana) == run
        run_jobs()
        run.refresh_from_db()
        assert run.is_finished

    def test_without_data_there_is_nothing_to_compute(self, world, run_jobs):
        refresh(run_jobs)
        assert not ReportRun.objects.exists()

    def test_numbers_survive_being_stored(self, standard):
        for run in ReportRun.objects.filter(kind__in=["leakage", "volume"]):
            again = Numbers.from_json(run.result)
            assert again.to_json() == {key: run.result[key] for key in again.to_json()}


class TestVisibility:
    def test_who_opens_what(self, standard, as_):
        runs = {
            "whole": ReportRun.objects.get(territory=None, liaison=None, kind="volume"),
            "north": ReportRun.objects.get(territory=standard.north, kind="volume"),
            "region": ReportRun.objects.get(territory=standard.region, kind="leakage"),
            "sol": ReportRun.objects.get(liaison=standard.sol, kind="leakage"),
            "over": ReportRun.objects.get(liaison=standard.over, kind="volume"),
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
        run = ReportRun.objects.get(liaison=standard.sol, kind="leakage")
        standard.sol.assignments.update(territory=make_territory("Elsewhere"))
        assert client.get(url).context["run"] is None
        assert client.get(run.get_absolute_url()).status_code == 404

    def test_a_territory_that_grew_smaller_hides_its_old_run(self, standard, as_):
        """South leaves the region: what was computed with it is no longer the region's manager's to see."""
        run = ReportRun.objects.get(territory=standard.region, kind="volume")
        standard.south.parent = standard.root
        standard.south.save()
        assert as_("dana").get(run.get_absolute_url()).status_code == 404

    def test_executives_find_no_practice_in_a_run(self, standard, as_):
        run = ReportRun.objects.get(territory=None, liaison=None, kind="volume")
        assert "South Medical Group" in as_("ivan").get(run.get_absolute_url()).text
        assert "South Medical Group" not in as_("elle").get(run.get_absolute_url()).text

    def test_a_run_over_somebody_elses_field_leads_nowhere_else(self, standard, as_):
        """Its figures are of one person's territories; the same links would show the reader's."""
        run = ReportRun.objects.get(liaison=standard.sol, kind="volume")
        foreign, own = as_("ivan").get(run.get_absolute_url()), as_("sol").get(run.get_absolute_url())
        assert (foreign.context["live_url"], foreign.context["table"]["csv_url"]) == ("", "")
        assert f"{reverse('referrals:list')}?start=" not in foreign.text
        assert own.context["live_url"]

    def test_a_run_has_only_what_was_stored(self, standard, as_):
        url = ReportRun.objects.get(territory=None, liaison=None, kind="leakage").get_absolute_url()
        for by, status in (("payer", 200), ("territory", 200), ("practice", 404), ("moon", 404)):
            assert as_("ivan").get(f"{url}?by={by}").status_code == status

    def test_the_list_is_flat(self, standard, as_, assert_flat_queries):
        as_("ada")

        def add(number):
            for month in range(number):
                run = ask("volume", by=standard.ivan, start=dt.date(2025, 1 + month, 1))
                run.asked_by.add(standard.ada)

        assert_flat_queries(reverse("reports:runs"), add)

    def test_the_list_is_cut(self, standard, as_, run_jobs):
        own = ask("volume", by=standard.ada, start=FIRST)

        def count(**query):
            return as_("ada").get(reverse("reports:runs"), query).context["page"].paginator.count

        everything = ReportRun.objects.count()
        assert count() == count(kind="moon") == everything
        assert sum(count(kind=kind) for kind in ("leakage", "volume", "roi", "quarter")) == everything
        assert (count(who="me"), count(who="people"), count(who="standard")) == (1, 1, everything - 1)
        assert (count(state="queued"), count(state="finished"), count(state="running"), count(state="failed")) == (1, everything - 1, 0, 0)
        Job.objects.filter(pk=own.job_id).update(state=JobState.FAILED)
        assert count(state="failed") == 1


class TestAsking:
    def ask(self, client, kind="leakage", **changes):
        form = {"territory": "", "first": "2026-01-01", "last": "2026-06-01", **changes}
        return client.post(reverse("reports:run-new-of-kind", args=[kind]), form)

    def test_from_question_to_result(self, history, as_, run_jobs):
        client = as_("dana")
        asked = self.ask(client, territory=history.north.pk)
        assert asked.status_code == 302
        run = ReportRun.objects.get()
        assert asked.url == run.get_absolute_url()
        waiting = client.get(asked.url)
        assert "Waiting for a worker" in waiting.text
        assert "You can leave this page" in waiting.text
        assert AuditEvent.objects.filter(event="report.asked").count() == 1
        run_jobs()
        answer = client.get(asked.url, headers={"HX-Request": "true", "HX-Target": "div#run-progress"})
        assert answer.headers["HX-Redirect"] == asked.url
        run.refresh_from_db()
        assert (run.parameters, run.territory, [str(person) for person in run.asked_by.all()]) == (
            {"start": "2026-01-01", "end": "2026-07-01"}, history.north, ["Dana"],
        )  # fmt: skip
        page = client.get(run.get_absolute_url())
        assert page.context["leakage"].chart.table["rows"]
        assert "start=2026-01-01" in page.context["live_url"]

    def test_every_kind_is_offered_with_its_own_form(self, history, as_):
        client = as_("dana")
        page = client.get(reverse("reports:run-new"))
        for name, kind in kinds.seen_by(history.dana).items():
            assert kind.question in page.text
            assert client.get(reverse("reports:run-new-of-kind", args=[name])).status_code == 200, name
        assert client.get(reverse("reports:run-new-of-kind", args=["moon"])).status_code == 404

    def test_without_a_territory_it_is_ones_own_field(self, history, as_, run_jobs):
        self.ask(as_("sol"), "volume")
        self.ask(as_("elle"), "volume")
        run_jobs()
        assert set(ReportRun.objects.values_list("liaison__full_name", flat=True)) == {"Sol", None}

    def test_not_over_somebody_elses_territory(self, history, as_):
        assert "Select a valid choice" in self.ask(as_("sol"), territory=history.north.pk).text
        assert not Job.objects.exists()

    def test_months_must_not_run_backwards(self, history, as_):
        assert "not earlier than the first" in self.ask(as_("dana"), last="2025-12-01").text

    def test_an_overlay_is_no_whole_territory(self, history):
        with pytest.raises(PolicyViolation, match="not yours as a whole"):
            actions.ask_for_run(kind="volume", parameters={}, territory=history.south, by=history.over)
        with pytest.raises(PolicyViolation, match="No territory is yours"):
            actions.ask_for_run(kind="volume", parameters={}, territory=None, by=history.past)

    def test_the_same_question_is_answered_from_the_first(self, history, run_jobs):
        first = ask("volume", by=history.ivan)
        assert ask("volume", by=history.ada) == first, "while it waits"
        run_jobs()
        assert ask("volume", by=history.elle) == first, "when it is there"
        assert Job.objects.filter(name="reports.run").count() == 1
        assert first.asked_by.count() == 3
        other = {ask("leakage", by=history.ivan), ask("volume", by=history.ivan, start=FIRST), ask("volume", by=history.dana)}
        assert len(other | {first}) == 4, "another kind, other months, another field"
        DataVersion.objects.create(cause="test")
        assert ask("volume", by=history.ivan) != first, "newer data"

    def test_what_waits_reads_newer_data_and_answers_both(self, history, run_jobs):
        first = ask("volume", by=history.ivan)
        DataVersion.objects.create(cause="test")
        assert ask("volume", by=history.ada) == first
        run_jobs()
        first.refresh_from_db()
        assert first.data_version == DataVersion.objects.latest("pk").pk

    def test_what_else_an_answer_rests_on(self, history):
        asked = {"kind": "volume", "parameters": {"start": "2026-01-01", "end": "2026-02-01"}, "territory": None, "by": history.ivan}
        cheap, dear = (actions.ask_for_run(**asked, basis={"margin": margin}) for margin in (100, 200))
        assert cheap != dear
        assert actions.ask_for_run(**asked, basis={"margin": 100}) == cheap

    def test_another_running_at_the_same_version_hands_over_its_answer(self, history, monkeypatch, run_jobs):
        """One asked before the data moved and computed after it, another asked after: the work is done once."""
        first = ask("volume", by=history.ivan)
        Job.objects.filter(pk=first.job_id).update(state=JobState.RUNNING, lease_until_at=timezone.now() + dt.timedelta(hours=1))
        DataVersion.objects.create(cause="test")
        second = ask("volume", by=history.ivan)
        assert second != first
        Job.objects.filter(pk=first.job_id).update(state=JobState.QUEUED, lease_until_at=None)
        computed = []
        real = standard_kinds.numbers
        monkeypatch.setattr(standard_kinds, "numbers", lambda **question: computed.append(1) or real(**question))
        run_jobs()
        first.refresh_from_db()
        second.refresh_from_db()
        assert (first.data_version, first.result) == (second.data_version, second.result)
        assert len(computed) == 1

    def test_who_sees_the_progress(self, history, as_):
        url = self.ask(as_("dana")).url
        assert as_("nora").get(url).status_code == 404
        assert as_("ivan").get(url).status_code == 200


class TestLettingGo:
    def test_a_waiting_run_is_cancelled_and_leaves_nothing(self, history, as_, run_jobs):
        run = ask("volume", by=history.dana)
        assert "Cancel" in as_("dana").get(run.get_absolute_url()).text
        answer = as_("dana").post(reverse("reports:run-withdraw", args=[run.pk]), follow=True)
        assert "The report was cancelled." in answer.text
        run_jobs()
        assert not ReportRun.objects.exists()
        assert Job.objects.get().state == JobState.CANCELLED
        assert AuditEvent.objects.filter(event="report.withdrawn", by_label="Dana").count() == 1

    def test_a_running_one_is_cancelled_and_its_worker_writes_nothing(self, history, monkeypatch, run_jobs):
        run = ask("volume", by=history.dana)
        real = standard_kinds.numbers

        def cancelled_meanwhile(**question):
            actions.withdraw_run(run=run, by=history.dana)
            return real(**question)

        monkeypatch.setattr(standard_kinds, "numbers", cancelled_meanwhile)
        run_jobs()
        assert not ReportRun.objects.exists()
        assert Job.objects.get().state == JobState.CANCELLED

    def test_it_stays_for_the_others_who_asked(self, history, as_):
        run = ask("volume", by=history.ivan)
        ask("volume", by=history.elle)
        assert "stays for the others" in as_("ivan").post(reverse("reports:run-withdraw", args=[run.pk]), follow=True).text
        assert [str(person) for person in run.asked_by.all()] == ["Elle"]
        assert Job.objects.get().state == JobState.QUEUED
        as_("ada").post(reverse("reports:run-withdraw", args=[run.pk]))
        assert not ReportRun.objects.exists(), "an admin ends it for everybody"

    def test_who_may(self, history, as_, run_jobs):
        run = ask("volume", by=history.dana, territory=history.north)
        for who, status in {"sol": 404, "nora": 403, "ivan": 403, None: 302}.items():
            for method in ("get", "post"):
                assert getattr(as_(who), method)(reverse("reports:run-withdraw", args=[run.pk])).status_code == status, (who, method)
        assert ReportRun.objects.filter(pk=run.pk).exists()
        assert as_("dana").get(reverse("reports:run-withdraw", args=[run.pk])).status_code == 200
        with pytest.raises(PolicyViolation, match="Only who asked"):
            actions.withdraw_run(run=run, by=history.ivan)

    def test_own_finished_runs_are_deleted_and_standard_ones_are_not(self, standard, as_, run_jobs):
        own, shared = ask("volume", by=standard.ivan, start=FIRST), ask("volume", by=standard.ivan)
        run_jobs()
        for run in (own, shared):
            as_("ivan").post(reverse("reports:run-withdraw", args=[run.pk]))
        assert list(ReportRun.objects.filter(pk__in=[own.pk, shared.pk])) == [shared]
        assert as_("ada").post(reverse("reports:run-withdraw", args=[shared.pk])).status_code == 403
        assert actions.withdraw_run(run=own, by=standard.ivan), "gone is gone"

    def test_a_run_without_its_job_is_a_failed_one(self, history, as_):
        run = ask("volume", by=history.dana)
        Job.objects.all().delete()
        assert "stopped before it came to an end" in as_("dana").get(run.get_absolute_url()).text

    def test_a_job_of_a_kind_that_is_gone_is_refused_with_a_sentence(self, history, run_jobs, as_):
        run = ask("volume", by=history.dana)
        ReportRun.objects.update(kind="moon")
        run_jobs()
        assert Job.objects.get().error == "This kind of report is no longer made here."
        assert as_("dana").get(run.get_absolute_url()).status_code == 404


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

    def test_charts_are_kept_as_drawn(self, history, as_, monkeypatch):
        """The second page draws nothing and looks the same; other rights, new data and a renamed line are drawn anew."""
        drawn = []
        original = Drawing._draw
        monkeypatch.setattr(Drawing, "_draw", lambda drawing: drawn.append(drawing) or original(drawing))

        def charts(who: str) -> list[str]:
            drawn.clear()
            return re.findall(
                r"<figure class=\"card chart\".*?</figure>", as_(who).get(f"{reverse('reports:dashboard')}?period=3").text, re.S
            )

        first = charts("ivan")
        assert len(first) == len(drawn) == 6
        assert charts("ivan") == first
        assert not drawn
        assert reverse("referrals:list") in "".join(first)
        assert reverse("referrals:list") not in "".join(charts("elle"))
        assert len(drawn) == 6
        ServiceLine.objects.filter(pk=history.line.pk).update(name="Hearts")
        assert "Hearts" in "".join(charts("ivan"))
        add_months(history.north_practice, dt.date(2026, 9, 1), [100])
        assert charts("ivan") != first
        assert len(drawn) == 6

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
