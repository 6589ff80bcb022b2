"""The dashboard drawn: what it weighs, hatching and names of its charts, and every figure beside its rows."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.factories.reports import add_referrals, make_payer, monthly
from tests.reports.conftest import FIRST

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def history(world):
    """26 months: the north keeps, loses and does not know; the south sends us something and falls."""
    north = {"provider": world.north_provider, "service_line": world.line, "payer": make_payer()}
    add_referrals(
        *monthly(world.south_practice, FIRST, [8] * 23 + [2] * 3 + [1], provider=world.south_provider, service_line=world.line),
        *monthly(world.north_practice, FIRST, [6] * 26, flow="internal", destination=world.ours, **north),
        *monthly(world.north_practice, FIRST, [3] * 26, flow="outbound", destination=world.theirs, **north),
        *monthly(world.north_practice, FIRST, [1] * 26, flow="undetermined", **north),
    )
    return world


def test_the_dashboard_weighs_little(history, deployed, browser, client, bytes_over_the_wire):
    client.force_login(history.dana)
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": deployed}])
    page = context.new_page()
    with bytes_over_the_wire(page) as count:
        page.goto(f"{deployed}{reverse('reports:dashboard')}")
        page.wait_for_load_state("networkidle")
        expect(page.locator(".chart-canvas svg").first).to_be_attached()
        carried = count()
    context.close()
    assert 200_000 < carried <= 400_000, f"{carried} bytes"


def test_charts_are_hatched_and_no_name_lies_on_another(history, live_server, page_at, sign_in):
    page = page_at(1440)
    sign_in(page, history.dana)
    page.goto(f"{live_server.url}{reverse('reports:dashboard')}")
    trend = page.locator("figure", has_text="Inbound referrals are")
    expect(trend.locator("svg text", has_text="still filling up")).to_be_attached()
    expect(trend.locator("pattern, image").first).to_be_attached()
    names = page.locator("figure", has_text="Of 120 referrals").locator("svg text")
    boxes = [box for box in (name.bounding_box() for name in names.all()) if box]
    assert len(boxes) > 3
    for place, one in enumerate(boxes):
        for other in boxes[place + 1 :]:
            apart = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
            above = one["y"] + one["height"] <= other["y"] + 1 or other["y"] + other["height"] <= one["y"] + 1
            assert apart or above, "names of the flow overlap"


def test_every_figure_of_the_dashboard_opens_as_many_rows(history, client):
    client.force_login(history.dana)
    shown = client.get(reverse("reports:dashboard")).context
    figures = [(kpi.value, kpi.url) for kpi in shown["kpis"] if "/referrals/" in kpi.url]
    figures += [(row.observed, row.rows_url) for part in shown["movers"] for row in part.rows]
    for name in ("inbound", "inbound_lines", "lines", "destinations"):
        for series in shown[name].chart.spec["series"]:
            figures += list(zip(series["values"], series.get("urls", ()), strict=False))
    flow = shown["flow"].chart.spec
    figures += [(link["value"], link["url"]) for link in flow["links"]]
    for node in flow["nodes"]:
        sums = [sum(link["value"] for link in flow["links"] if link[end] == node["name"]) for end in ("source", "target")]
        figures.append((max(sums), node["url"]))
    assert len(figures) > 30
    for value, url in figures:
        assert client.get(url).context["page"].paginator.count == int(value), url
