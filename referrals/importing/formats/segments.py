"""HL7 v2 as it comes in files: framed or not, batched or not, any line end, any character set; one message at a time, segments bounded."""

import codecs
import re
from collections.abc import Iterable, Iterator
from typing import IO, NamedTuple

from common.exceptions import InputError

MAX_SEGMENT = 1 << 20  # bytes of a segment that is read; others may be of any length
MAX_MESSAGE = 5_000  # segments that are read

_CHUNK = 1 << 18
_ENDS = re.compile(rb"[\r\n\x0b\x1c]+")
_SEGMENT = re.compile(rb"([A-Z][A-Z0-9]{2})([^A-Za-z0-9\s]|$)")

# Table 0211, and how else character sets are written there.
_CHARSETS = {
    "": "", "ASCII": "", "UNICODE UTF-8": "utf-8", "UNICODE": "utf-8", "UNICODE UTF-16": "utf-8", "UNICODE UTF-32": "utf-8",
    "GB 18030-2000": "gb18030", "KS X 1001": "euc_kr", "CNS 11643-1992": "big5", "BIG-5": "big5", "ISO IR87": "iso2022_jp",
    "ISO IR14": "iso2022_jp", "ISO IR159": "iso2022_jp_2", "WINDOWS-1252": "cp1252",
} | {f"8859/{part}": f"iso8859-{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16)}  # fmt: skip


class Message(NamedTuple):
    """The number of the message in the file, and the text of the segments that are read."""

    number: int
    segments: list[str]
    fault: str = ""


def messages(stream: IO[bytes], *, wanted: frozenset[str], encoding: str) -> Iterator[Message]:
    """The messages of a file; envelopes of batches are left out. `encoding` is what to try when a message does not say its own."""
    number, held = 0, list[bytes]()
    for segment in _segments(_narrow(stream), wanted):
        name = segment[:3]
        if name in (b"MSH", b"FHS", b"BHS", b"BTS", b"FTS"):
            if held:
                yield _message(number, held, encoding)
            held = []
            if name == b"MSH":
                number += 1
                held = [segment]
        elif held and name.decode("ascii", "replace") in wanted and len(held) <= MAX_MESSAGE:
            held.append(segment)
    if held:
        yield _message(number, held, encoding)
    if not number:
        raise InputError("The file holds no HL7 v2 message: none begins with MSH.")


def _message(number: int, segments: list[bytes], encoding: str) -> Message:
    header = segments[0]
    fields = header.split(header[3:4]) if len(header) > 3 else []
    named = fields[17].split(header[4:5] or b"^")[0].split(header[5:6] or b"~")[0].decode("ascii", "replace") if len(fields) > 17 else ""
    if len(segments) > MAX_MESSAGE:
        return Message(number, [], f"The message has more than {MAX_MESSAGE:,} segments that are read.")
    if any(len(segment) > MAX_SEGMENT for segment in segments):
        return Message(number, [], f"A segment of the message is longer than {MAX_SEGMENT:,} bytes.")
    for charset in filter(None, (_charset(named), "utf-8", encoding, "cp1252")):
        try:
            return Message(number, [segment.decode(charset) for segment in segments])
        except (UnicodeError, LookupError):  # it is not in the character set that it names; the next one is as good
            continue
    return Message(number, [segment.decode("latin-1") for segment in segments])


def _charset(named: str) -> str:
    """Python's name of a character set as MSH-18 writes it; "" when it names none that is known."""
    named = " ".join(named.upper().split())
    if named in _CHARSETS:
        return _CHARSETS[named]
    try:
        return codecs.lookup(named).name
    except (LookupError, ValueError):
        return ""


def _narrow(stream: IO[bytes]) -> Iterator[bytes]:
    """The bytes, in chunks; UTF-16 as UTF-8, so that ASCII stands for itself."""
    chunk = stream.read(_CHUNK)
    wide = ""
    if chunk[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        wide = "utf-16"
    elif b"\0" in chunk[:4]:
        wide = "utf-16-le" if chunk[1:2] == b"\0" else "utf-16-be"
    decoder = codecs.getincrementaldecoder(wide or "utf-8")("replace")
    while chunk:
        yield decoder.decode(chunk).encode("utf-8", "replace") if wide else chunk
        chunk = stream.read(_CHUNK)


def _segments(chunks: Iterable[bytes], wanted: frozenset[str]) -> Iterator[bytes]:
    """Whole segments. A line that does not begin like one goes on with the segment before it: some writers break their texts."""
    segment = b""
    for line in _lines(chunks):
        if not line:
            continue
        found = _SEGMENT.match(line)
        if not segment or found:
            if segment:
                yield segment
            segment = line
        elif segment[:3].decode("ascii", "replace") in wanted and len(segment) <= MAX_SEGMENT:
            segment += b" " + line
    if segment:
        yield segment


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """What stands between line ends and frames, cut where it is longer than anything that is read."""
    held = b""
    for chunk in chunks:
        first, *lines = _ENDS.split(chunk)
        if len(held) <= MAX_SEGMENT:
            held += first
        for line in lines:
            yield held.lstrip(b" \t")
            held = line
    yield held.lstrip(b" \t")
