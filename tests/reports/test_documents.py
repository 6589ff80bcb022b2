"""Reports as files: typed and whole in the workbook, designed on paper, and never a small count outside."""

import csv
import datetime as dt
import io
import re
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from pypdf import PdfReader

from audit.models import AuditEvent
from jobs.models import Job, JobState
from reports import actions, kinds
from reports.exports import drawings
from reports.exports.document import (
    ChartBlock,
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
    counts,
    shares,
)
from reports.exports.drawings.canvas import TONES, ticks
from reports.exports.files import csv_bytes, is_heavy, write_file, xlsx_bytes
from reports.exports.guard import guarded
from reports.exports.pdf import pdf_bytes
from reports.exports.writing import written
from reports.models import ReportFile, ReportRun
from tests.reports.conftest import END, FIRST

MONTHS = [dt.date(2025 + (place + 9) // 12, (place + 9) % 12 + 1, 1) for place in range(13)]
LABELS = [f"{month:%b %Y}" for month in MONTHS]
EVIL = '#strong[x] *b* $1$ _u_ \\ `c` @ref <l> #image("/etc/passwd") =1+1'


def document(**changes):
    columns = [Column("Month", Unit.MONTH), *counts("Kept", "Left"), *shares("Leakage")]
    rows = [[month, 100 + place, 20 + place, (20 + place) / (120 + 2 * place)] for place, month in enumerate(MONTHS)]
    rows[3] = [MONTHS[3], 100, 4, 4 / 104]
    line = {
        "kind": "line",
        "unit": "percent",
        "labels": LABELS,
        "immature_from": 12,
        "series": [{"name": "Leakage", "values": [row[3] for row in rows], "tone": "outbound"}],
        "band": {"low": [row[3] for row in rows], "high": [row[3] + 0.1 for row in rows], "label": "Bounds"},
    }
    wide = [
        Column("Practice"),
        *counts("Now"),
        Column("Margin", Unit.MONEY),
        Column("Difference", Unit.DECIMAL, parts=("Now",)),
        Column("Visited", Unit.DATE),
    ]
    blocks = [
        Figures([Figure("Leakage", 0.213, Unit.SHARE, note="known share 94%"), Figure("Left", 1234, of_patients=True)]),
        Heading("Over time"),
        ChartBlock("trend", "Leakage is 21.3%", line, TableBlock("Leakage by month", columns, rows), sub="By month of order."),
        Text("Mind the gap.", "note"),
        TableBlock(
            "Practices",
            wide,
            [[EVIL, 40, Decimal(1200), -3.25, dt.date(2026, 9, 3)], ["Small", 7, None, -2.0, None]],
            total=["All", 47, 1200, -5.25, None],
            is_main=True,
        ),
        TableBlock("Nothing", [Column("Practice")], []),
        Definitions(
            [Meaning("leakage_ordered", "Leakage: outbound ÷ (internal + outbound)", ("Two paragraphs.", "The second."))],
            ["A note for all."],
        ),
    ]
    said = {"organization": "Lakeland Health", "filter": "Nov 2025 to Oct 2026", "data_through": dt.date(2026, 11, 3), "version": 12}
    return Document(
        title="Outbound leakage", scope="North", blocks=blocks, settings=[("Duplicates are within", "30 days")], **said | changes
    )


class TestGuard:
    def test_small_counts_and_what_gives_them_away(self):
        told = guarded(document(), 11)
        trend, practices = told.tables()[:2]
        assert trend.rows[3] == [MONTHS[3], 100, "<11", None]
        assert trend.rows[4] == document().tables()[0].rows[4]
        assert practices.rows[1] == ["Small", "<11", None, None, None]
        assert practices.total == ["All", None, 1200, None, None], "a sum would tell the hidden part"
        chart = next(block for block in told.blocks if isinstance(block, ChartBlock))
        assert chart.spec["series"][0]["values"][3] is None
        assert chart.spec["band"]["high"][3] is None
        assert chart.spec["series"][0]["values"][4] is not None
        assert "Counts below 11 are not drawn." in chart.note
        assert guarded(told, 11) is told

    def test_a_document_without_small_counts_stays_as_it_is(self):
        blocks = [TableBlock("T", counts("n"), [[0], [11], [None]]), Figures([Figure("n", 0, of_patients=True)])]
        assert list(guarded(Document("T", "S", blocks), 11).blocks) == blocks

    def test_figures_that_rest_on_a_hidden_one_are_not_told(self):
        few = Figures(
            [Figure("Share", 0.5, Unit.SHARE, change="+1 pt"), Figure("Left", 4, of_patients=True, note="4 of 8"), Figure("Visits", 3)]
        )
        [told] = guarded(Document("T", "S", [few]), 11).blocks
        assert [(item.value, item.change) for item in told.items] == [(None, ""), ("<11", ""), (3, "")]
        assert told.items[1].note == ""

    def test_sentences(self):
        blocks = [
            Text("One practice sent 7 fewer.", of_patients=True),
            Text("7 of 9 visits took place."),
            Text("The last 3 months: 70 fewer.", of_patients=True),
        ]
        assert [block.text for block in guarded(Document("T", "S", blocks), 11).blocks] == [blocks[1].text, blocks[2].text]
        spec = {"kind": "bar", "unit": "count", "labels": ["A", "B"], "series": [{"name": "n", "values": [40, 7]}]}
        chart = ChartBlock(
            "c", "B has 7 in 12 months", spec, TableBlock("Referrals", [Column("Line"), *counts("n")], [["A", 40], ["B", 7]])
        )
        [told] = guarded(Document("T", "S", [chart]), 11).blocks
        assert told.title == "Referrals"
        assert told.spec["series"][0]["values"] == [40, None]

    def test_drawings_of_other_shapes(self):
        table = TableBlock("T", [Column("x")], [])
        flow = {
            "kind": "sankey",
            "nodes": [{"name": "a"}, {"name": "b"}, {"name": "c"}],
            "links": [{"source": "a", "target": "b", "value": 40}, {"source": "a", "target": "c", "value": 3}],
        }
        heat = {
            "kind": "heatmap",
            "unit": "percent",
            "rows": [{"label": "r", "cells": [{"value": 0.5, "text": "50%", "level": 5}, {"value": 0.1, "text": "10%", "level": 1}]}],
        }
        counted = {
            "kind": "heatmap",
            "unit": "count",
            "rows": [{"label": "r", "cells": [{"value": 5, "text": "5", "level": 5}, {"value": 50, "text": "50", "level": 9}]}],
        }
        funnel = {
            "kind": "funnel",
            "unit": "percent",
            "points": [{"name": "x", "n": 5, "value": 0.1}, {"name": "y", "n": 50, "value": 0.1}],
        }
        xmr = {"kind": "xmr", "unit": "count", "values": [5, 50, None]}
        specs = (flow, heat, counted, funnel, xmr)
        blocks = [ChartBlock("c", "t", spec, table, counts=[[50, 5]] if spec is heat else None) for spec in specs]
        told = [block.spec for block in guarded(Document("T", "S", blocks), 11).blocks]
        assert [link["value"] for link in told[0]["links"]] == [40]
        assert [node["name"] for node in told[0]["nodes"]] == ["a", "b"]
        assert [cell["text"] for cell in told[1]["rows"][0]["cells"]] == ["50%", "<11"]
        assert [cell["text"] for cell in told[2]["rows"][0]["cells"]] == ["<11", "50"]
        assert [point["name"] for point in told[3]["points"]] == ["y"]
        assert told[4]["values"] == [None, 50, None]

    @given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=8), st.integers(2, 20))
    def test_nothing_small_is_left_and_no_share_gives_it_away(self, pairs, smallest):
        rows = [[f"g{place}", a, b, a / (a + b) if a + b else None, a + b] for place, (a, b) in enumerate(pairs)]
        columns = [Column("g"), *counts("a", "b"), *shares("share"), Column("sum", Unit.COUNT, of_patients=True, parts=("a", "b"))]
        total = ["all", sum(a for a, _ in pairs), sum(b for _, b in pairs), None, sum(a + b for a, b in pairs)]
        [told] = guarded(Document("T", "S", [TableBlock("t", columns, rows, total=total)]), smallest).blocks
        for row, (a, b) in zip(told.rows, pairs, strict=True):
            has_few = 0 < a < smallest or 0 < b < smallest
            assert row[1:3] == [f"<{smallest}" if 0 < n < smallest else n for n in (a, b)]
            assert row[4] in ({None, f"<{smallest}"} if has_few else {a + b})
            assert not has_few or row[3] is None
        for place in (1, 2):
            assert told.total[place] is None or all(not 0 < pair[place - 1] < smallest for pair in pairs)


class TestWorkbook:
    def read(self, made):
        return load_workbook(io.BytesIO(xlsx_bytes(made)))

    def test_formats_headings_and_filters(self):
        book = self.read(document())
        assert book.sheetnames == ["Figures", "Leakage by month", "Practices", "Nothing", "Definitions"]
        figures, months, practices = book["Figures"], book["Leakage by month"], book["Practices"]
        assert [(row[1].value, row[1].number_format) for row in figures.iter_rows(min_row=2)] == [(0.213, "0.0%"), (1234, "#,##0")]
        for sheet in book:
            assert sheet.freeze_panes == "A2"
        assert months.auto_filter.ref == "A1:D14"
        assert book["Nothing"].auto_filter.ref is None
        assert [cell.number_format for cell in months[2]] == ["mmm yyyy", "#,##0", "#,##0", "0.0%"]
        assert months["A2"].value == dt.datetime(2025, 10, 1)
        assert months["D2"].value == pytest.approx(20 / 120)
        assert [cell.number_format for cell in practices[2]] == ["General", "#,##0", '"$"#,##0', "#,##0.0", "d mmm yyyy"]
        assert practices["E2"].value == dt.datetime(2026, 9, 3)
        assert [cell.value for cell in practices[4]] == ["All", 47, 1200, -5.25, None]
        assert practices["B4"].font.b
        assert practices.auto_filter.ref == "A1:E3", "the total is no row to filter"
        assert practices.column_dimensions["A"].width > months.column_dimensions["A"].width
        assert book.properties.title == "Outbound leakage"

    def test_definitions_settings_data_and_filter_go_with_it(self):
        meant = {row[0].value: row[1].value for row in self.read(document(asked_by="Dana Reyes"))["Definitions"].iter_rows(min_row=2)}
        assert meant["Over"] == "North"
        assert meant["Filter"] == "Nov 2025 to Oct 2026"
        assert meant["Data through"] == "3 Nov 2026"
        assert meant["Data version"] == "12"
        assert meant["Asked by"] == "Dana Reyes"
        assert meant["Duplicates are within"] == "30 days"
        assert meant["leakage_ordered"] == "Leakage: outbound ÷ (internal + outbound).\nTwo paragraphs.\nThe second."
        assert meant["Note"] == "Mind the gap."
        assert meant["All"] == "A note for all."

    def test_no_cell_is_a_formula_and_sheets_have_names_that_spreadsheets_take(self):
        titles = ["A/B: [x]*?", "a b   x", "Long " * 12, "Long " * 12, "''", "Definitions"]
        evil = ["=1+1", "+x", "-x", "@x", "\t=x", "'=x", None]
        made = Document(
            "=T", "S", [TableBlock(title, [Column("=head"), *counts("n")], [[text, text] for text in evil]) for title in titles]
        )
        book = self.read(made)
        assert len({name.casefold() for name in book.sheetnames}) == len(titles) + 1
        for sheet in book:
            assert len(sheet.title) <= 31
            assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
            assert all(not str(cell.value).startswith("=") for row in sheet.iter_rows(min_row=2) for cell in row)

    def test_hidden_counts_leave_as_words(self):
        content = write_file(document(), "xlsx", 11)
        months = load_workbook(io.BytesIO(content))["Leakage by month"]
        assert [cell.value for cell in months[5]][1:] == [100, "<11", None]
        assert months["C5"].alignment.horizontal == "right"


class TestCsv:
    def test_the_main_table_as_numbers(self):
        rows = list(csv.reader(io.StringIO(csv_bytes(document()).decode("utf-8-sig"))))
        assert rows[0] == ["Practice", "Now", "Margin", "Difference", "Visited"]
        assert rows[1][1:] == ["40", "1200", "-3.25", "2026-09-03"]
        assert rows[3][0] == "All"

    def test_without_a_table_it_says_what_it_is(self):
        assert csv_bytes(Document("Quarter", "S", [])).decode("utf-8-sig").splitlines() == ["Report", "Quarter"]


class TestPaper:
    def test_what_a_reader_and_a_screen_reader_find(self):
        reader = PdfReader(io.BytesIO(pdf_bytes(guarded(document(), 11))))
        root = reader.trailer["/Root"]
        assert root["/MarkInfo"]["/Marked"] is True or root["/MarkInfo"]["/Marked"] == True  # noqa: E712 - pypdf's own kind of bool
        assert str(root["/Lang"]).lower().startswith("en")
        assert reader.metadata.title == "Outbound leakage: North"
        assert reader.metadata.author == "Lakeland Health"
        tags = _tags(root["/StructTreeRoot"])
        assert {"/H1", "/H2", "/H3", "/P", "/Table", "/TH", "/TD", "/Figure"} <= tags
        text = re.sub(r"\s+", " ", " ".join(page.extract_text() for page in reader.pages))
        for said in (
            "Lakeland Health",
            "Nov 2025 to Oct 2026",
            "Data through 3 Nov 2026 · data version 12",
            "Leakage is 21.3%",
            "21.3%",
            "1,234",
            "$1,200",
            "What the numbers mean",
            "Duplicates are within: 30 days",
            "Mind the gap.",
            "Nothing to show",
            f"Page 1 of {len(reader.pages)}",
        ):
            assert said in text, said
        assert "<11" in text
        box = reader.pages[0].mediabox
        assert (float(box.width), float(box.height)) == (612, 792), "letter"

    def test_texts_are_never_markup(self):
        text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf_bytes(document()))).pages)
        assert '#strong[x] *b* $1$ _u_ \\ `c` @ref <l> #image("/etc/passwd") =1+1'.replace(" ", "") in re.sub(r"\s", "", text)
        hostile = Document(
            EVIL, EVIL, [Heading(EVIL), Text(EVIL), Figures([Figure(EVIL, EVIL, Unit.TEXT)])], organization=EVIL, filter=EVIL
        )
        assert pdf_bytes(hostile).startswith(b"%PDF")

    def test_the_same_document_is_the_same_file(self):
        assert pdf_bytes(document()) == pdf_bytes(document())

    def test_a_long_table_repeats_its_heading_and_names_its_pages(self):
        rows = [[f"Practice {place}", 40 + place] for place in range(150)]
        table = TableBlock("Practices", [Column("Practice"), *counts("Referrals")], rows, limit=120)
        reader = PdfReader(io.BytesIO(pdf_bytes(Document("Long", "North", [table]))))
        pages = [page.extract_text() for page in reader.pages]
        assert len(pages) >= 3
        for number, page in enumerate(pages, 1):
            assert f"Page {number} of {len(pages)}" in page
            assert "Referrals" in page
        assert "Practice 119" in pages[-1]
        assert "30 more rows in the XLSX and CSV." in pages[-1]


def _tags(node, found=None):
    found = set() if found is None else found
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, list):
        for kid in node:
            _tags(kid, found)
    elif isinstance(node, dict):
        if "/S" in node:
            found.add(str(node["/S"]))
        if "/K" in node:
            _tags(node["/K"], found)
    return found


SPECS = {
    "line": {
        "kind": "line",
        "unit": "count",
        "labels": LABELS,
        "series": [{"name": "A", "values": [None, *range(11), None]}, {"name": "B", "values": [5] * 13}],
        "immature_from": 11,
        "target": {"value": 8, "label": "Goal"},
    },
    "line of one month": {"kind": "line", "unit": "count", "labels": ["Oct"], "series": [{"name": "A", "values": [3]}]},
    "line of nothing": {"kind": "line", "unit": "count", "labels": ["Oct", "Nov"], "series": [{"name": "A", "values": [None, None]}]},
    "bar": {
        "kind": "bar",
        "unit": "count",
        "labels": LABELS,
        "series": [{"name": "A", "values": list(range(13))}, {"name": "B", "values": [3] * 13}],
        "immature_from": 12,
    },
    "stacked": {
        "kind": "stacked",
        "unit": "count",
        "labels": ["x", "y"],
        "series": [{"name": "A", "values": [1, 2]}, {"name": "B", "values": [3, None]}],
    },
    "lying": {
        "kind": "bar",
        "unit": "percent",
        "horizontal": True,
        "labels": ["A" * 90, "y"],
        "series": [{"name": "A", "values": [0.5, None], "tones": ["good", "bad"]}],
    },
    "lying stacked": {
        "kind": "stacked",
        "unit": "count",
        "horizontal": True,
        "labels": ["x"],
        "series": [{"name": "A", "values": [900]}, {"name": "B", "values": [3]}],
    },
    "sankey": {
        "kind": "sankey",
        "nodes": [{"name": "a"}, {"name": "b", "label": "B"}, {"name": "c"}],
        "links": [
            {"source": "a", "target": "b", "value": 5},
            {"source": "b", "target": "c", "value": 5},
            {"source": "a", "target": "c", "value": 2},
        ],
    },
    "heatmap": {
        "kind": "heatmap",
        "columns": [{"label": label} for label in LABELS],
        "immature_from": 12,
        "rows": [{"label": "r", "cells": [{"value": 5, "text": "5", "level": 9}, *[{"value": None, "text": "", "level": None}] * 12]}],
    },
    "xmr": {
        "kind": "xmr",
        "name": "n",
        "unit": "count",
        "labels": LABELS,
        "values": [5, None, *[9] * 11],
        "mean": 8,
        "lower": 2,
        "upper": 14,
        "limits_label": "Trial limits",
        "trial": True,
        "flags": [{"rule": "outside", "text": "Outside", "at": [0]}],
        "gaps": [{"from": 1, "to": 1, "label": "gap"}],
        "immature_from": 12,
    },
    "xmr without limits": {"kind": "xmr", "name": "n", "labels": ["a"], "values": [5], "mean": None},
    "funnel": {
        "kind": "funnel",
        "unit": "percent",
        "x": "n",
        "y": "p",
        "center": {"value": 0.2, "label": "All"},
        "limits": [{"label": "95%", "n": [5, 50], "lower": [0, 0.1], "upper": [0.6, 0.3], "dashed": True}],
        "points": [
            {"name": "x", "n": 20, "value": 0.9, "side": "above", "wide": True},
            {"name": "y", "n": 30, "value": 0.01, "side": "below"},
            {"name": "z", "n": 40, "value": 0.2, "side": ""},
        ],
    },
    "funnel of sizes far apart": {
        "kind": "funnel",
        "unit": "count",
        "log": True,
        "x": "n",
        "y": "p",
        "limits": [],
        "points": [{"name": "x", "n": 20, "value": 9}, {"name": "y", "n": 3000, "value": 1}],
    },
}


class TestDrawings:
    @pytest.mark.parametrize("name", SPECS)
    def test_each_kind_is_drawn_within_its_sheet(self, name):
        svg = drawings.draw(SPECS[name])
        root = ElementTree.fromstring(svg)  # noqa: S314 - made by us, a line above
        width, height = float(root.get("width")), float(root.get("height"))
        assert len(root) > 1
        assert "nan" not in svg
        for shape in root.iter("{http://www.w3.org/2000/svg}text"):
            assert 0 <= float(shape.get("y")) <= height + 2, shape.text
            assert -2 <= float(shape.get("x")) <= width + 2, shape.text
        assert pdf_bytes(Document("T", "S", [ChartBlock("c", "Finding", SPECS[name], TableBlock("t", [Column("x")], []))]))

    def test_months_that_are_not_complete_are_hatched(self):
        for name in ("line", "bar", "heatmap", "xmr"):
            plain = {key: value for key, value in SPECS[name].items() if key != "immature_from"}
            assert 'stroke-opacity="0.5"' in drawings.draw(SPECS[name]), name
            assert 'stroke-opacity="0.5"' not in drawings.draw(plain), name

    def test_names_are_text(self):
        spec = {"kind": "bar", "labels": ["<script>&\"'"], "series": [{"name": "</svg>", "values": [1]}, {"name": "&amp;", "values": [2]}]}
        texts = [shape.text for shape in ElementTree.fromstring(drawings.draw(spec)).iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314
        assert {"<script>&\"'", "</svg>", "&amp;"} <= set(texts)

    def test_what_paper_has_no_drawing_of_is_left_to_its_table(self):
        assert drawings.draw({"kind": "hologram", "labels": ["a"]}) == ""
        assert drawings.draw({"kind": "line", "labels": [], "series": []}) == ""

    def test_the_palette_is_the_pages(self):
        css = (settings.BASE_DIR / "static/css/app.css").read_text()
        light = {}
        for name, value in re.findall(r"--prm-([\w-]+):\s*(#[0-9a-f]{3,6})", css):
            light.setdefault(name, value)
        for name, value in TONES.items():
            assert value in {light[name], "#ffffff" if light[name] == "#fff" else ""}, name

    @given(st.floats(0, 1e7), st.sampled_from(["count", "percent"]))
    def test_an_axis_holds_what_it_shows(self, highest, unit):
        marks = ticks(0, highest, unit)
        assert marks[0] == 0
        assert marks[-1] >= min(highest, marks[-1])
        assert marks[-1] >= highest or abs(marks[-1] - highest) < 1e-5
        assert 2 <= len(marks) <= 7
        assert unit == "percent" or all(float(mark).is_integer() for mark in marks)


def test_values_in_words():
    assert [
        written(value, unit)
        for value, unit in (
            (1234, Unit.COUNT), (0.2134, Unit.SHARE), (-1234.4, Unit.MONEY), (12.34, Unit.DECIMAL), (dt.date(2026, 10, 5), Unit.DATE),
            (dt.date(2026, 10, 1), Unit.MONTH), (None, Unit.SHARE), ("<11", Unit.COUNT), (True, Unit.TEXT),
        )
    ] == ["1,234", "21.3%", "\N{MINUS SIGN}$1,234", "12.3", "5 Oct 2026", "Oct 2026", "\N{EN DASH}", "<11", "yes"]  # fmt: skip


class TestDownloads:
    @pytest.fixture
    def runs(self, history, run_jobs):
        for kind in kinds.seen_by(history.ivan):
            if kind in {"leakage", "volume"}:
                parameters = {"start": "2025-10-01", "end": END.isoformat()}
                actions.ask_for_run(kind=kind, parameters=parameters, territory=None, by=history.ivan)
        run_jobs()
        return {run.kind: run for run in ReportRun.objects.all()}

    def test_every_file_of_every_kind(self, runs, as_):
        client = as_("ivan")
        starts = {"pdf": b"%PDF", "xlsx": b"PK", "csv": "\ufeff".encode()}
        for run in runs.values():
            page = client.get(run.get_absolute_url())
            for kind, start in starts.items():
                url = reverse("reports:run-file", args=[run.pk, kind])
                assert url in page.text
                answer = client.get(url)
                assert answer.content.startswith(start), (run.kind, kind)
                assert answer["Content-Disposition"].endswith(f'.{kind}"')
                assert answer["Cache-Control"] == "no-store"
        events = AuditEvent.objects.filter(event="report.exported")
        assert events.count() == 2 * len(starts)
        assert events.first().details["data_version"]

    def test_the_workbook_says_what_the_page_says(self, runs, as_):
        content = as_("ivan").get(reverse("reports:run-file", args=[runs["volume"].pk, "xlsx"])).content
        book = load_workbook(io.BytesIO(content))
        rows = {row[0].value: row[1].value for row in book["Inbound referrals by month"].iter_rows(min_row=2)}
        numbers = {cell.key[0]: cell.inbound for cell in runs["volume"].numbers.months}
        assert {day.date(): n for day, n in rows.items()} == {day: n if n >= 11 or not n else "<11" for day, n in numbers.items()}
        assert "inbound" in [row[0].value for row in book["Definitions"].iter_rows()]

    def test_who_may(self, runs, as_):
        url = reverse("reports:run-file", args=[runs["volume"].pk, "pdf"])
        for who, status in {"nora": 403, "elle": 403, "dana": 404, "ivan": 200, "ada": 200, None: 302}.items():
            assert as_(who).get(url).status_code == status, who
        assert "report.pdf" not in as_("elle").get(runs["volume"].get_absolute_url()).text
        assert as_("ivan").get(reverse("reports:run-file", args=[runs["volume"].pk, "doc"])).status_code == 404

    def test_an_unfinished_run_has_no_file(self, history, as_):
        run = actions.ask_for_run(
            kind="volume", parameters={"start": FIRST.isoformat(), "end": END.isoformat()}, territory=None, by=history.ivan
        )
        assert as_("ivan").get(reverse("reports:run-file", args=[run.pk, "pdf"])).status_code == 404

    def test_a_large_file_is_made_by_a_worker_and_given_to_its_reader_alone(self, runs, as_, run_jobs, monkeypatch):
        monkeypatch.setattr("reports.exports.files.HEAVY_CELLS", 10)
        run, client = runs["volume"], as_("ivan")
        url = reverse("reports:run-file", args=[run.pk, "xlsx"])
        waiting = client.get(url)
        assert waiting.url == reverse("reports:run-file-waiting", args=[run.pk, "xlsx"])
        assert "Waiting for a worker" in client.get(waiting.url).text
        assert client.get(url).url == waiting.url
        assert Job.objects.filter(name="reports.file").count() == 1
        assert as_("ada").get(waiting.url).status_code == 404
        run_jobs()
        client = as_("ivan")
        assert client.get(waiting.url, headers={"HX-Request": "true"}).headers["HX-Redirect"] == waiting.url
        assert f'href="{url}"' in client.get(waiting.url).text
        assert client.get(url).content.startswith(b"PK")
        assert AuditEvent.objects.filter(event="report.exported").count() == 1
        ReportFile.objects.update(content=None)
        Job.objects.filter(name="reports.file").update(state=JobState.FAILED, error="The disk is full.")
        assert "The disk is full." in client.get(waiting.url).text
        client.get(url)
        assert Job.objects.filter(name="reports.file", state=JobState.QUEUED).count() == 1, "asked again, tried again"
        ReportFile.objects.update(asked_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
        assert actions.forget_old_files() == 1

    def test_what_is_large(self):
        rows = [["x", 11]] * 13_000
        made = Document("T", "S", [TableBlock("t", [Column("x"), *counts("n")], rows)])
        assert [is_heavy(made, kind) for kind in ("pdf", "xlsx", "csv")] == [False, True, False]
        many = Document("T", "S", [TableBlock("t", [Column("x"), *counts("n")], rows)] * 7)
        assert is_heavy(many, "pdf")
