"""The directory in a browser: found with a thumb, near a practice; without a network the phone gives the same answers; nobody else's."""

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from directory import actions
from referrals.actions import tell_capacity
from tests import factories
from tests.browser.field import wait_until_kept
from tests.factories.reports import make_payer
from visits.models import WorkingHours

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NAMES = "() => [...document.querySelectorAll('.dir-list > li')].map(row => [row.querySelector('h3').firstChild.textContent.trim() || row.querySelector('h3 a').textContent, row.querySelector('.dir-far')?.textContent ?? ''])"  # noqa: E501


@pytest.fixture
def ours(world):
    """Four specialists of ours in three towns, with plans, languages and waits told for some and not for others."""
    w = world
    w.medicare, w.cigna = make_payer("Medicare"), make_payer("Cigna")
    w.cardiology, w.ortho = factories.make_specialty(line=w.line), factories.make_specialty("207X00000X", "Orthopedics", w.other_line)
    bones = factories.make_organization("Harbor Orthopedics", alignment="affiliated", service_line=w.other_line)
    places = (("Lake Office", "44101", w.ours), ("Akron Office", "44301", w.ours), ("Canton Office", "44702", bones))
    w.offices = [factories.make_practice(name, zip=zip_, organization=body, phone="330-555-0101") for name, zip_, body in places]
    people = (("Núñez", 0, w.cardiology), ("O'Brien", 1, w.cardiology), ("Ortiz", 2, w.ortho), ("Zhao", 1, w.cardiology))
    w.people = [factories.make_provider(last, at=w.offices[at], specialty=kind, first_name="Ann") for last, at, kind in people]
    actions.save_entry(service_line=w.line, criteria="Chest pain\nNot: stable pressure", phone="216-555-0200", languages=["en"], by=w.ada)
    actions.save_entry(provider=w.people[1], languages=["es"], tells_plans=True, plans={w.cigna: (None, None)}, by=w.ada)
    tell_capacity(
        organization=w.ours, service_line=w.line, as_of_on=timezone.localdate() - dt.timedelta(days=2), is_accepting=True,
        third_next_available=9, payers=[w.medicare], address="1 Main St", zip_="44101", by=w.ada,
    )  # fmt: skip
    return w


def nearby(page, url):
    """Who is found from where the phone is, and from the next stop; the place itself is never sent."""
    found, sent = {}, []
    page.on("request", lambda request: sent.append(request.url))
    page.goto(f"{url}/directory/")
    page.get_by_role("button", name="Near here").tap()
    expect(page.get_by_text("Where you are stays on this phone")).to_be_visible()
    expect(page.locator(".dir-far").first).to_be_visible()
    assert page.locator("[name=within]").input_value() == "10"
    found["here"] = page.evaluate(NAMES)
    assert not [address for address in sent if "41.08" in address]
    page.goto(f"{url}/directory/")
    page.get_by_role("link", name="Within 10 miles of North Family Practice").tap()
    expect(page.locator(".dir-far").first).to_be_visible()
    found["stop"] = page.evaluate(NAMES)
    return found


def test_without_a_network_the_answers_are_the_same(ours, server, phone, assert_axe_clean):
    w = ours
    now = timezone.localtime()
    soon = min(now + dt.timedelta(minutes=5), now.replace(hour=23, minute=59, second=59))
    WorkingHours.objects.create(user=w.nora, weekdays=list(range(7)))  # the phone keeps working days
    factories.make_visit(w.north_practice, w.nora, state="planned", planned_at=soon)
    page = phone(w.nora)
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation({"latitude": 41.08, "longitude": -81.52})  # Akron
    page.goto(f"{server.url}/visits/today/")  # the day brings the directory with it
    page.evaluate("navigator.serviceWorker.ready")
    wait_until_kept(page, w.nora, "directory")
    queries = (
        "", "?q=nun", "?q=obrien+ann", "?q=chest", f"?payer={w.medicare.pk}", f"?payer={w.cigna.pk}&unsure=on", "?language=es&unsure=on",
        "?accepting=on", f"?line={w.other_line.pk}", f"?specialty={w.cardiology.pk}&sort=soonest", "?zip=44301", "?zip=44301&within=25",
        f"?practice={w.north_practice.pk}&within=50", "?zip=44702&within=25&sort=name", "?within=10",
    )  # fmt: skip
    online = {}
    for query in queries:
        page.goto(f"{server.url}/directory/{query}")
        online[query] = page.evaluate(NAMES)
    assert len(online[""]) == 6
    assert any(far for _, far in online["?zip=44301"])
    assert_axe_clean(page)
    online |= nearby(page, server.url)
    assert online["here"] != online["stop"]
    server.stop()
    page.goto(f"{server.url}/visits/brief/{w.north_practice.pk}/")
    page.get_by_role("link", name="Our specialists near here").tap()
    expect(page.get_by_text("Distances from North Family Practice")).to_be_visible()
    assert page.evaluate(NAMES) == online["stop"]
    assert nearby(page, server.url) == {name: online[name] for name in ("here", "stop")}
    for query in queries:
        page.goto(f"{server.url}/directory/{query}")
        expect(page.locator("[data-directory-says]")).to_contain_text("Kept on this phone")
        expect(page.locator("[data-directory-body] [role=status]")).to_contain_text("answer")
        assert page.evaluate(NAMES) == online[query], query
    page.goto(f"{server.url}/directory/?q=nun")
    expect(page.locator(".dir-list > li")).to_have_count(1)
    expect(page.get_by_text("9 days", exact=False)).to_contain_text("Third next appointment in 9 days")
    expect(page.get_by_text("2 days old")).to_be_visible()
    assert page.get_by_role("link", name="Referral line").get_attribute("href") == "tel:216-555-0200"
    page.get_by_text("How to refer").tap()
    expect(page.get_by_text("Send along")).to_be_visible()
    page.get_by_label("Search").fill("")
    expect(page.locator(".dir-list > li")).to_have_count(6)
    page.get_by_role("button", name="Filter and sort").tap()
    page.get_by_label("Takes the plan").select_option("Cigna")
    expect(page.locator(".dir-list > li")).to_have_count(1)
    page.get_by_role("button", name="Show them too").tap()
    expect(page.get_by_role("heading", name="Ann Ortiz")).to_be_visible()
    assert_axe_clean(page)


def test_the_copy_is_one_persons_and_gone_at_sign_out(ours, server, phone, client):
    w = ours
    page = phone(w.nora)
    page.goto(f"{server.url}/directory/")
    page.evaluate("navigator.serviceWorker.ready")
    wait_until_kept(page, w.nora, "directory")
    expect(page.locator("[data-directory-age]")).to_contain_text("Also kept on this phone")
    client.logout()
    client.force_login(w.past)
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": server.url}])
    page.goto(f"{server.url}/directory/")
    wait_until_kept(page, w.past, "directory")
    assert page.evaluate("async () => JSON.stringify(await fieldDb.all('directory'))").count("Ortiz") == 0
    server.stop()
    page.goto(f"{server.url}/directory/")
    expect(page.locator("[data-directory-says]")).to_contain_text("Kept on this phone")
    expect(page.locator("body")).not_to_contain_text("Ortiz")
    server.start()
    page.goto(f"{server.url}/account/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").tap()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert page.evaluate("async () => (await indexedDB.databases()).map(({name}) => name)") == []


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1440, "light")])
def test_pages_are_readable(ours, live_server, page_at, sign_in, assert_axe_clean, width, scheme):
    w = ours
    page = page_at(width, scheme)
    sign_in(page, w.ada)
    for path in ("/directory/?zip=44301&within=5&unsure=on", "/directory/?within=5", "/directory/?q=nobody", "/directory/entries/",
                 f"/directory/entries/line/{w.line.pk}/", f"/directory/entries/site/{w.line.pk}/{w.ours.pk}/"):  # fmt: skip
        page.goto(f"{live_server.url}{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert_axe_clean(page)
    page.goto(f"{live_server.url}/directory/")
    if width < 576:
        page.get_by_role("button", name="Filter and sort").click()
    page.get_by_label("Takes new patients").check()
    expect(page.locator(".dir-list > li")).to_have_count(4)
    names = page.evaluate("() => [...document.querySelectorAll('.dir-list h3 a')].map(link => link.textContent)")
    assert sorted(names) == ["Ann Núñez", "Ann O'Brien", "Ann Zhao", "Riverbend Cardiology"]


def test_a_first_visit_weighs_little(ours, deployed, browser, client, bytes_over_the_wire):
    client.force_login(ours.nora)
    context = browser.new_context(viewport={"width": 390, "height": 844})
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": deployed}])
    page = context.new_page()
    with bytes_over_the_wire(page) as count:
        page.goto(f"{deployed}/directory/")
        page.wait_for_load_state("networkidle")
        carried = count()
    context.close()
    assert 20_000 < carried <= 100_000, f"{carried} bytes"
