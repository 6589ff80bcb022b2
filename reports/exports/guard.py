"""What may be told outside: counts of few referrals are hidden, and whatever would give a hidden one away (METHODS sections 2 and 9)."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from reports.exports.document import Block, ChartBlock, Column, Document, Figures, TableBlock, Text, Unit, Value

# A small whole number in a sentence that is no length of time.
_SMALL = re.compile(r"(?<![\d.,$])([1-9]\d?)(?![\d,%]|\.\d)(?!\s*(?:full |last )?(?:months?|days?|weeks?|years?|of the year|pts))")


def guarded(document: Document, smallest: int) -> Document:
    """The document as it may leave; the same one where it was guarded before."""
    if document.is_guarded or smallest <= 1:
        return document
    blocks = [kept for block in document.blocks if (kept := _block(block, smallest)) is not None]
    return replace(document, blocks=blocks, is_guarded=True)


def hidden(count: Value, smallest: int) -> Value:
    """A count as it may leave: below the setting nobody is told how few."""
    return f"<{smallest}" if _is_small(count, smallest) else count


def _is_small(count: Value, smallest: int) -> bool:
    return isinstance(count, int | float) and not isinstance(count, bool) and 0 < count < smallest


def _block(block: Block, smallest: int) -> Block | None:
    if isinstance(block, TableBlock):
        return guard_table(block, smallest)
    if isinstance(block, ChartBlock):
        return _chart(block, smallest)
    if isinstance(block, Figures):
        return _figures(block, smallest)
    if isinstance(block, Text) and block.of_patients and _tells(block.text, smallest):
        return None
    return block


def guard_table(table: TableBlock, smallest: int) -> TableBlock:
    """The table without small counts; its total only where nothing is hidden in the column above it."""
    rows = [guard_row(row, table.columns, smallest) for row in table.rows]
    total = table.total
    if total is not None:
        is_told = [
            all(str(row[place]) == str(old[place]) for row, old in zip(rows, table.rows, strict=True)) for place in range(len(total))
        ]
        total = [value if told else None for value, told in zip(guard_row(total, table.columns, smallest), is_told, strict=True)]
    return replace(table, rows=rows, total=total)


def guard_row(row: Sequence[Value], columns: Sequence[Column], smallest: int) -> list[Value]:
    """Counts, and what is computed from them only where none of its parts is hidden."""
    few = {column.label for column, value in zip(columns, row, strict=True) if column.of_patients and _is_small(value, smallest)}
    if not few:
        return list(row)
    return [
        hidden(value, smallest) if column.label in few else None if _rests_on(column, few) else value
        for column, value in zip(columns, row, strict=True)
    ]


def _rests_on(column: Column, few: set[str]) -> bool:
    if column.parts:
        return bool(few & set(column.parts))
    return column.unit in {Unit.SHARE, Unit.DECIMAL}


def _figures(block: Figures, smallest: int) -> Figures:
    few = any(item.of_patients and _is_small(item.value, smallest) for item in block.items)
    items = []
    for item in block.items:
        if item.of_patients and _is_small(item.value, smallest):
            items.append(replace(item, value=hidden(item.value, smallest), change="", note=""))
        elif few and item.unit == Unit.SHARE:
            items.append(replace(item, value=None, change="", note="Not told: it rests on a hidden count."))
        else:
            items.append(item)
    return replace(block, items=items)


def _chart(block: ChartBlock, smallest: int) -> ChartBlock:
    table = guard_table(block.table, smallest)
    few = {place for place, (new, old) in enumerate(zip(table.rows, block.table.rows, strict=True)) if list(new) != list(old)}
    spec = _spec(block, few, smallest)
    if spec == block.spec and not few:
        return block
    said = block.title if not _tells(block.title, smallest) else block.table.title
    note = f"{block.note} Counts below {smallest} are not drawn.".strip()
    return replace(block, title=said, spec=spec, table=table, note=note)


def _spec(block: ChartBlock, few: set[int], smallest: int) -> dict[str, Any]:
    """The drawing without the marks of few referrals."""
    spec, rests_on = dict(block.spec), block.counts
    if "links" in spec:
        spec["links"] = [link for link in spec["links"] if not _is_small(link.get("value"), smallest)]
        ends = {link[end] for link in spec["links"] for end in ("source", "target")}
        spec["nodes"] = [node for node in spec["nodes"] if node.get("id", node.get("name")) in ends]
        return spec
    is_count = spec.get("unit", "count") == "count"
    if spec.get("kind") == "heatmap":
        spec["rows"] = [_cells(row, rests_on[place] if rests_on else None, smallest, is_count) for place, row in enumerate(spec["rows"])]
        return spec
    if spec.get("kind") == "funnel":
        spec["points"] = [point for point in spec["points"] if not _is_small(point["n"], smallest)]
        return spec
    if spec.get("kind") == "xmr":
        spec["values"] = [None if is_count and _is_small(value, smallest) else value for value in spec["values"]]
        return spec
    if rests_on is not None:
        few = {place for place, n in enumerate(rests_on) if _is_small(n, smallest)}

    def kept(values: Sequence[Any]) -> list[Any]:
        if is_count and rests_on is None:
            return [None if _is_small(value, smallest) else value for value in values]
        return [None if place in few else value for place, value in enumerate(values)]

    spec["series"] = [{**row, "values": kept(row["values"])} for row in spec.get("series", ())]
    if band := spec.get("band"):
        spec["band"] = {**band, "low": kept(band["low"]), "high": kept(band["high"])}
    return spec


def _cells(row: dict[str, Any], counts: Sequence[Any] | None, smallest: int, is_count: bool) -> dict[str, Any]:
    """A row of a heat map; a cell of few says so, without its color."""
    cells = []
    for place, cell in enumerate(row["cells"]):
        n = counts[place] if counts is not None else cell["value"] if is_count else None
        cells.append({"value": None, "text": f"<{smallest}", "level": None} if _is_small(n, smallest) else cell)
    return {**row, "cells": cells}


def _tells(text: str, smallest: int) -> bool:
    """Whether the sentence names a count so small that its table hides it."""
    return any(int(number) < smallest for number in _SMALL.findall(text))
