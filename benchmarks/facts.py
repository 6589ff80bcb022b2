"""A health system of any size by seed: facts with their derived columns in place, and the names they point to."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from referrals.models import ROLLUPS
from referrals.rollups import FACTS, recount

PROVIDERS, TERRITORIES, MONTHS, LINES, PAYERS, DESTINATIONS, SOURCES = 20_000, 66, 36, 12, 8, 300, 3
FIRST = "2023-11-01"
TABLES = [FACTS, *(rollup._meta.db_table for rollup in ROLLUPS)]


def make_names() -> None:
    """Territories under one root, service lines, payers, feeds, destinations, practices and providers, whose numbers the facts use."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO territories_territory (id, name, description, parent_id)
                    SELECT 1, 'Everything', '', NULL UNION ALL
                    SELECT 1 + n, 'Territory ' || n, '', 1 FROM generate_series(1, {TERRITORIES}) n;
                INSERT INTO territories_serviceline (id, name, is_active) SELECT n, 'Line ' || n, true FROM generate_series(1, {LINES}) n;
                INSERT INTO referrals_payer (id, name) SELECT n, 'Payer ' || n FROM generate_series(1, {PAYERS}) n;
                INSERT INTO referrals_source (id, name, title, sees, mapping, from_folder, due_every_days)
                    SELECT n, 'feed-' || n, '', 'our_orders', '{{}}', 'off', 0 FROM generate_series(1, {SOURCES}) n;
                INSERT INTO contacts_organization (id, name, folded_name, npi, phone, city, state)
                    SELECT n, 'Hospital ' || n, 'hospital ' || n, '', '', '', '' FROM generate_series(1, {DESTINATIONS} + 1) n;
                INSERT INTO contacts_practice (id, name, folded_name, npi, address, city, state, zip, county, phone, fax, visiting_rules,
                                               do_not_visit, territory_id, placed_by, tier)
                    SELECT 1 + n, 'Practice ' || n, 'practice ' || n, '', '', '', '', '', '', '', '', '',
                           false, 2 + (n * 4) %% {TERRITORIES}, 'zip', ''
                    FROM generate_series(0, {PROVIDERS} / 4) n;
                INSERT INTO referrals_dataversion (cause, made_at) VALUES ('bench', now())""",
            [],
        )


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
