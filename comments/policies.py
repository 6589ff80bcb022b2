"""Who may write, and whom a comment may name."""

import re
from collections.abc import Iterable

from django.db.models import Model

from accounts.models import User
from comments.models import Comment
from comments.subjects import find, subject
from common.exceptions import PolicyViolation
from common.guarded import check_no_patient


def check_can_comment(*, kind: str, pk: int, by: User) -> Model:
    """The record, for whoever sees it."""
    known = subject(kind)
    found = find(kind, pk, by)
    if known is None or found is None:
        raise PolicyViolation("There is nothing here that you can comment on.")
    return found


def can_change(user: User, comment: Comment) -> bool:
    """One's own words."""
    return user.is_active and comment.written_by_id == user.pk


def check_can_change(user: User, comment: Comment) -> None:
    if not can_change(user, comment):
        raise PolicyViolation("Only who wrote a comment changes it or takes it back.")


def check_text(text: str, *, is_none: bool) -> None:
    if not text.strip():
        raise PolicyViolation("Write something first.")
    check_no_patient(text, is_none=is_none)


def named_in(text: str, people: Iterable[User]) -> list[User]:
    """Those whose whole name stands after an @; of two names that begin alike, the longer one is meant."""
    folded, found, taken = text.casefold(), [], [False] * (len(text.casefold()) + 1)
    for person in sorted(people, key=lambda person: (-len(str(person)), person.pk)):
        name = re.escape(str(person).casefold())
        for match in re.finditer(rf"@{name}(?!\w)", folded):
            if not taken[match.start()]:
                taken[match.start()] = True
                found.append(person)
    return list({person.pk: person for person in found}.values())


def check_can_see(kind: str, pk: int, people: Iterable[User]) -> None:
    """Nobody is told of a page that they cannot open."""
    strangers = [str(person) for person in people if find(kind, pk, person) is None]
    if strangers:
        who = " and ".join(strangers[:3])
        raise PolicyViolation(f"{who} cannot see this page. Take the @ away, or hand it to somebody who can.")
