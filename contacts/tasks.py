"""Work of contacts that a worker does."""

from contacts import placement
from jobs.actions import Lease, handler


@handler("contacts.place_practices")
def place_practices(lease: Lease) -> None:
    """Place every practice anew after rules or pins changed; who moved takes their referrals along."""
    lease.progress(0, 1, "Placing practices")
    placement.place_practices(progress=lease.progress)


@handler("contacts.move_pins")
def move_pins(lease: Lease) -> None:
    """A territory was archived: its pinned practices go to the territory that took over, or fall back to the rules."""
    left, taker = lease.args
    lease.progress(0, 1, "Placing practices")
    placement.move_pins(left, taker)
    placement.place_practices(progress=lease.progress)


@handler("contacts.credit_anew")
def credit_anew(lease: Lease) -> None:
    """People changed in a territory: the referrals of its practices are credited anew."""
    (territory,) = lease.args
    placement.derive_referrals_of(territory)
