"""Counties as a map that the server draws: it prints, needs no tiles and no script, and every county is a link with its name and figure."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from common.templatetags.prm import number, percent
from referrals.models import CountingRules
from reports import words
from reports.geography import Shape, shape_of, shapes_of, zip_point
from reports.intervals import TOO_FEW
from reports.measures import Ratio, inbound, leakage_ordered, received
from reports.queries.places import County, Office

WIDE = 1520  # units across: two to a pixel of a wide screen
CLASSES = 5
MOST_SHAPES = 500  # beyond, only counties with practices are drawn
LETTER = 12.6  # units that a letter of a small label takes; a phone's is PHONE times as large
PHONE = 2.1
NOBODY = "Nobody"


@dataclass(frozen=True)
class Measure:
    """What a map may show: its name, its unit, and the sentence under the title."""

    key: str
    label: str
    about: str


MEASURES = {
    measure.key: measure
    for measure in (
        Measure("inbound", "Inbound", "Referrals to us from practices that are not ours, by the county of the practice"),
        Measure("received", "Received", "Referrals to us, inbound and internal, by the county of the practice that sent them"),
        Measure("leakage", "Leakage", "Share of our own practices' referrals with a known destination that left, by the practice's county"),
        Measure(
            "workload", "Workload", "Hours of visits that tiers promise in four weeks, without the road, by the county of the practice"
        ),
        Measure("visits", "Visits", "Visits made, by the county of the practice"),
        Measure("practices", "Practices", "Practices today, by county"),
        Measure("territory", "Territories", "The territory that holds most of a county's practices"),
    )
}


@dataclass(frozen=True)
class Figure:
    """What stands for a county: `value` sorts and shades, `text` is read; without a value `why` says so."""

    measure: str
    value: float | None
    text: str
    why: str = ""


@dataclass(frozen=True)
class Drawn:
    """A county on the map. `css`: its class of shade; blank name: only there for orientation."""

    path: str
    css: str
    name: str = ""
    text: str = ""
    county: str = ""
    is_chosen: bool = False


@dataclass(frozen=True)
class Label:
    x: int
    y: int
    text: str
    css: str


@dataclass(frozen=True)
class Point:
    """About where the practices of a ZIP code are."""

    x: int
    y: int
    r: float
    title: str
    css: str


@dataclass(frozen=True)
class Map:
    title: str
    about: str
    notes: Sequence[str]
    width: int
    height: int
    counties: Sequence[Drawn]
    labels: Sequence[Label]
    points: Sequence[Point]
    legend: Sequence[tuple[str, str]]  # class, words
    off_map: Sequence[str]


def figure(county: County, measure: str, rules: CountingRules) -> Figure:
    """The county's figure, or why there is none."""
    if measure == "leakage":
        ratio = leakage_ordered([county.cell])
        if not ratio.of_ours:
            return Figure(measure, None, "–", "none of our own referrals")  # noqa: RUF001 - the dash of an empty figure
        if ratio.range_leads(rules.range_leads_above):
            return Figure(measure, None, "–", f"more than {rules.range_leads_above}% name no destination")  # noqa: RUF001
        if ratio.denominator < TOO_FEW:
            return Figure(measure, None, "–", f"only {ratio.denominator} with a known destination, too few to say")  # noqa: RUF001
        return Figure(measure, ratio.value, percent(ratio.value), f"{number(ratio.numerator)} of {number(ratio.denominator)}")
    count = COUNTS[measure](county)
    return Figure(measure, count, number(count))


COUNTS: Mapping[str, Callable[[County], int]] = {
    "inbound": lambda county: inbound([county.cell]),
    "received": lambda county: received([county.cell]),
    "workload": lambda county: round(county.promised / 60),
    "visits": lambda county: county.visits,
    "practices": lambda county: county.practices,
}
ACTS = {"inbound": "sends", "received": "sends", "workload": "needs", "visits": "gets", "practices": "holds"}
MANY_ACT = {"inbound": "send", "received": "send", "workload": "need", "visits": "get", "practices": "hold"}
ONE = {
    "inbound": "inbound referral",
    "received": "referral received",
    "workload": "hour of promised visits",
    "visits": "visit made",
    "practices": "practice",
}
THINGS = {
    "inbound": "inbound referrals",
    "received": "referrals received",
    "workload": "hours of promised visits",
    "visits": "visits made",
    "practices": "practices",
}


def breaks(values: Sequence[float]) -> list[float]:
    """The highest value of each class: each value its own while they are few, else classes of about as many counties."""
    distinct = sorted(set(values))
    if len(distinct) <= CLASSES:
        return distinct
    ordered = sorted(values)
    tops = [ordered[max(0, round(len(ordered) * (place + 1) / CLASSES) - 1)] for place in range(CLASSES)]
    return sorted(set(tops) | {ordered[-1]})


def shade(value: float, tops: Sequence[float]) -> str:
    """The class of a value: the darkest is always the highest, whatever the number of classes."""
    place = next(place for place, top in enumerate(tops) if value <= top)
    return f"shade-{CLASSES - len(tops) + place + 1}"


def title(found: Sequence[County], measure: str, whole: Ratio, rules: CountingRules) -> str:
    """The finding: where most of it is, or which county leaks more than chance explains."""
    named = [county for county in found if county.name]
    if measure == "leakage":
        return _leakage_title(named, whole, rules)
    count, what, act = COUNTS[measure], THINGS[measure], ACTS[measure]
    everything = sum(map(count, found))
    if not everything or not named:
        return f"No {what} in this selection"
    ordered = sorted(named, key=lambda county: (-count(county), county.name))
    first, carried, half = ordered[0], 0, 0
    for county in ordered:
        if 2 * carried >= everything:
            break
        carried, half = carried + count(county), half + 1
    active = sum(1 for county in named if count(county))
    if count(first) == everything:
        if everything == 1:
            return f"{first.label} {act} the only {ONE[measure]}, too few to say more"
        return f"{first.label} {act} all {number(everything)} {what}" + (", too few to say more" if everything < TOO_FEW else "")
    sizes = [(county.label, count(county)) for county in ordered]
    if everything < TOO_FEW:
        return f"{words.most(sizes, act, MANY_ACT[measure])} {what}, too few to say more"
    lead = words.leaders(sizes)
    each = " each" if len(lead) > 1 else ""
    told = f"{words.together(lead)} {MANY_ACT[measure] if each else act} {percent(count(first) / everything, 0)}{each} of {what}"
    return told + (f"; {half} of {active} counties make up half" if half > 1 else "")


def _leakage_title(named: Sequence[County], whole: Ratio, rules: CountingRules) -> str:
    told = [(figure(county, "leakage", rules), county) for county in named]
    said = [(shown.value, county) for shown, county in told if shown.value is not None]
    if not said:
        return "Too few destinations are known to compare counties"
    worst, county = max(said, key=lambda pair: (pair[0], pair[1].name))
    ratio = leakage_ordered([county.cell])
    rest = Ratio(whole.numerator - ratio.numerator, whole.denominator - ratio.denominator, 0)
    if rest.value is None:
        return f"Leakage is {percent(worst)} in {county.label}, the only county that can be compared"
    if ratio.is_level_with(rest):
        return f"No county stands out: leakage is {percent(whole.value)} overall, {percent(worst)} in {county.label}"
    return f"{county.label} loses most: {percent(worst)} of its referrals left, against {percent(rest.value)} elsewhere"


def territory_title(found: Sequence[County], names: Mapping[int, str]) -> str:
    owned = {owner for county in found if county.name and (owner := dominant(county, names))}
    lost = [county.label for county in found if county.name and county.practices and dominant(county, names) == NOBODY]
    there = len(owned - {NOBODY})
    practices = sum(n for county in found if county.name for pk, n in county.territories.items() if pk is not None)
    if not practices:
        return "No practice belongs to a territory" if lost else "No practice in this selection"
    lie = "practice lies" if practices == 1 else "practices lie"
    said = f"{number(practices)} {lie} in {there} territor{'y' if there == 1 else 'ies'}"
    return (
        f"{said}; {', '.join(lost[:2])}{' and more' if len(lost) > 2 else ''} belong{'s' if len(lost) == 1 else ''} to nobody"
        if lost
        else said
    )


def splits(active: Sequence[County], names: Mapping[int, str]) -> list[str]:
    """Counties whose practices lie in several territories, the largest first; three are told."""
    parted = sorted((county for county in active if len(county.territories) > 1), key=lambda county: (-county.practices, county.name))
    told = []
    for county in parted[:3]:
        parts = sorted((names.get(pk or 0, "nobody"), n) for pk, n in county.territories.items())
        told.append(f"{county.label} is split: {', '.join(f'{name} {n}' for name, n in sorted(parts, key=lambda part: -part[1]))}.")
    return told


def dominant(county: County, names: Mapping[int, str]) -> str:
    """The territory with most of the county's practices; the name breaks ties; blank without any practice."""
    if not county.territories:
        return ""
    named = Counter({names.get(pk, NOBODY) if pk is not None else NOBODY: n for pk, n in county.territories.items()})
    return min(named, key=lambda name: (-named[name], name))


def draw(
    found: Sequence[County],
    offices: Sequence[Office],
    *,
    measure: str,
    rules: CountingRules,
    names: Mapping[int, str],
    chosen: str = "",
) -> Map | None:
    """The map, cut to the counties with practices; None while no county is known."""
    shapes = {county.name: shape for county in found if county.name and (shape := shape_of(county.name))}
    active = [county for county in found if county.name in shapes]
    if not active:
        return None
    left, top, right, bottom = frame([shapes[county.name] for county in active])
    step = (right - left) / WIDE
    whole = leakage_ordered([county.cell for county in found])
    by_territory = measure == "territory"
    owners = sorted({names[pk] for county in active for pk in county.territories if pk is not None and pk in names})
    if by_territory:
        styles = {county.name: owner_style(dominant(county, names), owners) for county in active}
        texts = {county.name: dominant(county, names) or "no practice" for county in active}
        shown = {county.name: owner_mark(dominant(county, names), owners) for county in active}
        legend = [(owner_style(owner, owners), f"{owner_mark(owner, owners)} {owner}") for owner in owners]
        if any(dominant(county, names) == NOBODY for county in active):
            legend.append(("shade-none", f"{owner_mark(NOBODY, owners)} owned by nobody"))
    else:
        figures = {county.name: figure(county, measure, rules) for county in active}
        tops = breaks([told.value for told in figures.values() if told.value])
        styles = {name: style_of(told, tops) for name, told in figures.items()}
        texts = {name: f"{told.text} ({told.why})" if told.why else told.text for name, told in figures.items()}
        shown = {name: told.text for name, told in figures.items()}
        legend = legend_of(list(figures.values()), tops, measure)
    drawn = [
        Drawn(shape.path(left, top, step), "is-ground")
        for shape in ground({county.name.partition("/")[0] for county in active}, shapes, (left, top, right, bottom))
    ]
    drawn += [
        Drawn(
            shapes[county.name].path(left, top, step),
            styles[county.name],
            county.label,
            texts[county.name],
            county.name,
            county.name == chosen,
        )
        for county in active
    ]
    height = round((bottom - top) / step)
    notes = []
    points: list[Point] = []
    if by_territory:
        points = _points(offices, names, owners, left, top, step)
        notes += splits(active, names)
        notes.append("Circles: practices at the middle of their ZIP code, so only about where they are.")
    off_map = [
        county.label
        for county in found
        if county.name not in shapes and (county.practices or county.visits or county.cell != type(county.cell)())
    ]
    return Map(
        territory_title(found, names) if by_territory else title(found, measure, whole, rules),
        MEASURES[measure].about,
        notes,
        WIDE,
        height,
        drawn,
        _labels(active, shapes, shown, left, top, step, by_territory),
        points,
        legend,
        off_map,
    )


def frame(shapes: Sequence[Shape]) -> tuple[float, float, float, float]:
    """The part of the country that is shown: all counties with practices, some air, no slimmer than 2 to 1 and no higher than 1 to 1."""
    left, top = min(shape.box[0] for shape in shapes), min(shape.box[1] for shape in shapes)
    right, bottom = max(shape.box[2] for shape in shapes), max(shape.box[3] for shape in shapes)
    air = 0.05 * max(right - left, bottom - top) + 10
    width, height = right - left + 2 * air, bottom - top + 2 * air
    width, height = max(width, height * 1.05), max(height, width / 2)
    middle_x, middle_y = (left + right) / 2, (top + bottom) / 2
    return middle_x - width / 2, middle_y - height / 2, middle_x + width / 2, middle_y + height / 2


def ground(states: set[str], shapes: Mapping[str, Shape], frame: tuple[float, float, float, float]) -> list[Shape]:
    """Counties without a practice, for orientation, while they are few."""
    active = {shape.fips for shape in shapes.values()}
    ground = [shape for state in sorted(states) for shape in shapes_of(state).values() if shape.fips not in active and shape.touches(frame)]
    return ground if len(ground) + len(active) <= MOST_SHAPES else []


def style_of(told: Figure, tops: Sequence[float]) -> str:
    if told.value is None:
        return "is-unknown"
    return shade(told.value, tops) if told.value else "shade-zero"


def legend_of(figures: Sequence[Figure], tops: Sequence[float], measure: str) -> list[tuple[str, str]]:
    """Each class with its numbers, from the lowest; then none, then what cannot be said."""
    written: Callable[[float], str] = percent if measure == "leakage" else number
    entries = []
    low: float | None = None
    values = sorted(told.value for told in figures if told.value)
    for top in tops:
        inside = [value for value in values if (low is None or value > low) and value <= top]
        first, last = written(inside[0]), written(inside[-1])
        entries.append((shade(top, tops), first if first == last else f"{first} to {last}"))
        low = top
    if any(told.value == 0 for told in figures):
        entries.insert(0, ("shade-zero", written(0)))
    if any(told.value is None for told in figures):
        entries.append(("is-unknown", "no figure: too few or too little known"))
    return entries


def owner_style(owner: str, owners: Sequence[str]) -> str:
    if owner not in owners:
        return "shade-none"
    return f"owner-{owners.index(owner) % 7 + 1}"


def owner_mark(owner: str, owners: Sequence[str]) -> str:
    return str(owners.index(owner) + 1) if owner in owners else "?" if owner == NOBODY else ""


def _labels(
    active: Sequence[County], shapes: Mapping[str, Shape], shown: Mapping[str, str], left: float, top: float, step: float, always: bool
) -> list[Label]:
    """Figures on the counties that have room for them, in two sizes: a phone shows fewer, larger ones."""
    labels = []
    for county in active:
        shape, text = shapes[county.name], shown[county.name]
        across, high = (shape.box[2] - shape.box[0]) / step, (shape.box[3] - shape.box[1]) / step
        x, y = round((shape.middle[0] - left) / step), round((shape.middle[1] - top) / step)
        for css, size in (("on-wide", 1.0), ("on-phone", PHONE)):
            if text and (always or (across >= len(text) * LETTER * size + 8 and high >= 30 * size)):
                labels.append(Label(x, y, text, css))
    return labels


def _points(
    offices: Sequence[Office], names: Mapping[int, str], owners: Sequence[str], left: float, top: float, step: float
) -> list[Point]:
    """Practices gathered by ZIP code and territory: a county may be split between several."""
    at = Counter((office.zip, names.get(office.territory_id or 0, NOBODY)) for office in offices if office.is_live and office.zip)
    points = []
    for (zip_, owner), n in sorted(at.items(), key=lambda pair: (-pair[1], pair[0])):
        if place := zip_point(zip_):
            x, y = round((place[0] - left) / step), round((place[1] - top) / step)
            title = f"ZIP {zip_}: {n} practice{'' if n == 1 else 's'} of {owner if owner != NOBODY else 'nobody'}, approximate place"
            points.append(Point(x, y, round(5 + 4 * sqrt(n), 1), title, owner_style(owner, owners)))
    return points
