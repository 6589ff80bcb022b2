"""What might tell who a patient is gets shown to the writer; ordinary field notes do not."""

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.patient_marks import patient_marks, warning
from tests.marks import FOUND, ORDINARY

TODAY = dt.date(2026, 11, 27)


def kinds(text: str) -> list[str]:
    return [mark.kind for mark in patient_marks(text, today=TODAY)]


@pytest.mark.parametrize(
    ("text", "kind"),
    FOUND,
)
def test_marks_are_found(text: str, kind: str) -> None:
    assert kinds(text) == [kind]


@pytest.mark.parametrize(
    "text",
    ORDINARY,
)
def test_ordinary_notes_are_not_held_up(text: str) -> None:
    assert kinds(text) == []
    assert warning(text, today=TODAY) == ""


def test_two_digit_years_are_read_as_the_century_in_which_they_make_sense() -> None:
    assert kinds("3/14/24") == []
    assert kinds("3/14/27") == []
    assert kinds("3/14/22") == ["a date of birth"]
    assert kinds("3/14/58") == ["a date of birth"]


def test_marks_do_not_overlap_and_say_where_they_stand() -> None:
    text = "Pt Smith, DOB 3/14/1958, MRN 123456"
    marks = patient_marks(text, today=TODAY)
    assert [text[mark.start : mark.end] for mark in marks] == ["Pt Smith", "DOB 3/14/1958", "MRN 123456"]


def test_the_warning_names_and_quotes_what_it_saw() -> None:
    said = warning("Pt Smith, MRN 123456", today=TODAY)
    assert said.startswith("This looks like a patient's name and a record number: “Pt Smith”, “MRN 123456”.")


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    marks = patient_marks(text, today=TODAY)
    assert all(0 <= mark.start < mark.end <= len(text) for mark in marks)
    assert all(first.end <= second.start for first, second in itertools.pairwise(marks))
    assert bool(warning(text, today=TODAY)) == bool(marks)
