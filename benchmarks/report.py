"""Promises 1 to 4, 9 and 11: what reports ask of the rollups and the facts, beside DuckDB on tables sorted for each question, and beside
the ORM as one would write it first.

Each contestant answers the same question from the same facts and its answer is compared before anything is timed. Ours is the whole call of
the query layer, from the question to cells in Python; DuckDB's is its query and its rows; a page's is the whole request.
"""

import datetime as dt
import re
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

import duckdb
from django.core.cache import caches
from django.db import connection, reset_queries
from django.db.models import Count, Q
from django.db.models.functions import TruncMonth
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse

from accounts.models import User
from accounts.roles import Role
from benchmarks.facts import TERRITORIES, make_facts, make_names, schema
from benchmarks.measuring import Ratio, Stopwatch, interleaved
from jobs.actions import enqueue, run_waiting
from referrals.models import Referral
from referrals.rollups import FACTS
from reports.cells import FLOWS, Cell
from reports.queries.cells import cells
from territories.models import Assignment
from territories.scope import Scope

START, END = dt.date(2024, 11, 1), dt.date(2026, 11, 1)
WHOLE = Scope(whole=True)
LEAF, PROVIDER, PAYER, SOURCE = 7, 200, 3, 2  # some of each, neither the busiest nor the quietest


@dataclass(frozen=True)
class Asked:
    """A question: its groups, its filter, and how DuckDB's own table is sorted to answer it best."""

    name: str
    by: tuple[str, ...]
    where: dict[str, Any]
    sorted_by: str
    promise: float
    kind: str  # by a rollup, or not


COVERED, UNCOVERED = "covered", "uncovered"
COLUMNS = {"month": "month"} | {name: f"{name}_id" for name in ("territory", "provider", "service_line", "payer", "source", "destination")}
BY_TERRITORY, BY_LINE = "territory_id, month", "service_line_id, month"
PAYER_AND_FEED = {"payer": PAYER, "source": SOURCE}
QUESTIONS = (
    Asked("territory: months and lines", ("month", "service_line"), {"territory": LEAF}, BY_TERRITORY, 0.5, COVERED),
    Asked("provider: months", ("month",), {"provider": PROVIDER}, "provider_id, month", 0.5, COVERED),
    Asked("global: months", ("month",), {}, "month", 0.2, COVERED),
    Asked("global: lines and payers", ("service_line", "payer"), {}, "month, service_line_id, payer_id", 0.2, COVERED),
    Asked("global: destinations of a line", ("destination",), {"service_line": 3}, BY_LINE, 0.2, COVERED),
    Asked("territory: payer and feed", ("month",), {"territory": LEAF} | PAYER_AND_FEED, BY_TERRITORY, 4, UNCOVERED),
    Asked("territory: destinations", ("destination",), {"territory": LEAF}, BY_TERRITORY, 4, UNCOVERED),
    Asked("global, as a job: payer and feed", ("month",), PAYER_AND_FEED, "payer_id, source_id, month", 10, UNCOVERED),
    Asked("global, as a job: providers of a line", ("provider",), {"service_line": 3}, BY_LINE, 10, UNCOVERED),
)


def measure(*, rows: int, rounds: int, seed: int) -> list[Ratio]:
    watch = Stopwatch()
    make_names()
    sizes = {"small": rows // 10, "large": rows}
    for name, size in sizes.items():
        print(f"Making {size:,} facts …", flush=True)
        make_facts(name, size, seed)
    with tempfile.TemporaryDirectory() as folder:
        duck = _duck(Path(folder))
        runs: list[Callable[[], object]] = []
        for asked in QUESTIONS:
            _check(asked, duck)
            runs += [partial(_ours, asked, "large", watch), partial(_ducks, asked, duck, watch)]
            if asked.kind == COVERED:
                runs += [partial(_ours, asked, "small", watch), partial(_naive, asked, watch)]
        runs += [partial(_by_hand, watch), partial(_visible, watch)]
        interleaved(rounds, *runs, seed=seed)
        duck.close()
    return [*_ratios(watch), *_pages(rounds, seed, watch)]


def _ratios(watch: Stopwatch) -> list[Ratio]:
    found = []
    for asked in QUESTIONS:
        ours, ducks = f"{asked.name}: ours at large", f"{asked.name}: DuckDB"
        number = 1 if asked.kind == COVERED else 2
        rounds = {name: watch.rounds[name] for name in (ours, ducks)}
        found.append(Ratio(f"{number} · {asked.name} ÷ DuckDB", asked.promise, False, watch.median(ours) / watch.median(ducks), rounds))
    for asked in (asked for asked in QUESTIONS if asked.kind == COVERED):
        ours, small, naive = (f"{asked.name}: {who}" for who in ("ours at large", "ours at small", "naive ORM"))
        found.append(
            Ratio(f"3 · {asked.name}: naive ORM ÷ ours", 50, True, watch.median(naive) / watch.median(ours), {naive: watch.rounds[naive]})
        )
        found.append(
            Ratio(
                f"4 · {asked.name}: at large ÷ at small", 1.5, False, watch.median(ours) / watch.median(small), {small: watch.rounds[small]}
            )
        )
    names = ("visible_to", "territory filter by hand")
    ratio = watch.median(names[0]) / watch.median(names[1])
    return [*found, Ratio("9 · visible rollup query ÷ by hand", 1.05, False, ratio, {name: watch.rounds[name] for name in names})]


def _ours(asked: Asked, size: str, watch: Stopwatch) -> None:
    with schema(size), watch(f"{asked.name}: ours at {size}"):
        cells(by=asked.by, start=START, end=END, where=asked.where, scope=WHOLE)


def _naive(asked: Asked, watch: Stopwatch) -> None:
    """As one writes it first: group the rows themselves, with the names the page will need."""
    with schema("large"), watch(f"{asked.name}: naive ORM"):
        list(_naive_rows(asked))


def _naive_rows(asked: Asked) -> Iterable[Any]:
    keys = ["on_month" if name == "month" else f"{name}__pk" for name in asked.by]
    names = [f"{name}__name" for name in asked.by if name != "month"]
    sums = {flow: Count("pk", filter=Q(flow=flow)) for flow in FLOWS}
    rows = Referral.objects.filter(is_counted=True, ordered_on__gte=START, ordered_on__lt=END, **asked.where)
    return rows.annotate(on_month=TruncMonth("ordered_on")).order_by().values(*keys, *names).annotate(**sums).values_list(*keys, *sums)


def _duck(folder: Path) -> duckdb.DuckDBPyConnection:
    """The same facts in DuckDB: the columns that the questions name, a table for each order."""
    columns = [*COLUMNS.values(), "flow"]
    path = folder / "facts.csv"
    with schema("large"), connection.cursor() as cursor, path.open("w") as file:
        cursor.copy_expert(f"COPY (SELECT {', '.join(columns)} FROM {FACTS} WHERE is_counted) TO STDOUT WITH CSV HEADER", file)
    duck = duckdb.connect(str(folder / "facts.duckdb"))
    duck.execute(f"CREATE TABLE facts AS SELECT * REPLACE (flow::ENUM{FLOWS} AS flow) FROM read_csv('{path}')")
    path.unlink()
    for order in dict.fromkeys(asked.sorted_by for asked in QUESTIONS):
        duck.execute(f"CREATE TABLE {_table(order)} AS SELECT * FROM facts ORDER BY {order}")
    duck.execute("DROP TABLE facts")
    duck.execute("CHECKPOINT")
    return duck


def _table(order: str) -> str:
    return "by_" + "_".join(order.replace(",", "").split())


def _duck_rows(asked: Asked, duck: duckdb.DuckDBPyConnection) -> list[Any]:
    keys = ", ".join(COLUMNS[name] for name in asked.by)
    wanted = "".join(f" AND {COLUMNS[name]} = {value}" for name, value in asked.where.items())
    sums = ", ".join(f"count(*) FILTER (WHERE flow = '{flow}')" for flow in FLOWS)
    query = f"SELECT {keys}, {sums} FROM {_table(asked.sorted_by)} WHERE month >= '{START}' AND month < '{END}'{wanted} GROUP BY {keys}"
    return duck.execute(query).fetchall()


def _ducks(asked: Asked, duck: duckdb.DuckDBPyConnection, watch: Stopwatch) -> None:
    with watch(f"{asked.name}: DuckDB"):
        _duck_rows(asked, duck)


def _check(asked: Asked, duck: duckdb.DuckDBPyConnection) -> None:
    """The three give the same answer."""
    width = len(asked.by)
    with schema("large"):
        found = cells(by=asked.by, start=START, end=END, where=asked.where, scope=WHOLE)
        ours = {(cell.key, tuple(getattr(cell, flow) for flow in FLOWS)) for cell in found}
        others = [_duck_rows(asked, duck), *([_naive_rows(asked)] if asked.kind == COVERED else [])]
        answers = [{(tuple(row[:width]), tuple(row[width:])) for row in rows} for rows in others]
    if not ours or any(answer != ours for answer in answers):
        raise AssertionError(f"{asked.name}: the answers differ; the times would be those of a wrong one.")


def _liaison() -> Scope:
    """Ten territories of the field."""
    return Scope(territory_ids=frozenset(range(2, 12)))


def _visible(watch: Stopwatch) -> None:
    with schema("large"), watch("visible_to"):
        cells(by=["month"], start=START, end=END, scope=_liaison())


def _by_hand(watch: Stopwatch) -> None:
    """The same question with the filter written into the SQL, read into the same cells."""
    with schema("large"), watch("territory filter by hand"), connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT month, {", ".join(f"sum(n_{flow})" for flow in FLOWS)} FROM referrals_linemonth
                WHERE territory_id = ANY(%s) AND month >= %s AND month < %s GROUP BY month""",
            [sorted(_liaison().territory_ids), START, END],
        )
        [Cell((row[0],), (), *row[1:]) for row in cursor.fetchall()]


@override_settings(ALLOWED_HOSTS=["*"], STORAGES={"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}})
def _pages(rounds: int, seed: int, watch: Stopwatch) -> list[Ratio]:
    """Promise 11: the dashboard against a page of one list, through all of Django; its queries at two sizes and numbers of territories."""
    caches["fast"].clear()
    person = User.objects.create(email="dana@example.org", full_name="Dana", role=Role.MANAGER)
    assigned = Assignment.objects.create(user=person, territory_id=1, started_on=dt.date(2020, 1, 1))
    client = Client()
    client.force_login(person)
    queries = {}
    with schema("small"):
        Assignment.objects.filter(pk=assigned.pk).update(territory_id=2)
        queries["small, one territory"] = _queries(client)
    Assignment.objects.filter(pk=assigned.pk).update(territory_id=1)
    with schema("large"):
        queries[f"large, {TERRITORIES} territories"] = _queries(client)
        enqueue("reports.refresh")
        run_waiting(apps=["reports"])
        addresses = {"dashboard": "/reports/", "dashboard, filtered": "/reports/?service_line=3", "one list": "/territories/"}
        leaves = cycle(range(2, TERRITORIES + 2))

        def get(name: str) -> None:
            address = addresses[name]
            if "filtered" in name:
                address += f"&territory={next(leaves)}"  # what nobody asked before
            with watch(name):
                answer = client.get(address)
            if answer.status_code != 200:
                raise AssertionError(f"{address} answered {answer.status_code}")

        for name in addresses:
            get(name)
            watch.rounds[name].clear()
        interleaved(rounds, *(partial(get, name) for name in addresses), seed=seed)
    few, many = queries.values()
    return [
        *(
            Ratio(f"11 · {name} ÷ a page of one list", 6, False, watch.median(name) / watch.median("one list"), {name: watch.rounds[name]})
            for name in ("dashboard", "dashboard, filtered")
        ),
        Ratio(f"11 · queries of the dashboard: {' ÷ '.join(queries)} ({few} and {many})", 1, False, many / few),
    ]


def _queries(client: Client) -> int:
    """Of a dashboard that shows all it can: where no practice fell or rose, the two queries for their names and people are not asked."""
    address = "/reports/?period=6"
    page = client.get(address).content.decode()  # what Django asks once
    if not re.search(rf'href="{reverse("contacts:practices")}\d+/', page):
        raise AssertionError("No practice is named there; its queries would be those of an emptier page.")
    caches["fast"].clear()
    reset_queries()
    with CaptureQueriesContext(connection) as captured:
        client.get(address)
    return len(captured)
