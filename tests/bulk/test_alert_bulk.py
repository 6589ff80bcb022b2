"""Many alerts at once."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from bulk.lists import lists
from reports.actions import close_alert
from reports.models import Alert
from tests.bulk.ways import change, typed
from tests.factories.alerts import bring, falls, look, only, sends, steady


@pytest.fixture
def alert(world):
    bring(*steady(world.south_practice), *sends(world.south_practice, falls(), provider=world.south_provider))
    look()
    return only()


def test_seen_and_new_again(world, alert, as_):
    page = as_("sol").get(reverse("reports:alerts")).content.decode()
    assert f'name="row" value="{alert.pk}"' in page
    run = change("alerts", "seen", [alert], by=world.sol)
    assert Alert.objects.get().state == "seen"
    again = change("alerts", "seen", [alert], by=world.sol)
    assert again.whys == {alert.pk: "Seen already."}
    assert run.take_back() == 1
    assert Alert.objects.get().state == "new"


def test_snoozed_and_awake_again(world, alert):
    until = timezone.localdate() + dt.timedelta(days=20)
    run = change("alerts", "snooze", [alert], by=world.sol, until_on=until)
    assert Alert.objects.get().snoozed_until_on == until
    assert change("alerts", "snooze", [alert], by=world.sol, until_on=until).whys == {alert.pk: "Sleeps until that day already."}
    assert run.take_back() == 1
    assert Alert.objects.get().state == "new"
    form = lists["alerts"].acts["snooze"].form(typed({"until_on": timezone.localdate()}), user=world.sol)
    assert "later day" in str(form.errors["until_on"])


def test_assigned_to_who_sees_it_and_back(world, alert):
    blind = change("alerts", "assign", [alert], by=world.dana, to=world.nora.pk)
    assert blind.whys == {alert.pk: "Nora does not see this provider."}
    run = change("alerts", "assign", [alert], by=world.dana, to=world.sol.pk)
    assert Alert.objects.get().assigned_to == world.sol
    assert change("alerts", "assign", [alert], by=world.dana, to=world.sol.pk).whys == {alert.pk: "Sol has it already."}
    close_alert(alert=alert, reason="explained", by=world.sol)
    assert run.take_back() == 0, "it was closed since"
    assert change("alerts", "assign", [alert], by=world.dana, to=world.dana.pk).whys == {alert.pk: "Closed already."}
