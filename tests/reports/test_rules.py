"""The settings of reports: who may change them, what a change leaves behind, what is refused with a sentence."""

import pytest
from django.urls import reverse

from audit.models import AuditEvent
from common.exceptions import InputError
from reports import actions
from reports.models import ReportRules

METHODS = {
    "scheduled_within": 14, "seen_within": 90, "report_within": 120, "late_cancel_days": 1, "new_after_months": 12, "lost_expected": 3,
    "lost_days": 90, "loyal_at": 70, "splitter_at": 30, "avoidable_miles": 25, "avoidable_days": 21, "alert_q": 0.1, "mature_at": 95,
    "capacity_old_days": 45, "least_peers": 5, "move_splitter": 30, "move_opportunity": 15, "move_loyal": 5, "fiscal_starts": 1,
    "large_import": 5,
}  # fmt: skip


def test_the_defaults_are_those_of_the_methods(db):
    assert {name: getattr(ReportRules.current(), name) for name in METHODS} == METHODS


def test_a_change_is_kept_and_told(as_, world):
    client = as_("ada")
    assert client.get(reverse("reports:rules")).status_code == 200
    assert client.post(reverse("reports:rules"), {**METHODS, "seen_within": 60}).status_code == 302
    assert ReportRules.current().seen_within == 60
    event = AuditEvent.objects.get(event="report_rules.changed")
    assert event.details == {"seen_within": [90, 60]}
    client.post(reverse("reports:rules"), {**METHODS, "seen_within": 60})
    assert AuditEvent.objects.filter(event="report_rules.changed").count() == 1


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"seen_within": 0}, "greater than or equal to 1"),
        ({"loyal_at": 20}, "must be above that of a splitter"),
        ({"alert_q": ""}, "Enter a number"),
    ],
)
def test_what_makes_no_sense_is_refused(as_, wrong, sentence):
    answer = as_("ada").post(reverse("reports:rules"), {**METHODS, **wrong})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not ReportRules.objects.exists()


def test_the_action_refuses_too(db):
    with pytest.raises(InputError, match="above that of a splitter"):
        actions.save_report_rules(by=None, loyal_at=10)
    assert not ReportRules.objects.filter(loyal_at=10).exists()


@pytest.mark.parametrize(("who", "status"), [("nora", 403), ("dana", 403), ("ivan", 403), ("elle", 403), ("ada", 200), (None, 302)])
def test_who_may(as_, who, status):
    assert as_(who).get(reverse("reports:rules")).status_code == status
