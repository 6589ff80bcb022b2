"""What the directory shows of one specialist or one site, and which of them answer a question. Pure: no database, no request."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from common.names import fold
from common.places import miles_between

SPECIALIST, SITE = "specialist", "site"


@dataclass(frozen=True)
class Place:
    """Where somebody is seen: an office of theirs, or the site itself. Only the ZIP code says how far it is."""

    name: str
    address: str = ""
    city: str = ""
    zip: str = ""
    phone: str = ""
    fax: str = ""
    practice: int | None = None


@dataclass(frozen=True)
class Plans:
    """`accepted` today; None when nobody said. `coming` begins later. `told_on` and `source` say whose word it is and how old."""

    accepted: frozenset[int] | None = None
    coming: tuple[tuple[int, dt.date], ...] = ()
    source: str = ""
    told_on: dt.date | None = None


@dataclass(frozen=True)
class Access:
    """The newest word of a site on new patients; `wait` is in days to the third next free appointment as of that day."""

    is_accepting: bool | None
    wait: int | None
    as_of_on: dt.date
    site: str


@dataclass(frozen=True)
class Refer:
    """How to refer: the first word of the specialist, the site, the line, field by field."""

    criteria: str = ""
    send_along: str = ""
    how_to_refer: str = ""
    phone: str = ""
    fax: str = ""
    email: str = ""


@dataclass(frozen=True)
class Listing:
    """One specialist or one site in a line. Languages: their own, else the site's; None when nobody said."""

    kind: str
    key: str
    name: str
    alignment: str
    specialty: tuple[int, str] | None = None
    line: tuple[int, str] | None = None
    places: tuple[Place, ...] = ()
    plans: Plans = Plans()
    access: Access | None = None
    refer: Refer = Refer()
    languages: tuple[str, ...] | None = None
    speaks_at_site: bool = False
    npi: str = ""
    provider: int | None = None
    organization: int | None = None
    starts_on: dt.date | None = None
    words: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def order(self) -> str:
        """By which the list stands in order of name: of people the last name first."""
        name = self.name.rsplit(",", 1)[0] if self.kind == SPECIALIST else self.name
        return fold(name.split()[-1] + name) if self.kind == SPECIALIST else fold(name)


@dataclass(frozen=True)
class Asked:
    """The question. A blank asks nothing. `zip` is where distances start; `within` is in miles."""

    words: tuple[str, ...] = ()
    kind: str = ""
    line: int | None = None
    specialty: int | None = None
    payer: int | None = None
    language: str = ""
    accepting: bool = False
    zip: str = ""
    within: int | None = None
    unsure: bool = False
    sort: str = ""


@dataclass(frozen=True)
class Found:
    """One answer: at which of its places, how far in miles, and which of the asked nobody knows of it."""

    listing: Listing
    place: Place | None
    miles: float | None
    unknown: tuple[str, ...] = ()


def words_in(*texts: str) -> frozenset[str]:
    """The folded words of texts: what a search for a word looks at."""
    apart = str.maketrans("-/,.;()", "       ")
    return frozenset(word for text in texts for part in text.translate(apart).split() if (word := fold(part)))


def nearest(listing: Listing, zip_: str) -> tuple[Place | None, float | None]:
    """The nearest of its places, as the crow flies between the middles of ZIP codes; the first where no distance is known."""
    first = listing.places[0] if listing.places else None
    far = [(miles, place) for place in listing.places if zip_ and (miles := miles_between(zip_, place.zip)) is not None]
    if not far:
        return first, None
    miles, place = min(far, key=lambda one: one[0])
    return place, miles


def verdicts(listing: Listing, asked: Asked, miles: float | None) -> dict[str, bool | None]:
    """Of each thing asked: yes, no, or None when nobody knows."""
    found: dict[str, bool | None] = {}
    if asked.kind:
        found["kind"] = listing.kind == asked.kind
    if asked.words:
        found["words"] = all(any(known.startswith(word) for known in listing.words) for word in asked.words)
    if asked.line is not None:
        found["line"] = listing.line is not None and listing.line[0] == asked.line
    if asked.specialty is not None:
        found["specialty"] = listing.specialty is not None and listing.specialty[0] == asked.specialty
    if asked.payer is not None:
        accepted = listing.plans.accepted
        found["plans"] = None if accepted is None else asked.payer in accepted
    if asked.language:
        found["languages"] = None if listing.languages is None else asked.language in listing.languages
    if asked.accepting:
        found["new patients"] = listing.access.is_accepting if listing.access else None
    if asked.within is not None:
        found["place"] = None if miles is None else miles <= asked.within
    return found


def find(listings: Iterable[Listing], asked: Asked) -> tuple[list[Found], list[Found]]:
    """(who answers the question for certain, who may: nothing speaks against them, but something asked is not known), both in order."""
    sure: list[Found] = []
    perhaps: list[Found] = []
    for listing in listings:
        place, miles = nearest(listing, asked.zip)
        said = verdicts(listing, asked, miles)
        if False in said.values():
            continue
        unknown = tuple(name for name, word in said.items() if word is None)
        (perhaps if unknown else sure).append(Found(listing, place, miles, unknown))
    return in_order(sure, asked), in_order(perhaps, asked)


def in_order(found: Sequence[Found], asked: Asked) -> list[Found]:
    """By distance where it is asked from somewhere, else by name; or who sees somebody new the soonest."""
    return sorted(found, key=lambda one: _key(one, asked))


_NEVER = 10_000  # days: after every known wait


def _key(one: Found, asked: Asked) -> tuple[float, float, str, str]:
    listing = one.listing
    far = one.miles if one.miles is not None else float("inf")
    access = listing.access
    wait: float = _NEVER if access is None or access.wait is None else access.wait
    if access is not None and access.is_accepting is False:
        wait = 2 * _NEVER
    if asked.sort == "soonest":
        return wait, far, listing.order, listing.key
    if asked.sort == "name" or not asked.zip:
        return 0, 0, listing.order, listing.key
    return far, wait, listing.order, listing.key
