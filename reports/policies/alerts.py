"""Who may do what with an alert, and in which state. `check_*` raises the sentence, `can_*` answers yes or no."""

import datetime as dt

from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from reports.models import Alert, AlertState

LONGEST_SNOOZE = 180  # days


def can_work_on_alerts(user: User) -> bool:
    """Those who work in the field, on the alerts that they see; analysts read them."""
    return user.can(Permission.PROVIDER_VIEW) and user.can(Permission.VISIT_LOG)


def check_can_work_on(by: User, alert: Alert) -> None:
    if not can_work_on_alerts(by) or not Alert.objects.visible_to(by).filter(pk=alert.pk).exists():
        raise PolicyViolation("You can work on alerts of your own territories only.")


def check_is_open(alert: Alert) -> None:
    if alert.state == AlertState.CLOSED:
        raise PolicyViolation("This alert is closed. Reopen it first.")


def check_snooze(until_on: dt.date) -> None:
    days = (until_on - timezone.localdate()).days
    if days < 1:
        raise PolicyViolation("Choose a later day than today.")
    if days > LONGEST_SNOOZE:
        raise PolicyViolation(f"An alert sleeps {LONGEST_SNOOZE} days at most. Close it, if nothing is to be done.")


def check_assignee(to: User) -> None:
    if not to.is_active or not can_work_on_alerts(to):
        raise PolicyViolation(f"{to} does not work in the field. Choose somebody who does.")
