"""Talks of a liaison with whoever leads them, and what was agreed: keyword-only, atomic, audited. The history keeps no words of them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from common.exceptions import PolicyViolation
from common.guarded import check_no_patient
from notices.actions import notify
from notices.models import NoticeKind
from reports.models import Agreement, OneToOne
from reports.querysets import led_by


@dataclass(frozen=True)
class Agreed:
    """Who does what until when."""

    text: str
    owner: User
    due_on: dt.date | None = None


@transaction.atomic
def hold_one_to_one(
    *, liaison: User, held_on: dt.date, notes: str, agreed: Sequence[Agreed] = (), is_none: bool = False, by: User
) -> OneToOne:
    """Write down a talk; a second time on the same day adds to it."""
    if not led_by(by).filter(pk=liaison.pk).exists():
        raise PolicyViolation("You sit together with the people you lead.")
    if held_on > timezone.localdate():
        raise PolicyViolation("This day lies ahead. Write a talk down when it took place.")
    if not notes.strip() and not agreed:
        raise PolicyViolation("Write a note, or what was agreed.")
    check_no_patient("\n".join([notes, *(item.text for item in agreed)]), is_none=is_none)
    talk, _ = OneToOne.objects.select_for_update().get_or_create(liaison=liaison, led_by=by, held_on=held_on)
    talk.notes = "\n".join(filter(None, [talk.notes, notes.strip()]))[:4000]
    talk.save(update_fields=["notes"])
    for item in agreed:
        if item.owner.pk not in {liaison.pk, by.pk}:
            raise PolicyViolation("What is agreed is done by one of the two.")
        Agreement.objects.create(meeting=talk, text=item.text.strip(), owner=item.owner, due_on=item.due_on)
    record("one-to-one.held", by=by, target=talk, liaison=liaison.pk, agreements=len(agreed))
    notify(
        to=liaison,
        kind=NoticeKind.FOLLOW_UP,
        text=f"{by} wrote down your one-to-one",
        url=talk.get_absolute_url(),
        by=by,
        key=f"talk {talk.pk}",
    )
    return talk


@transaction.atomic
def settle_agreement(*, agreement: Agreement, done: bool, by: User) -> Agreement:
    """Done, or open again: by either of the two."""
    agreement = Agreement.objects.select_for_update(of=("self",)).select_related("meeting").get(pk=agreement.pk)
    if by.pk not in {agreement.meeting.liaison_id, agreement.meeting.led_by_id}:
        raise PolicyViolation("Only the two who agreed on it settle it.")
    agreement.done_at, agreement.done_by = (timezone.now(), by) if done else (None, None)
    agreement.save(update_fields=["done_at", "done_by"])
    record("agreement.done" if done else "agreement.reopened", by=by, target=agreement.meeting, agreement=agreement.pk)
    return agreement
