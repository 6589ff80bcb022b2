"""Every table that leaves is written by common.csvsafe: no cell starts a formula, and what is read back is what was written."""

import ast
import io

from hypothesis import example, given
from hypothesis import strategies as st

from common.csvsafe import csv_rows, xlsx_bytes, xlsx_response
from common.tables import open_table
from tests.architecture.walk import modules

WRITERS = {"csv.writer", "csv.DictWriter"}
METHODS = {"to_csv", "to_excel", "write_csv"}  # pandas, pyarrow
LIBRARIES = {"openpyxl", "xlsxwriter", "pyexcel", "xlwt"}
# path: why it writes a table by itself
EXCEPTIONS = {
    "contacts/importing/nppes_staging.py": "text for COPY: it goes into Postgres and nowhere else",
    "contacts/importing/nppes_texts.py": "a file of another encoding, written anew for the reader of the registry",
}


def _writers(tree: ast.Module) -> list[str]:
    """Names and imports that write tables, as `line: what`."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (node.attr in METHODS or ast.unparse(node) in WRITERS):
            found.append(f"{node.lineno}: {ast.unparse(node)}")
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {alias.name for alias in node.names}
            if node.module.split(".")[0] in LIBRARIES or (node.module == "csv" and names & {"writer", "DictWriter"}) or names & METHODS:
                found.append(f"{node.lineno}: from {node.module}")
        elif isinstance(node, ast.Import):
            found += [f"{node.lineno}: import {alias.name}" for alias in node.names if alias.name.split(".")[0] in LIBRARIES]
    return found


def test_only_common_writes_tables() -> None:
    found = {str(path): lines for app, path, tree in modules() if app != "common" and (lines := _writers(tree))}
    assert found.keys() <= EXCEPTIONS.keys(), "write it through csv_rows, csv_response or xlsx_response of common.csvsafe"


def test_the_scan_sees_a_writer() -> None:
    for text in (
        "import csv\ncsv.writer(file)",
        "from csv import DictWriter",
        "from openpyxl import Workbook",
        "import openpyxl.styles",
        "frame.to_csv(path)",
        "import pyarrow.csv as pc\npc.write_csv(table, sink)",
    ):
        assert _writers(ast.parse(text)), text
    assert not _writers(ast.parse("import csv\ncsv.reader(file)\nfrom common.csvsafe import csv_rows"))


TEXTS = st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1), min_size=1, max_size=4)


@given(TEXTS)
@example(["=cmd|' /C calc'!A0", "+1", "-1", "@x", "\t=x", "'=x", "''x", "_x0041_", "a\r\nb", "\x0b", "\ufffe", " x "])
def test_a_workbook_and_a_text_table_come_back_as_they_were(cells: list[str]) -> None:
    rows = [["k", cell] for cell in cells]
    for data in (xlsx_bytes("Table", ["id", "text"], rows), "".join(csv_rows(["id", "text"], rows)).encode()):
        with open_table(io.BytesIO(data)) as table:
            assert [values for _, values in table] == rows


def test_no_cell_of_a_workbook_is_a_formula() -> None:
    data = xlsx_bytes("Table", ["=head"], [["=1+1"], ["@x"], [-5], [None]])
    assert b"<f>" not in data
    with open_table(io.BytesIO(data)) as table:
        assert table.headers == ["=head"]
        assert [values for _, values in table] == [["=1+1"], ["@x"], ["-5"]]
    answer = xlsx_response("a b.xlsx", ["x"], [])
    assert answer.headers["Content-Disposition"] == 'attachment; filename="a-b.xlsx"'
    assert answer.headers["Cache-Control"] == "no-store"
