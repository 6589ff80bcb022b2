"""The directory as rows of a file."""

from collections.abc import Iterable, Iterator
from typing import Any

from directory.presenters import Shape

HEADER = [
    "Name", "NPI", "Kind", "Specialty", "Service line", "Alignment", "Site", "Address", "ZIP code", "Miles", "Phone", "Referral phone",
    "Referral fax", "Referral e-mail", "Plans accepted", "Plans to come", "Plans told", "Takes new patients", "Third next available, days",
    "As of", "Languages", "Whom to send", "What to send along", "How to refer",
]  # fmt: skip

_ACCEPTING: dict[Any, str] = {True: "yes", False: "no", None: "not known"}


def rows(shapes: Iterable[Shape]) -> Iterator[list[Any]]:
    for row in shapes:
        place, access, plans = row["place"] or {}, row["access"] or {}, row["plans"]
        accepting = _ACCEPTING[access.get("accepting")]
        yield [
            row["name"], row["npi"], row["kind"], row["specialty"], row["line"], row["alignment"], place.get("name", ""),
            place.get("address", ""), place.get("zip", ""), row["miles"], place.get("phone", ""), row["phone"],
            row["fax"] or place.get("fax", ""),
            row["email"], plans["text"], "; ".join(plans["coming"]), plans["note"], accepting, access.get("wait"), access.get("as_of", ""),
            "; ".join(row["languages"]) if row["languages"] is not None else "not recorded", row["criteria"], row["send_along"],
            row["how_to_refer"],
        ]  # fmt: skip
