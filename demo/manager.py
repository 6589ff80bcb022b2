"""A manager's Monday in the invented world: comments, a talk, a schedule, a new physician and what the registry tells, by real actions."""

import datetime as dt
import io
from collections.abc import Mapping

from django.utils import timezone

import comments.actions
import introductions.actions
import reports.actions
from accounts.models import User
from comments.models import Comment
from contacts.imports import import_file
from contacts.models import Affiliation, MoveNotice, Practice
from introductions.models import NewPhysician
from referrals.models import Payer, Referral
from reports.actions.meetings import Agreed
from reports.models import OneToOne, ReportSchedule
from reports.querysets import led_by
from visits.models import Visit, VisitState

_HEAD = (
    "NPI", "Entity Type Code", "Provider Last Name (Legal Name)", "Provider First Name",
    "Provider First Line Business Practice Location Address", "Provider Business Practice Location Address City Name",
    "Provider Business Practice Location Address State Name", "Provider Business Practice Location Address Postal Code", "Last Update Date",
    "NPI Deactivation Date", "NPI Reactivation Date", "Healthcare Provider Taxonomy Code_1",
)  # fmt: skip


def ensure_monday(manager: User) -> None:
    """Each part once, in whatever order it was made before."""
    liaisons = list(led_by(manager).order_by("pk"))
    if not liaisons:
        return
    _ensure_comments(manager, liaisons[0])
    _ensure_talk(manager, liaisons[0])
    _ensure_schedule(manager)
    _ensure_physician(manager, {person.pk: person for person in liaisons})
    _ensure_moves()


def _ensure_comments(manager: User, liaison: User) -> None:
    visit = Visit.objects.filter(owner=liaison, state=VisitState.DONE, deleted_at=None).order_by("-visited_at").first()
    if visit is None or Comment.objects.exists():
        return
    ask = f"@{liaison} good visit. Did they say how long they wait for a first appointment?"
    comments.actions.add_comment(kind="visit", pk=visit.pk, text=ask, by=manager)
    comments.actions.add_comment(kind="visit", pk=visit.pk, text=f"@{manager} about three weeks, I asked twice.", by=liaison)


def _ensure_talk(manager: User, liaison: User) -> None:
    if OneToOne.objects.exists():
        return
    today = timezone.localdate()
    reports.actions.hold_one_to_one(
        liaison=liaison,
        held_on=today - dt.timedelta(days=14),
        notes="The drives in the west take too long; two practices there want mornings only.",
        agreed=[
            Agreed("Put the western practices on one morning a week", liaison, today + dt.timedelta(days=7)),
            Agreed("Ask cardiology for a second phone line", manager, today - dt.timedelta(days=2)),
        ],
        by=manager,
    )


def _ensure_schedule(manager: User) -> None:
    if not ReportSchedule.objects.exists():
        reports.actions.save_schedule(
            kind="review", parameters={}, territory=None, recipients=[manager], rhythm="weekly", weekday=0, by=manager
        )


def _ensure_physician(manager: User, liaisons: Mapping[int, User]) -> None:
    """Somebody whom our referrals name as who receives them, introduced since three months."""
    if NewPhysician.objects.exists():
        return
    newest = Referral.objects.exclude(performer=None).order_by("-anchor_on", "-pk").select_related("performer", "service_line").first()
    if newest is None or newest.performer is None:
        return
    start = timezone.localdate() - dt.timedelta(days=80)
    payers = {payer: start + dt.timedelta(days=30 * place) for place, payer in enumerate(Payer.objects.order_by("pk")[:3])}
    physician = introductions.actions.save_physician(
        provider=newest.performer,
        service_line=newest.service_line,
        start_on=start,
        credentialed_on=start + dt.timedelta(days=10),
        ideal_patient="New chest pain, palpitations, and patients after a stent who need follow-up close to home.",
        how_to_refer="Central scheduling, or by name in the EHR. A first appointment within ten days is held for referrals of practices.",
        planned_30=4,
        planned_60=8,
        planned_90=15,
        led_by=manager,
        payers=payers,
        by=manager,
    )
    for person in liaisons.values():
        practice = Practice.objects.visible_to(person).exclude(tier="").order_by("tier", "pk").first()
        if practice is not None:
            introductions.actions.add_target(physician=physician, practice=practice, owner=person, by=manager)


def _ensure_moves() -> None:
    """Two records of a week's registry file: one moved, one whose number is over."""
    if MoveNotice.objects.exists():
        return
    works = Affiliation.objects.open().filter(provider__is_stale=False).exclude(provider__npi="").select_related("provider", "practice")
    rows = []
    for place, here in enumerate(works.order_by("-pk")[:2]):
        person, day = here.provider, f"{timezone.localdate():%m/%d/%Y}"
        gone = day if place else ""
        rows.append(
            [person.npi, "1", person.last_name, person.first_name, "4400 Lakeview Blvd", here.practice.city,
             here.practice.state, here.practice.zip, day, gone, "", person.specialty.code if person.specialty else ""]
        )  # fmt: skip
    text = "\n".join(",".join(f'"{cell}"' for cell in row) for row in [_HEAD, *rows])
    import_file(kind="providers", source=io.BytesIO(text.encode()), file_name="nppes-weekly.csv", by=None)
