"""Pages of market files: sent, checked, loaded, mended, undone."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from audit.models import AuditEvent
from common.npi import with_check_digit
from referrals.models import MarketFile, MarketMonth
from tests.factories.market import CAPACITY, MARKET, market_row, text

NPI = with_check_digit("200000001")


def upload(*rows, header=MARKET, **fields):
    file = SimpleUploadedFile("market.csv", text(header, list(rows)).getvalue())
    return {"kind": "market", "file": file, "dry_run": "on", **fields}


def test_who_may(world, as_):
    for who, status in (("nora", 403), ("dana", 403), ("elle", 403), ("ivan", 200), ("ada", 200)):
        assert as_(who).get(reverse("referrals:market")).status_code == status


def test_checked_then_loaded_then_undone(world, as_, run_jobs):
    client = as_("ivan")
    answer = client.post(reverse("referrals:market"), upload(market_row(NPI, 3, 9), market_row(NPI, 3, 9, line="Astrology")))
    file = MarketFile.objects.get()
    assert answer.url == file.get_absolute_url()
    assert "Working" in client.get(reverse("referrals:market")).text
    assert client.get(answer.url, headers={"HX-Request": "true"}).status_code == 200
    run_jobs()
    page = client.get(answer.url)
    assert "Only checked." in page.text
    assert "1 row rejected" in page.text
    assert "No service line here is called" in page.text
    assert not MarketMonth.objects.exists()
    assert client.get(answer.url, headers={"HX-Request": "true"})["HX-Redirect"] == answer.url
    client.post(reverse("referrals:market-load", args=[file.pk]))
    run_jobs()
    assert MarketMonth.objects.count() == 1
    assert client.post(reverse("referrals:market-undo", args=[file.pk]), {"why": ""}).status_code == 422
    client.post(reverse("referrals:market-undo", args=[file.pk]), {"why": "Wrong extract"})
    assert not MarketMonth.objects.exists()
    text_ = client.get(answer.url).text
    assert "Wrong extract" in text_
    assert "by Ivan" in text_
    client.post(reverse("referrals:market-load", args=[file.pk]))  # over
    run_jobs()
    assert not MarketMonth.objects.exists()


def test_the_rejects_are_mended_and_taken_back(world, as_, run_jobs):
    client = as_("ivan")
    client.post(reverse("referrals:market"), upload(market_row(NPI, 3, 9), market_row(NPI, 2, 9, line="Astrology"), dry_run=""))
    run_jobs()
    file = MarketFile.objects.get()
    body = client.get(reverse("referrals:market-rejects", args=[file.pk])).getvalue().decode("utf-8-sig")
    head, row = csv.reader(io.StringIO(body))
    assert head == [*MARKET, "What is wrong"]
    row[1] = "Orthopedics"
    client.post(reverse("referrals:market"), upload(tuple(row), header=tuple(head), dry_run=""))
    run_jobs()
    newest = MarketFile.objects.first()
    assert (newest.new, newest.rejected, newest.state) == (1, {}, "loaded")
    assert AuditEvent.objects.filter(event="market.rejects_exported").count() == 1


def test_the_same_file_again_says_so(world, as_, run_jobs):
    client = as_("ivan")
    for _ in range(2):
        answer = client.post(reverse("referrals:market"), upload(market_row(NPI, 3, 9), dry_run=""), follow=True)
        run_jobs()
    assert "This very file is loaded already" in answer.text
    assert MarketFile.objects.count() == 1


def test_what_cannot_be_read_says_why(world, as_, run_jobs):
    client = as_("ivan")
    assert client.post(reverse("referrals:market"), {"kind": "market"}).status_code == 422
    client.post(reverse("referrals:market"), upload(("x",), header=("a",)))
    run_jobs()
    file = MarketFile.objects.get()
    assert "This is not market data" in client.get(file.get_absolute_url()).text


def test_capacity_by_the_same_door(world, as_, run_jobs):
    client = as_("ivan")
    header = tuple(name for name in CAPACITY if name != "as of")
    cells = ("Riverbend Cardiology", "Cardiology", "yes", 9, "Medicare", "1 Main St", "44101")
    client.post(reverse("referrals:market"), upload(cells, header=header, kind="capacity", day="2026-10-01", dry_run=""))
    run_jobs()
    file = MarketFile.objects.get()
    assert (file.kind, file.state, file.new) == ("capacity", "loaded", 1)
    assert "Riverbend Cardiology" in client.get(reverse("reports:capacity")).text


@pytest.mark.parametrize("name", ["market-load", "market-undo"])
def test_others_cannot_write(world, as_, name):
    assert as_("dana").post(reverse(f"referrals:{name}", args=[1])).status_code == 403
    assert as_("ivan").post(reverse(f"referrals:{name}", args=[1])).status_code == 404
