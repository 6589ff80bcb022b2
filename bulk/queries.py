"""What would happen: the rows that are meant, and which of them would change."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict

from accounts.models import User
from bulk.lists import Act, BulkList, Data
from common.exceptions import PolicyViolation

MOST = 5000  # rows of one run
CHUNK = 100  # rows that are judged and changed together


@dataclass(frozen=True)
class Selection:
    """Ticked rows, or all that an address finds, to be looked up anew whenever it matters."""

    ids: Sequence[int] = ()
    everything: bool = False
    query: str = ""

    def rows(self, bulk_list: BulkList, user: User) -> QuerySet[Any]:
        """The rows that are meant and that the person sees now, in the list's order."""
        if self.everything:
            return bulk_list.found(user, QueryDict(self.query))
        return bulk_list.seen(user).filter(pk__in=self.ids)


@dataclass(frozen=True)
class Preview:
    """What would happen: who changes, who stays and why ({sentence: rows}), and a fingerprint of all of it."""

    changing: Sequence[Any]
    staying: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    gone: int = 0
    fingerprint: str = ""

    @property
    def kept(self) -> int:
        return sum(len(rows) for rows in self.staying.values())


def preview(bulk_list: BulkList, act: Act, *, selection: Selection, settings: Mapping[str, Any], data: Data, by: User) -> Preview:
    """Judge every row that is meant. Ticked rows that the person does not see (any more) are only counted."""
    rows = list(selection.rows(bulk_list, by)[: MOST + 1])
    if len(rows) > MOST:
        raise PolicyViolation(f"At most {MOST:,} {bulk_list.many} can be changed at once. Narrow the list first.")
    changing: list[Any] = []
    staying: dict[str, list[Any]] = {}
    for some in in_chunks(rows):
        reasons = act.judge(some, by, data)
        for row in some:
            if why := reasons.get(row.pk):
                staying.setdefault(why, []).append(row)
            else:
                changing.append(row)
    gone = 0 if selection.everything else len(set(selection.ids) - {row.pk for row in rows})
    told = [bulk_list.key, act.key, dict(settings), sorted(row.pk for row in changing), sorted(staying), gone]
    fingerprint = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:32]
    return Preview(changing, staying, gone, fingerprint)


def in_chunks(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]
