"""What a rule says, and which of several goes before which. Pure.

1. A practice pinned by name lies where it is pinned.
2. Else the first of these that catches it: its ZIP code and specialty, its county and specialty, its ZIP code, its county.
3. A territory's exceptions pass over its own rules, but not over those that are narrower than the exception: "this county, but not that
   ZIP code of it" leaves the ZIP code out; "not this county, but that ZIP code of it" takes it. A practice excepted by name is caught by
   none of the territory's rules.
4. Else nobody owns it.

`contacts.placement` says the same in SQL; its tests hold both against a third, plain way.
"""

from collections.abc import Iterable
from typing import NamedTuple

ZIP, COUNTY = "zip", "county"


class Rule(NamedTuple):
    """A kind and a value, maybe of one specialty only, maybe an exception. Sorted, exceptions come last."""

    kind: str
    value: str
    specialty: str = ""
    excludes: bool = False

    @property
    def is_plain(self) -> bool:
        """A ZIP code or a county as a whole."""
        return not (self.specialty or self.excludes)

    @property
    def step(self) -> int:
        """1 goes before 2."""
        return (1 if self.kind == ZIP else 2) + (0 if self.specialty else 2)

    @property
    def text(self) -> str:
        """As the audit trail keeps it: zip:06103, county:CT/Hartford;207RC0000X, !zip:06105."""
        return f"{'!' if self.excludes else ''}{self.kind}:{self.value}" + (f";{self.specialty}" if self.specialty else "")

    def is_narrower_than(self, other: "Rule") -> bool:
        """Whether what it catches is a true part of what the other does: a ZIP code counts as a part of any county."""
        within = (self.kind == other.kind or self.kind == ZIP) and other.specialty in {"", self.specialty}
        return within and (self.kind, self.specialty) != (other.kind, other.specialty)


def read_rule(text: str) -> Rule:
    """`Rule.text` backwards."""
    area, _, specialty = text.removeprefix("!").partition(";")
    kind, _, value = area.partition(":")
    return Rule(kind, value, specialty, text.startswith("!"))


class Place(NamedTuple):
    """What rules ask of a practice."""

    zip: str
    county: str
    specialty: str = ""


class Match(NamedTuple):
    """A rule that catches a practice, whose it is, and the exception of the same territory that passes over it, if one does."""

    rule: Rule
    territory: int
    barred_by: Rule | None = None


def matches(place: Place, rules: Iterable[tuple[int, Rule]]) -> list[Match]:
    """Every rule that catches the place, the winner first; those that an exception passes over stand last."""
    caught = [(owner, rule) for owner, rule in rules if _catches(rule, place)]
    found = []
    for owner, rule in caught:
        if rule.excludes:
            continue
        bars = [bar for other, bar in caught if bar.excludes and other == owner and not rule.is_narrower_than(bar)]
        found.append(Match(rule, owner, min(bars) if bars else None))
    return sorted(found, key=lambda match: (match.barred_by is not None, match.rule.step))


def _catches(rule: Rule, place: Place) -> bool:
    return bool(rule.value) and rule.value == (place.zip if rule.kind == ZIP else place.county) and rule.specialty in {"", place.specialty}
