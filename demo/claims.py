"""What payers paid for our own referrals, as one file: where patients were seen in the end, which is not always where they were sent."""

import datetime as dt
import random
from collections.abc import Iterable, Sequence
from typing import Any

from demo.world import Table, destinations

SOURCE = "payer-claims"
HEADER = "Claim ID,Received Date,Service Date,Order Number,Rendering NPI,Rendering Provider,Facility,Service Line,Payer".split(",")
MAPPING: dict[str, Any] = {
    "name": "Payer claims",
    "sees": "claims",
    "format": {"delimiter": ",", "encoding": "utf-8", "dates": "ymd"},
    "columns": {
        "source_key": "Claim ID",
        "received_on": "Received Date",
        "seen_on": "Service Date",
        "order_key": "Order Number",
        "performing_npi": "Rendering NPI",
        "performing_name": "Rendering Provider",
        "destination_name": "Facility",
        "service_line": "Service Line",
        "payer": "Payer",
    },
    "feed": {"orders": "lakeland-orders"},
}
GOES_ELSEWHERE, COMES_BACK, UNNAMED_STAYS = 0.07, 0.12, 0.7  # of those sent to us, of those sent away, of those sent to nobody named
NEVER_CLAIMED = "Self-pay"
TAKES = 3  # days from the visit to the payer


def table(orders: Iterable[tuple[str, Any]], *, seed: int, today: dt.date) -> Table:
    """Claims of `orders`, pairs of an order's number and a referral of demo.referrals, whose patient was seen before today."""
    dice = random.Random(seed + 2)
    rows: list[list[str]] = []
    for number, referral in orders:
        seen_on = referral.appointment_on
        if referral.state != "seen" or seen_on is None or seen_on >= today or referral.payer == NEVER_CLAIMED:
            continue
        place, is_ours = _place(dice, referral, destinations(referral.line))
        who = referral.performer
        named = [who.npi, f"{who.first} {who.last}"] if is_ours else ["", ""]
        received_on = min(seen_on + dt.timedelta(days=TAKES), today - dt.timedelta(days=1))
        rows.append([f"C{number[1:]}", received_on.isoformat(), seen_on.isoformat(), number, *named, place, referral.line, referral.payer])
    return HEADER, rows


def _place(dice: random.Random, referral: Any, kinds: Sequence[Sequence[str]]) -> tuple[str, bool]:
    """Where the patient was seen, and whether that is ours: of each line's four places the first two are."""
    chance = dice.random()
    if referral.leaves:
        return (kinds[0][0], True) if chance < COMES_BACK else (referral.destination, False)
    if not referral.destination:
        return (kinds[0][0], True) if chance < UNNAMED_STAYS else (kinds[2][0], False)
    return (kinds[2][0], False) if chance < GOES_ELSEWHERE else (referral.destination, True)
