"""A health system of any size by seed: facts with their derived columns in place, and the names they point to."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from contacts.models import Organization, Practice
from referrals.models import ROLLUPS, DataVersion, Payer, Source
from referrals.rollups import FACTS, recount
from territories.models import ServiceLine, Territory

PROVIDERS, TERRITORIES, MONTHS, LINES, PAYERS, DESTINATIONS, SOURCES = 20_000, 66, 36, 12, 8, 300, 3
FIRST = "2023-11-01"
TABLES = [FACTS, *(rollup._meta.db_table for rollup in ROLLUPS)]


def make_names() -> None:
    """Territories under one root, service lines, payers, feeds, destinations, practices and providers, whose numbers the facts use."""
    root = Territory.objects.create(pk=1, name="Everything")
    Territory.objects.bulk_create(Territory(pk=1 + n, name=f"Territory {n}", parent=root) for n in _numbers(TERRITORIES))
    ServiceLine.objects.bulk_create(ServiceLine(pk=n, name=f"Line {n}") for n in _numbers(LINES))
    Payer.objects.bulk_create(Payer(pk=n, name=f"Payer {n}") for n in _numbers(PAYERS))
    Source.objects.bulk_create(Source(pk=n, name=f"feed-{n}") for n in _numbers(SOURCES))
    Organization.objects.bulk_create(
        Organization(pk=n, name=f"Hospital {n}", folded_name=f"hospital {n}") for n in _numbers(DESTINATIONS + 1)
    )
    Practice.objects.bulk_create(
        Practice(pk=n, name=f"Practice {n}", folded_name=f"practice {n}", territory_id=2 + (n * 4 - 4) % TERRITORIES)
        for n in _numbers(PROVIDERS // 4 + 1)
    )
    DataVersion.objects.create(cause="bench")


def _numbers(last: int) -> range:
    return range(1, last + 1)


@contextmanager
def schema(name: str) -> Iterator[None]:
    """The same SQL finds the tables of this size by the search path."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET search_path TO {name}, public")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET search_path")


def make_facts(name: str, size: int, seed: int) -> None:
    """So many facts and their rollups, in a schema of their own; indexes are built when the rows are in."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {name}")
        for table in TABLES:
            cursor.execute(f"CREATE TABLE {name}.{table} (LIKE public.{table} INCLUDING DEFAULTS INCLUDING IDENTITY)")
            cursor.execute("SELECT unnest(reloptions) FROM pg_class WHERE oid = %s::regclass", [f"public.{table}"])
            for (option,) in cursor.fetchall():
                cursor.execute(f"ALTER TABLE {name}.{table} SET ({option})")
        with schema(name):
            cursor.execute("SELECT setseed(%s)", [seed / 1000])
            cursor.execute(_drawn(size), [])
            for table in TABLES:
                cursor.execute("SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = %s", [table])
                for (definition,) in cursor.fetchall():
                    cursor.execute(definition.replace(f" ON public.{table}", f" ON {name}.{table}"))
            recount()
            cursor.execute(f"VACUUM ANALYZE {', '.join(TABLES)}")


def _drawn(size: int) -> str:
    return f"""INSERT INTO {FACTS} (source_id, source_key, ordered_on, anchor_on, month, kind, priority, reason, state, referrer_named,
            referring_name, referring_npi, referring_org, referring_zip, destination_name, performing_name, performing_npi,
            patient_hash, order_key, seen_by,
            provider_id, practice_id, practice_assumed, territory_id, service_line_id, payer_id, destination_id,
            referrer_alignment, destination_alignment, flow, is_own_follow_up, is_duplicate, is_counted)
        SELECT 1 + n %% {SOURCES}, n::text, day, day, date_trunc('month', day), 'consult', '', '', 'received', 'provider', 'Some Body', '',
            'Some Practice', '', '', '', '', md5(n::text), '', '', who, 1 + who / 4, false, 2 + who %% {TERRITORIES}, line, payer, place,
            'employed', 'employed', (ARRAY['inbound', 'internal', 'outbound', 'undetermined'])[flow], false, false, true
        FROM (SELECT n, DATE '{FIRST}' + floor(random() * ({MONTHS} * 30.4))::int AS day,
                     1 + floor(power(random(), 2) * {PROVIDERS})::int AS who,
                     1 + floor(random() * {LINES})::int AS line, 1 + floor(random() * {PAYERS})::int AS payer,
                     1 + floor(power(random(), 2) * {DESTINATIONS})::int AS place, 1 + floor(random() * 4)::int AS flow
              FROM generate_series(1, {size}) n) AS drawn"""
