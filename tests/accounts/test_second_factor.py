"""The second factor."""

from django.urls import reverse

from tests.factories import PASSWORD


def test_a_second_factor_can_be_set_up_with_an_address_that_was_invited(client, world):
    client.post(reverse("account_login"), {"login": world.nora.email, "password": PASSWORD})
    asked = client.get(reverse("mfa_activate_totp"))
    page = client.post(asked.headers["Location"], {"password": PASSWORD}, follow=True)
    assert page.request["PATH_INFO"] == reverse("mfa_activate_totp")
