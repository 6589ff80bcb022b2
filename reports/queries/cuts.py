"""By what every measure can be cut (METHODS section 2): the dimensions, and the column or expression that each is on facts.

Most are columns of the fact itself. Three are not: the organization that the referring practice belongs to, the group (the same, with a
practice that belongs to none as a group of its own), and the specialty; only a question that names them pays for the join.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, NullIf

from territories.models import Territory
from territories.scope import below

Where = Mapping[str, Any]


@dataclass(frozen=True)
class Cut:
    """A dimension: `column` of the fact, or an `expression` that is annotated under the dimension's name."""

    name: str
    label: str
    column: str = ""
    expression: Combinable | None = None

    @property
    def place(self) -> str:
        """What to group and filter by, once `annotated` has seen the rows."""
        return self.column or f"cut_{self.name}"


CUTS: dict[str, Cut] = {
    cut.name: cut
    for cut in (
        Cut("month", "Month", "month"),
        Cut("flow", "Flow", "flow"),
        Cut("kind", "Kind", "kind"),
        Cut("specialty", "Specialty", expression=Coalesce("performer__specialty__name", "destination__service_line__name")),
        Cut("service_line", "Service line", "service_line_id"),
        Cut("provider", "Provider", "provider_id"),
        Cut("practice", "Practice", "practice_id"),
        Cut("group", "Group", expression=Coalesce(F("practice__organization_id"), -F("practice_id"))),
        Cut("organization", "Organization", expression=F("practice__organization_id")),
        Cut("destination", "Destination", "destination_id"),
        Cut("payer", "Payer", "payer_id"),
        Cut("reason", "Reason", expression=NullIf("reason", Value(""))),
        Cut("territory", "Territory", "territory_id"),
        Cut("liaison", "Liaison", "credited_to_id"),
        Cut("source", "Feed", "source_id"),
        Cut("state", "State", "state"),
    )
}


def annotated(rows: QuerySet[Any], names: Collection[str]) -> QuerySet[Any]:
    """The rows with the expressions that these dimensions need."""
    needed = {CUTS[name].place: CUTS[name].expression for name in names if CUTS[name].expression is not None}
    return rows.annotate(**needed) if needed else rows


def matching(where: Where) -> Q:
    """The condition of a filter: an id, several, or None for what names nothing. A territory stands for all below it."""
    condition = Q()
    for name, value in where.items():
        place = CUTS[name].place
        if value is None:
            condition &= Q(**{f"{place}__isnull": True})
        elif isinstance(value, Collection) and not isinstance(value, str):
            condition &= Q(**{f"{place}__in": value})
        elif name == "territory":
            condition &= Q(territory_id__in=branch(value))
        else:
            condition &= Q(**{place: value})
    return condition


_BRANCH = f"""WITH RECURSIVE branch (id) AS (
    SELECT %s::bigint UNION SELECT below.id FROM {Territory._meta.db_table} below JOIN branch ON below.parent_id = branch.id
) SELECT id FROM branch"""  # noqa: S608 - the name of our own table


def branch(territory_id: int, parents: Mapping[int, int | None] | None = None) -> frozenset[int]:
    """The territory and all below it, by the tree that the caller has read, else by the one that is kept."""
    if parents is None:
        with connection.cursor() as cursor:
            cursor.execute(_BRANCH, [territory_id])
            return frozenset(pk for (pk,) in cursor.fetchall())
    children: dict[int | None, list[int]] = {}
    for child, parent in parents.items():
        children.setdefault(parent, []).append(child)
    return frozenset(below(territory_id, children))
