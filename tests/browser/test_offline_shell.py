"""The app opens without a network: the worker keeps shells and static files, nobody's data, and takes over from an older one."""

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

KEPT = "async () => (await Promise.all((await caches.keys()).map(async name => (await (await caches.open(name)).keys()).map(({url}) => new URL(url).pathname)))).flat()"  # noqa: E501


def ready(page):
    """The worker answers for this page."""
    page.evaluate("navigator.serviceWorker.ready")


def test_a_page_that_is_not_kept_says_so_when_the_server_is_away(world, server, phone, assert_axe_clean):
    page = phone(world.nora)
    page.goto(f"{server.url}/visits/")
    ready(page)
    kept = page.evaluate(KEPT)
    assert "/shell/offline/" in kept
    assert all(path.startswith(("/shell/", "/static/")) for path in kept), kept
    server.stop()
    page.goto(f"{server.url}/contacts/practices/")
    expect(page.get_by_role("heading", name="No network")).to_be_visible()
    assert_axe_clean(page)
    server.start()
    page.get_by_role("link", name="Try again").tap()
    expect(page.get_by_role("heading", name="Practices")).to_be_visible()


def test_the_phone_offers_to_install_it(world, server, phone):
    page = phone(world.nora)
    page.goto(f"{server.url}/visits/")
    ready(page)
    session = page.context.new_cdp_session(page)
    hindrances = {error["errorId"] for error in session.send("Page.getInstallabilityErrors")["installabilityErrors"]}
    assert hindrances <= {"in-incognito"}  # which every page of a test is
    told = session.send("Page.getAppManifest")
    assert told["url"] == f"{server.url}/manifest.webmanifest"
    assert told["errors"] == []


def test_sign_out_leaves_nothing_on_the_phone(world, server, phone):
    page = phone(world.nora)
    page.goto(f"{server.url}/visits/")
    ready(page)
    page.evaluate("() => fieldDb.put('meta', 'said', 'something')")
    page.goto(f"{server.url}/account/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").tap()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert page.evaluate(KEPT) == []
    assert page.evaluate("async () => (await indexedDB.databases()).map(({name}) => name)") == []
    assert page.evaluate("async () => (await navigator.serviceWorker.getRegistrations()).length") == 0
