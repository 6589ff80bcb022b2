"""Having a worker measure a network that is too large for a request."""

from collections.abc import Mapping

from accounts.models import User
from reports.actions.runs import ask_for_run
from reports.models import ReportRun
from reports.networking import NETWORK, parameters_of
from reports.periods import Window
from reports.queries.links import memberships
from territories.models import Territory


def ask_for_network(*, window: Window, chosen: Mapping[str, int], level: str, by: User) -> ReportRun:
    """The run that answers page or API with these filters; the same question on the same data is the same run.

    `chosen`: ids of a territory, a service line, a payer; each may be missing.
    """
    territory = Territory.objects.visible_to(by).get(pk=chosen["territory"]) if "territory" in chosen else None
    asked = parameters_of(window=window, level=level, chosen=chosen)
    return ask_for_run(kind=NETWORK, parameters=asked, territory=territory, by=by, basis=memberships())
