"""Without a network from the start; a wrong clock; an update, a full phone and five hundred visits that wait; edits on two devices."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from contacts.actions import merge_providers
from notices.models import Notice
from prm import processes
from tests.browser.field import wait_until_kept
from tests.factories import make_provider, make_staff, make_visit
from tests.factories.visits import make_topic
from visits import actions
from visits.models import Visit, VisitType

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def field(world):
    make_staff(world.north_practice, "Kim Ortega", job="Referral coordinator")
    world.topic = make_topic("Access")
    return world


def ready(page, server):
    page.goto(f"{server.url}{reverse('visits:log')}")
    page.evaluate("navigator.serviceWorker.ready")


def keep_pack(page, server, user):
    """Today, opened once: the phone has what the next days need."""
    page.goto(f"{server.url}{reverse('visits:today')}")
    wait_until_kept(page, user)


def saved(page):
    expect(page.get_by_text("Saved on this phone.")).to_be_visible(timeout=20_000)


def drain(page):
    page.evaluate("outbox.drain({now: true, wait: true})")


def test_the_form_opens_without_a_network_and_knows_the_field(field, server, phone, assert_axe_clean):
    rounds = VisitType.objects.create(name="Rounds")
    page = phone(field.nora)
    ready(page, server)
    keep_pack(page, server, field.nora)
    server.stop()
    page.goto(f"{server.url}{reverse('visits:log')}")
    page.get_by_role("combobox", name="Practice").fill("north")
    page.get_by_role("option", name="North Family Practice").tap()
    page.get_by_text("Pat Northrop").tap()
    expect(page.get_by_role("radio", name="Met a provider")).to_be_checked()
    page.get_by_role("checkbox", name="Access").tap()
    page.get_by_label("Type of visit").select_option(label="Rounds")
    assert_axe_clean(page)
    page.get_by_role("button", name="Save visit").tap()
    saved(page)
    server.start()
    drain(page)
    expect(page.get_by_text("Visit sent.")).to_be_visible()
    visit = Visit.objects.get()
    assert [str(person) for person in visit.attendees.all()] == ["Pat Northrop"]
    assert [topic.name for topic in visit.topics.all()] == ["Access"]
    assert visit.visit_type == rounds


def test_what_is_missing_is_said_without_a_network(field, server, phone, assert_axe_clean, tab_to):
    page = phone(field.nora)
    ready(page, server)
    server.stop()
    page.goto(f"{server.url}{reverse('visits:log')}")
    page.set_viewport_size({"width": 320, "height": 640})
    tab_to(page, page.get_by_role("button", name="Save visit"))
    page.keyboard.press("Enter")
    expect(page.locator(".error-summary")).to_be_focused()
    expect(page.get_by_role("link", name="Choose a practice.")).to_be_visible()
    expect(page.get_by_role("link", name="Say how it went, or tick whom you met.")).to_be_visible()
    assert_axe_clean(page)


@pytest.mark.parametrize("days", [1, -1])
def test_a_clock_that_is_a_day_off(field, server, phone, days):
    page = phone(field.nora)
    page.clock.install(time=timezone.localtime() + dt.timedelta(days=days))
    ready(page, server)
    keep_pack(page, server, field.nora)
    server.stop()
    page.goto(f"{server.url}{reverse('visits:log')}?practice={field.north_practice.pk}")
    page.get_by_text("Met staff only").tap()
    page.get_by_role("button", name="Save visit").tap()
    saved(page)
    server.start()
    drain(page)
    visit = Visit.objects.get()
    assert abs(visit.visited_at - timezone.now()) < dt.timedelta(minutes=5)
    assert abs(visit.entered_at - timezone.now()) < dt.timedelta(minutes=5)
    assert abs(visit.clock_off_s + days * 86400) < 300


def test_a_merge_and_a_new_territory_while_a_visit_waits(field, server, phone):
    """Whom one met became another record, and the practice somebody else's: the visit lands once, and says both."""
    old = make_provider("Oldname", at=field.north_practice, npi="")
    page = phone(field.nora)
    page.goto(f"{server.url}{reverse('visits:log')}?practice={field.north_practice.pk}")
    page.evaluate("navigator.serviceWorker.ready")
    page.evaluate("fieldUser()")
    server.stop()
    page.get_by_text("Pat Oldname").tap()
    page.fill("[name=note]", "Before it all changed")
    page.get_by_role("button", name="Save visit").tap()
    saved(page)
    merge_providers(survivor=field.north_provider, merged=old, by=field.ada)
    field.north_practice.territory = field.south
    field.north_practice.save()
    server.start()
    drain(page)
    expect(page.get_by_text("Visit sent.")).to_be_visible()
    visit = Visit.objects.get()
    assert [person.provider for person in visit.attendees.all()] == [field.north_provider]
    assert (visit.owner, visit.note) == (field.nora, "Before it all changed")
    page.goto(f"{server.url}{visit.get_absolute_url()}")
    expect(page.get_by_text("two records were of one person")).to_be_visible()
    expect(page.get_by_text("went to another territory before this visit arrived")).to_be_visible()
    assert Notice.objects.get().to == field.nora


def test_an_update_while_visits_wait(field, server, phone, tmp_path):
    """A new release installs its worker over one with a full outbox; what waits is neither lost nor sent twice."""
    page = phone(field.nora)
    page.goto(f"{server.url}{reverse('visits:log')}?practice={field.north_practice.pk}")
    page.evaluate("navigator.serviceWorker.ready")
    server.stop()
    page.get_by_text("Met staff only").tap()
    page.get_by_role("button", name="Save visit").tap()
    saved(page)
    before = page.evaluate("caches.keys()")
    server.next_release(tmp_path / "static")
    server.start()
    page.evaluate("async () => { const worker = await navigator.serviceWorker.ready; await worker.update(); }")
    page.wait_for_timeout(2000)
    after = page.evaluate("caches.keys()")
    assert len(after) == 1
    assert after != before
    page.goto(f"{server.url}{reverse('visits:waiting')}")
    expect(page.get_by_text("Nothing waits: everything you saved was sent.")).to_be_visible(timeout=15_000)
    assert Visit.objects.count() == 1


def test_a_full_phone_loses_nothing_that_was_on_the_screen(field, server, phone, assert_axe_clean):
    page = phone(field.nora)
    page.goto(f"{server.url}{reverse('visits:log')}?practice={field.north_practice.pk}")
    page.evaluate("fieldUser()")  # the form has opened its store; without one it would be sent as any form is
    page.evaluate("""() => { IDBObjectStore.prototype.put = function () { throw new DOMException("no room", "QuotaExceededError"); }; }""")
    page.get_by_text("Met staff only").tap()
    page.fill("[name=note]", "Still here")
    page.get_by_role("button", name="Save visit").tap()
    expect(page.get_by_text("This phone has no room left")).to_be_visible()
    expect(page.locator("[name=note]")).to_have_value("Still here")
    assert_axe_clean(page)
    page.get_by_role("button", name="Send it without keeping it").tap()
    expect(page.get_by_text("Visit saved.")).to_be_visible(timeout=15_000)
    assert Visit.objects.get().note == "Still here"


def test_five_hundred_visits_that_wait(field, server, phone):
    """The server dies in the middle of it; every one arrives once."""
    page = phone(field.nora)
    page.goto(f"{server.url}{reverse('visits:waiting')}")
    page.evaluate(
        """async ([user, practice]) => {
             const visited_at = new Date(Date.now() - 3600000).toISOString();
             const body = { practice, outcome: 'met staff', mode: 'in person', time_is_typed: true, visited_at };
             const item = { user, kind: 'visit', url: '/api/v1/visits/', state: 'waiting', reason: '', tries: 0, again: 0 };
             await fieldDb.change(['outbox'], ({outbox}) => {
               for (let n = 0; n < 500; n += 1) {
                 const note = `No. ${n}`;
                 outbox.put({ ...item, id: crypto.randomUUID(), label: note, at: Date.now() - 86400000 + n, body: { ...body, note } });
               }
             });
           }""",
        [field.nora.pk, field.north_practice.pk],
    )  # fmt: skip
    page.evaluate("() => { outbox.drain({now: true, wait: true}); }")
    page.wait_for_timeout(2500)
    server.stop()
    stored = Visit.objects.count()
    assert 0 < stored < 500
    page.wait_for_timeout(1000)
    server.start()
    drain(page)
    assert page.evaluate("async () => (await fieldDb.all('outbox')).length") == 0
    assert Visit.objects.count() == 500
    assert Visit.objects.values("note").distinct().count() == 500


def test_the_same_visit_edited_on_the_phone_and_on_a_laptop(field, server, phone, assert_axe_clean):
    visit = make_visit(field.north_practice, field.nora, outcome="met staff", note="First")
    page = phone(field.nora)
    ready(page, server)
    page.goto(f"{server.url}{reverse('visits:edit', args=[visit.pk])}")
    server.stop()
    page.fill("[name=note]", "From the phone")
    page.get_by_role("button", name="Save changes").tap()
    saved(page)
    actions.edit_visit(
        by=field.nora, visit=visit, visited_at=visit.visited_at, mode="phone", outcome="met staff",
        providers=[], staff=[], topics=[], note="From the laptop",
    )  # fmt: skip
    server.start()
    page.goto(f"{server.url}{reverse('visits:waiting')}")
    page.get_by_role("link", name="Choose").tap(timeout=15_000)
    expect(page.get_by_text("Theirs: From the laptop")).to_be_visible()
    assert_axe_clean(page)
    page.get_by_role("radio", name="Yours: From the phone").tap()
    page.get_by_role("button", name="Save changes").tap()
    expect(page.get_by_text("Changes saved.")).to_be_visible(timeout=15_000)
    visit.refresh_from_db()
    assert (visit.note, visit.mode, visit.version) == ("From the phone", "phone", 3)
    assert page.evaluate("async () => (await fieldDb.all('outbox')).length") == 0


def test_two_phones_of_one_person(field, server, phone):
    pages = [phone(field.nora) for _ in range(2)]
    for page in pages:
        page.goto(f"{server.url}{reverse('visits:log')}?practice={field.north_practice.pk}")
        page.evaluate("navigator.serviceWorker.ready")
    server.stop()
    for number, page in enumerate(pages):
        page.get_by_text("Met staff only").tap()
        page.fill("[name=note]", f"Phone {number}")
        page.get_by_role("button", name="Save visit").tap()
        saved(page)
    server.start()
    for page in pages:
        drain(page)
        drain(page)
    assert sorted(Visit.objects.values_list("note", flat=True)) == ["Phone 0", "Phone 1"]


def test_the_browser_wakes_the_worker_when_the_network_is_back(field, server, phone):
    """Background Sync: no page of PRM is open, and the visit is sent."""
    page = phone(field.nora, background=True)
    told = []
    session = page.context.new_cdp_session(page)
    session.on("ServiceWorker.workerRegistrationUpdated", lambda event: told.extend(event["registrations"]))
    session.send("ServiceWorker.enable")
    page.goto(f"{server.url}{reverse('visits:log')}?practice={field.north_practice.pk}")
    page.evaluate("navigator.serviceWorker.ready")
    server.stop()
    page.get_by_text("Met staff only").tap()
    page.get_by_role("button", name="Save visit").tap()
    saved(page)
    page.goto("about:blank")
    server.start()
    assert not Visit.objects.exists()
    ours = next(row for row in told if row["scopeURL"].startswith(server.url))
    session.send(
        "ServiceWorker.dispatchSyncEvent",
        {"origin": server.url, "registrationId": ours["registrationId"], "tag": "outbox", "lastChance": False},
    )
    assert processes.until(Visit.objects.exists, seconds=15, every=0.2)
