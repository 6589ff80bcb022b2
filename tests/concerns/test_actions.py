"""Every step of a concern: what it stores, who may make it, what the history keeps."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.models import AuditEvent
from common.exceptions import PolicyViolation
from common.guarded import LooksLikePatient
from concerns import actions
from concerns.models import Concern
from jobs.actions import enqueue
from tests import factories
from tests.factories.concerns import make_category, make_concern, make_department

TODAY = timezone.localdate


@pytest.fixture
def category(world):
    return make_category("Scheduling", days=7)


def _events() -> list[str]:
    return [name for name in AuditEvent.objects.order_by("pk").values_list("event", flat=True) if name.startswith("concern")]


def test_a_concern_gets_its_department_and_deadline_from_its_category(world, category):
    concern = actions.open_concern(practice=world.north_practice, category=category, text=" Six weeks wait. ", by=world.nora)
    assert concern.text == "Six weeks wait."
    assert concern.department == category.department
    assert concern.due_on == TODAY() + dt.timedelta(days=7)
    assert (concern.state, concern.severity, concern.owner, concern.raised_by) == ("open", "normal", None, world.nora)
    assert _events() == ["concern.opened"]
    assert "Six weeks" not in str(AuditEvent.objects.last().details)


def test_resolved_is_not_closed_until_the_practice_was_told(world, category):
    concern = actions.open_concern(practice=world.north_practice, category=category, text="Six weeks wait.", by=world.nora)
    concern = actions.resolve_concern(concern=concern, resolution="Two more slots a week.", by=world.nora)
    assert concern.state == "resolved"
    assert Concern.objects.unfinished().get() == Concern.objects.to_tell().get() == concern
    with pytest.raises(PolicyViolation, match="resolved, not told already"):
        actions.resolve_concern(concern=concern, resolution="Again.", by=world.nora)
    with pytest.raises(PolicyViolation, match="lies ahead"):
        actions.tell_practice(concern=concern, told_on=TODAY() + dt.timedelta(days=1), told_how="visit", by=world.nora)
    with pytest.raises(PolicyViolation, match="cannot have heard before"):
        actions.tell_practice(concern=concern, told_on=TODAY() - dt.timedelta(days=1), told_how="visit", by=world.nora)
    concern = actions.tell_practice(concern=concern, told_on=TODAY(), told_how="visit", text="They are glad.", by=world.nora)
    assert (concern.state, concern.told_on, concern.told_by, concern.told_how) == ("closed", TODAY(), world.nora, "visit")
    assert not Concern.objects.unfinished().exists()
    assert [comment.kind for comment in concern.comments.all()] == ["resolved", "told"]
    assert _events() == ["concern.opened", "concern.resolved", "concern.closed"]


def test_the_database_itself_holds_that_closed_means_told(world, category):
    concern = make_concern(world.north_practice, world.nora)
    for wrong in ({"state": "closed", "resolved_at": timezone.now()}, {"told_on": TODAY()}, {"state": "resolved"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Concern.objects.filter(pk=concern.pk).update(**wrong)


def test_an_open_concern_cannot_be_closed(world, category):
    concern = make_concern(world.north_practice, world.nora)
    with pytest.raises(PolicyViolation, match="open already"):
        actions.tell_practice(concern=concern, told_on=TODAY(), told_how="phone", by=world.nora)


def test_reopened_the_days_count_anew_and_nothing_said_is_lost(world, category):
    concern = make_concern(world.north_practice, world.nora, days_ago=30, category=category)
    assert concern.days_late == 23
    actions.escalate_concern(concern=concern, to=world.dana, by=world.nora)
    concern = actions.resolve_concern(concern=concern, resolution="A new clerk.", by=world.nora)
    concern = actions.tell_practice(concern=concern, told_on=TODAY(), told_how="phone", by=world.nora)
    concern = actions.reopen_concern(concern=concern, text="It is back.", by=world.nora)
    assert (concern.state, concern.resolution, concern.told_on, concern.escalated_at) == ("open", "", None, None)
    assert concern.due_on == TODAY() + dt.timedelta(days=7)
    assert timezone.localdate(concern.raised_at) == TODAY() - dt.timedelta(days=30)
    assert [comment.text for comment in concern.comments.all()] == ["", "A new clerk.", "", "It is back."]
    with pytest.raises(PolicyViolation, match="open already"):
        actions.reopen_concern(concern=concern, by=world.nora)


def test_another_category_moves_the_deadline_unless_a_day_is_named(world, category):
    slow = make_category("Access and wait", days=30)
    concern = make_concern(world.north_practice, world.nora, days_ago=2, category=category)
    same = {"severity": "high", "department": concern.department, "owner": world.nora}
    concern = actions.change_concern(concern=concern, category=slow, due_on=concern.due_on, by=world.nora, **same)
    assert concern.due_on == TODAY() + dt.timedelta(days=28)
    named = TODAY() + dt.timedelta(days=3)
    concern = actions.change_concern(concern=concern, category=slow, due_on=named, by=world.nora, **same)
    assert concern.due_on == named
    actions.change_concern(concern=concern, category=slow, due_on=named, by=world.nora, **same)  # nothing changed, nothing told
    told = AuditEvent.objects.filter(event="concern.changed").order_by("pk")
    assert [sorted(event.details["changes"]) for event in told] == [["category", "due_on", "owner", "severity"], ["due_on"]]


@pytest.mark.parametrize("step", ["open", "comment", "resolve", "tell", "reopen", "escalate"])
def test_what_may_tell_a_patient_is_refused_until_somebody_says_it_is_none(world, category, step):
    text = "Pt Smith waited"
    concern = make_concern(world.north_practice, world.nora)
    if step in {"tell", "reopen"}:
        actions.resolve_concern(concern=concern, resolution="Done.", by=world.nora)
    act = {
        "open": lambda **how: actions.open_concern(practice=world.north_practice, category=category, text=text, by=world.nora, **how),
        "comment": lambda **how: actions.comment_on_concern(concern=concern, text=text, by=world.nora, **how),
        "resolve": lambda **how: actions.resolve_concern(concern=concern, resolution=text, by=world.nora, **how),
        "tell": lambda **how: actions.tell_practice(concern=concern, told_on=TODAY(), told_how="visit", text=text, by=world.nora, **how),
        "reopen": lambda **how: actions.reopen_concern(concern=concern, text=text, by=world.nora, **how),
        "escalate": lambda **how: actions.escalate_concern(concern=concern, to=world.dana, text=text, by=world.nora, **how),
    }[step]
    with pytest.raises(LooksLikePatient, match="a patient's name"):
        act()
    act(is_none=True)


def test_nothing_said_is_no_concern(world, category):
    with pytest.raises(PolicyViolation, match="Say what the practice said"):
        actions.open_concern(practice=world.north_practice, category=category, text="  ", by=world.nora)
    with pytest.raises(PolicyViolation, match="Say something"):
        actions.comment_on_concern(concern=make_concern(world.north_practice, world.nora), text="", by=world.nora)


@pytest.mark.parametrize("who", ["sol", "past", "ivan", "elle"])
def test_only_those_who_look_after_the_practice_write(world, category, who):
    person, concern = world.cast[who], make_concern(world.north_practice, world.nora)
    with pytest.raises(PolicyViolation, match="in your territories only"):
        actions.open_concern(practice=world.north_practice, category=category, text="Six weeks.", by=person)
    for step in (
        lambda: actions.resolve_concern(concern=concern, resolution="Done.", by=person),
        lambda: actions.comment_on_concern(concern=concern, text="Hm.", by=person),
        lambda: actions.escalate_concern(concern=concern, to=world.dana, by=person),
        lambda: actions.change_concern(
            concern=concern, category=category, severity="low", department=concern.department, owner=None, by=person
        ),
    ):
        with pytest.raises(PolicyViolation, match="Only people who look after this practice"):
            step()


def test_visibility(world):
    north = make_concern(world.north_practice, world.nora)
    south = make_concern(world.south_practice, world.sol, owner=world.nora)
    seen = {name: set(Concern.objects.visible_to(person)) for name, person in world.cast.items()}
    assert seen["nora"] == {north, south}, "her territory's, and one that she owns elsewhere"
    assert seen["sol"] == seen["over"] == {south}
    assert seen["past"] == set()
    assert seen["dana"] == seen["ada"] == seen["ivan"] == {north, south}
    world.nora.is_active = False
    assert not Concern.objects.visible_to(world.nora).exists()


def test_who_cannot_be_chosen(world, category):
    old = make_category("Old", is_active=False)
    with pytest.raises(PolicyViolation, match="no longer offered"):
        actions.open_concern(practice=world.north_practice, category=old, text="Six weeks.", by=world.nora)
    with pytest.raises(PolicyViolation, match="is not known to work at"):
        actions.open_concern(
            practice=world.north_practice, category=category, text="Six weeks.", provider=world.south_provider, by=world.nora
        )
    with pytest.raises(PolicyViolation, match="Elle cannot see concerns"):
        actions.open_concern(practice=world.north_practice, category=category, text="Six weeks.", owner=world.elle, by=world.nora)
    closed = make_department("Closed", is_active=False)
    with pytest.raises(PolicyViolation, match="no longer answers"):
        actions.change_concern(
            concern=make_concern(world.north_practice, world.nora),
            category=category,
            severity="low",
            department=closed,
            owner=None,
            by=world.nora,
        )


def test_a_concern_without_anybody_to_escalate_to_says_so(world):
    concern = make_concern(world.north_practice, world.nora)
    with pytest.raises(PolicyViolation, match="has no lead"):
        actions.escalate_concern(concern=concern, to=None, by=world.nora)
    concern.department.lead = world.dana
    concern.department.save()
    assert actions.escalate_concern(concern=concern, to=None, by=world.nora).escalated_to == world.dana


def test_late_concerns_go_to_the_lead_by_themselves_once(world, run_jobs):
    department = make_department("Access", lead=world.dana)
    kind = make_category("Waiting", days=5, department=department, escalate_days=3)
    left_alone = make_category("Other", days=5, department=department)
    late = make_concern(world.north_practice, world.nora, days_ago=8, category=kind)
    make_concern(world.north_practice, world.nora, days_ago=7, category=kind)  # two days late: not yet
    make_concern(world.north_practice, world.nora, days_ago=60, category=left_alone)
    make_concern(
        world.north_practice,
        world.nora,
        days_ago=60,
        category=make_category("No lead", department=make_department("Nobody"), escalate_days=1),
    )
    enqueue("concerns.escalate_late")
    run_jobs()
    late.refresh_from_db()
    assert late.escalated_to == world.dana
    assert Concern.objects.exclude(escalated_at=None).count() == 1
    assert (late.comments.get().kind, late.comments.get().written_by) == ("escalated", None)
    assert actions.escalate_late_concerns() == 0


def test_settings_are_for_admins(world):
    for person in (world.nora, world.dana, world.ivan):
        with pytest.raises(PolicyViolation, match="Only an admin"):
            actions.save_department(name="Access", by=person)
    department = actions.save_department(name=" Access ", lead=world.dana, by=world.ada)
    category = actions.save_category(name="Wait", department=department, deadline_days=9, by=world.ada)
    concern = make_concern(world.north_practice, world.nora, category=category)
    actions.save_category(category=category, name="Wait", department=department, deadline_days=3, by=world.ada)
    concern.refresh_from_db()
    assert (department.name, concern.due_on) == ("Access", TODAY() + dt.timedelta(days=9)), "a promise that runs stays"
    actions.save_department(department=department, name="Access", is_active=False, by=world.ada)
    with pytest.raises(PolicyViolation, match="no longer answers"):
        actions.save_category(category=category, name="Wait", department=department, deadline_days=3, by=world.ada)
    assert [
        name for name in AuditEvent.objects.order_by("pk").values_list("event", flat=True) if "." in name and not name.startswith("concern")
    ] == [
        "department.added",
        "category.added",
        "category.edited",
        "department.edited",
    ]


def test_words(world, category):
    concern = make_concern(world.north_practice, world.nora, category=category)
    assert str(concern) == "Scheduling, North Family Practice"
    assert concern.days_late == 0
    assert (str(category), str(category.department)) == ("Scheduling", "Access center")
    assert str(actions.comment_on_concern(concern=concern, text="Hm.", by=world.nora)).startswith("Comment, ")
    assert factories.make_practice().concerns.count() == 0
