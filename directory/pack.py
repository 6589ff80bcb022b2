"""The directory as a phone keeps it: everybody of ours, the words about them once each, and where ZIP codes lie, so that the phone answers
the same questions without a network. No patient, no number of referrals, nothing of spend.
"""

from collections.abc import Iterable

from django.utils import timezone

from accounts.models import User
from common.places import center_of, centers_near, miles_between
from contacts.models import Practice
from directory.languages import LANGUAGES
from directory.listing import Listing
from directory.presenters import Shape, listing_shape
from directory.queries import listings
from referrals.models import Payer
from reports.models import ReportRules

MOST = 800  # specialists and sites in a pack, those nearest to the person's practices first
MOST_ZIPS = 1500
REACH = 40  # miles around the person's practices and around what is kept, within which the phone knows ZIP codes
MOST_SQUARES = 40
_TEXTS = ("criteria", "send_along", "how_to_refer")


def pack_of(user: User) -> Shape:
    """`{"user", "listings", "texts", "lines", "specialties", "payers", "languages", "zips", "left_out"}`.

    A listing's long words are places in `texts`.
    `zips` is ZIP code: [latitude, longitude] in degrees, rounded to about a hundred meters.
    """
    today = timezone.localdate()
    near = sorted(set(Practice.objects.visible_to(user).live().exclude(zip="").order_by().values_list("zip", flat=True).distinct()))
    known = listings(user, today)
    kept = _nearest(known, near[:200])
    payers = dict(Payer.objects.values_list("pk", "name"))
    old_days = ReportRules.current().capacity_old_days
    texts: dict[str, int] = {"": 0}
    rows = []
    for listing in kept:
        row = listing_shape(listing, payers, today=today, old_days=old_days)
        for name in _TEXTS:
            row[name] = texts.setdefault(row[name], len(texts))
        rows.append(row | {"words": sorted(listing.words), "order": listing.order})
    zips = {place.zip for listing in kept for place in listing.places if place.zip} | set(near)
    return {
        "user": user.pk,
        "listings": rows,
        "texts": list(texts),
        "lines": _choices(listing.line for listing in kept),
        "specialties": _choices(listing.specialty for listing in kept),
        "payers": [{"id": pk, "name": name} for pk, name in sorted(payers.items(), key=lambda one: one[1].casefold())],
        "languages": [{"id": code, "name": name} for code, name in LANGUAGES],
        "zips": _zips(zips),
        "left_out": len(known) - len(kept),
    }


def _choices(pairs: Iterable[tuple[int, str] | None]) -> list[Shape]:
    """What the phone offers to choose from, by name."""
    return [{"id": pk, "name": name} for pk, name in sorted({pair for pair in pairs if pair}, key=lambda pair: pair[1].casefold())]


def _nearest(known: list[Listing], near: list[str]) -> list[Listing]:
    """At most `MOST`, in the order of all; who is far from every practice of the person is left out first."""
    if len(known) <= MOST:
        return known
    far: dict[str, float] = {}

    def distance(listing: Listing) -> float:
        for place in listing.places:
            if place.zip not in far:
                far[place.zip] = min((miles for zip_ in near if (miles := miles_between(zip_, place.zip)) is not None), default=1e9)
        return min((far[place.zip] for place in listing.places), default=1e9)

    chosen = {listing.key for listing in sorted(known, key=distance)[:MOST]}
    return [listing for listing in known if listing.key in chosen]


def _zips(around: set[str]) -> dict[str, list[float]]:
    """Those themselves, and what lies near them, the nearest first, until there are enough."""
    found = {zip_: point for zip_ in sorted(around) if (point := center_of(zip_))}
    squares: dict[tuple[int, int], tuple[float, float]] = {}
    for point in found.values():
        squares.setdefault((round(point[0] * 2), round(point[1] * 2)), point)
    # one point of each half degree is enough to look around from
    for zip_, point in centers_near(frozenset(list(squares.values())[:MOST_SQUARES]), REACH):
        if len(found) >= MOST_ZIPS:
            break
        found.setdefault(zip_, point)
    return {zip_: [round(point[0], 3), round(point[1], 3)] for zip_, point in found.items()}
