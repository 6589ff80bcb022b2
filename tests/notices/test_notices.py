"""Notices: who is told, once, by the actions of every app; and the bell, the list, marking as read."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

import concerns.actions
import reports.actions
import visits.actions
from notices import actions
from notices.models import Notice, NoticeKind
from tests.factories.alerts import bring, falls, look, only, sends, steady
from tests.factories.concerns import make_category, make_concern, make_department
from tests.factories.visits import make_follow_up


def tell(to, text="Something happened", **fields):
    return actions.notify(**{"to": to, "kind": NoticeKind.CONCERN, "text": text, "url": "/concerns/", "by": None, **fields})


def texts(user) -> list[str]:
    return [notice.text for notice in Notice.objects.visible_to(user)]


def test_nobody_is_told_what_they_did_nor_twice_nor_when_they_left(world):
    world.past.is_active = False
    world.past.save()
    told = tell([world.nora, world.nora, world.dana, world.past, None], by=world.dana)
    assert [notice.to for notice in told] == [world.nora]


def test_the_same_matter_is_told_once_until_it_was_read(world):
    tell(world.nora, "Due Dec 2", key="concern 1")
    tell(world.nora, "Due Dec 9", key="concern 1")
    assert texts(world.nora) == ["Due Dec 9"]
    actions.mark_read(notices=Notice.objects.all(), by=world.nora)
    tell(world.nora, "Due Dec 10", key="concern 1")
    assert texts(world.nora) == ["Due Dec 10", "Due Dec 9"]


@pytest.mark.parametrize("url", ["https://elsewhere.example/", "//elsewhere.example/", ""])
def test_a_notice_leads_nowhere_else(world, url):
    with pytest.raises(IntegrityError), transaction.atomic():
        tell(world.nora, url=url)


def test_a_notice_comes_with_what_happened_or_not_at_all(world):
    category = make_category()

    def fail() -> None:
        with transaction.atomic():
            concerns.actions.open_concern(practice=world.north_practice, category=category, text="Phones.", owner=world.ada, by=world.nora)
            assert texts(world.ada)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert texts(world.ada) == []


def test_what_was_read_long_ago_goes(world, run_jobs):
    tell([world.nora, world.dana])
    Notice.objects.filter(to=world.nora).update(read_at=timezone.localtime() - dt.timedelta(days=91), made_at=timezone.now())
    Notice.objects.filter(to=world.dana).update(made_at=timezone.localtime() - dt.timedelta(days=400))
    from jobs.actions import enqueue  # noqa: PLC0415

    enqueue("notices.forget_read")
    run_jobs()
    assert [notice.to for notice in Notice.objects.all()] == [world.dana]


def test_a_concern_tells_its_owner_who_it_was_escalated_to_and_who_raised_it(world):
    category = make_category(department=make_department(lead=world.dana))
    concern = concerns.actions.open_concern(practice=world.north_practice, category=category, text="Phones.", by=world.nora)
    assert not Notice.objects.exists()
    fields = {"category": category, "severity": "high", "department": category.department}
    concerns.actions.change_concern(concern=concern, owner=world.ada, by=world.nora, **fields)
    concerns.actions.change_concern(concern=concern, owner=world.ada, by=world.nora, **fields | {"severity": "low"})
    assert [text.split(":")[0] for text in texts(world.ada)] == ["Yours to answer"]
    concerns.actions.escalate_concern(concern=concern, to=None, by=world.nora)
    assert [text.split(":")[0] for text in texts(world.dana)] == ["Escalated to you"]
    concerns.actions.resolve_concern(concern=concern, resolution="A second line.", by=world.ada)
    assert [text.split(":")[0] for text in texts(world.nora)] == ["Resolved, not told yet"]
    assert all("Phones" not in notice.text and "second line" not in notice.text for notice in Notice.objects.all())


def test_the_deadline_escalates_and_tells(world, run_jobs):
    category = make_category(days=7, department=make_department(lead=world.dana), escalate_days=2)
    concern = make_concern(world.north_practice, world.nora, category=category, days_ago=10, owner=world.ada)
    concerns.actions.escalate_late_concerns()
    assert texts(world.dana) == [f"Escalated to you: {concern}, due {concern.due_on:%b %-d}"]
    assert texts(world.ada) == [f"Escalated to Dana: {concern}"]


def test_lists_and_follow_ups_tell_whom_they_are_handed_to(world):
    listed = visits.actions.save_target_list(by=world.dana, name="Cardiology in the north")
    visits.actions.add_targets(
        by=world.dana, target_list=listed, wanted=[visits.actions.Wanted(practice=world.north_practice, reason="Falling")]
    )
    visits.actions.hand_over(by=world.dana, target_list=listed, to=world.nora)
    assert texts(world.nora) == ["A list to visit is in your hands: Cardiology in the north"]
    item = make_follow_up(world.north_practice, world.nora, text="Private words")
    visits.actions.hand_over_follow_up(by=world.nora, follow_up=item, to=world.dana, note="More private words")
    [notice] = Notice.objects.visible_to(world.dana)
    assert notice.text == f"Nora hands you a follow-up: North Family Practice, due {item.due_on:%b %-d}"
    assert notice.url == item.get_absolute_url()


def test_an_alert_tells_who_is_to_look_into_it(world):
    bring(*steady(world.north_practice), *sends(world.north_practice, falls()))
    look()
    reports.actions.assign_alerts(alerts=[only()], to=world.nora, by=world.dana)
    reports.actions.assign_alerts(alerts=[only()], to=world.nora, by=world.dana)
    [notice] = Notice.objects.visible_to(world.nora)
    assert (notice.kind, notice.url) == (NoticeKind.ALERT, only().get_absolute_url())


@pytest.mark.parametrize(("who", "status"), [("nora", 302), ("sol", 404), ("dana", 404), ("ada", 404), ("elle", 404), (None, 302)])
def test_a_notice_is_its_persons_alone(as_, world, who, status):
    [notice] = tell(world.nora)
    assert as_(who).get(reverse("notices:follow", args=[notice.pk])).status_code == status
    assert as_(who).get(f"/api/v1/notices/{notice.pk}/").status_code == {"nora": 200, None: 401}.get(who, 404)
    notice.refresh_from_db()
    assert (notice.read_at is not None) == (who == "nora")


def test_following_a_notice_reads_it_and_leads_there(as_, world):
    [notice] = tell(world.nora, url="/concerns/?mine=on")
    answer = as_("nora").get(reverse("notices:follow", args=[notice.pk]))
    assert answer["Location"] == "/concerns/?mine=on"
    assert not Notice.objects.unread().exists()


def test_the_bell_counts_on_every_page_and_asks_again(as_, world):
    client = as_("nora")
    assert "bell-count" not in client.get(reverse("visits:list")).content.decode()
    for _ in range(3):
        tell(world.nora)
    tell(world.dana)
    page = client.get(reverse("visits:list")).content.decode()
    assert "Notices: 3 unread" in page
    assert 'hx-trigger="every 120s"' in page
    assert "Notices: 3 unread" in client.get(reverse("notices:bell"), headers={"HX-Request": "true"}).content.decode()
    Notice.objects.bulk_create(Notice(to=world.nora, kind="run", text="x", url="/") for _ in range(100))
    assert '<span class="bell-count" aria-hidden="true">99+</span>' in client.get(reverse("notices:bell")).content.decode()


def test_the_list_narrows_and_marks_as_read(as_, world):
    [first] = tell(world.nora, "First one")
    tell(world.nora, "Second one", kind=NoticeKind.RUN, url="/reports/")
    client, address = as_("nora"), reverse("notices:list")
    page = client.get(address).content.decode()
    assert page.index("Second one") < page.index("First one")
    assert "First one" not in client.get(address, {"kind": "run"}).content.decode()
    client.post(reverse("notices:read", args=[first.pk]))
    unread = client.get(address, {"unread": "true"}).content.decode()
    assert "First one" not in unread
    assert "Second one" in unread
    [shown] = client.get("/api/v1/notices/", {"unread": "true"}).json()["results"]
    assert client.post(f"/api/v1/notices/{shown['id']}/read/").json()["read_at"]
    assert "Nothing unread here" in client.get(address, {"unread": "true"}).content.decode()
    tell([world.nora, world.dana])
    client.post(reverse("notices:read-all"))
    assert [notice.to for notice in Notice.objects.unread()] == [world.dana]


def test_nobody_reads_for_somebody_else(as_, world):
    [notice] = tell(world.nora)
    assert as_("dana").post(reverse("notices:read", args=[notice.pk])).status_code == 404
    assert as_("dana").post(f"/api/v1/notices/{notice.pk}/read/").status_code == 404
    assert Notice.objects.unread().count() == 1


def test_the_list_is_flat(as_, world, assert_flat_queries):
    as_("nora")
    assert_flat_queries(reverse("notices:list"), lambda count: [tell(world.nora, by=world.dana) for _ in range(count)])


def test_somebody_new_is_told_what_notices_are(as_, world):
    assert "No notices yet" in as_("elle").get(reverse("notices:list")).content.decode()


def test_a_notice_of_every_kind_is_shown(as_, world):
    for kind in NoticeKind:
        tell(world.nora, f"About {kind.value}", kind=kind)
    page = as_("nora").get(reverse("notices:list")).content.decode()
    assert [kind for kind in NoticeKind if f"About {kind.value}" not in page] == []
