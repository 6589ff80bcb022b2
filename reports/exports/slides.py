"""The quarter as slides: native charts and tables that can be edited, the definitions and the data's last day in the notes."""

import datetime as dt
from collections.abc import Sequence
from io import BytesIO
from typing import Any

from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION
from pptx.enum.text import MSO_ANCHOR
from pptx.util import Emu, Inches, Pt

from reports.exports.document import Document, Figure, Figures, TableBlock, Text, Value
from reports.exports.frame import organization
from reports.exports.guard import guard_table, guarded
from reports.exports.quarter import DEFINED, against_chart, money_sentences, parts_table, quarter_document
from reports.exports.roi import LADDER
from reports.exports.writing import written
from reports.models import ReportRun

WIDTH, HEIGHT = Inches(13.333), Inches(7.5)
LEFT, TOP = Inches(0.7), Inches(1.75)
BODY = WIDTH - 2 * LEFT
INK, GRAY, ACCENT, PALE = RGBColor(0x1B, 0x26, 0x33), RGBColor(0x5B, 0x67, 0x75), RGBColor(0x1F, 0x5F, 0xA8), RGBColor(0xA9, 0xB4, 0xC0)
FONT = "Calibri"


def quarter_slides(run: ReportRun, smallest: int) -> bytes:
    """Seven slides. Small counts are hidden as in every file."""
    found: dict[str, Any] = run.result or {}
    document = guarded(quarter_document(run, None), smallest)  # type: ignore[arg-type]  # nobody reads it: without a reader no links are drawn
    deck = _Deck(run, found["words"])
    deck.title(organization(), found["words"])
    figures = next(block.items for block in document.blocks if isinstance(block, Figures))
    first = document.blocks[0]
    deck.figures(first.text if isinstance(first, Text) else "The quarter in six figures", figures)
    deck.chart(_headline(document, found), guard_table(against_chart(found).table, smallest))
    deck.table(
        "Referrers, leakage, access, concerns",
        guard_table(parts_table(found), smallest),
        _meanings("leakage_recovered", "regular_referrers", "time_to_appointment"),
    )
    deck.bullets("What it cost and what came of it", money_sentences(found), [f"{letter}: {text}." for letter, text in LADDER])
    deck.bullets("What cannot be claimed", found["cannot"], ["Each sentence stands there because of a number of this quarter."])
    deck.bullets(
        "How it is counted",
        [f"{_words(item.name)}: {item.formula}." for item in DEFINED],
        [" ".join(item.paragraphs) for item in DEFINED],
    )
    return deck.content()


def _headline(document: Document, found: dict[str, Any]) -> str:
    """The finding as it may leave: without small counts."""
    first = next((block for block in document.blocks if hasattr(block, "spec")), None)
    return str(getattr(first, "title", found["words"]))


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _meanings(*names: str) -> list[str]:
    return [f"{_words(item.name)}: {item.formula}. {' '.join(item.paragraphs)}" for item in DEFINED if item.name in names]


class _Deck:
    """Slides of one look: a title that says the finding, one thing below it, the source in the foot, the rest in the notes."""

    def __init__(self, run: ReportRun, words: str) -> None:
        self.deck = Presentation()
        self.deck.slide_width, self.deck.slide_height = WIDTH, HEIGHT
        self.blank = self.deck.slide_layouts[5]  # title only
        through = run.data_through_on
        self.foot = f"{words}. Data through {_day(through)}."
        self.source = f"Data through {_day(through)}, data version {run.data_version}. {run.scope_name}."

    def content(self) -> bytes:
        out = BytesIO()
        self.deck.save(out)
        return out.getvalue()

    def title(self, whose: str, words: str) -> None:
        slide = self._slide("Outreach: the quarter", [])
        self._text(slide, LEFT, Inches(2.6), BODY, Inches(0.8), [words], size=28, color=ACCENT)
        self._text(slide, LEFT, Inches(3.5), BODY, Inches(0.6), [whose], size=20, color=GRAY)

    def figures(self, title: str, items: Sequence[Figure]) -> None:
        """Six tiles, three in a row."""
        slide = self._slide(title, _meanings("own_baseline", "assigned_practices"))
        width, height, gap = Inches(3.78), Inches(2.3), Inches(0.29)
        for place, item in enumerate(items[:6]):
            left, top = LEFT + (place % 3) * (width + gap), TOP + (place // 3) * (height + gap)
            tile = slide.shapes.add_shape(1, Emu(left), Emu(top), width, height)
            tile.fill.solid()
            tile.fill.fore_color.rgb = RGBColor(0xF3, 0xF5, 0xF8)
            tile.line.fill.background()
            tile.shadow.inherit = False
            frame = tile.text_frame
            frame.word_wrap, frame.vertical_anchor = True, MSO_ANCHOR.MIDDLE
            self._lines(frame, [(item.label, 16, GRAY, False), (written(item.value, item.unit), 36, INK, True)])
            small = " ".join(filter(None, (item.change, item.note)))
            if small:
                self._add(frame, small, 12, GRAY)

    def chart(self, title: str, table: TableBlock) -> None:
        slide = self._slide(title, _meanings("assigned_practices", "own_baseline", "new_patients"))
        data = CategoryChartData()
        data.categories = [str(row[0]) for row in table.rows]
        for place in (1, 2):
            data.add_series(table.columns[place].label, [_count(row[place]) for row in table.rows])
        frame = slide.shapes.add_chart(XL_CHART_TYPE.BAR_CLUSTERED, LEFT, TOP, Inches(7.4), Inches(4.9), data)
        chart = frame.chart
        chart.has_legend, chart.has_title = True, False
        chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
        chart.font.size, chart.font.name = Pt(14), FONT
        chart.category_axis.reverse_order = True
        chart.value_axis.has_major_gridlines, chart.value_axis.visible = False, False
        plot = chart.plots[0]
        plot.gap_width, plot.has_data_labels = 60, True
        plot.data_labels.font.size = Pt(14)
        for series, color in zip(plot.series, (ACCENT, PALE), strict=True):
            series.format.fill.solid()
            series.format.fill.fore_color.rgb = color
        rows = [[row[0], *row[3:]] for row in table.rows]
        self._grid(slide, Inches(8.3), [table.columns[0].label, "Change", "Lowest", "Highest"], rows, table, Inches(4.33))

    def table(self, title: str, table: TableBlock, notes: Sequence[str]) -> None:
        slide = self._slide(title, notes)
        rows = [[written(value, column.unit) for value, column in zip(row, table.columns, strict=True)] for row in table.rows]
        self._plain_grid(slide, LEFT, [column.label for column in table.columns], rows, BODY, (0.22, 0.2, 0.58))

    def bullets(self, title: str, sentences: Sequence[str], notes: Sequence[str]) -> None:
        slide = self._slide(title, notes)
        size = 20 if len(sentences) <= 5 else 16
        self._text(slide, LEFT, TOP, BODY, Inches(4.9), [f"\N{BULLET} {sentence}" for sentence in sentences], size=size, color=INK, space=8)

    def _grid(self, slide: Any, left: int, head: list[str], rows: list[list[Value]], table: TableBlock, width: int) -> None:
        unit = table.columns[3].unit
        told = [[str(row[0]), *(written(value, unit) for value in row[1:])] for row in rows]
        self._plain_grid(slide, left, head, told, width, (0.43, 0.19, 0.19, 0.19))

    def _plain_grid(self, slide: Any, left: int, head: list[str], rows: list[list[str]], width: int, shares: tuple[float, ...]) -> None:
        frame = slide.shapes.add_table(len(rows) + 1, len(head), left, TOP, width, Inches(0.55) * (len(rows) + 1))
        grid = frame.table
        for place, share in enumerate(shares):
            grid.columns[place].width = Emu(int(width * share))
        for line, row in enumerate([head, *rows]):
            for place, text in enumerate(row):
                cell = grid.cell(line, place)
                cell.vertical_anchor = MSO_ANCHOR.MIDDLE
                cell.fill.solid()
                cell.fill.fore_color.rgb = RGBColor(0xE3, 0xE9, 0xF1) if line == 0 else RGBColor(0xFF, 0xFF, 0xFF)
                self._lines(cell.text_frame, [(text, 14, INK, line == 0 or place == 0)])
                cell.text_frame.word_wrap = True

    def _slide(self, title: str, notes: Sequence[str]) -> Any:
        slide = self.deck.slides.add_slide(self.blank)
        box = slide.shapes.title
        box.left, box.top, box.width, box.height = LEFT, Inches(0.45), BODY, Inches(1.1)
        box.text_frame.word_wrap, box.text_frame.vertical_anchor = True, MSO_ANCHOR.MIDDLE
        self._lines(box.text_frame, [(title, 28, INK, True)])
        self._text(slide, LEFT, Inches(6.9), BODY, Inches(0.4), [self.foot], size=12, color=GRAY)
        slide.notes_slide.notes_text_frame.text = "\n\n".join([self.source, *notes])
        return slide

    def _text(
        self, slide: Any, left: int, top: int, width: int, height: int, lines: Sequence[str], *, size: int, color: RGBColor, space: int = 0
    ) -> None:
        frame = slide.shapes.add_textbox(left, top, width, height).text_frame
        frame.word_wrap = True
        self._lines(frame, [(line, size, color, False) for line in lines], space)

    def _lines(self, frame: Any, lines: Sequence[tuple[str, int, RGBColor, bool]], space: int = 0) -> None:
        for place, (text, size, color, bold) in enumerate(lines):
            paragraph = frame.paragraphs[0] if place == 0 else frame.add_paragraph()
            self._run(paragraph, text, size, color, bold)
            paragraph.space_after = Pt(space)

    def _add(self, frame: Any, text: str, size: int, color: RGBColor) -> None:
        self._run(frame.add_paragraph(), text, size, color, False)

    @staticmethod
    def _run(paragraph: Any, text: str, size: int, color: RGBColor, bold: bool) -> None:
        paragraph.alignment = 1
        run = paragraph.add_run()
        run.text = text
        run.font.size, run.font.bold, run.font.name, run.font.color.rgb = Pt(size), bold, FONT, color


def _count(value: Value) -> float | None:
    """A hidden count ("<11") has no bar."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _day(day: dt.date | None) -> str:
    return f"{day.day} {day:%b %Y}" if day else "no day yet"
