"""Text messages and e-mails are touches: on the timeline, and no visit of any promise."""

import datetime as dt

import pytest
from django.utils import timezone

from contacts.models import Cadence, Practice
from reports.periods import Window
from reports.queries.coverage import coverage
from reports.queries.field import outreach
from tests.factories import make_visit
from tests.factories.visits import log_body
from visits.cadence import dues
from visits.models import Mode, Visit
from visits.querysets import VISITING_MODES


def test_every_mode_is_a_visit_or_a_written_touch():
    assert set(Mode.values) - set(VISITING_MODES) == {Mode.TEXT, Mode.EMAIL}


@pytest.mark.parametrize(("mode", "made"), [*((mode, 1) for mode in VISITING_MODES), (Mode.TEXT, 0), (Mode.EMAIL, 0)])
def test_what_counts_for_the_cadence(world, mode, made):
    Practice.objects.filter(pk=world.north_practice.pk).update(tier="A")
    Cadence.objects.update_or_create(tier="A", defaults={"every_days": 30})
    make_visit(world.north_practice, world.nora, mode=mode)
    assert Visit.objects.touches().count() == 1
    assert Visit.objects.made().count() == made
    today = timezone.localdate()
    window = Window(today - dt.timedelta(days=30), today + dt.timedelta(days=1))
    found = coverage(practices=Practice.objects.filter(pk=world.north_practice.pk), window=window, parents={})
    assert found.whole.made == made
    assert len(found.overdue) == 1 - made
    [due] = dues(Practice.objects.filter(pk=world.north_practice.pk))
    assert (due.last_visit_on is not None) == bool(made)
    assert outreach(user=world.nora, window=window, territories=None).made == made


def test_a_touch_is_logged_and_shown(as_, world):

    client = as_("nora")
    client.post("/visits/log/", log_body(world.north_practice, mode="text", note="Sent the new fax number."))
    page = client.get(f"/visits/practices/{world.north_practice.pk}/panel/", headers={"HX-Request": "true"}).content.decode()
    assert "Text message" in page
    assert "Sent the new fax number." in page
