"""The fixed cast, and what every test may lean on.

nora (liaison, north), sol (liaison, south), past (was in the north), over (holds the cardiology overlay of the south), dana (manager of
both), ada (admin), ivan (analyst), elle (executive). The stranger is a client that nobody signed in.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterator
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.roles import Role
from compliance.models import SpendLimit
from concerns.models import Category, Department
from tests import factories
from visits.models import MileageRate, Topic, VisitType


def pytest_configure(config: pytest.Config) -> None:
    """Beside others, a process has its own two of Valkey's sixteen databases, and its own folders; pytest-django gives it a database."""
    if beside := getattr(config, "workerinput", None):
        worker = beside["workerid"]
        number = 2 * int(worker.removeprefix("gw"))
        settings.CELERY_BROKER_URL = re.sub(r"(?<=[=/])0$", str(number), settings.CELERY_BROKER_URL)
        settings.CACHES["fast"]["LOCATION"] = re.sub(r"(?<=[=/])1$", str(number + 1), settings.CACHES["fast"]["LOCATION"])
        own = settings.VAR / worker
        (own / "uploads").mkdir(parents=True, exist_ok=True)
        settings.UPLOADS, settings.INBOX, settings.EMAIL_FILE_PATH = own / "uploads", own / "inbox", str(own / "mail")


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """A file's content names no test: archives hold the time at which they were made, and processes must agree on the names."""
    return argname if isinstance(val, bytes) and len(val) > 30 else None


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Tests bring their own topics, visit types, categories, limits and rates: those of the migrations would be gone after the first test
    that empties the tables.
    """
    with django_db_blocker.unblock():
        Topic.objects.all().delete()
        VisitType.objects.all().delete()
        Category.objects.all().delete()
        Department.objects.all().delete()
        SpendLimit.objects.all().delete()
        MileageRate.objects.all().delete()
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:  # a browser's last request may outlive its test, and hold the database
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(autouse=True)
def _plain_static(settings: Any) -> None:
    """Pages are rendered without `collectstatic`; the browser tests turn the manifest on where they need it."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def world(db: None) -> SimpleNamespace:
    """Two territories under one region, a practice and a provider in each, one practice that nobody owns, and the cast."""
    w = SimpleNamespace()
    w.region = factories.make_territory("Region")
    w.north = factories.make_territory("North", parent=w.region, zips=("44101", "44102"))
    w.south = factories.make_territory("South", parent=w.region, zips=("44301",))
    w.root = w.region.parent
    w.line = factories.make_line("Cardiology")
    w.other_line = factories.make_line("Orthopedics")
    w.north_practice = factories.make_practice("North Family Practice", territory=w.north, zip="44101", alignment="employed")
    w.south_practice = factories.make_practice("South Medical Group", territory=w.south, zip="44301", alignment="independent")
    w.unowned_practice = factories.make_practice("Far Away Associates", zip="99501", alignment="independent")
    w.north_provider = factories.make_provider("Northrop", at=w.north_practice)
    w.south_provider = factories.make_provider("Southwell", at=w.south_practice)
    w.unowned_provider = factories.make_provider("Farrow", at=w.unowned_practice)
    w.ours = factories.make_organization("Riverbend Cardiology", alignment="employed", service_line=w.line)
    w.theirs = factories.make_organization("Summit Cardiology", alignment="competitor", service_line=w.line)
    w.nora, w.sol, w.past, w.over = (factories.make_user(name) for name in ("nora", "sol", "past", "over"))
    w.dana = factories.make_user("dana", role=Role.MANAGER, patient_rows=True)
    w.ada = factories.make_user("ada", role=Role.ADMIN, patient_rows=True)
    w.ivan = factories.make_user("ivan", role=Role.ANALYST, patient_rows=True)
    w.elle = factories.make_user("elle", role=Role.EXECUTIVE)
    factories.assign(w.past, w.north, started_on=dt.date(2019, 1, 1), ended_on=dt.date(2020, 1, 1))
    factories.assign(w.nora, w.north)
    factories.assign(w.sol, w.south)
    factories.assign(w.over, w.south, line=w.line, primary=False)
    factories.assign(w.dana, w.region)
    w.cast = {name: getattr(w, name) for name in ("nora", "sol", "past", "over", "dana", "ada", "ivan", "elle")}
    return w


@pytest.fixture
def as_(client: Client, world: SimpleNamespace) -> Callable[[str | None], Client]:
    """`as_("nora").get(…)`: a client signed in as somebody of the cast; None is the stranger."""

    def sign_in(name: str | None) -> Client:
        client.logout()
        if name:
            client.force_login(world.cast[name])
        return client

    return sign_in


@pytest.fixture
def assert_flat_queries(client: Client) -> Callable[..., None]:
    """The page asks the database as often for many rows as for two: `assert_flat_queries(url, add_rows)`."""

    def check(url: str, add_rows: Callable[[int], None], *, few: int = 2, many: int = 10) -> None:
        add_rows(few)
        assert client.get(url).status_code == 200
        with CaptureQueriesContext(connection) as before:
            client.get(url)
        add_rows(many)
        with CaptureQueriesContext(connection) as after:
            assert client.get(url).status_code == 200
        assert len(after) == len(before), "\n".join(query["sql"][:300] for query in after.captured_queries)

    return check


@pytest.fixture
def run_jobs() -> Callable[[], int]:
    """Do everything that is queued, in this process, as the command line does."""
    from jobs.actions import run_waiting  # noqa: PLC0415 - apps are not loaded when conftest is

    return run_waiting


@pytest.fixture
def manage() -> Callable[..., str]:
    """Run a management command; returns what it printed."""

    def run(*args: str, **options: Any) -> str:
        out = StringIO()
        call_command(*args, stdout=out, **options)
        return out.getvalue()

    return run
