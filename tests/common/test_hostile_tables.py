"""Files made to do harm, the real things: each ends in a sentence or in its rows, read by a process of its own with little memory."""

import gzip
import io
import json
import resource
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import openpyxl
import pytest

from common.exceptions import InputError
from common.tables import ShortRow, open_table

MEMORY = 600 << 20
# Imports once what it needs, and reads each file in a child of its own.
READ = """
import json, os, resource, sys
from common.exceptions import InputError
from common.tables import open_table
for path in sys.stdin:
    if not (child := os.fork()):
        resource.setrlimit(resource.RLIMIT_CPU, (120, 120))
        rows, first, said = 0, None, ""
        try:
            with open_table(path[:-1]) as table:
                for line, cells in table:
                    rows += 1
                    first = first or cells[:5]
        except InputError as error:
            said = str(error)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps({"rows": rows, "first": first, "said": said, "peak": peak}), flush=True)
        os._exit(0)
    if status := os.waitpid(child, 0)[1]:
        print(json.dumps({"died": status}), flush=True)
"""
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
SHEET = "xl/worksheets/sheet1.xml"


@pytest.fixture(scope="module", autouse=True)
def _reader() -> Iterator[None]:
    with subprocess.Popen(
        [sys.executable, "-P", "-c", READ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": ""},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (4 * MEMORY, 4 * MEMORY)),
    ) as process:
        READER.append(process)
        yield
        READER.clear()
        process.communicate()


READER: list[subprocess.Popen[str]] = []


def outcome(path: Path) -> dict:
    """What reading the whole file comes to, with the most memory that it took."""
    (process,) = READER
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{path}\n")
    process.stdin.flush()
    said = json.loads(process.stdout.readline())
    assert "died" not in said
    assert said["peak"] < MEMORY
    return said


def repeated(piece: bytes, times: int) -> Iterable[bytes]:
    """`piece` again and again, in chunks, never whole in memory."""
    chunk, in_chunk = piece * max(1, (1 << 20) // len(piece)), max(1, (1 << 20) // len(piece))
    for _ in range(times // in_chunk):
        yield chunk
    yield piece * (times % in_chunk)


def packed(path: Path, members: dict[str, Iterable[bytes]], *, level: int = 1) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, pieces in members.items():
            with archive.open(name, "w", force_zip64=True) as member:
                for piece in pieces:
                    member.write(piece)
    return path


def book_parts(sheets: Iterable[str] = ("Sheet1",), *, active: int = 0, main: str = MAIN, properties: str = "", styles: str = "") -> dict:
    """The members of a workbook around its sheets."""
    relation = (
        "http://purl.oclc.org/ooxml/officeDocument/relationships"
        if main == STRICT
        else "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    )
    names = list(sheets)
    listed = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>' for n, name in enumerate(names, 1))
    related = "".join(
        f'<Relationship Id="rId{n}" Type="{relation}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in range(1, len(names) + 1)
    )
    related += f'<Relationship Id="s" Type="{relation}/styles" Target="styles.xml"/>'
    related += f'<Relationship Id="t" Type="{relation}/sharedStrings" Target="/xl/sharedStrings.xml"/>'
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{relation}"><workbookPr {properties}/><bookViews><workbookView '
        f'activeTab="{active}"/></bookViews><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{related}'
        "</Relationships>",
        "xl/styles.xml": f'<styleSheet xmlns="{main}">{styles}</styleSheet>',
    }
    return {name: [text.encode()] for name, text in parts.items()}


def sheet(*rows: str, main: str = MAIN, before: str = "", after: str = "") -> list[bytes]:
    return [f'<worksheet xmlns="{main}">{before}<sheetData>{"".join(rows)}</sheetData>{after}</worksheet>'.encode()]


def row(*cells: object) -> str:
    return "<row>" + "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in cells) + "</row>"


HEAD = row("id", "name")


# Bombs


def test_a_gzip_bomb(tmp_path: Path) -> None:
    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb", compresslevel=9) as file:
        file.write(b"id,name\n")
        for piece in repeated(b"1,a\n", 100 << 20):
            file.write(piece)
    assert path.stat().st_size < 2 << 20
    assert "unpacks to far more" in outcome(path)["said"]


def test_a_zip_bomb(tmp_path: Path) -> None:
    path = packed(tmp_path / "bomb.zip", {"a.csv": (b"id,name\n", *repeated(b"1,a\n", 100 << 20))}, level=9)
    assert "unpacks to far more" in outcome(path)["said"]


def test_a_bomb_within_a_zip(tmp_path: Path) -> None:
    inner = packed(tmp_path / "inner.zip", {"a.csv": repeated(b"0", 300 << 20)}, level=9)
    outer = packed(tmp_path / "outer.zip", {"inner.zip": [inner.read_bytes()]})
    assert "unpacks to far more" in outcome(outer)["said"]


def test_a_zip_whose_table_of_contents_is_a_bomb(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(60_000):
            archive.writestr(f"{number}.csv", b"")
    assert "damaged" in outcome(path)["said"]


def test_a_workbook_of_blank_rows(tmp_path: Path) -> None:
    path = packed(tmp_path / "x.xlsx", book_parts() | {SHEET: (b"<worksheet><sheetData>", *repeated(b"<row/>", 30 << 20))}, level=9)
    assert "unpacks to far more" in outcome(path)["said"]


@pytest.mark.slow
def test_a_workbook_with_a_cell_of_a_gigabyte(tmp_path: Path) -> None:
    cell = (b"<worksheet><sheetData><row><c t='inlineStr'><is><t>", *repeated(b"x", 1 << 30))
    assert "unpacks to far more" in outcome(packed(tmp_path / "x.xlsx", book_parts() | {SHEET: cell}, level=9))["said"]
    assert "longer than 131,072" in outcome(packed(tmp_path / "y.xlsx", book_parts() | {SHEET: cell}))["said"], "packed less well"


def _noisy(megabytes: int) -> Iterable[bytes]:
    """Text that hardly shrinks, so that only reading it finds out."""
    noise = bytes(33 + (n * n * 7919 + n // 251) % 90 for n in range(1 << 20)).replace(b"<", b"a").replace(b"&", b"a")
    noise = noise.replace(b'"', b"a").replace(b"'", b"a").replace(b">", b"a")
    for number in range(megabytes):
        yield noise[number * 7919 % len(noise) :] + noise[: number * 7919 % len(noise)]


@pytest.mark.parametrize(
    ("opening", "sentence"),
    [
        ("<row><c t='inlineStr'><is><t>", "longer than 131,072 characters"),
        ("<row><c t='", "XML is nothing that a spreadsheet writes"),
        ("<!--", "XML is nothing that a spreadsheet writes"),
    ],
    ids=["a cell", "an attribute", "a comment"],
)
def test_a_workbook_with_something_endless(tmp_path: Path, opening: str, sentence: str) -> None:
    path = packed(tmp_path / "x.xlsx", book_parts() | {SHEET: (f"<worksheet><sheetData>{HEAD}{opening}".encode(), *_noisy(80))})
    assert sentence in outcome(path)["said"]


def test_a_workbook_deeper_than_any(tmp_path: Path) -> None:
    path = packed(tmp_path / "x.xlsx", book_parts() | {SHEET: repeated(b"<a>", 1 << 20)})
    assert "XML is nothing that a spreadsheet writes" in outcome(path)["said"]


def test_a_workbook_of_a_million_tags(tmp_path: Path) -> None:
    tags = (f"<a{n}/>".encode() for n in range(300_000))
    path = packed(tmp_path / "x.xlsx", book_parts() | {SHEET: (b"<worksheet>", *tags)})
    assert "XML is nothing that a spreadsheet writes" in outcome(path)["said"]


def test_a_workbook_of_too_many_shared_texts(tmp_path: Path) -> None:
    texts = (b"".join(b"<si><t>%0400d</t></si>" % (chunk * 10_000 + n) for n in range(10_000)) for chunk in range(100))
    path = packed(tmp_path / "x.xlsx", book_parts() | {"xl/sharedStrings.xml": (b"<sst>", *texts, b"</sst>"), SHEET: sheet(HEAD)})
    assert "more different texts" in outcome(path)["said"]


def test_a_workbook_with_one_endless_shared_text(tmp_path: Path) -> None:
    path = packed(tmp_path / "x.xlsx", book_parts() | {"xl/sharedStrings.xml": (b"<sst><si><t>", *_noisy(80)), SHEET: sheet(HEAD)})
    assert "longer than 131,072" in outcome(path)["said"]


def test_a_workbook_of_a_million_styles(tmp_path: Path) -> None:
    parts = book_parts() | {SHEET: sheet(HEAD, row(1, "a"))}
    parts["xl/styles.xml"] = (b"<styleSheet><cellXfs>", *repeated(b'<xf numFmtId="14"/>', 1_000_000), b"</cellXfs></styleSheet>")
    assert outcome(packed(tmp_path / "x.xlsx", parts))["rows"] == 1


@pytest.mark.parametrize("member", ["xl/workbook.xml", "xl/styles.xml", "xl/sharedStrings.xml", "xl/_rels/workbook.xml.rels", SHEET])
def test_entities(tmp_path: Path, member: str) -> None:
    laughs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha"}">' for n in range(10))
    parts = book_parts() | {SHEET: sheet(HEAD, row(1, "a"))}
    parts[member] = [f'<?xml version="1.0"?><!DOCTYPE x [{laughs}]><x>&a9;</x>'.encode()]
    assert "XML entities" in outcome(packed(tmp_path / "x.xlsx", parts))["said"]


# Lines without end


def test_two_gigabytes_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    with path.open("wb") as file:
        file.write(b"id,name")
        file.truncate(2 << 30)  # sparse: the rest is NUL
    assert "Line 1 is longer than 1,000,000" in outcome(path)["said"]


def test_a_long_line_after_a_header(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    with path.open("wb") as file:
        file.write(b"id,name\n1,")
        file.truncate(1 << 30)
    assert "Line 2" in outcome(path)["said"]


@pytest.mark.slow
def test_a_quote_that_is_never_closed_over_a_gigabyte(tmp_path: Path) -> None:
    path = tmp_path / "x.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b'id,name\n1,"\n')
        for number in range(50_000_000 // 1000):
            file.write((b"%d,somebody else\n" % number) * 1000)
    assert "never be closed" in outcome(path)["said"]


def test_a_row_of_endless_quoted_cells(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    with path.open("wb") as file:
        file.write(b'id,name\n1,"')
        for piece in repeated(b'x","y\n', 50 << 20):
            file.write(piece)
    assert "over many lines" in outcome(path)["said"]


def test_a_million_columns(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(",".join("c" for _ in range(400_000)) + "\n" + "1," * 1000)
    assert "more than 1,000 columns" in outcome(tmp_path / "x.csv")["said"]
    (tmp_path / "y.csv").write_text(",".join(f"c{n}" for n in range(1_000_000)) + "\n1\n")
    assert "Line 1 is longer" in outcome(tmp_path / "y.csv")["said"]
    (tmp_path / "z.csv").write_text("id,name\n" + "," * 900_000 + "x\n")
    assert outcome(tmp_path / "z.csv")["rows"] == 1
    wide = "<row>" + '<c t="n"><v>1</v></c>' * 300_000 + "</row>"
    parts = book_parts() | {SHEET: sheet(wide, HEAD, before='<dimension ref="A1:ALL1000"/>')}
    assert "more than 1,000 columns" in outcome(packed(tmp_path / "x.xlsx", parts))["said"]


@pytest.mark.parametrize("where", [b"id,name\n1,a\0b\n", b"id\0,name\n1,a\n", b"\0" * 5000])
def test_nul(tmp_path: Path, where: bytes) -> None:
    (tmp_path / "x.csv").write_bytes(where)
    assert "NUL" in outcome(tmp_path / "x.csv")["said"]


# Names and packings that say something else


def test_wrong_names(tmp_path: Path) -> None:
    text, book = b"id,name\n1,a\n", book_parts() | {SHEET: sheet(HEAD, row(1, "a"))}
    (tmp_path / "text.xlsx").write_bytes(text)
    packed(tmp_path / "book.csv", book)
    (tmp_path / "zip.csv.gz").write_bytes(packed(tmp_path / "x.zip", {"a.csv": [text]}).read_bytes())
    for name in ("text.xlsx", "book.csv", "zip.csv.gz"):
        assert outcome(tmp_path / name)["first"] == ["1", "a"], name
    (tmp_path / "twice.csv").write_bytes(gzip.compress((tmp_path / "x.zip").read_bytes()))
    assert "another archive" in outcome(tmp_path / "twice.csv")["said"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_that_does_not_say_so(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "x.csv").write_bytes("id,name\r\n1,Núñez\r\n".encode(encoding))
    assert outcome(tmp_path / "x.csv")["first"] == ["1", "Núñez"]


def test_names_that_lead_out_of_the_folder_lead_nowhere(tmp_path: Path) -> None:
    path = packed(tmp_path / "x.zip", {"../../../outside.csv": [b"id,name\n1,a\n"]})
    assert outcome(path)["first"] == ["1", "a"]
    assert not (tmp_path.parent / "outside.csv").exists()


def test_passwords(tmp_path: Path) -> None:
    for name, parts in (("x.zip", {"a.csv": [b"id,name\n1,a\n"]}), ("x.xlsx", book_parts() | {SHEET: sheet(HEAD)})):
        data = packed(tmp_path / name, parts).read_bytes()
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
        changed = bytearray(data)
        for info in infos:
            changed[info.header_offset + 6] |= 1
        at = data.find(b"PK\1\2")
        while at >= 0:
            changed[at + 8] |= 1
            at = data.find(b"PK\1\2", at + 1)
        (tmp_path / name).write_bytes(changed)
        assert "password" in outcome(tmp_path / name)["said"]


@pytest.mark.parametrize(
    ("member", "sentence"),
    [
        ("content.xml", "OpenDocument"),
        ("xl/workbook.bin", "binary Excel"),
        ("word/document.xml", "Word"),
        ("ppt/presentation.xml", "PowerPoint"),
    ],
)
def test_files_of_other_programs(tmp_path: Path, member: str, sentence: str) -> None:
    assert sentence in outcome(packed(tmp_path / "x.xlsx", {member: [b"x"], "mimetype": [b"y"]}))["said"]


# Workbooks that lie, or that are only unusual


def rows_of(path: Path, **options: str) -> list[list[str]]:
    with open_table(path, **options) as table:
        return [table.headers, *[cells for _, cells in table]]


@pytest.mark.parametrize("claim", ["A1:A1", "A1:ALL1048576", "nonsense", ""])
def test_a_dimension_that_lies(tmp_path: Path, claim: str) -> None:
    """Twenty thousand rows here; the size does not matter to how it is read."""
    many = (row(n, "x") for n in range(20_000))
    parts = book_parts() | {SHEET: sheet(HEAD, *many, before=f'<dimension ref="{claim}"/>')}
    assert outcome(packed(tmp_path / "x.xlsx", parts))["rows"] == 20_000


def test_empty_and_header_only(tmp_path: Path) -> None:
    for rows, sentence in (((), "The file is empty."), ((HEAD,), "no rows")):
        path = packed(tmp_path / "x.xlsx", book_parts() | {SHEET: sheet(*rows)})
        assert sentence in outcome(path)["said"]
    for text, sentence in (("", "The file is empty."), ("id,name\n", "no rows")):
        (tmp_path / "x.csv").write_text(text)
        assert sentence in outcome(tmp_path / "x.csv")["said"]


def test_the_sheet_with_rows_is_found_and_any_can_be_named(tmp_path: Path) -> None:
    parts = book_parts(("Cover", "May", "June")) | {
        "xl/worksheets/sheet1.xml": sheet(row("Referrals of Lakeland")),
        "xl/worksheets/sheet2.xml": sheet(HEAD, row("5", "may")),
        "xl/worksheets/sheet3.xml": sheet(HEAD, row("6", "june")),
    }
    path = packed(tmp_path / "x.xlsx", parts)
    assert rows_of(path)[1] == ["5", "may"]
    assert rows_of(path, sheet="june")[1] == ["6", "june"]
    with open_table(path) as table:
        assert (table.sheet, table.sheets) == ("May", ("Cover", "May", "June"))
    with pytest.raises(InputError, match=r'no sheet called "July"\. It has "Cover", "May", "June"'):
        rows_of(path, sheet="July")
    only_covers = book_parts(("A", "B")) | {SHEET: sheet(row("x")), "xl/worksheets/sheet2.xml": sheet()}
    with pytest.raises(InputError, match=r'No sheet of the Excel file has a header and rows\. It has "A", "B"'):
        rows_of(packed(tmp_path / "y.xlsx", only_covers))
    assert rows_of(
        packed(
            tmp_path / "z.xlsx",
            book_parts(("A", "B"), active=1) | {SHEET: parts[SHEET], "xl/worksheets/sheet2.xml": sheet(HEAD, row(1, 2))},
        )
    )


def test_a_cover_with_rows_is_passed_over_for_a_table(tmp_path: Path) -> None:
    cover, table = sheet(row("Orders"), row("Run on", "1 May")), sheet(row("Order", "Date", "To"), row("5", "May 1", "Summit"))
    parts = book_parts(("Cover", "Orders")) | {SHEET: cover, "xl/worksheets/sheet2.xml": table}
    with open_table(packed(tmp_path / "x.xlsx", parts)) as found:
        assert found.sheet == "Orders"
    with open_table(packed(tmp_path / "y.xlsx", parts | {"xl/worksheets/sheet2.xml": sheet(HEAD, row("5", "may"))})) as found:
        assert found.sheet == "Cover", "as it was open, when no sheet is wider"


def _saved(path: Path, fill: Callable[[openpyxl.Workbook], None]) -> Path:
    book = openpyxl.Workbook()
    fill(book)
    book.save(path)
    return path


def test_merged_and_hidden_cells_are_read_where_they_are_written(tmp_path: Path) -> None:
    def fill(book: openpyxl.Workbook) -> None:
        for cells in (["id", "name"], [1, "merged"], [2, None], [3, "hidden"]):
            book.active.append(cells)
        book.active.merge_cells("B2:B3")
        book.active.row_dimensions[4].hidden = True

    assert rows_of(_saved(tmp_path / "x.xlsx", fill)) == [["id", "name"], ["1", "merged"], ["2", ""], ["3", "hidden"]]


def test_formulas_count_as_what_they_came_to_and_errors_as_nothing(tmp_path: Path) -> None:
    cells = '<row r="5"><c r="A5"><f>1+1</f><v>2</v></c><c r="B5" t="str"><f>"a"&amp;"b"</f><v>ab</v></c></row>'
    errors = '<row r="9"><c r="A9" t="e"><v>#N/A</v></c><c r="B9" t="b"><v>1</v></c></row>'
    path = packed(tmp_path / "x.xlsx", book_parts() | {SHEET: sheet(HEAD, cells, errors, row("=cmd|' /C calc'!A0", "x"))})
    assert rows_of(path)[1:] == [["2", "ab"], ["", "TRUE"], ["=cmd|' /C calc'!A0", "x"]]


DATES = '<numFmts><numFmt numFmtId="164" formatCode="[Red]d mmm yyyy"/><numFmt numFmtId="165" formatCode="0.00%"/></numFmts>'
DATES += "<cellXfs>" + "".join(f'<xf numFmtId="{n}"/>' for n in (0, 14, 164, 165, 22)) + "</cellXfs>"


@pytest.mark.parametrize(
    ("properties", "first"),
    [("", "2026-05-01"), ('date1904="1"', "2030-05-02"), ('date1904="false"', "2026-05-01")],
    ids=["1900", "1904", "said"],
)
@pytest.mark.parametrize("main", [MAIN, STRICT], ids=["transitional", "strict"])
def test_dates_of_both_systems(tmp_path: Path, properties: str, first: str, main: str) -> None:
    cells = "<row>" + "".join(f'<c s="{style}"><v>46143</v></c>' for style in range(4)) + '<c t="d"><v>2026-05-01T09:30:00</v></c></row>'
    parts = book_parts(main=main, properties=properties, styles=DATES) | {SHEET: sheet(row(*"abcde"), cells, main=main)}
    assert rows_of(packed(tmp_path / "x.xlsx", parts))[1] == ["46143", first, first, "46143", "2026-05-01T09:30:00"]


def test_numbers_are_written_as_one_writes_them(tmp_path: Path) -> None:
    numbers = ["1234567893", "1.0", "1E3", "0.5", "-5", "nonsense", "1e999"]
    cells = "<row>" + "".join(f"<c><v>{number}</v></c>" for number in numbers) + '<c s="1"><v>1e99</v></c></row>'
    path = packed(tmp_path / "x.xlsx", book_parts(styles=DATES) | {SHEET: sheet(row(*"abcdefgh"), cells)})
    assert rows_of(path)[1] == ["1234567893", "1", "1000", "0.5", "-5", "nonsense", "inf", "1e99"]


def test_prefixed_tags_shared_rich_and_spoken_texts(tmp_path: Path) -> None:
    shared = b"<x:sst xmlns:x='m'><x:si><x:r><x:t>Nu</x:t></x:r><x:r><x:t>nez</x:t></x:r><x:rPh><x:t>spoken</x:t></x:rPh></x:si>"
    shared += b"<x:si><x:t>a_x000D_b_x005F_x_x0000_</x:t></x:si></x:sst>"
    rows = b"<x:worksheet xmlns:x='m'><x:sheetData><x:row><x:c t='s'><x:v>0</x:v></x:c><x:c t='s'><x:v>1</x:v></x:c></x:row>"
    rows += b"<x:row><x:c r='B2'><x:v>2</x:v></x:c><x:c r='A2'><x:v>1</x:v></x:c></x:row></x:sheetData></x:worksheet>"
    path = packed(tmp_path / "x.xlsx", book_parts() | {"xl/sharedStrings.xml": [shared], SHEET: [rows]})
    assert rows_of(path) == [["Nunez", "a b_x_x0000_"], ["1", "2"]]


@pytest.mark.parametrize(
    "change",
    [
        {SHEET: [b"<worksheet><sheetData><row>"]},
        {SHEET: sheet('<row><c t="s"><v>7</v></c></row>')},
        {SHEET: sheet('<row><c t="s"><v>x</v></c></row>')},
        {"xl/_rels/workbook.xml.rels": [b"<Relationships/>"]},
        {"xl/workbook.xml": [b"not xml"]},
    ],
)
def test_damaged_workbooks(tmp_path: Path, change: dict) -> None:
    said = outcome(packed(tmp_path / "x.xlsx", book_parts() | {SHEET: sheet(HEAD, row(1, 2))} | change))["said"]
    assert said.startswith("The Excel file")


# Rows that lost a delimiter


def short_rows(text: str) -> list[bool]:
    with open_table(io.BytesIO(text.encode())) as table:
        return [isinstance(cells, ShortRow) for _, cells in table]


def test_a_row_with_too_few_cells_is_told_from_blanks_left_out() -> None:
    full = [f"{n},a,b" for n in range(150)]
    assert short_rows("\n".join(["id,a,b", *full, "7 a,b"]))[-1], "all others have all"
    assert short_rows("id,a,b\n1,a,\n2 a,b\n") == [False, True], "this writer writes blanks at the end"
    assert not any(short_rows("\n".join(["id,a,b", *full[:10], "7,a", "8", *full[:10], "9"]))), "this writer leaves them out"
    assert not any(short_rows("id,a,b\n1\n2,a,b\n")), "too little to tell"
