"""What of a list is seen follows into its files: columns that the address hides are left out, and those that it shows are in.

`hide` names a column of the table by its heading, in lower case with hyphens ("people-today"); `show` adds a column of the
organization's own ("custom_parking"). Headings of a file that are not those of the table say to which column they belong.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.http import QueryDict

Belongs = Mapping[str, Sequence[str]]  # heading in the table, as `hide` names it: headings of the file
PREFIX = "custom_"


def slug(heading: str) -> str:
    """As the page names a column."""
    return "-".join(heading.lower().split())


def is_chosen(query: QueryDict) -> bool:
    """Whether the person chose columns; else a file holds all there is."""
    return bool(query.getlist("hide") or query.getlist("show"))


def shown_keys(query: QueryDict) -> set[str]:
    """Keys of the organization's own fields that stand in the table."""
    return {name.removeprefix(PREFIX) for name in query.getlist("show") if name.startswith(PREFIX)}


def seen(
    query: QueryDict, header: Sequence[Any], rows: Iterable[Sequence[Any]], belongs: Belongs | None = None
) -> tuple[tuple[Any, ...], Iterator[tuple[Any, ...]]]:
    """Header and rows without what the address hides. Columns that belong to no column of the table stay: a file tells more."""
    hidden = set(query.getlist("hide"))
    owner = {slug(name): key for key, names in (belongs or {}).items() for name in names}
    kept = [place for place, name in enumerate(header) if owner.get(slug(str(name)), slug(str(name))) not in hidden]
    return tuple(header[place] for place in kept), (tuple(row[place] for place in kept) for row in rows)
