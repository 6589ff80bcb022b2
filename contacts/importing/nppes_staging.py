"""The registry's files into a temporary table: only the columns that count, in batches, never more than a few blocks in memory.

pyarrow reads plain UTF-8 text by column. Whatever it stumbles over (another encoding, a row with too few cells, a line break within a
cell, a workbook) is read from the beginning by the patient reader, which takes any table; what is staged is the same.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

import psycopg2
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from django.db import transaction
from django.db.backends.utils import CursorWrapper

from common.names import fold
from contacts.importing.nppes_files import Kind, Member, open_patiently
from contacts.importing.outcome import Pace, Progress

BLOCK = 2 << 20  # larger ones are no faster, and several are under way at once
CHUNK = 5000
READ = 60  # percent of the work that reading is taken to be
TAXONOMIES = 15

_HERE = "Provider Business Practice Location Address"
_THERE = "Provider Secondary Practice Location Address"
# our name: the registry's. Files have some of these each; the table has all.
HEADERS = {
    "npi": ("NPI",),
    "entity": ("Entity Type Code",),
    "replaced_by": ("Replacement NPI",),
    "body": ("Provider Organization Name (Legal Business Name)",),
    "last": ("Provider Last Name (Legal Name)",),
    "first": ("Provider First Name",),
    "middle": ("Provider Middle Name",),
    "credential": ("Provider Credential Text",),
    "phone": (f"{_HERE} Telephone Number", f"{_THERE} - Telephone Number"),
    "city": (f"{_HERE} City Name", f"{_THERE} - City Name"),
    "state": (f"{_HERE} State Name", f"{_THERE} - State Name"),
    "updated": ("Last Update Date",),
    "gone": ("NPI Deactivation Date", "NPPES Deactivation Date"),
    "back": ("NPI Reactivation Date",),
    "other_last": ("Provider Other Last Name",),
    "other_first": ("Provider Other First Name",),
    "other_last_kind": ("Provider Other Last Name Type Code",),
    "other_body": ("Provider Other Organization Name",),
    "other_body_kind": ("Provider Other Organization Name Type Code",),
    "address": ("Provider First Line Business Practice Location Address",),
    "address_more": ("Provider Second Line Business Practice Location Address",),
    "zip": (f"{_HERE} Postal Code",),
}
ONLY_LOCATIONS = {
    "address": (f"{_THERE}- Address Line 1",),
    "address_more": (f"{_THERE}- Address Line 2",),
    "zip": (f"{_THERE} - Postal Code",),
    "fax": ("Provider Practice Location Address - Fax Number", f"{_THERE} - Fax Number"),
}
COLUMNS = (*(HEADERS | ONLY_LOCATIONS), "taxonomy")


@cache
def _nothing() -> pa.Scalar:
    """A blank cell. Made when it is needed: making it loads pandas, which a web process has no use for."""
    return pa.scalar(None, pa.string())


class Layout:
    """Where a file has its columns."""

    def __init__(self, headers: Sequence[str], kind: Kind) -> None:
        at = {fold(header): position for position, header in reversed(list(enumerate(headers)))}
        wanted = HEADERS | (ONLY_LOCATIONS if kind == Kind.LOCATIONS else {})
        places = ((name, next((at[fold(header)] for header in known if fold(header) in at), None)) for name, known in wanted.items())
        self.width = len(headers)
        self.columns = {name: place for name, place in places if place is not None}
        codes = (
            (at.get(fold(f"Healthcare Provider Taxonomy Code_{n}")), at.get(fold(f"Healthcare Provider Primary Taxonomy Switch_{n}")))
            for n in range(1, TAXONOMIES + 1)
        )
        self.taxonomies = [(code, switch) for code, switch in codes if code is not None]

    @property
    def staged(self) -> list[str]:
        """The columns that are filled."""
        return ["line", *self.columns, *(["taxonomy"] if self.taxonomies else [])]


def make_table(cursor: CursorWrapper) -> None:
    """The empty table `nppes_row`, for as long as the transaction."""
    columns = ", ".join(f"{name} text NOT NULL DEFAULT ''" for name in COLUMNS)
    cursor.execute("DROP TABLE IF EXISTS pg_temp.nppes_row")
    cursor.execute(f"CREATE TEMP TABLE nppes_row (line bigint, {columns}) ON COMMIT DROP")


def stage(cursor: CursorWrapper, member: Member, progress: Progress | None = None) -> int:
    """Fill `nppes_row` from the file; returns how many rows it has."""
    make_table(cursor)
    if member.head.is_plain:
        layout = Layout(member.head.headers, member.kind)
        try:
            with transaction.atomic():  # what was staged before the stumble goes again
                return _copy(cursor, layout, fast_chunks(member, layout), member, progress)
        except (pa.ArrowException, psycopg2.Error, UnicodeError):
            pass
    with open_patiently(member.open) as (headers, rows):
        layout = Layout(headers, member.kind)
        return _copy(cursor, layout, _patient_chunks(rows, layout), member, progress)


def _copy(
    cursor: CursorWrapper, layout: Layout, chunks: Iterator[tuple[int, bytes]], member: Member, progress: Progress | None = None
) -> int:
    source = Chunks(chunks, member, progress)
    try:
        cursor.copy_expert(f"COPY nppes_row ({', '.join(layout.staged)}) FROM STDIN WITH (FORMAT csv, NULL '\\N')", source, 1 << 18)
    except psycopg2.Error:
        if source.error:
            raise source.error from None
        raise
    cursor.execute("ANALYZE nppes_row (line, npi)")
    return source.rows


class Chunks:
    """Bytes as COPY asks for them, from chunks as the reader makes them. Remembers why reading ended, which the database would hide."""

    def __init__(self, chunks: Iterator[tuple[int, bytes]], member: Member, progress: Progress | None) -> None:
        self._chunks, self._member, self._progress, self._pace = chunks, member, progress, Pace()
        self._chunk = io.BytesIO()
        self.rows = 0
        self.error: Exception | None = None

    def read(self, size: int = -1) -> bytes:
        """The next bytes, none at the end."""
        while not (data := self._chunk.read(size)):
            try:
                rows, text = next(self._chunks, (0, b""))
            except Exception as error:
                self.error = error
                raise
            if not text:
                return b""
            self.rows += rows
            self._chunk = io.BytesIO(text)
            if self._progress:
                share = self._member.share()
                self._progress(int(READ * share), 100, self._pace.note(self.rows, share))
        return data


def fast_chunks(member: Member, layout: Layout) -> Iterator[tuple[int, bytes]]:
    """Rows as CSV of the staged columns, parsed column by column without a Python object for any cell."""
    names = [f"c{n}" for n in range(layout.width)]
    wanted = dict.fromkeys([*layout.columns.values(), *(at for pair in layout.taxonomies for at in pair if at is not None)])
    with member.open() as stream:
        reader = pa_csv.open_csv(
            stream,
            read_options=pa_csv.ReadOptions(column_names=names, skip_rows=1, block_size=BLOCK),
            parse_options=pa_csv.ParseOptions(delimiter=member.head.delimiter),
            convert_options=pa_csv.ConvertOptions(
                include_columns=[names[at] for at in wanted],
                column_types={names[at]: pa.string() for at in wanted},
                strings_can_be_null=False,
            ),
        )
        done = 0
        for batch in reader:
            cells = [_trimmed(batch.column(names[at])) for at in layout.columns.values()]
            if layout.taxonomies:
                cells.append(_primary(batch, names, layout))
            lines = pa.array(range(done + 2, done + 2 + batch.num_rows))
            done += batch.num_rows
            out = pa.BufferOutputStream()
            pa_csv.write_csv(
                pa.record_batch([lines, *cells], names=layout.staged), out, pa_csv.WriteOptions(include_header=False, batch_size=CHUNK)
            )
            yield batch.num_rows, out.getvalue().to_pybytes()
        if not done:
            raise pa.ArrowInvalid("no rows")


def _is_blank(cells: pa.Array) -> bool:
    """Not one character in all of the cells."""
    data = cells.buffers()[2]
    return data is None or data.size == 0


def _trimmed(cells: pa.Array) -> pa.Array:
    return cells if _is_blank(cells) else pc.utf8_trim_whitespace(cells)


def _primary(batch: pa.RecordBatch, names: list[str], layout: Layout) -> pa.Array:
    """The taxonomy marked as primary, else the first."""
    marked: list[pa.Array] = []
    given: list[pa.Array] = []
    for code_at, switch_at in layout.taxonomies:
        code = batch.column(names[code_at])
        if _is_blank(code):  # as nearly all of the fifteen are
            continue
        code = _trimmed(code)
        code = pc.if_else(pc.equal(code, ""), _nothing(), code)
        given.append(code)
        if switch_at is not None:
            marked.append(pc.if_else(pc.equal(_trimmed(batch.column(names[switch_at])), "Y"), code, _nothing()))
    return pc.coalesce(*marked, *given, pa.array([""] * batch.num_rows))


def _patient_chunks(rows: Iterable[tuple[int, list[str]]], layout: Layout) -> Iterator[tuple[int, bytes]]:
    """The same from rows of cells."""
    text, count = io.StringIO(), 0
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    for line, values in rows:
        values.extend([""] * (layout.width - len(values)))
        staged = [values[at].strip() for at in layout.columns.values()]
        if layout.taxonomies:
            staged.append(primary_taxonomy(values, layout.taxonomies))
        writer.writerow([line, *staged])
        count += 1
        if count == CHUNK:
            yield count, text.getvalue().encode()
            text.seek(0)
            text.truncate()
            count = 0
    if count:
        yield count, text.getvalue().encode()


def primary_taxonomy(values: Sequence[str], taxonomies: Sequence[tuple[int, int | None]]) -> str:
    """The taxonomy marked as primary, else the first."""
    given = [(values[code].strip(), switch is not None and values[switch].strip() == "Y") for code, switch in taxonomies]
    return next((code for code, is_primary in given if code and is_primary), "") or next((code for code, _ in given if code), "")
