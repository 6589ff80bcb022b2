"""Mappings: their JSON, how they fit a file, and the first guess that a person starts from."""

import json
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.exceptions import InputError
from common.tables import open_table
from referrals.importing.mapping import FIELDS, Mapping, pick_mapping, shipped_mappings
from referrals.importing.suggesting import suggest, suggest_state, unknown_statuses
from referrals.states import STATES

GOOD: dict[str, Any] = {
    "name": "North",
    "sees": "received",
    "format": {"delimiter": ";", "encoding": "cp1252", "dates": "dmy"},
    "columns": {"source_key": "No", "received_on": "In", "state": "St"},
    "status": {"offen": "received"},
    "priorities": {"eilig": "urgent"},
    "patient": {"identifier": "PID", "dropped": ["Name"]},
}


def test_json_round_trip() -> None:
    mapping = Mapping.from_json(GOOD)
    assert mapping.dates == "dmy"
    assert mapping.identifier == "PID"
    assert Mapping.from_json(json.dumps(mapping.to_json())) == mapping


@pytest.mark.parametrize("mapping", shipped_mappings(), ids=lambda mapping: mapping.name)
def test_shipped_mappings_are_sound(mapping: Mapping) -> None:
    assert mapping.problems() == []
    assert mapping.identifier
    assert Mapping.from_json(mapping.to_json()) == mapping


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"sees": "everything"}, '"sees" must be one of'),
        ({"format": {"dates": "julian"}}, '"dates" must be one of'),
        ({"format": {"delimiter": "||"}}, "a single character"),
        ({"format": {"quote": "'"}}, '"quote" is no part of "format"'),
        ({"columns": {"received_on": "In"}}, "referral number"),
        ({"columns": {"source_key": "No"}}, "date ordered, received or entered"),
        ({"columns": {**GOOD["columns"], "shoe_size": "Shoe"}}, 'no field "shoe_size"'),
        ({"columns": {**GOOD["columns"], "reason": "name"}}, 'column "name" holds patient data'),
        ({"columns": {**GOOD["columns"], "payer": "PID"}}, 'column "PID" holds patient data'),
        ({"status": {"offen": "waiting"}}, '"waiting" is not one of our states'),
        ({"status": {}}, "none of its words"),
        ({"status": {"offen": "received", "OFFEN": "seen"}}, "one word twice"),
        ({"kinds": {"x": "y"}}, '"y" is not one of our kinds'),
        ({"priorities": {"x": "y"}}, '"y" is not one of our priorities'),
        ({"reasons": {"x": "y"}}, '"y" is not one of our reasons'),
        ({"patient": {"dropped": "Name"}}, "list of headers"),
        ({"columns": []}, '"columns" must be a JSON object'),
        ({"columns": {**GOOD["columns"], "payer": 3}}, 'Every value in "columns"'),
        ({"name": 3}, '"name" must be a text'),
        ({"colour": "red"}, '"colour" is no part of a mapping'),
    ],
)
def test_what_is_wrong_is_said(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        Mapping.from_json(GOOD | change)


@pytest.mark.parametrize(
    ("given", "sentence"), [("{", "not JSON"), ("[]", "JSON object"), ("[" * 100_000, "not JSON"), (b"\xff", "not JSON")]
)
def test_what_is_no_mapping_at_all(given: str | bytes, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        Mapping.from_json(given)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*GOOD, "kinds", "feed"]), json_values))
def test_any_json_is_a_mapping_or_refused(change: dict[str, Any]) -> None:
    with suppress(InputError):
        assert Mapping.from_json(GOOD | change).problems() == []


def test_fitting_a_file() -> None:
    mapping = Mapping.from_json(GOOD)
    assert mapping.fits([" no", "PID", "IN", "st", "more"])
    assert mapping.positions([" no", "PID", "IN", "st"]) == {"source_key": 0, "received_on": 2, "state": 3, "patient": 1}
    assert mapping.missing(["No", "St"]) == ["In", "PID"]


def test_the_mapping_that_reads_most_is_picked() -> None:
    small = Mapping.from_json(GOOD)
    large = replace(small, columns={**small.columns, "payer": "Kasse"})
    assert pick_mapping(["No", "In", "St", "PID", "Kasse"], [small, large]) == large
    assert pick_mapping(["No", "In", "St", "PID"], [small, large]) == small
    assert pick_mapping(["No"], [small, large]) is None


@pytest.mark.parametrize("shape", ["a.csv", "b.psv", "c.tsv"])
def test_the_guess_reads_the_three_shapes_as_their_mappings_do(invented_world: Path, shape: str) -> None:
    with open_table(invented_world / f"referrals_{shape}") as table:
        shipped = pick_mapping(table.headers)
        assert shipped is not None
        suggestion = suggest(table.headers, [values for _, values in islice(table, 400)])
    guess = suggestion.mapping
    assert guess.problems() == []
    anchors = {"received_on", "entered_on"}
    assert {name: header for name, header in guess.columns.items() if name not in anchors} == {
        name: header for name, header in shipped.columns.items() if name not in anchors
    }
    assert guess.status.items() <= shipped.status.items()
    assert (guess.identifier, guess.dropped, guess.dates) == (shipped.identifier, shipped.dropped, shipped.dates)
    assert suggestion.confidence.keys() == suggestion.because.keys() == guess.columns.keys()
    assert not suggestion.dates.ambiguous


def test_patient_columns_are_named_by_header_and_by_content() -> None:
    headers = ["Order ID", "Order Date", "Patient ID", "Pt Last Name", "SSN", "Home Phone", "Address", "X1", "X2", "X3", "Notes"]
    row = ["1", "2026-05-01", "77", "Vexley", "x", "x", "x", "123-45-6789", "(203) 555-1234", "1931-04-12", "seen twice"]
    suggestion = suggest(headers, [row] * 5)
    assert {column.header: column.action for column in suggestion.patient} == {
        "Patient ID": "hash",
        **dict.fromkeys(["Pt Last Name", "SSN", "Home Phone", "Address", "X1", "X2", "X3"], "drop"),
    }
    assert suggestion.mapping.identifier == "Patient ID"
    assert suggestion.ignored == ("Notes",)
    assert not {column.header for column in suggestion.patient} & set(suggestion.mapping.columns.values())


def test_birth_dates_are_known_however_they_are_written() -> None:
    written = [["1", "12.04.1931", "12/04/1931", "4-12-1931", "12.04.2026"]]
    assert [column.header for column in suggest(["Nr", "G1", "G2", "G3", "D"], written).patient] == ["G1", "G2", "G3"]


def test_five_digits_are_rather_a_zip_code_than_a_day() -> None:
    headers = ["Order ID", "Dept ZIP", "Dept Specialty", "k"]
    suggestion = suggest(headers, [["1", "44140", "Cardiology", "2026-05-01"]])
    assert suggestion.mapping.columns == {
        "source_key": "Order ID",
        "referring_zip": "Dept ZIP",
        "service_line": "Dept Specialty",
        "entered_on": "k",
    }
    assert suggest(["Nr", "PLZ", "wann"], [["1", "44140", "2026-05-01"]]).mapping.columns["entered_on"] == "wann"


def test_an_ambiguous_date_style_is_asked() -> None:
    headers = ["Referral Number", "Referral Date"]
    unclear = suggest(headers, [["1", "03/04/2026"], ["2", "05/06/2026"]]).dates
    assert unclear.ambiguous
    assert unclear.examples[0] == ("03/04/2026", "2026-03-04", "2026-04-03")
    clear = suggest(headers, [["1", "03/04/2026"], ["2", "25/06/2026"]])
    assert (clear.dates.style, clear.dates.ambiguous, clear.mapping.dates) == ("dmy", False, "dmy")


def test_an_earlier_mapping_is_taken_over() -> None:
    earlier = replace(Mapping.from_json(GOOD), name="last month")
    whole = suggest(["No", "In", "St", "PID", "Name"], [["1", "01.05.2026", "neu", "7", "Vexley"]], earlier=[earlier])
    assert whole.mapping == earlier
    assert whole.unknown_statuses == {"neu": 1}
    assert {column.header: column.action for column in whole.patient} == {"Name": "drop"}
    part = suggest(["No", "In", "St", "Chart"], [["1", "01.05.2026", "offen", "7"]], earlier=[earlier])
    assert part.mapping.columns == earlier.columns
    assert part.mapping.status == {"offen": "received"}
    assert part.mapping.identifier == "Chart"


def test_a_file_of_unknown_headers_still_gets_an_anchor() -> None:
    suggestion = suggest(["k", "wann"], [["1", "2026-05-01"]])
    assert suggestion.mapping.columns == {"entered_on": "wann"}
    assert suggestion.confidence["entered_on"] < 0.5


@given(st.lists(st.text(max_size=12), unique=True, max_size=6), st.lists(st.lists(st.text(max_size=8), max_size=6), max_size=4))
def test_a_guess_never_fails(headers: list[str], rows: list[list[str]]) -> None:
    suggestion = suggest(headers, rows)
    assert set(suggestion.mapping.columns) <= set(FIELDS)
    assert set(suggestion.mapping.status.values()) <= set(STATES)


def test_words_the_mapping_does_not_know() -> None:
    mapping = Mapping.from_json(GOOD)
    rows = [["1", "x", " Offen "], ["2", "x", "zu"], ["3", "x", "zu"], ["4", "x", ""], ["5"]]
    assert unknown_statuses(mapping, ["No", "In", "St"], rows) == {"zu": 2, "": 1}
    assert unknown_statuses(mapping, ["No", "In"], rows) == {}


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("No Show", "no-show"),
        ("NO-SHOW", "no-show"),
        ("Cancelled", "cancelled"),
        ("Canceled", "cancelled"),
        ("Appointment Canceled", "appointment cancelled"),
        ("Pending Scheduling", "received"),
        ("Pend Review", "received"),
        ("Authorized", "accepted"),
        ("Report sent", "report sent"),
        ("Frobbed", ""),
        ("", ""),
    ],
)
def test_suggested_states(word: str, state: str) -> None:
    assert suggest_state(word) == state


def test_a_number_that_feeds_share_and_a_sheet_are_kept() -> None:
    given = {**GOOD, "format": {"sheet": "Orders"}, "patient": {"identifier": "PID", "enterprise": "EMPI", "dropped": []}}
    mapping = Mapping.from_json(given)
    assert (mapping.sheet, mapping.enterprise) == ("Orders", "EMPI")
    assert Mapping.from_json(mapping.to_json()) == mapping
    assert mapping.missing(["No", "In", "St", "PID"]) == ["EMPI"]
    assert mapping.positions(["No", "In", "St", "PID", "EMPI"])["enterprise"] == 4
    with pytest.raises(InputError, match='column "EMPI" holds patient data'):
        Mapping.from_json({**given, "columns": {**GOOD["columns"], "payer": "EMPI"}})
    with pytest.raises(InputError, match="the same column"):
        Mapping.from_json({**given, "patient": {"identifier": "PID", "enterprise": "pid"}})


def test_an_appointment_is_known_by_its_own_number_and_names_its_order() -> None:
    headers = ["Referral ID", "Appt ID", "Appt Date", "EMPI", "MRN"]
    rows = [["R1", "A1", "2026-03-01", "E1", "M1"], ["R1", "A2", "2026-03-02", "E1", "M1"], ["", "A3", "2026-03-04", "E2", "M2"]]
    suggestion = suggest(headers, rows)
    assert suggestion.mapping.columns["source_key"] == "Appt ID"
    assert suggestion.mapping.columns["order_key"] == "Referral ID"
    assert (suggestion.mapping.identifier, suggestion.mapping.enterprise) == ("MRN", "EMPI")
    assert {column.header: column.action for column in suggestion.patient} == {"EMPI": "enterprise", "MRN": "hash"}
    again = suggest(headers, rows, earlier=[replace(suggestion.mapping, columns={**suggestion.mapping.columns, "entered_on": "Appt Date"})])
    assert {column.header: column.action for column in again.patient} == {"EMPI": "enterprise", "MRN": "hash"}
    numbered_once = [[f"R{n}", f"A{n}", "2026-03-01", "E", "M"] for n in range(5)]
    assert suggest(headers, numbered_once).mapping.columns["source_key"] == "Referral ID"
