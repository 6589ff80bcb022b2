"""Lists whose rows can be changed many at once, and what can be done with them. Each app registers its own in its module `bulk`."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.db import transaction
from django.db.models import QuerySet
from django.http import QueryDict

from accounts.models import User
from accounts.permissions import Permission
from common.exceptions import InputError, PolicyViolation

PREFIX = "set"  # of the fields of an act in an address, apart from those of the selection
Data = Mapping[str, Any]  # the cleaned fields of an act's form
Rows = Sequence[Any]


class ActForm(forms.Form):
    """What an act wants to know; most want nothing."""

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data, prefix=PREFIX)
        self.user = user

    def choose(self, name: str, *, among: Any) -> None:
        """What a field offers: records, or pairs of value and words."""
        field: Any = self.fields[name]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = among
        else:
            field.choices = among


@dataclass(frozen=True)
class Asked:
    """As much of a request as filters read: who asks, and the address."""

    user: User
    GET: QueryDict


@dataclass
class Outcome:
    """What became of rows, by id: what it takes to undo those that changed (JSON), and why the others stayed as they were."""

    changed: dict[int, Any] = field(default_factory=dict)
    kept: dict[int, str] = field(default_factory=dict)


def nothing_against(rows: Rows, by: User, data: Data) -> dict[int, str]:
    return {}


@dataclass(frozen=True, kw_only=True)
class Act:
    """One thing that can be done with many rows.

    `judge` tells which rows would stay as they are, and why: {id: sentence}, in a number of queries that does not grow with the rows.
    `tells` says what becomes of one row, shortly. `do` changes rows through the app's actions, and `undo` takes what `do` kept for it and
    returns how many rows went back: those on which nothing happened since.
    """

    key: str
    label: str
    permissions: tuple[Permission, ...]
    form: type[ActForm] = ActForm
    says: Callable[[Data], str]
    judge: Callable[[Rows, User, Data], dict[int, str]] = nothing_against
    tells: Callable[[Any, Data], str] = lambda row, data: ""
    do: Callable[[Rows, User, Data], Outcome]
    undo: Callable[[Sequence[Any], User], int]
    offered: Callable[[User], bool] = lambda user: True  # asks no database

    def is_open_to(self, user: User) -> bool:
        return all(user.can(permission) for permission in self.permissions) and self.offered(user)


@dataclass(frozen=True, kw_only=True)
class BulkList:
    """A list: where it stands, which rows a person sees at all, and which of them an address shows."""

    key: str
    page: str
    one: str
    many: str
    permissions: tuple[Permission, ...] = ()
    seen: Callable[[User], QuerySet[Any]]
    found: Callable[[User, QueryDict], QuerySet[Any]]
    words: Callable[[Any], str] = str

    @property
    def acts(self) -> dict[str, Act]:
        """What can be done with its rows, by key."""
        return offered[self.key]

    def count_words(self, count: int) -> str:
        return f"{count:,} {self.one if count == 1 else self.many}"

    def acts_for(self, user: User) -> list[Act]:
        """What the person may do here at all."""
        if not all(user.can(permission) for permission in self.permissions):
            return []
        return [act for act in self.acts.values() if act.is_open_to(user)]


lists: dict[str, BulkList] = {}
offered: defaultdict[str, dict[str, Act]] = defaultdict(dict)  # by list; apps load in any order


def register(bulk_list: BulkList) -> None:
    lists[bulk_list.key] = bulk_list


def offer(list_key: str, *acts: Act) -> None:
    """Add acts to a list, also to one of an app below."""
    offered[list_key].update({act.key: act for act in acts})


def each(rows: Rows, do: Callable[[Any], Any]) -> Outcome:
    """Row by row, each whole or not at all: `do` returns what undoing it takes; its refusal is the reason why the row stays."""
    outcome = Outcome()
    for row in rows:
        try:
            with transaction.atomic():
                outcome.changed[row.pk] = do(row)
        except (PolicyViolation, InputError) as refusal:
            outcome.kept[row.pk] = str(refusal)
    return outcome


def each_back(tokens: Iterable[Any], back: Callable[[Any], bool | int]) -> int:
    """Undo one after the other, each whole or not at all; returns how many went back. A refusal means that something happened since."""
    done = 0
    for token in tokens:
        try:
            with transaction.atomic():
                done += int(back(token))
        except (PolicyViolation, InputError):
            continue
    return done
