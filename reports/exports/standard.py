"""The leakage report and the growth report as documents."""

import datetime as dt

from accounts.models import User
from reports import charts, words
from reports.cells import Cell, merge
from reports.exports.document import Block, Column, Document, Figure, Figures, Heading, TableBlock, Text, Unit, counts, shares
from reports.exports.frame import document_of, meaning, set_chart
from reports.measures import inbound, leakage_ordered, received
from reports.models import ReportRun
from reports.numbers import Numbers
from reports.queries.field import contacts
from reports.questions import Question, of_run

OURS = ("Kept", "Left", "No destination")
BASELINE = "Received in the last 3 full months, against what each practice's own 12 months before lead to expect."
LEAKAGE_SHARES = shares("Leakage", "Known share", "Lowest", "Highest", parts=OURS)


def leakage_document(run: ReportRun, reader: User) -> Document:
    """Where our own referrals go."""
    found, question = run.numbers, of_run(run, reader)
    now, _ = charts.now_and_before(found.grid)
    ratio = leakage_ordered(now)
    lines = sorted(merge(now, 2), key=lambda cell: (-cell.outbound, cell.labels[0]))
    blocks: list[Block] = [
        Figures(
            [
                Figure("Leakage, ordered", ratio.value, Unit.SHARE, note=words.known(ratio)),
                Figure("Left our network", ratio.numerator, of_patients=True),
                Figure("Kept in our network", ratio.denominator - ratio.numerator, of_patients=True),
                Figure("No destination named", ratio.undetermined, of_patients=True),
            ]
        ),
        Heading("Over time"),
        set_chart(
            charts.leakage_trend(found, question),
            [Column("Month", Unit.MONTH), *counts(*OURS), *LEAKAGE_SHARES],
            [[cell.key[0], *_leakage(cell)] for cell in found.months],
        ),
        Heading("By service line"),
        set_chart(
            charts.leakage_by_line(found, question),
            [Column("Service line"), *counts(*OURS), *LEAKAGE_SHARES],
            [[cell.labels[0], *_leakage(cell)] for cell in lines if cell.internal + cell.outbound + cell.undetermined],
        ),
        Heading("Where they went"),
        set_chart(
            charts.destinations(found, question),
            [Column("Destination"), *counts("Referrals"), *shares("Of all that left")],
            _destinations(found),
        ),
        Heading("By territory and payer"),
        _by(found.grid, 1, "Territory", "Our referrals by territory"),
        _by(found.payers, 1, "Payer", "Our referrals by payer"),
        meaning("leakage_ordered", "keepage_ordered", "undetermined"),
    ]
    return document_of(run, "Outbound leakage", question.window.words, blocks)


def volume_document(run: ReportRun, reader: User) -> Document:
    """Who sends us more, and who less."""
    found, question = run.numbers, of_run(run, reader)
    now, before = charts.now_and_before(found.grid)
    earlier = {cell.key[0]: cell.inbound for cell in merge(before, 2)} if question.has_history else {}
    change = words.growth(inbound(now), inbound(before) if question.has_history else None, question)
    lines = sorted(merge(now, 2), key=lambda cell: (-cell.inbound, cell.labels[0]))
    blocks: list[Block] = [
        Figures(
            [
                Figure("Inbound referrals", inbound(now), change=change, of_patients=True),
                Figure("Received in all", received(now), note="Inbound and internal.", of_patients=True),
                Figure("New referrers", found.new_referrers, note="Inbound in the period, none in the 12 months before."),
            ]
        ),
        Heading("Over time"),
        set_chart(
            charts.inbound_trend(found, question),
            [Column("Month", Unit.MONTH), *counts("Inbound", "Internal", "Received")],
            [[cell.key[0], cell.inbound, cell.internal, received([cell])] for cell in found.months],
        ),
        Heading("By service line"),
        set_chart(
            charts.inbound_by_line(found, question),
            [Column("Service line"), *counts("Inbound", "Before")],
            [
                [cell.labels[0], cell.inbound, earlier.get(cell.key[0], 0) if earlier else None]
                for cell in lines
                if cell.inbound or earlier.get(cell.key[0])
            ],
        ),
        *_movers(found, question),
        meaning("inbound", "received", "internal"),
    ]
    return document_of(run, "Inbound growth and volume", question.window.words, blocks)


def _leakage(cell: Cell) -> list[int | float | None]:
    ratio = leakage_ordered([cell])
    return [cell.internal, cell.outbound, cell.undetermined, ratio.value, ratio.known_share, *(ratio.bounds or (None, None))]


def _destinations(found: Numbers) -> list[list[str | int | float]]:
    outside = sorted(merge(found.destinations, 1), key=lambda cell: (-cell.outbound, cell.labels[0]))
    everything = sum(cell.outbound for cell in outside)
    return [[cell.labels[0], cell.outbound, cell.outbound / everything] for cell in outside]


def _by(cells: list[Cell], place: int, label: str, title: str) -> TableBlock:
    now, _ = charts.now_and_before(cells)
    groups = sorted(merge(now, place), key=lambda cell: (-cell.outbound, cell.labels[0]))
    rows = [[cell.labels[0], *_leakage(cell)] for cell in groups if cell.internal + cell.outbound + cell.undetermined]
    return TableBlock(title, [Column(label), *counts(*OURS), *LEAKAGE_SHARES], rows)


def _movers(found: Numbers, question: Question) -> list[Block]:
    """Practices against their own baseline, for readers who may see practices; names as they are today."""
    if not question.sees_sources:
        return []
    seen = contacts([mover.practice_id for mover in found.movers], user=question.user, parents=question.known.parents)
    columns = [
        Column("Practice"), *counts("Last 3 months", "Expected"), Column("Difference", Unit.DECIMAL, parts=("Last 3 months", "Expected")),
        Column("Looked after by"), Column("Last visit", Unit.DATE),
    ]  # fmt: skip
    rows: list[list[str | int | float | dt.date | None]] = [
        [seen[mover.practice_id].name, mover.observed, round(mover.expected), round(mover.difference, 1), seen[mover.practice_id].owner,
         seen[mover.practice_id].last_visit_on]
        for mover in found.movers
        if mover.practice_id in seen
    ]  # fmt: skip
    falls, gains = ([mover for mover in found.movers if (mover.difference < 0) == down] for down in (True, False))
    return [
        Heading("Who moved"),
        Text(f"{words.falls(falls)}. {words.gains(gains)}."),
        TableBlock("Practices against their own baseline", columns, rows, note=BASELINE),
    ]  # fmt: skip
