"""Work of contacts that a worker does."""

from contacts import placement
from jobs.actions import Lease, handler


@handler("contacts.place_practices")
def place_practices(lease: Lease) -> None:
    """Place every practice anew after rules or pins changed; who moved takes their referrals along."""
    lease.progress(0, 1, "Placing practices")
    placement.place_practices(progress=lease.progress)
