"""What stands behind a figure: the room that defines measures tells of them here, and the list of referrals is narrowed by their parts."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import QuerySet, TextChoices

from referrals.models import Referral


class Part(TextChoices):
    """Where a referral stands in a figure. A share is numerator ÷ denominator; those it cannot tell of, or not yet, are in neither."""

    NUMERATOR = "numerator", "Counted"
    DENOMINATOR = "denominator", "Counted among"
    UNDETERMINED = "undetermined", "Unknown"
    IMMATURE = "immature", "Too young to tell"


Narrow = Callable[[QuerySet[Referral], Part], QuerySet[Referral]]


@dataclass(frozen=True)
class Figure:
    """A measure as the list knows it: `parts` are those that it has, `narrow` leaves of some rows those in a part."""

    title: str
    parts: tuple[Part, ...]
    narrow: Narrow


FIGURES: dict[str, Figure] = {}


def choices() -> list[tuple[str, str]]:
    """The measures whose referrals can be listed."""
    return [(name, figure.title) for name, figure in FIGURES.items()]
