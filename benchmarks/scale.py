"""Promise 10 for every page of a large organization: how many queries it asks, and how long it takes, with one territory and a hundredth
of the providers and with all of them.

The field holds one provider in twenty, at practices of four, spread over a hundred territories with a rule each; the rest are entries of
the registry. Every page with no argument in its address that the admin and a manager may open is asked for, so that a new page cannot be
forgotten, and beside them the pages of one territory, practice and provider.
"""

import logging
from collections.abc import Iterable
from functools import partial

from django.db import connection, reset_queries
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import User
from accounts.roles import Role
from benchmarks.measuring import Ratio, Stopwatch, interleaved

TERRITORIES, AT_PRACTICES, A_PRACTICE = 100, 20, 4
APPS = ("contacts", "territories", "planning", "visits", "concerns", "introductions", "reports", "referrals")


def measure(*, rows: int, rounds: int, seed: int) -> list[Ratio]:
    """Queries of every page, large ÷ small (1 is flat), and the slowest page at both sizes (told)."""
    logging.getLogger("django.request").setLevel(logging.CRITICAL)  # pages that a role has not got are asked for, too
    root = _make_root()
    people = [
        User.objects.create_user(f"{role}@bench.example", None, full_name=f"Bench {role}", role=role) for role in (Role.ADMIN, Role.MANAGER)
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO territories_assignment (user_id, territory_id, is_primary, started_on) VALUES (%s, %s, false, '2020-01-01')",
            [people[1].pk, root],
        )
    watch = Stopwatch()
    counts: dict[str, list[int]] = {}
    for last, providers, size in ((1, rows // 100, "small"), (TERRITORIES, rows, "large")):
        _grow(root, last, providers)
        clients = [_signed_in(person) for person in people]
        with override_settings(
            ALLOWED_HOSTS=["*"], STORAGES={"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
        ):
            found = {
                f"{role}: {page}": (client, page) for role, client in zip(("admin", "manager"), clients, strict=True) for page in _pages()
            }
            for name, (client, page) in found.items():
                if (asked := _queries(client, page)) is not None:
                    counts.setdefault(name, []).append(asked)
            there = [(name, *found[name]) for name in counts]
            interleaved(rounds, *(partial(_timed, watch, f"{name}, {size}", client, page) for name, client, page in there), seed=seed)
    return [_flat(counts), *_slowest(counts, watch)]


def _flat(counts: dict[str, list[int]]) -> Ratio:
    ratios = {name: many / few for name, (few, many) in counts.items()}
    worst = max(ratios, key=ratios.__getitem__)
    for name, (few, many) in counts.items():
        if many > few:
            print(f"{name}: {few} queries, {many} at the large size")
    return Ratio(f"queries of {len(counts)} pages, most at the large size ÷ small ({worst}: {counts[worst]})", 1, False, ratios[worst])


def _slowest(counts: dict[str, list[int]], watch: Stopwatch) -> Iterable[Ratio]:
    """The five that grow most in time."""
    grown = {name: watch.median(f"{name}, large") / watch.median(f"{name}, small") for name in counts}
    for name in sorted(grown, key=lambda name: -watch.median(f"{name}, large"))[:8]:
        rounds = {f"{name}, {size}": watch.rounds[f"{name}, {size}"] for size in ("small", "large")}
        yield Ratio(f"seconds, large ÷ small: {name}", None, False, grown[name], rounds)


def _timed(watch: Stopwatch, name: str, client: Client, page: str) -> None:
    with watch(name):
        client.get(page)


def _queries(client: Client, page: str) -> int | None:
    """How many queries the page asks when it is warm; None where this person has no page."""
    if client.get(page).status_code != 200:
        return None
    reset_queries()
    with CaptureQueriesContext(connection) as captured:
        client.get(page)
    return len(captured)


def _pages() -> list[str]:
    return [
        *_addresses(get_resolver()),
        reverse("territories:detail", args=[2]),
        reverse("contacts:practice", args=[1]),
        reverse("contacts:provider", args=[AT_PRACTICES]),
        reverse("contacts:search") + "?q=last7",
        reverse("contacts:providers") + "?q=last7",
        reverse("contacts:practices") + "?territory=2",
    ]


def _addresses(resolver: URLResolver, path: str = "/", app: str = "") -> Iterable[str]:
    for each in resolver.url_patterns:
        here = path + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _addresses(each, here, each.app_name or app)
        elif isinstance(each, URLPattern) and app in APPS and "<" not in here and "." not in here and not here.startswith("/api/"):
            yield here


def _signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def _make_root() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM territories_territory WHERE parent_id IS NULL")
        if found := cursor.fetchone():
            return found[0]
        cursor.execute("INSERT INTO territories_territory (name, description) VALUES ('Everything', '') RETURNING id")
        return cursor.fetchone()[0]


def _grow(root: int, territories: int, providers: int) -> None:
    """So many territories and providers, beside those that are there."""
    from contacts.finding.words import learn_all_words  # noqa: PLC0415 - after django.setup()

    print(f"Making {territories} territories and {providers:,} providers …", flush=True)
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO territories_territory (id, name, parent_id, description)
               SELECT 1 + n, 'Territory ' || n, %s, '' FROM generate_series(1, %s) n ON CONFLICT DO NOTHING""",
            [root, territories],
        )
        cursor.execute(
            """INSERT INTO territories_territoryrule (territory_id, kind, value, specialty, excludes)
               SELECT 1 + n, 'zip', lpad((n * 900)::text, 5, '0'), '', false FROM generate_series(1, %s) n ON CONFLICT DO NOTHING""",
            [territories],
        )
        cursor.execute(
            """INSERT INTO contacts_practice (id, name, folded_name, npi, address, city, state, zip, county, phone, fax, visiting_rules,
                   do_not_visit, placed_by, tier, lunch_rule, territory_id)
               SELECT n, 'Office ' || n, 'office' || n, '', n || ' Elm St', 'Town ' || n %% 400, 'CT',
                   lpad(((1 + n %% %s) * 900)::text, 5, '0'), '', '', '', '', false, 'zip', (ARRAY['A', 'B', 'C', ''])[1 + n %% 4], '',
                   2 + n %% %s FROM generate_series(1, %s) n ON CONFLICT DO NOTHING""",
            [territories, territories, providers // AT_PRACTICES // A_PRACTICE],
        )
        cursor.execute(
            """INSERT INTO contacts_provider (id, npi, first_name, middle_name, last_name, folded_name, folded_last, folded_given,
                   credential, kind, phone, email, preferences, do_not_visit, is_stale)
               SELECT n, (1000000000 + n * 7)::text, 'First' || n %% 997, '', 'Last' || n %% 50021,
                   'last' || n %% 50021 || 'first' || n %% 997, 'last' || n %% 50021, 'first' || n %% 997,
                   'MD', 'physician', '', '', '', false, false
               FROM generate_series(1, %s) n ON CONFLICT DO NOTHING""",
            [providers],
        )
        cursor.execute(
            """INSERT INTO contacts_affiliation (provider_id, practice_id, is_primary)
               SELECT n * %s, 1 + n %% %s, true FROM generate_series(1, %s) n
               WHERE NOT EXISTS (SELECT FROM contacts_affiliation a WHERE a.provider_id = n * %s)""",
            [AT_PRACTICES, providers // AT_PRACTICES // A_PRACTICE, providers // AT_PRACTICES, AT_PRACTICES],
        )
        learn_all_words()
        for table in ("contacts_provider", "contacts_practice", "contacts_affiliation", "contacts_nameword", "territories_territoryrule"):
            cursor.execute(f"VACUUM ANALYZE {table}")
