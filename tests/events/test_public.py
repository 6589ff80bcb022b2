"""What guests open without an account, the code, the cost page, timelines, the calendar and the API."""

import datetime as dt
import html
import re
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from compliance.models import SpendEntry, SpendState
from events import actions
from events.actions import Cost, Outside
from events.codes import svg_of
from events.digests import events_ahead
from events.models import Event, EventState
from events.signing import answer_url, door_url
from tests.factories import make_provider, make_staff
from tests.factories.contacts import align
from tests.factories.events import make_event
from tests.factories.spend import make_limit
from visits.actions import make_calendar_feed


def text_of(answer) -> str:
    return html.unescape(answer.content.decode())


def path_of(url: str) -> str:
    return urlsplit(url).path


@pytest.fixture
def event(world) -> Event:
    return make_event(world.nora, practice=world.north_practice, credits="1.50")


@pytest.fixture
def today(world) -> Event:
    return make_event(world.nora, days=-0.01, hours=2, practice=world.north_practice)


def test_an_invitation_is_answered_without_an_account(client, world, event):
    gwen, _hal = actions.invite(event=event, outside=[Outside("Gwen Guest"), Outside("Hal Other")], by=world.nora)
    url = path_of(answer_url(gwen))
    page = text_of(client.get(url))
    for shown in ("Gwen Guest, will you come?", event.title, "1.5 CME credits", world.nora.email):
        assert shown in page, shown
    assert "Hal Other" not in page
    gwen.refresh_from_db()
    assert gwen.answer == "", "mail programs follow links by themselves: looking answers nothing"
    assert client.post(url, {"answer": "nonsense"}).status_code == 422
    assert client.post(url, {"answer": "yes"})["Location"] == url
    assert "You said yes" in text_of(client.get(url))
    assert "no-store" in client.get(url)["Cache-Control"]
    actions.withdraw_invitation(guest=gwen, by=world.nora)
    gone = client.get(url)
    assert (gone.status_code, "no longer stands" in text_of(gone)) == (410, True)
    wrong = client.get("/answer/12~nonsense/")
    assert wrong.status_code == 404
    assert vars(wrong)["_has_been_logged"], "a guest's own address is in no log"


def test_a_full_event_says_so(client, world, event):
    actions.change_event(event=event, by=world.nora, capacity=1)
    gwen, hal = actions.invite(event=event, outside=[Outside("Gwen"), Outside("Hal")], by=world.nora)
    client.post(path_of(answer_url(gwen)), {"answer": "yes"})
    full = client.post(path_of(answer_url(hal)), {"answer": "yes"})
    assert full.status_code == 422
    assert "The event is full" in text_of(full)


def test_answers_close_when_it_begins(client, world, event):
    (gwen,) = actions.invite(event=event, outside=[Outside("Gwen")], by=world.nora)
    Event.objects.filter(pk=event.pk).update(starts_at=timezone.now() - dt.timedelta(minutes=1))
    url = path_of(answer_url(gwen))
    assert "answers are closed" in text_of(client.get(url))
    assert client.post(url, {"answer": "yes"}).status_code == 422


def test_signing_in_by_the_code_tells_nobody_who_is_on_the_list(client, world, today):
    doctor = make_provider("Quill", first_name="Ann", at=world.north_practice)
    actions.invite(event=today, people=[doctor], by=world.nora)
    url = path_of(door_url(today))
    page = client.get(url)
    assert page.status_code == 200
    assert "Quill" not in text_of(page)
    assert client.post(url, {"name": "", "npi": "12"}).status_code == 422
    answers = [client.post(url, {"name": name}, follow=True) for name in ("Ann Quill", "Nobody Known")]
    assert {answer.redirect_chain[0][0] for answer in answers} == {f"{url}?done"}
    assert answers[0].content == answers[1].content, "the same answer for both"
    assert today.guests.get(provider=doctor).has_come
    assert today.guests.to_match().get().name == "Nobody Known"


def test_a_code_ends_with_the_event_or_a_new_code(client, as_, world, event, today):
    url = path_of(door_url(today))
    assert as_("nora").post(f"/events/{today.pk}/code/new/").status_code == 302
    assert client.get(url).status_code == 404
    assert client.get(path_of(door_url(event))).status_code == 410, "too early"
    assert client.get("/door/1-1~x~y/").status_code == 404


def test_the_public_pages_are_limited(client, world, today, settings):
    settings.ACCOUNT_RATE_LIMITS = {"event_door": "2/m/ip", "event_answer": "1/m/ip"}
    cache.clear()
    url = path_of(door_url(today))
    codes = [client.post(url, {"name": f"Guest {number}"}).status_code for number in range(3)]
    assert codes == [302, 302, 429]
    ahead = make_event(world.nora)
    (gwen,) = actions.invite(event=ahead, outside=[Outside("Gwen")], by=world.nora)
    codes = [client.post(path_of(answer_url(gwen)), {"answer": answer}).status_code for answer in ("yes", "no")]
    assert codes == [302, 429]
    cache.clear()


def test_the_code_holds_its_address(as_, world, today):
    page = text_of(as_("nora").get(f"/events/{today.pk}/code/"))
    (path,) = re.findall(r'<path d="([^"]+)"', page[page.index('class="qr"') :])
    size = int(re.search(r'class="qr" viewBox="0 0 (\d+)', page)[1])
    assert len(path) > 500
    assert size >= 8 + 25, "a quiet zone of four modules on each side"
    assert svg_of("a") != svg_of("b")
    assert "style" not in svg_of("a"), "no inline style under this policy"
    assert as_("sol").get(f"/events/{today.pk}/code/").status_code == 404


# cost


def test_cost_by_the_page_with_what_is_left(as_, world, event):
    make_limit()
    doctor, desk = make_provider("Limit", at=world.north_practice), make_staff(world.north_practice)
    align(doctor, "independent")
    actions.invite(event=event, people=[doctor, desk], outside=[Outside("Gwen")], by=world.nora)
    client, url = as_("nora"), f"/events/{event.pk}/cost/"
    page = client.get(url)
    assert page.context["form"]["providers"].value() == [doctor.pk]
    assert page.context["form"]["staff_count"].value() == 1
    assert reverse("compliance:allowance") in text_of(page)
    assert client.post(url, {}).status_code == 422
    sent = {
        "kind": "meal",
        "amount": "80.00",
        "providers": [doctor.pk],
        "staff": [desk.pk],
        "staff_count": "1",
        "ours": "1",
        "purpose": "Lunch",
    }
    asked = client.get(reverse("compliance:allowance"), {**sent, "spent_on": event.local_start.date().isoformat()})
    assert "$20.00 of this counts" in text_of(asked), "shown before saving: 80 dollars by four heads"
    assert client.post(url, {**sent, "amount": "99999.00"}).status_code == 422
    assert "over" in text_of(client.post(url, {**sent, "amount": "99999.00"}))
    assert client.post(url, {**sent, "purpose": "Pt Smith, MRN 123456"}).status_code == 422
    assert client.post(url, sent).status_code == 302
    entry = SpendEntry.objects.get()
    detail = text_of(client.get(event.get_absolute_url()))
    assert "$80.00" in detail
    assert "$20.00 a head, 4 people" in detail
    assert "$80.00" not in text_of(as_("ivan").get(event.get_absolute_url())), "analysts see no spend"
    client = as_("nora")
    assert client.get(f"{url}{entry.pk}/").context["form"]["amount"].value() == Decimal("80.00")
    assert client.get(f"/events/{event.pk}/cost/{entry.pk + 1}/").status_code == 404
    assert client.post(f"{url}{entry.pk}/cancel/", {"reason": ""}).status_code == 422
    assert client.post(f"{url}{entry.pk}/cancel/", {"reason": "Not ordered"}).status_code == 302
    entry.refresh_from_db()
    assert entry.state == SpendState.CANCELLED


def test_cost_of_what_is_over_waits_for_a_word(as_, world):
    event = make_event(world.nora, days=-1)
    assert "Say first that it was held" in text_of(as_("nora").get(f"/events/{event.pk}/cost/", follow=True))


# timelines, calendar, digest


@pytest.mark.parametrize("panel", ["visits:provider-panel", "visits:practice-panel"])
def test_attendance_is_on_the_timeline_without_its_amount(as_, world, today, panel):
    make_limit()
    doctor = world.north_provider
    align(doctor, "independent")
    actions.add_walk_in(event=today, person=doctor, by=world.nora)
    actions.hold_event(event=today, by=world.nora)
    actions.save_cost(event=today, cost=Cost(Decimal("87.65"), "Lunch", providers=[doctor], ours=1), by=world.nora)
    owner = doctor if panel == "visits:provider-panel" else world.north_practice
    page = text_of(as_("nora").get(reverse(panel, args=[owner.pk])))
    said = "Lunch and learn: attended" if owner is doctor else "Lunch and learn: 1 came"
    for shown in (said, today.title, "Meal", today.get_absolute_url()):
        assert shown in page, shown
    assert "87.65" not in page
    assert "43.8" not in page
    assert "Meal" not in text_of(as_("ivan").get(reverse(panel, args=[owner.pk])))


def test_an_invitation_stands_on_the_timeline_until_it_is_off(as_, world, event):
    actions.invite(event=event, people=[world.north_provider], by=world.nora)
    url = reverse("visits:provider-panel", args=[world.north_provider.pk])
    assert "Lunch and learn: invited" in text_of(as_("nora").get(url))
    actions.cancel_event(event=event, by=world.nora)
    assert event.title not in text_of(as_("nora").get(url))


def test_a_timeline_is_flat(as_, world, assert_flat_queries):
    def more(count: int) -> None:
        for _ in range(count):
            event = make_event(world.nora, days=-2)
            actions.add_walk_in(event=event, person=world.north_provider, by=world.nora)
            actions.hold_event(event=event, by=world.nora)

    as_("nora")
    assert_flat_queries(reverse("visits:provider-panel", args=[world.north_provider.pk]), more, few=2, many=5)


def test_the_feed_holds_events(client, world, event):
    body = client.get(f"/calendar/{make_calendar_feed(by=world.nora)}.ics").content.decode()
    assert f"UID:{event.uid}" in body
    assert "SUMMARY:Lunch and learn: New heart valve program" in body


def test_the_daily_mail_names_what_is_near(world):
    near, far = make_event(world.nora, days=1, title="Near"), make_event(world.nora, days=9, title="Far")
    section = events_ahead(world.nora, timezone.localdate())
    assert [line.text for line in section.lines] == [near.title]
    assert far.title not in str(section)
    assert events_ahead(world.sol, timezone.localdate()) is None
    assert events_ahead(world.elle, timezone.localdate()) is None


# API


def test_the_api_does_what_the_pages_do(as_, world):
    client = as_("nora")
    starts = timezone.localtime() + dt.timedelta(days=5)
    sent = {
        "title": "Grand rounds",
        "kind": "grand rounds",
        "starts_at": starts.isoformat(),
        "ends_at": (starts + dt.timedelta(hours=1)).isoformat(),
    }

    def post(path: str, body: object, status: int = 200):
        answer = client.post(f"/api/v1/events/{path}", body, "application/json")
        assert answer.status_code == status, answer.content
        return answer.json()

    post("", {**sent, "practice": world.south_practice.pk}, 400)
    post("", {**sent, "about": "MRN 123456"}, 400)
    made = post("", {**sent, "practice": world.north_practice.pk}, 201)
    one = f"{made['id']}/"
    changed = client.patch(f"/api/v1/events/{one}", {"speaker": "Dr. Valve"}, "application/json").json()
    assert (changed["speaker"], changed["title"]) == ("Dr. Valve", "Grand rounds")
    body = {"providers": [world.north_provider.pk], "colleagues": [world.sol.pk], "outside": [{"name": "Gwen"}]}
    guests = post(f"{one}invite/", body)
    assert {row["name"] for row in guests} == {str(world.north_provider), "Sol", "Gwen"}
    post(f"{one}invite/", {"providers": [world.south_provider.pk]}, 400)
    assert post(f"{one}answers/", {"guest": guests[0]["id"], "answer": "yes"})["answer"] == "yes"
    post(f"{one}answers/", {"guest": 99999999, "answer": "yes"}, 404)
    post(f"{one}sign-in/", {"guest": guests[0]["id"]}, 400)
    event = Event.objects.get(pk=made["id"])
    Event.objects.filter(pk=event.pk).update(starts_at=timezone.now() - dt.timedelta(minutes=5))
    assert post(f"{one}sign-in/", {"guest": guests[0]["id"]})["has_come"]
    assert not post(f"{one}sign-in/", {"guest": guests[0]["id"], "here": False})["has_come"]
    assert post(f"{one}hold/", {})["state"] == EventState.HELD
    assert post(f"{one}restore/", {})["state"] == EventState.PLANNED
    assert post(f"{one}cancel/", {"reason": "Snow"})["state"] == EventState.CANCELLED
    assert as_("ivan").post(f"/api/v1/events/{one}hold/").status_code == 403
    assert as_("past").get(f"/api/v1/events/{one}").status_code == 404
