"""JSON of any size, one resource at a time: a Bundle's entries, an array's elements, or one JSON text per line."""

import io
import json
import re
from collections.abc import Iterator
from json import JSONDecodeError
from typing import IO, Any, NamedTuple

from common.exceptions import InputError

MAX_RECORD = 16 << 20  # characters of one resource, with what is attached to it
MAX_NESTED = 4  # bundles within bundles
TWICE = "(twice)"  # stands in an object that names an element twice, where no model allows it

_CHUNK = 1 << 20
_SPACE = re.compile(r"[ \t\r\n]*")
_LONGEST_NUMBER = 30


class Found(NamedTuple):
    """One resource, its place in the file, and the address that its bundle gives it. Without a resource `fault` says what is wrong."""

    line: int
    url: str
    resource: dict[str, Any] | None
    fault: str = ""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        found[TWICE] = True
    return found


def _number(text: str) -> float:
    return int(text) if len(text) <= _LONGEST_NUMBER else float("inf")  # no model takes infinity


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_number, parse_constant=lambda _: None)
_DEEP = "The JSON is nested deeper than any FHIR resource."


def resources(stream: IO[bytes], *, encoding: str) -> Iterator[Found]:
    """Everything that is a JSON object where a resource may stand, in the file's order."""
    text = io.TextIOWrapper(stream, encoding=encoding)
    try:
        number, first = 1, text.readline(_CHUNK)
        while first and first.isspace():
            number, first = number + 1, text.readline(_CHUNK)
        if first.lstrip()[:1] == "<":
            raise InputError("This is XML. Export FHIR as JSON (a Bundle, or one resource per line).")
        if _is_whole(first):
            yield from _lines(number, first, text)
        else:
            yield from _Text(first, text).resources()
    except UnicodeError as error:
        raise InputError("The file is not UTF-8 text, as JSON must be. Export it again as UTF-8.") from error
    finally:
        text.detach()  # the stream belongs to whoever opened it


def _is_whole(line: str) -> bool:
    """Is the first line a resource by itself? Then so are the others. Entries of a bundle are better numbered than its line."""
    try:
        value = _DECODER.decode(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and value.get("resourceType") != "Bundle"


def _lines(number: int, line: str, text: io.TextIOWrapper) -> Iterator[Found]:
    while line:
        if len(line) > MAX_RECORD:
            raise InputError(f"Line {number:,} is longer than {MAX_RECORD:,} characters. Leave out what is attached to the resources.")
        if not line.isspace():
            try:
                yield from _within(number, "", _DECODER.decode(line))
            except RecursionError:
                yield Found(number, "", None, _DEEP)
            except ValueError:
                yield Found(number, "", None, "The line is not a JSON text.")
        number, line = number + 1, text.readline(MAX_RECORD + 1)


def _within(line: int, url: str, value: Any, depth: int = 0) -> Iterator[Found]:
    """The value if it is a resource; those within it if it is a bundle."""
    if not isinstance(value, dict):
        yield Found(line, url, None, "The record is no JSON object.")
    elif value.get("resourceType") == "Bundle":
        entries = value.get("entry")
        if depth >= MAX_NESTED:
            yield Found(line, url, None, "A bundle holds a bundle that holds a bundle, and so on: it is not read that deep.")
        for entry in entries if isinstance(entries, list) and depth < MAX_NESTED else ():
            yield from _entry(line, entry, depth + 1)
    else:
        yield Found(line, url, value)


def _entry(line: int, entry: Any, depth: int) -> Iterator[Found]:
    if not isinstance(entry, dict):
        yield Found(line, "", None, "An entry of the bundle is no JSON object.")
    elif TWICE in entry:
        yield Found(line, "", None, "An entry of the bundle names an element twice.")
    elif "resource" in entry:  # a deletion has none
        url = entry.get("fullUrl")
        yield from _within(line, url if isinstance(url, str) else "", entry["resource"], depth)


class _Text:
    """A JSON text that need not fit into memory: what has been read and not yet used."""

    def __init__(self, start: str, text: io.TextIOWrapper) -> None:
        self._text, self._held, self._at, self._ended = text, start, 0, False
        self._number = 0
        self._length = 0  # of the value read last

    def resources(self) -> Iterator[Found]:
        while first := self._peek():
            if first == "[":
                for value in self._elements():
                    yield from _within(self._number, "", value)
            elif first == "{":
                yield from self._members()
            else:
                raise self._broken()

    def _members(self) -> Iterator[Found]:
        """Of a bundle the entries, one by one; of anything else all of it."""
        self._take("{")
        members: list[tuple[str, Any]] = []
        kept = 0
        while self._peek() != "}":
            if members:
                self._take(",")
            name = self._value()
            if not isinstance(name, str):
                raise self._broken()
            self._take(":")
            if name == "entry" and self._peek() == "[":
                for entry in self._elements():
                    yield from _entry(self._number, entry, 1)
                members.append((name, None))
            else:
                members.append((name, self._value()))
                kept += self._length
                if kept > MAX_RECORD:
                    raise self._long()
        self._take("}")
        resource = _object(members)
        if resource.get("resourceType") != "Bundle":
            self._number += 1
            yield Found(self._number, "", resource)

    def _elements(self) -> Iterator[Any]:
        self._take("[")
        first = True
        while self._peek() != "]":
            if not first:
                self._take(",")
            first = False
            self._number += 1
            yield self._value()
        self._take("]")

    def _peek(self) -> str:
        """The next character that is no space; "" at the end."""
        while True:
            self._at = _SPACE.match(self._held, self._at).end()  # type: ignore[union-attr]  # it matches nothing, too
            if self._at < len(self._held) or not self._more():
                return self._held[self._at : self._at + 1]

    def _take(self, wanted: str) -> None:
        if self._peek() != wanted:
            raise self._broken()
        self._at += 1

    def _value(self) -> Any:
        self._peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._held, self._at)
                if end == len(self._held) and self._more():  # a number may go on
                    continue
            except JSONDecodeError as error:
                unfinished = error.pos >= len(self._held) - 12 or error.msg.startswith("Unterminated")
                if unfinished and self._more():
                    continue
                raise self._broken(unfinished=unfinished) from error
            except RecursionError as error:
                raise InputError(f"{_DEEP} It stands after resource {self._number:,}.") from error
            self._length, self._at = end - self._at, end
            return value

    def _more(self) -> bool:
        """Read on; what was used is forgotten."""
        if self._ended:
            return False
        held = self._held[self._at :]
        if len(held) > MAX_RECORD:
            raise self._long()
        more = self._text.read(max(_CHUNK, len(held)))
        self._held, self._at, self._ended = held + more, 0, not more
        return bool(more)

    def _long(self) -> InputError:
        return InputError(
            f"The resource after number {self._number:,} is longer than {MAX_RECORD:,} characters. Leave out what is attached to it."
        )

    def _broken(self, *, unfinished: bool = True) -> InputError:
        where = f"after resource {self._number:,}" if self._number else "at its beginning"
        if self._ended and unfinished and (self._at >= len(self._held) or self._held[self._at] in '"[{'):
            return InputError(f"The JSON ends in the middle, {where}. Send the file again.")
        return InputError(f"The file is not JSON {where}. FHIR is read as a JSON Bundle, or as one JSON resource per line.")
