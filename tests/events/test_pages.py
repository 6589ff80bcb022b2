"""The pages of events as people use them."""

import datetime as dt
import html
from io import BytesIO

import pytest
from django.utils import timezone
from pypdf import PdfReader

from common.tables import open_table
from events import actions
from events.actions import Outside
from events.models import Event, EventState, Guest
from events.queries import month_of
from notices.models import Notice
from tests.factories import make_provider, make_staff, make_user
from tests.factories.events import make_event


def text_of(answer) -> str:
    return html.unescape(answer.content.decode())


@pytest.fixture
def event(world) -> Event:
    return make_event(world.nora, practice=world.north_practice)


def _fields(**more: object) -> dict[str, object]:
    day = timezone.localdate() + dt.timedelta(days=10)
    return {
        "title": "Lunch with cardiology",
        "kind": "lunch",
        "audience": "external",
        "day": day.isoformat(),
        "starts": "12:00",
        "ends": "13:00",
        "time_zone": "America/Chicago",
        "place": "Room 4",
        **more,
    }


def test_an_event_is_planned_on_its_own_clock(as_, world):
    client = as_("nora")
    assert client.get("/events/new/").status_code == 200
    empty = client.post("/events/new/", {})
    assert empty.status_code == 422
    for said in ("Give the event a title", "Choose the day.", "Say when it starts.", "Say where it is, or choose a practice."):
        assert said in text_of(empty)
    late = client.post("/events/new/", _fields(ends="11:00"))
    assert "It must end later than it starts." in text_of(late)
    answer = client.post("/events/new/", _fields(credits="1.5", capacity="20", hosts=[world.sol.pk]))
    event = Event.objects.get()
    assert answer["Location"] == f"/events/{event.pk}/invite/"
    assert event.local_start.hour == 12
    assert event.starts_at.hour in {17, 18}, "noon in Chicago"
    assert (event.owner, event.planned_by, list(event.hosts.all())) == (world.nora, world.nora, [world.sol])
    page = text_of(client.get(event.get_absolute_url()))
    for shown in (
        "Lunch with cardiology",
        "Room 4",
        "CST" if event.starts_at.hour == 18 else "CDT",
        "with Sol",
        "Nobody is on the list",
        "1.5 CME credits",
    ):
        assert shown in page, shown


def test_a_patient_is_asked_about_before_it_is_kept(as_, world):
    sent = _fields(about="Case of pt Smith, MRN 123456.")
    asked = as_("nora").post("/events/new/", sent)
    assert asked.status_code == 422
    assert "This tells nothing of a patient" in text_of(asked)
    assert not Event.objects.exists()
    assert as_("nora").post("/events/new/", {**sent, "is_none": "on"}).status_code == 302


def test_who_sees_and_who_changes(as_, world, event):
    url = event.get_absolute_url()
    for who, status in (("nora", 200), ("sol", 404), ("past", 404), ("dana", 200), ("ada", 200), ("ivan", 200), ("elle", 403)):
        assert as_(who).get(url).status_code == status, who
    assert as_("ivan").get(f"{url}edit/").status_code == 403
    assert as_("sol").post(f"{url}cancel/").status_code == 404
    guest = make_provider(at=world.south_practice)
    actions.invite(event=event, people=[guest], by=world.dana)
    page = text_of(as_("sol").get(url))
    assert str(guest) in page, "somebody of one's own field is asked"
    assert "/edit/" not in page
    answer = as_("sol").post(f"{url}edit/", _fields(), follow=True)
    assert "Only Nora" in text_of(answer)
    assert Event.objects.get().title == event.title


def test_others_guests_are_counted_and_not_named(as_, world, event):
    own, other = make_provider("Ownfield", at=world.south_practice), make_provider("Otherfield", at=world.north_practice)
    actions.invite(event=event, people=[own, other], outside=[Outside("Gwen Guest", "gwen@example.org")], by=world.dana)
    page = text_of(as_("sol").get(event.get_absolute_url()))
    assert "Ownfield" in page
    assert "Otherfield" not in page
    assert "Gwen Guest" not in page
    assert "2 more guests are outside your territories" in page
    listed = as_("sol").get(f"/api/v1/events/{event.pk}/guests/").json()
    assert [row["name"] for row in listed] == [str(own)]
    assert as_("sol").get(f"{event.get_absolute_url()}attendance.csv").status_code == 403, "for who holds it, and who downloads lists"
    assert "Otherfield" in b"".join(as_("ivan").get(f"{event.get_absolute_url()}attendance.csv").streaming_content).decode()


def test_filters_are_the_same_for_page_and_api(as_, world, event):
    over = make_event(world.nora, days=-3, title="Grand rounds in October", kind="grand rounds", audience="internal", speaker="Dr. Valve")
    off = make_event(world.sol, practice=world.south_practice, title="Called off")
    actions.cancel_event(event=off, by=world.sol)
    client = as_("dana")
    for query, seen in {
        "": {event},
        "when=past": {over},
        "when=cancelled": {off},
        "when=all": {event, over, off},
        "when=all&kind=grand rounds": {over},
        "when=all&audience=internal": {over},
        "when=all&q=valve": {event, over},
        f"when=all&owner={world.sol.pk}": {off},
        f"when=all&territory={world.north.pk}": {event},
        f"when=all&practice={world.north_practice.pk}": {event},
        "when=all&mine=on": set(),
        f"when=all&start={timezone.localdate()}": {event, off},
        f"when=all&end={timezone.localdate()}": {over},
    }.items():
        answer = client.get(f"/events/?{query}")
        assert {row.event for row in answer.context["rows"]} == seen, query
        listed = client.get(f"/api/v1/events/?{query or 'when=upcoming'}").json()["results"]
        assert {row["id"] for row in listed} == {one.pk for one in seen}, query
    assert "No event fits these filters" in text_of(client.get("/events/?q=nothing"))
    assert {row.event for row in as_("nora").get("/events/?when=all").context["rows"]} == {event, over}
    client = as_("dana")
    rows = b"".join(client.get("/events/files/events.csv?when=all").streaming_content).decode()
    assert rows.count("\n") == 4
    assert client.get("/events/files/events.xlsx").status_code == 200
    assert client.get("/events/files/events.pdf").status_code == 404


def test_the_list_is_flat(as_, world, assert_flat_queries):
    def more(count: int) -> None:
        for _ in range(count):
            event = make_event(world.nora, practice=world.north_practice)
            actions.invite(event=event, people=[make_provider(at=world.north_practice)], by=world.nora)

    as_("nora")
    assert_flat_queries("/events/", more)
    assert_flat_queries("/api/v1/events/", more)


def test_one_event_is_flat(as_, world, event, assert_flat_queries):
    def more(count: int) -> None:
        for _ in range(count):
            people = [make_provider(at=world.north_practice), make_staff(world.north_practice), make_user()]
            actions.invite(event=event, people=people, outside=[Outside(f"Guest {event.guests.count()}")], by=world.nora)

    as_("nora")
    assert_flat_queries(event.get_absolute_url(), more)
    assert_flat_queries(f"{event.get_absolute_url()}door/", more)


def test_a_month(as_, world):
    first = timezone.localdate().replace(day=1)
    noon = timezone.make_aware(dt.datetime.combine(first.replace(day=12), dt.time(12)))
    event = make_event(world.nora, starts_at=noon, title="In mid-month")
    weeks = month_of(Event.objects.all(), first)
    assert all(len(week) == 7 for week in weeks)
    assert weeks[0][0].on.strftime("%a") == "Sun"
    assert [day.on.day for week in weeks for day in week if day.events] == [12]
    page = text_of(as_("nora").get(f"/events/calendar/?month={first:%Y-%m}"))
    assert page.count("In mid-month") == 2, "in the sheet, and in the list of phones"
    assert "Nothing this month" in text_of(as_("nora").get("/events/calendar/?month=2001-05"))
    assert as_("nora").get("/events/calendar/?month=nonsense").status_code == 200
    assert event.title not in text_of(as_("sol").get(f"/events/calendar/?month={first:%Y-%m}"))


def test_inviting_by_name_practice_and_line(as_, world, event):
    doctor = make_provider("Quill", at=world.north_practice, email="quill@example.org")
    desk = make_staff(world.north_practice, "Desk Quillan")
    stranger = make_provider("Quillson", at=world.south_practice)
    client, url = as_("nora"), f"/events/{event.pk}/invite/"
    assert "Nobody found" not in text_of(client.get(url))
    found = client.get(f"{url}?q=quill").context["found"]
    assert {row.person for row in found} == {doctor, desk}
    everybody = client.get(f"{url}?practice={world.north_practice.pk}").context["found"]
    assert {row.person for row in everybody} >= {doctor, desk, world.north_provider}
    assert "Nobody found" in text_of(client.get(f"{url}?q=quillson"))
    answer = client.post(
        f"{url}?q=quill", {"people": [f"provider-{doctor.pk}", f"staff-{desk.pk}", f"provider-{stranger.pk}"]}, follow=True
    )
    assert "2 people are on the list. 1 without an e-mail address" in text_of(answer)
    assert {guest.key for guest in event.guests.all()} == {f"provider-{doctor.pk}", f"staff-{desk.pk}"}
    assert "on the list" in text_of(client.get(f"{url}?q=quill"))
    assert "Tick whom to invite" in text_of(client.post(url, {}, follow=True))
    assert client.post(f"{url}guest/", {"name": ""}).status_code == 422
    assert client.post(f"{url}guest/", {"name": "Gwen Guest", "email": "gwen@example.org"}).status_code == 302
    assert event.guests.count() == 3
    gwen = Guest.objects.get(name="Gwen Guest")
    assert client.post(f"/events/{event.pk}/guests/{gwen.pk}/answer/", {"answer": "yes"}).status_code == 302
    gwen.refresh_from_db()
    assert gwen.answer == "yes"
    client.post(f"/events/{event.pk}/guests/{gwen.pk}/withdraw/")
    assert "Gwen Guest" not in {str(line.guest) for line in client.get(event.get_absolute_url()).context["guests"]}


def test_the_door_by_one_tap(as_, world):
    event = make_event(world.nora, days=0, practice=world.north_practice)
    actions.invite(event=event, people=[world.north_provider], outside=[Outside("Gwen Guest")], by=world.nora)
    guest = event.guests.get(provider=world.north_provider)
    client, url = as_("nora"), f"/events/{event.pk}/door/"
    page = text_of(client.get(url))
    assert str(world.north_provider) in page
    assert "Nobody has signed in yet" in page
    assert client.post(f"{url}{guest.pk}/here/", {"q": "gwen"})["Location"] == f"{url}?q=gwen"
    assert [line.guest for line in client.get(url).context["here"]] == [guest]
    assert [str(row) for row in client.get(f"{url}?q=gwen").context["waiting"]] == ["Gwen Guest"]
    client.post(f"{url}{guest.pk}/not-here/")
    assert client.get(url).context["here"] == []
    assert client.post(f"{url}walk-in/", {"name": ""}).status_code == 422
    assert client.post(f"{url}walk-in/", {"name": "Wally Kin"}).status_code == 302
    wally = event.guests.get(name="Wally Kin")
    assert "Who is this?" in text_of(client.get(url))
    match = f"{url}{wally.pk}/match/"
    assert "Nobody of this name" not in text_of(client.get(match)), "those who are asked and not here are offered"
    assert client.post(match, {"person": f"guest-{guest.pk}"}).status_code == 302
    guest.refresh_from_db()
    assert guest.has_come
    assert "Names that were matched (1)" in text_of(client.get(url))
    client.post(f"{url}{wally.pk}/unmatch/")
    guest.refresh_from_db()
    assert not guest.has_come
    assert "Choose who it is" in text_of(client.post(match, {"person": "provider-99999999"}, follow=True))
    assert as_("sol").post(f"{url}{guest.pk}/here/").status_code == 404


def test_too_early_is_said(as_, world, event):
    assert "more than a day away" in text_of(as_("nora").get(f"/events/{event.pk}/door/"))


def test_steps(as_, world):
    event = make_event(world.nora, days=-1)
    client, url = as_("nora"), event.get_absolute_url()
    assert "Was it held?" in text_of(client.get(url))
    assert client.post(f"{url}held/").status_code == 302
    event.refresh_from_db()
    assert event.state == EventState.HELD
    assert "This event is held" in text_of(client.post(f"{url}held/", follow=True))
    client.post(f"{url}restore/")
    event.refresh_from_db()
    assert event.state == EventState.PLANNED
    assert client.get(f"{url}cancel/").status_code == 200
    assert client.post(f"{url}cancel/", {"reason": "pt Smith, MRN 123456"}).status_code == 422
    assert client.post(f"{url}cancel/", {"reason": "Speaker ill"}).status_code == 302
    page = text_of(client.get(url))
    assert "Speaker ill" in page
    assert "Bring back" in page
    ahead = make_event(world.nora)
    assert "lies ahead" in text_of(client.post(f"{ahead.get_absolute_url()}held/", follow=True))


def test_the_owner_is_asked_once_whether_it_was_held(world):
    event, _ahead = make_event(world.nora, days=-1), make_event(world.nora)
    assert actions.ask_owners_how_it_went() == 1
    assert actions.ask_owners_how_it_went() == 0
    notice = Notice.objects.get(to=world.nora)
    assert notice.text.startswith("Was it held?")
    assert notice.url == event.get_absolute_url()


def test_papers(as_, world):
    event = make_event(world.nora, days=-1, credits="1.50", accreditation="Designated by the college.")
    doctor = make_provider("Comer", at=world.north_practice)
    actions.add_walk_in(event=event, person=doctor, by=world.nora)
    actions.add_walk_in(event=event, name="=Formula Kin", by=world.nora)
    client, url = as_("nora"), event.get_absolute_url()
    with open_table(BytesIO(b"".join(client.get(f"{url}attendance.csv").streaming_content))) as table:
        rows = [dict(zip(table.headers, values, strict=True)) for _, values in table]
    assert [(row["name"], row["came"], row["CME credits"]) for row in rows] == [("=Formula Kin", "yes", ""), (str(doctor), "yes", "1.50")]
    assert rows[1]["practice"] == world.north_practice.name
    assert client.get(f"{url}attendance.xlsx").status_code == 200
    assert client.get(f"{url}attendance.doc").status_code == 404
    sheet = " ".join(page.extract_text() for page in PdfReader(BytesIO(client.get(f"{url}attendance.pdf").content)).pages)
    assert "2 of 2 signed in" in sheet
    assert "Comer" in sheet
    pages = PdfReader(BytesIO(client.get(f"{url}certificates.pdf").content)).pages
    assert len(pages) == 1, "credits are for clinicians"
    words = pages[0].extract_text()
    for said in ("Comer", "1.5 CME credits", doctor.npi, "Designated by the college."):
        assert said in words, said
    plain = make_event(world.nora, days=-1)
    assert as_("nora").get(f"{plain.get_absolute_url()}certificates.pdf").status_code == 404


def test_history_names_fields_and_never_words(as_, world, event):
    actions.change_event(event=event, by=world.nora, about="A secret word", capacity=12)
    page = text_of(as_("nora").get(event.get_absolute_url()))
    assert "Changed: what it is about, capacity" in page
    assert page.count("A secret word") == 1, "where it stands, not in the history"
