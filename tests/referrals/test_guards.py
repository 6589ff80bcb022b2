"""What foreign keys would refuse, row by row, the triggers on the facts refuse by the statement."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from referrals.models import Referral, SentRow
from tests.factories.referrals import load, row

LINKS = [
    field
    for field in Referral._meta.concrete_fields
    if field.is_relation and not field.db_constraint  # linked_to is a foreign key of the database
]
TABLES = sorted({field.related_model._meta.db_table for field in LINKS})


def only() -> Referral:
    load(row("1", payer="Aetna", line="Sleep", **{"to": "Our Hospital"}))
    return Referral.objects.get()


def refused(sql: str, *params: object) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, params)
    except IntegrityError:
        return True
    return False


@pytest.mark.parametrize("column", [field.column for field in LINKS])
def test_a_referral_points_to_nobody_who_is_not_there(world: Any, column: str) -> None:
    referral = only()
    assert refused(f"UPDATE referrals_referral SET {column} = 987654321 WHERE id = %s", referral.pk)  # noqa: S608
    copied = ", ".join(field.column for field in Referral._meta.concrete_fields if field.column not in ("id", "source_key", column))
    insert = f"INSERT INTO referrals_referral (source_key, {column}, {copied}) SELECT '2', %s, {copied} FROM referrals_referral"  # noqa: S608
    assert refused(insert, 987654321)
    if (there := getattr(referral, column)) is not None:
        assert not refused(insert, there)


@pytest.mark.parametrize("column", ["source_id", "service_line_id", "payer_id", "batch_id", "practice_id"])
def test_what_a_referral_points_to_cannot_go(world: Any, column: str) -> None:
    referral = only()
    field = next(field for field in LINKS if field.column == column)
    pointed_to = getattr(referral, column)
    if pointed_to is None:
        pointed_to = field.related_model._base_manager.values_list("pk", flat=True).first()
        Referral.objects.update(**{column: pointed_to})
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match="still named by"), transaction.atomic():
        cursor.execute(f"DELETE FROM {field.related_model._meta.db_table} WHERE id = %s", [pointed_to])  # noqa: S608


def test_a_referral_cannot_go_before_what_was_told_of_it(world: Any) -> None:
    referral = only()
    assert refused("DELETE FROM referrals_referral WHERE id = %s", referral.pk)
    assert SentRow.objects.filter(referral=referral).exists()


def test_every_table_that_a_referral_points_to_is_guarded(world: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'referral_holds' ORDER BY 1")
        assert [table for (table,) in cursor.fetchall()] == sorted([*TABLES, "referrals_referral"])
