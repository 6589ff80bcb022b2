"""What people make of alerts. Each step keeps what was before it, so that the last one can be taken back."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

import concerns.actions
import visits.actions
from accounts.models import User
from audit.actions import record
from common.exceptions import PolicyViolation
from concerns.models import Category, Concern, Severity
from contacts.models import Provider
from notices.actions import notify
from notices.models import NoticeKind
from reports.models import Alert, AlertChange, AlertState, CloseReason
from reports.policies import alerts as policies
from visits.models import Visit, VisitState

_KEPT = ("state", "snoozed_until_on", "assigned_to_id", "visit_id", "concern_id", "closed_reason", "closed_note")
_DATES = ("snoozed_until_on",)
_STAYS = (AlertState.VISIT, AlertState.CONCERN)  # a plan or a concern says more than whose it is


@transaction.atomic
def mark_alerts_seen(*, alerts: Iterable[Alert], by: User) -> int:
    """New ones have been seen; the others stay as they are. Returns how many changed."""
    changed = 0
    for alert in _each_locked(alerts, by=by):
        if alert.state == AlertState.NEW:
            _step(alert, "seen", by=by, state=AlertState.SEEN)
            changed += 1
    return changed


@transaction.atomic
def snooze_alert(*, alert: Alert, until_on: dt.date, by: User) -> Alert:
    """Out of the list until that day."""
    alert = _locked(alert, by=by)
    policies.check_is_open(alert)
    policies.check_snooze(until_on)
    return _step(alert, "snoozed", by=by, words=f"Until {until_on:%d %b %Y}", state=AlertState.SNOOZED, snoozed_until_on=until_on)


@transaction.atomic
def assign_alerts(*, alerts: Iterable[Alert], to: User, by: User) -> int:
    """Somebody looks into these. Returns how many changed."""
    policies.check_assignee(to)
    changed: list[Alert] = []
    for alert in _each_locked(alerts, by=by):
        policies.check_is_open(alert)
        if not Alert.objects.visible_to(to).filter(pk=alert.pk).exists():
            raise PolicyViolation(f"{to} does not see {alert.provider}. Choose somebody who looks after the practice.")
        if alert.assigned_to_id == to.pk and alert.state in {AlertState.ASSIGNED, *_STAYS}:
            continue
        state = alert.state if alert.state in _STAYS else AlertState.ASSIGNED
        _step(alert, "assigned", by=by, words=f"To {to}", state=state, assigned_to_id=to.pk, snoozed_until_on=None)
        changed.append(alert)
    _tell_assignee(changed, to=to, by=by)
    return len(changed)


def _tell_assignee(alerts: list[Alert], *, to: User, by: User) -> None:
    """One notice, however many alerts were handed over at once."""
    if not alerts:
        return
    one = alerts[0]
    if len(alerts) == 1:
        text, url, key = f"An alert is yours to look into: {one.provider}", one.get_absolute_url(), f"alert {one.pk} assigned"
    else:
        text, url, key = f"{len(alerts)} alerts are yours to look into", reverse("reports:alerts"), ""
    notify(to=to, kind=NoticeKind.ALERT, text=text, url=url, by=by, key=key)


@transaction.atomic
def plan_visit_for_alert(*, alert: Alert, planned_at: dt.datetime, by: User, owner: User | None = None, purpose: str = "") -> Visit:
    """The alert becomes a visit to the practice, with its provider."""
    alert = _locked(alert, by=by)
    policies.check_is_open(alert)
    if alert.practice is None:
        raise PolicyViolation("No practice of this provider is known. Say where they work first.")
    visit = visits.actions.plan_visit(
        by=by, practice=alert.practice, planned_at=planned_at, owner=owner, purpose=purpose, providers=[alert.provider]
    )
    when = f"{timezone.localtime(planned_at):%d %b %Y}"
    fields = {"state": AlertState.VISIT, "visit_id": visit.pk, "assigned_to_id": visit.owner_id, "snoozed_until_on": None}
    _step(alert, "visit", by=by, words=f"{visit.owner}, {when}", **fields)
    return visit


@transaction.atomic
def raise_concern_for_alert(
    *, alert: Alert, category: Category, text: str, by: User, severity: str = Severity.NORMAL, provider: Provider | None = None,
    is_none: bool = False,
) -> Concern:  # fmt: skip
    """The alert becomes a concern of the practice: what they said, for the department that answers."""
    alert = _locked(alert, by=by)
    policies.check_is_open(alert)
    if alert.practice is None:
        raise PolicyViolation("No practice of this provider is known. Say where they work first.")
    concern = concerns.actions.open_concern(
        practice=alert.practice, category=category, text=text, severity=severity, provider=provider, is_none=is_none, by=by
    )
    words = f"{concern.category}, due {concern.due_on:%d %b %Y}"
    _step(alert, "concern", by=by, words=words, state=AlertState.CONCERN, concern_id=concern.pk, snoozed_until_on=None)
    return concern


@transaction.atomic
def close_alert(*, alert: Alert, reason: str, note: str = "", by: User) -> Alert:
    """Nothing more is to be done. The same decline is not told again as long as it lasts."""
    alert = _locked(alert, by=by)
    policies.check_is_open(alert)
    if reason not in CloseReason.values or reason == CloseReason.FADED:
        raise PolicyViolation("Choose why the alert is closed.")
    fields = {"state": AlertState.CLOSED, "closed_reason": reason, "closed_note": note.strip(), "snoozed_until_on": None}
    return _step(alert, "closed", by=by, words=str(CloseReason(reason).label), **fields)


@transaction.atomic
def reopen_alert(*, alert: Alert, by: User) -> Alert:
    """A closed or snoozed alert waits again."""
    alert = _locked(alert, by=by)
    if alert.is_open:
        return alert
    if Alert.objects.exclude(state=AlertState.CLOSED).filter(provider=alert.provider_id, direction=alert.direction).exclude(pk=alert.pk):
        raise PolicyViolation("A later alert of this provider is open already.")
    return _step(alert, "reopened", by=by, state=AlertState.SEEN, closed_reason="", closed_note="", snoozed_until_on=None)


@transaction.atomic
def undo_alert_step(*, alert: Alert, by: User) -> AlertChange | None:
    """Take back the last step that a person made; a visit that it planned is canceled, a concern stays.

    None when there is nothing to take back.
    """
    alert = _locked(alert, by=by)
    change = undoable(alert)
    if change is None:
        return None
    planned = alert.visit if change.what == "visit" else None
    for name in _KEPT:
        value = change.was.get(name)
        setattr(alert, name, dt.date.fromisoformat(value) if value and name in _DATES else value)
    alert.state_at = timezone.now()
    alert.save(update_fields=[*(name.removesuffix("_id") for name in _KEPT), "state_at"])
    change.undone_at = alert.state_at
    change.save(update_fields=["undone_at"])
    if planned is not None and planned.state == VisitState.PLANNED:
        visits.actions.cancel_plan(by=by, visit=planned)
    record("alert.undone", by=by, target=alert, what=change.what, state=alert.state)
    return change


def undoable(alert: Alert) -> AlertChange | None:
    """The last step, if a person made it and it stands."""
    last = alert.changes.filter(undone_at=None).first()
    return last if last is not None and last.changed_by_id and last.was else None


def _each_locked(alerts: Iterable[Alert], *, by: User) -> list[Alert]:
    """In one order, so that two who work on the same never wait for each other."""
    return [_locked(alert, by=by) for alert in sorted(alerts, key=lambda alert: alert.pk)]


def _locked(alert: Alert, *, by: User) -> Alert:
    policies.check_can_work_on(by, alert)
    found: Alert = Alert.objects.select_for_update(of=("self",)).select_related("provider", "practice", "visit").get(pk=alert.pk)
    return found


def _step(alert: Alert, what: str, *, by: User, words: str = "", **fields: Any) -> Alert:
    was = {name: str(value) if name in _DATES and (value := getattr(alert, name)) else getattr(alert, name) for name in _KEPT}
    for name, value in fields.items():
        setattr(alert, name, value)
    alert.state_at = timezone.now()
    alert.save(update_fields=[*(name.removesuffix("_id") for name in fields), "state_at"])
    AlertChange.objects.create(alert=alert, what=what, was=was, words=words[:300], changed_by=by, changed_at=alert.state_at)
    record(f"alert.{what}", by=by, target=alert, **{name: value for name, value in fields.items() if name != "closed_note"})
    return alert
