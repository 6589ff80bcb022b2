"""Invitations to appointments: who is asked, and the mails that they are owed (iTIP by e-mail, RFC 6047)."""

from collections.abc import Callable, Collection

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.clocks import time_zone_of
from accounts.models import User
from audit.actions import record
from common.calendars import CANCEL, REQUEST, Person, invitation
from common.exceptions import PolicyViolation
from common.locks import held
from contacts.models import Provider, Staff
from jobs import actions as jobs
from notices.calendars import host, zone_info
from visits import agenda, policies
from visits.models import Invitation, Visit, VisitState


@transaction.atomic
def invite(*, by: User, visit: Visit, people: Collection[Provider | Staff]) -> list[Invitation]:
    """Ask these attendees of an appointment by e-mail. Who was asked before and not withdrawn gets no second mail."""
    visit = Visit.objects.select_for_update(of=("self",)).select_related("practice", "owner").get(pk=visit.pk)
    policies.check_can_edit(by, visit)
    policies.check_can_invite(visit)
    coming = {(row.provider_id, row.staff_id) for row in visit.attendees.all()}
    asked = []
    for person in people:
        keys = {"provider": person, "staff": None} if isinstance(person, Provider) else {"provider": None, "staff": person}
        if ((person.pk, None) if isinstance(person, Provider) else (None, person.pk)) not in coming:
            raise PolicyViolation(f"{person} is not among those who come. Add them first.")
        if not person.email:
            raise PolicyViolation(f"No e-mail address of {person} is known. Add it to their record first.")
        fields = {**keys, "invited_by": by, "withdrawn_at": None}
        found, is_new = Invitation.objects.update_or_create(visit=visit, email=person.email.lower(), defaults=fields)
        if not is_new and found.told_cancelled:
            found.told_sequence, found.told_cancelled = None, False
            found.save(update_fields=["told_sequence", "told_cancelled"])
        asked.append(found)
    record("visit.invited", by=by, target=visit, people=len(asked))
    _owe(visit)
    return asked


def revise(*, visit: Visit, by: User) -> None:
    """A calendar shows the appointment differently now: the next sequence, and a mail to everybody who was asked.

    Called in the transaction of the change. Whoever was asked and no longer comes is told that it is cancelled.
    """
    visit.sequence, visit.revised_at = visit.sequence + 1, timezone.now()
    visit.save(update_fields=["sequence", "revised_at"])
    asked = list(visit.invitations.filter(withdrawn_at=None))
    if not asked:
        return
    coming = set(visit.attendees.values_list("provider_id", "staff_id"))
    gone = [row.pk for row in asked if (row.provider_id, row.staff_id) not in coming]
    Invitation.objects.filter(pk__in=gone).update(withdrawn_at=timezone.now())
    _owe(visit)


def _owe(visit: Visit) -> None:
    jobs.enqueue("visits.send_invitations", visit.pk, key=f"invitations {visit.pk}")


def _is_off(visit: Visit, asked: Invitation) -> bool:
    return (
        asked.withdrawn_at is not None
        or visit.deleted_at is not None
        or not visit.is_fixed
        or visit.state in {VisitState.CANCELLED, VisitState.MISSED}
    )


def send_invitations(*, visit: Visit, complete: Callable[[], None], by: User | None = None) -> int:
    """Send every mail that is owed, one worker at a time; returns how many.

    Each goes under a Message-ID of its own content: one of which nobody knows whether it was taken is handed over again as the same mail.
    """
    with held(f"invitations {visit.pk}"):
        sent = _send_owed(Visit.objects.select_related("practice", "owner").get(pk=visit.pk), by=by)
        complete()
    return sent


def _send_owed(visit: Visit, *, by: User | None) -> int:
    sent = 0
    for asked in visit.invitations.select_related("provider", "staff"):
        is_off = _is_off(visit, asked)
        never_told = asked.told_sequence is None
        if visit.state == VisitState.DONE or (is_off and (never_told or asked.told_cancelled)):
            continue
        if not is_off and not never_told and not asked.told_cancelled and (asked.told_sequence or 0) >= visit.sequence:
            continue
        _mail(visit, asked, CANCEL if is_off else REQUEST).send()
        with transaction.atomic():
            asked.told_sequence, asked.told_cancelled, asked.told_at = visit.sequence, is_off, timezone.now()
            asked.save(update_fields=["told_sequence", "told_cancelled", "told_at"])
            record("visit.invitation_sent", by=by, target=visit, invitation=asked.pk, method=CANCEL if is_off else REQUEST)
        sent += 1
    return sent


def _mail(visit: Visit, asked: Invitation, method: str) -> EmailMultiAlternatives:
    """multipart/alternative: words, and text/calendar with its method, as Outlook and Google take it for an invitation."""
    entry, zone = agenda.invitation_entry(visit), time_zone_of(visit.owner)
    organizer = Person(str(visit.owner), visit.owner.email)
    attendee = Person(str(asked.person), asked.email)
    calendar = invitation(entry, method=method, organizer=organizer, sender=settings.DEFAULT_FROM_EMAIL, attendee=attendee, time_zone=zone)
    when = timezone.localtime(visit.planned_at, zone_info(zone))
    words = {"visit": visit, "entry": entry, "when": when, "zone": when.tzname(), "is_off": method == CANCEL, "person": attendee.name}
    said = "Cancelled: " if method == CANCEL else "Updated: " if asked.told_sequence is not None else ""
    mail = EmailMultiAlternatives(
        f"{said}{entry.summary}, {when:%b %-d, %-I:%M %p}",
        render_to_string("visits/invitation.txt", words),
        f'"{str(visit.owner).replace(chr(34), "")}" <{settings.DEFAULT_FROM_EMAIL}>',
        [asked.email],
        reply_to=[visit.owner.email],
        headers={"Message-ID": f"<{visit.uid}.{visit.sequence}.{method.lower()}.{asked.pk}@{host()}>"},
    )
    mail.attach_alternative(calendar.decode(), f"text/calendar; method={method}")
    return mail
