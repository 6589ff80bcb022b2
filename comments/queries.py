"""Who may be named in a comment."""

from accounts.models import User
from comments.models import Comment
from comments.subjects import find
from common.names import fold

HITS, LOOKED_AT = 8, 60


def people_to_mention(*, kind: str, pk: int, words: str, besides: User) -> list[User]:
    """Active people whose name holds the words and who may see the record, by name. Whoever cannot see it is not offered."""
    wanted = fold(words)
    found: list[User] = []
    candidates = [person for person in User.objects.active() if wanted in fold(str(person)) and person.pk != besides.pk]
    for person in candidates[:LOOKED_AT]:
        if find(kind, pk, person) is not None:
            found.append(person)
        if len(found) == HITS:
            break
    return found


def thread(kind: str, pk: int) -> list[Comment]:
    """The comments on a record, oldest first."""
    return list(Comment.objects.on(kind, pk).standing().for_list())
