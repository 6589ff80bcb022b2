"""Places of the map and rules as rows of their tables."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from common.templatetags.prm import number
from contacts.models import Specialty
from contacts.previewing import Overlap
from planning.charts.field_map import figures
from planning.queries.field import Field, ZipArea
from reports.charts import counties as maps
from reports.charts.counties import Figure, figure
from reports.measures import inbound
from reports.queries.places import County
from territories.ruling import Rule, read_rule

LABELS = {"inbound": "Volume", "leakage": "Leakage", "workload": "Hours", "visits": "Visits", "practices": "Practices"}


def columns(measure: str) -> list[str]:
    """What the table shows beside whose a place is: what the map is colored by, and what else there is room for."""
    return ["inbound", "workload", "practices"] if measure == "territory" else [measure, "practices"]


@dataclass(frozen=True)
class AreaRow:
    """A county or a ZIP code with everything the map can show of it. `rule`: whose rule it has; `held`: what its practices lie in."""

    key: str
    name: str
    mark: str
    css: str
    held: str
    rule: str
    cells: Sequence[Figure]
    is_chosen: bool
    value: str


@dataclass(frozen=True)
class PracticeRow:
    key: str
    name: str
    pk: int
    place: str
    territory: str
    inbound: int
    hours: str
    is_chosen: bool


def area_rows(
    field: Field, areas: Mapping[str, County], measure: str, *, within: Collection[str] = (), chosen: Collection[str] = ()
) -> list[AreaRow]:
    """Those with practices first, most of the measure on top; then those with a rule, then the empty ones. `within`: only these, if any."""
    shown = {key: area for key, area in areas.items() if not within or key in within}
    told, _, css = figures(field, shown, measure)
    by = "practices" if measure == "territory" else measure

    def order(pair: tuple[str, County]) -> tuple[bool, bool, float, str]:
        value = figure(pair[1], by, field.counting).value
        return not pair[1].practices, not pair[1].territories, -(value or 0), pair[0]

    return [_row(field, key, area, told[key], css[key], columns(measure), key in chosen) for key, area in sorted(shown.items(), key=order)]


def _row(field: Field, key: str, area: County, told: Figure, css: str, columns: Sequence[str], is_chosen: bool) -> AreaRow:
    owner = field.rules.get(read_rule(key))
    parts = sorted((field.names.get(pk or 0, maps.NOBODY), n) for pk, n in area.territories.items() if n)
    held = ", ".join(f"{name} {number(n)}" for name, n in parts) if len(parts) > 1 else "".join(name for name, _ in parts)
    state, slash, name = area.name.partition("/")
    return AreaRow(
        key,
        f"{name}, {state}" if slash else area.name,
        told.text if told.measure == "territory" else "",
        css,
        held,
        field.names.get(owner, "") if owner is not None else "",
        [figure(area, column, field.counting) for column in columns],
        is_chosen,
        key.partition(":")[2],
    )


def practice_rows(field: Field, zips: Sequence[ZipArea], chosen: Collection[str]) -> list[PracticeRow]:
    """The practices of these ZIP codes by name."""
    rows = [
        PracticeRow(
            f"practice:{office.pk}",
            office.name,
            office.pk,
            area.zip,
            field.names.get(office.territory_id or 0, maps.NOBODY),
            inbound([office.cell]),
            f"{office.promised / 60:.1f}",
            f"practice:{office.pk}" in chosen,
        )
        for area in zips
        for office in area.offices
    ]
    return sorted(rows, key=lambda row: (row.name, row.pk))


def specialty_names() -> dict[str, str]:
    """Codes of specialties in our own words."""
    return dict(Specialty.objects.values_list("code", "name"))


def rule_words(rule: Rule | None, names: Mapping[str, str]) -> str:
    """A rule as people say it: "Cardiology of Lake (OH)", "ZIP 44060"; None is a pin."""
    if rule is None:
        return "pinned by name"
    state, slash, county = rule.value.partition("/")
    where = f"{county} ({state})" if slash else f"ZIP {rule.value}"
    return f"{names.get(rule.specialty, rule.specialty)} of {where}" if rule.specialty else where


def overlap_rows(found: Sequence[Overlap], names: Mapping[str, str]) -> list[tuple[str, str, str, str, int, str]]:
    """Winner, by what; who else, by what; how many practices, and some of their names."""
    return [
        (one.winner, rule_words(one.rule, names), one.loser, rule_words(one.also, names), one.practices, ", ".join(one.examples))
        for one in found
    ]
