"""What the registry publishes, told apart by its headers: the file itself, packed, or the zip of a month or week as it is downloaded."""

import csv
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from enum import IntEnum
from itertools import chain
from typing import IO, NamedTuple

from common.exceptions import InputError
from common.names import fold
from common.tables import open_table
from common.tables.archives import Source, Unpacked, is_workbook, open_plain, open_unpacked

NAME = "a registry file (NPPES)"
PEEK = 1 << 17  # the header of the main file has 10,000 characters
DELIMITERS = (",", "\t", "|", ";")
_DAMAGED = "The zip file is damaged, or packed in a way that cannot be read here. Send the files of it one by one."


class Kind(IntEnum):
    """The kinds of file, in the order in which they are best read."""

    RECORDS = 1  # npidata_pfile: everybody, or those of a week
    DEACTIVATIONS = 2  # NPPES Deactivated NPI Report
    NAMES = 3  # othername_pfile
    LOCATIONS = 4  # pl_pfile
    ENDPOINTS = 5  # endpoint_pfile: electronic addresses, of no use here


_MARKS = (
    (Kind.RECORDS, ("Entity Type Code", "Provider Last Name (Legal Name)", "Provider First Name")),
    (Kind.LOCATIONS, ("Provider Secondary Practice Location Address- Address Line 1",)),
    (Kind.NAMES, ("Provider Other Organization Name",)),
    (Kind.ENDPOINTS, ("Endpoint Type", "Endpoint")),
    (Kind.DEACTIVATIONS, ("NPPES Deactivation Date",)),
    (Kind.DEACTIVATIONS, ("NPI Deactivation Date",)),
)


def kind_of_file(headers: Sequence[str]) -> Kind | None:
    """Which of the registry's files has these headers; None for any other file."""
    found = {fold(header) for header in headers}
    if "npi" not in found:
        return None
    return next((kind for kind, marks in _MARKS if found.issuperset(map(fold, marks))), None)


class Head(NamedTuple):
    """What a look at the beginning shows. `is_plain`: UTF-8 text with a header of distinct names, which the fast reader takes."""

    headers: Sequence[str]
    delimiter: str
    is_plain: bool


@dataclass(frozen=True)
class Member:
    """One file of the registry: opened as often as needed, each time from its beginning."""

    name: str
    kind: Kind
    head: Head
    open: Callable[[], AbstractContextManager[IO[bytes]]]
    share: Callable[[], float]  # of the packed bytes, how many have been read


@contextmanager
def open_members(source: Source) -> Iterator[list[Member]]:
    """The registry's files in what was sent, in the order of their kinds; anything else in a zip (PDFs, header files) is passed over."""
    with ExitStack() as stack:
        plain = stack.enter_context(open_plain(source))
        share = _share(plain)
        magic = plain.read(4)
        plain.seek(0)
        if magic != b"PK\x03\x04" or is_workbook(plain):
            head = _head(lambda: open_unpacked(plain))
            if (kind := kind_of_file(head.headers)) is None:
                raise InputError(_unknown(head.headers))
            yield [Member("", kind, head, lambda: open_unpacked(plain), share)]
            return
        try:
            archive = stack.enter_context(zipfile.ZipFile(plain))
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            raise InputError(_DAMAGED) from error
        yield _members(archive, share)


def _members(archive: zipfile.ZipFile, share: Callable[[], float]) -> list[Member]:
    found: list[Member] = []
    last: Sequence[str] = ()
    for info in archive.infolist():
        name = info.filename.lower()
        if info.is_dir() or name.startswith("__macosx/") or "fileheader" in name or not name.endswith((".csv", ".txt", ".xlsx")):
            continue
        if info.flag_bits & 1:
            raise InputError("The zip file is protected by a password. Send it without one.")

        def open_member(info: zipfile.ZipInfo = info) -> AbstractContextManager[IO[bytes]]:
            return _open_member(archive, info)

        head = _head(open_member)
        if (kind := kind_of_file(head.headers)) is not None:
            found.append(Member(name, kind, head, open_member, share))
        last = head.headers
    if not found:
        raise InputError(_unknown(last) if last else "The zip file holds no file of the registry (NPPES). Send it as it was downloaded.")
    return sorted(found, key=lambda member: (member.kind, member.name))


@contextmanager
def _open_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[IO[bytes]]:
    try:
        member = archive.open(info)
    except (NotImplementedError, zipfile.BadZipFile, RuntimeError) as error:
        raise InputError(_DAMAGED) from error
    with member:
        yield Unpacked(member, info.compress_size)  # type: ignore[misc]  # RawIOBase is a stream of bytes


def _share(plain: IO[bytes]) -> Callable[[], float]:
    size = plain.seek(0, 2)
    plain.seek(0)
    return lambda: min(1.0, plain.tell() / size) if size else 1.0


def _head(opener: Callable[[], AbstractContextManager[IO[bytes]]]) -> Head:
    with opener() as stream:
        start = _read(stream, PEEK)
    line, is_whole, _ = start.partition(b"\n")
    try:
        text = line.decode("utf-8-sig").rstrip("\r")
    except UnicodeDecodeError:
        text = ""
    if text and is_whole and "\0" not in text and not start.startswith(b"PK"):
        delimiter = max(DELIMITERS, key=lambda mark: len(next(csv.reader([text], delimiter=mark), [])))
        headers = [" ".join(cell.split()) for cell in next(csv.reader([text], delimiter=delimiter), [])]
        if kind_of_file(headers) and len(set(headers)) == len(headers) and all(headers):
            return Head(headers, delimiter, is_plain=True)
    with open_patiently(opener) as (headers, _):
        return Head(headers, "", is_plain=False)


def _read(stream: IO[bytes], size: int) -> bytes:
    parts = b""
    while len(parts) < size and (more := stream.read(size - len(parts))):
        parts += more
    return parts


@contextmanager
def open_patiently(
    opener: Callable[[], AbstractContextManager[IO[bytes]]],
) -> Iterator[tuple[list[str], Iterator[tuple[int, list[str]]]]]:
    """Headers and rows of any shape and encoding of table, through a copy that can be wound back; a line of title above is passed over."""
    with ExitStack() as stack:
        stream = stack.enter_context(opener())
        if not stream.seekable():
            whole = stack.enter_context(tempfile.TemporaryFile())
            while chunk := stream.read(1 << 20):
                whole.write(chunk)
            stream = whole
        table = stack.enter_context(open_table(stream))
        rows, headers = iter(table), table.headers
        if kind_of_file(headers) is None and (first := next(rows, None)):
            titled = [" ".join(cell.split()) for cell in first[1]]
            if kind_of_file(titled):
                headers = titled
            else:
                rows = chain([first], rows)
        yield headers, rows


def _unknown(headers: Sequence[str]) -> str:
    return (
        f"This is not {NAME}: it has none of the columns by which those are known, like NPI and Entity Type Code."
        f" Its first columns are {', '.join(headers[:5])}."
    )
