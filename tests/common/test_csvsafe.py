import csv
import datetime as dt
import io
from decimal import Decimal
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.csvsafe import csv_response, csv_rows, escape_cell, unescape_cell


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\0=1", "=cmd|' /C calc'!A0"])
def test_a_formula_is_made_a_text(text: str) -> None:
    assert escape_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "O'Brien", "'tis", "1-2", "a=b"])
def test_what_no_spreadsheet_runs_stays(text: str) -> None:
    assert escape_cell(text) == text == unescape_cell(text)


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (-5, -5),
        (-0.5, -0.5),
        (Decimal("-1.20"), Decimal("-1.20")),
        (None, ""),
        (True, "yes"),
        (dt.date(2026, 10, 3), "2026-10-03"),
        (PurePosixPath("-x"), "'-x"),
    ],
)
def test_values_that_are_no_text(value: object, cell: object) -> None:
    assert escape_cell(value) == cell


@given(st.text())
def test_escaping_is_undone_exactly(text: str) -> None:
    escaped = escape_cell(text)
    assert isinstance(escaped, str)
    assert escaped[:1] not in ("=", "+", "-", "@", "\t", "\r", "\0")
    assert unescape_cell(escaped) == text


@given(st.lists(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=2, max_size=2)))
def test_a_table_reads_back_as_it_was(rows: list[list[str]]) -> None:
    text = "".join(csv_rows(["a", "=b"], rows))
    assert text.startswith("\ufeff")
    read = list(csv.reader(io.StringIO(text[1:], newline="")))
    assert [[unescape_cell(cell) for cell in row] for row in read] == [["a", "=b"], *rows]


def test_a_download_streams_and_keeps_its_name_harmless() -> None:
    response = csv_response('reject"s\r\n1.csv', ["name"], iter([["=x"]]))
    assert response.streaming
    assert b"".join(response).decode() == "\ufeffname\r\n'=x\r\n"  # type: ignore[arg-type]  # always bytes here
    assert response["Content-Disposition"] == 'attachment; filename="reject-s-1.csv"'
