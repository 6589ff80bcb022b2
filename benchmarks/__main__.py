"""`bin/bench`: each promise measured against a reference in the same run. Nothing here passes or fails: it tells."""

import argparse
import importlib
import json
import os
import signal
import sys
from pathlib import Path

import django
from django.core.management import call_command

from benchmarks.measuring import Ratio, table
from prm import embedded
from prm.processes import Unavailable

# what is measured: (module, rows when nobody says, what it is)
PROMISES = {
    "field": ("benchmarks.field", 1_000, "phones that come back online at once, each with visits that wait: every visit stored once"),
    "import": ("benchmarks.importing", 100_000, "promise 6: a validated import with rollups, against COPY and bulk_create"),
    "memory": ("benchmarks.memory", 300_000, "promise 13: a worker's memory over 200 reports, computed and printed"),
    "nppes": (
        "benchmarks.nppes",
        200_000,
        "promise 7: the registry read by column and staged, against csv.reader and COPY; memory for --gb",
    ),
    "report": (
        "benchmarks.report",
        10_000_000,
        "promises 1 to 4, 9, 11: what reports ask, beside DuckDB and the ORM, at this size and a tenth of it",
    ),
    "scale": (
        "benchmarks.scale",
        2_000_000,
        "every page of a large organization: its queries with a hundred territories and so many providers, and with one and a hundredth",
    ),
    "search": (
        "benchmarks.search",
        2_000_000,
        "promise 8: search as you type over so many providers, against one trigram index; one-letter slips found",
    ),
    "rollup": ("benchmarks.rollup", 1_000_000, "promise 5: refreshing rollups for 10,000 changed rows, at this size and a tenth of it"),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/bench", description="Measure the promises of performance as ratios within one run.")
    parser.add_argument("promises", nargs="*", metavar="promise", help=", ".join(PROMISES) + " (default: all)")
    parser.add_argument("--rows", type=int, help="size of the data; each promise has its own default")
    parser.add_argument("--phones", type=int, help="field: how many phones (default: 1,000)")
    parser.add_argument("--rounds", type=int, default=7, help="interleaved rounds, of which the medians count (default: 7)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--gb", type=float, default=1.0, help="size of the file of which the memory is measured (nppes; default: 1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every round there too")
    options = parser.parse_args()
    chosen = options.promises or list(PROMISES)
    if unknown := set(chosen) - set(PROMISES):
        parser.error(f"no such promise: {', '.join(sorted(unknown))}. There are: {', '.join(PROMISES)}")
    os.environ["DJANGO_SETTINGS_MODULE"] = "prm.settings"
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    for name in ("DATABASE_URL", "REDIS_URL", "PRM_VAR", "PRM_ROLE"):
        os.environ.pop(name, None)  # never in a database that somebody uses
    os.environ["PRM_LOG_LEVEL"] = "WARNING"
    found: list[Ratio] = []
    try:
        with embedded.throwaway_servers():
            django.setup()
            print("Making the database …", flush=True)
            call_command("migrate", verbosity=0, interactive=False)
            for name in chosen:
                module, rows, what = PROMISES[name]
                rows = (options.phones if name == "field" else options.rows) or rows
                unit = "phones" if name == "field" else f"rows, {options.rounds} rounds"
                print(f"\n{what}\n{rows:,} {unit}, seed {options.seed}", flush=True)
                more = {"gb": options.gb} if name == "nppes" else {}
                ratios = importlib.import_module(module).measure(rows=rows, rounds=options.rounds, seed=options.seed, **more)
                print(table(ratios), flush=True)
                found += ratios
    except Unavailable as reason:
        sys.exit(str(reason))
    except KeyboardInterrupt:
        sys.exit(130)
    if options.json:
        options.json.write_text(json.dumps([ratio.as_json() for ratio in found], indent=1) + "\n")
    missed = [ratio.what for ratio in found if not ratio.is_kept]
    print(f"\nMISSED: {'; '.join(missed)}" if missed else "\nEvery promise measured here is kept.")


if __name__ == "__main__":
    main()
