"""Words for the nodes of a network: a query per kind, and nobody whom the person does not see."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from contacts.models import AlignmentKind, Organization, Practice, Provider
from reports.queries.links import ORGANIZATION, PRACTICE, PROVIDER, part

_UNSEEN = {PRACTICE: "A practice elsewhere", ORGANIZATION: "An organization", PROVIDER: "A provider elsewhere"}
KIND_WORDS = {PRACTICE: "Practice", ORGANIZATION: "Organization", PROVIDER: "Provider"}


@dataclass(frozen=True)
class NodeWords:
    """`alignment` is a value of AlignmentKind; `url` the node's own network, blank where the person may not see it."""

    name: str
    kind: str
    alignment: str
    url: str

    @property
    def whose(self) -> str:
        return str(AlignmentKind(self.alignment).label)


def node_words(keys: Iterable[str], *, user: Any, day: dt.date) -> dict[str, NodeWords]:
    """A name, an alignment on that day and an address for each node."""
    keys = list(keys)
    ids: dict[str, set[int]] = {}
    for key in keys:
        kind, pk = part(key)
        ids.setdefault(kind, set()).add(pk)
    found: dict[str, NodeWords] = {}
    for kind, wanted in ids.items():
        for row in _rows(kind, user, day).filter(pk__in=wanted):
            url = reverse("reports:network-of", args=[kind, row.pk])
            found[f"{kind}:{row.pk}"] = NodeWords(str(row), kind, row.alignment_today, url)
    return {key: found.get(key) or NodeWords(_UNSEEN[part(key)[0]], part(key)[0], AlignmentKind.UNKNOWN, "") for key in keys}


def _rows(kind: str, user: Any, day: dt.date) -> Any:
    if kind == PRACTICE:
        return Practice.objects.visible_to(user).with_alignment(day)
    if kind == PROVIDER:
        return Provider.objects.visible_to(user).with_alignment(day)
    return Organization.objects.visible_to(user).for_list(day)
