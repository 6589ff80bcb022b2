"""What might tell who a patient is gets shown to the writer; ordinary field notes do not."""

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.npi import with_check_digit
from common.patient_marks import patient_marks, warning

TODAY = dt.date(2026, 11, 27)


def kinds(text: str) -> list[str]:
    return [mark.kind for mark in patient_marks(text, today=TODAY)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("MRN 123456 waited six weeks", "a record number"),
        ("mrn:00981", "a record number"),
        ("MR# A-10023", "a record number"),
        ("record no. 4471902", "a record number"),
        ("chart 88-12345", "a record number"),
        ("account number X9912345", "a record number"),
        ("the one with 12345678", "a record number"),
        ("call about 1234567890", "a record number"),
        ("123-45-6789", "a social security number"),
        ("DOB 3/14/58", "a date of birth"),
        ("d.o.b. 03-14-1958", "a date of birth"),
        ("born on 14 Mar 1958", "a date of birth"),
        ("date of birth: 1958-03-14", "a date of birth"),
        ("born 1958", "a date of birth"),
        ("seen, 03/14/1958, twice", "a date of birth"),
        ("March 14, 1958", "a date of birth"),
        ("pt Smith was turned away", "a patient's name"),
        ("Pt. Jane waited", "a patient's name"),
        ("patient name: Jones", "a patient's name"),
        ("a patient named Garcia", "a patient's name"),
        ("patient J.D. was lost", "a patient's name"),
        ("Mrs. Alvarez never got a call", "a person's name"),
    ],
)
def test_marks_are_found(text: str, kind: str) -> None:
    assert kinds(text) == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Patients wait six weeks for a new appointment.",
        "The patient was never called back. Patient access says 14 days.",
        "Patient Access and Patient Services both promised an answer",
        "New patient volume fell from 43 to 31, interval 24 to 40",
        "Call the front desk at 440-555-0134 or 4405550134, fax (440) 555-0199",
        "12 fewer referrals than expected, Aug 2026 to Oct 2026",
        "Lunch on 10/03/2026 at 12:30; back 3 Dec 2026",
        "Fax line down since 11/2/26",
        "Dr. Adams wants reports within 10 days, ZIP 44101, suite 1200",
        "Referral volumes of 2026 on record",
        f"His NPI is {with_check_digit('212345678')}",
        "We lost $125000 and 1,234,567 others",
        "NORTH FAMILY PRACTICE, pt portal does not open",
    ],
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
