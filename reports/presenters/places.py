"""Counties as rows, and the practices of one. No queries of its own."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse

from reports.charts.counties import Figure, dominant, figure
from reports.measures import inbound, received
from reports.queries.places import County, Office
from reports.questions import Question

HEADINGS = (
    ("inbound", "Inbound"),
    ("received", "Received"),
    ("leakage", "Leakage"),
    ("workload", "Hours promised"),
    ("visits", "Visits"),
    ("practices", "Practices"),
    ("", "Territory"),
)
SORTS = ("inbound", "received", "leakage", "workload", "visits", "practices")


@dataclass(frozen=True)
class Row:
    """A county: its name, its figures in the order of the headings."""

    county: str
    name: str
    figures: Sequence[Figure]
    territory: str


@dataclass(frozen=True)
class PracticeRow:
    name: str
    url: str
    inbound: int
    received: int
    network_url: str


def rows(found: Sequence[County], question: Question, sort: str, *, down: bool) -> list[Row]:
    """By one of the measures; counties without it come last either way, what lies in no county last of all."""

    def value(county: County) -> float | None:
        return figure(county, sort, question.rules).value

    known = [county for county in found if value(county) is not None]
    known.sort(key=lambda county: (not county.name, -(value(county) or 0) if down else (value(county) or 0), county.name))
    return [
        Row(
            county.name,
            county.label,
            [figure(county, name, question.rules) for name in SORTS],
            dominant(county, question.known.territories),
        )
        for county in [*known, *(county for county in found if value(county) is None)]
    ]


def practices(offices: Sequence[Office], county: str) -> list[PracticeRow]:
    """The practices of a county that the person may open, most referrals first."""
    there = [office for office in offices if office.county == county and office.is_live]
    there.sort(key=lambda office: (-received([office.cell]), office.name))
    return [
        PracticeRow(
            office.name,
            reverse("contacts:practice", args=[office.pk]),
            inbound([office.cell]),
            received([office.cell]),
            reverse("reports:network-of", args=["practice", office.pk]),
        )
        for office in there
    ]
