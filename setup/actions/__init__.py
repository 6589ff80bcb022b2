"""What set-up writes of its own, and the settings that it asks for, by the actions of the apps that own them."""

from setup.actions.backups import ask_for_backup, make_backup
from setup.actions.first_admin import become_first_admin, first_admin_path, is_the_key
from setup.actions.mails import open_kept_mail, send_test_mail
from setup.actions.organization import save_organization
from setup.actions.steps import put_off, take_up

__all__ = [
    "ask_for_backup",
    "become_first_admin",
    "first_admin_path",
    "is_the_key",
    "make_backup",
    "open_kept_mail",
    "put_off",
    "save_organization",
    "send_test_mail",
    "take_up",
]
