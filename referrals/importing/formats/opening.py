"""One way in for all formats."""

import codecs
import re
from collections.abc import Iterator
from contextlib import contextmanager

from common.exceptions import InputError
from common.tables import open_table
from common.tables.archives import Source, is_workbook, open_plain, open_unpacked
from referrals.importing.formats.fhir import open_fhir
from referrals.importing.formats.hl7 import open_hl7
from referrals.importing.formats.records import Records

FORMATS = ("csv", "xlsx", "fhir", "hl7v2")

_LOOKED_AT = 1 << 16
_HL7 = re.compile(r"[\s\x0b]*(?:MSH|FHS|BHS)[^\w\s]")
_JSON = re.compile(r'\s*(?:\{\s*(?:["}]|$)|\[\s*(?:[{\]]|$))')
_XML = re.compile(r"\s*<(?:[^>]*>\s*<)*[^>]*(?:hl7\.org/fhir|urn:hl7-org:v[23])")


@contextmanager
def open_records(
    source: Source, *, format: str = "", delimiter: str = "", encoding: str = "", first: int = 0, **table: str
) -> Iterator[Records]:
    """The rows of a file or a seekable binary stream; `format` is one of `FORMATS`, or blank to look into the file.

    FHIR gives its first row after its last resource is read, because any may speak of any: `first` looks at so many resources only.

    Delimiter, encoding and what else is named are those of `open_table`: what a source usually sends.
    """
    if format and format not in FORMATS:
        raise InputError(f'There is no format "{format[:40]}". Choose one of {", ".join(FORMATS)}.')
    format = format or guess_format(source)
    if format == "fhir":
        with open_fhir(source, first=first) as records:
            yield records
    elif format == "hl7v2":
        with open_hl7(source, encoding=encoding) as records:
            yield records
    else:
        with open_table(source, delimiter=delimiter, encoding=encoding, **table) as opened:
            yield Records(
                opened,
                headers=opened.headers,
                format="csv" if opened.format == "text" else opened.format,
                progress=opened.progress,
                delimiter=opened.delimiter,
                encoding=opened.encoding,
            )


def guess_format(source: Source) -> str:
    """One of `FORMATS`, by the first characters of what is in the file; whatever it is not may be a table of text."""
    with open_plain(source) as plain:
        if is_workbook(plain):
            return "xlsx"
    with open_unpacked(source) as stream:
        start = text_of(stream.read(_LOOKED_AT))
    if _HL7.match(start):
        return "hl7v2"
    return "fhir" if _JSON.match(start) or _XML.match(start) else "csv"


def text_of(start: bytes) -> str:
    """The beginning of a file as text, whatever its encoding: only ASCII is looked at."""
    for bom, name in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if start.startswith(bom):
            return start[len(bom) :].decode(name, "replace")
    if start[1:8:2] == b"\0\0\0\0":
        return start.decode("utf-16-le", "replace")
    if start[0:8:2] == b"\0\0\0\0":
        return start.decode("utf-16-be", "replace")
    return start.decode("latin-1")
