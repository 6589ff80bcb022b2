"""Finished runs: which one a person's page opens on."""

from typing import Any

from reports.models import ReportName, ReportRun
from reports.periods import Window
from territories.scope import Scope


def fingerprint(scope: Scope) -> dict[str, Any]:
    """What a run says about the field it spoke of. A run is shown only while that is still the person's field."""
    return {"whole": scope.whole, "territories": sorted(scope.territory_ids), "overlays": sorted(map(list, scope.overlays))}


def latest_standard(*, user: Any, scope: Scope) -> dict[str, ReportRun]:
    """The newest finished leakage and volume runs of the person's own scope, if both speak of the same data."""
    whose = {"territory": None, "liaison": None if scope.whole else user.pk}
    newest = ReportRun.objects.visible_to(user).filter(**whose, result__asked_by="").order_by("-data_version", "-end_on", "-pk")[:4]
    runs: dict[str, ReportRun] = {}
    for run in newest:
        runs.setdefault(run.name, run)
    if set(runs) != set(ReportName.values) or len({(run.data_version, run.start_on, run.end_on) for run in runs.values()}) != 1:
        return {}
    return runs


def window_of(run: ReportRun) -> Window:
    return Window(run.start_on, run.end_on)
