"""Asking for a report in a browser: it is waited for, appears by itself, is downloaded, is let go."""

import threading
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from playwright.sync_api import expect

from jobs.actions import run_waiting
from reports import kinds
from reports.exports.document import (
    ChartBlock,
    Column,
    Definitions,
    Document,
    Figure,
    Figures,
    Heading,
    Meaning,
    TableBlock,
    Text,
    Unit,
    counts,
)
from reports.models import ReportRun
from tests.factories.reports import add_referrals, make_payer, monthly
from tests.reports.conftest import FIRST

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def history(world: Any) -> Any:
    north = {"provider": world.north_provider, "service_line": world.line, "payer": make_payer()}
    add_referrals(
        *monthly(world.north_practice, FIRST, [12] * 26, flow="internal", destination=world.ours, **north),
        *monthly(world.north_practice, FIRST, [13] * 26, flow="outbound", destination=world.theirs, **north),
    )
    return world


def work() -> None:
    """A worker, as one wakes some time after the asking."""

    def do() -> None:
        run_waiting(apps=("reports",))
        connection.close()

    worker = threading.Thread(target=do)
    worker.start()
    worker.join()


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1440, "dark")])
def test_asked_waited_for_read_and_downloaded(history, live_server, page_at, sign_in, assert_axe_clean, width, scheme) -> None:
    page = page_at(width, scheme)
    sign_in(page, history.dana)
    page.goto(f"{live_server.url}{reverse('reports:run-new')}")
    assert_axe_clean(page)
    page.get_by_role("link", name="Outbound leakage").click()
    assert_axe_clean(page)
    page.get_by_role("button", name="Make the report").click()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    assert_axe_clean(page)
    work()
    expect(page.get_by_role("button", name="Print") if width > 700 else page.get_by_text("Download", exact=True)).to_be_visible(
        timeout=10_000
    )
    assert_axe_clean(page)
    page.locator("details.menu > summary", has_text="Download").click()
    assert_axe_clean(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="PDF, to print and to send").click()
    assert download.value.suggested_filename.endswith(".pdf")
    page.goto(f"{live_server.url}{reverse('reports:runs')}")
    expect(page.get_by_role("link", name="Outbound leakage").first).to_be_visible()
    assert_axe_clean(page)


def test_cancelled_from_the_page_that_waits(history, live_server, page_at, sign_in, assert_axe_clean) -> None:
    page = page_at(1440)
    sign_in(page, history.dana)
    page.goto(f"{live_server.url}{reverse('reports:run-new-of-kind', args=['volume'])}")
    page.get_by_role("button", name="Make the report").click()
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert_axe_clean(page)
    page.get_by_role("button", name="Cancel report").click()
    expect(page.get_by_text("The report was cancelled.")).to_be_visible()
    assert not ReportRun.objects.exists()


@pytest.fixture
def neutral(history: Any, monkeypatch: Any) -> Any:
    """A kind without a page of its own, with every block there is."""

    def document(run: ReportRun, reader: Any) -> Document:
        columns = [Column("Practice"), *counts("Referrals"), Column("Margin", Unit.MONEY)]
        spec = {"kind": "bar", "unit": "count", "labels": ["A", "B"], "series": [{"name": "n", "values": [40, 17], "tone": "inbound"}]}
        blocks = [
            Figures([Figure("Referrals", 57), Figure("Share", 0.31, Unit.SHARE, change="+2 pts", note="Of all.")]),
            Heading("Part"),
            Text("A sentence."),
            Text("To be minded.", "note"),
            ChartBlock("c", "A sends most", spec, TableBlock("By practice", columns[:2], [["A", 40], ["B", 17]])),
            TableBlock("Practices", columns, [["A", 40, 1200.0], ["B", 17, None]], total=["All", 57, 1200.0], note="Largest first."),
            TableBlock("Nobody", columns, []),
            Definitions([Meaning("referrals", "Referrals: all that came", ("Each once.",))], ["A note."]),
        ]
        return Document("Neutral", run.scope_name, blocks, data_through=run.data_through_on)

    kind = kinds.KINDS["volume"]
    monkeypatch.setitem(kinds.KINDS, "volume", type(kind)(**{**vars(kind), "document": document, "page": None}))
    return history


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1440, "light")])
def test_a_neutral_document_is_a_page(neutral, live_server, page_at, sign_in, assert_axe_clean, width, scheme) -> None:
    page = page_at(width, scheme)
    sign_in(page, neutral.dana)
    page.goto(f"{live_server.url}{reverse('reports:run-new-of-kind', args=['volume'])}")
    page.get_by_role("button", name="Make the report").click()
    work()
    expect(page.locator(".chart-canvas svg")).to_be_attached(timeout=10_000)
    expect(page.get_by_text("To be minded.")).to_be_visible()
    expect(page.get_by_text("$1,200").first).to_be_visible()
    assert_axe_clean(page)
