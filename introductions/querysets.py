"""New physicians, cut to what a person may see."""

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Count, Q

from accounts.permissions import Permission
from contacts.models import Practice
from territories.scope import scope_of

if TYPE_CHECKING:
    from introductions.models import NewPhysician, Target  # noqa: F401 - parameters of the querysets


class NewPhysicianQuerySet(models.QuerySet["NewPhysician"]):
    def visible_to(self, user: Any) -> Self:
        """Our own physicians are news for the whole field: whoever sees providers and any part of the field."""
        if not user.is_authenticated or not user.can(Permission.PROVIDER_VIEW) or scope_of(user).is_empty:
            return self.none()
        return self

    def running(self) -> Self:
        """Still being introduced."""
        return self.filter(ended_at=None)

    def for_list(self) -> Self:
        """With everything that a row shows; tasks of all targets, done and in all."""
        return (
            self.select_related("provider__specialty", "organization", "service_line", "led_by")
            .annotate(
                target_count=Count("targets", distinct=True),
                step_count=Count("targets__steps", distinct=True),
                done_count=Count("targets__steps", filter=Q(targets__steps__follow_up__done_at__isnull=False), distinct=True),
            )
            .order_by("-start_on", "pk")
        )


class TargetQuerySet(models.QuerySet["Target"]):
    def visible_to(self, user: Any) -> Self:
        """Those of practices that the person sees."""
        return self.filter(practice__in=Practice.objects.visible_to(user)) if user.can(Permission.PROVIDER_VIEW) else self.none()

    def for_list(self) -> Self:
        return self.select_related("practice", "owner").prefetch_related("steps__follow_up")
