"""XML of strangers, streamed: no declarations, no entities, and nothing in it that grows without end."""

from collections.abc import Callable, Iterator
from typing import IO
from xml.parsers import expat

from common.exceptions import InputError

CHUNK = 1 << 16
MAX_TOKEN = 4 << 20  # one tag with its attributes, one comment
MAX_NAMES = 20_000  # the parser keeps every name it has met
MAX_DEPTH = 100

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]
Text = Callable[[str], None]


def walk(stream: IO[bytes], *, start: Start, end: End, text: Text) -> Iterator[None]:
    """Call back for every tag, by its name without prefix, and every piece of text. Yields between, for the caller to hand on what it has.

    ExpatError when it is no XML; InputError when it is none that a spreadsheet writes.
    """
    names: dict[str, str] = {}
    depth = 0

    def started(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise _odd()
        start(tag.rpartition(":")[2] if ":" in tag else tag, attributes)

    def ended(tag: str) -> None:
        nonlocal depth
        depth -= 1
        end(tag.rpartition(":")[2] if ":" in tag else tag)

    parser = expat.ParserCreate(intern=names)
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = started, ended, text
    parser.StartDoctypeDeclHandler = _refuse_declarations
    fed = 0
    while chunk := stream.read(CHUNK):
        parser.Parse(chunk, False)
        fed += len(chunk)
        if fed - parser.CurrentByteIndex > MAX_TOKEN or len(names) > MAX_NAMES:
            raise _odd()
        yield
    parser.Parse(b"", True)
    yield


def _refuse_declarations(*_: object) -> None:
    raise InputError("The Excel file is damaged or made to do harm: it declares XML entities. Save the sheet as CSV.")


def _odd() -> InputError:
    return InputError("The Excel file is damaged or made to do harm: its XML is nothing that a spreadsheet writes. Save the sheet as CSV.")
