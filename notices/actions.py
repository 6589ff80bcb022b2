"""Telling people, and what they do with what they were told.

What a notice tells of was audited by the action that made it; that somebody read it is nobody else's business, and not audited.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.clocks import organization_time_zone, time_zone_of
from accounts.models import User
from accounts.permissions import Permission
from audit.actions import record
from common.exceptions import PolicyViolation
from common.locks import held
from jobs import actions as jobs
from notices.digests import compose, compose_letter, local_now, sections_of
from notices.mailing import gets_mail, gets_mails
from notices.models import DigestSent, Letter, MailKind, MailSettings, Notice, ReminderRules
from notices.querysets import NoticeQuerySet

KEPT = dt.timedelta(days=90)
LOOKED_BACK = dt.timedelta(days=40)  # a month's mail is asked for in its first week
LETTERS_KEPT = dt.timedelta(days=7)  # what could not be sent for a week is news no more


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
def mark_unread(*, notices: NoticeQuerySet, by: User) -> int:
    """Undo of `mark_read`; a matter that was told anew since stays read here. Returns how many."""
    told_anew = Notice.objects.visible_to(by).unread().exclude(key="").values("key")
    return notices.visible_to(by).exclude(read_at=None).exclude(key__in=told_anew).order_by().update(read_at=None)


@transaction.atomic
def forget_read(*, by: User | None = None) -> int:
    """Delete what was read long ago; returns how many."""
    return Notice.objects.filter(read_at__lt=timezone.now() - KEPT).delete()[0]


@transaction.atomic
def save_mail_settings(*, by: User, **wanted: Any) -> MailSettings:
    """Which mails one wants, and when: the fields of `MailSettings`."""
    saved, _ = MailSettings.objects.update_or_create(person=by, defaults=wanted)
    record("mails.settings_changed", by=by, target=by, **wanted)
    return saved


@transaction.atomic
def save_reminder_rules(*, by: User, **wanted: Any) -> ReminderRules:
    """How the organization reminds where nobody chose otherwise: the fields of `ReminderRules`."""
    if not by.can(Permission.SETTINGS_EDIT):
        raise PolicyViolation("Only an admin changes how the organization reminds.")
    rules = ReminderRules.objects.select_for_update().first() or ReminderRules(pk=1)
    changes = {name: [getattr(rules, name), value] for name, value in wanted.items() if getattr(rules, name) != value}
    if changes:
        for name, (_, value) in changes.items():
            setattr(rules, name, value)
        rules.save()
        record("reminder_rules.changed", by=by, changes=changes)
    return rules


@transaction.atomic
def set_mail(*, person: User, kind: str, wanted: bool, by: User) -> MailSettings:
    """One kind of mail on or off: what the link at a mail's end does, without a sign-in."""
    kind = MailKind(kind)
    others = ReminderRules.current().of_mails()  # the first choice of one's own keeps the rest as it was
    one = {kind.value: wanted}
    saved, _ = MailSettings.objects.update_or_create(person=person, defaults=one, create_defaults=others | one)
    record("mails.subscribed" if wanted else "mails.unsubscribed", by=by, target=person, kind=kind)
    return saved


def ask_for_digests(*, now: dt.datetime, by: User | None = None) -> int:
    """Queue each mail whose hour has come on its person's own clock and that did not go yet today; returns how many.

    Asked every ten minutes; a beat that was away for hours is caught up with the same day.
    """
    chosen = {row.person_id: row for row in MailSettings.objects.all()}
    of_all, zone_of_all = ReminderRules.current().of_mails(), organization_time_zone()
    over = set(DigestSent.objects.over(since_on=now.date() - LOOKED_BACK).values_list("person_id", "kind", "day_on"))
    asked = 0
    for person in gets_mails():
        wanted = chosen.get(person.pk) or MailSettings(person=person, **of_all)
        for kind, on in wanted.due(local_now(now, person.time_zone or zone_of_all)):
            if (person.pk, kind, on) not in over:
                jobs.enqueue("notices.send_digest", person.pk, kind, on.isoformat(), key=f"digest {person.pk} {kind} {on}")
                asked += 1
    return asked


@transaction.atomic
def write_letter(*, to: User, kind: str, text: str, url: str, key: str, by: User | None) -> Letter:
    """A mail of one sentence, in the caller's transaction: with what happened, or not at all. The same matter is told once.

    It goes at once, or after the person's quiet hours (`ask_for_letters`).
    """
    letter, made = Letter.objects.get_or_create(to=to, key=key, defaults={"kind": kind, "text": text[:300], "url": url})
    if made:
        jobs.enqueue("notices.send_letter", letter.pk, key=f"letter {letter.pk}")
    return letter


def ask_for_letters(*, now: dt.datetime, by: User | None = None) -> int:
    """Queue the letters that still wait for people who may be written to now; returns how many."""
    chosen = {row.person_id: row for row in MailSettings.objects.all()}
    zone_of_all = organization_time_zone()
    asked = 0
    for letter in Letter.objects.waiting().filter(made_at__gte=now - LETTERS_KEPT).select_related("to").order_by("pk"):
        wanted = chosen.get(letter.to_id) or MailSettings(person=letter.to)
        if not wanted.is_quiet(local_now(now, letter.to.time_zone or zone_of_all)):
            jobs.enqueue("notices.send_letter", letter.pk, key=f"letter {letter.pk}")
            asked += 1
    return asked


def send_letter(*, pk: int, now: dt.datetime, complete: Callable[[], None], by: User | None = None) -> Letter:
    """Send one letter, once, one worker at a time; a quiet hour leaves it waiting. The order of writing is that of `_send_digest`."""
    with held(f"letter {pk}"):
        with transaction.atomic():
            letter = Letter.objects.select_for_update(of=("self",)).select_related("to").get(pk=pk)
            wanted = MailSettings.of(letter.to)
            is_unwanted = not (gets_mail(letter.to) and wanted.wants(letter.kind))
            if letter.is_over or is_unwanted or wanted.is_quiet(local_now(now, time_zone_of(letter.to))):
                letter.is_dropped = letter.sent_at is None and is_unwanted
                letter.save(update_fields=["is_dropped"])
                complete()
                return letter
            letter.tried_at = timezone.now()
            letter.save(update_fields=["tried_at"])
        compose_letter(letter).send()
        with transaction.atomic():
            letter.sent_at = timezone.now()
            letter.save(update_fields=["sent_at"])
            record("letter.sent", by=by, target=letter.to, kind=letter.kind, letter=letter.pk)
            complete()
    return letter


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
        sections = [] if sent.is_over or not gets_mail(person) else sections_of(kind, person, on)
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
