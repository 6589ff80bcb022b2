"""Any format is told by what stands in the file; tables come through as they are; what is hostile is refused in a sentence."""

import gzip
import io
import json
import subprocess
import sys
import zipfile
from contextlib import suppress
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from common.exceptions import InputError
from referrals.importing.formats import guess_format, open_records
from referrals.importing.formats.records import MOST_REMARKS, Remarks
from tests.common.test_tables import workbook

REQUEST = {
    "resourceType": "ServiceRequest",
    "id": "1",
    "status": "active",
    "intent": "order",
    "subject": {"reference": "Patient/1"},
    "authoredOn": "2026-01-02",
    "code": {"text": "Referral to cardiology service"},
}
FHIR = json.dumps(REQUEST).encode()
HL7 = b"MSH|^~\\&|A|B|C|D|20260102||REF^I12|1|P|2.5\rRF1|A|R|MED|||77|20260102\r"
CSV = b"id,name\r\n1,X\r\n"


def read(data: bytes, **kwargs: object) -> tuple[list[dict[str, str]], list[str]]:
    """Rows without their blanks, and the reasons of the remarks."""
    with open_records(io.BytesIO(data), **kwargs) as records:
        rows = [{header: cell for header, cell in zip(records.headers, cells, strict=False) if cell} for _, cells in records]
        return rows, [remark.reason for remark in records.remarks]


def zipped(data: bytes, name: str = "x.csv") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("data", "format"),
    [
        (CSV, "csv"),
        (b"", "csv"),
        (b"[Referral ID],[Date]\r\n1,2\r\n", "csv"),
        (b"{id},x\r\n1,2\r\n", "csv"),
        (b"MSH,id\r\n1,2\r\n", "hl7v2"),  # a comma may be the separator of a message
        (b"MSHID|x\r\n1|2\r\n", "csv"),
        (b"<table><tr>", "csv"),
        (workbook([["id"], [1]]), "xlsx"),
        (FHIR, "fhir"),
        (b"\xef\xbb\xbf\r\n " + FHIR, "fhir"),
        (FHIR.decode().encode("utf-16"), "fhir"),
        (FHIR.decode().encode("utf-16-le"), "fhir"),
        (FHIR.decode().encode("utf-16-be"), "fhir"),
        (b"[" + FHIR + b"]", "fhir"),
        (b"{}", "fhir"),
        (b'<?xml version="1.0"?>\n<Bundle xmlns="http://hl7.org/fhir"><type value="batch"/></Bundle>', "fhir"),
        (HL7, "hl7v2"),
        (b"\x0b" + HL7 + b"\x1c\r", "hl7v2"),
        (b"FHS|^~\\&|\rBHS|^~\\&|\r" + HL7, "hl7v2"),
        (HL7.decode().encode("utf-16"), "hl7v2"),
    ],
)
def test_the_format_is_told_by_the_content(data: bytes, format: str, tmp_path: Path) -> None:
    assert guess_format(io.BytesIO(data)) == format
    if format != "xlsx" and data:
        assert guess_format(io.BytesIO(gzip.compress(data))) == guess_format(io.BytesIO(zipped(data))) == format
    misnamed = tmp_path / "referrals.pdf"
    misnamed.write_bytes(data)
    assert guess_format(misnamed) == format


@pytest.mark.parametrize("data", [CSV, workbook([["id", "name"], ["1", "X"]])])
def test_tables_come_through_as_they_are(data: bytes) -> None:
    with open_records(io.BytesIO(data)) as records:
        assert records.headers == ["id", "name"]
        assert list(records) == [(2, ["1", "X"])]
        assert records.format == ("csv" if data is CSV else "xlsx")
        assert (records.delimiter, records.encoding) == ((",", "utf-8") if data is CSV else ("", ""))
        assert records.remarks == []
        assert records.progress() == 1.0


def test_what_is_known_of_a_table_is_passed_on() -> None:
    with open_records(io.BytesIO(b"id|a;b\r\n1|\xd1;\r\n"), format="csv", delimiter="|", encoding="cp1252") as records:
        assert records.headers == ["id", "a;b"]
        assert list(records) == [(2, ["1", "Ñ;"])]


@pytest.mark.parametrize("data", [FHIR, HL7, b"\x0b" + HL7 + b"\x1c\r"])
@pytest.mark.parametrize("pack", [gzip.compress, zipped])
def test_packed_files_read_like_plain_ones(data: bytes, pack: object) -> None:
    assert read(pack(data)) == read(data)
    assert len(read(data)[0]) == 1


@pytest.mark.parametrize("data", [FHIR, HL7])
def test_rejects_of_a_message_come_back_as_a_table_of_its_headers(data: bytes) -> None:
    with open_records(io.BytesIO(data)) as records:
        headers, rows = records.headers, [cells for _, cells in records]
    table = "\r\n".join(",".join(f'"{cell}"' for cell in cells) for cells in [headers, *rows]).encode()
    with open_records(io.BytesIO(table)) as again:
        assert again.format == "csv"
        assert again.headers == headers
        assert [cells for _, cells in again] == rows


def test_a_format_that_is_none() -> None:
    with pytest.raises(InputError, match="Choose one of csv, xlsx, fhir, hl7v2"):
        read(CSV, format="pdf")


@pytest.mark.parametrize(
    ("data", "format", "sentence"),
    [
        (CSV, "fhir", "not JSON"),
        (CSV, "hl7v2", "none begins with MSH"),
        (b"", "fhir", "The file is empty"),
        (b" \r\n ", "fhir", "The file is empty"),
        (b"", "hl7v2", "none begins with MSH"),
        (b"[]", "fhir", "no FHIR resource"),
        (b'{"resourceType": "Bundle", "type": "batch"}', "fhir", "no FHIR resource"),
        (b"[1", "fhir", "ends in the middle"),
        (b'[{"resourceType": "Patient"', "fhir", "ends in the middle"),
        (b'{"a" 1}', "fhir", "not JSON"),
        (b"{1: 2}", "fhir", "not JSON"),
        (b'{"a": 1}\n"text"', "fhir", None),
        (b'[{"a": tru, "b": 1, "c": 2}]', "fhir", "not JSON"),
        (b'[{"a": "\xff\xfe"}]', "fhir", "not UTF-8"),
        (b'<Bundle xmlns="http://hl7.org/fhir"/>', "", "This is XML"),
        (b"\n<Bundle/>", "fhir", "This is XML"),
        (b"[" * 10_000, "fhir", "deeper than any FHIR resource"),
        (b'[{"a":' + b"[" * 10_000 + b"]" * 10_000 + b"}]", "fhir", "deeper than any FHIR resource"),
        (gzip.compress(FHIR)[:-20], "", "damaged or incomplete"),
        (zipped(FHIR)[:60], "", "damaged or incomplete"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(data: bytes, format: str, sentence: str | None) -> None:
    if sentence is None:
        assert read(data, format=format) == ([], ["not read", "not read"])
        return
    with pytest.raises(InputError, match=sentence):
        read(data, format=format)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("{" + '"a":{' * 10_000 + "}" * 10_001, "not read"),
        ('{"resourceType": "Patient", "id"', "not read"),
        ("[1, 2]", "not read"),
        ('"text"', "not read"),
        ('{"resourceType": 7}', "not read"),
        ('{"id": "x"}', "not read"),
        ('{"resourceType": "../../etc"}', "not read"),
        (
            '{"resourceType":"ServiceRequest","status":"active","intent":"order","subject":{},"priority":' + "9" * 5000 + "}",
            "not valid FHIR",
        ),
        ('{"resourceType":"Patient","id":"1","id":"2"}', "not valid FHIR"),
        ('{"resourceType":"ServiceRequest","status":"active","intent":"order","subject":{"display":"a","display":"b"}}', "not valid FHIR"),
    ],
)
def test_a_bad_line_is_a_remark_and_the_others_are_read(record: str, reason: str) -> None:
    rows, reasons = read(FHIR + b"\n" + record.encode() + b"\n\n" + FHIR.replace(b'"1"', b'"2"'))
    assert [row["Request number"] for row in rows] == ["1", "2"]
    assert reason in reasons


def test_remarks_are_bounded_and_counted() -> None:
    remarks = Remarks()
    for line in range(MOST_REMARKS + 7):
        remarks.say(line, "odd", "It is odd.")
    remarks.say(1, "else", "It is something else.")
    assert len(remarks) == MOST_REMARKS + 1
    assert remarks.counts == {"odd": MOST_REMARKS + 7, "else": 1}
    assert remarks[-1] == (1, "else", "It is something else.")


HOSTILE = {
    "a text of 100 MB": 'write(\'[{"resourceType":"Patient","id":"\'); [write(\'x\' * 1_000_000) for _ in range(100)]; write(\'"}]\')',
    "a line of 100 MB": "write('{}\\n{\"a\":\"'); [write('x' * 1_000_000) for _ in range(100)]; write('\"}')",
    "an object of a million members": "write('{'); [write('\"%d\":\"%s\",' % (n, 'x' * 100)) for n in range(1_000_000)]; write('\"z\":1}')",
    "a number of 50 MB": "write('[1'); [write('1' * 1_000_000) for _ in range(50)]; write(']')",
    "a million brackets": "[write('[' * 1000) for _ in range(1000)]",
    "a segment of 100 MB": "write('MSH|^~\\\\&|||||||REF^I12\\rPRD|'); [write('x' * 1_000_000) for _ in range(100)]",
    "spaces": "write('['); [write(' ' * 1_000_000) for _ in range(100)]; write(']')",
    "a header of 100 MB": "write('MSH|^~\\\\&|'); [write('x' * 1_000_000) for _ in range(100)]",
    "a million segments": "write('MSH|^~\\\\&|||||||REF^I12\\r'); [write('PRD|RP||||\\r' * 1000) for _ in range(1000)]",
}


@pytest.mark.parametrize("write", HOSTILE.values(), ids=HOSTILE)
def test_memory_is_bounded_whatever_the_file(write: str, tmp_path: Path) -> None:
    """In a process of its own, so that the peak is that of the reading; the libraries themselves take some 100 MB."""
    file = tmp_path / "hostile"
    program = dedent(f"""
        import os, resource
        from common.exceptions import InputError
        from referrals.importing.formats import open_records
        with open({str(file)!r}, "w") as target:
            write = target.write
            {write}
        if os.fork():  # the first process counts the memory of the one that started it, too
            os.wait()
            os._exit(0)
        try:
            with open_records({str(file)!r}) as records:
                rows = len(list(records))
                print("read", rows, records.remarks[:1])
        except InputError as refusal:
            print("refused:", refusal)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, flush=True)
    """)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    outcome, peak = done.stdout.splitlines()
    assert outcome.startswith("refused:") or outcome.startswith("read 0 [Remark")
    assert int(peak) < 400


@pytest.mark.parametrize("format", ["", "fhir", "hl7v2", "csv"])
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
@example(data=b"\x0b\x1c\r")
@example(data=b"MSH")
@example(data=b"MSH|")
@example(data=b"MSH|^")
@example(data=b"MSH^~|\rRF1")
@example(data=b"{")
@example(data=b'{"entry":[{"resource":')
def test_noise_raises_nothing_else(format: str, data: bytes) -> None:
    with suppress(InputError):
        read(data, format=format)
