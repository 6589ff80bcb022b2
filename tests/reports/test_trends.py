"""A practice's trend written down for the field: what it says, for whom, and that a second writing changes nothing."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jobs.models import Job
from referrals.models import DataVersion
from reports import actions
from reports.actions.trends import way_of
from reports.one_practice import expectation, months_of
from reports.queries.freshness import freshness
from reports.words import against_baseline
from territories.scope import Scope
from tests import factories
from tests.factories.reports import add_referrals, monthly
from tests.reports.conftest import FIRST
from visits.models import PracticeTrend

WHOLE = Scope(whole=True)


@pytest.fixture
def versioned(history):
    DataVersion.objects.create(cause="test")
    return history


def test_the_sentence_is_that_of_the_practices_own_page(versioned):
    assert actions.write_trends() == 3
    fresh = freshness()
    for practice in (versioned.south_practice, versioned.north_practice, versioned.unowned_practice):
        trend = PracticeTrend.objects.get(practice=practice)
        months = months_of(practice, scope=WHOLE, fresh=fresh, user=versioned.ada)
        found = expectation(months, fresh)
        assert (trend.sentence, trend.way) == (against_baseline(found), way_of(found))
        full = [month.received for month in months if month.month < fresh.full_until]
        assert trend.points == full[-12:]
        assert trend.through_on == fresh.data_through
    south = PracticeTrend.objects.get(practice=versioned.south_practice)
    assert (south.way, south.points[-4:]) == ("fewer", [20, 5, 5, 5])
    assert south.sentence.startswith("45 fewer than expected in the last three months: 15 against 60")


def test_written_once_for_each_version_of_the_data(versioned):
    actions.write_trends()
    PracticeTrend.objects.update(sentence="as it was")
    assert actions.write_trends() == 0
    assert set(PracticeTrend.objects.values_list("sentence", flat=True)) == {"as it was"}
    DataVersion.objects.create(cause="again")
    assert actions.write_trends() == 3
    assert "as it was" not in set(PracticeTrend.objects.values_list("sentence", flat=True))


def test_what_is_no_longer_counted_is_no_longer_said(versioned):
    actions.write_trends()
    versioned.south_practice.archived_at = timezone.now()
    versioned.south_practice.save()
    DataVersion.objects.create(cause="again")
    actions.write_trends()
    assert set(PracticeTrend.objects.values_list("practice", flat=True)) == {versioned.north_practice.pk, versioned.unowned_practice.pk}


def test_two_queries_more_for_no_practice_more(versioned):
    def count():
        DataVersion.objects.create(cause="again")
        with CaptureQueriesContext(connection) as asked:
            actions.write_trends()
        return len(asked)

    few = count()
    for _ in range(10):
        practice = factories.make_practice(territory=versioned.north)
        add_referrals(*monthly(practice, FIRST, [3] * 26, provider=versioned.north_provider, service_line=versioned.line))
    assert count() == few


def test_who_reads_it(versioned):
    actions.write_trends()
    names = {"south": versioned.south_practice, "north": versioned.north_practice, "unowned": versioned.unowned_practice}
    seen = {
        who: {name for name, practice in names.items() if PracticeTrend.objects.visible_to(user).filter(practice=practice).exists()}
        for who, user in versioned.cast.items()
    }
    assert seen["nora"] == {"north"}
    assert seen["sol"] == {"south"}
    assert seen["dana"] == {"north", "south"}
    assert seen["over"] == set(), "an overlay sees one line, the sentence counts all"
    assert seen["past"] == set()
    assert seen["ada"] == {"north", "south", "unowned"}


def test_without_data_nothing_is_written(world):
    assert actions.write_trends() == 0


def test_after_new_data_a_worker_writes_it(versioned, run_jobs):
    Job.objects.create(name="reports.refresh")
    run_jobs()
    job = Job.objects.get(name="reports.write_trends")
    assert (job.state, job.progress_note) == ("done", "3 practices written down")
    assert PracticeTrend.objects.filter(written_at__gt=timezone.now() - dt.timedelta(minutes=5)).count() == 3
