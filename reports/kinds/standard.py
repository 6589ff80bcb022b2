"""The two reports that everybody opens first: outbound leakage, and inbound growth and volume. Never one."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from reports import tables
from reports.exports.standard import leakage_document, volume_document
from reports.forms import MonthsForm
from reports.kinds.kind import Kind, Progress
from reports.periods import Window, last_full_months
from reports.queries.freshness import Freshness, freshness
from reports.queries.names import names
from reports.queries.numbers import CORE, GROWTH, PAYERS, numbers
from reports.queries.numbers import LEAKAGE as DESTINATIONS
from reports.views.runs_standard import page
from territories.scope import Scope

MONTHS = 12


def _compute(*parts: str) -> Callable[[Mapping[str, Any], Scope, Progress], dict[str, Any]]:
    def compute(parameters: Mapping[str, Any], scope: Scope, progress: Progress) -> dict[str, Any]:
        window = Window(dt.date.fromisoformat(parameters["start"]), dt.date.fromisoformat(parameters["end"]))
        found = numbers(window=window, where={}, scope=scope, fresh=freshness(), known=names(), parts=parts)
        progress(1, 1, "Writing it down")
        return found.to_json()

    return compute


def _last_year(fresh: Freshness) -> Sequence[Mapping[str, Any]]:
    """The last twelve full months: what a page opens on when nothing is chosen."""
    if fresh.data_through is None:
        return []
    window = last_full_months(MONTHS, fresh.data_through)
    return [{"start": window.start.isoformat(), "end": window.end.isoformat()}]


LEAKAGE = Kind(
    name="leakage",
    title="Outbound leakage",
    question="Where do our own referrals go?",
    compute=_compute(CORE, PAYERS, DESTINATIONS),
    form=MonthsForm,
    document=leakage_document,
    page=page(tables.LEAKAGE),
    standard=_last_year,
    icon="arrows-exchange",
)
VOLUME = Kind(
    name="volume",
    title="Inbound growth and volume",
    question="Who sends us more, and who less?",
    compute=_compute(CORE, PAYERS, GROWTH),
    form=MonthsForm,
    document=volume_document,
    page=page(tables.GROWTH),
    standard=_last_year,
    icon="trending-up",
)
