"""What people make of alerts, through actions, pages and the API: every step recorded, the last one undone."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from common.exceptions import PolicyViolation
from concerns.models import Category, Concern, Department
from reports import actions
from reports.models import Alert, AlertChange
from tests.factories.alerts import bring, falls, look, only, sends, steady
from visits.models import Visit

LATER = timezone.localdate() + dt.timedelta(days=10)


@pytest.fixture
def alert(world):
    bring(*steady(world.south_practice), *sends(world.south_practice, falls(), provider=world.south_provider))
    look()
    return only()


@pytest.fixture
def category(db):
    return Category.objects.create(name="Access", department=Department.objects.create(name="Scheduling"))


def steps(alert):
    return [change.what for change in alert.changes.all()]


def audited(alert):
    return list(
        AuditEvent.objects.filter(target_type="reports.alert", target_id=str(alert.pk)).order_by("pk").values_list("event", flat=True)
    )


def test_the_life_of_an_alert(world, alert):
    assert actions.mark_alerts_seen(alerts=[alert], by=world.sol) == 1
    assert actions.mark_alerts_seen(alerts=[alert], by=world.sol) == 0  # a second click changes nothing
    actions.snooze_alert(alert=alert, until_on=LATER, by=world.sol)
    assert (only().state, only().snoozed_until_on, only().is_open) == ("snoozed", LATER, False)
    assert not Alert.objects.open().exists()
    actions.reopen_alert(alert=only(), by=world.sol)
    assert (only().state, only().snoozed_until_on) == ("seen", None)
    actions.assign_alerts(alerts=[only()], to=world.dana, by=world.sol)
    assert (only().state, only().assigned_to) == ("assigned", world.dana)
    actions.close_alert(alert=only(), reason="explained", note="On leave", by=world.dana)
    assert (only().state, only().closed_note) == ("closed", "On leave")
    assert steps(alert) == ["closed", "assigned", "reopened", "snoozed", "seen", "found"]
    assert audited(alert) == [f"alert.{what}" for what in reversed(steps(alert))]
    assert "On leave" not in str(list(AuditEvent.objects.values_list("details", flat=True)))


def test_snoozed_until_today_is_open_again(world, alert):
    actions.snooze_alert(alert=alert, until_on=LATER, by=world.sol)
    Alert.objects.update(snoozed_until_on=timezone.localdate())
    assert only().is_open
    assert Alert.objects.open().exists()


@pytest.mark.parametrize("step", ["seen", "snoozed", "assigned", "visit", "closed"])
def test_every_step_can_be_taken_back(world, alert, step):
    tomorrow = timezone.localtime() + dt.timedelta(days=1)
    {
        "seen": lambda: actions.mark_alerts_seen(alerts=[alert], by=world.sol),
        "snoozed": lambda: actions.snooze_alert(alert=alert, until_on=LATER, by=world.sol),
        "assigned": lambda: actions.assign_alerts(alerts=[alert], to=world.sol, by=world.sol),
        "visit": lambda: actions.plan_visit_for_alert(alert=alert, planned_at=tomorrow, by=world.sol),
        "closed": lambda: actions.close_alert(alert=alert, reason="nothing to do", by=world.sol),
    }[step]()
    assert only().state == step
    assert actions.undo_alert_step(alert=only(), by=world.sol).what == step
    found = only()
    assert (found.state, found.snoozed_until_on, found.assigned_to, found.visit, found.closed_reason) == ("new", None, None, None, "")
    assert actions.undo_alert_step(alert=found, by=world.sol) is None  # a run's own step is nobody's to take back
    assert AuditEvent.objects.get(event="alert.undone").details["what"] == step
    assert set(Visit.objects.values_list("state", flat=True)) <= {"cancelled"}


def test_steps_are_taken_back_one_by_one(world, alert):
    actions.snooze_alert(alert=alert, until_on=LATER, by=world.sol)
    actions.close_alert(alert=only(), reason="explained", by=world.sol)
    actions.undo_alert_step(alert=only(), by=world.sol)
    assert (only().state, only().snoozed_until_on) == ("snoozed", LATER)
    actions.undo_alert_step(alert=only(), by=world.sol)
    assert only().state == "new"


def test_an_alert_becomes_a_visit(world, alert):
    when = timezone.localtime() + dt.timedelta(days=2)
    visit = actions.plan_visit_for_alert(alert=alert, planned_at=when, purpose="Fewer referrals", by=world.sol)
    assert (visit.practice, visit.owner, visit.state, visit.purpose) == (world.south_practice, world.sol, "planned", "Fewer referrals")
    assert [attendee.provider for attendee in visit.attendees.all()] == [world.south_provider]
    assert (only().state, only().visit, only().assigned_to) == ("visit", visit, world.sol)
    actions.assign_alerts(alerts=[only()], to=world.dana, by=world.dana)
    assert (only().state, only().assigned_to) == ("visit", world.dana)  # a plan stays a plan


def test_an_alert_becomes_a_concern(world, alert, category):
    concern = actions.raise_concern_for_alert(
        alert=alert, category=category, text="No appointments before March", provider=world.south_provider, by=world.sol
    )
    assert (concern.practice, concern.provider, only().state, only().concern) == (
        world.south_practice, world.south_provider, "concern", concern,
    )  # fmt: skip
    actions.undo_alert_step(alert=only(), by=world.sol)
    assert (only().state, only().concern, Concern.objects.count()) == ("new", None, 1)  # what they said stays said


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (lambda w, a: actions.snooze_alert(alert=a, until_on=timezone.localdate(), by=w.sol), "later day"),
        (lambda w, a: actions.snooze_alert(alert=a, until_on=timezone.localdate() + dt.timedelta(days=181), by=w.sol), "180 days"),
        (lambda w, a: actions.close_alert(alert=a, reason="", by=w.sol), "why"),
        (lambda w, a: actions.close_alert(alert=a, reason="faded", by=w.sol), "why"),
        (lambda w, a: actions.assign_alerts(alerts=[a], to=w.nora, by=w.sol), "does not see"),
        (lambda w, a: actions.assign_alerts(alerts=[a], to=w.ivan, by=w.sol), "does not work in the field"),
        (lambda w, a: actions.mark_alerts_seen(alerts=[a], by=w.nora), "your own territories"),
        (lambda w, a: actions.mark_alerts_seen(alerts=[a], by=w.ivan), "your own territories"),
    ],
)
def test_what_may_not_be_is_refused_with_a_sentence(world, alert, act, sentence):
    with pytest.raises(PolicyViolation, match=sentence):
        act(world, alert)
    assert only().state == "new"
    assert AlertChange.objects.count() == 1


def test_a_closed_alert_takes_no_other_step(world, alert):
    actions.close_alert(alert=alert, reason="explained", by=world.sol)
    with pytest.raises(PolicyViolation, match="Reopen it first"):
        actions.snooze_alert(alert=only(), until_on=LATER, by=world.sol)
    Alert.objects.create(
        provider=alert.provider, direction="down", first_run=alert.first_run, last_run=alert.last_run, expected=9, observed=1,
        difference=-8, low=0, q=0.01, before=36, sentence="Later",
    )  # fmt: skip
    with pytest.raises(PolicyViolation, match="later alert"):
        actions.reopen_alert(alert=alert, by=world.sol)


# Over HTTP


def post(client, name, alert, *more, **data):
    return client.post(reverse(f"reports:{name}", args=[alert.pk, *more]), data)


def test_by_clicks(as_, world, alert, category):
    client = as_("sol")
    fragment = client.post(reverse("reports:alert-seen", args=[alert.pk]), headers={"HX-Request": "true"}).content.decode()
    assert "Undo “seen”" in fragment
    assert only().state == "seen"
    assert "Undo “seen”" not in client.post(reverse("reports:alert-undo", args=[alert.pk]), headers={"HX-Request": "true"}).content.decode()
    answer = post(client, "alert-step", alert, "snooze", until_on=f"{LATER:%Y-%m-%d}", next="/reports/alerts/?mine=on")
    assert answer["Location"] == f"/reports/alerts/?mine=on&done={alert.pk}"
    assert "Snoozed until" in client.get(answer["Location"]).content.decode()
    assert post(client, "alert-undo", alert).status_code == 302
    assert only().state == "new"
    day = timezone.localdate() + dt.timedelta(days=3)
    post(client, "alert-step", alert, "visit", day=f"{day:%Y-%m-%d}", time="10:30", purpose="Fewer")
    assert timezone.localtime(only().visit.planned_at).strftime("%Y-%m-%d %H:%M") == f"{day:%Y-%m-%d} 10:30"
    post(client, "alert-step", alert, "concern", text="They wait too long", category=category.pk, severity="normal", provider="")
    assert only().concern.text == "They wait too long"
    post(client, "alert-step", alert, "close", reason="explained", note="")
    assert only().state == "closed"
    post(client, "alert-reopen", alert)
    assert only().state == "seen"
    page = client.get(only().get_absolute_url()).content.decode()
    for words in ("Reopened", "Closed", "Concern raised", "Visit planned", "From this alert", "Found by the nightly run"):
        assert words in page


def test_a_concern_that_looks_like_a_patient_is_asked_about(as_, alert, category):
    text = "MRN 12345678 was sent back"
    answer = post(as_("sol"), "alert-step", alert, "concern", text=text, category=category.pk, severity="normal", provider="")
    assert answer.status_code == 422
    assert "This tells nothing of a patient" in answer.content.decode()
    assert not Concern.objects.exists()


@pytest.mark.parametrize("what", ["snooze", "assign", "close", "visit", "concern"])
def test_forms_say_what_is_missing(as_, alert, what):
    answer = post(as_("sol"), "alert-step", alert, what)
    assert answer.status_code == 422
    assert "There is a problem" in answer.content.decode() or "error-summary" in answer.content.decode()
    assert only().state == "new"


@pytest.mark.parametrize(
    ("body", "status", "state"),
    [
        ({"state": "seen"}, 200, "seen"),
        ({"state": "snoozed", "snoozed_until_on": f"{LATER:%Y-%m-%d}"}, 200, "snoozed"),
        ({"state": "snoozed"}, 400, "new"),
        ({"state": "assigned", "assigned_to": "sol"}, 200, "assigned"),
        ({"state": "assigned", "assigned_to": "nora"}, 400, "new"),
        ({"state": "closed", "closed_reason": "explained"}, 200, "closed"),
        ({"state": "closed"}, 400, "new"),
        ({"state": "closed", "closed_reason": "faded"}, 400, "new"),
        ({"state": "open"}, 200, "new"),
        ({"state": "undone"}, 200, "new"),
        ({"state": "visit"}, 400, "new"),
    ],
)
def test_by_api(as_, world, alert, body, status, state):
    if "assigned_to" in body:
        body = body | {"assigned_to": world.cast[body["assigned_to"]].pk}
    answer = as_("sol").patch(f"/api/v1/alerts/{alert.pk}/", body, content_type="application/json")
    assert (answer.status_code, only().state) == (status, state)
    if status == 200:
        assert answer.json()["state"] == state


def test_a_visit_by_api(as_, world, alert):
    when = (timezone.localtime() + dt.timedelta(days=2)).isoformat()
    answer = as_("sol").post(f"/api/v1/alerts/{alert.pk}/visit/", {"planned_at": when}, content_type="application/json")
    assert (answer.status_code, answer.json()["visit"]) == (201, Visit.objects.get().pk)


@pytest.mark.parametrize(("who", "status"), [("nora", 404), ("ivan", 403), ("elle", 403), ("dana", 200), (None, 401)])
def test_who_changes_by_api(as_, alert, who, status):
    assert as_(who).patch(f"/api/v1/alerts/{alert.pk}/", {"state": "seen"}, content_type="application/json").status_code == status


@pytest.mark.parametrize(("who", "status"), [("nora", 404), ("over", 404), ("past", 404), ("ivan", 403), ("elle", 403), ("ada", 302)])
def test_who_changes_by_page(as_, alert, who, status):
    assert post(as_(who), "alert-seen", alert).status_code == status
    assert (only().state == "seen") == (who == "ada")


def test_do_not_visit_is_said_before_planning(as_, world, alert):
    world.south_practice.do_not_visit = True
    world.south_practice.save()
    assert "Do not visit." in as_("sol").get(reverse("reports:alert-step", args=[alert.pk, "visit"])).content.decode()


def test_somebody_without_a_practice(as_, world, alert):
    Alert.objects.update(practice=None)
    answer = post(as_("ada"), "alert-step", alert, "visit", day="2030-01-01", time="10:00")
    assert answer["Location"] == world.south_provider.get_absolute_url()
    with pytest.raises(PolicyViolation, match="Say where they work"):
        actions.plan_visit_for_alert(alert=only(), planned_at=timezone.localtime() + dt.timedelta(days=1), by=world.ada)


def test_a_run_is_asked_for_by_an_admin_only(as_, alert, run_jobs):
    address = reverse("reports:alerts-look")
    assert as_("dana").post(address).status_code == 403
    assert as_("ada").post(address).status_code == 302
    assert AuditEvent.objects.filter(event="alerts.asked").exists()
    run_jobs()
    assert Alert.objects.count() == 1
