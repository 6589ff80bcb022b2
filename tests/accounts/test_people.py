"""Inviting, changing, disabling people."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.db.utils import DatabaseError
from django.urls import reverse

from accounts import actions
from accounts.models import User
from audit.models import AuditEvent
from common.exceptions import PolicyViolation
from tests.factories import PASSWORD

INVITE = {"email": "new@example.org", "full_name": "Nia New", "role": "liaison"}


@pytest.mark.parametrize(("who", "status"), [("ada", 200), ("dana", 403), ("nora", 403), ("ivan", 403), ("elle", 403), (None, 302)])
def test_only_admins_open_people(as_, who, status):
    for name in ("people", "invite", "audit"):
        if (who, name) != ("ada", "invite"):
            assert as_(who).get(reverse(f"accounts:{name}")).status_code == status


def test_an_invited_person_chooses_a_password_and_gets_in(as_, client, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    page = as_("ada").post(reverse("accounts:invite"), INVITE)
    url = re.search(r'value="(http://[^"]+)"', page.content.decode()).group(1)
    assert url in mail.outbox[0].body
    client.logout()
    form = client.get(url, follow=True)
    client.post(form.request["PATH_INFO"], {"password1": PASSWORD, "password2": PASSWORD})
    assert client.login(email="new@example.org", password=PASSWORD)
    client.logout()
    assert "token_fail" in client.get(url, follow=True).context, "a link works once"


def test_nobody_is_invited_twice(as_):
    as_("ada").post(reverse("accounts:invite"), INVITE)
    answer = as_("ada").post(reverse("accounts:invite"), INVITE | {"email": "NEW@example.org"})
    assert answer.status_code == 422
    assert "already has an account" in answer.content.decode()
    assert User.objects.filter(email__iexact="new@example.org").count() == 1


def test_there_is_no_sign_up(client, db):
    assert "invitation" in client.get(reverse("account_signup")).content.decode().lower()
    client.post(reverse("account_signup"), {"email": "x@example.org", "password1": PASSWORD, "password2": PASSWORD})
    assert not User.objects.filter(email="x@example.org").exists()


def test_a_disabled_person_is_out_with_the_next_click(as_, world):
    nora = as_("nora")
    assert nora.get(reverse("accounts:profile")).status_code == 200
    actions.disable(user=world.nora, by=world.ada)
    assert nora.get(reverse("accounts:profile")).status_code == 302
    actions.enable(user=world.nora, by=world.ada)
    assert nora.get(reverse("accounts:profile")).status_code == 302, "the old session stays dead"


def test_the_last_admin_stays(world):
    with pytest.raises(PolicyViolation, match="own account"):
        actions.disable(user=world.ada, by=world.ada)
    with pytest.raises(PolicyViolation, match="last admin"):
        actions.change_person(user=world.ada, full_name="Ada", role="liaison", patient_rows=False, phone="", by=world.ada)


def test_patient_rows_are_refused_for_liaisons_with_a_sentence(as_, world):
    answer = as_("ada").post(
        reverse("accounts:person", args=[world.nora.pk]), {"full_name": "Nora", "role": "liaison", "patient_rows": "on", "phone": ""}
    )
    assert answer.status_code == 422
    assert "never see patient-linked rows" in answer.content.decode()


def test_changes_are_in_the_trail_and_the_trail_cannot_be_edited(world):
    actions.change_person(user=world.nora, full_name="Nora N", role="manager", patient_rows=True, phone="1", by=world.ada)
    event = AuditEvent.objects.get(event="person.changed")
    assert event.by_label == "Ada"
    assert event.details["changes"]["role"] == ["liaison", "manager"]


@pytest.mark.parametrize("write", ["update", "delete"])
def test_the_database_refuses_to_rewrite_history(world, write):
    actions.disable(user=world.nora, by=world.ada)
    events = AuditEvent.objects.all()
    with pytest.raises(DatabaseError, match="append-only"):
        events.update(by_label="nobody") if write == "update" else events._raw_delete(events.db)


def test_a_fragment_for_a_stranger_is_sent_to_the_sign_in(client, world):
    answer = client.get(reverse("accounts:profile"), headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer["HX-Redirect"].startswith(reverse("account_login"))


def test_pages_are_not_stored_by_the_browser(as_):
    assert "no-store" in as_("ada").get(reverse("accounts:people"))["Cache-Control"]


def test_an_admin_takes_a_lost_second_factor_off(as_, world):
    for person in (world.nora, world.ada):
        Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data={"secret": "x"})
    page = as_("ada").get(world.nora.get_absolute_url()).content.decode()
    assert "Take off the second factor" in page
    for person in (world.nora, world.ada):
        as_("ada").post(reverse("accounts:forget-second-factor", args=[person.pk]))
    assert set(Authenticator.objects.values_list("user", flat=True)) == {world.ada.pk}
    assert AuditEvent.objects.filter(event="person.second_factor_forgotten").count() == 1
    assert "Take off the second factor" not in as_("ada").get(world.nora.get_absolute_url()).content.decode()
