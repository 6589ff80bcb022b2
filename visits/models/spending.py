"""Which entry of the spend ledger belongs to which visit. The amount stays in the ledger: timelines show a lunch, never what it cost."""

from django.db import models

from compliance.models import SpendEntry
from visits.models.visits import Visit


class VisitSpend(models.Model):
    """An entry of the ledger that a visit brought along."""

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="spend_links")
    entry = models.OneToOneField(SpendEntry, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.visit}: {self.entry}"
