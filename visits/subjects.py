"""What of visits can be commented on."""

from typing import Any

from django.db.models import QuerySet

from accounts.models import User
from accounts.permissions import Permission
from comments.subjects import comment_on
from visits.models import Visit


@comment_on("visit", "Visit", Permission.VISIT_VIEW)
def visits(user: User) -> QuerySet[Any]:
    return Visit.objects.visible_to(user)
