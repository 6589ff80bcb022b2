"""A document as a page shows it: inside, so small counts are told."""

from typing import Any

from reports.exports.document import Block, ChartBlock, Definitions, Document, Figures, Heading, TableBlock, Text
from reports.exports.writing import written

PAGE_ROWS = 500  # of one table; the files carry all


def page_blocks(document: Document) -> dict[str, Any]:
    """Context of reports/_document.html, and which scripts its charts need."""
    drawn = {block.spec.get("kind") for block in document.blocks if isinstance(block, ChartBlock)}
    blocks = [_shown(block, place) for place, block in enumerate(document.blocks)]
    return {"blocks": blocks, "has_charts": bool(drawn - {"heatmap"}), "has_limits": bool(drawn & {"xmr", "funnel"})}


def _shown(block: Block, place: int) -> dict[str, Any]:
    if isinstance(block, Heading):
        return {"kind": "heading", "text": block.text}
    if isinstance(block, Text):
        return {"kind": "text", "text": block.text, "tone": block.tone}
    if isinstance(block, Figures):
        figures = [
            {"label": item.label, "value": written(item.value, item.unit), "change": item.change, "note": item.note} for item in block.items
        ]
        return {"kind": "figures", "figures": figures}
    if isinstance(block, Definitions):
        return {"kind": "definitions", "items": block.items, "notes": block.notes}
    if isinstance(block, ChartBlock):
        drawn = {"id": block.id, "title": block.title, "spec": block.spec, "sub": block.sub, "note": block.note}
        return {"kind": "chart", **drawn, "table": _table(block.table)}
    return {"kind": "table", "id": f"table-{place}", "note": block.note, "empty": block.empty, "title": block.title, **_table(block)}


def _table(table: TableBlock) -> dict[str, Any]:
    units = [column.unit for column in table.columns]
    return {
        "caption": table.title,
        "columns": [{"label": column.label, "num": column.is_number} for column in table.columns],
        "rows": [[written(value, unit) for value, unit in zip(row, units, strict=True)] for row in table.rows[:PAGE_ROWS]],
        "total": table.total and [written(value, unit) for value, unit in zip(table.total, units, strict=True)],
        "left_out": max(0, len(table.rows) - PAGE_ROWS),
    }
