"""Bars: side by side or on top of each other, upright or lying down; and cells of a heat map."""

from typing import Any

from reports.exports.drawings.canvas import SIZE, SMALL, TONES, Canvas, color, cut, ticks, told, width_of
from reports.exports.drawings.lines import FOOT, HEIGHT, names

ROW, BAR, NAMES = 21.0, 13.0, 200.0


def bar(spec: dict[str, Any]) -> str:
    return _lying(spec) if spec.get("horizontal") else _upright(spec)


def _legend(spec: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    series = spec["series"]
    return [(row["name"], color(row.get("tone"), place), "box", "") for place, row in enumerate(series)] if len(series) > 1 else []


def _highest(spec: dict[str, Any]) -> float:
    columns = list(zip(*(row["values"] for row in spec["series"]), strict=True))
    tops = [
        sum(value or 0 for value in column) if spec["kind"] == "stacked" else max((value or 0 for value in column), default=0)
        for column in columns
    ]
    target = [spec["target"]["value"]] if spec.get("target") else []
    return max([*tops, *target], default=1) or 1


def _tone(row: dict[str, Any], place: int, at: int) -> str:
    tones = row.get("tones") or []
    return color((tones[at] if at < len(tones) else None) or row.get("tone"), place)


def _upright(spec: dict[str, Any]) -> str:
    canvas = Canvas(HEIGHT)
    unit, labels, series = spec.get("unit", "count"), spec["labels"], spec["series"]
    top, bottom = canvas.legend(_legend(spec)), HEIGHT - FOOT
    marks = ticks(0, _highest(spec), unit)
    left = max(width_of(told(mark, unit), SMALL) for mark in marks) + 8
    room = (canvas.width - left) / max(1, len(labels))
    is_stacked = spec["kind"] == "stacked"
    width = min(26.0, room * 0.72 / (1 if is_stacked else len(series)))

    def height(value: float) -> float:
        return (bottom - top) * value / marks[-1]

    for mark in marks:
        canvas.line(left, bottom - height(mark), canvas.width, bottom - height(mark), TONES["line"])
        canvas.text(left - 6, bottom - height(mark) + 3, told(mark, unit), anchor="end", size=SMALL, fill=TONES["soft"])
    names(canvas, labels, [left + room * (at + 0.5) for at in range(len(labels))], bottom)
    for at in range(len(labels)):
        middle, base = left + room * (at + 0.5), bottom
        is_late = spec.get("immature_from") is not None and at >= spec["immature_from"]
        for place, row in enumerate(series):
            value = row["values"][at] or 0
            x = middle - width / 2 if is_stacked else middle + width * (place - len(series) / 2)
            tall = height(value)
            canvas.rect(x, base - tall, width - (0 if is_stacked else 1), tall, _tone(row, place, at), opacity=0.45 if is_late else 1)
            if is_late:
                canvas.hatch(x, base - tall, width - 1, tall)
            base -= tall if is_stacked else 0
    _target(
        canvas,
        spec,
        (left, bottom - height(spec["target"]["value"]), canvas.width, bottom - height(spec["target"]["value"]))
        if spec.get("target")
        else None,
    )
    return canvas.svg()


def _target(canvas: Canvas, spec: dict[str, Any], ends: tuple[float, float, float, float] | None) -> None:
    if ends is not None:
        x1, y1, x2, y2 = ends
        canvas.line(x1, y1, x2, y2, TONES["ink"], dash="4 4")
        canvas.text(x2, y1 - 4 if y1 == y2 else y1 + 8, spec["target"]["label"], anchor="end" if y1 == y2 else "start", size=SMALL)


def _lying(spec: dict[str, Any]) -> str:
    unit, labels, series = spec.get("unit", "count"), spec["labels"], spec["series"]
    is_stacked = spec["kind"] == "stacked"
    beside = 1 if is_stacked else len(series)
    row_height = ROW if beside == 1 else 8 + 9.0 * beside
    canvas = Canvas(1)
    top = canvas.legend(_legend(spec))
    canvas.height = top + row_height * len(labels) + 4
    left = min(NAMES, max((width_of(label) for label in labels), default=0)) + 10
    ends = [told(max((row["values"][at] or 0 for row in series), default=0), unit) for at in range(len(labels))]
    right = canvas.width - (max((width_of(text) for text in ends), default=0) + 10 if beside == len(series) or not is_stacked else 10)
    highest = _highest(spec)
    for at, label in enumerate(labels):
        y = top + row_height * at
        canvas.text(left - 8, y + row_height / 2 + 3.5, cut(label, NAMES), anchor="end")
        x = left
        for place, row in enumerate(series):
            value = row["values"][at]
            thick = BAR if beside == 1 else 8.0
            bar_y = y + (row_height - thick) / 2 if beside == 1 else y + 4 + 9.0 * place
            wide = (right - left) * (value or 0) / highest
            canvas.rect(x, bar_y, wide, thick, _tone(row, place, at))
            if is_stacked:
                if value and wide > width_of(told(value, unit), SMALL) + 4:
                    canvas.text(x + wide / 2, bar_y + thick - 3, told(value, unit), anchor="middle", size=SMALL, fill=TONES["surface"])
                x += wide
            else:
                canvas.text(
                    left + wide + 5, bar_y + thick - (2.5 if beside == 1 else 0.5), told(value, unit), size=SIZE if beside == 1 else 9
                )
    return canvas.svg()


def heatmap(spec: dict[str, Any]) -> str:
    """Cells from white to the tone by their level of ten, each with its text: nobody has to read a color. Hatched: late or silent."""
    rows, columns = spec["rows"], spec["columns"]
    left = min(170.0, max((width_of(row["label"]) for row in rows), default=0)) + 8
    canvas = Canvas(18 + ROW * len(rows) + 2)
    room = (canvas.width - left) / max(1, len(columns))
    every = max(1, int((max((width_of(column["label"], SMALL) for column in columns), default=1) + 4) // room) + 1)
    late = spec.get("immature_from")
    for at in range(len(columns) - 1, -1, -every):
        x = min(left + room * (at + 0.5), canvas.width - width_of(columns[at]["label"], SMALL) / 2)
        canvas.text(x, 11, columns[at]["label"], anchor="middle", size=SMALL, fill=TONES["soft"])
    for down, row in enumerate(rows):
        y = 18 + ROW * down
        canvas.text(left - 8, y + ROW / 2 + 3.5, cut(row["label"], 170), anchor="end")
        for at, cell in enumerate(row["cells"]):
            level = cell.get("level")
            shade = TONES["line"] if level is None else color(spec.get("tone"))
            canvas.rect(left + room * at, y, room - 1, ROW - 1, shade, opacity=0.4 if level is None else 0.08 + 0.1 * level)
            if cell.get("silent") or (late is not None and at >= late):
                canvas.hatch(left + room * at, y, room - 1, ROW - 1)
            said = str(cell.get("text", ""))
            if said and width_of(said, 9) < room - 2:
                ink = TONES["surface"] if level is not None and level >= 6 else TONES["ink"]
                canvas.text(left + room * (at + 0.5), y + ROW / 2 + 3, said, anchor="middle", size=9, fill=ink)
    return canvas.svg()
