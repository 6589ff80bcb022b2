"""What a split is about: places with their work today, and how today's division and a proposed one compare."""

from collections.abc import Sequence
from typing import Any

from accounts.models import User
from common.places import center_of, county_of
from planning.balancing import Area, Balanced, balance, pieces
from planning.models import Split
from planning.queries.field import Field, field_of
from reports.measures import inbound
from reports.queries.places import Office
from territories.ruling import COUNTY
from visits.drafting import driving_a_visit
from visits.driving import roads

MOST_DRIVEN = 300  # practices whose rounds are estimated; a territory of more is told without
DAY, VISIT = 480, 25  # minutes


def zips_of(field: Field, territories: Sequence[int], *, unowned: bool) -> list[str]:
    """Where live practices of these territories lie, and those of nobody if asked; only ZIP codes whose place is known."""
    wanted = set(territories)
    return sorted(
        {
            office.zip
            for office in field.offices
            if office.is_live and center_of(office.zip) and (office.territory_id in wanted or (unowned and office.territory_id is None))
        }
    )


def _work(office: Office, measure: str) -> int:
    if measure == "practices":
        return 1
    return inbound([office.cell]) if measure == "inbound" else round(office.promised)


def find_split(split: Split, user: User, progress: Any) -> dict[str, Any]:
    """The worker's part: divide, name the parts so that few practices move, and compare with today. As `Split.found` keeps it."""
    field = field_of(user)
    wanted = set(split.zips)
    among = {*split.territories, None}
    offices = [office for office in field.offices if office.is_live and office.zip in wanted and office.territory_id in among]
    groups: dict[str, list[Office]] = {}
    for office in offices:
        groups.setdefault(county_of(office.zip) if split.unit == COUNTY else office.zip, []).append(office)
    areas = [Area(key, sum(_work(office, split.measure) for office in held), _middle(held)) for key, held in sorted(groups.items())]
    parts = len(split.territories) + len(split.new_names)
    found = balance(areas, parts, progress=progress)
    named = _named(found, areas, groups, split.territories, parts)
    part = {area.key: named[found.part[i]] for i, area in enumerate(areas)}
    names = [field.names[pk] for pk in split.territories] + list(split.new_names)
    after = [_told(k, names[k], areas, [named[at] for at in found.part], groups, split.measure) for k in range(parts)]
    before = [
        _sum(name, [office for office in offices if office.territory_id == pk], split.measure)
        for pk, name in [*((pk, field.names[pk]) for pk in split.territories), (None, "Nobody")]
        if pk or any(office.territory_id is None for office in offices)
    ]
    moves = sum(
        1
        for key, held in groups.items()
        for office in held
        if part[key] >= len(split.territories) or office.territory_id != split.territories[part[key]]
    )
    return {
        "areas": part, "before": before, "after": after, "moves": moves, "spread": found.spread, "best": found.best,
        "best_hours": found.best / 60,
        "is_proven": found.is_proven, "spread_before": _spread([one["work"] for one in before if one["name"] != "Nobody"]),
    }  # fmt: skip


def _spread(loads: Sequence[float]) -> float | None:
    return max(loads) * len(loads) / sum(loads) - 1 if loads and sum(loads) else None


def _middle(held: Sequence[Office]) -> tuple[float, float]:
    places = [place for office in held if (place := center_of(office.zip))]
    return sum(y for y, _ in places) / len(places), sum(x for _, x in places) / len(places)


def _named(
    found: Balanced, areas: Sequence[Area], groups: dict[str, list[Office]], territories: Sequence[int], parts: int
) -> dict[int, int]:
    """Each part gets the territory that most of its practices are in already, the surest first; new ones take what is left."""
    stays = {
        (part, place): sum(
            1 for i, area in enumerate(areas) if found.part[i] == part for office in groups[area.key] if office.territory_id == pk
        )
        for part in range(parts)
        for place, pk in enumerate(territories)
    }
    named: dict[int, int] = {}
    for (part, place), _ in sorted(stays.items(), key=lambda pair: (-pair[1], pair[0])):
        if part not in named and place not in named.values():
            named[part] = place
    free = [place for place in range(parts) if place not in named.values()]
    for part in range(parts):
        if part not in named:
            named[part] = free.pop(0)
    return named


def _told(k: int, name: str, areas: Sequence[Area], part: Sequence[int], groups: dict[str, list[Office]], measure: str) -> dict[str, Any]:
    held = [office for i, area in enumerate(areas) if part[i] == k for office in groups[area.key]]
    return {**_sum(name, held, measure), "places": sum(at == k for at in part), "pieces": pieces(areas, part, k)}


def _sum(name: str, held: Sequence[Office], measure: str) -> dict[str, Any]:
    """Work, practices, promised hours, and hours on the road for these visits in four weeks, as rounds from the middle."""
    visited = [office for office in held if office.promised and center_of(office.zip)]
    road = None
    if 0 < len(visited) <= MOST_DRIVEN:
        places = ["{:.5f},{:.5f}".format(*place) for office in visited if (place := center_of(office.zip))]
        home = "{:.5f},{:.5f}".format(*_middle(visited))
        each = driving_a_visit(places, home=home, visit_minutes=VISIT, day_minutes=DAY, drive=roads())
        road = each * sum(office.promised / VISIT for office in visited) / 60
    return {
        "name": name, "work": sum(_work(office, measure) for office in held), "practices": len(held),
        "hours": sum(office.promised for office in held) / 60, "road": road,
    }  # fmt: skip
