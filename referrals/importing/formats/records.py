"""What every format gives: headers, rows of cells, and remarks on records that became no row, or an odd one."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

MOST_REMARKS = 5_000  # kept per reason; `Remarks.counts` is complete

Record = tuple[int, list[str]]


class Remark(NamedTuple):
    """One thing to know about a record: where it stands, a few words that group it, and a sentence without any value of a patient."""

    line: int
    reason: str
    sentence: str


class Remarks(list[Remark]):
    """The remarks so far. Of a reason that comes a million times the first ones are kept, and all are counted."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()

    def say(self, line: int, reason: str, sentence: str) -> None:
        """Remark on the record that starts at this line."""
        self.counts[reason] += 1
        if self.counts[reason] <= MOST_REMARKS:
            self.append(Remark(line, reason, sentence))


class Records:
    """A file whose headers are known and whose rows can be walked through once; `remarks` grows meanwhile."""

    def __init__(
        self,
        rows: Iterable[Record],
        *,
        headers: Sequence[str],
        format: str,
        progress: Callable[[], float],
        delimiter: str = "",
        encoding: str = "",
        remarks: Remarks | None = None,
    ) -> None:
        self.headers, self.format = list(headers), format
        self.delimiter, self.encoding = delimiter, encoding
        self.progress = progress  # the share of the work that is done, 0.0 to 1.0
        self.remarks = Remarks() if remarks is None else remarks
        self._rows = rows

    def __iter__(self) -> Iterator[Record]:
        """Where the record starts (a line, or the number of the record or message) and its cells."""
        return iter(self._rows)
