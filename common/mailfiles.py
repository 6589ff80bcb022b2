"""Mails as files, for an installation without a mail server: one file each, named by the mail's Message-ID.

So the same mail delivered twice is one file, as a mailbox that knows Message-IDs keeps one letter.
"""

import contextlib
import os
import re
import tempfile
from collections.abc import Sequence
from email.utils import make_msgid
from pathlib import Path
from typing import cast

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import SafeMIMEText

_UNSAFE = re.compile(r"[^A-Za-z0-9.@_-]+")


class EmailBackend(BaseEmailBackend):
    """Writes each mail whole, or not at all, into EMAIL_FILE_PATH as `<Message-ID>.eml`; one that is there already stays as it is."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.EMAIL_FILE_PATH)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for mail in email_messages:
            message = mail.message()
            if "Message-ID" not in message:
                message["Message-ID"] = make_msgid(domain="prm.invalid")
            name = _UNSAFE.sub("-", str(message["Message-ID"]).strip("<>"))[:200]
            descriptor, written = tempfile.mkstemp(dir=folder, prefix=".part-")
            with os.fdopen(descriptor, "wb") as file:
                file.write(cast(SafeMIMEText, message).as_bytes(linesep="\r\n"))
            with contextlib.suppress(FileExistsError):
                os.link(written, folder / f"{name}.eml")
            os.unlink(written)
        return len(email_messages)
