"""Finished runs: which one a person's page opens on, and what makes two questions the same."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from reports.models import ReportRun
from reports.periods import Window
from territories.scope import Scope

OPENING = ("leakage", "volume")  # the kinds on which the dashboard opens


def fingerprint(scope: Scope) -> dict[str, Any]:
    """What a run says about the field it spoke of. A run is shown only while that is still the person's field."""
    return {"whole": scope.whole, "territories": sorted(scope.territory_ids), "overlays": sorted(map(list, scope.overlays))}


def canonical(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters as they are kept and compared: by name, without what was left open, dates as text."""
    plain = json.loads(json.dumps(parameters, sort_keys=True, default=str))
    return {name: value for name, value in plain.items() if value not in (None, "", [], {})}


def question_of(
    *, kind: str, parameters: Mapping[str, Any], territory_id: int | None, liaison_id: int | None, scope: Scope, basis: Any = None
) -> str:
    """One text for the same question over the same field. `basis` is what else the answer rests on, beyond the version of the data."""
    asked = [kind, canonical(parameters), territory_id, liaison_id, fingerprint(scope), basis]
    return hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()


def latest_standard(*, user: Any, scope: Scope) -> dict[str, ReportRun]:
    """The newest finished leakage and volume runs of the person's own scope that speak of the same data and months."""
    whose = {"territory": None, "liaison": None if scope.whole else user.pk}
    found = ReportRun.objects.visible_to(user).finished().filter(**whose, is_standard=True, kind__in=OPENING)
    pairs: dict[tuple[int | None, Window | None], dict[str, ReportRun]] = {}
    for run in found.order_by("-data_version", "-computed_at", "-pk")[: 3 * len(OPENING)]:
        pair = pairs.setdefault((run.data_version, run.window), {})
        pair.setdefault(run.kind, run)
        if len(pair) == len(OPENING):
            return pair
    return {}
