"""One answer of the directory as plain data and words: page, API, files and the phone's store draw the same."""

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any

from common.templatetags.prm import day as day_words
from contacts.models import AlignmentKind
from directory.languages import NAMES
from directory.listing import Access, Found, Listing, Place, Plans

Shape = dict[str, Any]
NOT_RECORDED = "Plans not recorded"
_SOURCES = {
    "own": "kept for this specialist",
    "introduction": "from the introduction",
    "site": "kept for the site",
    "line": "kept for the service line",
    "capacity": "as the site told",
}


def address_of(place: Place) -> str:
    """11100 Euclid Ave, Cleveland 44106."""
    return ", ".join(filter(None, [place.address, " ".join(filter(None, [place.city, place.zip]))]))


def miles_words(miles: float | None) -> str:
    """As the crow flies; below one mile nobody counts."""
    if miles is None:
        return ""
    return "same ZIP code" if miles == 0 else "under 1 mile" if miles < 1 else f"{miles:.0f} mile{'' if round(miles) == 1 else 's'}"


def age_words(days: int) -> str:
    """Of a figure: told today, 12 days old."""
    return "told today" if days <= 0 else "1 day old" if days == 1 else f"{days} days old"


def plans_shape(plans: Plans, payers: Mapping[int, str]) -> Shape:
    """`accepted` is null when nobody said."""
    accepted = None if plans.accepted is None else sorted((payers[pk] for pk in plans.accepted if pk in payers), key=str.casefold)
    coming = [f"{payers[pk]} from {day_words(day)}" for pk, day in sorted(plans.coming, key=lambda one: one[1]) if pk in payers]
    note = ", ".join(filter(None, [_SOURCES.get(plans.source, ""), day_words(plans.told_on) if plans.told_on else ""]))
    if accepted is None:
        text = NOT_RECORDED
    elif accepted:
        text = ", ".join(accepted)
    else:
        text = "No plan yet" if coming else "No plan"
    return {"accepted": accepted, "ids": sorted(plans.accepted or ()), "coming": coming, "text": text, "note": note}


def access_shape(access: Access | None, *, today: dt.date, old_days: int) -> Shape | None:
    """What the site told, with the age of the figure. It is told on a day and not counted on: "9 days as of 1 Nov"."""
    if access is None:
        return None
    age = (today - access.as_of_on).days
    accepting = {True: "Takes new patients", False: "Closed to new patients", None: "New patients: not told"}[access.is_accepting]
    wait = "" if access.wait is None else f"{access.wait} day{'' if access.wait == 1 else 's'}"
    return {
        "accepting": access.is_accepting,
        "text": accepting,
        "tone": {True: "good", False: "bad", None: "neutral"}[access.is_accepting],
        "wait": access.wait,
        "next": f"Third next appointment in {wait}" if wait else "Next appointment not told",
        "as_of": access.as_of_on.isoformat(),
        "age": f"as of {day_words(access.as_of_on)}, {age_words(age)}",
        "is_old": age > old_days,
        "old_days": old_days,
        "site": access.site,
    }


def listing_shape(listing: Listing, payers: Mapping[int, str], *, today: dt.date, old_days: int) -> Shape:
    """Everything about one, wherever it is asked from."""
    refer = listing.refer
    languages = None if listing.languages is None else [NAMES.get(code, code) for code in listing.languages]
    return {
        "key": listing.key,
        "kind": listing.kind,
        "name": listing.name,
        "npi": listing.npi,
        "provider": listing.provider,
        "organization": listing.organization,
        "alignment": AlignmentKind(listing.alignment).label if listing.alignment else "",
        "specialty": listing.specialty[1] if listing.specialty else "",
        "specialty_id": listing.specialty[0] if listing.specialty else None,
        "line": listing.line[1] if listing.line else "",
        "line_id": listing.line[0] if listing.line else None,
        "places": [place_shape(place) for place in listing.places],
        "plans": plans_shape(listing.plans, payers),
        "access": access_shape(listing.access, today=today, old_days=old_days),
        "languages": languages,
        "language_codes": list(listing.languages) if listing.languages is not None else None,
        "languages_at": "at the site" if listing.speaks_at_site else "",
        "criteria": refer.criteria,
        "send_along": refer.send_along,
        "how_to_refer": refer.how_to_refer,
        "phone": refer.phone,
        "fax": refer.fax,
        "email": refer.email,
        "starts": day_words(listing.starts_on) if listing.starts_on else "",
    }


def place_shape(place: Place) -> Shape:
    return {"name": place.name, "address": address_of(place), "zip": place.zip, "phone": place.phone, "fax": place.fax}


def found_shape(found: Found, payers: Mapping[int, str], *, today: dt.date, old_days: int, links: Collection[int] = ()) -> Shape:
    """One answer: `place` is the nearest, `also` are the others. `links` are the providers whose page the asker may open."""
    listing = found.listing
    shape = listing_shape(listing, payers, today=today, old_days=old_days)
    return shape | {
        "place": place_shape(found.place) if found.place else None,
        "also": [place_shape(place) for place in listing.places if place is not found.place],
        "miles": None if found.miles is None else round(found.miles, 1),
        "far": miles_words(found.miles),
        "unknown": list(found.unknown),
        "has_page": listing.provider in links,
    }


def unsure_words(perhaps: Collection[Found]) -> str:
    """What keeps those out who might answer: "plans not recorded for 4, place not known of 1"."""
    words = {
        "plans": "plans not recorded for {}",
        "languages": "languages not recorded for {}",
        "new patients": "new patients not told for {}",
        "place": "place not known of {}",
    }
    counts = {name: sum(name in one.unknown for one in perhaps) for name in words}
    return ", ".join(words[name].format(count) for name, count in counts.items() if count)
