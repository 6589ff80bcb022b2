"""Which entry of the spend ledger belongs to which event. The amount stays in the ledger."""

from django.db import models

from compliance.models import SpendEntry
from events.models.events import Event


class EventSpend(models.Model):
    """An entry of the ledger that an event brought along."""

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="spend_links")
    entry = models.OneToOneField(SpendEntry, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.event}: {self.entry}"
