"""What a mail of a kind tells a person: sections that the apps above register, put together, and drawn as text and HTML.

A section names practices, days and counts. What people typed stays out of mails, as do patients and amounts: a mail leaves the house.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.mime.image import MIMEImage
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.models import User
from notices.mailing import unsubscribe_path
from notices.models import Digest, DigestSent, Letter


@dataclass(frozen=True)
class Line:
    """One line: what it says, where it leads inside PRM, and a word beside it ("3 days late")."""

    text: str
    url: str
    note: str = ""


@dataclass(frozen=True)
class Picture:
    """A chart as PNG, in the mail itself. `alt` says its finding; `rows` are its numbers, shown as a table, so that a mail without
    pictures says the same.
    """

    png: bytes
    alt: str
    head: tuple[str, str]
    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Section:
    """A heading with its lines; `more` are those that had no room, to be seen at `url`."""

    title: str
    lines: Sequence[Line]
    url: str
    more: int = 0
    picture: Picture | None = None


Source = Callable[[User, dt.date], Section | None]
_sources: dict[str, list[tuple[int, Source]]] = {}


def digest_section(kind: Digest, *, order: int) -> Callable[[Source], Source]:
    """Register what an app has to say in mails of a kind; `order` is its place. The function gets the person and their day."""

    def register(source: Source) -> Source:
        _sources.setdefault(kind, []).append((order, source))
        _sources[kind].sort(key=lambda entry: entry[0])
        return source

    return register


def sections_of(kind: str, user: User, on: dt.date) -> list[Section]:
    """What there is to say to the person on their day; empty when there is nothing."""
    found = (source(user, on) for _, source in _sources.get(kind, ()))
    return [section for section in found if section is not None and (section.lines or section.more or section.picture)]


def compose(sent: DigestSent, sections: Sequence[Section]) -> EmailMultiAlternatives:
    """The mail, in plain text and HTML, under the Message-ID that it will keep however often it is tried."""
    kind = Digest(sent.kind)
    pictures = {f"chart{place}.{sent.kind}.{sent.day_on}@prm": part for place, part in enumerate(sections) if part.picture}
    context = {
        "title": kind.label,
        "day": sent.day_on,
        "sections": [(part, next((cid for cid, other in pictures.items() if other is part), "")) for part in sections],
    }
    mail = _mail(sent.person, kind.value, f"{kind.label}: {subject_of(sections)}", "notices/digest", context, sent.message_id)
    for cid, part in pictures.items():
        assert part.picture is not None  # noqa: S101 - chosen so
        image = MIMEImage(part.picture.png, "png")
        image.add_header("Content-ID", f"<{cid}>")
        image.add_header("Content-Disposition", "inline", filename="chart.png")
        mail.attach(image)
    return mail


def compose_letter(letter: Letter) -> EmailMultiAlternatives:
    """A sentence and where it leads."""
    context = {"title": letter.text, "url": letter.url}
    return _mail(letter.to, letter.kind, letter.text, "notices/letter", context, letter.message_id)


class Mail(EmailMultiAlternatives):
    """A mail whose pictures are shown within it, and not as attachments."""

    mixed_subtype = "related"


def _mail(to: User, kind: str, subject: str, template: str, context: dict[str, Any], message_id: str) -> EmailMultiAlternatives:
    """Text and HTML, with the way out of such mails: as a link, and as mail programs press it by themselves (RFC 2369, RFC 8058)."""
    out = f"{settings.BASE_URL}{unsubscribe_path(to, kind)}"
    context = {
        **context,
        "base": settings.BASE_URL,
        "settings_url": f"{settings.BASE_URL}{reverse('notices:mail-settings')}",
        "unsubscribe_url": out,
    }
    headers = {
        "Message-ID": message_id,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "List-Unsubscribe": f"<{out}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    text = render_to_string(f"{template}.txt", context)
    mail = Mail(" ".join(subject.split()), text, settings.DEFAULT_FROM_EMAIL, [to.email], headers=headers)
    mail.attach_alternative(render_to_string(f"{template}.html", context), "text/html")
    return mail


def subject_of(sections: Sequence[Section]) -> str:
    """3 follow-ups due, 1 visit today: the headings, with their counts."""
    return ", ".join(section.title.lower() for section in sections)


def local_now(now: dt.datetime, time_zone: str) -> dt.datetime:
    """The moment as the person's clock shows it."""
    return now.astimezone(ZoneInfo(time_zone))
