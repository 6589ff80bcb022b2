"""What the page of visit types shows beside them: words that people wrote instead, and the ways of meeting."""

from dataclasses import dataclass

from django.db.models import Count
from django.db.models.functions import Lower

from visits.models import Mode, Visit, VisitMode

MOST_WORDS, OFTEN = 10, 3  # texts shown; visits that say the same before it is worth a type


@dataclass(frozen=True)
class ModeRow:
    """A way of meeting: what we call it, what the organization does, whether it is offered, visits that have it."""

    mode: str
    ours: str
    name: str
    is_offered: bool
    used: int

    @property
    def is_renamed(self) -> bool:
        return self.name != self.ours


def words_without_type() -> list[tuple[str, int]]:
    """What several visits without a type say as their purpose, the most frequent first: (words, visits)."""
    rows = Visit.objects.filter(visit_type=None, deleted_at=None).exclude(purpose="").order_by()
    often = rows.annotate(said=Lower("purpose")).values("said").annotate(used=Count("pk")).filter(used__gte=OFTEN)
    return [
        (row["said"][:1].upper() + row["said"][1:], row["used"])
        for row in often.order_by("-used", "said")[:MOST_WORDS]
        if len(row["said"]) <= 60
    ]


def mode_rows() -> list[ModeRow]:
    """All of them, in our order."""
    named = {row.mode: row for row in VisitMode.objects.all()}
    used = dict(Visit.objects.filter(deleted_at=None).order_by().values("mode").annotate(used=Count("pk")).values_list("mode", "used"))
    return [
        ModeRow(
            value,
            str(label),
            named[value].name if value in named else str(label),
            value not in named or named[value].is_offered,
            used.get(value, 0),
        )
        for value, label in Mode.choices
    ]
