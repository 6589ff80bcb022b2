"""What of set-up is done, read from the facts."""

from setup.queries.checklist import Checklist, Line, Step, checklist, is_hidden
from setup.queries.mails import KeptMail, kept_mail, kept_mails

__all__ = ["Checklist", "KeptMail", "Line", "Step", "checklist", "is_hidden", "kept_mail", "kept_mails"]
