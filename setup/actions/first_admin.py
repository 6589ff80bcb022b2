"""The way in for the very first person: an address with a key in it, printed where PRM is started."""

import secrets
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.urls import reverse

import accounts.actions
from accounts.models import User


def _key_path() -> Path:
    """Readable by PRM's own account only."""
    return Path(settings.VAR) / "first_admin_key"


def first_admin_path() -> str:
    """The path of the page, its key made when it is missing; "" once somebody is an admin."""
    path = _key_path()
    if accounts.actions.has_admin():
        path.unlink(missing_ok=True)
        return ""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(32))
    return reverse("setup:first-admin", args=[path.read_text().strip()])


def is_the_key(key: str) -> bool:
    """Whether it opens the page now: there is a key, it is this one, and nobody is an admin yet."""
    path = _key_path()
    kept = path.read_text().strip() if path.exists() else ""
    return bool(kept) and secrets.compare_digest(kept.encode(), key.encode()) and not accounts.actions.has_admin()


@transaction.atomic
def become_first_admin(*, email: str, full_name: str, password: str, by: User | None) -> User:
    """Make the account; the key is spent."""
    admin = accounts.actions.make_first_admin(email=email, full_name=full_name, password=password, by=by)
    transaction.on_commit(lambda: _key_path().unlink(missing_ok=True))
    return admin
