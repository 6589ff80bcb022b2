"""Every kind of report that workers compute. A new kind is one module here, with its `Kind` named in the list below."""

from collections.abc import Iterator, Mapping
from typing import Any

from accounts.models import User
from reports.kinds.closing import CLOSING
from reports.kinds.kind import Kind
from reports.kinds.measure import MEASURE
from reports.kinds.network import KIND as NETWORK
from reports.kinds.quarter import QUARTER
from reports.kinds.review import KIND as REVIEW
from reports.kinds.roi import ROI
from reports.kinds.standard import LEAKAGE, VOLUME
from reports.models import ReportRun
from reports.queries.freshness import freshness
from reports.querysets import ReportRunQuerySet

# In the order in which they are offered.
_ALL = (
    LEAKAGE,
    VOLUME,
    MEASURE,
    NETWORK,
    CLOSING,
    REVIEW,
    ROI,
    QUARTER,
)
KINDS: dict[str, Kind] = {kind.name: kind for kind in _ALL}


def seen_by(user: User) -> dict[str, Kind]:
    """The kinds that the person may ask for and read."""
    return {name: kind for name, kind in KINDS.items() if kind.may_be_seen_by(user)}


def runs_seen_by(user: User) -> ReportRunQuerySet:
    """The runs that the person may read: of their field, and of kinds that their role may see."""
    return ReportRun.objects.visible_to(user).filter(kind__in=seen_by(user))


def standard_runs() -> Iterator[tuple[str, Mapping[str, Any], tuple[str, ...], Any]]:
    """(kind, parameters, over what, basis) of each run that is made by itself at the newest data."""
    fresh = freshness()
    if fresh.data_through is None:
        return
    for kind in KINDS.values():
        for parameters in kind.standard(fresh) if kind.standard else ():
            yield kind.name, parameters, tuple(kind.over), kind.basis_now()
