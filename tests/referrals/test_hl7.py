"""HL7 v2 referrals and appointments as rows: the official samples, and messages of our own in every shape that files have."""

import datetime as dt
import io
import logging
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.exceptions import InputError
from common.npi import with_check_digit
from referrals.importing.formats import Records, open_records
from referrals.importing.formats.hl7 import APPOINTMENT, moment
from referrals.importing.formats.segments import MAX_SEGMENT
from referrals.importing.mapping import pick_mapping
from referrals.importing.parsing import Parser, Row, RowError
from tests.samples import sample

TODAY = dt.date(2026, 11, 21)
NPI = with_check_digit("123456789")
OTHER_NPI = with_check_digit("198765432")


def parsed(records: Records) -> list[Row | RowError]:
    """As the import reads them, by the shipped mapping that fits; a patient's number as the hash "#number"."""
    mapping = pick_mapping(records.headers)
    assert mapping is not None
    parser = Parser(records.headers, mapping, hash_patient=lambda number: f"#{number}", today=TODAY)
    return [parser(cells) for _, cells in records]


def read(data: bytes | str) -> tuple[list[Row | RowError], list[str]]:
    """Rows, and the reasons of the remarks."""
    with open_records(io.BytesIO(data.encode() if isinstance(data, str) else data), format="hl7v2") as records:
        rows = parsed(records)
        return rows, [remark.reason for remark in records.remarks]


def cells_of(data: str) -> list[dict[str, str]]:
    with open_records(io.BytesIO(data.encode()), format="hl7v2") as records:
        return [dict(zip(records.headers, cells, strict=True)) for _, cells in records]


def head(type: str = "REF^I12", *, at: str = "20260105101500-0500", charset: str = "") -> str:
    return f"MSH|^~\\&|A|B|C|D|{at}||{type}|1|P|2.5||||||{charset}"


def referral(number: str = "R1", *, type: str = "REF^I12", status: str = "A^Accepted", **kwargs: str) -> str:
    return "\r".join(
        [
            head(type, **kwargs),
            f"RF1|{status}|U^Urgent|MED^Medical|||{number}^EPIC|20260102|20260401|20260103||EXT{number}",
            f"PRD|RP|Careful^Adam^B^^DR|1 A St^^Avon^CT^06001||||{NPI}^NPI~SL77^SL|||Avon Family Practice|",
            f"PRD|RT|Heart^Helen|9 B St^^Bath^CT^06002|^^^Cardio Site|||{OTHER_NPI}^NPI|||Heart Group^^^^^^NPI^^^{NPI}",
            "PID|1|OLD9|S55^^^A^SS~M100^^^A^MR~E9^^^X^EPI||Secret^Sam||19500101|M",
            "IN1|1|PLAN7^Plan Seven|||",
            "ZXX|anything",
        ]
    )


def visit(number: str = "A1", *, type: str = "SIU^S12", status: str = "Booked", order: str = "R1^EPIC") -> str:
    return "\r".join(
        [
            head(type),
            f"SCH|P{number}|{number}|||||||||^^^20260210090000-0500||||||||||||||{status}|{order}|",
            "PID|1||M100^^^A^MR||Secret^Sam||19500101",
            f"PV1|1|O||||||{NPI}^Careful^Adam",
            "AIP|1||77^Heart^Helen|CARD^Cardiology",
            "AIL|1||^^^Heart Clinic",
        ]
    )


# The official samples


@pytest.mark.parametrize(("name", "state"), [("REF-I12-01.hl7", "received"), ("REF-I14-01.hl7", "cancelled")])
def test_official_referral(name: str, state: str) -> None:
    [row], remarks = read(sample(f"hl7v2/{name}"))
    assert isinstance(row, Row)
    assert remarks == []
    assert (row.source_key, row.state, row.ordered_on, row.entered_on) == ("226839", state, dt.date(2022, 1, 25), dt.date(2022, 1, 25))
    assert row.told_at == dt.datetime(2022, 1, 25, 16, 20, tzinfo=dt.UTC)
    assert (row.referring_name, row.referring_npi, row.referring_practice, row.referring_zip) == (
        "POWELL, ROBERT",
        "",  # a state licence is no NPI
        "GOOD HEALTH HOSPITAL",
        "99999",
    )
    assert (row.performing_name, row.destination_name) == ("McWILLIAMS, PAUL", "RADIANT HEALTH HOSPITAL")
    assert (row.kind, row.priority, row.payer, row.patient) == ("consult", "routine", "Blue Cross Blue Shield of Texas", "#PATID1234")
    assert row.findings == ()


@pytest.mark.parametrize(
    ("name", "state", "sender", "told_at"),
    [
        ("SIU-S12-01.hl7", "scheduled", "REFER, LINDA C", dt.datetime(2021, 9, 14, 9, 5, tzinfo=dt.UTC)),
        ("SIU-S15-01.hl7", "appointment cancelled", "", dt.datetime(2021, 9, 23, 9, 11, tzinfo=dt.UTC)),
    ],
)
def test_official_appointment(name: str, state: str, sender: str, told_at: dt.datetime) -> None:
    [row], remarks = read(sample(f"hl7v2/{name}"))
    assert isinstance(row, Row)
    assert remarks == []
    assert (row.source_key, row.order_key, row.state, row.appointment_on) == ("36996", "", state, dt.date(2021, 9, 24))
    assert (row.told_at, row.entered_on, row.referring_name) == (told_at, told_at.date(), sender)
    assert (row.performing_name, row.destination_name, row.service_line) == ("GE, Robert C", "GH Clinic", "Gastroenterologist")
    assert row.patient == "#PATID1234"


# Our own


def test_everything_that_a_referral_says() -> None:
    [row], remarks = read(referral())
    assert remarks == []
    assert isinstance(row, Row)
    assert (row.source_key, row.ordered_on, row.entered_on) == ("R1", dt.date(2026, 1, 3), dt.date(2026, 1, 5))
    assert row.told_at == dt.datetime(2026, 1, 5, 15, 15, tzinfo=dt.UTC)
    assert (row.state, row.kind, row.priority, row.payer) == ("accepted", "consult", "urgent", "Plan Seven")
    assert (row.referring_name, row.referring_npi, row.referring_practice, row.referring_zip) == (
        "Careful, Adam B",
        NPI,
        "Avon Family Practice",
        "06001",
    )
    assert (row.performing_name, row.performing_npi, row.destination_name) == ("Heart, Helen", OTHER_NPI, "Heart Group")
    assert row.destination_npi == NPI


@pytest.mark.parametrize(
    ("type", "status", "state"),
    [
        ("REF^I12", "P", "received"),
        ("REF^I12", "^Pending", "received"),
        ("REF^I12", "", "received"),
        ("REF^I12", '""', "received"),
        ("REF^I13", "R", "rejected"),
        ("REF^I15", "E", "cancelled"),
        ("REF^I14", "A", "cancelled"),
        ("RRI^I12", "A", "accepted"),
        ("REF^^REF_I14", "A", "cancelled"),
        ("^^REF_I13", "R", "rejected"),
        ("REF^REF_I14^", "A", "cancelled"),
        ("REF^I12", "Waiting", None),
    ],
)
def test_status_and_trigger_event(type: str, status: str, state: str | None) -> None:
    [row], _ = read(referral(type=type, status=status))
    assert getattr(row, "state", None) == state
    if state is None:
        assert row == RowError("unknown status", 'HL7 status is "Waiting", which the mapping does not know.')


@pytest.mark.parametrize(
    ("type", "status", "state", "seen"),
    [
        ("SIU^S12", "", "scheduled", False),
        ("SIU^S12", "Booked", "scheduled", False),
        ("SIU^S13", "Overbook", "scheduled", False),
        ("SIU^S14", "Cancelled", "appointment cancelled", False),
        ("SIU^S14", "Complete", "seen", True),
        ("SIU^S14", "NOSHOW", "no-show", False),
        ("SIU^S15", "Booked", "appointment cancelled", False),
        ("SIU^S16", "", "appointment cancelled", False),
        ("SIU^S17", "Complete", "appointment cancelled", False),
        ("SIU^S22", "", "scheduled", False),
        ("SIU^S26", "", "no-show", False),
        ("SIU^^SIU_S26", "", "no-show", False),
    ],
)
def test_appointment_events(type: str, status: str, state: str, seen: bool) -> None:
    [row], _ = read(visit(type=type, status=status))
    assert isinstance(row, Row)
    assert (row.state, row.appointment_on, row.seen_on) == (state, dt.date(2026, 2, 10), dt.date(2026, 2, 10) if seen else None)


def test_an_appointment_by_itself_has_its_own_number_and_names_its_order() -> None:
    [row], _ = read(visit())
    assert isinstance(row, Row)
    assert (row.source_key, row.order_key, row.referring_npi, row.destination_name) == ("A1", "R1", NPI, "Heart Clinic")
    assert (row.performing_name, row.service_line) == ("Heart, Helen", "Cardiology")


def test_an_appointment_beside_referrals_speaks_of_its_referral() -> None:
    rows, remarks = read("\r".join([referral("R1"), visit("A1", order="R1"), visit("A2", order="|R7"), visit("A3", order="")]))
    assert [(row.source_key, row.state) for row in rows] == [("R1", "accepted"), ("R1", "scheduled"), ("R7", "scheduled")]
    assert remarks == ["no order"]


@pytest.mark.parametrize(
    ("segment", "start"),
    [
        ("TQ1|||||||20260301080000|", dt.date(2026, 3, 1)),
        ("AIS|1|A|X|202603020800", dt.date(2026, 3, 2)),
        ("AIG|1|A||||||20260303", dt.date(2026, 3, 3)),
        ("AIL|1||X|||20260304", dt.date(2026, 3, 4)),
        ("AIP|1||7^A|||20260305", dt.date(2026, 3, 5)),
        ("TQ1|||||||soon|", None),
    ],
)
def test_where_the_start_stands(segment: str, start: dt.date | None) -> None:
    [row], _ = read("\r".join([head("SIU^S12"), "SCH||A1", segment]))
    assert isinstance(row, Row)
    assert row.appointment_on == start
    assert row.findings == (() if start else ("bad appointment date",))


SHAPES = {
    "carriage returns": lambda messages: "\r".join(messages),
    "line feeds": lambda messages: "\n".join(messages).replace("\r", "\n"),
    "both": lambda messages: "\r\n".join(messages).replace("\r\n", "\r").replace("\r", "\r\n"),
    "blank lines": lambda messages: "\n\n".join(messages).replace("\r", "\r\n\r\n"),
    "frames": lambda messages: "".join(f"\x0b{message}\r\x1c\r" for message in messages),
    "a batch": lambda messages: "BHS|^~\\&|A\r" + "\r".join(messages) + "\rBTS|2\r",
    "a file of batches": lambda messages: "FHS|^~\\&|A\r" + "".join(f"BHS|^~\\&|\r{message}\rBTS|1\r" for message in messages) + "FTS|2\r",
    "indented": lambda messages: "\r".join(messages).replace("\r", "\r  "),
    "UTF-16": lambda messages: "\r".join(messages).encode("utf-16"),
    "UTF-16 without a mark": lambda messages: "\r".join(messages).encode("utf-16-le"),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_any_shape_of_file_reads_the_same(shape: object) -> None:
    messages = [referral("R1"), visit(order="R2"), referral("R3")]
    assert read(shape(messages)) == read("\r".join(messages))
    assert [row.source_key for row in read(shape(messages))[0]] == ["R1", "R2", "R3"]


def test_separators_are_those_of_the_header() -> None:
    plain = referral()
    swapped = plain.translate(str.maketrans("|^~&", "#*!%"))
    assert read(swapped) == read(plain)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"A \T\ B", "A & B"),
        (r"A \F\ \S\ \R\ \E\ B", "A | ^ ~ \\ B"),
        (r"Caf\XC3A9\ ", "Café"),
        (r"A\.br\B\.sp3\C", "A B C"),
        (r"A\H\B\N\\Zodd\\XZZ\C", "ABC"),
        (r"A \ B", "A \\ B"),
        (r"A\\B", "AB"),
        ('""', ""),
    ],
)
def test_escapes(written: str, meant: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        [cells] = cells_of("\r".join([head(), f"RF1|A|||||R1|20260102||||||||||||{written}"]))
    assert cells["Referred-to organization (RT)"] == meant
    assert not caplog.records  # what cannot be read may be a patient's


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [
        ("", "utf-8"),
        ("", "cp1252"),
        ("UNICODE UTF-8", "utf-8"),
        ("8859/1", "latin-1"),
        ("8859/15", "iso8859-15"),
        ("ISO-8859-2", "iso8859-2"),
        ("windows-1252", "cp1252"),
        ("8859/1~UNICODE UTF-8", "latin-1"),
        ("KLINGON", "utf-8"),
        ("ASCII", "utf-8"),
        ("UNICODE UTF-8", "latin-1"),  # it says one and is the other
    ],
)
def test_character_sets(charset: str, encoding: str) -> None:
    text = referral(charset=charset).replace("Careful", "Müller")
    [row], _ = read(text.encode(encoding))
    assert row.referring_name == "Müller, Adam B"


def test_a_source_that_does_not_say_its_character_set_may_be_known() -> None:
    data = referral().replace("Careful", "Kovač").encode("iso8859-2")
    with open_records(io.BytesIO(data), encoding="iso8859-2") as records:
        assert parsed(records)[0].referring_name == "Kovač, Adam B"


def test_bytes_that_no_character_set_has() -> None:
    [row], _ = read(referral().encode().replace(b"Careful", b"\x81\x8d"))
    assert row.referring_npi == NPI


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (head("ADT^A01"), "message type not read"),
        (head("ACK^I12"), "message type not read"),
        (head("ORM^O01"), "message type not read"),
        (head("SIU^S23"), "message type not read"),
        (head("REF^I99"), "message type not read"),
        (head(""), "message type not read"),
        ("MSH|", "message type not read"),
        ("MSH|^~\\&", "message type not read"),
        ("MSH|||||||||", "message type not read"),
        (head("REF^I12"), "no referral"),
        (head("SIU^S12"), "no appointment"),
        (f"{head()}\rRF1|A|||||{'9' * (MAX_SEGMENT + 1)}", "not read"),
        ("\r".join([head(), *["PRD|RP"] * 6000]), "not read"),
    ],
)
def test_what_is_no_row_is_a_remark(message: str, reason: str) -> None:
    rows, remarks = read(f"{message}\r{referral()}")
    assert remarks == [reason]
    assert [row.source_key for row in rows] == ["R1"]


def test_a_remark_tells_the_number_of_the_message_and_no_value() -> None:
    with open_records(io.BytesIO(f"{referral()}\r{head('ADT^A01')}\rPID|1||M100||Secret^Sam".encode())) as records:
        assert [line for line, _ in records] == [1]
        [remark] = records.remarks
    assert remark.line == 2
    assert "ADT" in remark.sentence
    assert "Secret" not in remark.sentence


def test_nothing_of_a_patient_but_the_numbers_leaves_the_reader() -> None:
    [cells] = cells_of(referral())
    assert cells["Patient identifier"] == "M100"
    assert cells["Enterprise patient identifier"] == "E9"  # the hash that feeds share
    said = " ".join(cells.values())
    assert not [secret for secret in ("Secret", "Sam", "1950", "S55") if secret in said]


@pytest.mark.parametrize(
    ("pid", "number"),
    [
        ("PID|1||1^^^A^SS~2^^^A^PI~3^^^A^MR", "3"),
        ("PID|1||1^^^A^SS~2^^^A^PI", "2"),
        ("PID|1||1^^^A^SS", ""),
        ("PID|1|7^^^A^MR", "7"),
        ("PID|1|7|8", "8"),
        ("PID|", ""),
        ("PID", ""),
    ],
)
def test_which_number_is_the_record_number(pid: str, number: str) -> None:
    [cells] = cells_of("\r".join([head(), "RF1|A|||||R1|20260102", pid]))
    assert cells["Patient identifier"] == number


def test_who_is_who_without_provider_segments() -> None:
    lines = [
        head(),
        f"RF1|A||Cardiology|||R1|20260102||||||||||||Heart Group|{NPI}^Heart^Helen^^^^^^^^^^NPI",
        "PV1|1|O||||||8^Careful^Adam",
    ]
    [row], _ = read("\r".join(lines))
    assert isinstance(row, Row)
    assert (row.destination_name, row.performing_name, row.performing_npi) == ("Heart Group", "Heart, Helen", NPI)
    assert (row.referring_name, row.referring_npi, row.service_line, row.kind) == ("Careful, Adam", "", "Cardiology", "")


def test_a_text_that_is_broken_over_lines_stays_one_segment() -> None:
    [cells] = cells_of(f"{head()}\nRF1|A|||||R1|20260102||||||||||||Heart\n  and lung group")
    assert cells["Referred-to organization (RT)"] == "Heart and lung group"


def test_numbers_of_the_other_side_and_none() -> None:
    rows, _ = read("\r".join([head(), 'RF1|A|||||""|20260102||||X7', head(), "RF1|A||||||20260102"]))
    assert rows[0].source_key == "X7"
    assert rows[1] == RowError("missing id", "RF1 referral number is blank.")


def test_files_of_appointments_have_a_column_more() -> None:
    with open_records(io.BytesIO(visit().encode())) as records:
        assert records.headers[-1] == APPOINTMENT
    with open_records(io.BytesIO(f"{visit()}\r{referral()}".encode())) as records:
        assert APPOINTMENT not in records.headers


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("20260105", "2026-01-05"),
        ("202601051015", "2026-01-05T10:15:00"),
        ("20260105101530.1234-0500", "2026-01-05T10:15:30-05:00"),
        ("20260105+0000", "2026-01-05"),
        ("2026", "2026"),
        ("soon", "soon"),
        ("", ""),
    ],
)
def test_moments(text: str, iso: str) -> None:
    assert moment(text) == iso


@given(
    st.lists(
        st.sampled_from(["RF1", "PRD", "PID", "SCH", "PV1", "AIP", "IN1", "MSH", "Z", "\r", "\n", "\x0b", "\x1c"])
        | st.text(st.sampled_from("|^~\\&ABX.19é\0 \r"), max_size=20)
    ),
    st.sampled_from(["REF^I12", "SIU^S12", "^^REF_I14", ""]),
    st.sampled_from(["|^~\\&", "#*!%$", "|", "||||", "|^", "^^^^"]),
)
def test_noise_after_a_header(parts: list[str], type: str, separators: str) -> None:
    with suppress(InputError):
        read(f"MSH{separators}|A|B|C|D|20260105||{type}|1|P|2.5\r" + "|".join(parts))
