"""The three pages of a liaison's day answer a tap at once on a slow phone: what keeps a processor busy at a quarter of this one's speed."""

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_practice, make_provider, make_visit
from tests.factories.visits import make_topic

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SLOWER, RUNS, STOPS = 4, 3, 8
MOST_BLOCKED_MS = 200  # total blocking time that Lighthouse calls good
WATCH = """() => {
  self.longTasks = [];
  new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({duration}) => duration)))
    .observe({type: "longtask", buffered: true});
}"""


@pytest.fixture
def busy(world):
    """A full day: eight stops at offices with people, and topics to choose from."""
    for number in range(STOPS):
        practice = make_practice(f"Office {number}", territory=world.north, address=f"{number} Main St", city="North Haven")
        for other in range(4):
            make_provider(f"Doctor{number}{other}", at=practice)
        make_visit(practice, world.nora, note="They asked about the new clinic.")
        make_visit(practice, world.nora, state="planned", planned_at=timezone.localtime().replace(hour=9 + number, minute=0))
    for name in ("Access", "Imaging", "New physicians", "Thanks"):
        make_topic(name)
    world.office = practice
    return world


def test_a_slow_phone_is_never_busy_for_long(busy, deployed, page_at, client, subtests):
    client.force_login(busy.nora)
    page = page_at(390)
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": deployed}])
    page.context.add_init_script(f"({WATCH})()")
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    for path in (reverse("visits:today"), reverse("visits:log"), reverse("visits:brief", args=[busy.office.pk])):
        with subtests.test(path):
            blocked = []
            for _ in range(RUNS):
                page.goto(f"{deployed}{path}", wait_until="load")
                page.wait_for_timeout(2500)  # what runs after the page is there counts too
                blocked.append(page.evaluate("longTasks.reduce((sum, ms) => sum + Math.max(0, ms - 50), 0)"))
            assert min(blocked) <= MOST_BLOCKED_MS, blocked  # the least: others on this machine only add to it
