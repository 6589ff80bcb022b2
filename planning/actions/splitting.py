"""Splits: asked for, found by a worker, accepted whole as one change of the field, or left."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

import territories.actions
from accounts.models import User
from audit.actions import record
from common.exceptions import PolicyViolation
from common.places import county_of
from jobs.actions import enqueue
from planning.actions.changing import change_field
from planning.balancing import MOST_AREAS
from planning.models import FieldChange, Split
from territories.models import Territory, TerritoryRule
from territories.ruling import COUNTY, ZIP, Rule

HANDLER = "planning.split"


@transaction.atomic
def ask_for_split(
    *, territories: Collection[Territory], new_names: Sequence[str], zips: Collection[str], unit: str, measure: str, by: User
) -> Split:
    """Ask a worker to divide these ZIP codes among these territories and new ones of these names."""
    parts = len(territories) + len(new_names)
    counties = sorted({county for zip_ in zips if (county := county_of(zip_))})
    areas = len(counties) if unit == COUNTY else len(zips)
    if parts < 2:
        raise PolicyViolation("Choose at least two territories, or name new ones, to divide the field among.")
    if areas < parts:
        raise PolicyViolation(f"There are only {areas:,} places to divide among {parts:,} territories.")
    if areas > MOST_AREAS:
        raise PolicyViolation(
            f"These are {areas:,} ZIP codes; at most {MOST_AREAS:,} can be divided at once. Divide whole counties instead."
        )
    split = Split.objects.create(
        territories=sorted(territory.pk for territory in territories),
        new_names=list(new_names),
        counties=counties,
        zips=sorted(zips),
        unit=unit,
        measure=measure,
        asked_by=by,
    )
    split.job = enqueue(HANDLER, split.pk, by=by)
    split.save(update_fields=["job"])
    record("split.asked", by=by, target=split, territories=split.territories, places=areas)
    return split


@transaction.atomic
def store_split(*, split: Split, found: dict[str, Any], by: User | None) -> None:
    """What the worker found."""
    split.found = found
    split.save(update_fields=["found"])


@transaction.atomic
def accept_split(*, split: Split, by: User) -> FieldChange | None:
    """Make it so: all of it as one change of rules, with new territories where it names them. Undone on the map as one."""
    split = Split.objects.select_for_update(of=("self",)).get(pk=split.pk)
    if split.found is None:
        raise PolicyViolation("It is not found yet.")
    if split.accepted_at:
        raise PolicyViolation("This was accepted before.")
    known = list(Territory.objects.filter(pk__in=split.territories).select_related("parent").order_by("pk"))
    parent = known[0].parent if known else Territory.objects.get(parent=None)
    takers = [*known, *(territories.actions.create_territory(name=name, parent=parent, by=by) for name in split.new_names)]
    change = change_field(owners=_owners(split, takers), pins={}, note=f"Split of {split.asked_at:%Y-%m-%d}", by=by)
    split.accepted_by, split.accepted_at, split.change = by, timezone.now(), change
    split.save(update_fields=["accepted_by", "accepted_at", "change"])
    record("split.accepted", by=by, target=split)
    return change


def _owners(split: Split, takers: Sequence[Territory]) -> dict[Rule, Territory | None]:
    """Each ZIP code goes where it was put. A county that one of the divided territories has goes with most of them; where all its ZIP codes
    go the same way, its rule is enough. A county that somebody else has is left to them, but for the ZIP codes that are divided.
    """
    assert split.found is not None  # noqa: S101 - the caller has looked
    goes = {str(area): takers[part] for area, part in split.found["areas"].items()}
    rows = TerritoryRule.objects.filter(excludes=False, specialty="")
    holders = {row.rule: row.territory_id for row in rows}
    owners: dict[Rule, Territory | None] = {}
    for county in [*split.counties, ""]:
        where = {zip_: goes[county if split.unit == COUNTY else zip_] for zip_ in split.zips if county_of(zip_) == county}
        holder = holders.get(Rule(COUNTY, county))
        takes_county = bool(county) and (holder in split.territories or (holder is None and split.unit == COUNTY))
        if takes_county:
            most = Counter(taker.pk for taker in where.values()).most_common(1)[0][0]
            owners[Rule(COUNTY, county)] = next(taker for taker in where.values() if taker.pk == most)
        if takes_county and len({taker.pk for taker in where.values()}) == 1:
            owners |= {Rule(ZIP, zip_): None for zip_ in where if Rule(ZIP, zip_) in holders}
        else:
            owners |= {Rule(ZIP, zip_): taker for zip_, taker in where.items()}
    return owners
