"""Comments: who sees, writes and is named; the bell and the mail; one's own words changed and taken back; patients kept out."""

import pytest
from django.core import mail
from django.urls import reverse

from audit.models import AuditEvent
from comments import actions
from comments.models import Comment
from comments.policies import named_in
from comments.queries import people_to_mention
from common.exceptions import PolicyViolation
from common.guarded import LooksLikePatient
from notices.actions import save_mail_settings
from notices.models import Letter, Notice
from tests import factories
from tests.factories.alerts import bring, falls, look, only, sends, steady


@pytest.fixture
def visit(world):
    return factories.make_visit(world.north_practice, world.nora)


def say(visit, text, by, **more):
    return actions.add_comment(kind="visit", pk=visit.pk, text=text, by=by, **more)


def address(kind, pk):
    return reverse("comments:thread", args=[kind, pk])


@pytest.mark.parametrize(
    ("who", "status"), [("nora", 200), ("sol", 404), ("past", 404), ("dana", 200), ("ada", 200), ("elle", 404), (None, 302)]
)
def test_who_sees_the_record_sees_its_thread(as_, world, visit, who, status):
    client = as_(who)
    for kind, pk in (("visit", visit.pk), ("practice", world.north_practice.pk)):
        assert client.get(address(kind, pk)).status_code == status
        assert client.post(address(kind, pk), {"text": "Hello"}).status_code == (302 if status == 200 else status)
    assert client.get(address("nothing", visit.pk)).status_code == (302 if who is None else 404)


def test_a_mention_rings_the_bell_and_writes_a_mail_without_the_words(world, visit, run_jobs):
    comment = say(visit, "@Nora: the secret sentence, please look", world.dana)
    assert list(comment.mentioned.all()) == [world.nora]
    [notice] = Notice.objects.visible_to(world.nora)
    assert notice.text.startswith("Dana mentions you: visit")
    assert notice.url == f"{visit.get_absolute_url()}#comments"
    run_jobs()
    [message] = mail.outbox
    assert message.to == [world.nora.email]
    for text in (message.subject, message.body, message.alternatives[0][0]):
        assert "secret" not in text
    assert notice.url in message.body
    event = AuditEvent.objects.get(event="comment.added")
    assert "secret" not in str(event.details)


def test_whoever_wants_no_such_mail_gets_the_bell_only(world, visit, run_jobs):
    save_mail_settings(by=world.nora, mention=False)
    say(visit, "@Nora look", world.dana)
    run_jobs()
    assert mail.outbox == []
    assert Letter.objects.get().is_dropped
    assert Notice.objects.visible_to(world.nora).count() == 1


def test_nobody_is_named_who_cannot_see_it(world, visit):
    with pytest.raises(PolicyViolation, match="Sol cannot see this page"):
        say(visit, "@Sol have a look", world.dana)
    assert not Notice.objects.exists()
    assert [person.full_name for person in people_to_mention(kind="visit", pk=visit.pk, words="", besides=world.dana)] == [
        "Ada",
        "Ivan",
        "Nora",
    ]
    assert people_to_mention(kind="visit", pk=visit.pk, words="so", besides=world.dana) == []


def test_the_longer_name_is_meant(world):
    long = factories.make_user("nora jones")
    assert named_in("ask @nora jones about it", [world.nora, long]) == [long]
    assert named_in("ask @Nora about it", [world.nora, long]) == [world.nora]
    assert named_in("a@Noratown", [world.nora]) == []


def test_patients_are_kept_out(as_, world, visit):
    with pytest.raises(LooksLikePatient):
        say(visit, "Pt John Miller, MRN 1234567", world.nora)
    page = as_("nora").post(address("visit", visit.pk), {"text": "Pt John Miller, MRN 1234567"})
    assert page.status_code == 422
    assert "This looks like" in page.content.decode()
    assert "This tells nothing of a patient" in page.content.decode()
    assert not Comment.objects.exists()
    as_("nora").post(address("visit", visit.pk), {"text": "Pt John Miller, MRN 1234567", "is_none": "on"})
    assert Comment.objects.count() == 1


def test_own_words_are_changed_and_taken_back_by_oneself_only(as_, world, visit):
    comment = say(visit, "First", world.nora)
    edit, delete, restore = (reverse(f"comments:{name}", args=[comment.pk]) for name in ("edit", "delete", "restore"))
    for who in ("dana", "sol"):
        assert as_(who).post(edit, {"text": "Mine"}).status_code == 404
        assert as_(who).post(delete).status_code == 404
    client = as_("nora")
    client.post(edit, {"text": "Second @Dana"})
    comment.refresh_from_db()
    assert (comment.text, bool(comment.edited_at)) == ("Second @Dana", True)
    assert Notice.objects.visible_to(world.dana).count() == 1
    client.post(edit, {"text": "Third @Dana"})
    assert Letter.objects.count() == 1, "who was named before is not told again"
    answer = client.post(delete)
    assert "Comment taken back." in client.get(answer.headers["Location"]).content.decode()
    assert "Third" not in client.get(address("visit", visit.pk)).content.decode()
    client.post(restore)
    assert "Third" in client.get(address("visit", visit.pk)).content.decode()
    told = list(AuditEvent.objects.filter(event__startswith="comment.").order_by("pk").values_list("event", flat=True))
    assert told == ["comment.added", "comment.edited", "comment.edited", "comment.deleted", "comment.restored"]
    with pytest.raises(PolicyViolation):
        actions.edit_comment(comment=comment, text="x", by=world.dana)


def test_alerts_and_reports_have_threads(as_, world, run_jobs):
    bring(*steady(world.north_practice), *sends(world.north_practice, falls()))
    look()
    alert = only()
    client = as_("ada")
    assert client.post(address("alert", alert.pk), {"text": "Who calls?"}).status_code == 302
    assert "Who calls?" in client.get(address("alert", alert.pk)).content.decode()
    assert as_("elle").get(address("alert", alert.pk)).status_code == 404


def test_the_api_has_the_same_doors(as_, world, visit):
    client = as_("nora")
    made = client.post("/api/v1/comments/", {"kind": "visit", "subject": visit.pk, "text": "By API @Dana"}, content_type="application/json")
    assert made.status_code == 201, made.content
    assert made.json()["mentioned"] == [world.dana.pk]
    assert (
        client.post("/api/v1/comments/", {"kind": "visit", "subject": 987654, "text": "x"}, content_type="application/json").status_code
        == 404
    )
    assert as_("sol").get("/api/v1/comments/").json()["count"] == 0
    assert as_("dana").get("/api/v1/comments/", {"mine": "true"}).json()["count"] == 1
    assert as_("dana").delete(f"/api/v1/comments/{made.json()['id']}/").status_code == 400
    assert as_("nora").delete(f"/api/v1/comments/{made.json()['id']}/").status_code == 204


def test_who_is_offered(as_, world, visit):
    found = as_("nora").get(reverse("comments:people", args=["visit", visit.pk]), {"q": "da"}).json()
    assert [row["name"] for row in found] == ["Ada", "Dana"]
    assert as_("sol").get(reverse("comments:people", args=["visit", visit.pk])).status_code == 404
