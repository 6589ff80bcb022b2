"""Receipts that come with a visit, by form and by API; and without JavaScript what is left of a year is shown before anything is saved."""

import base64
import html
import json
import re
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from compliance.models import Receipt, SpendEntry
from tests.factories import make_visit
from tests.factories.contacts import align
from tests.factories.spend import make_limit, spend
from visits.models import Visit

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
PDF = b"%PDF-1.7\n" + b"x" * 3_000_000  # more than what Django takes of a request without files
BILL = PDF[:1_000_000]


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.RECEIPTS = tmp_path / "receipts"
    return settings.RECEIPTS


@pytest.fixture
def year(world):
    align(world.north_provider, "independent")
    spend(world.nora, "100.00", providers=[world.north_provider], practice=world.north_practice)
    return make_limit(non_monetary="500")


@pytest.fixture
def form(world, year):
    return {
        "client_id": str(uuid.uuid4()),
        "practice": world.north_practice.pk,
        "people": [f"provider-{world.north_provider.pk}"],
        "mode": "in person",
        "visited_at": f"{timezone.localtime():%Y-%m-%dT%H:%M}",
        "due": "7",
        "spend_amount": "84.50",
        "spend_purpose": "Spine clinic",
        "spend_ours": "1",
    }


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())))


def shown_key(answer) -> str:
    (key,) = re.findall(r'name="rest_shown" value="(\w+)"', answer.content.decode())
    return key


def photo(name="lunch.png", content=PNG):
    return SimpleUploadedFile(name, content)


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


# By form


def test_the_form_of_a_visit_takes_receipts_once(as_, form, folder):
    client, address = as_("nora"), reverse("visits:log")
    assert 'enctype="multipart/form-data"' in client.get(address).content.decode()
    send = lambda *files: client.post(address, form | {"rest_shown": "live", "spend_receipts": list(files)})  # noqa: E731
    saved = [send(photo(), photo("bill.pdf", PDF)), send(photo(), photo("bill.pdf", PDF))]
    assert [answer.status_code for answer in saved] == [302, 302]
    entry = Visit.objects.get().spend_links.get().entry
    assert [(row.name, row.content_type, row.size) for row in entry.receipts.all()] == [
        ("lunch.png", "image/png", len(PNG)),
        ("bill.pdf", "application/pdf", len(PDF)),
    ]
    assert {(folder / row.stored_as).read_bytes() for row in entry.receipts.all()} == {PNG, PDF}
    other = send(photo(content=PNG + b"1"))  # another receipt is another body
    assert other.status_code == 422
    assert "You saved this page before" in text_of(other)
    assert (Visit.objects.count(), Receipt.objects.count()) == (1, 2)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"spend_receipts": [SimpleUploadedFile("x.png", b"<script>")]}, "x.png: A receipt is a PDF or a picture"),
        ({"spend_amount": "", "spend_purpose": "", "spend_receipts": [photo()]}, "Enter the amount, or leave all of it blank."),
    ],
)
def test_what_is_no_receipt_or_belongs_to_nothing_saves_nothing(as_, form, change, said):
    answer = as_("nora").post(reverse("visits:log"), form | {"rest_shown": "live"} | change)
    page = text_of(answer)
    assert answer.status_code == 422
    assert said in page
    assert "Choose the receipt again" in page
    assert (Visit.objects.count(), SpendEntry.objects.count()) == (0, 1)


def test_a_full_disk_keeps_nothing_and_says_so(as_, form, folder):
    def refuse(*args, **kwargs):
        raise OSError(28, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pathlib.Path.write_bytes", refuse)
        patch.setattr("pathlib.Path.mkdir", lambda *args, **kwargs: None)
        patch.setattr("pathlib.Path.touch", lambda *args, **kwargs: None)
        answer = as_("nora").post(reverse("visits:log"), form | {"rest_shown": "live", "spend_receipts": [photo()]})
    assert answer.status_code == 422
    assert "The disk of the server is full" in text_of(answer)
    assert (Visit.objects.count(), SpendEntry.objects.count()) == (0, 1)


# Without JavaScript


def test_without_javascript_the_years_rest_is_shown_before_anything_is_saved(as_, world, form):
    client, address = as_("nora"), reverse("visits:log")
    asked = client.post(address, form | {"spend_receipts": [photo()]})
    page = text_of(asked)
    assert asked.status_code == 200
    assert "Nothing is saved yet." in page
    assert "Pat Northrop" in page
    assert "$42.25 of this counts: $357.75 left after it" in page
    assert "Choose the receipt again" in page
    assert 'value="84.50"' in asked.content.decode()
    assert Visit.objects.count() == 0
    seen = form | {"rest_shown": shown_key(asked)}
    dearer = client.post(address, seen | {"spend_amount": "900"})  # not what was shown
    assert "that is $50.00 over" in text_of(dearer)
    assert "What happened is saved all the same." in text_of(dearer)
    assert Visit.objects.count() == 0
    assert client.post(address, seen | {"spend_receipts": [photo()]}).status_code == 302
    assert (SpendEntry.objects.count(), Receipt.objects.count()) == (2, 1)


def test_a_visit_without_spend_or_for_the_office_only_is_saved_at_once(as_, world, form):
    client, address = as_("nora"), reverse("visits:log")
    plain = {name: value for name, value in form.items() if not name.startswith("spend")}
    assert client.post(address, plain).status_code == 302
    office = form | {"client_id": str(uuid.uuid4()), "people": [], "outcome": "met staff", "spend_staff_count": "3"}
    assert client.post(address, office).status_code == 302
    assert Visit.objects.count() == 2


def test_an_edit_and_the_ledgers_own_form_show_it_too(as_, world, year):
    visit = make_visit(world.north_practice, world.nora)
    client, address = as_("nora"), reverse("visits:edit", args=[visit.pk])
    form = {
        "mode": visit.mode,
        "outcome": "met provider",
        "visited_at": f"{timezone.localtime(visit.visited_at):%Y-%m-%dT%H:%M}",
        "people": [f"provider-{world.north_provider.pk}"],
        "spend_amount": "12",
        "spend_purpose": "Coffee",
        "spend_ours": "1",
    }
    asked = client.post(address, form)
    assert (asked.status_code, SpendEntry.objects.count()) == (200, 1)
    assert "$6.00 of this counts" in text_of(asked)
    assert client.post(address, form | {"rest_shown": shown_key(asked), "spend_receipts": [photo()]}).status_code == 302
    assert Receipt.objects.get().entry == visit.spend_links.get().entry
    ledger = {
        "state": "happened",
        "kind": "meal",
        "spent_on": f"{timezone.localdate():%Y-%m-%d}",
        "amount": "60.00",
        "quantity": "1",
        "providers": [world.north_provider.pk],
        "purpose": "New orthopedics clinic",
    }
    address = f"/spend/new/?practice={world.north_practice.pk}"
    asked = client.post(address, ledger)
    assert (asked.status_code, SpendEntry.objects.count()) == (200, 2)
    assert "$334.00 left after it" in text_of(asked)
    assert client.post(address, ledger | {"rest_shown": shown_key(asked)}).status_code == 302
    changed = client.post(f"/spend/{SpendEntry.objects.latest('pk').pk}/edit/", ledger | {"amount": "90.00"})
    assert "Nothing is saved yet." in text_of(changed)


# By API


def send(client, world, *, key=None, receipts=(), address="/api/v1/visits/", **fields):
    body = {
        "practice": world.north_practice.pk,
        "visited_at": "2026-11-27T15:00:00Z",
        "providers": [world.north_provider.pk],
        "spend": [{"amount": "84.50", "purpose": "Spine clinic", "met": True, "ours": 1, "receipts": list(receipts)}],
        **fields,
    }
    return client.post(address, json.dumps(body), "application/json", headers={"Idempotency-Key": str(key or uuid.uuid4())})


def test_by_api_a_visit_brings_its_receipts_once(as_, world, year, folder):
    client, key = as_("nora"), uuid.uuid4()
    receipts = [{"name": "lunch.jpg", "content": b64(PNG)}, {"name": "bill.pdf", "content": b64(BILL)}]
    assert [send(client, world, key=key, receipts=receipts).status_code for _ in range(2)] == [201, 200]
    assert send(client, world, key=key, receipts=receipts[:1]).status_code == 422
    entry = Visit.objects.get().spend_links.get().entry
    assert [row.name for row in entry.receipts.all()] == ["lunch.jpg", "bill.pdf"]
    assert {(folder / row.stored_as).read_bytes() for row in entry.receipts.all()} == {PNG, BILL}
    listed = client.get(f"/api/v1/spend/{entry.pk}/receipts/").json()
    assert [(row["name"], row["content_type"], row["size"]) for row in listed] == [
        ("lunch.jpg", "image/png", len(PNG)),
        ("bill.pdf", "application/pdf", len(BILL)),
    ]
    shown = client.get(Visit.objects.get().get_absolute_url()).content.decode()
    assert "84.50" not in shown  # the wall: the visit's page names a meal, never what it cost


@pytest.mark.parametrize(
    ("receipt", "said"),
    [
        ({"name": "a.png", "content": "no base64!"}, "Send the file as base64."),
        ({"name": "a.png", "content": b64(b"<script>")}, "A receipt is a PDF or a picture"),
        ({"name": "a.pdf", "content": b64(b"%PDF-" + b"x" * 1536 * 1024)}, "This file is too large"),
    ],
)
def test_by_api_what_is_no_receipt_is_refused_with_the_visit(as_, world, year, receipt, said):
    answer = send(as_("nora"), world, receipts=[receipt])
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not Visit.objects.exists()


def test_by_api_a_receipt_comes_to_an_entry_as_multipart_and_is_kept_once(as_, world, year):
    entry = SpendEntry.objects.get()
    client, address = as_("nora"), f"/api/v1/spend/{entry.pk}/receipts/"
    post = lambda who, *content: who.post(address, {"file": photo("bill.pdf", *content)})  # noqa: E731
    assert [post(client, PDF).status_code for _ in range(2)] == [201, 200]
    assert Receipt.objects.get().added_by == world.nora
    assert post(client, b"<script>").status_code == 400
    assert client.post(address, {}).status_code == 400
    own = {"kind": "meal", "amount": "5.00", "purpose": "Coffee", "spent_on": "2026-11-27", "providers": [world.north_provider.pk]}
    body = json.dumps(own | {"receipts": [{"name": "a.png", "content": b64(PNG)}]})
    assert client.post("/api/v1/spend/", body, "application/json").json()["receipts"] == 1
    assert post(as_("sol"), PDF).status_code == 404
    assert as_("sol").get(address).status_code == 404
    assert as_("ivan").get(address).status_code == 403
