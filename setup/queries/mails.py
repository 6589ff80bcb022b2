"""Mails that were written to files because there is no mail server (common.mailfiles)."""

import datetime as dt
import email
import email.policy
import re
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

_NAME = re.compile(r"[A-Za-z0-9@_-][A-Za-z0-9.@_-]*\.eml")
MOST = 50


@dataclass(frozen=True)
class KeptMail:
    """One file, as its reader sees it. `text` is the plain part; it is read only for one mail at a time."""

    name: str
    to: str
    subject: str
    written_at: dt.datetime
    text: str = ""


def kept_mails(*, limit: int = MOST) -> list[KeptMail]:
    """The newest first; none where a mail server takes them."""
    folder = Path(settings.EMAIL_FILE_PATH)
    if not folder.is_dir():
        return []
    newest = sorted(folder.glob("*.eml"), key=lambda path: path.stat().st_mtime, reverse=True)
    return [mail for path in newest[:limit] if (mail := _read(path))]


def kept_mail(name: str) -> KeptMail | None:
    """One of them with its text; None for a name that is none."""
    return _read(Path(settings.EMAIL_FILE_PATH) / name) if _NAME.fullmatch(name) else None


def _read(path: Path) -> KeptMail | None:
    try:
        written, raw = path.stat().st_mtime, path.read_bytes()
    except FileNotFoundError:
        return None
    message = email.message_from_bytes(raw, policy=email.policy.default)
    body = message.get_body(preferencelist=("plain",))
    text = body.get_content() if body is not None else ""
    when = dt.datetime.fromtimestamp(written, tz=dt.UTC)
    return KeptMail(path.name, str(message["To"] or ""), str(message["Subject"] or ""), when, text)
