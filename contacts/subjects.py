"""What of contacts can be commented on."""

from typing import Any

from django.db.models import QuerySet

from accounts.models import User
from accounts.permissions import Permission
from comments.subjects import comment_on
from contacts.models import Practice


@comment_on("practice", "Practice", Permission.PROVIDER_VIEW)
def practices(user: User) -> QuerySet[Any]:
    return Practice.objects.visible_to(user)
