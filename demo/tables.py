"""Every table of the installation, kept as it was and put back: plain SQL, knowing nothing of what the tables mean."""

from collections.abc import Iterable

from django.db import connection

BEFORE = "prm_before_sample"
# table: why taking sample data off leaves it alone
LEFT_ALONE = {
    "accounts_user": "people are taken off one by one: the invented ones go, real ones stay",
    "account_emailaddress": "goes with its person",
    "mfa_authenticator": "goes with its person",
    "notices_mailsettings": "goes with its person",
    "django_admin_log": "goes with its person",
    "django_session": "who is signed in stays so; sessions of invented people end",
    "audit_auditevent": "append-only: that the sample was loaded, used and taken off stays written",
    "jobs_job": "the work of the sample is deleted row by row: the job that takes it off is one of them",
    "demo_sample": "deleted at the end",
    "setup_putoff": "what was decided about set-up has nothing to do with the sample",
    "setup_mailtest": "likewise",
    "setup_backup": "likewise; the files are there",
    "django_migrations": "the release, no data",
    "django_content_type": "likewise",
    "auth_permission": "likewise",
    "auth_group": "likewise",
    "auth_group_permissions": "likewise",
    "durable_cache": "rate limits of sign-ins",
}
# single rows of settings: kept as they are now where the sample did not change them
SETTINGS = ("accounts_installation", "reports_reportrules", "referrals_countingrules", "visits_fieldrules", "compliance_spendpolicy")


def all_tables() -> list[str]:
    return _column("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")


def restored(untouched: Iterable[str] = ()) -> list[str]:
    """The tables that are put back."""
    return [table for table in all_tables() if table not in LEFT_ALONE and table not in set(untouched)]


def is_kept() -> bool:
    return bool(_column("SELECT nspname FROM pg_namespace WHERE nspname = %s", BEFORE))


def keep() -> None:
    """Copy every table that will be put back, and the ids of those whose rows are deleted one by one."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {BEFORE}")
        for table in [*restored(), "jobs_job"]:
            cursor.execute(f'CREATE TABLE {BEFORE}."{table}" AS TABLE public."{table}"')


def unchanged(tables: Iterable[str]) -> list[str]:
    """Those that hold what they held when they were kept."""
    same = []
    with connection.cursor() as cursor:
        for table in tables:
            now, before = f'TABLE public."{table}"', f'TABLE {BEFORE}."{table}"'
            cursor.execute(f"SELECT NOT EXISTS (({now} EXCEPT ALL {before}) UNION ALL ({before} EXCEPT ALL {now}))")
            if cursor.fetchone()[0]:
                same.append(table)
    return same


def put_back(untouched: Iterable[str]) -> None:
    """Empty the tables and fill them with what was kept. Foreign keys are checked when the transaction ends."""
    names = restored(untouched)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = 0")
        cursor.execute("TRUNCATE " + ", ".join(f'public."{name}"' for name in names))
        for name in names:
            columns = ", ".join(f'"{column}"' for column in _columns(name))
            cursor.execute(f'INSERT INTO public."{name}" ({columns}) SELECT {columns} FROM {BEFORE}."{name}"')  # noqa: S608


def forget() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {BEFORE} CASCADE")


def ids_before(table: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT id FROM {BEFORE}."{table}"')  # noqa: S608
        return [pk for (pk,) in cursor.fetchall()]


def _columns(table: str) -> list[str]:
    """As they were kept: a release that came meanwhile may have added some, which get their defaults."""
    return _column(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position",
        BEFORE,
        table,
    )


def _column(query: str, *values: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return [value for (value,) in cursor.fetchall()]
