"""What a manager and a liaison agreed when they sat together."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from reports.querysets import AgreementQuerySet, OneToOneQuerySet


class OneToOne(models.Model):
    """A talk of a liaison with whoever leads them: its day, its notes, what was agreed. Both see it, and nobody else but admins."""

    liaison = models.ForeignKey(User, on_delete=models.PROTECT, related_name="one_to_ones")
    led_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="one_to_ones_led")
    held_on = models.DateField()
    notes = models.CharField(max_length=4000, blank=True)
    made_at = models.DateTimeField(default=timezone.now)

    objects = OneToOneQuerySet.as_manager()

    class Meta:
        ordering = ("-held_on", "-pk")
        verbose_name, verbose_name_plural = "one-to-one", "one-to-ones"
        constraints = (
            models.UniqueConstraint(fields=["liaison", "led_by", "held_on"], name="one_to_one_once_a_day"),
            models.CheckConstraint(condition=~Q(liaison=F("led_by")), name="one_to_one_of_two"),
        )

    def __str__(self) -> str:
        return f"One-to-one of {self.liaison} and {self.led_by}, {self.held_on:%d %b %Y}"

    def get_absolute_url(self) -> str:
        return reverse("reports:agenda", args=[self.liaison_id])


class Agreement(models.Model):
    """One thing agreed: who does what until when. It stands on the agenda until it is done."""

    meeting = models.ForeignKey(OneToOne, on_delete=models.CASCADE, related_name="agreements")
    text = models.CharField(max_length=300)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="agreements")
    due_on = models.DateField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = AgreementQuerySet.as_manager()

    class Meta:
        ordering = ("due_on", "pk")

    def __str__(self) -> str:
        return self.text

    @property
    def is_late(self) -> bool:
        return self.done_at is None and self.due_on is not None and self.due_on < timezone.localdate()
