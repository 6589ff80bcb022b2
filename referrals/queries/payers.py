"""Payers with their other names, and which payer an address that was kept for long means."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Sum

from referrals.models import LineMonth, Payer


@dataclass(frozen=True)
class PayerRow:
    """A payer, the names that lead to it, and how many referrals name it."""

    payer: Payer
    names: tuple[Payer, ...]
    referrals: int


def payer_rows() -> list[PayerRow]:
    """All payers by name; three queries, and the names that were merged in chains."""
    referrals = sum((Sum(name, default=0) for name in LineMonth.MEASURES[1:]), Sum(LineMonth.MEASURES[0], default=0))
    counts = dict(LineMonth.objects.order_by().values("payer").annotate(referrals=referrals).values_list("payer", "referrals"))
    names: dict[int, list[Payer]] = {}
    for name in Payer.every.exclude(merged_into=None).select_related("merged_into__merged_into__merged_into"):
        names.setdefault(name.standing.pk, []).append(name)
    return [PayerRow(payer, tuple(names.get(payer.pk, ())), counts.get(payer.pk, 0)) for payer in Payer.objects.all()]


def standing_payer(value: Any) -> Any:
    """The id of the payer that this id stands for: its own, or that of whom it was merged into. What is no id of a payer stays as it is.

    Saved views, bookmarks and schedules keep ids; a merge, and its being taken back, is followed each time they are read.
    """
    text = str(value)
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        return value
    name = Payer.every.filter(pk=text).exclude(merged_into=None).select_related("merged_into").first()
    return name.standing.pk if name else value
