"""What can be commented on. The apps above register their records here, so that the thread itself knows none of them.

Who may see a record sees its comments, and nobody else: both are decided by the record's own `visible_to`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet

from accounts.models import User
from accounts.permissions import Permission


@dataclass(frozen=True)
class Subject:
    """A kind of record: its word in an address, what a sentence calls it, what one must be allowed to, and which rows a person sees."""

    kind: str
    label: str
    permissions: Sequence[Permission]
    rows: Callable[[User], QuerySet[Any]]

    def seen_by(self, user: User) -> QuerySet[Any] | None:
        """The records of this kind that the person may see; None where the role sees none at all."""
        return self.rows(user) if all(user.can(permission) for permission in self.permissions) else None


_subjects: dict[str, Subject] = {}


def comment_on(kind: str, label: str, *permissions: Permission) -> Callable[[Callable[[User], QuerySet[Any]]], Any]:
    """Register a kind of record; the function gets a person and returns the rows that they see."""

    def register(rows: Callable[[User], QuerySet[Any]]) -> Callable[[User], QuerySet[Any]]:
        _subjects[kind] = Subject(kind, label, permissions, rows)
        return rows

    return register


def subject(kind: str) -> Subject | None:
    return _subjects.get(kind)


def subjects() -> list[Subject]:
    return list(_subjects.values())


def find(kind: str, pk: int, user: User) -> Model | None:
    """The record, for a person who may see it."""
    known = _subjects.get(kind)
    rows = known.seen_by(user) if known else None
    found: Model | None = rows.filter(pk=pk).first() if rows is not None else None
    return found
