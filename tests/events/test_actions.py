"""What is written of events, their guests and what they cost, and who may."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core import mail, signing
from django.utils import timezone
from django.utils.html import escape
from icalendar import Calendar

from audit.models import AuditEvent
from common.exceptions import PolicyViolation
from compliance.models import Rule, SpendEntry, SpendState
from compliance.policies import OverLimit
from compliance.queries import allowance_of
from contacts.models import Provider
from events import actions, policies
from events.actions import Cost, Outside
from events.models import Answer, Event, EventState, Guest, SignInWay
from events.signing import answer_token, answer_url, door_url, event_of, guest_of
from jobs.actions import run_waiting
from notices.calendars import entries_of
from notices.models import Notice
from tests.factories import make_provider, make_staff
from tests.factories.contacts import align
from tests.factories.events import make_event
from tests.factories.spend import make_limit


@pytest.fixture
def event(world) -> Event:
    return make_event(world.nora, practice=world.north_practice)


@pytest.fixture
def today(world) -> Event:
    """One that runs now."""
    return make_event(world.nora, days=-0.01, hours=2)


def calendars(index: int = -1) -> tuple[str, Calendar]:
    """The method and the calendar of a mail."""
    body, kind = mail.outbox[index].alternatives[-1]
    return kind, Calendar.from_ical(body)


# planning


def test_only_who_may_plans_and_changes(world, event):
    for who in (world.ivan, world.elle):
        with pytest.raises(PolicyViolation):
            make_event(who)
    with pytest.raises(PolicyViolation, match="Only a manager plans events for somebody else"):
        make_event(world.nora, owner=world.sol)
    made = make_event(world.dana, owner=world.sol)
    assert Notice.objects.filter(to=world.sol, url=made.get_absolute_url()).exists()
    with pytest.raises(PolicyViolation, match="in your territories"):
        make_event(world.nora, practice=world.south_practice)
    with pytest.raises(PolicyViolation, match="does not hold events"):
        make_event(world.dana, owner=world.ivan)
    with pytest.raises(PolicyViolation):
        actions.change_event(event=event, by=world.sol, title="Mine now")
    actions.change_event(event=event, by=world.nora, hosts=[world.sol])
    assert actions.change_event(event=event, by=world.sol, title="Helped").title == "Helped"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"title": " "}, "title"),
        ({"time_zone": "Mars/Olympus"}, "time zone"),
        ({"days": 4000}, "year"),
        ({"hours": 100}, "at most 3 days"),
        ({"hours": 0}, "later than it starts"),
        ({"about": "Pt Smith, MRN 123456"}, "patient"),
    ],
)
def test_what_an_event_must_say(world, fields, said):
    with pytest.raises(PolicyViolation, match=said):
        make_event(world.nora, **fields)


def test_an_unknown_field_is_a_mistake(world, event):
    with pytest.raises(TypeError, match="colour"):
        actions.change_event(event=event, by=world.nora, colour="red")


# invitations


def test_guests_get_a_mail_that_calendars_take(world, event):
    doctor = make_provider("Quill", at=world.north_practice, email="Quill@Example.org")
    mute = make_provider("Mute", at=world.north_practice)
    asked = actions.invite(
        event=event, people=[doctor, mute, world.sol], outside=[Outside("Gwen Guest", "gwen@example.org")], by=world.nora
    )
    assert len(asked) == 4
    run_waiting()
    assert sorted(letter.to[0] for letter in mail.outbox) == ["gwen@example.org", "quill@example.org", world.sol.email]
    letter = next(letter for letter in mail.outbox if letter.to == ["quill@example.org"])
    guest = event.guests.get(provider=doctor)
    assert answer_url(guest) in letter.body
    assert letter.reply_to == [world.nora.email]
    html, form = letter.alternatives[0]
    assert form == "text/html"
    assert escape(answer_url(guest)) in html
    for text in (letter.body, html):
        assert event.title in text
        assert not [other for other in ("Gwen", "Sol", "Mute") if other in text], "a guest learns of nobody else"
    kind, calendar = calendars(mail.outbox.index(letter))
    assert kind == "text/calendar; method=REQUEST"
    (entry,) = calendar.walk("VEVENT")
    assert (str(calendar["METHOD"]), str(entry["UID"]), entry["SEQUENCE"]) == ("REQUEST", str(event.uid), 0)
    assert entry["DTSTART"].dt == event.starts_at
    assert str(entry["DTSTART"].params["TZID"]) == "America/New_York"
    assert str(entry["ATTENDEE"]) == "mailto:quill@example.org"
    assert entry["ATTENDEE"].params["RSVP"] == "TRUE"
    assert not entry.get("URL"), "guests have no account"
    assert calendar.walk("VTIMEZONE")
    mail.outbox.clear()
    actions.invite(event=event, people=[doctor], by=world.nora)
    run_waiting()
    assert not mail.outbox, "nobody is asked twice"


def test_a_change_and_a_cancellation_follow_with_the_next_sequence(world, event):
    actions.invite(event=event, outside=[Outside("Gwen", "gwen@example.org")], by=world.nora)
    run_waiting()
    event = actions.change_event(
        event=event, by=world.nora, starts_at=event.starts_at + dt.timedelta(minutes=30), ends_at=event.ends_at + dt.timedelta(hours=1)
    )
    run_waiting()
    kind, calendar = calendars()
    assert kind.endswith("REQUEST")
    assert calendar.walk("VEVENT")[0]["SEQUENCE"] == 1
    assert mail.outbox[-1].subject.startswith("Updated: ")
    event = actions.change_event(event=event, by=world.nora, capacity=30)
    run_waiting()
    assert len(mail.outbox) == 2, "no calendar shows the room"
    event = actions.cancel_event(event=event, reason="Speaker ill", by=world.nora)
    run_waiting()
    kind, calendar = calendars()
    assert (kind, str(calendar.walk("VEVENT")[0]["STATUS"])) == ("text/calendar; method=CANCEL", "CANCELLED")
    assert calendar.walk("VEVENT")[0]["SEQUENCE"] == 2
    assert "Speaker ill" not in mail.outbox[-1].body, "the reason is for colleagues"
    actions.restore_event(event=event, by=world.nora)
    run_waiting()
    kind, calendar = calendars()
    assert kind.endswith("REQUEST")
    assert calendar.walk("VEVENT")[0]["SEQUENCE"] == 3
    assert len({letter.extra_headers["Message-ID"] for letter in mail.outbox}) == 4


def test_an_invitation_taken_back_is_cancelled_for_that_guest_only(world, event):
    gwen, _hal = actions.invite(
        event=event, outside=[Outside("Gwen", "gwen@example.org"), Outside("Hal", "hal@example.org")], by=world.nora
    )
    run_waiting()
    mail.outbox.clear()
    actions.withdraw_invitation(guest=gwen, by=world.nora)
    run_waiting()
    assert [(letter.to, letter.alternatives[-1][1]) for letter in mail.outbox] == [(["gwen@example.org"], "text/calendar; method=CANCEL")]
    assert "taken back" in mail.outbox[0].body
    actions.invite(event=event, outside=[Outside("Gwen", "gwen@example.org")], by=world.nora)
    run_waiting()
    assert [letter.alternatives[-1][1] for letter in mail.outbox[1:]] == ["text/calendar; method=REQUEST"]
    assert event.guests.count() == 2


def test_who_was_never_told_gets_no_cancellation(world, event):
    (gwen,) = actions.invite(event=event, outside=[Outside("Gwen", "gwen@example.org")], by=world.nora)
    actions.withdraw_invitation(guest=gwen, by=world.nora)
    run_waiting()
    assert not mail.outbox


def test_an_event_for_our_own_people_asks_only_those(world):
    event = make_event(world.nora, audience="internal")
    ours, free = make_provider(at=world.north_practice), make_provider(at=world.north_practice)
    align(ours, "employed")
    align(free, "independent")
    actions.invite(event=event, people=[ours, world.sol], by=world.nora)
    with pytest.raises(PolicyViolation, match="not employed or affiliated"):
        actions.invite(event=event, people=[free], by=world.nora)
    with pytest.raises(PolicyViolation, match="our own people"):
        actions.invite(event=event, people=[make_staff(world.north_practice)], by=world.nora)
    with pytest.raises(PolicyViolation, match="our own people"):
        actions.invite(event=event, outside=[Outside("Gwen")], by=world.nora)


def test_nobody_is_asked_whom_one_does_not_see_or_to_what_is_over(world, event):
    with pytest.raises(PolicyViolation, match="not in your territories"):
        actions.invite(event=event, people=[world.south_provider], by=world.nora)
    with pytest.raises(PolicyViolation, match="over"):
        actions.invite(event=make_event(world.nora, days=-1), people=[world.north_provider], by=world.nora)


# answers


def test_answers_reach_the_owner_in_one_notice(world, event):
    guests = actions.invite(event=event, outside=[Outside("Gwen"), Outside("Hal")], by=world.nora)
    actions.answer_invitation(guest=guests[0], answer=Answer.YES, by=None)
    actions.answer_invitation(guest=guests[1], answer=Answer.NO, by=None)
    (notice,) = Notice.objects.filter(to=world.nora)
    assert "1 yes, 0 maybe, 1 no" in notice.text


def test_the_last_place_is_promised_once(world):
    event = make_event(world.nora, capacity=1)
    first, second = actions.invite(event=event, outside=[Outside("Gwen"), Outside("Hal")], by=world.nora)
    actions.answer_invitation(guest=first, answer=Answer.YES, by=None)
    with pytest.raises(PolicyViolation, match="full"):
        actions.answer_invitation(guest=second, answer=Answer.YES, by=None)
    actions.answer_invitation(guest=second, answer=Answer.MAYBE, by=None)
    actions.answer_invitation(guest=first, answer=Answer.NO, by=None)
    assert actions.answer_invitation(guest=second, answer=Answer.YES, by=None).answer == Answer.YES


def test_addresses_cannot_be_made_up_and_end(world, event, monkeypatch):
    (guest,) = actions.invite(event=event, outside=[Outside("Gwen")], by=world.nora)
    token = answer_token(guest)
    assert guest_of(token) == guest
    assert guest_of(f"{guest.pk + 1}{token[len(str(guest.pk)) :]}") is None
    assert guest_of(signing.Signer(salt="other", sep="~").sign(str(guest.pk))) is None
    code = door_url(event).rstrip("/").rsplit("/", 1)[1]
    assert event_of(code) == event
    assert event_of(token) is None
    late = timezone.now().timestamp() + 13 * 3600
    with monkeypatch.context() as patched:
        patched.setattr(signing.time, "time", lambda: late)
        assert event_of(code) is None
    Event.objects.filter(pk=event.pk).update(code_serial=2)
    assert event_of(code) is None


# the door


def test_a_guest_signs_in_by_code_and_is_found_on_the_list(world, today):
    doctor = make_provider("Quill", first_name="Ann", credential="MD", at=world.north_practice, email="quill@example.org")
    other = make_provider("Park", first_name="Jo", at=world.north_practice)
    desk = make_staff(world.north_practice, "Desk Doe", email="desk@example.org")
    shared = make_staff(world.north_practice, "Dana Doe", email="desk@example.org")
    actions.invite(event=today, people=[doctor, other, desk, shared], by=world.nora)
    by_npi = actions.sign_in_by_code(event=today, name="A. Quill", npi=doctor.npi)
    assert (by_npi.provider, by_npi.signed_in_way) == (doctor, SignInWay.CODE)
    assert actions.sign_in_by_code(event=today, name="Anything", email="QUILL@example.org").provider == doctor, "again, by address"
    assert actions.sign_in_by_code(event=today, name="Dr. Jo Park, MD").provider == other, "degrees and titles do not matter"
    assert actions.sign_in_by_code(event=today, name="Dana Doe", email="desk@example.org").staff == shared, (
        "an address of two: the name says"
    )
    unknown = actions.sign_in_by_code(event=today, name="Desk Dough", email="desk@example.org")
    assert not unknown.is_known
    assert today.guests.to_match().get() == unknown
    assert actions.sign_in_by_code(event=today, name="desk dough ", email="desk@example.org") == unknown, "twice is once"
    assert today.guests.came().count() == 4


def test_a_name_is_not_taken_for_somebody_with_another_address(world, today):
    doctor = make_provider("Park", first_name="Jo", at=world.north_practice, email="jo@example.org")
    actions.invite(event=today, people=[doctor], by=world.nora)
    assert not actions.sign_in_by_code(event=today, name="Jo Park", email="another@example.org").is_known


def test_the_door_is_open_around_the_event_only(world, event, today):
    with pytest.raises(PolicyViolation, match="closed"):
        actions.sign_in_by_code(event=event, name="Early Bird")
    assert policies.is_door_open(today)
    actions.cancel_event(event=today, by=world.nora)
    with pytest.raises(PolicyViolation, match="closed"):
        actions.sign_in_by_code(event=today, name="Late Bird")
    for name, npi, said in (("", "", "name"), ("A", "1234567890", "no NPI")):
        with pytest.raises(PolicyViolation, match=said):
            actions.sign_in_by_code(event=make_event(world.nora, days=-0.01), name=name, npi=npi)


def test_a_list_cannot_be_filled_by_a_machine(world, today, monkeypatch):
    monkeypatch.setattr(policies, "MOST_TYPED", 2)
    for name in ("One", "Two"):
        actions.sign_in_by_code(event=today, name=name)
    with pytest.raises(PolicyViolation, match="ask whoever holds"):
        actions.sign_in_by_code(event=today, name="Three")


def test_a_walk_in_is_matched_and_the_match_undone(world, today):
    (asked,) = actions.invite(event=today, people=[world.north_provider], by=world.nora)
    typed = actions.sign_in_by_code(event=today, name="Somebody Else")
    assert actions.match_guest(guest=typed, to=asked, by=world.nora) == asked
    asked.refresh_from_db()
    typed.refresh_from_db()
    assert asked.has_come
    assert not typed.has_come
    assert today.guests.came().count() == 1
    assert actions.sign_in_by_code(event=today, name="Somebody Else") == asked, "the matched name does not come a second time"
    actions.undo_match(guest=typed, by=world.nora)
    asked.refresh_from_db()
    typed.refresh_from_db()
    assert (asked.has_come, typed.has_come) == (False, True)
    desk = make_staff(world.north_practice)
    assert actions.match_guest(guest=typed, to=desk, by=world.nora).staff == desk
    actions.undo_match(guest=typed, by=world.nora)
    typed.refresh_from_db()
    assert (typed.staff, typed.has_come) == (None, True)
    with pytest.raises(PolicyViolation, match="not in your territories"):
        actions.match_guest(guest=typed, to=world.south_provider, by=world.nora)
    with pytest.raises(PolicyViolation, match="not waiting"):
        actions.match_guest(guest=asked, to=desk, by=world.nora)


def test_a_walk_in_of_a_known_person_is_once(world, today):
    first = actions.add_walk_in(event=today, person=world.north_provider, by=world.nora)
    assert actions.add_walk_in(event=today, person=world.north_provider, by=world.nora) == first
    assert first.signed_in_way == SignInWay.WALK_IN
    actions.undo_sign_in(guest=first, by=world.nora)
    assert today.guests.standing().count() == 0
    with pytest.raises(PolicyViolation):
        actions.sign_in(guest=first, by=world.sol)


# calendars


def test_ones_own_calendar_has_events(world, event):
    def uids(person):
        return {entry.uid for entry in entries_of(person)}

    assert str(event.uid) in uids(world.nora)
    assert str(event.uid) not in uids(world.sol)
    (guest,) = actions.invite(event=event, people=[world.sol], by=world.nora)
    assert str(event.uid) in uids(world.sol)
    actions.answer_invitation(guest=guest, answer=Answer.NO, by=None)
    assert str(event.uid) not in uids(world.sol)
    actions.cancel_event(event=event, by=world.nora)
    assert [entry.is_cancelled for entry in entries_of(world.nora) if entry.uid == str(event.uid)] == [True]


# what it costs


@pytest.fixture
def doctor(world) -> Provider:
    make_limit()
    found = make_provider("Limit", at=world.north_practice)
    align(found, "independent")
    return found


def _left(doctor: Provider) -> tuple[Decimal, Decimal]:
    year = allowance_of(doctor, year=timezone.localdate().year)
    return year.planned, year.happened


def test_cost_is_planned_before_and_happened_after_shared_by_heads(world, doctor, today):
    today = make_event(world.nora, days=0.02)
    desk = make_staff(world.north_practice)
    actions.invite(event=today, people=[doctor, desk], by=world.nora)
    cost = Cost(Decimal("60.00"), "Lunch", providers=[doctor], staff=[desk], others=1, ours=1)
    entry = actions.save_cost(event=today, cost=cost, by=world.nora)
    assert (entry.state, _left(doctor)) == (SpendState.PLANNED, (Decimal("15.00"), Decimal("0.00")))
    Event.objects.filter(pk=today.pk).update(
        starts_at=timezone.now() - dt.timedelta(hours=1), ends_at=timezone.now() + dt.timedelta(seconds=1)
    )
    today.refresh_from_db()
    actions.hold_event(event=today, by=world.nora)
    again = actions.save_cost(event=today, cost=Cost(Decimal("80.00"), "Lunch", providers=[doctor], ours=1), entry=entry, by=world.nora)
    assert (again.pk, again.state) == (entry.pk, SpendState.HAPPENED)
    assert _left(doctor) == (Decimal("0.00"), Decimal("40.00"))


def test_planned_cost_over_a_limit_is_refused_unless_a_manager_says_why(world, doctor, event):
    actions.invite(event=event, people=[doctor], by=world.nora)
    cost = Cost(Decimal("9000.00"), "Dinner", providers=[doctor])
    with pytest.raises(OverLimit):
        actions.save_cost(event=event, cost=cost, by=world.nora)
    assert not SpendEntry.objects.exists()
    entry = actions.save_cost(
        event=event, cost=Cost(Decimal("9000.00"), "Dinner", providers=[doctor], override_reason="Board"), by=world.dana
    )
    assert entry.overridden_by == world.dana


def test_only_guests_have_part_of_it(world, doctor, event):
    with pytest.raises(PolicyViolation, match="not on the event's list"):
        actions.save_cost(event=event, cost=Cost(Decimal("10.00"), "Lunch", providers=[doctor]), by=world.nora)


def test_a_guest_of_another_field_has_their_part(world, doctor):
    """At grand rounds sit physicians whom the person who holds it does not look after."""
    event = make_event(world.nora, days=-1)
    south = make_provider(at=world.south_practice)
    align(south, "independent")
    actions.add_walk_in(event=event, person=south, by=world.dana)
    actions.hold_event(event=event, by=world.nora)
    entry = actions.save_cost(event=event, cost=Cost(Decimal("50.00"), "Breakfast", providers=[south], ours=1), by=world.nora)
    assert entry.shares.get(provider=south).rule == Rule.LIMIT
    changed = actions.save_cost(
        event=event, cost=Cost(Decimal("70.00"), "Breakfast", providers=[south], ours=1), entry=entry, by=world.nora
    )
    assert changed.shares.get(provider=south).amount == Decimal("35.00")


def test_a_cancelled_event_cancels_what_was_planned(world, doctor, event):
    actions.invite(event=event, people=[doctor], by=world.nora)
    own = actions.save_cost(event=event, cost=Cost(Decimal("40.00"), "Lunch", providers=[doctor]), by=world.nora)
    theirs = actions.save_cost(event=event, cost=Cost(Decimal("30.00"), "Room", kind="education", providers=[doctor]), by=world.dana)
    actions.cancel_event(event=event, by=world.nora)
    own.refresh_from_db()
    theirs.refresh_from_db()
    assert (own.state, theirs.state) == (SpendState.CANCELLED, SpendState.PLANNED)
    assert Notice.objects.filter(to=world.dana, url=theirs.get_absolute_url()).exists(), "what somebody else has to cancel they hear of"
    assert Event.objects.get().state == EventState.CANCELLED


def test_over_and_undecided_costs_nothing_yet(world, doctor):
    event = make_event(world.nora, days=-1)
    actions.add_walk_in(event=event, person=doctor, by=world.nora)
    with pytest.raises(PolicyViolation, match="Say first that it was held"):
        actions.save_cost(event=event, cost=Cost(Decimal("10.00"), "Lunch", providers=[doctor]), by=world.nora)


def test_a_cost_belongs_to_its_event(world, doctor, event):
    other = make_event(world.nora)
    actions.invite(event=event, people=[doctor], by=world.nora)
    entry = actions.save_cost(event=event, cost=Cost(Decimal("40.00"), "Lunch", providers=[doctor]), by=world.nora)
    for act in (
        lambda: actions.save_cost(event=other, cost=Cost(Decimal("1.00"), "Lunch", others=1), entry=entry, by=world.nora),
        lambda: actions.cancel_cost(event=other, entry=entry, reason="x", by=world.nora),
    ):
        with pytest.raises(PolicyViolation, match="another occasion"):
            act()
    actions.cancel_cost(event=event, entry=entry, reason="Not ordered", by=world.nora)
    entry.refresh_from_db()
    assert entry.state == SpendState.CANCELLED


def test_the_history_quotes_nobody(world, today):
    actions.invite(event=today, outside=[Outside("Gwen Secret", "gwen@example.org")], by=world.nora)
    actions.sign_in_by_code(event=today, name="Hal Secret")
    told = list(AuditEvent.objects.filter(target_type="events.event").values_list("details", flat=True))
    assert told
    assert "Secret" not in str(told)
    assert not Guest.objects.filter(name="").exists()
