"""A real Chromium against a live server. Without one on the machine these tests are skipped, and bin/test says so loudly."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client, override_settings
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from accounts.models import User
from prm import browser as chromium
from tests.browser.server import Server, Source
from tests.factories import PASSWORD

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


SIZES = {"width", "scheme", "theme"}

expect.set_options(timeout=30_000)  # a machine that does other things as well is slow, not wrong


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A journey at one size and in one light belongs to the suite, the same one at others to the tail, which takes longer."""
    seen: set[tuple[Path, str]] = set()
    for item in items:
        spec = getattr(item, "callspec", None)
        if spec is None or not spec.params or not set(spec.params) <= SIZES or item.path.parent != Path(__file__).parent:
            continue
        journey = (item.path, getattr(item, "originalname", item.name))
        if journey in seen:
            item.add_marker(pytest.mark.slow)
        seen.add(journey)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium.find()
    if path is None:
        pytest.skip(f"NO CHROMIUM on this machine. {chromium.ADVICE}")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def page_at(browser: Browser) -> Iterator[Callable[..., Page]]:
    """`page_at(390, "dark")`: a fresh page of that width; phones can be touched. Errors in the console fail the test."""
    contexts, errors = [], []

    def make(width: int = 390, scheme: str = "light", **options: Any) -> Page:
        phone = width < 768
        context = browser.new_context(
            viewport={"width": width, "height": 844 if phone else 900},
            color_scheme=scheme,
            has_touch=phone,
            locale="en-US",
            timezone_id="America/New_York",
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if "Content Security Policy" in message.text else None)
        return page

    yield make
    for context in contexts:
        context.close()  # keeps no connection of the live server open
    assert not errors


@pytest.fixture
def sign_in(live_server: Any) -> Callable[[Page, User], None]:
    """Through the sign-in page, as a person does."""

    def enter(page: Page, user: User) -> None:
        page.goto(f"{live_server.url}/account/login/")
        page.fill("[name=login]", user.email)
        page.fill("[name=password]", PASSWORD)
        page.locator("[name=password]").press("Enter")
        expect(page.locator("nav .tab-item, .mainnav a").first).to_be_attached()

    return enter


@pytest.fixture
def assert_axe_clean() -> Callable[[Page], None]:
    """No finding of axe (WCAG 2.2 AA and its best practices), and no sideways scroll."""

    def check(page: Page) -> None:
        page.evaluate(AXE.read_text())
        page.evaluate("scrollTo(0, 0)")  # a button half under the fixed top bar would seem too small a target
        found = page.evaluate("rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", AXE_RULES)
        assert not found["violations"], "\n".join(f"{rule['id']}: {rule['nodes'][0]['html'][:300]}" for rule in found["violations"])
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"

    return check


@pytest.fixture
def tab_to() -> Callable[[Page, Locator], None]:
    """Press Tab until the element has the focus: proof that the keyboard gets there."""

    def walk(page: Page, wanted: Locator) -> None:
        for _ in range(80):
            if wanted.evaluate("element => element === document.activeElement"):
                return
            page.keyboard.press("Tab")
        pytest.fail(f"The keyboard does not reach {wanted}")

    return walk


@pytest.fixture
def bytes_over_the_wire() -> Callable[[Page], Any]:
    """`with bytes_over_the_wire(page) as count:` … `count()`: what the network carried, compressed as it was."""

    @contextmanager
    def measure(page: Page) -> Iterator[Callable[[], int]]:
        session, sizes = page.context.new_cdp_session(page), []
        session.send("Network.enable")
        session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
        yield lambda: int(sum(sizes))
        session.detach()

    return measure


@pytest.fixture(scope="session")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The static files as a deployment has them, hashed and compressed."""
    folder = tmp_path_factory.mktemp("static")
    with override_settings(
        STATIC_ROOT=folder,
        STATICFILES_FINDERS=["django.contrib.staticfiles.finders.FileSystemFinder"],
        STORAGES={**settings.STORAGES, "staticfiles": {"BACKEND": "prm.statics.Storage"}},
    ):
        call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=["counties", "county_paths"])
    return folder


@pytest.fixture
def deployed(settings: Any, packed: Path, transactional_db: None) -> Iterator[str]:
    """A server as in production: static files hashed and compressed, served by WhiteNoise."""
    settings.STATIC_ROOT = packed
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "prm.statics.Storage"}}
    server = LiveServerThread("localhost", static_handler=lambda application: application)
    server.daemon = True
    server.start()
    server.is_ready.wait(timeout=30)
    yield f"http://localhost:{server.port}"
    server.terminate()


@pytest.fixture(scope="session")
def source(django_db_setup: None) -> Iterator[Source]:
    """What servers are forked from."""
    running = Source()
    yield running
    running.end()


@pytest.fixture
def server(source: Source, packed: Path, transactional_db: None) -> Iterator[Server]:
    """A web server that really stops: `server.stop()`, `server.start()`."""
    running = Server(source, packed)
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture
def phone(page_at: Callable[..., Page], server: Server, client: Client) -> Callable[..., Page]:
    """`phone(world.nora)`: a phone on which this person signed in before, nothing opened yet.

    It sends from its pages only, as iPhones do, so that a test sees every request; `background=True` has Background Sync too.
    """

    def signed_in(user: User, *, background: bool = False, **options: Any) -> Page:
        client.force_login(user)
        page = page_at(390, **options)
        if not background:
            page.context.add_init_script("delete ServiceWorkerRegistration.prototype.sync")
        page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": server.url}])
        return page

    return signed_in
