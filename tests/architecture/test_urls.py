"""Nobody in: every URL carries a capability or a reason, and each role gets from it what the matrix of its capability says."""

from contextlib import contextmanager

import pytest
from django.db import transaction
from django.urls import NoReverseMatch, reverse

from accounts.permissions import Permission
from accounts.roles import PERMISSIONS, Role
from tests.architecture.walk import FOREIGN_NAMESPACES, url_patterns

OURS = [
    (path, name, view)
    for path, name, view in url_patterns()
    if name.split(":")[0] not in FOREIGN_NAMESPACES and not path.startswith("account/")
]
PAGES = [(path, name, view) for path, name, view in OURS if not path.startswith("api/")]
API = [(path, name, view) for path, name, view in OURS if path.startswith("api/v1/") and not name.endswith("api-root")]
# allauth's own pages: what a stranger may open of them
STRANGERS_ACCOUNT = {
    "account_login",
    "account_logout",
    "account_signup",
    "account_inactive",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "account_confirm_email",
    "account_email_verification_sent",
    "mfa_authenticate",
    "mfa_trust",
    "account_confirm_login_code",
    "account_request_login_code",
}


def _stamp(view):
    return getattr(view, "required_permissions", None), getattr(view, "open_reason", None)


@pytest.mark.parametrize(("path", "name", "view"), PAGES, ids=[name for _, name, _ in PAGES])
def test_every_page_carries_a_capability_or_a_reason(path, name, view):
    permissions, reason = _stamp(view)
    assert permissions or reason, f"{path}: stamp the view with requires(…) or open_to_…(reason)"


@pytest.mark.parametrize(("path", "name", "view"), API, ids=[f"{name} {path}" for path, name, _ in API])
def test_every_api_view_names_its_capabilities(path, name, view):
    assert getattr(view.cls, "required_permissions", None), path
    writes = {"post", "put", "patch", "delete"} & {method.lower() for method in (view.actions or {})}
    assert not writes or getattr(view.cls, "write_permissions", None), path


def _address(name, view, path):
    """A URL with numbers that belong to nobody: the answer is decided before any record is looked for, or is 404."""
    for arguments in (
        [],
        [987654321],
        [987654321, 987654321],
        ["zip"],
        ["p987654321"],
        ["nothing"],
        ["nothing", 987654321],
        [987654321, "nothing"],
        ["nothing", "nothing"],
        ["nothing", 987654321, 987654322],
        ["00000000-0000-4000-8000-000000000000"],
    ):
        try:
            return reverse(name, args=arguments)
        except NoReverseMatch:
            continue
    pytest.fail(f"{path}: no address could be made; teach this test its arguments")


CAST = ("nora", "past", "dana", "ada", "ivan", "elle")
API_VIEWS = [(path, name, view) for path, name, view in API if "format" not in path]


@contextmanager
def _apart(subtests, name):
    """A test within a test, which leaves nothing behind: one world and one sign-in serve every address."""
    with subtests.test(name), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize("who", CAST)
def test_page_by_role(as_, world, subtests, who):
    """Not allowed is 403, and nobody is shown an error of ours."""
    client = as_(who)
    for path, name, view in PAGES:
        with _apart(subtests, name):
            answer = client.get(_address(name, view, path))
            allowed = all(world.cast[who].can(permission) for permission in _stamp(view)[0] or ())
            expected = {200, 302, 404, 405} if allowed else {403, 405}
            assert answer.status_code in expected, f"{answer.status_code} {answer.content[:300]}"


def test_a_stranger_is_sent_to_the_sign_in(as_, subtests):
    client = as_(None)
    for path, name, view in PAGES:
        if getattr(view, "login_required", True):
            with _apart(subtests, name):
                answer = client.get(_address(name, view, path))
                assert answer.status_code == 302
                assert answer["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("who", CAST)
def test_api_by_role(as_, world, subtests, who):
    client = as_(who)
    for path, name, view in API_VIEWS:
        with _apart(subtests, name):
            answer = client.get(_address(name, view, path))
            allowed = all(world.cast[who].can(permission) for permission in view.cls.required_permissions)
            expected = {200, 400, 404, 405} if allowed else {403, 405}
            assert answer.status_code in expected, f"{answer.status_code} {answer.content[:300]}"


def test_the_api_tells_a_stranger_why(as_, subtests):
    client = as_(None)
    for path, name, view in API_VIEWS:
        with _apart(subtests, name):
            answer = client.get(_address(name, view, path))
            assert answer.status_code == 401
            assert answer.json()["detail"]


def test_allauth_opens_nothing_more_to_strangers(client, db):
    for path, name, _view in url_patterns():
        if path.startswith("account/") and name not in STRANGERS_ACCOUNT and "<" not in path:
            answer = client.get(reverse(name))
            assert answer.status_code in {302, 401, 403, 404, 405}, (name, answer.status_code)


def test_the_django_admin_is_for_admins_and_signs_in_through_allauth(as_):
    assert as_("ada").get("/admin/").status_code == 200
    for who in ("nora", "dana", "ivan", "elle", None):
        answer = as_(who).get("/admin/", follow=True)
        assert b"PRM administration" not in answer.content
        assert answer.redirect_chain[-1][0].split("?")[0] != "/admin/"


def test_every_permission_is_used_and_every_role_has_some():
    used = {permission for _, _, view in PAGES for permission in (_stamp(view)[0] or ())}
    used |= {permission for _, _, view in API for permission in view.cls.required_permissions}
    assert used == set(Permission)
    assert set(PERMISSIONS) == set(Role)
