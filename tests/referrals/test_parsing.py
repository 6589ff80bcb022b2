"""Records become rows in our words, or say why not; nothing of a patient but the keyed hash comes out, whatever stood in the file."""

import datetime as dt
import io
import json
import random
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.exceptions import InputError
from common.npi import with_check_digit
from common.tables import open_table
from referrals.importing.dates import parse_date, parse_moment
from referrals.importing.mapping import FIELDS, Mapping, pick_mapping, shipped_mappings
from referrals.importing.parsing import REJECTIONS, Parser, Row, RowError, masked, parse, patient_hasher
from referrals.states import Told, settle
from tests.referrals.conftest import make_world

TODAY = dt.date(2026, 11, 21)
NPI = with_check_digit("200000001")
HASH = patient_hasher(b"a key", "north")
ORDERS = next(mapping for mapping in shipped_mappings() if mapping.name.startswith("Our orders, comma"))
HEADERS = [*ORDERS.columns.values(), ORDERS.identifier, *ORDERS.dropped, "Comment"]
RECORD = dict.fromkeys(HEADERS, "") | {
    "Referral ID": "A1",
    "Entry Date": "05/01/2026",
    "Referred By Provider": " Ana   O'Brien ",
    "Referred By NPI": NPI,
    "Referred By ZIP": "06103-1234",
    "Status": "completed ",
    "Appt Date": "06/30/2027",
    "Priority": "Urgent",
    "Patient MRN": "QX123",
    "Patient Name": "Ysolde Yarrowby",
}


def row(**changes: str) -> Row:
    parsed = parse(RECORD | changes, ORDERS, hash_patient=HASH, today=TODAY)
    assert isinstance(parsed, Row)
    return parsed


def error(**changes: str) -> RowError:
    parsed = parse(RECORD | changes, ORDERS, hash_patient=HASH, today=TODAY)
    assert isinstance(parsed, RowError)
    return parsed


def test_a_record_in_our_words() -> None:
    parsed = row()
    assert (parsed.source_key, parsed.state, parsed.priority) == ("A1", "seen", "urgent")
    assert (parsed.anchor_on, parsed.anchor, parsed.entered_on) == (dt.date(2026, 5, 1), "entered", dt.date(2026, 5, 1))
    assert (parsed.referring_name, parsed.referring_npi, parsed.referring_zip) == ("Ana O'Brien", NPI, "06103")
    assert parsed.appointment_on == dt.date(2027, 6, 30)
    assert parsed.patient == HASH("QX123")
    assert parsed.findings == ()


@pytest.mark.parametrize(
    ("changes", "reason", "said"),
    [
        ({"Referral ID": "  "}, "missing id", "Referral ID is blank"),
        ({"Entry Date": "13/45/2026"}, "bad date", "Entry Date is no date"),
        ({"Entry Date": " "}, "bad date", "has no date"),
        ({"Status": "Frobbed"}, "unknown status", 'Status is "Frobbed"'),
        ({"Status": ""}, "unknown status", "Status is blank"),
        ({"Entry Date": "11/23/2026"}, "future date", "2026-11-23"),
    ],
)
def test_rejections(changes: dict[str, str], reason: str, said: str) -> None:
    refused = error(**changes)
    assert refused.reason == reason
    assert said in refused.sentence


def test_tomorrow_is_not_the_future() -> None:
    assert row(**{"Entry Date": "11/22/2026"}).anchor_on == dt.date(2026, 11, 22)


def test_findings_keep_the_row() -> None:
    assert row(**{"Referred By NPI": "1234567890"}).findings == ("bad npi",)
    assert row(**{"Referred By NPI": "1234567890"}).referring_npi == ""
    assert row(**{"Referred By NPI": "1234567890"}).referring_npi_given == "1234567890"
    assert row(**{"Referred By NPI": "x", "Referred To NPI": "y"}).findings == ("bad npi",)
    assert row(**{"Referred To NPI": "y"}).performing_npi == ""
    assert row(**{"Appt Date": "soon"}).findings == ("bad appointment date",)
    assert row(**{"Report Received Date": "soon"}).findings == ("bad report date",)
    assert row(**{"Priority": "whenever"}).findings == ("unknown priority",)
    long = row(**{"Referred To Facility": "x" * 300, "Payer": "y" * 300})
    assert long.findings == ("long text cut",)
    assert (len(long.destination_name), len(long.payer)) == (200, 80)


def test_free_text_in_the_reason_never_passes() -> None:
    assert row(Reason="Patient Choice").reason == "patient choice"
    assert row(Reason="Mrs Yarrowby prefers Boston").reason == "unknown"
    assert row(Reason=" ").reason == ""


def test_long_numbers_stay_different() -> None:
    one, two = row(**{"Referral ID": "x" * 200 + "1"}).source_key, row(**{"Referral ID": "x" * 200 + "2"}).source_key
    assert one != two
    assert len(one) == len(two) == 80


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("06103", "06103"),
        ("6103", "06103"),
        ("061031234", "06103"),
        ("61031234", "06103"),
        ("06103-1234", "06103"),
        ("K1A 0B1", ""),
        ("1", ""),
    ],
)
def test_zips(given: str, kept: str) -> None:
    assert row(**{"Referred By ZIP": given}).referring_zip == kept


def test_the_anchor_is_ordered_else_received_else_entered() -> None:
    mapping = Mapping(
        columns={"source_key": "id", "ordered_on": "o", "received_on": "r", "entered_on": "e"}, dates="ymd", sees="appointments"
    )

    def anchor(**dates: str) -> object:
        parsed = parse({"id": "1", "o": "", "r": "", "e": ""} | dates, mapping, hash_patient=HASH, today=TODAY)
        return (parsed.anchor, parsed.anchor_on.day, parsed.state) if isinstance(parsed, Row) else parsed.reason

    assert anchor(o="2026-05-01", r="2026-05-02", e="2026-05-03") == ("ordered", 1, "scheduled")
    assert anchor(r="2026-05-02", e="2026-05-03") == ("received", 2, "scheduled")
    assert anchor(e="2026-05-03", r=" ") == ("entered", 3, "scheduled")
    assert anchor(o="soon", e="2026-05-03") == "bad date"


def test_kinds_and_time_stamps() -> None:
    mapping = Mapping(
        columns={"source_key": "id", "ordered_on": "on", "kind": "kind", "told_at": "at", "seen_on": "seen"}, kinds={"CON": "consult"}
    )
    record = {"id": "1", "on": "2026-05-01", "kind": "con", "at": "2026-05-01T12:00:00+02:00", "seen": "never"}
    parsed = parse(record, mapping, hash_patient=HASH, today=TODAY)
    assert isinstance(parsed, Row)
    assert (parsed.kind, parsed.told_at) == ("consult", dt.datetime(2026, 5, 1, 10, tzinfo=dt.UTC))
    assert parsed.findings == ("bad seen date",)
    unknown = parse(record | {"kind": "?", "seen": ""}, mapping, hash_patient=HASH, today=TODAY)
    assert isinstance(unknown, Row)
    assert unknown.findings == ("unknown kind",)


def test_a_shifted_row_is_refused_and_tells_nothing() -> None:
    parser = Parser(HEADERS, ORDERS, hash_patient=HASH, today=TODAY)
    shifted = ["stray", *RECORD.values(), "Yarrowby"]
    refused = parser(shifted)
    assert isinstance(refused, RowError)
    assert refused.reason == "too many cells"
    assert parser.masked(shifted) == [""] * len(HEADERS)
    assert isinstance(parser([*RECORD.values(), "", ""]), Row)  # blank cells behind the last column are no shift


def test_a_row_that_lost_cells_is_refused_and_tells_nothing() -> None:
    with open_table(io.BytesIO(b"id,note,on,payer\n1,a,2026-05-01,\n2 b,2026-05-02,Aetna\n")) as table:
        parser = Parser(
            table.headers,
            Mapping(columns={"source_key": "id", "ordered_on": "on", "payer": "payer"}, dates="ymd"),
            hash_patient=HASH,
            today=TODAY,
        )
        (_, whole), (_, short) = table
    assert isinstance(parser(whole), Row)
    refused = parser(short)
    assert isinstance(refused, RowError)
    assert refused.reason == "too few cells"
    assert parser.masked(short) == [""] * 4


def test_short_rows_are_padded() -> None:
    parser = Parser(
        ["id", "on", "payer"], Mapping(columns={"source_key": "id", "ordered_on": "on", "payer": "payer"}), hash_patient=HASH, today=TODAY
    )
    parsed = parser(["1", "2026-05-01"])
    assert isinstance(parsed, Row)
    assert parsed.payer == ""
    assert parser.masked(["1"]) == ["1", "", ""]
    assert isinstance(parser([]), RowError)


def test_a_file_that_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match='no column "Entry Date"'):
        Parser(["Referral ID"], ORDERS, hash_patient=HASH, today=TODAY)


@pytest.mark.parametrize(
    ("text", "style", "date"),
    [
        ("05/01/2026", "mdy", dt.date(2026, 5, 1)),
        ("5/1/26", "mdy", dt.date(2026, 5, 1)),
        ("05/01/2026 09:30 AM", "mdy", dt.date(2026, 5, 1)),
        ("05/01/2026", "dmy", dt.date(2026, 1, 5)),
        ("01.05.2026", "dmy", dt.date(2026, 5, 1)),
        ("25/01/2026", "mdy", None),
        ("25/01/2026", "auto", dt.date(2026, 1, 25)),
        ("2026-05-01", "mdy", dt.date(2026, 5, 1)),
        ("2026-05-01T23:30:00-05:00", "ymd", dt.date(2026, 5, 1)),
        ("2026-05-01T09:30:00.123Z", "ymd", dt.date(2026, 5, 1)),
        ("2026-05-01 09:30", "ymd", dt.date(2026, 5, 1)),
        ("2026-05-01T99:30", "ymd", None),
        ("2026-05-01 13:00 PM", "ymd", None),
        ("2026-05-01 10:00 o'clock", "ymd", None),
        ("2026-05-01T09:30+99:00", "ymd", None),
        ("20260501", "ymd", dt.date(2026, 5, 1)),
        ("46143", "excel", dt.date(2026, 5, 1)),
        ("46143.75", "excel", dt.date(2026, 5, 1)),
        ("46143", "mdy", None),
        ("01-MAY-2026", "dmy", dt.date(2026, 5, 1)),
        ("1 May 2026", "mdy", dt.date(2026, 5, 1)),
        ("May 1, 2026", "mdy", dt.date(2026, 5, 1)),
        ("May 1, 2026 09:30", "mdy", dt.date(2026, 5, 1)),
        ("01-OCT-2025 10:00", "mdy", dt.date(2025, 10, 1)),
        ("02/29/2026", "mdy", None),
        ("1931-04-12", "ymd", None),
        ("04/12/31", "mdy", dt.date(2031, 4, 12)),
        ("soon", "auto", None),
        ("", "auto", None),
    ],
)
def test_dates(text: str, style: str, date: dt.date | None) -> None:
    assert parse_date(text, style) == date


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-05-01T12:00:00+02:00", dt.datetime(2026, 5, 1, 10, tzinfo=dt.UTC)),
        ("2026-05-01T12:00:00-0530", dt.datetime(2026, 5, 1, 17, 30, tzinfo=dt.UTC)),
        ("2026-05-01 1:05 pm", dt.datetime(2026, 5, 1, 13, 5, tzinfo=dt.UTC)),
        ("2026-05-01T12:00Z", dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)),
        ("2026-05-01", dt.datetime(2026, 5, 1, tzinfo=dt.UTC)),
        ("46143.5", dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)),
        ("2026-05-01T12:61", None),
        ("soon", None),
    ],
)
def test_moments(text: str, moment: dt.datetime | None) -> None:
    assert parse_moment(text, "auto") == moment


def test_hashes_are_keyed_per_source_and_accepted_back() -> None:
    assert HASH("QX1") != patient_hasher(b"a key", "south")("QX1")
    assert HASH("QX1") != patient_hasher(b"another key", "north")("QX1")
    assert len(HASH("QX1")) == 32
    assert row(**{"Patient MRN": f"prm:{HASH('QX123')}"}).patient == HASH("QX123")
    assert row(**{"Patient MRN": "prm:QX123"}).patient == HASH("prm:QX123")
    assert row(**{"Patient MRN": " "}).patient == ""


def test_a_masked_record_comes_back_as_the_same_row() -> None:
    hidden = masked(RECORD, ORDERS, hash_patient=HASH)
    assert list(hidden) == HEADERS
    assert hidden["Patient MRN"] == f"prm:{HASH('QX123')}"
    assert hidden["Patient Name"] == hidden["Patient DOB"] == hidden["Comment"] == ""
    assert parse(hidden, ORDERS, hash_patient=HASH, today=TODAY) == row()


CANARY = "Quillbrook1931"


@given(
    st.fixed_dictionaries({header: st.text(max_size=30) for header in HEADERS}),
    st.sampled_from(["Patient MRN", *ORDERS.dropped, "Comment", "Reason"]),
)
def test_any_text_parses_and_no_patient_column_leaks(record: dict[str, str], header: str) -> None:
    for base in (record, RECORD | {"Comment": record["Comment"]}):
        canary = base | {header: f"{CANARY}{base[header]}"}
        parsed = parse(canary, ORDERS, hash_patient=HASH, today=TODAY)
        assert isinstance(parsed, Row) or parsed.reason in REJECTIONS
        assert CANARY not in repr(parsed)
        if header != "Reason":  # a mapped column: blank would lose what the sender has to mend
            assert CANARY not in str(masked(canary, ORDERS, hash_patient=HASH))


@given(st.text(), st.sampled_from(["auto", "mdy", "dmy", "ymd", "excel"]))
def test_any_text_is_a_date_or_not(text: str, style: str) -> None:
    assert parse_date(text, style) is None or 1970 <= parse_date(text, style).year <= 2199  # type: ignore[union-attr]  # None was ruled out before
    assert parse_moment(text, style) is None or parse_moment(text, style).tzinfo is dt.UTC  # type: ignore[union-attr]  # None was ruled out before


@given(st.dates(dt.date(1970, 1, 1), dt.date(2170, 12, 31)))
def test_every_day_is_read_in_every_style(day: dt.date) -> None:
    assert (
        parse_date(day.strftime("%m/%d/%Y"), "mdy")
        == parse_date(day.strftime("%d/%m/%Y"), "dmy")
        == parse_date(day.isoformat(), "ymd")
        == day
    )
    assert parse_date(str(day.toordinal() - dt.date(1899, 12, 30).toordinal()).zfill(5), "excel") == day


def test_no_surrogate_or_nul_reaches_the_database() -> None:
    parsed = row(**{"Referred To Facility": "a\0b\ud800c", "Referral ID": "k\0"})
    assert (parsed.destination_name, parsed.source_key) == ("abc", "k")


def test_every_field_has_its_place_in_a_row() -> None:
    assert set(FIELDS) <= set(Row._fields)


@pytest.mark.parametrize(("seed", "options"), [(7, ()), (8, ("--unknown", "0.5")), (9, ("--clean",)), (41, ("--months", "14"))])
def test_the_invented_world_is_read_to_the_row(tmp_path: Path, seed: int, options: tuple[str, ...]) -> None:
    folder = make_world(tmp_path, "--seed", str(seed), "--providers", "150", "--referrals", "2500", *options)
    truth = json.loads((folder / "truth.json").read_text())
    for shape, file in (("a", "referrals_a.csv"), ("b", "referrals_b.psv"), ("c", "referrals_c.tsv")):
        rejected: Counter[str] = Counter()
        findings: Counter[str] = Counter()
        told: defaultdict[str, list[Told]] = defaultdict(list)
        with open_table(folder / file) as table:
            mapping = pick_mapping(table.headers)
            assert mapping is not None
            parser = Parser(table.headers, mapping, hash_patient=HASH, today=TODAY)
            rows = 0
            for _, values in table:
                rows += 1
                parsed = parser(values)
                if isinstance(parsed, RowError):
                    rejected[parsed.reason] += 1
                else:
                    findings.update(parsed.findings)
                    told[parsed.source_key].append(Told(parsed.state, parsed.appointment_on, parsed.told_at))
        expected = truth["files"][shape]
        assert (rows, len(told)) == (expected["rows"], expected["referrals"])
        assert rejected == expected["rejected"]
        assert findings == {finding: count for finding, count in expected["findings"].items() if count}
        for events in told.values():
            settled = settle(random.Random(seed).sample(events, len(events)))
            assert settled.state == events[-1].state
            assert settled.illegal == ()
