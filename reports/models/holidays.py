"""Days on which referring offices are closed, beyond the federal holidays that the code knows."""

from django.db import models


class ClosingDay(models.Model):
    """A day that is no business day here, or, with `is_open`, a federal holiday on which offices do work."""

    falls_on = models.DateField("day", unique=True)
    name = models.CharField(max_length=80, blank=True)
    is_open = models.BooleanField("open in spite of the federal holiday", default=False)

    class Meta:
        ordering = ("falls_on",)

    def __str__(self) -> str:
        return f"{self.falls_on:%d %b %Y}: {self.name or ('open' if self.is_open else 'closed')}"
