"""Who may be written to, and the signed way out of each kind of mail."""

from django.conf import settings
from django.core import signing
from django.urls import reverse

from accounts.models import User
from notices.models import MailKind

SALT = "notices.unsubscribe"
_FILES = "common.mailfiles.EmailBackend"


def goes_out() -> bool:
    """Whether mails leave the house: a mail server is set (EMAIL_URL)."""
    return settings.EMAIL_BACKEND == "django.core.mail.backends.smtp.EmailBackend"


def keeps_files() -> bool:
    """Whether mails are files that an admin can read."""
    return bool(settings.EMAIL_BACKEND == _FILES)


def gets_mail(person: User) -> bool:
    """Leavers, and people without a real address, get none; people of the demo get none that leaves the house."""
    return person.is_active and not person.email.endswith(".invalid") and not (person.is_demo and goes_out())


def gets_mails() -> list[User]:
    return [person for person in User.objects.active() if gets_mail(person)]


def unsubscribe_path(person: User, kind: str) -> str:
    """The page that ends one kind of mail for one person, without a sign-in; the signature is all that opens it."""
    token = signing.dumps([person.pk, MailKind(kind).value], salt=SALT)
    return reverse("notices:unsubscribe", args=[token])


def of_token(token: str) -> tuple[User, MailKind] | None:
    """Whose mails of which kind the token is for; None for anything that we did not sign."""
    try:
        pk, kind = signing.loads(token, salt=SALT)
        person = User.objects.active().filter(pk=pk).first()
        return (person, MailKind(kind)) if person else None
    except (signing.BadSignature, ValueError, TypeError):
        return None
