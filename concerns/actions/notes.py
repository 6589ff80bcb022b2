"""Every write of field notes: keyword-only, atomic, audited. The history names kind and practice, never what was written."""

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from common.exceptions import PolicyViolation
from common.guarded import check_no_patient
from concerns import policies
from concerns.models import FieldNote, FieldNoteKind
from contacts.models import Practice, Provider

MOST_TAGS, LONGEST_TAG = 8, 40


def tidy_tags(tags: Iterable[str]) -> list[str]:
    """Lower case, one space between words, each once, in order of the alphabet."""
    found = sorted({" ".join(tag.lower().split()) for tag in tags} - {""})
    if len(found) > MOST_TAGS or any(len(tag) > LONGEST_TAG for tag in found):
        raise PolicyViolation(f"At most {MOST_TAGS} tags of {LONGEST_TAG} letters each.")
    return found


@transaction.atomic
def add_field_note(
    *,
    kind: str,
    practice: Practice,
    text: str,
    tags: Iterable[str] = (),
    provider: Provider | None = None,
    heard_on: dt.date | None = None,
    by: User,
    is_none: bool = False,
) -> FieldNote:
    """Something heard at a practice that nobody there waits for an answer to."""
    policies.check_can_note(by=by, practice=practice, provider=provider)
    heard_on = heard_on or timezone.localdate()
    _check(kind, text, heard_on, is_none=is_none)
    note = FieldNote.objects.create(
        kind=kind,
        practice=practice,
        provider=provider,
        text=text.strip(),
        tags=_checked_tags(tags, is_none=is_none),
        heard_on=heard_on,
        noted_by=by,
    )
    record("field-note.added", by=by, target=note, kind=kind, practice=practice.pk)
    return note


@transaction.atomic
def change_field_note(
    *,
    note: FieldNote,
    kind: str,
    text: str,
    tags: Iterable[str],
    heard_on: dt.date,
    provider: Provider | None = None,
    by: User,
    is_none: bool = False,
) -> FieldNote:
    """Mend it, or sort it anew."""
    note = _locked(note, by=by)
    policies.check_works_at(provider, note.practice)
    _check(kind, text, heard_on, is_none=is_none)
    note.kind, note.text, note.tags, note.heard_on = kind, text.strip(), _checked_tags(tags, is_none=is_none), heard_on
    note.provider = provider
    note.save(update_fields=["kind", "text", "tags", "heard_on", "provider"])
    record("field-note.changed", by=by, target=note, kind=kind)
    return note


@transaction.atomic
def withdraw_field_note(*, note: FieldNote, by: User) -> FieldNote:
    """Out of every list; `restore_field_note` brings it back."""
    note = _locked(note, by=by)
    if note.withdrawn_at is None:
        note.withdrawn_at = timezone.now()
        note.save(update_fields=["withdrawn_at"])
        record("field-note.withdrawn", by=by, target=note)
    return note


@transaction.atomic
def restore_field_note(*, note: FieldNote, by: User) -> FieldNote:
    note = _locked(note, by=by)
    if note.withdrawn_at is not None:
        note.withdrawn_at = None
        note.save(update_fields=["withdrawn_at"])
        record("field-note.restored", by=by, target=note)
    return note


def _locked(note: FieldNote, *, by: User) -> FieldNote:
    note = FieldNote.objects.select_for_update(of=("self",)).select_related("practice", "noted_by").get(pk=note.pk)
    policies.check_can_change_note(by, note)
    return note


def _check(kind: str, text: str, heard_on: dt.date, *, is_none: bool) -> None:
    if kind not in FieldNoteKind.values:
        raise PolicyViolation("Choose what kind of note this is.")
    policies.check_text(text, what="what you heard", is_none=is_none)
    if heard_on > timezone.localdate():
        raise PolicyViolation("This day lies ahead. Choose the day on which you heard it.")


def _checked_tags(tags: Iterable[str], *, is_none: bool) -> list[str]:
    found = tidy_tags(tags)
    check_no_patient(", ".join(found), is_none=is_none)
    return found
