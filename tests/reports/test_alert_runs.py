"""A run from what is stored: what it finds, whom it leaves out and why, and what the next run makes of it."""

import datetime as dt
import threading

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

import contacts.actions
from audit.models import AuditEvent
from contacts.models import Affiliation
from jobs.models import Job
from referrals.models import DataVersion, ImportBatch, Referral
from reports import actions
from reports.actions.alert_runs import is_due
from reports.models import Alert, AlertChange, AlertRun, ClosingDay, Untested
from tests import factories
from tests.factories.alerts import FIRST, arrive, bring, falls, look, only, sends, steady
from tests.factories.reports import add_referrals, make_source, monthly, recount


@pytest.fixture
def fallen(world):
    """Six steady colleagues of the south, and one who fell to a fifth in August 2026."""
    bring(*steady(world.south_practice), *sends(world.south_practice, falls(), provider=world.south_provider))
    return world


def again(*referrals, on=dt.date(2026, 11, 21)):
    """More referrals, or only a new version of the data."""
    if referrals:
        bring(*referrals, on=on)
    else:
        DataVersion.objects.create(cause="test")


def test_a_fall_is_found_and_kept_with_its_figures(fallen):
    run, alert = look(), only()
    assert (run.through_month, run.tested, run.falls, run.rises, run.not_tested) == (dt.date(2026, 10, 1), 7, 1, 0, {})
    assert (alert.provider, alert.practice, alert.came_from, alert.direction) == (
        fallen.south_provider,
        fallen.south_practice,
        None,
        "down",
    )
    assert (alert.observed, alert.before, alert.state, alert.is_current) == (12, 240, "new", True)
    assert 55 < alert.expected < 65
    assert alert.difference == pytest.approx(alert.observed - alert.expected)
    assert alert.low < alert.observed / alert.expected < alert.high
    assert alert.q < 0.001
    assert alert.sentence.startswith("12 referrals in Aug 2026 to Oct 2026")
    assert len(alert.months) == 15
    assert sum(expected for _, expected in alert.months[:12]) == pytest.approx(240, abs=0.01)
    assert sum(expected for _, expected in alert.months[12:]) == pytest.approx(alert.expected, abs=0.01)
    assert [(part.practice, part.before, part.observed) for part in alert.parts.all()] == [(fallen.south_practice, 240, 12)]
    assert [change.what for change in alert.changes.all()] == ["found"]
    assert AuditEvent.objects.get(event="alerts.found").details == {"tested": 7, "falls": 1, "rises": 0}
    assert AuditEvent.objects.filter(event="alert.found", target_id=str(alert.pk)).exists()


def test_the_same_data_are_looked_at_once(fallen):
    assert look() == look()
    assert (AlertRun.objects.count(), Alert.objects.count(), AlertChange.objects.count()) == (1, 1, 1)


def test_other_settings_are_another_run(fallen):
    first = look()
    actions.save_report_rules(by=None, alert_q=0.05)
    second = look()
    assert (first.pk != second.pk, second.q, only().last_run, only().first_run) == (True, 0.05, second, first)
    actions.close_days(first=dt.date(2026, 9, 14), last=dt.date(2026, 9, 18), name="Flood", by=fallen.ada)
    assert look().pk != second.pk
    expected = only().expected
    ClosingDay.objects.all().delete()
    again()
    look()
    assert only().expected > expected  # a week that was closed counts no more


def test_the_next_run_goes_on_with_the_same_alert(fallen):
    look()
    first = only()
    actions.mark_alerts_seen(alerts=[first], by=fallen.ada)
    again(*sends(fallen.south_practice, [0] * 21 + [1], provider=fallen.south_provider))
    look()
    alert = only()
    assert (alert.pk, alert.state, alert.observed) == (first.pk, "seen", 13)
    assert alert.last_run != alert.first_run
    assert [change.what for change in alert.changes.all()] == ["seen", "found"]


def test_what_somebody_explained_is_not_told_again(fallen):
    look()
    actions.close_alert(alert=only(), reason="explained", by=fallen.ada)
    again(*sends(fallen.south_practice, [0] * 21 + [1], provider=fallen.south_provider))
    look()
    assert (only().state, only().observed) == ("closed", 13)


def recovers(world):
    """What was missing comes after all."""
    return sends(world.south_practice, [0] * 19 + [16] * 3, provider=world.south_provider)


def test_what_is_not_found_any_more_fades(fallen):
    look()
    again(*recovers(fallen))
    look()
    assert (only().state, only().is_current) == ("new", False)
    assert not Alert.objects.to_look_at().exists()
    assert Alert.objects.open().exists()


def test_an_alert_that_faded_and_comes_back_is_the_same(fallen):
    look()
    alert = only()
    Alert.objects.update(state="closed", closed_reason="faded", is_current=False)
    again()
    look()
    assert (only().pk, only().state, only().closed_reason, only().is_current) == (alert.pk, "new", "", True)
    assert [change.what for change in only().changes.all()] == ["again", "found"]


def test_after_three_months_a_faded_alert_is_closed_by_itself(fallen):
    first = look()
    AlertRun.objects.filter(pk=first.pk).update(through_month=dt.date(2026, 6, 1))
    again(*recovers(fallen))
    look()
    alert = only()
    assert (alert.state, alert.closed_reason, alert.is_current) == ("closed", "faded", False)
    assert alert.changes.first().words == "Not found in Aug 2026 to Oct 2026."
    assert AuditEvent.objects.filter(event="alert.closed", by_label="system").exists()


def test_who_stays_off_lists_is_not_tested(fallen):
    contacts.actions.save_provider(provider=fallen.south_provider, by=fallen.ada, stays_off_lists=True)
    run = look()
    assert (run.falls, run.not_tested) == (0, {"off lists": 1})
    assert Untested.objects.get().provider == fallen.south_provider


@pytest.mark.parametrize(("code", "tested"), [("207P00000X", False), ("208M00000X", False), ("390200000X", False), ("207Q00000X", True)])
def test_emergency_hospital_and_training_stay_off_lists(fallen, code, tested):
    specialty = factories.make_specialty(code, code)
    specialty.stays_off_lists = code.startswith(("207P", "208M", "3902"))
    specialty.save()
    contacts.actions.save_provider(provider=fallen.south_provider, by=None, specialty=specialty)
    assert look().falls == tested


def test_taken_off_lists_later_an_alert_is_not_listed(fallen):
    look()
    contacts.actions.save_provider(provider=fallen.south_provider, by=fallen.ada, stays_off_lists=True)
    assert not Alert.objects.listed().exists()


def test_a_practice_that_joined_us_has_not_fallen(world):
    joined = sends(world.south_practice, falls(to=0), provider=world.south_provider)
    joined += monthly(world.south_practice, dt.date(2026, 8, 1), [20] * 3, flow="internal", provider=world.south_provider)
    bring(*steady(world.south_practice), *joined)
    run = look()
    assert (run.falls, run.not_tested) == (0, {"changed sides": 1})


def test_a_provider_who_was_hired_away_from_there_has_not_fallen(world):
    hired = sends(world.south_practice, falls(to=0), provider=world.south_provider)
    hired += monthly(world.north_practice, dt.date(2026, 8, 1), [20] * 3, flow="internal", provider=world.south_provider)
    bring(*steady(world.south_practice), *hired)
    assert (look().not_tested, Alert.objects.count()) == ({"changed sides": 1}, 0)


def test_what_comes_from_another_office_still_counts_when_one_joined(world):
    other = factories.make_practice("Other", territory=world.south)
    rows = sends(world.south_practice, falls(to=0), provider=world.south_provider)
    rows += monthly(world.south_practice, dt.date(2026, 8, 1), [20] * 3, flow="internal", provider=world.south_provider)
    rows += sends(other, falls(to=2), provider=world.south_provider)
    bring(*steady(world.south_practice), *rows)
    look()
    assert (only().observed, only().before) == (6, 240)


def test_somebody_who_moved_is_one_provider(world):
    new = factories.make_practice("New Place", territory=world.north)
    rows = sends(world.south_practice, [20] * 19, provider=world.south_provider) + sends(
        new, [20] * 3, first=dt.date(2026, 8, 1), provider=world.south_provider
    )
    bring(*steady(world.south_practice), *rows)
    assert look().falls == 0


def test_the_alert_of_somebody_who_moved_names_both_places(fallen):
    new = factories.make_practice("New Place", territory=fallen.north)
    Affiliation.objects.filter(provider=fallen.south_provider).update(ended_on=dt.date(2026, 8, 1), is_primary=False)
    Affiliation.objects.create(provider=fallen.south_provider, practice=new)
    look()
    assert (only().practice, only().came_from) == (new, fallen.south_practice)


def test_the_alert_of_somebody_merged_is_the_survivors(fallen):
    look()
    alert = only()
    survivor = factories.make_provider("Southwell", npi="", at=fallen.north_practice)
    contacts.actions.merge_providers(survivor=survivor, merged=fallen.south_provider, by=fallen.ada)
    Referral.objects.filter(provider=fallen.south_provider).update(provider=survivor)
    recount()
    again()
    look()
    assert (only().pk, only().provider) == (alert.pk, survivor)
    assert [change.what for change in only().changes.all()] == ["merged", "found"]


# What was not seen


def test_an_immature_month_is_not_read(world):
    bring(*steady(world.south_practice), *sends(world.south_practice, falls(to=0, months=1), provider=world.south_provider))
    ImportBatch.objects.update(loaded_at=timezone.make_aware(dt.datetime(2026, 11, 5)))  # too early to know October
    run = look()
    assert (run.through_month, run.falls) == (dt.date(2026, 9, 1), 0)


def test_each_feed_has_its_own_last_month(world):
    """The fax reaches to July: whom it brings is compared no further; those of the other feed are."""
    fax = make_source("fax")
    others = steady(world.south_practice)
    faxed = sends(world.north_practice, [20] * 19 + [0] * 3, provider=world.north_provider, source=fax)
    faxed[-1].anchor_on = faxed[-1].ordered_on = dt.date(2026, 7, 31)
    add_referrals(*others, *faxed)
    arrive(others, on=dt.date(2026, 11, 20))
    arrive(faxed, on=dt.date(2026, 8, 20))
    run = look()
    assert (run.through_month, run.falls, run.not_tested) == (dt.date(2026, 10, 1), 0, {"not seen": 1})
    assert {feed["name"]: feed["through"] for feed in run.feeds} == {"fax": "2026-07-01", "orders": "2026-10-01"}


def test_a_few_rows_of_a_silent_feed_do_not_hide_a_fall(world):
    fax = make_source("fax")
    rows = [*steady(world.south_practice), *sends(world.south_practice, falls(), provider=world.south_provider)]
    faxed = sends(world.south_practice, [1] + [0] * 18, provider=world.south_provider, source=fax)
    add_referrals(*rows, *faxed)
    arrive(rows, on=dt.date(2026, 11, 20))
    arrive(faxed, on=dt.date(2026, 2, 1))
    assert look().falls == 1


def test_a_feed_of_our_own_orders_has_no_say(fallen):
    orders = monthly(fallen.north_practice, FIRST, [20] * 10, flow="internal", source=make_source("ours"))
    add_referrals(*orders)
    arrive(orders, on=dt.date(2025, 11, 20))
    assert [feed["name"] for feed in look().feeds] == ["orders"]


def test_before_any_data_nothing_is_said(world):
    assert actions.look_for_alerts() is None
    assert actions.ask_for_alerts() is None


def test_a_young_feed_says_so(world):
    bring(*sends(world.south_practice, [20] * 4, first=dt.date(2026, 7, 1)))
    run = look()
    assert (run.tested, run.not_tested) == (0, {"short history": 1})


# When


def at(text):
    return timezone.make_aware(dt.datetime.fromisoformat(text))


@pytest.mark.parametrize(
    ("computed", "now", "due"),
    [
        ("2026-11-20T02:05", "2026-11-20T15:00", False),  # this night's run is done
        ("2026-11-20T02:05", "2026-11-21T01:00", False),
        ("2026-11-20T02:05", "2026-11-21T02:10", True),
        ("2026-11-18T02:05", "2026-11-20T15:00", True),  # a night was missed: caught up by day
        ("2026-11-20T15:00", "2026-11-21T02:10", True),
    ],
)
def test_nightly_and_caught_up(fallen, computed, now, due):
    look()
    AlertRun.objects.update(computed_at=at(computed))
    ImportBatch.objects.update(loaded_at=at("2026-11-01T12:00"))
    assert not is_due(at(now))  # nothing has changed
    again()
    assert is_due(at(now)) is due


def test_a_large_import_does_not_wait_for_the_night(fallen):
    look()
    AlertRun.objects.update(computed_at=at("2026-11-20T02:05"))
    ImportBatch.objects.update(loaded_at=at("2026-11-01T12:00"))
    rows = sends(fallen.south_practice, [0] * 21 + [40])
    add_referrals(*rows)
    batch = arrive(rows, on=dt.date(2026, 11, 20))  # 40 of about 1,800
    assert not is_due(at("2026-11-20T15:00"))
    ImportBatch.objects.filter(pk=batch.pk).update(new=60, changed=60)
    assert is_due(at("2026-11-20T15:00"))
    actions.save_report_rules(by=None, large_import=10)
    assert not is_due(at("2026-11-20T15:00"))


def test_asked_for_after_an_import_and_by_the_hour_but_once(fallen, run_jobs):
    for name in ("reports.refresh", "reports.watch_alerts", "reports.watch_alerts"):
        Job.objects.create(name=name)
    run_jobs()
    assert Job.objects.filter(name="reports.find_alerts").count() == 1
    job = Job.objects.get(name="reports.find_alerts")
    assert (job.state, job.progress_note) == ("done", "7 referrers tested: 1 falls, 0 rises")
    assert AlertRun.objects.get().job == job
    Job.objects.create(name="reports.watch_alerts")
    run_jobs()
    assert Job.objects.filter(name="reports.find_alerts").count() == 1


def test_a_run_that_breaks_leaves_nothing(fallen):
    def stop(done, total, note):
        if done == 2:
            raise RuntimeError("the worker dies")

    with pytest.raises(RuntimeError):
        actions.look_for_alerts(progress=stop)
    assert not AlertRun.objects.exists()
    assert not Alert.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_workers_make_one_run(fallen):
    made, failed = [], []

    def work():
        try:
            made.append(actions.look_for_alerts().pk)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert set(made) == {AlertRun.objects.get().pk}
    assert Alert.objects.count() == 1


def test_the_number_of_queries_does_not_grow_with_the_referrers(world):
    bring(*steady(world.south_practice, providers=4))
    with CaptureQueriesContext(connection) as few:
        look()
    again(*steady(world.south_practice, providers=12), on=dt.date(2026, 11, 20))
    with CaptureQueriesContext(connection) as many:
        look()
    assert len(many) == len(few)
    assert sum("providermonth" in query["sql"] for query in many.captured_queries) == 1
