"""The map on which territories are drawn: counties as shapes, or the ZIP codes of one county as circles at about their middle."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from types import MappingProxyType

from contacts.visiting import Point
from planning.importing.zip_outlines import FINE
from planning.queries.field import Field, ZipArea
from reports.charts import counties as maps
from reports.charts.counties import Figure, Label
from reports.geography import Shape, project, shape_of, shapes_of, zip_point
from reports.measures import leakage_ordered
from reports.queries.places import County

MEASURES = {
    "territory": "Territory",
    "inbound": "Volume",
    "leakage": "Leakage",
    "workload": "Workload",
    "visits": "Visits",
}
MOST_DOTS = 400  # practices that are drawn one by one; more would be a smear
NONE_LOADED: Mapping[str, Shape] = MappingProxyType({})
ROOM = 46  # units between the middles of two labels at least


@dataclass(frozen=True)
class Area:
    """What can be chosen on the map. `key` is its form's value; (x, y) its middle, which a lasso has to hold. A circle has no path."""

    key: str
    name: str
    text: str
    css: str
    x: int
    y: int
    path: str = ""
    r: float = 0.0


@dataclass(frozen=True)
class Dot:
    """A practice at its own pin."""

    x: int
    y: int
    css: str
    title: str


@dataclass(frozen=True)
class FieldMap:
    title: str
    about: str
    width: int
    height: int
    ground: Sequence[str]
    areas: Sequence[Area]
    dots: Sequence[Dot]
    labels: Sequence[Label]
    legend: Sequence[tuple[str, str]]
    notes: Sequence[str]


def figures(field: Field, areas: Mapping[str, County], measure: str) -> tuple[dict[str, Figure], list[tuple[str, str]], dict[str, str]]:
    """By area its figure, the legend, and the class that colors it; for territories the figure is whose it is."""
    if measure != "territory":
        told = {key: maps.figure(area, measure, field.counting) for key, area in areas.items()}
        tops = maps.breaks([one.value for one in told.values() if one.value])
        return told, maps.legend_of(list(told.values()), tops, measure), {key: maps.style_of(one, tops) for key, one in told.items()}
    held = {pk for area in areas.values() for pk in area.territories if pk is not None}
    owners = sorted({field.names[pk] for pk in held if pk in field.names})
    whose = {key: maps.dominant(area, field.names) for key, area in areas.items()}
    legend = [(maps.owner_style(owner, owners), f"{maps.owner_mark(owner, owners)} {owner}") for owner in owners]
    if maps.NOBODY in whose.values():
        legend.append(("is-nobody", "? practices that nobody owns"))
    if "" in whose.values():
        legend.append(("shade-none", "no practice, no rule"))
    css = {key: "is-nobody" if owner == maps.NOBODY else maps.owner_style(owner, owners) for key, owner in whose.items()}
    texts = {key: Figure(measure, None, maps.owner_mark(owner, owners), owner or "no practice, no rule") for key, owner in whose.items()}
    return texts, legend, css


def _text(told: Figure, measure: str) -> str:
    return told.why if measure == "territory" else f"{told.text} ({told.why})" if told.why else told.text


def of_counties(field: Field, measure: str) -> FieldMap | None:
    """The counties of the drawn states, or those of them around what is held; None where none of them has a shape."""
    shapes = {county.name: shape for county in field.counties if county.name and (shape := shape_of(county.name))}
    used = [shapes[county.name] for county in field.counties if county.name in shapes and county.territories]
    if not shapes:
        return None
    frame = maps.frame(list(shapes.values()) if field.is_whole or not used else used)
    left, top, right, bottom = frame
    active = {county.name: county for county in field.counties if county.name in shapes and shapes[county.name].touches(frame)}
    step = (right - left) / maps.WIDE
    told, legend, css = figures(field, active, measure)
    areas = [
        Area(
            f"county:{name}",
            county.label,
            _text(told[name], measure),
            css[name],
            *_at(shapes[name].middle, left, top, step),
            path=shapes[name].path(left, top, step),
        )
        for name, county in active.items()
    ]
    held = [county for county in active.values() if county.practices]
    whole = leakage_ordered([county.cell for county in active.values()])
    title = maps.territory_title(held, field.names) if measure == "territory" else maps.title(held, measure, whole, field.counting)
    return FieldMap(
        title,
        "" if measure == "territory" else maps.MEASURES[measure].about,
        maps.WIDE,
        round((bottom - top) / step),
        [],
        areas,
        [],
        _labels(areas, told),
        legend,
        maps.splits(held, field.names) if measure == "territory" else [],
    )


def of_zips(
    field: Field,
    county: str,
    zips: Sequence[ZipArea],
    measure: str,
    points: Mapping[int, Point],
    outlines: Mapping[str, Shape] = NONE_LOADED,
) -> FieldMap | None:
    """The ZIP codes of one county, with its neighbors around. `points`: where practices lie that somebody put on the map.

    `outlines`: real borders in fine steps, by ZIP code; the others are circles.
    """
    shape = shape_of(county)
    places = {area.zip: place for area in zips if (place := zip_point(area.zip))}
    places |= {zip_: (drawn.middle[0] / FINE, drawn.middle[1] / FINE) for zip_, drawn in outlines.items()}
    if shape is None:
        return None
    left, top, right, bottom = maps.frame([shape])
    step = (right - left) / maps.WIDE
    told, legend, css = figures(field, {area.zip: area.figures for area in zips}, measure)
    radius = {area.zip: 16 + 5 * sqrt(area.figures.practices) for area in zips}
    areas = [
        Area(
            f"zip:{area.zip}",
            f"ZIP {area.zip}",
            _text(told[area.zip], measure),
            css[area.zip],
            *_at(places[area.zip], left, top, step),
            path=outlines[area.zip].path(left * FINE, top * FINE, step * FINE) if area.zip in outlines else "",
            r=round(radius[area.zip], 1),
        )
        for area in sorted(zips, key=lambda area: (area.zip not in outlines, -radius[area.zip]))  # circles lie on top
        if area.zip in places
    ]
    state = county.partition("/")[0]
    frame = (left, top, right, bottom)
    around = [other for other in shapes_of(state).values() if other.fips != shape.fips and other.touches(frame)]
    lost = [area.zip for area in zips if area.zip not in places]
    notes = []
    if any(area.zip in outlines for area in zips):
        notes.append("Borders: ZIP code areas as loaded (Census ZCTAs), simplified to about 30 meters.")
    if any(area.zip in places and area.zip not in outlines for area in zips):
        notes.append("Circles: ZIP codes at about their middle, not their borders; larger ones hold more practices.")
    if lost:
        notes.append(f"Not on the map: {', '.join(lost)}.")
    return FieldMap(
        _zip_title(field, county, zips, measure),
        "" if measure == "territory" else maps.MEASURES[measure].about.replace("county", "ZIP code"),
        maps.WIDE,
        round((bottom - top) / step),
        [other.path(left, top, step) for other in [*around, shape]],
        areas,
        _dots(field, zips, points, state, left, top, step),
        _labels(areas, told),
        legend,
        notes,
    )


def _zip_title(field: Field, county: str, zips: Sequence[ZipArea], measure: str) -> str:
    """The finding for one county: whose it is, or which of its ZIP codes has most."""
    label = County(county, zips[0].figures.cell, 0, 0, zips[0].figures.territories).label if zips else county
    if measure == "territory" or not zips:
        whose = {maps.dominant(area.figures, field.names) for area in zips if area.figures.practices}
        practices = sum(area.figures.practices for area in zips)
        owners = sorted(whose - {maps.NOBODY, ""})
        held = f"belong to {' and '.join(owners)}" if owners else "belong to nobody"
        of = "practice" if practices == 1 else "practices"
        if practices == 1:
            held = held.replace("belong", "belongs", 1)
        return f"{practices:,} {of} of {label} {held}" + ("; some to nobody" if owners and maps.NOBODY in whose else "")
    told = {area.zip: maps.figure(area.figures, measure, field.counting) for area in zips}
    known = [(one.value, zip_) for zip_, one in told.items() if one.value]
    if not known:
        return f"No figure of {label} can be told by ZIP code"
    _, zip_ = max(known)
    return f"ZIP {zip_} has the highest {MEASURES[measure].lower()} of {label}: {told[zip_].text}"


def _at(place: tuple[float, float], left: float, top: float, step: float) -> tuple[int, int]:
    return round((place[0] - left) / step), round((place[1] - top) / step)


def _labels(areas: Sequence[Area], told: Mapping[str, Figure]) -> list[Label]:
    """Figures at the middles, the first ones where several would lie on one another."""
    labels: list[Label] = []
    for area in areas:
        text = told[area.key.partition(":")[2]].text
        if not text:
            continue
        if all(abs(label.x - area.x) > ROOM * max(1, len(text) / 3) or abs(label.y - area.y) > ROOM for label in labels):
            labels.append(Label(area.x, area.y, text, ""))
    return labels


def _dots(
    field: Field, zips: Sequence[ZipArea], points: Mapping[int, Point], state: str, left: float, top: float, step: float
) -> list[Dot]:
    """Practices that somebody put on the map, while they are few."""
    pinned = [office for area in zips for office in area.offices if office.pk in points]
    if len(pinned) > MOST_DOTS:
        return []
    owners = sorted({field.names[pk] for area in zips for pk in area.figures.territories if pk is not None and pk in field.names})
    dots = []
    for office in pinned:
        point = points[office.pk]
        x, y = _at(project(point.longitude, point.latitude, state), left, top, step)
        owner = field.names.get(office.territory_id or 0, maps.NOBODY)
        css = "is-nobody" if owner == maps.NOBODY else maps.owner_style(owner, owners)
        dots.append(Dot(x, y, css, f"{office.name} ({owner.lower() if owner == maps.NOBODY else owner})"))
    return dots
