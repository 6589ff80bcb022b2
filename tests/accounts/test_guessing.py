"""Whoever guesses passwords or addresses gets nowhere, also while Valkey is down."""

import pytest
from django.core import mail
from django.core.cache import cache, caches
from django.urls import reverse
from redis.exceptions import RedisError

from tests.factories import PASSWORD

LIMIT = 5  # allauth's failed tries for one address in five minutes


@pytest.fixture(autouse=True)
def _no_valkey(db, settings):
    """The limits are counted in the database: nothing here may need Valkey."""
    settings.CACHES = settings.CACHES | {"fast": settings.CACHES["fast"] | {"LOCATION": "redis://localhost:1/0"}}
    with pytest.raises(RedisError):
        caches["fast"].get("anything")
    cache.clear()
    yield
    cache.clear()


def test_after_a_few_wrong_passwords_the_right_one_is_refused_too(world, client):
    def attempt(password):
        return client.post(reverse("account_login"), {"login": world.nora.email, "password": password})

    answers = [attempt(f"guess {number}").content.decode() for number in range(LIMIT)]
    assert all("Too many failed login attempts" not in answer for answer in answers)
    assert "Too many failed login attempts" in attempt(PASSWORD).content.decode()
    assert "_auth_user_id" not in client.session
    cache.clear()
    assert attempt(PASSWORD).status_code == 302


def test_many_tries_from_one_address_are_turned_away_with_a_page(world, client):
    statuses = [client.post(reverse("account_login"), {"login": f"a{n}@example.org", "password": "x"}) for n in range(31)]
    assert statuses[-1].status_code == 429
    assert "Too many tries" in statuses[-1].content.decode()


def test_a_new_password_is_promised_alike_to_known_and_unknown_addresses(world, client, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    pages = []
    for email in (world.nora.email, "nobody@example.org"):
        answer = client.post(reverse("account_reset_password"), {"email": email}, follow=True)
        pages.append((answer.status_code, answer.redirect_chain, answer.content.decode().replace(email, "EMAIL")))
    assert pages[0] == pages[1]
    assert [message.to for message in mail.outbox] == [[world.nora.email]], "nobody else is written to"


def test_a_wrong_password_reads_alike_for_known_and_unknown_addresses(world, client):
    words = set()
    for email in (world.nora.email, "nobody@example.org"):
        answer = client.post(reverse("account_login"), {"login": email, "password": "wrong"})
        words.add((answer.status_code, str(answer.context["form"].errors)))
    assert len(words) == 1
