"""Documents as PDF, designed for print: letter size, tagged for screen readers, set by typst from JSON with the fonts in its wheel."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from common.paper import pdf
from common.templatetags.prm import day, moment
from reports.exports.document import Block, ChartBlock, Definitions, Document, Figures, Heading, TableBlock, Text
from reports.exports.drawings import draw
from reports.exports.writing import written

TEMPLATE = Path(__file__).with_name("report.typ")
BEHIND_CHART = 36  # rows under a chart; more are in the workbook


def pdf_bytes(document: Document) -> bytes:
    """The same document gives the same bytes: no time of printing, no font of this machine.

    Checked by typst against PDF/UA-1: tagged, with title, language, and words for every picture.
    """
    return pdf(TEMPLATE, "report", _report(document))


def _report(document: Document) -> dict[str, Any]:
    about = [document.scope, document.filter]
    if document.computed_at:
        by = f" for {document.asked_by}" if document.asked_by else ""
        about.append(f"Computed {moment(document.computed_at)}{by}")
    through = f"Data through {day(document.data_through)}" if document.data_through else "No referral data yet"
    about.append(through)
    return {
        "title": document.title,
        "scope": document.scope,
        "organization": document.organization,
        "logo": list(document.logo),
        "foot": through + (f" · data version {document.version}" if document.version else ""),
        "about": [said for said in about if said],
        "settings": [list(pair) for pair in document.settings],
        "blocks": _blocks(document.blocks),
    }


def _blocks(blocks: Sequence[Block]) -> list[dict[str, Any]]:
    """In order, with the level of each heading: none is skipped, or who reads by headings would miss one. The title is the first."""
    said, part = [], 1
    for block in blocks:
        one = _block(block)
        if isinstance(block, Heading):
            part = one["level"] = max(2, min(block.level, part + 1))
        elif isinstance(block, TableBlock | ChartBlock):
            one["level"] = part + 1
        said.append(one)
    return said


def _block(block: Block) -> dict[str, Any]:
    if isinstance(block, Heading):
        return {"kind": "heading", "text": block.text}
    if isinstance(block, Text):
        return {"kind": "text", "text": block.text, "tone": block.tone}
    if isinstance(block, Figures):
        items = [
            {"label": item.label, "value": written(item.value, item.unit), "change": item.change, "note": item.note} for item in block.items
        ]
        return {"kind": "figures", "items": items}
    if isinstance(block, Definitions):
        meanings = [{"formula": item.formula, "paragraphs": list(item.paragraphs)} for item in block.items]
        return {"kind": "definitions", "items": meanings, "notes": list(block.notes)}
    if isinstance(block, ChartBlock):
        svg = draw(block.spec)
        alt = f"Chart: {block.title}. The numbers are in the table below."
        said = {"title": block.title, "sub": block.sub, "note": block.note, "svg": svg, "alt": alt}
        return {"kind": "chart", **said, "table": _table(block.table, BEHIND_CHART)}
    return {"kind": "table", "title": block.title, "note": block.note, **_table(block, block.limit)}


def _table(table: TableBlock, limit: int) -> dict[str, Any]:
    """Texts in columns; the first column, and any that is all words, takes the room that is left."""
    units = [column.unit for column in table.columns]
    widths = [
        max([len(column.label), *(len(written(row[place], units[place])) for row in table.rows[:limit])])
        for place, column in enumerate(table.columns)
    ]
    more = len(table.rows) - limit
    return {
        "columns": [
            {"label": column.label, "number": column.is_number, "wide": place == 0 or (not column.is_number and widths[place] > 24)}
            for place, column in enumerate(table.columns)
        ],
        "rows": [[written(value, unit) for value, unit in zip(row, units, strict=True)] for row in table.rows[:limit]],
        "total": [written(value, unit) for value, unit in zip(table.total, units, strict=True)] if table.total else [],
        "left-out": f"{more:,} more row{'' if more == 1 else 's'} in the XLSX and CSV." if more > 0 else "",
        "size": 9.5 if len(units) <= 6 else 8.5 if len(units) <= 9 else 7.5,
        "empty": table.empty,
    }
