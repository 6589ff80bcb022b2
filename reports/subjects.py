"""What of reports can be commented on."""

from typing import Any

from django.db.models import QuerySet

from accounts.models import User
from accounts.permissions import Permission
from comments.subjects import comment_on
from reports.kinds import runs_seen_by
from reports.models import Alert


@comment_on("alert", "Alert", Permission.DASHBOARD_VIEW, Permission.PROVIDER_VIEW)
def alerts(user: User) -> QuerySet[Any]:
    return Alert.objects.visible_to(user)


@comment_on("run", "Report", Permission.DASHBOARD_VIEW)
def runs(user: User) -> QuerySet[Any]:
    return runs_seen_by(user).finished()
