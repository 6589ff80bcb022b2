"""Any honest table is read right; anything else is refused in a sentence, early, in bounded memory."""

import datetime as dt
import gzip
import io
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import openpyxl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from common.csvsafe import csv_rows
from common.exceptions import InputError
from common.tables import archives, open_table, reading

TEXT = "id,name\r\n1,Núñez\r\n2,O'Brien\r\n"
ROWS = [(2, ["1", "Núñez"]), (3, ["2", "O'Brien"])]


def read(data: bytes, **kwargs: str) -> list[tuple[int, list[str]]]:
    with open_table(io.BytesIO(data), **kwargs) as table:
        return list(table)


def workbook(rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Referrals")
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def rewritten(data: bytes, member: str, change: Callable[[bytes], bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            content = old.read(info)
            new.writestr(info.filename, change(content) if info.filename == member else content)
    return out.getvalue()


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("declared", ["", "utf-8"])
def test_encodings(encoding: str, declared: str) -> None:
    assert read(TEXT.encode(encoding), encoding=declared) == ROWS


def test_windows_quotes_and_latin_controls() -> None:
    assert read("id,name\n1,O\u2019Brien é\n".encode("cp1252"))[0][1] == ["1", "O\u2019Brien é"]
    assert read(b"id,name\n1,\x81\xe9\n")[0][1] == ["1", "\x81é"]


def test_an_accent_late_in_a_large_file_decides_the_encoding() -> None:
    data = b"id,name\n" + b"1,Abbott\n" * 300_000 + "2,Núñez\n".encode("latin-1")
    assert read(data)[-1][1] == ["2", "Núñez"]


def test_a_byte_order_mark_overrules_what_the_source_usually_sends() -> None:
    assert read(TEXT.encode("utf-8-sig"), encoding="latin-1", delimiter="|") == ROWS


@pytest.mark.parametrize("delimiter", [",", "\t", "|", ";"])
def test_delimiters_are_found(delimiter: str) -> None:
    data = f'"id"{delimiter}"last, first"{delimiter}x\n1{delimiter}"Brien{delimiter} O"{delimiter}\n'.encode()
    with open_table(io.BytesIO(data)) as table:
        assert table.delimiter == delimiter
        assert table.headers == ["id", "last, first", "x"]
        assert list(table) == [(2, ["1", f"Brien{delimiter} O", ""])]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_ends_and_line_numbers(newline: str) -> None:
    data = newline.join(["id,note", '1,"two', 'lines"', "", ",", "2"]).encode()
    assert read(data) == [(2, ["1", f"two{newline}lines"]), (6, ["2", ""])]


def test_rows_of_other_widths() -> None:
    assert read(b"id,a,b\n1\n2,x,y,z\n") == [(2, ["1", "", ""]), (3, ["2", "x", "y", "z"])]


def test_headers_are_tidied() -> None:
    with open_table(io.BytesIO(b" Referral  ID ,,b,,\n1,2,3,,\n")) as table:
        assert table.headers == ["Referral ID", "Column 2", "b"]


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1), min_size=1, max_size=5))
@example(["=1+1", "'=1", "a\r\nb", '"', "\ufeff"])
def test_what_we_write_is_read_back(cells: list[str]) -> None:
    data = "".join(csv_rows(["id", "text"], [["k", cell] for cell in cells])).encode()
    assert [values for _, values in read(data)] == [["k", cell] for cell in cells]


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with suppress(InputError):
        assert all(line > 1 and any(cells) for line, cells in read(data))


def test_packed_files() -> None:
    plain = TEXT.encode()
    sheet = workbook([["id", "name"], ["1", "Núñez"], ["2", "O'Brien"]])
    assert read(gzip.compress(plain)) == ROWS
    assert read(zipped(a=plain)) == ROWS
    assert read(zipped(**{"__MACOSX/a": b"x", "folder/a.csv": plain})) == ROWS
    assert read(gzip.compress(sheet)) == read(zipped(a=sheet)) == read(sheet) == ROWS


def test_a_path_is_read_and_its_progress_known(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("id,name\n" + "1,Abbott\n" * 200_000)
    with open_table(file) as table:
        rows = iter(table)
        next(rows)
        assert 0 < table.progress() < 0.5
        assert sum(1 for _ in rows) == 199_999
        assert table.progress() == 1


def test_workbook_cells_become_text() -> None:
    rows = read(
        workbook(
            [
                ["id", "on", "at", "npi", "share", "yes", "name"],
                [],
                [1.0, dt.date(2026, 5, 1), dt.datetime(2026, 5, 1, 9, 30), 1234567893, 0.5, True, "'=x"],
                [2, None, None, None, None, None, "last"],
            ]
        )
    )
    assert rows == [
        (3, ["1", "2026-05-01", "2026-05-01T09:30:00", "1234567893", "0.5", "TRUE", "=x"]),
        (4, ["2", "", "", "", "", "", "last"]),
    ]


def test_a_workbook_whose_dimension_lies_is_read_whole() -> None:
    data = workbook([["id", "name"], *[[n, "x"] for n in range(5000)]])
    lying = rewritten(data, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"<sheetData>", b'<dimension ref="A1:B1"/><sheetData>', 1))
    assert b"dimension" in zipfile.ZipFile(io.BytesIO(lying)).read("xl/worksheets/sheet1.xml")
    assert len(read(lying)) == 5000


def test_a_workbook_cell_at_the_far_end_costs_nothing() -> None:
    data = workbook([["id", "name"], [1, "x"]])
    wide = rewritten(
        data,
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b"</sheetData>", b'<row r="3"><c r="XFD3" t="inlineStr"><is><t>x</t></is></c></row></sheetData>'),
    )
    tracemalloc.start()
    assert len(read(wide)) == 1
    assert tracemalloc.get_traced_memory()[1] < 30 << 20
    tracemalloc.stop()


BILLION_LAUGHS = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'


@pytest.mark.parametrize("member", ["xl/workbook.xml", "xl/worksheets/sheet1.xml"])
def test_entities_in_a_workbook_are_refused(member: str) -> None:
    with pytest.raises(InputError, match="Excel file is damaged"):
        read(rewritten(workbook([["id"], [1]]), member, lambda xml: BILLION_LAUGHS))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The file is empty."),
        (b"\n\n", "The file is empty."),
        (b"id,name\n", "no rows"),
        (b"id,id\n1,2\n", 'Two columns are called "id"'),
        (",".join(f"c{n}" for n in range(1001)).encode() + b"\n1\n", "more than 1,000 columns"),
        (b"id,name\n1,a\0b\n", "NUL"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"\xd0\xcf\x11\xe0 old excel", "old Excel"),
        (b"id,name\n1," + b"x" * 1_000_001 + b"\n", "Line 2 is longer than 1,000,000"),
        (b"id,name\n1," + b"x" * 200_000 + b"\n", "starts in line 2 is longer"),
        (b'id,name\n1,a\n2,"b\n3,c\n', "never closed"),
        (b'id,name\n1,a\n2,"b', "never closed"),
        (b"PK\x03\x04 not a zip", "damaged"),
        (zipped(a=b"x", b=b"y"), "holds 2 files"),
        (zipped(), "zip file is empty"),
        (zipped(a=zipped(b=b"x")), "another archive"),
        (gzip.compress(gzip.compress(TEXT.encode())), "another compressed file"),
        (gzip.compress(TEXT.encode() * 1000)[:-20], "damaged or incomplete"),
        (workbook([]), "The file is empty."),
        (workbook([["id"]]), "no rows"),
        (workbook([[f"c{n}" for n in range(1500)], [1]]), "more than 1,000 columns"),
    ],
)
def test_refusals(data: bytes, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as refusal:
        read(data)
    assert str(refusal.value).endswith(".")


def test_a_closed_cell_that_ends_with_a_line_break_is_no_open_quote() -> None:
    assert read(b'id,name\n1,"a\n"\n') == [(2, ["1", "a\n"])]


def test_an_encoding_that_does_not_exist() -> None:
    with pytest.raises(InputError, match="no encoding called"):
        read(TEXT.encode(), encoding="klingon")


def test_a_bomb_is_refused_in_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "RATIO_FROM", 1 << 20)
    bomb = gzip.compress(b"id,name\n" + b"1,a\n" * (4 << 20))
    tracemalloc.start()
    for packed in (bomb, zipped(a=b"id,name\n" + b"1,a\n" * (4 << 20))):
        with pytest.raises(InputError, match="unpacks to far more"):
            read(packed)
    assert tracemalloc.get_traced_memory()[1] < 60 << 20
    tracemalloc.stop()


def test_a_workbook_bomb_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.tables.workbooks.MAX_UNPACKED", 10_000)
    with pytest.raises(InputError, match="unpacks to far more"):
        read(workbook([["id"], *[["x" * 100]] * 500]))


def test_a_line_without_end_is_refused_before_it_is_read_whole() -> None:
    class Endless(io.BytesIO):
        taken = 0

        def read(self, size: int | None = -1) -> bytes:
            data = super().read(size)
            Endless.taken += len(data)
            return data

        read1 = read

    with pytest.raises(InputError, match="Line 1 is longer"), open_table(Endless(b"x" * (50 << 20)), encoding="latin-1"):
        pass
    assert Endless.taken < 8 * reading.MAX_LINE
