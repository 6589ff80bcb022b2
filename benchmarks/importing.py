"""Promise 6: a validated import with its rollups, against COPY of the same rows into a table with the same indexes, and bulk_create.

The reference gets what our import has worked out: rows that are parsed, matched and derived. It stores them and does nothing else, without
triggers or foreign keys. Our import writes more than facts: what was told (`SentRow`) and the status history, four to six rows in all for
each of the reference. So a second ratio is against COPY of all these rows into tables with the same indexes; nothing is promised of it.
"""

import io
import tempfile
from pathlib import Path

from django.db import connection, transaction
from django.db.models import Model

from benchmarks.measuring import Ratio, Stopwatch, interleaved
from jobs.actions import run
from referrals import actions
from referrals.models import ROLLUPS, DataVersion, ImportBatch, Referral, SentAgain, SentRow, SourceRow, StatusEvent
from referrals.rollups import FACTS, differences
from tests.factories.referrals import REFERRAL_FILES, draw_world, load_contacts

MODELS: tuple[type[Model], ...] = (SourceRow, StatusEvent, SentRow, SentAgain, Referral, ImportBatch, DataVersion, *ROLLUPS)
WRITTEN_ROWS: tuple[type[Model], ...] = (Referral, StatusEvent, SentRow)
WRITTEN = [model._meta.db_table for model in MODELS]


def measure(*, rows: int, rounds: int, seed: int) -> list[Ratio]:
    watch = Stopwatch()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # A third of a world's referrals are in each of its files; that of source a has one row for each.
        draw_world(folder, "--seed", str(seed), "--providers", "2000", "--referrals", str(rows * 3), "--months", "36")
        load_contacts(folder)
        ours(folder, watch)
        watch.rounds.clear()
        if differences():
            raise AssertionError("The rollups are not what a recount gives: the numbers below would be those of a wrong answer.")
        copied = {model._meta.db_table: _dump(model._meta.db_table) for model in WRITTEN_ROWS}
        kept = [field.attname for field in Referral._meta.concrete_fields if field.attname != "id"]
        values = list(Referral.objects.order_by("pk").values_list(*kept))
        print(f"{len(values):,} referrals an import", flush=True)
        with connection.cursor() as cursor:
            for table in copied:
                cursor.execute(f"CREATE TABLE plain_{table} (LIKE {table} INCLUDING ALL)")

        def copy(name: str, *tables: str) -> None:
            with connection.cursor() as cursor:
                cursor.execute(f"TRUNCATE {', '.join(f'plain_{table}' for table in tables)}")
                with watch(name):
                    for table in tables:
                        copied[table].seek(0)
                        cursor.copy_expert(f"COPY plain_{table} FROM STDIN", copied[table])

        def bulk_create() -> None:
            _forget()
            facts = [Referral(**dict(zip(kept, row, strict=True), batch_id=None)) for row in values]
            with watch("bulk_create"), transaction.atomic():
                Referral.objects.bulk_create(facts, batch_size=5_000)

        interleaved(
            rounds,
            lambda: ours(folder, watch),
            lambda: copy("COPY", FACTS),
            lambda: copy("COPY of all rows written", *copied),
            bulk_create,
            seed=seed,
        )
    everything = watch.median("COPY of all rows written") / watch.median("import")
    print(f"rows a second: import with rollups ÷ COPY of all rows that it writes: {everything:.2f} (nothing promised)")
    taken = {"import": watch.rounds["import"]}
    return [
        Ratio(
            "rows a second: import with rollups ÷ COPY", 0.35, True, watch.median("COPY") / watch.median("import"),
            taken | {name: watch.rounds[name] for name in ("COPY", "COPY of all rows written")},
        ),
        Ratio(
            "rows a second: import with rollups ÷ bulk_create", 5, True, watch.median("bulk_create") / watch.median("import"),
            taken | {"bulk_create": watch.rounds["bulk_create"]},
        ),
    ]  # fmt: skip


def ours(folder: Path, watch: Stopwatch) -> None:
    """The import as everybody's: from the uploaded file to the derived facts, their history and the rollups."""
    _forget()
    with (folder / REFERRAL_FILES["a"]).open("rb") as file:
        batch = actions.create_batch(source=actions.source_named(name="a", by=None), file=file, file_name="a.csv", by=None)
    job = actions.start_load(batch=batch, by=None)
    with watch("import"):
        run(job.pk)
    batch.refresh_from_db()
    if batch.state != "loaded":
        raise AssertionError(f"The import did not end well: {batch.error}")


def _forget() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(WRITTEN)} RESTART IDENTITY CASCADE")


def _dump(table: str) -> io.StringIO:
    text = io.StringIO()
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} TO STDOUT", text)
    return text
