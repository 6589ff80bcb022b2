"""Fields of the organization's own: defined on a page, filled in forms and by the API, found by filters, in files, kept when out of use."""

import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from common.exceptions import InputError, PolicyViolation
from contacts import actions
from contacts.models import CustomField, CustomKind, CustomSubject, Practice
from visits.models import Visit


def make(subject=CustomSubject.PRACTICE, kind=CustomKind.TEXT, label="Parking", by=None, **fields):
    told = {"choices": [], "help_text": "", "position": 1, "is_required": False, "is_on_phone": True, "is_active": True, **fields}
    return actions.save_custom_field(subject=subject, kind=kind, label=label, by=by, **told)


@pytest.fixture
def five(world):
    """One of each kind on practices."""
    make(label="Parking")
    make(kind=CustomKind.NUMBER, label="Exam rooms")
    make(kind=CustomKind.DATE, label="Contract until")
    make(kind=CustomKind.YES_NO, label="Own lab")
    make(kind=CustomKind.CHOICE, label="Record system", choices=["Epic", "Athena"])
    return world


def values(practice):
    return Practice.objects.get(pk=practice.pk).custom


def form_of(practice, **own):
    return {"name": practice.name, "zip": practice.zip, "tier": "", **{f"custom_{key}": value for key, value in own.items()}}


FULL = {"parking": "Behind the house", "exam_rooms": "12", "contract_until": "2027-03-31", "own_lab": "no", "record_system": "Epic"}
KEPT = {"parking": "Behind the house", "exam_rooms": 12, "contract_until": "2027-03-31", "own_lab": False, "record_system": "Epic"}


def test_a_field_is_defined_on_its_page(as_, world):
    client, address = as_("ada"), reverse("contacts:custom-fields")
    assert "None yet" in client.get(address).content.decode()
    new = {"subject": "provider", "label": "Board certified", "kind": "yes-no", "choices": "", "position": "2", "is_active": "on"}
    assert client.post(address, new).status_code == 302
    field = CustomField.objects.get()
    assert (field.key, field.kind, field.is_on_phone) == ("board_certified", "yes-no", False)
    assert client.post(address, new).status_code == 422, "the name is taken"
    choice = client.post(address, new | {"label": "System", "kind": "choice", "choices": "Epic\n Epic \n"})
    assert "Give at least two choices" in choice.content.decode()
    page = reverse("contacts:custom-field", args=[field.pk])
    client.post(page, {"label": "Certified", "position": "1", "kind": "text", "subject": "visit"})
    field.refresh_from_db()
    assert (field.label, field.key, field.kind, field.subject, field.is_active) == (
        "Certified",
        "board_certified",
        "yes-no",
        "provider",
        False,
    )
    assert set(AuditEvent.objects.values_list("event", flat=True)) == {"custom_field.added", "custom_field.changed"}
    assert as_("dana").get(address).status_code == 403


def test_what_is_typed_is_kept_by_its_kind_shown_and_in_the_history(as_, five):
    client, practice = as_("ada"), five.north_practice
    address = reverse("contacts:practice-edit", args=[practice.pk])
    assert client.post(address, form_of(practice, **FULL)).status_code == 302
    assert values(practice) == KEPT
    page = client.get(practice.get_absolute_url()).content.decode()
    for words in ("Behind the house", "Mar 31, 2027", "Own lab", "Epic"):
        assert words in page
    event = AuditEvent.objects.filter(event="practice.changed").first()
    assert event.details["changes"]["custom.exam_rooms"] == ["", "12"]
    assert 'value="12"' in client.get(address).content.decode()
    client.post(address, form_of(practice, **FULL | {"parking": "", "own_lab": ""}))
    assert values(practice) == {key: value for key, value in KEPT.items() if key not in {"parking", "own_lab"}}


@pytest.mark.parametrize(
    ("key", "wrong"), [("exam_rooms", "many"), ("contract_until", "soon"), ("own_lab", "perhaps"), ("record_system", "Cerner")]
)
def test_what_does_not_fit_its_kind_is_refused_at_the_field(as_, five, key, wrong):
    answer = as_("ada").post(
        reverse("contacts:practice-edit", args=[five.north_practice.pk]), form_of(five.north_practice, **FULL | {key: wrong})
    )
    assert answer.status_code == 422
    assert f"id_custom_{key}" in answer.content.decode()
    assert values(five.north_practice) == {}


def test_what_must_be_filled_in_is_asked_for(as_, world):
    make(label="Parking", is_required=True)
    answer = as_("ada").post(reverse("contacts:practice-edit", args=[world.north_practice.pk]), form_of(world.north_practice, parking=""))
    assert "Fill in Parking." in answer.content.decode()


def test_a_field_out_of_use_keeps_its_values(as_, five):
    client, practice = as_("ada"), five.north_practice
    address = reverse("contacts:practice-edit", args=[practice.pk])
    client.post(address, form_of(practice, **FULL))
    field = CustomField.objects.get(key="parking")
    told = {"label": "Parking", "choices": [], "help_text": "", "position": 1, "is_required": True, "is_on_phone": True}
    actions.save_custom_field(field=field, by=five.ada, **told, is_active=False)
    assert "custom_parking" not in client.get(address).content.decode()
    assert "Behind the house" not in client.get(practice.get_absolute_url()).content.decode()
    client.post(address, form_of(practice, **FULL | {"exam_rooms": "14"}))
    assert values(practice) == KEPT | {"exam_rooms": 14}
    actions.save_custom_field(field=field, by=five.ada, **told, is_active=True)
    assert "Behind the house" in client.get(practice.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("query", "hits"),
    [
        ("custom_parking=HOUSE", True),
        ("custom_parking=street", False),
        ("custom_exam_rooms_min=12", True),
        ("custom_exam_rooms_min=13", False),
        ("custom_exam_rooms_max=9", False),
        ("custom_contract_until_from=2027-03-31", True),
        ("custom_contract_until_to=2027-03-30", False),
        ("custom_own_lab=no", True),
        ("custom_own_lab=yes", False),
        ("custom_record_system=Epic", True),
        ("custom_record_system=Athena", False),
    ],
)
def test_lists_files_and_the_api_are_narrowed_by_it(as_, five, query, hits):
    Practice.objects.filter(pk=five.north_practice.pk).update(custom=KEPT)
    client, name = as_("ada"), five.north_practice.name
    for address in (reverse("contacts:practices"), "/api/v1/practices/", reverse("contacts:practice-file", args=["csv"])):
        answer = client.get(f"{address}?{query}")
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert (name in body.decode()) is hits, address
        assert five.south_practice.name not in body.decode()


def test_files_have_a_column_of_it_and_stay_in_the_scope(as_, five, client):
    Practice.objects.filter(pk=five.north_practice.pk).update(custom=KEPT)
    answer = as_("dana").get(reverse("contacts:practice-file", args=["csv"]))
    head, *rows = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert head.endswith("Contract until,Exam rooms,Own lab,Parking,Record system")
    assert next(row for row in rows if row.startswith("North")).endswith("2027-03-31,12,No,Behind the house,Epic")
    assert not [row for row in rows if row.startswith("Far Away")]
    assert client.get(reverse("contacts:practice-file", args=["xlsx"])).content[:2] == b"PK"
    assert client.get(reverse("contacts:provider-file", args=["csv"])).status_code == 200
    assert client.get(reverse("contacts:practice-file", args=["exe"])).status_code == 404
    assert as_("nora").get(reverse("contacts:practice-file", args=["csv"])).status_code == 403
    assert AuditEvent.objects.filter(event="practices.exported").exists()


def test_the_api_reads_and_writes_it_by_key(as_, five):
    client, address = as_("ada"), f"/api/v1/practices/{five.north_practice.pk}/"
    fields = client.get("/api/v1/custom-fields/").json()["results"]
    assert {row["key"] for row in fields} == set(FULL)
    sent = {"custom": {"exam_rooms": 7, "own_lab": True}}
    assert client.patch(address, sent, content_type="application/json").json()["custom"] == {"exam_rooms": 7, "own_lab": True}
    assert client.patch(address, {"custom": {"exam_rooms": None}}, content_type="application/json").json()["custom"] == {"own_lab": True}
    for wrong in ({"exam_rooms": "x"}, {"nothing": 1}):
        answer = client.patch(address, {"custom": wrong}, content_type="application/json")
        assert answer.status_code == 400
        assert set(answer.json()["custom"]) == set(wrong)


def test_a_visit_has_them_in_its_form_its_page_its_list_and_its_file(as_, world):
    make(subject=CustomSubject.VISIT, label="Brochure given", kind=CustomKind.YES_NO)
    make(subject=CustomSubject.VISIT, label="Next speaker", is_on_phone=False)
    client = as_("nora")
    page = client.get(reverse("visits:log")).content.decode()
    assert 'name="custom_brochure_given"' in page
    assert "data-wide-only" in page
    told = {
        "practice": world.north_practice.pk, "mode": "in person", "outcome": "met staff", "client_id": str(uuid.uuid4()), "due": "7",
        "visited_at": f"{timezone.localtime():%Y-%m-%dT%H:%M}", "custom_brochure_given": "yes", "custom_next_speaker": "Dr. Vance",
    }  # fmt: skip
    assert client.post(reverse("visits:log"), told).status_code == 302
    visit = Visit.objects.get()
    assert visit.custom == {"brochure_given": True, "next_speaker": "Dr. Vance"}
    assert "Dr. Vance" in client.get(visit.get_absolute_url()).content.decode()
    assert str(visit.pk) in client.get(f"{reverse('visits:list')}?custom_next_speaker=vance").content.decode()
    assert visit.get_absolute_url() not in client.get(f"{reverse('visits:list')}?custom_brochure_given=no").content.decode()
    change = reverse("visits:own-fields", args=[visit.pk])
    assert client.get(change).status_code == 200
    client.post(change, {"custom_brochure_given": "no", "custom_next_speaker": "Dr. Vance"})
    visit.refresh_from_db()
    assert visit.custom["brochure_given"] is False
    assert AuditEvent.objects.get(event="visit.changed").details["changes"] == {"custom.brochure_given": ["true", "false"]}
    body = b"".join(as_("dana").get(reverse("visits:export")).streaming_content).decode()
    assert "Brochure given,Next speaker" in body
    assert body.strip().endswith("No,Dr. Vance")
    assert as_("sol").get(change).status_code == 404


def test_a_visit_of_a_phone_brings_them_and_waits_for_none(as_, world):
    field = make(subject=CustomSubject.VISIT, label="Rooms", kind=CustomKind.NUMBER)
    make(subject=CustomSubject.VISIT, label="Gone", is_active=False)
    client = as_("nora")

    def send(own):
        body = {"practice": world.north_practice.pk, "visited_at": timezone.now().isoformat(), "outcome": "met staff", "custom": own}
        return client.post("/api/v1/visits/", body, content_type="application/json", headers={"Idempotency-Key": str(uuid.uuid4())})

    assert send({"rooms": "7", "gone": "x", "never": "y"}).json()["custom"] == {"rooms": 7}
    assert send({field.key: "many"}).json()["custom"] == {}


def test_a_text_that_names_a_patient_is_asked_about(as_, world):
    make(subject=CustomSubject.VISIT, label="Remark")
    client = as_("nora")
    body = {"practice": world.north_practice.pk, "visited_at": timezone.now().isoformat(), "outcome": "met staff"}
    answer = client.post(
        "/api/v1/visits/",
        body | {"custom": {"remark": "MRN 12345678"}},
        content_type="application/json",
        headers={"Idempotency-Key": str(uuid.uuid4())},
    )
    assert (answer.status_code, answer.json()["asks"]) == (422, "is_none")
    assert not Visit.objects.exists()


def test_the_shell_on_the_phone_is_another_one_when_fields_change(client, db):
    before = client.get(reverse("service-worker")).content
    make(subject=CustomSubject.VISIT, label="Rooms")
    assert client.get(reverse("service-worker")).content != before
    assert 'name="custom_rooms"' in client.get(reverse("shell", args=["log"])).content.decode()


def test_a_form_has_an_end(db, monkeypatch):
    monkeypatch.setattr("contacts.actions.custom.MOST", 1)
    make()
    with pytest.raises(PolicyViolation, match="Take one out of use first"):
        make(label="Another")
    with pytest.raises(InputError, match="of this name already"):
        make(label="PARKING", is_active=False)
