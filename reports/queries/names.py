"""Words for ids, asked for all at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import BigIntegerField, Value

from accounts.models import User
from contacts.models import Organization, Practice, Provider
from referrals.models import Flow, Kind, LossReason, Payer, Source, State
from reports.cells import Cell
from reports.queries.cells import BEFORE, NOW
from territories.models import ServiceLine, Territory

NOT_NAMED = {
    "service_line": "No service line",
    "payer": "No payer",
    "territory": "No territory",
    "provider": "No provider known",
    "practice": "No practice known",
    "destination": "No destination named",
    "specialty": "No specialty known",
    "group": "No practice known",
    "organization": "No organization known",
    "reason": "No reason given",
    "liaison": "Nobody credited",
}


@dataclass(frozen=True)
class Names:
    """The few names that filters and nearly every table need, and the tree of territories."""

    territories: Mapping[int, str]
    parents: Mapping[int, int | None]
    lines: Mapping[int, str]
    payers: Mapping[int, str]

    def of(self, dimension: str) -> Mapping[int, str] | None:
        return {"territory": self.territories, "service_line": self.lines, "payer": self.payers}.get(dimension)


def names() -> Names:
    """One query for all three."""
    nothing = Value(None, output_field=BigIntegerField())
    rows = (
        Territory.objects.order_by()
        .annotate(what=Value("territory"))
        .values_list("what", "pk", "name", "parent_id")
        .union(
            ServiceLine.objects.order_by().annotate(what=Value("line"), above=nothing).values_list("what", "pk", "name", "above"),
            Payer.objects.order_by().annotate(what=Value("payer"), above=nothing).values_list("what", "pk", "name", "above"),
            all=True,
        )
    )
    found: dict[str, dict[int, str]] = {"territory": {}, "line": {}, "payer": {}}
    parents: dict[int, int | None] = {}
    for what, pk, name, above in sorted(rows, key=lambda row: row[2].casefold()):
        found[what][pk] = name
        if what == "territory":
            parents[pk] = above
    return Names(found["territory"], parents, found["line"], found["payer"])


def label(cells: Iterable[Cell], by: Sequence[str], known: Names | None = None) -> list[Cell]:
    """The cells with words for each part of their key: one query per dimension that `known` does not cover."""
    cells = list(cells)
    words = [words_for(dimension, {cell.key[place] for cell in cells}, known) for place, dimension in enumerate(by)]
    return [cell._replace(labels=tuple(word[part] for word, part in zip(words, cell.key, strict=True))) for cell in cells]


def words_for(dimension: str, ids: set[Any], known: Names | None = None) -> dict[Any, str]:
    """A word for each id, and for None."""
    named = ids - {None}
    missing = {None: NOT_NAMED.get(dimension, "Not named")}
    if dimension in _CODES:
        return missing | {part: _CODES[dimension].get(part, str(part)) for part in named}
    if dimension == "month":
        return missing | {month: f"{month:%b %Y}" for month in named}
    if known is not None and (kept := known.of(dimension)) is not None:
        return missing | {pk: kept.get(pk, f"#{pk}") for pk in named}
    if dimension == "group":
        return missing | _groups(named)
    return missing | {row.pk: str(row) for row in _MODELS[dimension]._default_manager.filter(pk__in=named)}


def _groups(named: set[int]) -> dict[int, str]:
    """Organizations, and by the negative of their id practices that belong to none."""
    organizations = Organization.objects.filter(pk__in=[pk for pk in named if pk > 0])
    practices = Practice.objects.filter(pk__in=[-pk for pk in named if pk < 0])
    return {row.pk: row.name for row in organizations} | {-row.pk: row.name for row in practices}


# Dimensions whose keys are words already; a specialty's is its own name.
_CODES: dict[str, dict[str, str]] = {
    "period": {NOW: "Now", BEFORE: "Before"},
    "specialty": {},
    **{
        name: {str(value): str(label) for value, label in choices}
        for name, choices in (
            ("state", State.choices),
            ("flow", Flow.choices),
            ("kind", Kind.choices),
            ("reason", LossReason.choices),
        )
    },
}
_MODELS: dict[str, type[Any]] = {
    "service_line": ServiceLine,
    "payer": Payer,
    "territory": Territory,
    "provider": Provider,
    "practice": Practice,
    "source": Source,
    "destination": Organization,
    "organization": Organization,
    "liaison": User,
}
