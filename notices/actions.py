"""Telling people, and what they do with what they were told.

What a notice tells of was audited by the action that made it; that somebody read it is nobody else's business, and not audited.
"""

import datetime as dt
from collections.abc import Callable, Iterable

from django.db import transaction
from django.utils import timezone

from accounts.clocks import organization_time_zone
from accounts.models import User
from audit.actions import record
from common.locks import held
from jobs import actions as jobs
from notices.digests import compose, local_now, sections_of
from notices.models import DigestSent, MailSettings, Notice
from notices.querysets import NoticeQuerySet

KEPT = dt.timedelta(days=90)


@transaction.atomic
def notify(*, to: User | Iterable[User | None] | None, kind: str, text: str, url: str, by: User | None, key: str = "") -> list[Notice]:
    """Tell people something in the caller's transaction: with what happened, or not at all.

    Nobody is told what they did themselves (`by`), nobody twice, and nobody who is disabled. `url` is a path inside PRM. With a `key`, a
    notice of the same matter that is still unread is told anew instead of a second one.
    """
    people = [to] if isinstance(to, User) or to is None else to
    wanted = {person.pk: person for person in people if person is not None and person.is_active and person != by}
    told = []
    for person in wanted.values():
        fields = {"kind": kind, "text": text[:300], "url": url, "made_by": by, "made_at": timezone.now()}
        if key:
            notice, _ = Notice.objects.update_or_create(to=person, key=key, read_at=None, defaults=fields)
        else:
            notice = Notice.objects.create(to=person, **fields)
        told.append(notice)
    return told


@transaction.atomic
def withdraw(*, key: str, to_others_than: int, by: User | None) -> int:
    """The matter went back to somebody before others read of it: their unread notices of this key go; returns how many."""
    return Notice.objects.unread().filter(key=key).exclude(to=to_others_than).delete()[0]


@transaction.atomic
def mark_read(*, notices: NoticeQuerySet, by: User) -> int:
    """Of these, the person's own that were unread; returns how many."""
    return notices.visible_to(by).unread().order_by().update(read_at=timezone.now())


@transaction.atomic
def forget_read(*, by: User | None = None) -> int:
    """Delete what was read long ago; returns how many."""
    return Notice.objects.filter(read_at__lt=timezone.now() - KEPT).delete()[0]


@transaction.atomic
def save_mail_settings(*, daily: bool, weekly: bool, hour: int, by: User) -> MailSettings:
    """Which mails one wants, and when by one's own clock (accounts.clocks)."""
    wanted = {"daily": daily, "weekly": weekly, "hour": hour}
    saved, _ = MailSettings.objects.update_or_create(person=by, defaults=wanted)
    record("mails.settings_changed", by=by, target=by, **wanted)
    return saved


def ask_for_digests(*, now: dt.datetime, by: User | None = None) -> int:
    """Queue each mail whose hour has come on its person's own clock and that did not go yet today; returns how many.

    Asked every ten minutes; a beat that was away for hours is caught up with the same day.
    """
    chosen = {row.person_id: row for row in MailSettings.objects.all()}
    zone_of_all = organization_time_zone()
    people = list(User.objects.active().exclude(email__endswith=".invalid"))
    over = set(DigestSent.objects.over(since_on=now.date() - dt.timedelta(days=8)).values_list("person_id", "kind", "day_on"))
    asked = 0
    for person in people:
        wanted = chosen.get(person.pk) or MailSettings(person=person)
        for kind, on in wanted.due(local_now(now, person.time_zone or zone_of_all)):
            if (person.pk, kind, on) not in over:
                jobs.enqueue("notices.send_digest", person.pk, kind, on.isoformat(), key=f"digest {person.pk} {kind} {on}")
                asked += 1
    return asked


def send_digest(*, person: User, kind: str, on: dt.date, complete: Callable[[], None], by: User | None = None) -> DigestSent:
    """Send one mail, once, one worker at a time (`_send_digest`)."""
    with held(f"digest {person.pk} {kind} {on}"):
        return _send_digest(person=person, kind=kind, on=on, complete=complete, by=by)


def _send_digest(*, person: User, kind: str, on: dt.date, complete: Callable[[], None], by: User | None) -> DigestSent:
    """`complete` ends the job in the transaction that writes that the mail was taken.

    Before it is handed over, that it was tried is written and committed; after it was taken, that it was sent. A worker that dies before
    the first or after the second changes nothing. One that dies between the two leaves a mail of which nobody knows whether it was taken;
    it is handed over again as the same mail, under the same Message-ID.
    """
    with transaction.atomic():
        DigestSent.objects.get_or_create(person=person, kind=kind, day_on=on)
        sent = DigestSent.objects.select_for_update().get(person=person, kind=kind, day_on=on)
        sections = [] if sent.is_over or not person.is_active else sections_of(kind, person, on)
        if not sections:
            sent.is_empty = sent.sent_at is None
            sent.save(update_fields=["is_empty"])
            complete()
            return sent
        sent.tried_at = timezone.now()
        sent.save(update_fields=["tried_at"])
    compose(sent, sections).send()
    with transaction.atomic():
        sent.sent_at = timezone.now()
        sent.save(update_fields=["sent_at"])
        record("digest.sent", by=by, target=person, kind=kind, day_on=on, lines=sum(len(section.lines) for section in sections))
        complete()
    return sent
