"""Mails as files, for an installation without a mail server: one file each, named by the mail's Message-ID.

So the same mail delivered twice is one file, as a mailbox that knows Message-IDs keeps one letter.
"""

import base64
import contextlib
import datetime as dt
import email
import email.policy
import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class MailFile:
    """A mail as it was written: the name of its file, its heads, and what it says."""

    name: str
    at: dt.datetime
    to: str
    subject: str
    text: str
    html: str


def newest_names(limit: int) -> list[str]:
    """The files, the newest first."""
    folder = Path(settings.EMAIL_FILE_PATH)
    found = [(path.stat().st_mtime, path.name) for path in folder.glob("*.eml")] if folder.is_dir() else []
    return [name for _, name in sorted(found, reverse=True)[:limit]]


def path_of(name: str) -> Path | None:
    """The file of this name in the folder, and nowhere else."""
    path = Path(settings.EMAIL_FILE_PATH) / name
    return path if not _UNSAFE.search(name) and name.endswith(".eml") and path.is_file() else None


def read_mail(path: Path) -> MailFile:
    """The mail in the file; pictures within it become part of its HTML."""
    mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    shown = html.get_content() if html else ""
    for part in mail.walk():
        cid = str(part.get("Content-ID", "")).strip("<>")
        if cid and part.get_content_maintype() == "image":
            data = base64.b64encode(cast(bytes, part.get_payload(decode=True))).decode()
            shown = shown.replace(f"cid:{cid}", f"data:{part.get_content_type()};base64,{data}")
    at = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
    return MailFile(path.name, at, str(mail["To"]), str(mail["Subject"]), text.get_content() if text else "", shown)
