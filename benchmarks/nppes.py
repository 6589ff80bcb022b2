"""Promise 7: the registry's file read by column and staged, against csv.reader and COPY of the same columns; and the memory for a big one.

The file is like the real one: 330 columns, all quoted, nearly all blank. The peak of memory is that of a process of its own, which does
the whole import of a file of `--gb`, for one state.
"""

import csv
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import django
from django.db import connection, transaction

from benchmarks.measuring import Ratio, Stopwatch, interleaved
from common.npi import with_check_digit

WIDTH = 330
FIRST = (
    "NPI", "Entity Type Code", "Replacement NPI", "Employer Identification Number (EIN)",
    "Provider Organization Name (Legal Business Name)",
    "Provider Last Name (Legal Name)", "Provider First Name", "Provider Middle Name", "Provider Credential Text",
    "Provider Other Organization Name", "Provider Other Organization Name Type Code",
    "Provider Other Last Name", "Provider Other First Name",
    "Provider Other Last Name Type Code", "Provider First Line Business Practice Location Address",
    "Provider Business Practice Location Address City Name", "Provider Business Practice Location Address State Name",
    "Provider Business Practice Location Address Postal Code", "Provider Business Practice Location Address Telephone Number",
    "Last Update Date", "NPI Deactivation Date", "NPI Reactivation Date",
)  # fmt: skip
TAXONOMIES = tuple(
    name.format(n)
    for n in range(1, 16)
    for name in ("Healthcare Provider Taxonomy Code_{}", "Provider License Number_{}", "Provider License Number State Code_{}",
                 "Healthcare Provider Primary Taxonomy Switch_{}")
)  # fmt: skip
OTHERS = tuple(f"Other Provider Identifier_{n}" for n in range(1, WIDTH - len(FIRST) - len(TAXONOMIES) + 1))
HEADERS = (*FIRST, *TAXONOMIES, *OTHERS)
CODES = ("207Q00000X", "207R00000X", "207RC0000X", "363LF0000X", "363A00000X", "207X00000X", "2084N0400X")
STATES = ("CT", "RI", "MA", "NY", "NJ", "PA", "OH", "FL", "TX", "CA", "WA", "OR", "WY", "ME", "VT", "NH", "GA", "IL", "MI", "MN")
TEMPLATES = 20_000
SYLLABLES = ("ba", "den", "kor", "mil", "ras", "to", "vel", "wen", "ash", "lin", "mar", "son")
FEW = "WY"


def measure(*, rows: int, rounds: int, seed: int, gb: float = 1.0) -> list[Ratio]:
    with tempfile.TemporaryDirectory() as name:
        big = Path(name) / "big.csv"
        write_file(big, seed=seed, size=int(gb * 1e9))
        told = _in_a_process_of_its_own(big)
        print(f"{told['rows']:,} rows, {gb:g} GB, imported for {FEW} in {told['seconds']:.0f} s ({told['new']:,} new)", flush=True)
        big.unlink()
        path, watch = Path(name) / "npidata_pfile.csv", Stopwatch()
        write_file(path, seed=seed, rows=rows)
        if ours(path, watch) != theirs(path, watch):
            raise AssertionError("The two readers staged different rows: the numbers below would be those of a wrong answer.")
        watch.rounds.clear()
        interleaved(rounds, lambda: ours(path, watch), lambda: theirs(path, watch), seed=seed)
    return [
        Ratio("registry: csv.reader and COPY ÷ by column", 4, True, watch.median("csv.reader") / watch.median("by column"), watch.rounds),
        Ratio(f"peak memory of importing {gb:g} GB, in MB", 500, False, told["memory"]),
    ]


def write_file(path: Path, *, seed: int, rows: int = 0, size: int = 0) -> None:
    """So many rows, or as many as make that size; every number once."""
    tails, number = list(_tails(random.Random(seed))), 0
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(f'"{header}"' for header in HEADERS) + "\n")
        while number < rows or (not rows and file.tell() < size):
            some = [
                f'"{with_check_digit(str(100_000_000 + number + n))}",{tail}'
                for n, tail in enumerate(tails[: rows - number] if rows else tails)
            ]
            file.writelines(some)
            number += len(some)


def _tails(chance: random.Random) -> Iterator[str]:
    """Everything behind the number."""

    def word(syllables: int) -> str:
        return "".join(chance.choice(SYLLABLES) for _ in range(syllables)).upper()

    for _ in range(TEMPLATES):
        is_person = chance.random() < 0.77
        cells = dict.fromkeys(HEADERS[1:], "")
        cells["Entity Type Code"] = "1" if is_person else "2"
        if is_person:
            cells["Provider Last Name (Legal Name)"], cells["Provider First Name"] = word(3), word(2)
            cells["Provider Middle Name"], cells["Provider Credential Text"] = chance.choice("ABCDEM"), "M.D."
        else:
            cells["Provider Organization Name (Legal Business Name)"] = f"{word(3)} {word(2)} CARE, LLC"
        cells["Provider First Line Business Practice Location Address"] = f"{chance.randrange(1, 9000)} {word(2)} ST"
        cells["Provider Business Practice Location Address City Name"] = word(3)
        cells["Provider Business Practice Location Address State Name"] = chance.choice(STATES)
        cells["Provider Business Practice Location Address Telephone Number"] = str(chance.randrange(2_000_000_000, 9_999_999_999))
        cells["Last Update Date"] = f"{chance.randrange(1, 13):02}/{chance.randrange(1, 29):02}/{chance.randrange(2007, 2026)}"
        for n in range(1, chance.choice((1, 1, 1, 2, 3)) + 1):
            cells[f"Healthcare Provider Taxonomy Code_{n}"] = chance.choice(CODES)
            cells[f"Healthcare Provider Primary Taxonomy Switch_{n}"] = "Y" if n == 1 else "N"
        yield ",".join(f'"{cell}"' for cell in cells.values()) + "\n"


def ours(path: Path, watch: Stopwatch) -> str:
    from contacts.importing.nppes_files import open_members  # noqa: PLC0415 - after django.setup()
    from contacts.importing.nppes_staging import stage  # noqa: PLC0415

    with transaction.atomic(), connection.cursor() as cursor:
        with watch("by column"), open_members(path) as members:
            stage(cursor, members[0])
        return _undone(cursor)


def theirs(path: Path, watch: Stopwatch) -> str:
    """What one writes without a thought: each row a list of 330 strings, those that count written for COPY."""
    from contacts.importing.nppes_files import Kind  # noqa: PLC0415
    from contacts.importing.nppes_staging import Layout, make_table, primary_taxonomy  # noqa: PLC0415

    with transaction.atomic(), connection.cursor() as cursor:
        with watch("csv.reader"), path.open(encoding="utf-8", newline="") as file, tempfile.TemporaryFile("w+", newline="") as copied:
            make_table(cursor)
            rows = csv.reader(file)
            layout = Layout(next(rows), Kind.RECORDS)
            at = list(layout.columns.values())
            csv.writer(copied, quoting=csv.QUOTE_ALL).writerows(
                (line, *(row[n] for n in at), primary_taxonomy(row, layout.taxonomies)) for line, row in enumerate(rows, 2)
            )
            copied.seek(0)
            cursor.copy_expert(f"COPY nppes_row ({', '.join(layout.staged)}) FROM STDIN WITH (FORMAT csv, NULL '\\N')", copied)
            cursor.execute("ANALYZE nppes_row (line, npi)")
        return _undone(cursor)


def _undone(cursor) -> str:
    """A sum over all that was staged; nothing of it is kept."""
    cursor.execute("SELECT count(*) || ' ' || sum(hashtext(nppes_row::text)::bigint) FROM nppes_row")
    told = cursor.fetchone()[0]
    transaction.set_rollback(True)
    return told


def _in_a_process_of_its_own(path: Path) -> dict:
    done = subprocess.run([sys.executable, "-P", "-m", "benchmarks.nppes", str(path)], check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Import the file, keep nothing, tell the peak of memory of this process."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")
    django.setup()
    from contacts.importing.nppes import Choice  # noqa: PLC0415
    from contacts.imports import import_file  # noqa: PLC0415

    watch = Stopwatch()
    with watch("import"):
        outcome = import_file(
            kind="providers", source=Path(sys.argv[1]), file_name="big.csv", by=None, dry_run=True, choice=Choice(states=(FEW,))
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    print(json.dumps({"rows": outcome.rows, "new": outcome.new, "memory": peak, "seconds": watch.median("import")}))


if __name__ == "__main__":
    main()
