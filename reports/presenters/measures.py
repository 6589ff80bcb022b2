"""Rows of a measure → what its pages show. No queries of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from common import heat
from common.templatetags.prm import number, percent
from referrals.behind import Part
from reports import words
from reports.inquiry import Inquiry
from reports.measures import Measure, Row
from reports.queries.cuts import CUTS
from reports.queries.names import NOT_NAMED

UNITS = {"referrals": "referral", "providers": "provider", "patients": "patient", "days": "day"}
WIDEST = 24  # columns of a cross table


def figure(row: Row | None, measure: Measure, range_leads_above: int) -> str:
    """The figure as it is said: the range where too much is undetermined, the reason where there is none."""
    if row is None:
        return "\N{EN DASH}"
    if row.value is None:
        return row.remark.capitalize() if row.remark else "\N{EN DASH}"
    if measure.unit == "share":
        if row.range_leads(range_leads_above) and row.lowest is not None and row.highest is not None:
            return f"{row.lowest * 100:.0f}\N{EN DASH}{row.highest:.0%}"
        return percent(row.value)
    return f"{row.value:g} days" if measure.unit == "days" else number(int(row.value))


def interval(row: Row, measure: Measure) -> str:
    """Where chance lets the figure lie."""
    if row.low is None and row.high is None:
        return ""
    if measure.unit == "days":
        high = f"{row.high:g}" if row.high is not None else "more"
        return f"{row.low:g} to {high} days" if row.low is not None else ""
    return f"{row.low * 100:.1f} to {percent(row.high)}" if row.low is not None else ""


def notes(row: Row, measure: Measure, range_leads_above: int) -> list[tuple[str, str]]:
    """What stands beside the headline: (label, text)."""
    found: list[tuple[str, str]] = []
    if said := interval(row, measure):
        found.append(("By chance (95%)", said))
    if "p90" in row.more and row.numerator:
        p90 = row.more["p90"]
        found.append(("Nine of ten seen within", f"{p90:g} days" if p90 is not None else f"more than {row.more['followed']:.0f} days"))
    if row.denominator is not None:
        found.append(halves(row, measure))
    if row.known_share is not None:
        found.append(("Known share", percent(row.known_share, 0)))
        if row.undetermined and row.lowest is not None and row.highest is not None:
            found.append(("If none or all of the unknown did", f"{percent(row.lowest)} to {percent(row.highest)}"))
    elif row.undetermined:
        found.append(("Unknown, left out", words.count(row.undetermined, "referral")))
    if row.immature:
        found.append(("Too young to tell, left out", words.count(row.immature, "referral")))
    if row.remark and row.value is not None:
        found.append(("Mind", row.remark))
    return found


def links(row: Row, inquiry: Inquiry) -> list[tuple[str, str]]:
    """What stands behind the one figure: (address, words)."""
    measure = inquiry.measure
    if measure.unit == "providers":
        found = [(inquiry.providers({}) if row.value else "", "The providers")]
    elif not measure.parts or measure.unit == "referrals":
        found = [(inquiry.figure_rows({}), "The referrals behind it")]
    else:
        counted = {"days": "seen", "patients": "with a patient"}.get(measure.unit, "counted")
        found = [
            (inquiry.figure_rows({}, part) if n else "", f"{first}{number(n)} {word}")
            for part, n, first, word in (
                (Part.NUMERATOR, row.numerator, "The ", counted),
                (Part.DENOMINATOR, row.denominator, "all ", "that they are counted among"),
                (Part.UNDETERMINED, row.undetermined, "", "unknown"),
                (Part.IMMATURE, row.immature, "", "too young to tell"),
            )
        ]
    return [(url, text) for url, text in found if url]


def halves(row: Row, measure: Measure) -> tuple[str, str]:
    label = "Seen of all followed" if measure.unit == "days" else "Counted"
    return label, f"{number(row.numerator)} of {number(row.denominator)}"


def settings(measure: Measure, *sources: Any) -> list[tuple[str, str]]:
    """The settings that change the figure, with their values: (what, value)."""
    found = []
    for name in measure.settings:
        source = next((source for source in sources if hasattr(source, name)), None)
        if source is None:
            continue
        value = getattr(source, name)
        label = source._meta.get_field(name).verbose_name
        if isinstance(value, bool):
            value = "yes" if value else "no"
        elif isinstance(value, list):
            value = ", ".join(value)
        found.append((label[:1].upper() + label[1:], str(value)))
    return found


@dataclass(frozen=True)
class Cell:
    """A cell of the table: what it says, where it leads, the label it has on a phone."""

    label: str
    text: str
    url: str = ""
    note: str = ""


@dataclass(frozen=True)
class Line:
    name: str
    url: str
    cells: list[Cell] = field(default_factory=list)


def headings(measure: Measure) -> list[str]:
    if measure.unit == "share":
        return [measure.title, "By chance (95%)", "Of", "Unknown", "Too young"]
    if measure.unit == "days":
        return ["Median", "By chance (95%)", "Nine of ten within", "Seen", "Of", "Unknown"]
    return [measure.title]


def order(rows: Sequence[Row], measure: Measure, cut: str) -> list[Row]:
    """Months in time; else the groups with most behind them first. A share ranks nobody: what few cases show is chance."""
    if cut == "month":
        return sorted(rows, key=lambda row: (row.key[0] is None, str(row.key[0])), reverse=True)
    return sorted(rows, key=lambda row: (-(row.denominator or row.numerator or 0), -(row.immature or 0), str(row.key)))


def lines(rows: Sequence[Row], inquiry: Inquiry, names: Mapping[Any, str]) -> list[Line]:
    """The table by one cut."""
    cut, measure = inquiry.by[0], inquiry.measure
    above = inquiry.question.rules.range_leads_above
    found = []
    for row in rows:
        keys = {cut: row.key[0]}
        among, behind = inquiry.figure_rows(keys, Part.DENOMINATOR), inquiry.figure_rows(keys)
        unknown = inquiry.figure_rows(keys, Part.UNDETERMINED) if row.undetermined else ""
        value = figure(row, measure, above)
        if measure.unit == "share":
            few = row.remark if row.value is not None else ""
            cells = [
                Cell(measure.title, value, behind if row.numerator else "", few),
                Cell("By chance (95%)", interval(row, measure) or "\N{EN DASH}"),
                Cell("Of", number(row.denominator), among if row.denominator else ""),
                Cell("Unknown", number(row.undetermined), unknown),
                Cell("Too young", number(row.immature), inquiry.figure_rows(keys, Part.IMMATURE) if row.immature else ""),
            ]
        elif measure.unit == "days":
            p90 = row.more.get("p90")
            cells = [
                Cell("Median", value, note=row.remark if row.value is not None else ""),
                Cell("By chance (95%)", interval(row, measure) or "\N{EN DASH}"),
                Cell("Nine of ten within", f"{p90:g} days" if p90 is not None else "\N{EN DASH}"),
                Cell("Seen", number(row.numerator), behind if row.numerator else ""),
                Cell("Of", number(row.denominator), among if row.denominator else ""),
                Cell("Unknown", number(row.undetermined), unknown),
            ]
        else:
            cells = [Cell(measure.title, value, inquiry.providers(keys) if measure.unit == "providers" and row.value else behind)]
        narrower = "" if row.key[0] is None and cut == "territory" else inquiry.narrower(keys)
        found.append(Line(names.get(row.key[0], str(row.key[0])), narrower, cells))
    return found


@dataclass(frozen=True)
class Cross:
    """Two cuts: a table whose cells are links (a heat map), and what was left out to keep it readable."""

    spec: dict[str, Any]
    left_out: int


def cross(rows: Sequence[Row], inquiry: Inquiry, names: Sequence[Mapping[Any, str]], shown: Sequence[Any]) -> Cross:
    """Rows are the first cut (`shown`: the keys on this page), columns the second; time runs to the right."""
    first, second = inquiry.by
    measure, above = inquiry.measure, inquiry.question.rules.range_leads_above
    cells = {row.key: row for row in rows}
    weight: dict[Any, int] = {}
    for row in rows:
        weight[row.key[1]] = weight.get(row.key[1], 0) + (row.denominator or row.numerator or 0)
    keys = sorted(weight, key=lambda key: (key is None, str(key)) if second == "month" else (-weight[key], str(key)))
    columns = keys[-WIDEST:] if second == "month" else keys[:WIDEST]

    def cell(one: Any, other: Any) -> heat.HeatCell:
        row = cells.get((one, other))
        if row is None or row.is_empty:
            return heat.HeatCell(None, "")
        leads = row.range_leads(above)
        may_compare = row.value is not None and not row.remark and not leads
        says = ", ".join(filter(None, [row.remark if row.value is not None else "", _of(row)]))
        both = {first: one, second: other}
        unseen = "territory" in both and both["territory"] is None
        behind = inquiry.providers(both) if measure.unit == "providers" else inquiry.figure_rows(both)
        url = behind or ("" if unseen else inquiry.narrower(both))
        return heat.HeatCell(row.value if may_compare else None, _short(row, measure, above), says, url)

    drawn = [
        heat.HeatRow(
            names[0].get(one, str(one)),
            [cell(one, other) for other in columns],
            "" if first == "territory" and one is None else inquiry.narrower({first: one}),
        )
        for one in shown
    ]
    until = None
    if second == "month":
        late = [place for place, month in enumerate(columns) if month is not None and is_late(month, rows, 1, inquiry)]
        until = late[0] if late else None
    spec = heat.spec(
        drawn,
        [(names[1].get(key, str(key)), "") for key in columns],
        corner=f"{CUTS[first].label} by {CUTS[second].label.lower()}",
        unit="percent" if measure.unit == "share" else "count",
        tone="outbound" if measure.better == "down" else "internal",
        immature_from=until,
    )
    return Cross(spec, len(keys) - len(columns))


def is_late(month: Any, rows: Sequence[Row], place: int, inquiry: Inquiry) -> bool:
    """Whether a month may still change: not full yet, or with referrals too young for their outcome."""
    return month >= inquiry.question.full_until or any(row.immature for row in rows if row.key[place] == month)


def _of(row: Row) -> str:
    return f"{number(row.numerator)} of {number(row.denominator)}" if row.denominator is not None else ""


def _short(row: Row, measure: Measure, above: int) -> str:
    if row.value is None:
        return "\N{EN DASH}"
    if measure.unit == "share":
        return figure(row, measure, above) if row.range_leads(above) else f"{row.value:.0%}"
    return f"{row.value:g}"


def chips(inquiry: Inquiry, names: Mapping[str, Mapping[Any, str]]) -> list[tuple[str, str]]:
    """What narrows the figure beyond the filter bar: (text, address without it)."""
    return [
        (
            f"{CUTS[cut].label}: {names[cut].get(value, NOT_NAMED.get(cut, 'Not named') if value is None else str(value))}",
            inquiry.url(changes={cut: None}),
        )
        for cut, value in inquiry.narrowed.items()
    ]
