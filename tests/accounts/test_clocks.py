"""Whose clock a time is shown by: the person's own, else the organization's; workers count days by the organization's."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import actions
from accounts.clocks import organization_time_zone, time_zone_of
from accounts.models import Installation, User
from audit.models import AuditEvent
from jobs import actions as jobs
from tests.factories import make_visit

NOON = dt.datetime(2026, 6, 10, 16, 0, tzinfo=dt.UTC)  # noon in New York


@pytest.fixture(autouse=True)
def _no_clock_is_left():
    yield
    timezone.deactivate()


@pytest.fixture
def in_chicago(world):
    actions.save_installation(time_zone="America/Chicago", letterhead="", by=world.ada)


def test_before_anybody_chose_the_environment_decides(db, settings):
    assert not Installation.objects.exists()
    assert organization_time_zone() == settings.TIME_ZONE


def test_pages_show_times_by_the_organizations_clock_or_ones_own(as_, world, in_chicago):
    visit = make_visit(world.north_practice, world.nora, visited_at=NOON, state="done")
    client = as_("nora")
    address = visit.get_absolute_url()
    assert "11:00" in client.get(address).content.decode()
    client.post(reverse("accounts:profile"), {"full_name": "Nora", "phone": "", "time_zone": "America/Los_Angeles"})
    assert time_zone_of(User.objects.get(pk=world.nora.pk)) == "America/Los_Angeles"
    assert "9:00" in client.get(address).content.decode()
    assert "11:00" in as_("dana").get(address).content.decode(), "others keep theirs"


def test_the_profile_offers_the_organizations_clock_first(as_, in_chicago):
    page = as_("nora").get(reverse("accounts:profile")).content.decode()
    assert "The organization&#x27;s: Central" in page
    answer = as_("nora").post(reverse("accounts:profile"), {"full_name": "Nora", "phone": "", "time_zone": "Mars/Base"})
    assert answer.status_code == 422


def test_work_is_done_by_the_organizations_clock(world, in_chicago, monkeypatch):
    seen = []
    monkeypatch.setitem(jobs.handlers, "test.clock", lambda lease: seen.append(timezone.get_current_timezone_name()))
    job = jobs.enqueue("test.clock")
    assert jobs.run(job.pk)
    assert seen == ["America/Chicago"]
    assert timezone.get_current_timezone_name() != "America/Chicago"


def test_the_change_is_in_the_audit_trail(world, in_chicago):
    event = AuditEvent.objects.get(event="installation.saved")
    assert event.details == {"time_zone": ["America/New_York", "America/Chicago"]}
    assert (event.by_label, event.target_label) == (str(world.ada), "This installation")


def test_every_role_and_capability_is_on_one_page(as_):
    page = as_("ada").get(reverse("accounts:roles")).content.decode()
    for words in ("Liaison", "Executive", "draw territories and assign people", "see single referrals"):
        assert words in page
    assert as_("nora").get(reverse("accounts:roles")).status_code == 403
