"""The list behind every figure, the detail, the look-up, the export: who may, how many, and that each look is recorded."""

import csv
import datetime as dt
import uuid
from collections import Counter
from io import BytesIO

import pytest
from django.db import DatabaseError
from django.urls import reverse
from openpyxl import load_workbook

from audit.models import AuditEvent
from contacts.models import Alignment
from jobs.models import Job
from referrals import actions
from referrals.models import DataVersion, Referral, SentRow, State, StatusEvent
from referrals.presenters.rows import why_not_counted
from referrals.queries import CAP
from reports.cells import FLOWS
from reports.queries.cells import cells
from territories.scope import scope_of
from tests import factories
from tests.factories.reports import recount
from tests.factories.rows import make_batch, make_payer, make_referral, make_source

LIST = reverse("referrals:list")


@pytest.fixture
def rows(world):
    """Sixty referrals of every kind, spread over three practices, five months, two feeds."""
    flows = ["inbound", "internal", "outbound", "undetermined", "outside"]
    practices = [world.north_practice, world.south_practice, world.unowned_practice, None]
    sources = [make_source("orders"), make_source("received", sees="received")]
    payers = [make_payer("Medicare"), make_payer("Aetna"), None]
    lines = [world.line, world.other_line, None]
    states = ["received", "seen", "rejected"]
    made = []
    for n in range(60):
        made.append(
            make_referral(
                practices[n % 4],
                anchor_on=dt.date(2026, 1 + n % 5, 1 + n % 28),
                flow=flows[n % 5],
                source=sources[n % 2],
                payer=payers[n % 3],
                service_line=lines[n // 2 % 3],
                state=states[n // 3 % 3],
                provider=world.north_provider if n % 4 == 0 else None,
                destination=world.theirs if n % 5 == 2 else None,
                is_counted=n % 7 != 0,
                is_duplicate=n % 7 == 0,
                patient_hash=f"{n // 3:032x}",
            )
        )
    return made


@pytest.mark.parametrize(
    ("who", "status"), [("nora", 403), ("past", 403), ("over", 403), ("elle", 403), ("dana", 200), ("ada", 200), ("ivan", 200), (None, 302)]
)
@pytest.mark.parametrize("name", ["list", "detail", "export"])
def test_rows_are_for_those_who_may_see_patient_linked_rows(as_, world, who, status, name):
    referral = make_referral(world.north_practice)
    url = reverse(f"referrals:{name}", args=[referral.pk] if name == "detail" else [])
    assert as_(who).get(url).status_code == status


def test_rows_are_cut_to_the_field(as_, world):
    unowned = make_referral(world.unowned_practice)
    seen = make_referral(world.north_practice)
    assert as_("dana").get(reverse("referrals:detail", args=[unowned.pk])).status_code == 404
    assert as_("ada").get(reverse("referrals:detail", args=[unowned.pk])).status_code == 200
    page = as_("dana").get(LIST)
    assert seen.source_key in page.content.decode()
    assert unowned.source_key not in page.content.decode()


@pytest.mark.parametrize("who", ["dana", "ivan"])
@pytest.mark.parametrize(
    ("query", "keep"),
    [
        ("", lambda r, w: r.is_counted),
        ("counted=all", lambda r, w: True),
        ("counted=0", lambda r, w: not r.is_counted),
        ("start=2026-02-01&end=2026-04-01", lambda r, w: r.is_counted and dt.date(2026, 2, 1) <= r.anchor_on < dt.date(2026, 4, 1)),
        ("flow=outbound&flow=internal", lambda r, w: r.is_counted and r.flow in {"outbound", "internal"}),
        ("territory={region}", lambda r, w: r.is_counted and r.territory_id in {w.north.pk, w.south.pk}),
        ("territory={north}", lambda r, w: r.is_counted and r.territory_id == w.north.pk),
        ("territory=null", lambda r, w: r.is_counted and r.territory_id is None),
        ("payer=null&counted=all", lambda r, w: r.payer_id is None),
        ("service_line={line}", lambda r, w: r.is_counted and r.service_line_id == w.line.pk),
        ("state=seen&flow=inbound", lambda r, w: r.is_counted and r.state == "seen" and r.flow == "inbound"),
        ("practice={practice}", lambda r, w: r.is_counted and r.practice_id == w.north_practice.pk),
        ("provider={provider}", lambda r, w: r.is_counted and r.provider_id == w.north_provider.pk),
        ("provider=null", lambda r, w: r.is_counted and r.provider_id is None),
        ("destination={theirs}", lambda r, w: r.is_counted and r.destination_id == w.theirs.pk),
    ],
)
def test_the_list_counts_as_a_plain_recount_does(as_, world, rows, who, query, keep):
    field = {world.north.pk, world.south.pk, world.region.pk}
    names = {"region": world.region.pk, "north": world.north.pk, "line": world.line.pk, "practice": world.north_practice.pk}
    names |= {"provider": world.north_provider.pk, "theirs": world.theirs.pk}
    expected = [r for r in rows if keep(r, world) and (who == "ivan" or r.territory_id in field)]
    tally = as_(who).get(f"{LIST}?{query.format(**names)}").context["tally"]
    assert tally.total == len(expected)
    assert {flow: n for flow, n in tally.flows.items() if n} == Counter(r.flow for r in expected)


@pytest.mark.parametrize("query", ["territory=987654", "start=nonsense", "flow=sideways", "practice=x", "same_patient=987654"])
def test_an_address_that_cannot_be_understood_shows_nothing_rather_than_more(as_, rows, query):
    page = as_("dana").get(f"{LIST}?{query}")
    assert page.context["tally"].total == 0
    assert b"cannot be understood" in page.content


def test_the_referrals_of_one_patient_stay_within_the_feed(as_, world):
    one, two = (make_referral(world.north_practice, patient_hash="ab" * 16) for _ in range(2))
    make_referral(world.north_practice, patient_hash="ab" * 16, source=make_source("elsewhere"))
    none = make_referral(world.north_practice)
    page = as_("dana").get(f"{LIST}?same_patient={one.pk}&counted=all")
    assert {row.referral for row in page.context["rows"]} == {one, two}
    detail = as_("dana").get(one.get_absolute_url()).content.decode()
    assert "1 other referral of this patient" in detail
    assert "prm:abababab…" in detail
    assert "ab" * 16 not in detail
    assert as_("dana").get(f"{LIST}?same_patient={none.pk}&counted=all").context["tally"].total == 1


@pytest.mark.parametrize(
    "sort", ["source_key", "-source_key", "anchor_on", "provider", "-practice", "destination", "flow", "state", "nonsense"]
)
def test_sorting_and_paging_lose_nothing(as_, rows, sort):
    client = as_("ivan")
    pages = [client.get(f"{LIST}?counted=all&sort={sort}&page={n}") for n in (1, 2, 3)]
    keys = [row.referral.source_key for page in pages for row in page.context["rows"]]
    assert len(keys) == len(set(keys)) == 60
    if sort.endswith("source_key"):
        assert keys == sorted(keys, reverse=sort.startswith("-"))


def test_a_list_beyond_the_cap_is_not_counted_out(as_, world, monkeypatch):
    for _ in range(4):
        make_referral(world.north_practice)
    monkeypatch.setattr("referrals.queries.CAP", 3)
    page = as_("ivan").get(LIST)
    assert page.context["tally"].is_capped
    assert b"10,000+" in page.content
    assert CAP == 10_000


def test_every_look_is_recorded(as_, world):
    referral = make_referral(world.north_practice)
    as_("dana").get(f"{LIST}?flow=inbound&q=K-secret")
    as_("dana").get(referral.get_absolute_url())
    as_("dana").get(reverse("referrals:export")).getvalue()
    listed, viewed, exported = AuditEvent.objects.filter(by_id=str(world.dana.pk)).order_by("pk")
    assert (listed.event, viewed.event, exported.event) == ("referrals.listed", "referral.viewed", "referrals.exported")
    assert listed.details["filter"] == {"flow": ["inbound"], "q": "a number", "counted": "1"}
    assert viewed.target_id == str(referral.pk)
    assert exported.details["rows"] == 1


@pytest.mark.parametrize("name", ["list", "detail", "export", "edit"])
def test_a_look_that_cannot_be_recorded_does_not_happen(as_, world, monkeypatch, name):
    referral = make_referral(world.north_practice)

    def broken(*args, **kwargs):
        raise DatabaseError("the log is full")

    monkeypatch.setattr("referrals.views.rows.record", broken)
    url = reverse(f"referrals:{name}", args=[referral.pk] if name in {"detail", "edit"} else [])
    with pytest.raises(DatabaseError):
        as_("ivan").get(url)


def test_the_list_is_flat(as_, world, assert_flat_queries):
    as_("dana")

    def add(number):
        for _ in range(number):
            provider = factories.make_provider(at=world.north_practice)
            destination = factories.make_organization()
            make_referral(world.north_practice, provider=provider, destination=destination, payer=make_payer(), service_line=world.line)

    assert_flat_queries(LIST, add)


def test_filters_come_as_a_part_of_the_page_too(as_, rows):
    part = as_("ivan").get(LIST, headers={"HX-Request": "true"})
    assert b"<table" in part.content
    assert b"<html" not in part.content


def test_an_empty_list_says_what_to_do(as_):
    assert b"Upload a file" in as_("ivan").get(LIST).content
    assert b"Clear filters" in as_("ivan").get(f"{LIST}?flow=inbound").content


# the detail


def test_the_detail_tells_why(as_, world):
    first = make_referral(world.north_practice, provider=world.north_provider, service_line=world.line, patient_hash="cd" * 16)
    again = make_referral(
        world.north_practice, provider=world.north_provider, service_line=world.line, patient_hash="cd" * 16, source_key="K99999",
        anchor_on=dt.date(2026, 3, 20), flow="outbound", referrer_alignment="employed", destination_alignment="competitor",
        destination=world.theirs, is_duplicate=True, is_counted=False, practice_assumed=True, referring_name="Pat Northrop",
    )  # fmt: skip
    StatusEvent.objects.create(referral=again, state="seen", happened_on=dt.date(2026, 4, 1))
    StatusEvent.objects.create(referral=again, state="scheduled", is_inferred=True)
    text = as_("dana").get(again.get_absolute_url()).content.decode()
    assert f"duplicate of {first.source_key}" in text
    assert first.get_absolute_url() in text
    assert "Assumed: the provider" in text
    assert "From one of ours to somebody who is not ours" in text
    assert "Inferred: a step that the source skipped" in text
    assert "Competitor" in text


def test_own_follow_ups_and_uncounted_kinds_say_so(as_, world):
    own = make_referral(world.north_practice, is_own_follow_up=True, is_counted=False)
    imaging = make_referral(world.north_practice, kind="imaging", is_counted=False)
    assert b"No: own follow-up" in as_("dana").get(own.get_absolute_url()).content
    assert b"Imaging is no counted kind" in as_("dana").get(imaging.get_absolute_url()).content


@pytest.mark.parametrize(("who", "status"), [("nora", 403), ("dana", 403), ("elle", 403), ("ivan", 200), ("ada", 200), (None, 302)])
@pytest.mark.parametrize("name", ["edit", "delete"])
def test_only_those_who_import_correct(as_, world, who, status, name):
    referral = make_referral(world.north_practice)
    assert as_(who).get(reverse(f"referrals:{name}", args=[referral.pk])).status_code == status


def test_a_correction_follows_into_the_figures(as_, world):
    Alignment.objects.create(provider=world.north_provider, kind="employed")
    referral = make_referral(
        world.north_practice, named_practice=world.north_practice, provider=world.north_provider, destination_name="Sumit"
    )
    url = reverse("referrals:edit", args=[referral.pk])
    form = {"provider": world.north_provider.pk, "practice": world.north_practice.pk, "destination": world.theirs.pk, "kind": "consult"}
    answer = as_("ivan").post(url, form)
    assert answer.status_code == 302
    referral.refresh_from_db()
    assert referral.destination == world.theirs
    assert referral.flow == "outbound"
    assert AuditEvent.objects.filter(event="referral.edited", target_id=str(referral.pk)).exists()
    versions = DataVersion.objects.count()
    assert as_("ivan").post(url, form).status_code == 302
    assert DataVersion.objects.count() == versions, "nothing was different"
    refused = as_("ivan").post(url, {**form, "kind": "nonsense", "destination": "x"})
    assert refused.status_code == 422


def test_a_deletion_needs_a_reason(as_, world):
    referral = make_referral(world.north_practice)
    url = reverse("referrals:delete", args=[referral.pk])
    assert as_("ivan").post(url, {}).status_code == 422
    assert as_("ivan").post(url, {"why": "Test data"}).status_code == 302
    assert not Referral.objects.exists()
    assert AuditEvent.objects.get(event="referral.deleted").details["why"] == "Test data"
    assert Job.objects.filter(name="reports.refresh").exists()


def test_fields_complete_names_within_the_field(as_, world):
    found = as_("ivan").get(reverse("referrals:options", args=["providers"]), {"q": "northr"}).json()
    assert [item["value"] for item in found] == [world.north_provider.pk]
    assert "North Family Practice" in found[0]["sub"]
    by_npi = as_("ivan").get(reverse("referrals:options", args=["providers"]), {"q": world.south_provider.npi}).json()
    assert [item["value"] for item in by_npi] == [world.south_provider.pk]
    assert as_("ivan").get(reverse("referrals:options", args=["practices"]), {"q": "medical"}).json()[0]["label"] == "South Medical Group"
    assert as_("ivan").get(reverse("referrals:options", args=["organizations"]), {"q": "summit"}).json()[0]["label"] == "Summit Cardiology"
    assert as_("ivan").get(reverse("referrals:options", args=["practices"]), {"q": ""}).json() == []
    assert as_("ivan").get(reverse("referrals:options", args=["patients"]), {"q": "x"}).json() == []
    assert as_("nora").get(reverse("referrals:options", args=["practices"]), {"q": "x"}).status_code == 403


# the look-up


@pytest.mark.parametrize(("who", "status"), [("nora", 200), ("dana", 200), ("ivan", 200), ("ada", 200), ("elle", 403), (None, 302)])
def test_who_may_look_up(as_, who, status):
    assert as_(who).get(reverse("referrals:lookup")).status_code == status


def test_a_liaison_looks_up_what_is_theirs_and_nothing_more(as_, world):
    mine = make_referral(
        world.north_practice, state="scheduled", appointment_on=dt.date(2026, 4, 2), destination=world.ours, patient_hash="ef" * 16
    )
    theirs = make_referral(world.south_practice)
    url = reverse("referrals:lookup")
    found = as_("nora").post(url, {"number": f" {mine.source_key} "}).content.decode()
    assert "An appointment is made for 2 Apr 2026 at Riverbend Cardiology." in found
    assert "prm:" not in found
    assert "efef" not in found
    out_of_scope = as_("nora").post(url, {"number": theirs.source_key})
    unknown = as_("nora").post(url, {"number": "no such number"})
    sentence = "No referral of this number in your territories."
    assert sentence in out_of_scope.content.decode()
    assert sentence in unknown.content.decode()
    events = list(AuditEvent.objects.filter(by_id=str(world.nora.pk)).order_by("pk").values_list("event", "target_id", "details"))
    assert events == [("referral.looked_up", str(mine.pk), {}), ("referral.not_found", "", {}), ("referral.not_found", "", {})]
    assert as_("nora").post(url, {"number": ""}).status_code == 422


@pytest.mark.parametrize("state", State.values)
def test_every_state_has_a_sentence(as_, world, state):
    referral = make_referral(world.north_practice, state=state, reason="no capacity")
    assert as_("nora").post(reverse("referrals:lookup"), {"number": referral.source_key}).context["found"][0].sentence.endswith(".")


# the export


def test_the_export_is_the_filtered_list_and_safe_in_a_spreadsheet(as_, world):
    make_referral(world.north_practice, source_key="=cmd|'/c calc'!A1", flow="outbound", patient_hash="ab" * 16, destination_name="@evil")
    make_referral(world.north_practice, flow="inbound")
    text = as_("dana").get(f"{reverse('referrals:export')}?flow=outbound").getvalue().decode("utf-8-sig")
    lines = text.splitlines()
    assert len(lines) == 2
    assert "'=cmd" in lines[1]
    assert "'@evil" in lines[1]
    assert "abab" not in text


def test_the_export_as_a_workbook_holds_what_the_other_file_holds(as_, world):
    make_referral(world.north_practice, source_key="=1+1", flow="outbound", patient_hash="ab" * 16)
    make_referral(world.north_practice, flow="inbound")
    asked = "?flow=outbound&hide=flow"
    assert "export/xlsx/?flow=outbound" in as_("dana").get(f"{reverse('referrals:list')}?flow=outbound").content.decode()
    answer = as_("dana").get(f"{reverse('referrals:export', args=['xlsx'])}{asked}")
    sheet = load_workbook(BytesIO(answer.content)).active
    lines = [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    text = as_("dana").get(f"{reverse('referrals:export')}{asked}").getvalue().decode("utf-8-sig")
    assert lines == list(csv.reader(text.splitlines()))
    assert (len(lines), sheet.auto_filter.ref.startswith("A1:")) == (2, True)
    assert "'=1+1" in lines[1]
    assert AuditEvent.objects.filter(event="referrals.exported", details__kind="xlsx", details__rows=1).count() == 1


def test_a_workbook_takes_no_more_than_can_be_paged_through(as_, world, monkeypatch):
    monkeypatch.setattr("referrals.queries.CAP", 1)
    for _ in range(2):
        make_referral(world.north_practice)
    answer = as_("dana").get(reverse("referrals:export", args=["xlsx"]), {"state": "received"}, follow=True)
    assert answer.redirect_chain == [(f"{reverse('referrals:list')}?state=received", 302)]
    assert "These are 2 referrals, and a workbook takes 1. Filter for fewer, or take CSV." in answer.content.decode()
    assert reverse("referrals:export", args=["xlsx"]) not in answer.content.decode()
    assert not AuditEvent.objects.filter(event="referrals.exported").exists()
    assert as_("dana").get(reverse("referrals:export")).status_code == 200
    assert as_("dana").get(reverse("referrals:export", args=["doc"])).status_code == 404


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_export_needs_both_permissions(as_, world, kind):
    world.dana.patient_rows = False
    world.dana.save()
    assert as_("dana").get(reverse("referrals:export", args=[kind])).status_code == 403


@pytest.mark.parametrize("who", ["dana", "ivan"])
@pytest.mark.parametrize("name", ["", "payer", "service_line", "territory", "source", "state", "practice"])
def test_a_figure_opens_as_many_rows_as_it_counts(as_, world, rows, who, name):
    recount()
    scope = scope_of(world.cast[who])
    window = {"start": dt.date(2026, 2, 1), "end": dt.date(2026, 5, 1)}
    for cell in cells(by=[name] if name else [], scope=scope, **window):
        part = f"&{name}={'null' if cell.key[0] is None else cell.key[0]}" if name else ""
        tally = as_(who).get(f"{LIST}?start=2026-02-01&end=2026-05-01{part}").context["tally"]
        assert [tally.flows[flow] for flow in FLOWS] == [getattr(cell, flow) for flow in FLOWS], cell


def test_a_correction_is_shown_and_undone(as_, world):
    referral = make_referral(world.north_practice, kind="consult", referring_name="Somebody")
    SentRow.objects.create(
        referral=referral,
        digest=uuid.uuid4(),
        batch=make_batch(source=referral.source),
        ordered_on=referral.anchor_on,
        state="received",
        kind="consult",
        referring_name="Somebody",
    )
    actions.edit_referral(referral=referral, by=world.ivan, kind="imaging")
    ivan = as_("ivan")
    page = ivan.get(referral.get_absolute_url())
    (shown,) = page.context["corrections"]
    assert shown.columns == "Kind"
    url = reverse("referrals:undo-correction", args=[referral.pk, shown.correction.pk])
    assert url in page.content.decode()
    ivan.post(url)
    referral.refresh_from_db()
    assert referral.kind == "consult"
    assert not referral.corrections.exists()
    assert ivan.post(url).status_code == 404


def test_an_order_and_its_evidence_lead_to_each_other(as_, world):
    order = make_referral(world.north_practice, seen_on="2026-04-01", seen_by="appointment")
    visit = make_referral(world.north_practice, source=make_source("visits"), linked_to=order, is_counted=False)
    ivan = as_("ivan")
    page = ivan.get(order.get_absolute_url()).content.decode()
    assert visit.get_absolute_url() in page
    assert "By an appointment that is linked to it" in page
    assert order.get_absolute_url() in ivan.get(visit.get_absolute_url()).content.decode()
    assert why_not_counted(visit) == "Evidence of its order, which counts"
