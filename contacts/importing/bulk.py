"""Many changed rows by one statement a batch. Django's bulk_update writes a CASE per field and row, and takes ten times as long."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import Field, Model

BATCH = 5000


def write_back(rows: Sequence[Model], fields: Sequence[str]) -> None:
    """Store these fields of rows that exist."""
    if not rows:
        return
    meta = rows[0]._meta
    stored = (meta.pk.name, *fields)
    columns: list[Field[Any, Any]] = [field for name in stored if isinstance(field := meta.get_field(name), Field)]
    quote = connection.ops.quote_name
    names = [quote(str(column.column)) for column in columns]
    types = [(column.rel_db_type if column.primary_key else column.db_type)(connection) for column in columns]
    stores = ", ".join(f"{name} = new.{name}" for name in names[1:])
    arrays = ", ".join(f"%s::{type_}[]" for type_ in types)
    is_same = f"old.{names[0]} = new.{names[0]}"
    source = f"unnest({arrays}) AS new ({', '.join(names)})"
    sql = f"UPDATE {quote(meta.db_table)} AS old SET {stores} FROM {source} WHERE {is_same}"  # noqa: S608 - names are the model's own
    with connection.cursor() as cursor:
        for start in range(0, len(rows), BATCH):
            batch = rows[start : start + BATCH]
            cursor.execute(sql, [[column.value_from_object(row) for row in batch] for column in columns])


def insert_from(model: type[Model], values: Mapping[str, str], source: str) -> tuple[str, list[Any]]:
    """INSERT … SELECT with its parameters: these columns by SQL expressions over the source, every other by its field's default."""
    quote = connection.ops.quote_name
    columns, expressions, defaults = [], [], []
    for field in model._meta.concrete_fields:
        if field.primary_key:
            continue
        columns.append(quote(str(field.column)))
        if field.attname in values:
            expressions.append(values[field.attname])
        else:
            expressions.append(f"%s::{field.db_type(connection)}")
            defaults.append(field.get_db_prep_save(field.get_default(), connection))
    sql = f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(columns)}) SELECT {', '.join(expressions)} {source}"
    return sql, defaults
