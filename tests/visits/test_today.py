"""Today and the brief: what stands there, in which order, for whom, why; and that it costs as little for many stops as for two."""

import datetime as dt
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from contacts.models import Cadence, MapPin, VisitingHours
from tests import factories
from tests.factories.concerns import make_category, make_concern
from tests.factories.visits import make_follow_up
from visits import actions, packing
from visits.brief import briefs_of
from visits.cadence import dues, field_of, most_over
from visits.driving import place_of, roads
from visits.models import (
    DayPlan,
    DrawnPractice,
    FieldRules,
    Material,
    PracticeTrend,
    TargetEntry,
    TargetList,
    Visit,
    VisitMaterial,
    WorkingHours,
)
from visits.reasons import reasons_for
from visits.today import day_of, working_days

TODAY = dt.date(2026, 11, 27)  # a Friday


def at(hour, minute=0, days=0):
    return timezone.make_aware(dt.datetime.combine(TODAY + dt.timedelta(days=days), dt.time(hour, minute)))


@pytest.fixture(autouse=True)
def friday(monkeypatch):
    """It is Friday the 27th of November 2026, 11 o'clock."""
    monkeypatch.setattr(timezone, "now", lambda: at(11))


@pytest.fixture
def friday_stops(world):
    """nora's Friday: one done, one missed, two to come, and one from yesterday that nobody logged."""
    world.first = factories.make_practice("First Office", territory=world.north, zip="44101")
    world.second = factories.make_practice("Second Office", territory=world.north, zip="44102")
    world.third = factories.make_practice("Third Office", territory=world.north, zip="44107", visiting_rules="Tuesdays, ask for Kim")
    factories.make_visit(world.third, world.nora, state="planned", planned_at=at(15))
    factories.make_visit(world.second, world.nora, state="planned", planned_at=at(13))
    factories.make_visit(world.first, world.nora, visited_at=at(9), outcome="met staff")
    factories.make_visit(world.north_practice, world.nora, state="missed", visited_at=at(10), planned_at=at(10))
    world.old = factories.make_visit(world.first, world.nora, state="planned", planned_at=at(10, days=-1))
    factories.make_visit(world.first, world.nora, state="planned", planned_at=at(9, days=3))
    return world


def test_the_stops_in_order_with_what_became_of_them(as_, friday_stops):
    page = as_("nora").get(reverse("visits:today"))
    assert [(item["name"], item["state"], item["time"]) for item in page.context["stops"]] == [
        ("First Office", "done", "09:00"),
        ("North Family Practice", "missed", "10:00"),
        ("Second Office", "next", "13:00"),
        ("Third Office", "later", "15:00"),
    ]
    text = page.content.decode()
    assert "4 stops, 1 done" in text
    assert "Tuesdays, ask for Kim" in text
    next_visit = Visit.objects.get(practice=friday_stops.second)
    assert text[text.index("<main") : text.index("</main>")].count("btn-primary") == 1, "one primary action"
    assert f"{reverse('visits:log')}?planned={next_visit.pk}" in text
    assert "1 visit not logged yet" in text
    assert "Monday 30 November: 1 stop" in text
    assert "The first at 09:00" in text


def test_at_the_end_of_the_day_what_is_not_logged_stands_in_one_list(as_, friday_stops, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: at(17))
    page = as_("nora").get(reverse("visits:today"))
    assert [visit.practice.name for visit in page.context["unlogged"]] == ["First Office", "Second Office", "Third Office"]
    assert "The day is over" in page.content.decode()


def test_other_days(as_, friday_stops):
    client = as_("nora")
    monday = client.get(reverse("visits:today"), {"day": "2026-11-30"})
    assert [(item["name"], item["state"]) for item in monday.context["stops"]] == [("First Office", "later")]
    assert monday.context["unlogged"] == []
    assert "Log visit<span" not in monday.content.decode(), "nothing to log yet"
    assert [tab["label"] for tab in monday.context["tabs"]] == ["Yesterday", "Today", "Mon 30 Nov", "Tue 1 Dec", "Wed 2 Dec"]
    assert client.get(reverse("visits:today"), {"day": "never"}).context["day"].day == TODAY
    assert client.get(reverse("visits:today"), {"day": "2099-01-01"}).context["day"].day == TODAY


def test_a_day_without_stops_says_what_to_do(as_, world):
    text = as_("nora").get(reverse("visits:today")).content.decode()
    assert "No stops on this day" in text
    assert text.count("btn-primary") >= 1


def test_who_has_no_territory_yet_is_told_who_helps(as_, world):
    page = as_("past").get(reverse("visits:today")).content.decode()
    assert "No practice is yours yet" in page
    assert reverse("visits:hours") in page
    assert "Draft the day" not in page
    assert "No practice is yours yet" not in as_("nora").get(reverse("visits:today")).content.decode()


def test_it_is_a_liaisons_first_page(as_, world):
    assert as_("nora").get("/").url == reverse("visits:today")
    assert as_("dana").get("/").url == reverse("reports:dashboard")
    navigation = as_("nora").get(reverse("visits:today")).context["navigation"]
    assert (navigation[0].label, navigation[0].active) == ("Today", True)


def test_why_a_stop_is_worth_the_drive(world):
    practice = world.north_practice
    Cadence.objects.create(tier="A", every_days=30)
    practice.tier = "A"
    practice.save()
    factories.make_visit(practice, world.nora, visited_at=at(9, days=-44))
    category = make_category("Scheduling", days=7)
    make_concern(practice, world.nora, days_ago=10, category=category)
    make_concern(practice, world.nora, days_ago=10, category=category, state="resolved", resolved_at=timezone.now())
    make_follow_up(practice, world.nora, due_in=-3)
    make_follow_up(practice, world.nora, due_in=0)
    make_follow_up(practice, world.nora, due_in=9)
    target_list = TargetList.objects.create(name="North first", owner=world.nora, starts_on=TODAY - dt.timedelta(days=10))
    TargetEntry.objects.create(list=target_list, practice=practice, reason="more could come")
    told = reasons_for([practice.pk], world.nora, day=TODAY)[practice.pk]
    assert [(reason.kind, reason.text, reason.tone) for reason in told] == [
        ("tell", "Tell them: Scheduling is resolved", "good"),
        ("concern", "Open concern: Scheduling, 3 days late", "bad"),
        ("promise", "2 follow-ups, one 3 days overdue", "bad"),
        ("cadence", "Visit 14 days overdue (tier A, every 30 days)", "bad"),
        ("target", "On your list North first", "info"),
    ]
    in_a_week = reasons_for([practice.pk], world.nora, day=TODAY + dt.timedelta(days=9))[practice.pk]
    assert "3 follow-ups, one 12 days overdue" in [reason.text for reason in in_a_week], "as of the day of the stop"
    assert [r.kind for r in reasons_for([practice.pk], world.sol, day=TODAY)[practice.pk]] == ["cadence"], "sol sees none of the others"


@pytest.mark.parametrize(
    ("days_ago", "said"),
    [
        (None, "Never visited (tier B, every 60 days)"),
        (60, "Visit due this day (tier B, every 60 days)"),
        (61, "Visit 1 day overdue (tier B, every 60 days)"),
        (59, None),
    ],
)
def test_what_the_cadence_says(world, days_ago, said):
    Cadence.objects.create(tier="B", every_days=60)
    office = factories.make_practice("Office", territory=world.north, tier="B")
    if days_ago is not None:
        factories.make_visit(office, world.sol, visited_at=at(9, days=-days_ago))  # whoever made it
    told = [reason.text for reason in reasons_for([office.pk], world.nora, day=TODAY)[office.pk]]
    assert told == ([said] if said else [])


def test_a_drawn_order_is_a_reason_until_it_was_followed(world):
    offices = [factories.make_practice(f"Office {n}", territory=world.north) for n in range(2)]
    draw = actions.draw_order(by=world.nora, name="Quiet", practices=offices, first_month_on=TODAY, months=1)
    told = reasons_for([office.pk for office in offices], world.nora, day=TODAY)
    assert {reason.text for pk in told for reason in told[pk]} == {"In the drawn order Quiet for November"}
    factories.make_visit(offices[0], world.nora, visited_at=draw.drawn_at + dt.timedelta(minutes=5))
    assert reasons_for([offices[0].pk], world.nora, day=TODAY)[offices[0].pk] == []
    assert DrawnPractice.objects.count() == 2


def test_most_over_is_counted_in_cadences_not_in_days(world):
    Cadence.objects.create(tier="A", every_days=10)
    Cadence.objects.create(tier="C", every_days=100)
    often = factories.make_practice("Often", territory=world.north, tier="A")
    seldom = factories.make_practice("Seldom", territory=world.north, tier="C")
    factories.make_visit(often, world.nora, visited_at=at(9, days=-25))  # 15 days over: one and a half cadences
    factories.make_visit(seldom, world.nora, visited_at=at(9, days=-150))  # 50 days over: half a cadence
    found = most_over(dues(field_of(world.nora)), TODAY)
    assert [(due.practice.name, due.cadences_over(TODAY)) for due in found] == [("Often", 1.5), ("Seldom", 0.5)]
    assert not dues(field_of(world.sol))
    assert not dues(field_of(world.past))


def test_a_missed_stop_offers_the_nearest_overdue_practice(as_, world):
    Cadence.objects.create(tier="A", every_days=30)
    missed = factories.make_practice("Missed Office", territory=world.north, zip="44101")
    near = factories.make_practice("Near", territory=world.north, zip="44102", tier="A")
    nearer = factories.make_practice("Nearer", territory=world.north, zip="44101", tier="A")
    planned = factories.make_practice("Planned", territory=world.north, zip="44101", tier="A")
    fresh = factories.make_practice("Fresh", territory=world.north, zip="44101", tier="A")
    factories.make_practice("Far", territory=world.north, zip="10001", tier="A")
    factories.make_practice("Not ours", territory=world.south, zip="44101", tier="A")
    factories.make_practice("Wants none", territory=world.north, zip="44101", tier="A", do_not_visit=True)
    factories.make_visit(planned, world.nora, state="planned", planned_at=at(9, days=4))
    factories.make_visit(fresh, world.nora, visited_at=at(9, days=-3))
    factories.make_visit(missed, world.nora, state="missed", visited_at=at(10))
    client = as_("nora")
    page = client.get(reverse("visits:today"))
    (stop,) = page.context["stops"]
    assert [offer["practice"] for offer in stop["nearby"]] == [nearer, near]
    body = {"practice": nearer.pk, "key": str(page.context["add_key"])}
    client.post(reverse("visits:today-add"), body)
    client.post(reverse("visits:today-add"), body)
    added = Visit.objects.get(practice=nearer)
    assert (added.owner, added.state, timezone.localdate(added.planned_at)) == (world.nora, "planned", TODAY)
    answer = client.get(reverse("visits:today"))
    assert [item["name"] for item in answer.context["stops"]] == ["Missed Office", "Nearer"]
    assert client.post(reverse("visits:today-add"), {"practice": world.south_practice.pk, "key": str(uuid.uuid4())}).status_code == 404
    client.post(reverse("visits:today-add"), {"practice": near.pk, "key": "no key"})
    assert not Visit.objects.filter(practice=near).exists()


def test_drives_are_estimated_from_stop_to_stop(world):
    WorkingHours.objects.create(user=world.nora, start_zip="44101")
    home = factories.make_practice("At home", territory=world.north, zip="44101")
    away = factories.make_practice("Away", territory=world.north, zip="44114")
    factories.make_visit(home, world.nora, state="planned", planned_at=at(12))
    factories.make_visit(away, world.nora, state="planned", planned_at=at(13))
    factories.make_visit(world.north_practice, world.nora, state="planned", planned_at=at(14), mode="phone")
    day = day_of(world.nora, TODAY, by=world.nora)
    drive = roads()
    there = drive(place_of(home), place_of(away))
    assert there > 5
    assert [stop.drive_minutes for stop in day.stops] == [5, there, None]
    assert day.drive_minutes == 5 + there
    assert drive(place_of(home), place_of(factories.make_practice("Nowhere", zip="00000"))) is None
    assert drive(place_of(home), place_of(factories.make_practice("New York", zip="10001"))) > 9 * 60
    MapPin.objects.create(practice=away, latitude=41.4, longitude=-81.0)
    pinned = day_of(world.nora, TODAY, by=world.nora)
    assert pinned.stops[1].drive_minutes == drive(place_of(home), "41.40000,-81.00000") != there, "a pin goes before the ZIP code"
    FieldRules(speed_mph=60).save()
    assert day_of(world.nora, TODAY, by=world.nora).stops[1].drive_minutes < pinned.stops[1].drive_minutes


def test_the_drives_of_a_route_go_before_estimates(world):
    offices = [factories.make_practice(f"Office {n}", territory=world.north, zip="44101") for n in range(3)]
    visits = [factories.make_visit(office, world.nora, state="planned", planned_at=at(12 + n)) for n, office in enumerate(offices)]
    plan = DayPlan.objects.create(
        owner=world.nora, day_on=TODAY, start_minute=480, end_minute=1000, state="ready", start_label="Home", end_label="Home",
        start_latitude=41, start_longitude=-81, end_latitude=41, end_longitude=-81,
    )  # fmt: skip
    for place, (visit, minutes) in enumerate(zip(visits, (17.2, 23, 31), strict=True), start=1):
        plan.stops.create(practice=visit.practice, visit=visit, place=place, drive_minutes=minutes)
    drives = lambda: [stop.drive_minutes for stop in day_of(world.nora, TODAY, by=world.nora).stops]  # noqa: E731
    assert drives() == [18, 23, 31]
    factories.make_visit(world.north_practice, world.nora, state="planned", planned_at=at(13, 30))
    assert drives() == [18, 23, 5, 5], "behind a stop that the route does not know, it says nothing"
    plan.state = "waiting"
    plan.save()
    assert drives() == [None, 5, 5, 5]


def test_when_the_office_sees_visitors(as_, world):
    practice = world.north_practice
    VisitingHours.objects.create(practice=practice, weekday=4, begins=dt.time(9), ends=dt.time(11, 30))
    practice.lunch_rule = "welcome"
    practice.save()
    factories.make_visit(practice, world.nora, state="planned", planned_at=at(13))
    factories.make_visit(practice, world.nora, state="planned", planned_at=at(13, days=3))
    client = as_("nora")
    (friday,) = client.get(reverse("visits:today")).context["stops"]
    assert (friday["doors"], friday["is_open"]) == ("Sees visitors 09:00 to 11:30", True)
    (monday,) = client.get(reverse("visits:today"), {"day": "2026-11-30"}).context["stops"]
    assert (monday["doors"], monday["is_open"]) == ("Sees nobody on Mondays", False)
    brief = client.get(reverse("visits:brief", args=[practice.pk])).context["brief"]
    assert brief["rules"] == ["Friday: 09:00 to 11:30", "Lunch may be brought"]


def test_where_only_the_hours_not_to_come_are_noted_those_are_said(as_, world):
    practice = world.north_practice
    for begins, ends in ((8, 9), (16, 17)):
        VisitingHours.objects.create(practice=practice, weekday=4, begins=dt.time(begins), ends=dt.time(ends), kind="closed")
    factories.make_visit(practice, world.nora, state="planned", planned_at=at(13))
    (friday,) = as_("nora").get(reverse("visits:today")).context["stops"]
    assert (friday["doors"], friday["is_open"]) == ("No visits 08:00 to 09:00, 16:00 to 17:00", True)


def test_working_days(world):
    hours = WorkingHours(user=world.nora, weekdays=[0, 4])
    assert working_days(hours, TODAY, 3) == [TODAY, TODAY + dt.timedelta(days=3), TODAY + dt.timedelta(days=7)]
    assert working_days(WorkingHours(user=world.nora, weekdays=[]), TODAY, 3) == []


# ---- who sees it


@pytest.mark.parametrize(("who", "names"), [("dana", ["First Office"]), ("ada", ["First Office"]), ("sol", []), ("nora", ["First Office"])])
def test_whose_day(as_, world, who, names):
    first = factories.make_practice("First Office", territory=world.north)
    factories.make_visit(first, world.nora, state="planned", planned_at=at(13))
    page = as_(who).get(reverse("visits:today"), {"who": world.nora.pk})
    assert [item["name"] for item in page.context["stops"]] == names
    if who in {"dana", "ada"}:
        assert "actionbar" not in page.content.decode(), "a manager logs nobody's visit from here"


@pytest.mark.parametrize(
    ("who", "status"), [("nora", 200), ("dana", 200), ("ada", 200), ("ivan", 200), ("sol", 404), ("past", 404), ("elle", 403), (None, 302)]
)
def test_brief_by_cast(as_, world, who, status):
    assert as_(who).get(reverse("visits:brief", args=[world.north_practice.pk])).status_code == status


def test_a_stop_of_a_practice_that_went_to_others_has_no_brief(as_, friday_stops):
    friday_stops.second.territory = friday_stops.south
    friday_stops.second.save()
    page = as_("nora").get(reverse("visits:today"))
    (stop,) = [item for item in page.context["stops"] if item["name"] == "Second Office"]
    assert not stop["has_brief"]
    assert reverse("visits:brief", args=[friday_stops.second.pk]) not in page.content.decode()


# ---- the brief


def test_the_brief_in_thirty_seconds(as_, world):
    practice = world.north_practice
    practice.visiting_rules, practice.phone = "Lunch Tuesdays, ask for Kim", "216 555 0100"
    practice.save()
    for days in range(5):
        factories.make_visit(practice, world.nora, visited_at=at(9, days=-days - 1), note=f"Note of day {days}")
    factories.make_staff(practice, "Kim Ortega", job="Referral coordinator")
    category = make_category("Scheduling", days=7)
    make_concern(practice, world.nora, category=category, text="Nobody answers.")
    make_concern(
        practice, world.nora, category=category, text="Too long a wait.", resolution="Two more lines.", state="resolved", resolved_at=at(9)
    )  # fmt: skip
    make_follow_up(practice, world.nora, due_in=-2, text="Bring the new guide")
    PracticeTrend.objects.create(
        practice=practice,
        sentence="45 fewer than expected",
        way="fewer",
        points=[20] * 9 + [5] * 3,
        through_on=dt.date(2026, 10, 31),
        data_version=1,
        written_at=at(2),
    )
    guide = Material.objects.create(name="Referral guide")
    VisitMaterial.objects.create(visit=Visit.objects.filter(practice=practice, note="Note of day 1").get(), material=guide, quantity=3)
    page = as_("nora").get(reverse("visits:brief", args=[practice.pk]))
    brief, text = page.context["brief"], page.content.decode()
    assert [note["text"] for note in brief["notes"]] == ["Note of day 0", "Note of day 1", "Note of day 2"]
    assert [(row["what"], row["did"]) for row in brief["tell"]] == [("Scheduling", "Two more lines.")]
    assert [row["text"] for row in brief["open"]] == ["Nobody answers."]
    assert [(row["text"], row["late"]) for row in brief["promises"]] == [("Bring the new guide", True)]
    assert [(person["name"], person["role"]) for person in brief["people"]] == [
        ("Pat Northrop", "Physician"),
        ("Kim Ortega", "Referral coordinator"),
    ]
    assert brief["rules"] == ["Lunch Tuesdays, ask for Kim"]
    assert brief["left"] == [{"what": "Referral guide", "sub": "3, 25 Nov 2026"}]
    assert text.index("You said, we did") < text.index("Open here") < text.index("Last notes") < text.index("45 fewer than expected")
    assert "As of 31 Oct 2026" in text
    assert '<svg class="spark"' in text


def test_sparse_is_said(as_, world):
    text = as_("nora").get(reverse("visits:brief", args=[factories.make_practice("New", territory=world.north).pk])).content.decode()
    for said in ("No referral from here", "Nobody is noted here yet", "No rules are noted", "Nobody was ever here"):
        assert said in text


def test_an_overlay_is_shown_no_trend_of_all_lines(world):
    PracticeTrend.objects.create(
        practice=world.south_practice, sentence="Fewer", way="fewer", through_on=TODAY, data_version=1, written_at=at(2)
    )
    shapes = {
        who: packing.brief_shape(briefs_of([world.south_practice.pk], world.cast[who])[world.south_practice.pk], (), today=TODAY)
        for who in ("sol", "over")
    }
    assert shapes["sol"]["trend"]["sentence"] == "Fewer"
    assert shapes["over"]["trend"] is None
    assert shapes["over"]["no_trend"] == packing.NOT_YOUR_TREND


def test_who_has_the_plan_logs_the_plan(as_, world):
    visit = factories.make_visit(world.north_practice, world.nora, state="planned", planned_at=at(13))
    page = as_("nora").get(reverse("visits:brief", args=[world.north_practice.pk]))
    assert page.context["log_url"] == f"{reverse('visits:log')}?planned={visit.pk}"
    assert (
        as_("dana")
        .get(reverse("visits:brief", args=[world.north_practice.pk]))
        .context["log_url"]
        .endswith(f"practice={world.north_practice.pk}")
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Pt Jane called about MRN 44812345", "Pt [left out]"),
        ("Wants the guide by 12/03/2026", "Wants the guide by 12/03/2026"),
        ("born 3/4/1961, wants an earlier slot", "[left out], wants an earlier slot"),
    ],
)
def test_what_may_name_a_patient_is_left_out(text, shown):
    found = packing.clean(text, today=TODAY)
    assert "44812345" not in found
    assert "Jane" not in found
    assert "1961" not in found
    if "[left out]," in shown or "[" not in shown:
        assert found == shown


def test_long_texts_end_at_a_word():
    assert packing.clean("word " * 100, today=TODAY, length=23) == "word word word word\N{HORIZONTAL ELLIPSIS}"


@pytest.mark.parametrize(
    ("agent", "begins"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0)", "https://maps.apple.com/?daddr=12%20Elm%20St"),
        ("Mozilla/5.0 (Linux; Android 15)", "geo:0,0?q=North%20Family%20Practice%2C%2012%20Elm%20St"),
        ("Mozilla/5.0 (X11; Linux x86_64)", "https://www.google.com/maps/dir/?api=1&destination=12%20Elm%20St"),
    ],
)
def test_the_phones_own_map_app(world, agent, begins):
    world.north_practice.address = "12 Elm St"
    assert packing.maps_url(world.north_practice, agent).startswith(begins)
    assert packing.maps_url(factories.make_practice("Nowhere"), agent) == ""


# ---- what it costs


def test_queries_are_flat(as_, world, assert_flat_queries):
    Cadence.objects.create(tier="A", every_days=30)
    as_("nora")
    shared, guide = make_category("Scheduling", days=7), Material.objects.create(name="Guide")

    def add(count):
        for _ in range(count):
            practice = factories.make_practice(territory=world.north, zip="44101", tier="A")
            factories.make_provider(at=practice)
            factories.make_staff(practice)
            factories.make_visit(practice, world.nora, visited_at=at(9, days=-50), note="Said hello.")
            make_concern(practice, world.nora, category=shared)
            make_follow_up(practice, world.nora, due_in=-1)
            VisitMaterial.objects.create(visit=practice.visits.get(), material=guide)
            factories.make_visit(practice, world.nora, state="planned", planned_at=at(13))
            away = factories.make_practice(territory=world.north, zip="44101", tier="A")
            factories.make_visit(away, world.nora, state="missed", visited_at=at(10))

    assert_flat_queries(reverse("visits:today"), add)
