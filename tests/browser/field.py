"""What tests of a phone in the field share: the day is kept before the network goes, and an answer is lost on its way back."""

from playwright.sync_api import Page, expect

from accounts.models import User
from prm import processes


def wait_until_kept(page: Page, user: User, store: str = "pack") -> None:
    """The phone's store has the person's copy."""
    kept = "async ([store, user]) => Boolean(await fieldDb.get(store, user))"
    assert processes.until(lambda: page.evaluate(kept, [store, user.pk]), seconds=20, every=0.2)


def drain_though_the_first_answer_is_lost(page: Page) -> None:
    """The server keeps the visit, the phone never hears of it and sends it again."""
    lost = []

    def lose(route):  # type: ignore[no-untyped-def]  # Playwright calls it with its own object
        lost.append(route.fetch().status)
        route.abort()

    page.route("**/api/v1/visits/", lose)
    page.evaluate("outbox.drain({now: true, wait: true})")
    page.unroute("**/api/v1/visits/")
    page.evaluate("outbox.drain({now: true, wait: true})")
    expect(page.get_by_text("Visit sent.")).to_be_visible(timeout=30_000)
    assert lost == [201]
