"""How the field passes from hand to hand: hand-overs with their day, what leavers leave, and proposed splits."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from jobs.models import Job
from planning.querysets import FieldChangeQuerySet, HandOverQuerySet, ReassignmentQuerySet, SplitQuerySet
from territories.models import Territory


class FieldChange(models.Model):
    """Places that changed hands together, on the map, by a split or a hand-over; it can be taken back as a whole.

    `rules`: {rule as text: [territory before, territory after]}; `pins`: {practice id: [its pin's territory before, after]}; None: none.
    """

    rules = models.JSONField(default=dict)
    pins = models.JSONField(default=dict)
    note = models.CharField(max_length=300, blank=True)
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", help_text="places the practices")
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    undone_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)

    objects = FieldChangeQuerySet.as_manager()

    class Meta:
        ordering = ("-made_at", "-pk")

    def __str__(self) -> str:
        parts = [(len(self.rules), "place", "places"), (len(self.pins), "practice", "practices")]
        return " and ".join(f"{count:,} {one if count == 1 else many}" for count, one, many in parts if count) + " changed hands"


class Work(models.TextChoices):
    """What somebody has in hand beside territories."""

    FOLLOW_UPS = "follow_ups", "Open follow-ups"
    VISITS = "visits", "Planned visits"
    CONCERNS = "concerns", "Open concerns"
    TARGETS = "targets", "Target lists"


class HandOverState(models.TextChoices):
    PROPOSED = "proposed", "Waits for approval"
    APPROVED = "approved", "Approved"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"
    DONE = "done", "Done"
    UNDONE = "undone", "Undone"


class HandOver(models.Model):
    """A territory, or some of its ZIP codes and practices, passes from one person to another on a day, once somebody else approved it.

    Without ZIP codes and practices the whole territory changes hands: the giver's assignment ends, the taker's begins. Else those parts
    go to `to_territory`, which the taker looks after. `takes` says which work goes along (`Work`). `moved` keeps what went, so that it
    can be given back; credit of the past is no part of it.
    """

    territory = models.ForeignKey(Territory, on_delete=models.PROTECT, related_name="handovers")
    giver = models.ForeignKey(User, on_delete=models.PROTECT, related_name="handovers_given")
    taker = models.ForeignKey(User, on_delete=models.PROTECT, related_name="handovers_taken")
    to_territory = models.ForeignKey(Territory, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    zips = models.JSONField(default=list, blank=True, help_text="ZIP codes that go, where not the whole does")
    practices = models.JSONField(default=list, blank=True, help_text="ids of the practices that go, likewise")
    effective_on = models.DateField(help_text="the first day on which it is the taker's")
    takes = models.JSONField(default=list, blank=True, help_text="work that goes along")
    note = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=HandOverState, default=HandOverState.PROPOSED)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_why = models.CharField(max_length=300, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True, help_text="why it could not take effect on its day")
    moved = models.JSONField(default=dict, blank=True, editable=False)
    undone_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)

    objects = HandOverQuerySet.as_manager()

    class Meta:
        ordering = ("-effective_on", "-pk")
        constraints = (
            models.CheckConstraint(condition=~Q(giver=F("taker")), name="handover_between_two"),
            models.CheckConstraint(condition=Q(zips=[], practices=[]) | Q(to_territory__isnull=False), name="handover_parts_go_somewhere"),
        )

    def __str__(self) -> str:
        what = f"parts of {self.territory}" if self.is_partial else str(self.territory)
        return f"{what} from {self.giver} to {self.taker}"

    def get_absolute_url(self) -> str:
        return reverse("planning:handover", args=[self.pk])

    @property
    def is_partial(self) -> bool:
        return bool(self.zips or self.practices)


class Reassignment(models.Model):
    """The work of somebody who leaves, given to others in one go. `moved` keeps what went where, so that it can be given back."""

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="reassignments")
    moved = models.JSONField(default=dict, editable=False)
    note = models.CharField(max_length=300, blank=True)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    undone_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)

    objects = ReassignmentQuerySet.as_manager()

    class Meta:
        ordering = ("-made_at", "-pk")

    def __str__(self) -> str:
        return f"Work of {self.person} given to others"


class Split(models.Model):
    """Areas to be divided among territories so that work is even and drives are short; `found` is a worker's proposal.

    `counties` and `zips` are what is divided; `unit` is the smallest part (county or zip); `territories` are the ids of those that get a
    part, and `new_names` of those to be made for it. `measure` is what is to be even.
    """

    counties = models.JSONField(default=list)
    zips = models.JSONField(default=list)
    unit = models.CharField(max_length=6, choices=[("zip", "ZIP codes"), ("county", "Whole counties")], default="zip")
    territories = models.JSONField(default=list)
    new_names = models.JSONField(default=list, blank=True)
    measure = models.CharField(
        max_length=10,
        choices=[("hours", "Promised visit hours"), ("practices", "Practices"), ("inbound", "Inbound referrals")],
        default="hours",
    )
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    found = models.JSONField(null=True, blank=True, editable=False)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    accepted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    accepted_at = models.DateTimeField(null=True, blank=True)
    change = models.ForeignKey(FieldChange, on_delete=models.SET_NULL, null=True, blank=True, related_name="splits")

    objects = SplitQuerySet.as_manager()

    class Meta:
        ordering = ("-asked_at", "-pk")

    def __str__(self) -> str:
        return f"{len(self.territories) + len(self.new_names)} territories proposed on {self.asked_at:%Y-%m-%d}"

    def get_absolute_url(self) -> str:
        return reverse("planning:split", args=[self.pk])


class OutlineFile(models.Model):
    """A file of real outlines of ZIP codes. `bad` features could not be read, with the first `reasons`; `outside` lie beyond the map."""

    name = models.CharField(max_length=200)
    zips = models.PositiveIntegerField("ZIP codes", default=0)
    points = models.PositiveIntegerField(default=0)
    outside = models.PositiveIntegerField(default=0)
    bad = models.PositiveIntegerField(default=0)
    reasons = models.JSONField(default=list)
    loaded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    loaded_at = models.DateTimeField(default=timezone.now)
    undone_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-loaded_at", "-pk")

    def __str__(self) -> str:
        return self.name


class ZipOutline(models.Model):
    """The area of one ZIP code as one file has it, in sixteenths of a step of the map (reports.geography), simplified.

    `rings`: each a place and then the ways from point to point; `box`: left, top, right, bottom; `middle` lies inside the largest part.
    Of several files the one that was loaded last, and not taken back, is drawn.
    """

    file = models.ForeignKey(OutlineFile, on_delete=models.CASCADE, related_name="outlines")
    zip = models.CharField("ZIP code", max_length=5)
    rings = models.JSONField()
    box = models.JSONField()
    middle = models.JSONField()

    class Meta:
        ordering = ("zip", "-file")
        constraints = (models.UniqueConstraint(fields=["zip", "file"], name="zip_outline_once_a_file"),)

    def __str__(self) -> str:
        return self.zip
