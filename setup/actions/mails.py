"""A mail to oneself, to see whether mails arrive; and reading one that was written to a file."""

from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage, make_msgid
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from setup.models import MailTest
from setup.queries.mails import KeptMail, kept_mail

MAIL_SERVER_SAYS = 200  # characters of a refusal that are kept


def send_test_mail(*, by: User) -> MailTest:
    """Hand a mail to the mail server while the person waits. What it answers is kept, whatever it is."""
    message_id = make_msgid(domain="test.prm.invalid")
    body = render_to_string("setup/test_mail.txt", {"person": by, "when": timezone.now(), "base": settings.BASE_URL})
    mail = EmailMessage("PRM: test mail", body, settings.DEFAULT_FROM_EMAIL, [by.email], headers={"Message-ID": message_id})
    refusal = ""
    try:
        mail.send()
    except (OSError, SMTPException) as error:
        refusal = f"{type(error).__name__}: {error}"[:MAIL_SERVER_SAYS]
    return _keep(to=by.email, message_id=message_id, refusal=refusal, by=by)


@transaction.atomic
def _keep(*, to: str, message_id: str, refusal: str, by: User) -> MailTest:
    test = MailTest.objects.create(sent_to=to, sent_by=by, message_id=message_id, refusal=refusal)
    record("mail.tested", by=by, target=test, taken=not refusal)
    return test


@transaction.atomic
def open_kept_mail(*, name: str, by: User) -> KeptMail | None:
    """Read somebody's mail in its file. It may hold an invitation, so who looked is written down."""
    mail = kept_mail(name)
    if mail is not None:
        record("mail.opened", by=by, name=mail.name, to=mail.to, subject=mail.subject)
    return mail
