"""Every write of margins, program costs and weights: a row is added, changed, ended, or taken out; files add many at once."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import IntegrityError, transaction

from accounts.models import User
from audit.actions import record
from common.exceptions import PolicyViolation
from reports.models import AttributionWeight, ContributionMargin, ProgramCost
from reports.policies import money as policies
from reports.policies.money import Money

MONEY_FIELDS: dict[type[Any], tuple[str, ...]] = {
    ContributionMargin: ("service_line", "payer", "started_on", "ended_on", "amount", "low", "high", "note"),
    ProgramCost: ("territory", "started_on", "ended_on", "amount", "note"),
    AttributionWeight: ("started_on", "ended_on", "weight", "note"),
}
TOLD = 10  # refused lines that are named
EVENTS: dict[type[Any], str] = {ContributionMargin: "margin", ProgramCost: "program_cost", AttributionWeight: "weight"}


@transaction.atomic
def save_money(*, by: User | None, model: type[Any], values: Mapping[str, Any], row: Money | None = None) -> Money:
    """Add a row, or change one; what it said before stands in the audit trail."""
    before = _told(row) if row is not None else None
    kept: Money = row if row is not None else model()
    for name in MONEY_FIELDS[model]:
        setattr(kept, name, values.get(name) if name != "note" else (values.get(name) or "").strip())
    policies.check_row(kept)
    try:
        with transaction.atomic():
            kept.save()
    except IntegrityError as raced:
        raise PolicyViolation("Somebody else has just added a row for these days. Look at the list again.") from raced
    after = _told(kept)
    if before is None:
        record(f"{EVENTS[model]}.added", by=by, target=kept, **after)
    elif before != after:
        record(f"{EVENTS[model]}.changed", by=by, target=kept, before=before, after=after)
    return kept


@transaction.atomic
def end_money(*, by: User | None, row: Money, ended_on: dt.date) -> None:
    """The row holds until before this day."""
    policies.check_can_end(row, ended_on)
    row.ended_on = ended_on
    row.save(update_fields=["ended_on"])
    record(f"{EVENTS[type(row)]}.ended", by=by, target=row, ended_on=ended_on)


@transaction.atomic
def delete_money(*, by: User | None, row: Money) -> None:
    """A row that was typed by mistake goes; the audit trail keeps what it said."""
    record(f"{EVENTS[type(row)]}.deleted", by=by, target=row, **_told(row))
    row.delete()


@transaction.atomic
def import_money(*, by: User | None, model: type[Any], rows: Iterable[tuple[int, Mapping[str, Any]]]) -> tuple[int, int]:
    """Add the rows of a file, all or none; (added, already there). A refused row is named by its line."""
    added = known = 0
    refused = []
    for line, values in rows:
        if model.objects.filter(**{name: values.get(name) for name in MONEY_FIELDS[model] if name != "note"}).exists():
            known += 1
            continue
        try:
            save_money(by=by, model=model, values=values)
        except PolicyViolation as refusal:
            refused.append(f"Line {line}: {refusal}")
        else:
            added += 1
    if refused:
        more = f" And {len(refused) - TOLD} more lines." if len(refused) > TOLD else ""
        raise PolicyViolation(" ".join(refused[:TOLD]) + more + " Nothing of the file was kept.")
    return added, known


def _told(row: Money) -> dict[str, Any]:
    return {name: str(value) if (value := getattr(row, name)) not in (None, "") else "" for name in MONEY_FIELDS[type(row)]}
