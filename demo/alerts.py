"""What the demo people made of their alerts: the largest fall is assigned, the next became a visit, another was seen; the others wait."""

import datetime as dt

from django.utils import timezone

from accounts.models import User
from reports import actions
from reports.models import Alert, AlertState


def ensure_work(people: dict[str, User]) -> None:
    """Once, and only where nobody has worked on an alert yet."""
    manager = people["Dana Reyes"]
    falls = list(Alert.objects.visible_to(manager).filter(direction="down").by_size()[:3])
    if len(falls) < 3 or Alert.objects.exclude(state=AlertState.NEW).exists():
        return
    assigned, visited, seen = falls
    liaisons = [person for person in people.values() if person.is_liaison]
    owner = next((one for one in liaisons if Alert.objects.visible_to(one).filter(pk=assigned.pk).exists()), manager)
    actions.assign_alerts(alerts=[assigned], to=owner, by=manager)
    morning = timezone.localtime().replace(hour=10, minute=0, second=0, microsecond=0) + dt.timedelta(days=1)
    actions.plan_visit_for_alert(alert=visited, planned_at=morning, purpose="Fewer referrals than usual", by=manager)
    actions.mark_alerts_seen(alerts=[seen], by=manager)
