"""The invented world: loaded through every door, alive on every page, harmless twice, never beside real people."""

import datetime as dt

import pytest
from django.core.management import CommandError
from django.db.models import Count
from django.utils import timezone

from accounts.models import User
from common.npi import is_valid_npi
from contacts.models import Practice, Provider
from demo import actions, world
from demo.referrals import tables
from events.models import Event, Guest
from referrals import rollups
from referrals.models import Flow, ImportBatch, Referral
from reports.measures import MEASURES, Ask
from reports.models import ReportRun
from reports.periods import Window, add_months
from reports.queries.freshness import freshness
from reports.queries.review import newcomers
from territories.scope import Scope
from tests.factories import make_user
from visits.models import FollowUp, Visit

TODAY = dt.date(2026, 11, 21)


def test_the_same_seed_and_day_make_the_same_world():
    one, other = world.make(today=TODAY, seed=3), world.make(today=TODAY, seed=3)
    assert one.tables == other.tables
    assert tables(one, seed=3) == tables(other, seed=3)
    assert tables(one, seed=4) != tables(one, seed=3)


def test_invented_numbers_are_valid_and_never_issued():
    people = world.make(today=TODAY).people
    assert all(is_valid_npi(person.npi) and person.npi.startswith("2") for person in people)
    assert len({person.npi for person in people}) == len(people)


def test_the_loaded_world(db, manage, client, subtests):
    """One load, which takes a while, is looked at from all sides."""
    actions.load(say=lambda sentence: None, referrals_a_month=60)
    with subtests.test("every story is told"):
        _every_story_is_told()
    with subtests.test("the sign-ins are printed and work"):
        printed = manage("demo_signins")
        for _, email, *_ in actions.PEOPLE:
            assert email in printed
            assert client.login(email=email, password=actions.password())
    with subtests.test("a second load adds nothing"):
        before = _counts()
        actions.load(say=lambda sentence: None, referrals_a_month=60)
        assert _counts() == before


def _every_story_is_told():
    flows = dict(Referral.objects.values_list("flow").annotate(Count("pk")))
    assert all(flows.get(flow) for flow in (Flow.INBOUND, Flow.INTERNAL, Flow.OUTBOUND, Flow.UNDETERMINED))
    assert Practice.objects.unowned().exists()
    assert ImportBatch.objects.get(source__name="lakeland-orders").rejected == {"bad date": 1, "missing id": 1, "unknown status": 1}
    assert {"done", "planned"} <= set(Visit.objects.values_list("state", flat=True))
    assert set(Event.objects.values_list("state", flat=True)) == {"planned", "held", "cancelled"}
    assert Guest.objects.to_match().exists()
    assert FollowUp.objects.open().exists()
    assert FollowUp.objects.overdue().exists()
    of_the_whole = ReportRun.objects.filter(territory=None, liaison=None).finished()
    assert sorted(of_the_whole.values_list("kind", flat=True)) == ["leakage", "quarter", "roi", "volume"]
    assert Referral.objects.exclude(credited_to=None).exists()
    assert not Provider.objects.exclude(npi__startswith="2").exists()
    assert rollups.differences() == []
    _realised_leakage_is_measured()
    _somebody_is_new_and_somebody_returns()


def _realised_leakage_is_measured():
    """From a feed of claims, each linked to its order; it is another figure than what was ordered."""
    fresh = freshness()
    ask = Ask(add_months(fresh.full_until, -12), fresh.full_until)
    [realised], [ordered] = (MEASURES[name].evaluate(ask) for name in ("leakage_realised", "leakage_ordered"))
    assert realised.remark == ""
    assert 0.05 < realised.value < 0.6
    assert realised.value != ordered.value
    claimed = Referral.objects.filter(source__sees="claims")
    assert claimed.exists()
    assert not claimed.filter(linked_to=None).exists()
    assert fresh.data_through >= timezone.localdate() - dt.timedelta(days=14), "claims do not hold the others back"


def _somebody_is_new_and_somebody_returns():
    """In the last full month, which the Monday review speaks of."""
    fresh = freshness()
    window = Window(add_months(fresh.full_until, -1), fresh.full_until)
    found = newcomers(
        window=window, where={}, scope=Scope(whole=True), first_month=fresh.first_month, practices=Practice.objects.all(), with_names=True
    )
    assert found.new > 0
    assert found.returning > 0
    assert found.shown


def _counts():
    return [model.objects.count() for model in (User, Practice, Provider, Referral, Visit, FollowUp, Event, Guest)]


def test_no_demo_beside_real_people(db, manage):
    make_user("real")
    with pytest.raises(CommandError, match="real people"):
        manage("load_demo")
    assert manage("demo_signins") == ""
