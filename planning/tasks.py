"""Work of territory planning that a worker does."""

from jobs.actions import Lease, handler
from planning import actions
from planning.models import Split
from planning.queries.splits import find_split


@handler("planning.hand_over")
def hand_over(lease: Lease) -> None:
    """Every hour, and when one is approved for today: hand-overs whose day has come take effect."""
    lease.progress(0, 1, "Handing over")
    lease.progress(1, 1, f"{actions.take_due_handovers()} handed over")


@handler("planning.split")
def split(lease: Lease) -> None:
    """Divide what was asked for, and keep it for whoever asked to accept or to leave."""
    asked = Split.objects.select_related("asked_by").get(pk=lease.args[0])
    actions.store_split(split=asked, found=find_split(asked, asked.asked_by, lease.progress), by=None)
