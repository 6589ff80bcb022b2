"""A day in the field: where it starts and ends, what is on it in which order, and by which rules it is computed."""

import datetime as dt

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User
from contacts.models import Practice
from jobs.models import Job
from visits.models.visits import Visit
from visits.querysets import DayPlanQuerySet

_OF_A_DAY = (MaxValueValidator(24 * 60),)


class FieldRules(models.Model):
    """How drives are estimated, when lunch may be (METHODS section 9), what the log form offers. One row; times are minutes after midnight.

    A person's own hours, pause and minutes of a visit are `WorkingHours`.
    """

    speed_mph = models.PositiveSmallIntegerField(
        "speed on the road, miles per hour", default=30, validators=(MinValueValidator(5), MaxValueValidator(75))
    )
    circuity = models.FloatField(
        "miles of road for a mile as the crow flies", default=1.3, validators=(MinValueValidator(1), MaxValueValidator(3))
    )
    lunch_earliest = models.PositiveSmallIntegerField(default=11 * 60 + 30, validators=_OF_A_DAY)
    lunch_latest = models.PositiveSmallIntegerField(default=13 * 60 + 30, validators=_OF_A_DAY)
    nearby_miles = models.PositiveSmallIntegerField(
        "overdue practices are offered within … miles of the way", default=5, validators=(MinValueValidator(1), MaxValueValidator(100))
    )

    offers_location = models.BooleanField(
        "offer to save where a visit was logged",
        default=True,
        db_default=True,
        help_text="Only at a tap, never by itself; seen by who made the visit and by managers.",
    )

    class Meta:
        verbose_name_plural = "field rules"
        constraints = (
            models.CheckConstraint(condition=Q(pk=1), name="field_rules_once"),
            models.CheckConstraint(
                condition=Q(lunch_latest__gte=F("lunch_earliest")),
                name="field_rules_lunch",
                violation_error_message="The latest start of lunch must not lie before the earliest.",
            ),
        )

    def __str__(self) -> str:
        return "Field rules"

    @classmethod
    def current(cls) -> "FieldRules":
        """The organization's rules, or the defaults of METHODS before anybody changed them."""
        return cls.objects.first() or cls(pk=1)


class PlanState(models.TextChoices):
    WAITING = "waiting", "Being planned"
    READY = "ready", "Planned"
    FAILED = "failed", "Could not be planned"


class DayPlan(models.Model):
    """One person's day: its stops in order with arrivals. Minutes count from midnight of the organization's time zone.

    `drives` keeps the minutes between all places of the day ({"keys": […], "minutes": [[…]], "source": "estimated"}), so that a stop
    can be moved by hand without asking anew. `before` is the route that the present one took the place of, for undo.
    `computed_for` is the hash of what the route was computed from: it differs once something was changed since.
    """

    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="day_plans")
    day_on = models.DateField()
    start_minute = models.PositiveSmallIntegerField(validators=_OF_A_DAY)
    end_minute = models.PositiveSmallIntegerField(validators=_OF_A_DAY)
    lunch_minutes = models.PositiveSmallIntegerField(default=0, help_text="0: no break")
    lunch_earliest = models.PositiveSmallIntegerField(default=0, help_text="the break starts at this minute or later")
    lunch_latest = models.PositiveSmallIntegerField(default=0, help_text="the break starts at this minute or earlier")
    start_label = models.CharField(max_length=80)
    start_latitude = models.FloatField()
    start_longitude = models.FloatField()
    end_label = models.CharField(max_length=80)
    end_latitude = models.FloatField()
    end_longitude = models.FloatField()
    state = models.CharField(max_length=8, choices=PlanState, default=PlanState.WAITING)
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    problem = models.CharField(max_length=300, blank=True, help_text="why it could not be planned")
    computed_for = models.CharField(max_length=64, blank=True)
    computed_at = models.DateTimeField(null=True, blank=True)
    drives = models.JSONField(default=dict)
    leaves_minute = models.PositiveSmallIntegerField(null=True, help_text="when to leave so as not to wait at the first stop")
    back_minute = models.PositiveSmallIntegerField(null=True, help_text="when the end is reached")
    lunch_minute = models.PositiveSmallIntegerField(null=True, help_text="when the break starts")
    before = models.JSONField(null=True)
    misfits = models.JSONField(null=True, help_text="what of an order chosen by hand does not fit (visits.routes.misfits); blank: it fits")
    accepted_at = models.DateTimeField(null=True, blank=True)
    moved = models.JSONField(null=True, help_text="what accepting changed: {visit id: its planned time before, null for one that it made}")
    created_at = models.DateTimeField(default=timezone.now)

    objects = DayPlanQuerySet.as_manager()

    class Meta:
        ordering = ("-day_on", "owner")
        constraints = (
            models.UniqueConstraint(fields=["owner", "day_on"], name="day_plan_once"),
            models.CheckConstraint(condition=Q(end_minute__gt=F("start_minute")), name="day_plan_ends_after_start"),
            models.CheckConstraint(condition=Q(lunch_latest__gte=F("lunch_earliest")), name="day_plan_lunch"),
        )

    def __str__(self) -> str:
        return f"{self.owner}, {self.day_on:%a %d %b %Y}"


class DayStop(models.Model):
    """A practice on a day: with a place in the route (from 1), or without one and the reason.

    `visit` is the planned visit that it stands for; a stop that was only suggested has none until the route is accepted. `value` is what is
    lost when it is left out, by default 1 for each; `must_see` goes before every value. `fixed_minute` is an appointment.
    """

    plan = models.ForeignKey(DayPlan, on_delete=models.CASCADE, related_name="stops")
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="day_stops")
    visit = models.ForeignKey(Visit, on_delete=models.SET_NULL, null=True, related_name="day_stops")
    must_see = models.BooleanField(default=False)
    value = models.FloatField(default=1, validators=(MinValueValidator(0),))
    why = models.CharField(max_length=120, blank=True, help_text="why it was suggested")
    fixed_minute = models.PositiveSmallIntegerField(null=True, blank=True, validators=_OF_A_DAY)
    place = models.PositiveSmallIntegerField(null=True, help_text="from 1; blank when it is not on the route")
    arrive_minute = models.PositiveSmallIntegerField(null=True, help_text="when one is at the door")
    begin_minute = models.PositiveSmallIntegerField(null=True, help_text="when the visit begins: the wait is over")
    visit_minutes = models.PositiveSmallIntegerField(default=25)
    drive_minutes = models.FloatField(null=True, help_text="from the place before")
    dropped_because = models.CharField(max_length=200, blank=True)
    is_optional = models.BooleanField(default=False, help_text="suggested, not planned by anybody")

    class Meta:
        ordering = (F("place").asc(nulls_last=True), "pk")
        constraints = (
            models.UniqueConstraint(fields=["plan", "practice"], name="day_stop_once"),
            models.UniqueConstraint(fields=["plan", "place"], name="day_stop_place_once", deferrable=models.Deferrable.DEFERRED),
        )

    def __str__(self) -> str:
        return f"{self.place or 'Off the route:'} {self.practice}"

    @property
    def wait_minutes(self) -> int:
        """Minutes at the door before the visit can begin."""
        return (self.begin_minute or 0) - (self.arrive_minute or 0)

    @property
    def ends_minute(self) -> int | None:
        """When the visit is over."""
        return None if self.begin_minute is None else self.begin_minute + self.visit_minutes

    @property
    def begins_at(self) -> dt.datetime | None:
        """The instant at which the visit begins, None while the stop has no time."""
        if self.begin_minute is None:
            return None
        return at_minute(self.plan.day_on, self.begin_minute)


def at_minute(day: dt.date, minute: int) -> dt.datetime:
    """The instant at which the clock on the wall shows that many minutes after midnight."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time(minute // 60 % 24, minute % 60)) + dt.timedelta(days=minute // 1440))
