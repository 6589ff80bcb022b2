"""Who sends to whom, over a whole field: too much for a request once the field is large."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from accounts.permissions import Permission
from reports.exports.network import network_document
from reports.forms.network import NetworkForm
from reports.kinds.kind import OWN, WHOLE, Kind, Progress
from reports.networking import LEVELS, NARROWER, NETWORK, is_large, parameters_of, whole
from reports.periods import Window, last_full_months
from reports.queries.freshness import Freshness
from reports.queries.links import memberships
from reports.queries.names import words_for
from reports.views.network import run_page
from territories.scope import Scope

MONTHS = 12


def _compute(parameters: Mapping[str, Any], scope: Scope, progress: Progress) -> dict[str, Any]:
    window = Window(dt.date.fromisoformat(parameters["start"]), dt.date.fromisoformat(parameters["end"]))
    progress(0, 2, "Reading and measuring the links")
    where = {name: parameters[name] for name in NARROWER if name in parameters}
    found = whole(window=window, where=where, scope=scope, level=parameters["level"])
    progress(1, 2, "Writing it down")
    return {**found.to_json(), "narrowed": [words_for(name, {pk})[pk] for name, pk in where.items()]}


def _last_year(fresh: Freshness) -> Sequence[Mapping[str, Any]]:
    """The last twelve full months on each level, where that is too much for a request; what is small is measured when somebody looks."""
    if fresh.data_through is None:
        return []
    window = last_full_months(MONTHS, fresh.data_through)
    if not is_large(window=window, where={}, scope=Scope(whole=True)):
        return []
    return [parameters_of(window=window, level=level, chosen={}) for level in LEVELS]


KIND = Kind(
    name=NETWORK,
    title="Network",
    question="Who sends to whom, how strongly, in which communities?",
    compute=_compute,
    form=NetworkForm,
    document=network_document,
    permissions=(Permission.PROVIDER_VIEW,),
    page=run_page,
    standard=_last_year,
    over=(WHOLE, OWN),
    basis=memberships,
    icon="affiliate",
)
