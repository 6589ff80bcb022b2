"""Every write of comments: keyword-only, atomic, audited. The history says who wrote where, never what was written."""

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from comments import policies
from comments.models import Comment
from comments.subjects import find, subject
from common.exceptions import PolicyViolation
from notices.actions import notify, write_letter
from notices.models import MailKind, NoticeKind


@transaction.atomic
def add_comment(*, kind: str, pk: int, text: str, by: User, is_none: bool = False) -> Comment:
    """Say something on a record. Who is named with @ hears of it on the bell and, if they want such mails, by mail."""
    target = policies.check_can_comment(kind=kind, pk=pk, by=by)
    policies.check_text(text, is_none=is_none)
    named = _named(kind, pk, text)
    comment = Comment.objects.create(kind=kind, subject_id=pk, text=text.strip(), written_by=by)
    comment.mentioned.set(named)
    record("comment.added", by=by, target=target, comment=comment.pk, mentioned=[person.pk for person in named])
    _tell(comment, named)
    return comment


@transaction.atomic
def edit_comment(*, comment: Comment, text: str, by: User, is_none: bool = False) -> Comment:
    """Other words; who is named now and was not before hears of it."""
    comment = _locked(comment, by=by)
    policies.check_text(text, is_none=is_none)
    if text.strip() == comment.text:
        return comment
    named = _named(comment.kind, comment.subject_id, text)
    before = set(comment.mentioned.values_list("pk", flat=True))
    comment.text, comment.edited_at = text.strip(), timezone.now()
    comment.save(update_fields=["text", "edited_at"])
    comment.mentioned.set(named)
    _record("edited", comment, by=by)
    _tell(comment, [person for person in named if person.pk not in before])
    return comment


@transaction.atomic
def delete_comment(*, comment: Comment, by: User) -> Comment:
    """Out of the thread; `restore_comment` brings it back."""
    comment = _locked(comment, by=by)
    if comment.deleted_at is None:
        comment.deleted_at = timezone.now()
        comment.save(update_fields=["deleted_at"])
        _record("deleted", comment, by=by)
    return comment


@transaction.atomic
def restore_comment(*, comment: Comment, by: User) -> Comment:
    comment = _locked(comment, by=by)
    if comment.deleted_at is not None:
        comment.deleted_at = None
        comment.save(update_fields=["deleted_at"])
        _record("restored", comment, by=by)
    return comment


def _locked(comment: Comment, *, by: User) -> Comment:
    comment = Comment.objects.select_for_update(of=("self",)).select_related("written_by").get(pk=comment.pk)
    policies.check_can_change(by, comment)
    if find(comment.kind, comment.subject_id, by) is None:
        raise PolicyViolation("This page is no longer yours to see.")
    return comment


def _named(kind: str, pk: int, text: str) -> list[User]:
    if "@" not in text:
        return []
    named = policies.named_in(text, User.objects.active())
    policies.check_can_see(kind, pk, named)
    return named


def _tell(comment: Comment, people: list[User]) -> None:
    """Free text stays out of notices and mails: it is read where they lead."""
    target = find(comment.kind, comment.subject_id, comment.written_by)
    known = subject(comment.kind)
    if target is None or known is None:
        return
    text = f"{comment.written_by} mentions you: {known.label.lower()} {target}"
    url = f"{target.get_absolute_url()}#comments"  # type: ignore[attr-defined]  # every registered subject has one
    others = [person for person in people if person.pk != comment.written_by_id]
    notify(to=others, kind=NoticeKind.COMMENT, text=text, url=url, by=comment.written_by, key=f"comment {comment.pk}")
    for person in others:
        write_letter(to=person, kind=MailKind.MENTION, text=text, url=url, key=f"comment {comment.pk}", by=comment.written_by)


def _record(what: str, comment: Comment, *, by: User) -> None:
    record(f"comment.{what}", by=by, target=comment, kind=comment.kind, subject=comment.subject_id)
