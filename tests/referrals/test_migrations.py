"""Referrals that were loaded before what was told was kept: the migration keeps it for them, and they go on as all others."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from referrals.models import ImportBatch, MappingVersion, Referral, SentRow
from tests.factories.referrals import MAPPING, load, row

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE, NOW = [("referrals", "0001_initial")], [("referrals", "0003_links_found_by_row")]


def migrate(to: list[tuple[str, str]]) -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate(to)
    return MigrationExecutor(connection).loader.project_state(to).apps


@pytest.fixture
def before() -> Iterator[Any]:
    yield migrate(BEFORE)
    migrate(MigrationExecutor(connection).loader.graph.leaf_nodes())


def test_what_was_told_before(before: Any) -> None:
    source = before.get_model("referrals", "Source").objects.create(name="feed", mapping=MAPPING)
    batches = before.get_model("referrals", "ImportBatch").objects
    told = {"source": source, "file_name": "x.csv", "mapping": MAPPING}
    loaded = batches.create(**told, sha256="a", state="loaded", loaded_at=dt.datetime(2026, 5, 5, tzinfo=dt.UTC))
    for state in ("uploaded", "checked", "loading"):
        batches.create(**told, sha256="b", state=state)
    day = dt.date(2026, 5, 4)
    payer = before.get_model("referrals", "Payer").objects.create(name="Aetna")
    referral = before.get_model("referrals", "Referral").objects.create(
        source=source, source_key="1", anchor_on=day, ordered_on=day, month=day.replace(day=1), state="scheduled", flow="outbound",
        appointment_on=dt.date(2026, 6, 1), payer=payer, batch=loaded,
    )  # fmt: skip
    events = before.get_model("referrals", "StatusEvent").objects
    events.create(referral_id=referral.pk, state="scheduled", appointment_on=dt.date(2026, 6, 1), batch=loaded)
    events.create(referral_id=referral.pk, state="received", happened_on=day, batch=loaded)
    events.create(referral_id=referral.pk, state="accepted", is_inferred=True, batch=loaded)

    migrate(NOW)
    assert sorted(SentRow.objects.values_list("state", "payer__name", "batch")) == [
        ("received", "Aetna", loaded.pk), ("scheduled", "Aetna", loaded.pk),
    ]  # fmt: skip
    assert sorted(ImportBatch.objects.values_list("sha256", "state")) == [
        ("a", "loaded"), ("b", "discarded"), ("b", "discarded"), ("b", "loading"),
    ]  # fmt: skip
    assert MappingVersion.objects.get().mapping == MAPPING
    batch = load(row("1", state="seen", appointment="2026-06-01"))
    assert batch.changed == 1
    r = Referral.objects.get()
    assert (r.state, r.payer.name, r.appointment_on) == ("seen", "Aetna", dt.date(2026, 6, 1))
    assert sorted(r.status_events.values_list("state", "is_inferred")) == [
        ("accepted", True), ("received", False), ("scheduled", False), ("seen", False),
    ]  # fmt: skip
