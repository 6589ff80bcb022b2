"""The bytes of an upload: plain, gzipped, or the one file inside a zip; never more of them than an honest file would have."""

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from common.exceptions import InputError

MAX_UNPACKED = 64 << 30
MAX_RATIO = 250  # extracts shrink 5 to 30 times; a bomb a thousand times
RATIO_FROM = 64 << 20  # small files may shrink as they like
_MAX_CONTENTS = 2 << 20  # a zip's table of contents
_NO_TABLES = {  # a member that gives the kind away: what to say
    "content.xml": "This is an OpenDocument file. Save it as .xlsx or CSV.",
    "xl/workbook.bin": "This is a binary Excel file (.xlsb). Save it as .xlsx or CSV.",
    "word/document.xml": "This is a Word file. Export the report as CSV or XLSX instead.",
    "ppt/presentation.xml": "This is a PowerPoint file. Export the report as CSV or XLSX instead.",
}

Source = Path | str | IO[bytes]


class Unpacked(io.RawIOBase):
    """A stream of unpacked bytes that stops when there are too many of them for the size of the packed file."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile, packed: int) -> None:
        self._stream, self._limit, self._count = stream, min(MAX_UNPACKED, max(RATIO_FROM, packed * MAX_RATIO)), 0

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # any buffer will do
        """Fill the buffer, or refuse the file in a sentence."""
        try:
            data = self._stream.read(len(buffer))
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
            raise InputError("The compressed file is damaged or incomplete. Send it again.") from error
        self._count += len(data)
        if self._count > self._limit:
            raise InputError("The compressed file unpacks to far more than such a file would. Send it uncompressed, or in parts.")
        buffer[: len(data)] = data
        return len(data)


class _Frugal(io.RawIOBase):
    """A stream that is never read in one gulp: zipfile would take a table of contents of gigabytes whole into memory."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def seekable(self) -> bool:
        """Always: who opens a zip must jump to its end."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """As the stream does."""
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """As the stream does."""
        return self._stream.tell()

    def read(self, size: int | None = -1) -> bytes:
        """As asked, but not too much at once."""
        data = self._stream.read(size if size is not None and 0 <= size <= _MAX_CONTENTS else _MAX_CONTENTS + 1)
        if len(data) > _MAX_CONTENTS:
            raise zipfile.BadZipFile("too much at once")
        return data


def open_zip(stream: IO[bytes]) -> zipfile.ZipFile:
    """The archive in a seekable stream, which stays open; BadZipFile when it is none, or its table of contents is beyond all measure."""
    return zipfile.ZipFile(_Frugal(stream))


@contextmanager
def open_plain(source: Source) -> Iterator[IO[bytes]]:
    """The file as it lies there, from its beginning. A stream that was handed in stays open."""
    if isinstance(source, Path | str):
        with open(source, "rb") as stream:
            yield stream
    else:
        source.seek(0)
        yield source


@contextmanager
def open_unpacked(source: Source) -> Iterator[IO[bytes]]:
    """The file, or what is packed in it, from its beginning."""
    with open_plain(source) as plain:
        magic = plain.read(4)
        size = plain.seek(0, io.SEEK_END)
        plain.seek(0)
        if magic[:2] == b"\x1f\x8b":
            with gzip.GzipFile(fileobj=plain) as unzipped:
                yield io.BufferedReader(Unpacked(unzipped, size), 1 << 18)
        elif magic == b"PK\x03\x04" and not is_workbook(plain):
            with _open_member(plain) as (member, packed):
                yield io.BufferedReader(Unpacked(member, packed), 1 << 18)
        elif magic == b"PK\x05\x06":
            raise InputError("The zip file is empty.")
        else:
            yield plain


def is_workbook(stream: IO[bytes]) -> bool:
    """Is it an XLSX file? Leaves the stream at its beginning."""
    try:
        if stream.read(4) != b"PK\x03\x04":
            return False
        with open_zip(stream) as archive:
            names = {name.replace("\\", "/").lower() for name in archive.namelist()}
            return "xl/workbook.xml" in names or ("[content_types].xml" in names and any(name.endswith("/workbook.xml") for name in names))
    except (zipfile.BadZipFile, OSError, ValueError):
        return False
    finally:
        stream.seek(0)


@contextmanager
def _open_member(plain: IO[bytes]) -> Iterator[tuple[IO[bytes], int]]:
    try:
        archive = open_zip(plain)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise InputError("The zip file is damaged or incomplete. Send it again.") from error
    with archive:
        members = [info for info in archive.infolist() if not info.is_dir() and not info.filename.startswith("__MACOSX/")]
        if kind := next((sentence for info in members if (sentence := _NO_TABLES.get(info.filename))), ""):
            raise InputError(kind)
        if len(members) != 1:
            raise InputError(f"The zip file holds {len(members)} files. Send a zip with one file, or the files one by one.")
        if members[0].flag_bits & 1:
            raise InputError("The zip file is protected by a password. Send it without one.")
        try:
            member = archive.open(members[0])
        except (NotImplementedError, zipfile.BadZipFile, RuntimeError) as error:
            raise InputError("The zip file is damaged, or packed in a way that cannot be read here. Send the file uncompressed.") from error
        with member:
            yield member, members[0].compress_size
