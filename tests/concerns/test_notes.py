"""Field notes: feedback, service gaps and competitors, tagged, filtered, downloaded, and told to managers each Monday."""

import datetime as dt
import io

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from common.exceptions import PolicyViolation
from common.guarded import LooksLikePatient
from common.tables import open_table
from concerns import actions
from concerns.models import FieldNote
from notices.actions import send_digest
from notices.models import Digest
from tests.factories.concerns import make_concern

LIST = reverse("concerns:notes")


def add(world, text="They praise the new hotline.", **fields) -> FieldNote:
    given = {"kind": "feedback", "practice": world.north_practice, "by": world.nora, **fields}
    return actions.add_field_note(text=text, **given)


def test_tags_are_tidied_and_history_quotes_nothing(world):
    note = add(world, tags=["  New   Office", "mri", "MRI", ""])
    assert note.tags == ["mri", "new office"]
    event = AuditEvent.objects.get(event="field-note.added")
    assert "praise" not in str(event.details) + event.target_label


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"text": " "}, "Say what you heard"),
        ({"kind": "gossip"}, "what kind of note"),
        ({"heard_on": dt.date(2100, 1, 1)}, "lies ahead"),
        ({"tags": [str(n) for n in range(9)]}, "At most 8 tags"),
        ({"tags": ["x" * 41]}, "At most 8 tags"),
        ({"practice": "south"}, "in your territories only"),
        ({"provider": "south"}, "not known to work"),
    ],
)
def test_what_a_note_needs(world, fields, said):
    given = {"practice": {"practice": world.south_practice}, "provider": {"provider": world.south_provider}}
    [name] = fields
    wanted = given[name] if fields[name] == "south" else fields
    with pytest.raises(PolicyViolation, match=said):
        add(world, **wanted)


def test_no_patient_in_words_or_tags(world):
    with pytest.raises(LooksLikePatient):
        add(world, text="pt Miller was sent away")
    with pytest.raises(LooksLikePatient):
        add(world, tags=["MRN 1234567"])
    assert add(world, text="pt Portal is slow", is_none=True)


@pytest.mark.parametrize(
    ("who", "status"), [("nora", 200), ("sol", 404), ("past", 404), ("dana", 200), ("ivan", 200), ("elle", 403), (None, 302)]
)
def test_who_sees_a_note(as_, world, who, status):
    note = add(world)
    assert as_(who).get(note.get_absolute_url()).status_code == status
    assert as_(who).get(f"/api/v1/field-notes/{note.pk}/").status_code == {302: 401}.get(status, status)


def test_the_list_narrows_by_kind_tag_words_place_and_days(as_, world):
    add(world, "Hotline is good", tags=["phone"], heard_on=timezone.localdate() - dt.timedelta(days=40))
    add(world, "No open MRI", kind="gap", tags=["mri", "access"])
    add(world, "Summit sends a van", kind="competitor", practice=world.south_practice, by=world.dana)
    names = ("Hotline", "open MRI", "Summit")

    def shown(who="dana", **query):
        page = as_(who).get(LIST, query, headers={"HX-Request": "true"}).content.decode()
        return {name for name in names if name in page}

    assert shown() == set(names)
    assert shown("nora") == {"Hotline", "open MRI"}
    assert shown(kind="gap") == {"open MRI"}
    assert shown(tag=" MRI ") == {"open MRI"}
    assert shown(q="summit") == {"Summit"}
    assert shown(q="south medical") == {"Summit"}
    assert shown(territory=world.south.pk) == {"Summit"}
    assert shown(start=timezone.localdate()) == {"open MRI", "Summit"}
    assert shown(end=timezone.localdate() - dt.timedelta(days=1)) == {"Hotline"}
    assert shown(tag="nothing") == set()
    assert as_("dana").get("/api/v1/field-notes/", {"tag": "mri"}).json()["count"] == 1
    assert "#access" in as_("dana").get(LIST).content.decode()


def test_by_hand_from_the_practice_to_the_undo(as_, world):
    client = as_("nora")
    assert "North Family Practice" in client.get(reverse("concerns:note-new"), {"q": "north"}).content.decode()
    address = f"{reverse('concerns:note-new')}?practice={world.north_practice.pk}"
    body = {"kind": "gap", "text": "No open MRI", "tags": "MRI, access", "heard_on": f"{timezone.localdate()}"}
    assert client.post(address, {**body, "text": "pt Miller"}).status_code == 422
    assert client.post(address, {**body, "heard_on": "2100-01-01"}).status_code == 422
    assert "Field note saved." in client.post(address, body, follow=True).content.decode()
    note = FieldNote.objects.get()
    assert (note.tags, note.noted_by) == (["access", "mri"], world.nora)
    assert 'value="access, mri"' in client.get(note.get_absolute_url()).content.decode()
    client.post(note.get_absolute_url(), {**body, "kind": "feedback"})
    note.refresh_from_db()
    assert note.kind == "feedback"
    page = client.post(reverse("concerns:note-withdraw", args=[note.pk]), follow=True).content.decode()
    assert "Withdrawn: Feedback, North Family Practice" in page
    assert client.get(note.get_absolute_url()).status_code == 404
    assert as_("sol").post(reverse("concerns:note-restore", args=[note.pk])).status_code == 404
    as_("nora").post(reverse("concerns:note-restore", args=[note.pk]))
    assert as_("nora").get(note.get_absolute_url()).status_code == 200
    assert as_("nora").get(f"{reverse('concerns:note-new')}?practice={world.south_practice.pk}").status_code == 404


def test_only_the_writer_and_managers_change_it(as_, world):
    note = add(world, by=world.dana)
    client = as_("nora")
    assert "Save note" not in client.get(note.get_absolute_url()).content.decode()
    client.post(reverse("concerns:note-withdraw", args=[note.pk]))
    client.post(note.get_absolute_url(), {"kind": "gap"})
    note.refresh_from_db()
    assert (note.withdrawn_at, note.kind) == (None, "feedback")
    with pytest.raises(PolicyViolation):
        actions.change_field_note(note=note, kind="gap", text="x", tags=[], heard_on=note.heard_on, by=world.nora)


def test_the_files_hold_the_filtered_list(as_, world):
    add(world, "=cmd", tags=["mri"])
    add(world, "Other words")
    text = b"".join(as_("dana").get(reverse("concerns:notes-export", args=["csv"]), {"tag": "mri"}).streaming_content).decode("utf-8-sig")
    assert "'=cmd" in text
    assert "Other words" not in text
    with open_table(io.BytesIO(as_("dana").get(reverse("concerns:notes-export", args=["xlsx"])).content)) as table:
        assert len(list(table)) == 2
    assert as_("nora").get(reverse("concerns:notes-export", args=["csv"])).status_code == 403
    assert as_("dana").get(reverse("concerns:notes-export", args=["pdf"])).status_code == 404


def test_the_api_adds_with_the_same_guard(as_, world):
    client, body = as_("nora"), {"kind": "gap", "practice": world.north_practice.pk, "text": "No open MRI", "tags": ["MRI"]}
    assert client.post("/api/v1/field-notes/", body, content_type="application/json").json()["tags"] == ["mri"]
    assert client.post("/api/v1/field-notes/", {**body, "text": "pt Miller"}, content_type="application/json").status_code == 400
    assert (
        client.post("/api/v1/field-notes/", {**body, "practice": world.south_practice.pk}, content_type="application/json").status_code
        == 400
    )
    assert as_("ivan").post("/api/v1/field-notes/", body, content_type="application/json").status_code == 403


def test_managers_hear_of_the_week_and_of_late_departments(world):
    monday = timezone.localdate() - dt.timedelta(days=timezone.localdate().weekday())
    add(world, "Secret words of the hotline", tags=["secrettag"], heard_on=monday - dt.timedelta(days=1))
    add(world, "Too old", heard_on=monday - dt.timedelta(days=8))
    make_concern(world.north_practice, world.nora, days_ago=9)
    for person in (world.dana, world.nora, world.ivan, world.elle):
        send_digest(person=person, kind=Digest.WEEKLY, on=monday, complete=lambda: None)
    [message] = mail.outbox
    assert message.to == [world.dana.email]
    assert message.subject == "Your week: 1 field note, 1 concern past the deadline"
    for text in (message.body, message.alternatives[0][0]):
        assert "Feedback, North Family Practice" in text
        assert "Secret words" not in text
        assert "secrettag" not in text
        assert "1 past the deadline, the oldest by 2 days" in text


def test_the_list_is_flat(as_, world, assert_flat_queries):
    as_("nora")
    assert_flat_queries(LIST, lambda count: [add(world, tags=["a"], provider=world.north_provider) for _ in range(count)])


def test_no_note_is_said(as_, world):
    assert "Managers read it each Monday" in as_("nora").get(LIST).content.decode()
    assert "What liaisons hear" in as_("ivan").get(LIST).content.decode()
