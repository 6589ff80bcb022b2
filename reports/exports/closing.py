"""Closing the referral loop over a year as a document, with what the feeds cannot tell."""

from collections import defaultdict

from accounts.models import User
from common.templatetags.prm import number, percent
from referrals.models import Source
from reports.exports.document import (
    Block,
    Column,
    Definitions,
    Document,
    Figure,
    Figures,
    Heading,
    Meaning,
    TableBlock,
    Text,
    Unit,
    Value,
    counts,
    shares,
)
from reports.exports.frame import document_of
from reports.intervals import TOO_FEW, wilson
from reports.models import ReportRun
from reports.queries.closing import Closing
from reports.queries.names import words_for

COUNTED = ("Patients", "Report back")
NOT_TOLD = (
    "CMS50 asks for a finished office, preventive or eye visit (an emergency visit does not qualify) or a behavioral assessment in the "
    "year. Feeds of referrals tell no such visit, so everybody with a first referral is counted here. For the figure that CMS asks "
    "for, count a FHIR file of the patients' records (Reports, CMS50 from a FHIR file)."
)
MEANING = Meaning(
    "closed_loop_cms50",
    "Closing the referral loop, as CMS50: first referrals with the specialist's report back within the year ÷ first referrals",
    (
        "Each patient of a feed of our orders counts once, with the first consult that one of ours ordered from 1 January to 31 October "
        "and that was neither cancelled nor rejected. The loop is closed when the report on that very referral came on or after the day of "
        "the order and by 31 December. A patient in two feeds counts in both.",
        "This is not the operational closed loop, which counts every referral and waits a fixed number of days.",
    ),
)


def closing_document(run: ReportRun, reader: User) -> Document:
    year = run.parameters["year"]
    rows = [Closing(*row) for row in (run.result or {})["rows"]]
    patients, closed = sum(row.patients for row in rows), sum(row.closed for row in rows)
    share = closed / patients if patients else None
    is_over = run.data_through_on is not None and run.data_through_on.year > year
    blocks: list[Block] = [
        Figures(
            [
                Figure("Reports back", share, Unit.SHARE, note=_interval(closed, patients), of_patients=True),
                Figure("Patients with a first referral", patients, of_patients=True),
                Figure("Of them with the report", closed, of_patients=True),
            ]
        ),
        Text(NOT_TOLD, tone="note"),
    ]
    if not is_over:
        blocks.append(Text(f"{year} is not over in the data: reports that are still to come will raise the figure.", tone="note"))
    sources = {source.pk: str(source) for source in Source.objects.filter(pk__in={row.source_id for row in rows})}
    lines = words_for("service_line", {row.service_line_id for row in rows})
    blocks += [
        Heading("By service line"),
        _table("Service line", [(lines[row.service_line_id], row) for row in rows], is_main=True),
        Heading("By feed"),
        _table("Feed", [(sources.get(row.source_id, "A feed that is gone"), row) for row in rows]),
        Definitions([MEANING]),
    ]
    return document_of(run, f"Closing the referral loop, {year}", f"First referrals of {year}", blocks)


def _table(label: str, named: list[tuple[str, Closing]], *, is_main: bool = False) -> TableBlock:
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for name, row in named:
        sums[name][0] += row.patients
        sums[name][1] += row.closed
    most_first = sorted(sums.items(), key=lambda item: -item[1][0])
    rows: list[list[Value]] = [[name, patients, closed, closed / patients] for name, (patients, closed) in most_first]
    columns = [Column(label), *counts(*COUNTED), *shares("Share", parts=COUNTED)]
    return TableBlock(
        f"First referrals and their reports by {label.lower()}", columns, rows, is_main=is_main, empty="No first referral in this year."
    )


def _interval(closed: int, patients: int) -> str:
    if patients < TOO_FEW:
        return f"Fewer than {TOO_FEW} patients: too few to say." if patients else "No patient with a first referral in the year."
    low, high = wilson(closed, patients)
    return f"95% interval {percent(low)} to {percent(high)} (Wilson), of {number(patients)} patients."
