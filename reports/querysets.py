"""What reports keep, cut to what a person may see."""

import datetime as dt
from typing import TYPE_CHECKING, Any, Self

from django.apps import apps
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Abs
from django.utils import timezone

from accounts.permissions import Permission
from contacts.models import Provider
from territories.scope import Scope, scope_of

if TYPE_CHECKING:
    from reports.models import (  # noqa: F401 - the parameters of the querysets
        Agreement,
        Alert,
        AlertRun,
        Goal,
        GoalBatch,
        OneToOne,
        ReportFile,
        ReportRun,
        ReportSchedule,
        ScheduleDelivery,
        Untested,
    )


class ReportRunQuerySet(models.QuerySet["ReportRun"]):
    def visible_to(self, user: Any) -> Self:
        """Runs over territories in scope, and the person's own; the whole's only for those who see the whole.

        A run keeps the field it spoke of: once somebody's assignments or the tree changed, what lies outside today's scope is not shown.
        An overlay sees one line of a territory, so it sees no run over all lines.
        """
        scope = scope_of(user)
        if scope.whole:
            return self
        if scope.is_empty:
            return self.none()
        own, overlays = sorted(scope.territory_ids), sorted(map(list, scope.overlays))
        of_territory = Q(liaison=None, territory__in=own, field__territories__contained_by=own)
        return self.filter(of_territory | Q(liaison=user, field__territories=own, field__overlays=overlays))

    def finished(self) -> Self:
        return self.filter(computed_at__isnull=False)

    def under_way(self) -> Self:
        return self.filter(computed_at=None, job__state__in=["queued", "running"])

    def in_state(self, state: str) -> Self:
        """Those in a state of RunState: the job says it until the result is there."""
        if state == "finished":
            return self.finished()
        waiting = self.filter(computed_at=None)
        if state == "failed":
            return waiting.exclude(job__state__in=["queued", "running"])
        return waiting.filter(job__state=state)

    def for_list(self) -> Self:
        """With what a list names, without the numbers."""
        return self.select_related("territory", "liaison", "job").prefetch_related("asked_by").defer("result")

    def for_one(self) -> Self:
        """With all that its page names, the numbers too."""
        return self.select_related("territory", "liaison", "job").prefetch_related("asked_by")


class AlertRunQuerySet(models.QuerySet["AlertRun"]):
    def visible_to(self, user: Any) -> Self:
        """When it ran and how many it tested is the same for everybody with any part of the field."""
        return self.none() if scope_of(user).is_empty else self

    def newest(self) -> "AlertRun | None":
        return self.order_by("-data_version", "-pk").first()


def parts_within(scope: Scope) -> Q:
    """Parts of alerts that a scope shows: of whole territories, and of one line of the overlays' territories."""
    condition = Q(practice__territory__in=scope.territory_ids)
    for territory, line in sorted(scope.overlays):
        condition |= Q(practice__territory=territory, service_line=line)
    return condition


class AlertQuerySet(models.QuerySet["Alert"]):
    def visible_to(self, user: Any) -> Self:
        """Alerts of providers whom the person sees and who refer from the person's own territories, or for the line of their overlay there
        (ADR 10). Executives see numbers of alerts only.
        """
        if not user.can(Permission.PROVIDER_VIEW):
            return self.none()
        scope = scope_of(user)
        if scope.whole:
            return self.filter(provider__merged_into=None)
        part = apps.get_model("reports", "AlertPart").objects
        refers = part.filter(parts_within(scope), alert=OuterRef("pk"))
        return self.filter(Exists(refers), provider__in=Provider.objects.visible_to(user))

    def listed(self) -> Self:
        """Of providers who stand on such lists: an admin's word holds from the moment it is given."""
        return self.filter(provider__in=Provider.objects.on_lists())

    def open(self) -> Self:
        """Waiting for somebody: not closed, not snoozed until a later day."""
        later = Q(state="snoozed", snoozed_until_on__gt=timezone.localdate())
        return self.exclude(state="closed").exclude(later)

    def to_look_at(self) -> Self:
        """Open, nobody has taken it on, and still found: what the dashboard counts."""
        return self.open().filter(is_current=True, state__in=["new", "seen", "snoozed"])

    def by_size(self) -> Self:
        """Falls first, the largest difference in referrals first, never the largest percentage."""
        return self.order_by("direction", Abs(F("difference")).desc(), "pk")

    def for_list(self) -> Self:
        """With everything that a row shows."""
        return self.select_related("provider__specialty", "practice__territory", "came_from", "last_run", "assigned_to", "visit", "concern")


class UntestedQuerySet(models.QuerySet["Untested"]):
    def visible_to(self, user: Any) -> Self:
        """Of providers whom the person sees."""
        return self.filter(provider__in=Provider.objects.visible_to(user)) if user.can(Permission.PROVIDER_VIEW) else self.none()


class GoalQuerySet(models.QuerySet["Goal"]):
    def visible_to(self, user: Any) -> Self:
        """One's own; those of territories in scope, and of people who look after nothing else; all for those who see the whole."""
        scope = scope_of(user)
        if scope.whole:
            return self
        if scope.is_empty:
            return self.none()
        held = apps.get_model("territories", "Assignment").objects.today().filter(service_line=None)
        inside = held.filter(territory__in=scope.territory_ids).values("user")
        outside = held.exclude(territory__in=scope.territory_ids).values("user")
        below = Q(liaison__in=inside) & ~Q(liaison__in=outside) if not user.is_liaison else Q(pk=None)
        return self.filter(Q(liaison=user) | Q(territory__in=scope.territory_ids) | below)

    def for_list(self) -> Self:
        """With whom and what they are for."""
        return self.select_related("liaison", "territory", "service_line")


class GoalBatchQuerySet(models.QuerySet["GoalBatch"]):
    def visible_to(self, user: Any) -> Self:
        """One's own: who set them takes them back."""
        return self.filter(made_by=user) if user.is_authenticated and user.can(Permission.GOAL_EDIT) else self.none()


class MoneyQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """Margins, costs and weights for those who keep them and those who see what they are used for; they name no practice."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self if user.can(Permission.ROI_VIEW) or user.can(Permission.SETTINGS_EDIT) else self.none()

    def within(self, start: dt.date, end: dt.date) -> Self:
        """Rows that hold on a day from `start` until before `end`."""
        return self.filter(Q(ended_on=None) | Q(ended_on__gt=start), started_on__lt=end)


class ReportFileQuerySet(models.QuerySet["ReportFile"]):
    def visible_to(self, user: Any) -> Self:
        """A person's own files, of runs that are still theirs to see."""
        runs = apps.get_model("reports", "ReportRun").objects
        return self.filter(reader=user, run__in=runs.visible_to(user))


class ScheduleQuerySet(models.QuerySet["ReportSchedule"]):
    def visible_to(self, user: Any) -> Self:
        """One's own, and those that come to oneself; admins see all, so that a leaver's can be ended."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.is_admin:
            return self
        through = self.model.recipients.through.objects.filter(reportschedule=OuterRef("pk"), user=user)
        return self.filter(Q(made_by=user) | Q(Exists(through)))

    def standing(self) -> Self:
        return self.filter(ended_at=None)

    def running(self) -> Self:
        """Neither ended nor paused."""
        return self.filter(ended_at=None, paused_at=None)


class ScheduleDeliveryQuerySet(models.QuerySet["ScheduleDelivery"]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(person=user) if user.is_authenticated and user.is_active else self.none()

    def to_tell(self) -> Self:
        """Whose run is finished and who were not told yet."""
        return self.filter(told_at=None, skipped="", run__computed_at__isnull=False)


def led_by(user: Any) -> Any:
    """The people whom a person leads: liaisons who look after territories of their field and of no other; for admins, all who do."""
    held = apps.get_model("territories", "Assignment").objects.today().filter(service_line=None)
    people = apps.get_model("accounts", "User").objects.active().filter(role="liaison")
    if not user.is_active or user.role not in {"manager", "admin"}:
        return people.none()
    scope = scope_of(user)
    if scope.whole:
        return people.filter(pk__in=held.values("user"))
    inside = held.filter(territory__in=scope.territory_ids).values("user")
    return people.filter(pk__in=inside).exclude(pk__in=held.exclude(territory__in=scope.territory_ids).values("user"))


class OneToOneQuerySet(models.QuerySet["OneToOne"]):
    def visible_to(self, user: Any) -> Self:
        """Of the two who sat together; of others, admins only."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self if user.is_admin else self.filter(Q(liaison=user) | Q(led_by=user))


class AgreementQuerySet(models.QuerySet["Agreement"]):
    def visible_to(self, user: Any) -> Self:
        """Those of talks that the person sees."""
        return self.filter(meeting__in=apps.get_model("reports", "OneToOne").objects.visible_to(user))

    def open(self) -> Self:
        return self.filter(done_at=None)
