"""What a mail of a kind tells a person: sections that the apps above register, put together, and drawn as text and HTML.

A section names practices, days and counts. What people typed stays out of mails, as do patients and amounts: a mail leaves the house.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.models import User
from notices.models import Digest, DigestSent


@dataclass(frozen=True)
class Line:
    """One line: what it says, where it leads inside PRM, and a word beside it ("3 days late")."""

    text: str
    url: str
    note: str = ""


@dataclass(frozen=True)
class Section:
    """A heading with its lines; `more` are those that had no room, to be seen at `url`."""

    title: str
    lines: Sequence[Line]
    url: str
    more: int = 0


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
    return [section for section in found if section is not None and (section.lines or section.more)]


def compose(sent: DigestSent, sections: Sequence[Section]) -> EmailMultiAlternatives:
    """The mail, in plain text and HTML, under the Message-ID that it will keep however often it is tried."""
    kind = Digest(sent.kind)
    context = {
        "person": sent.person,
        "title": kind.label,
        "day": sent.day_on,
        "sections": sections,
        "base": settings.BASE_URL,
        "settings_url": f"{settings.BASE_URL}{reverse('notices:mail-settings')}",
    }
    mail = EmailMultiAlternatives(
        f"{kind.label}: {subject_of(sections)}",
        render_to_string("notices/digest.txt", context),
        settings.DEFAULT_FROM_EMAIL,
        [sent.person.email],
        headers={"Message-ID": sent.message_id, "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"},
    )
    mail.attach_alternative(render_to_string("notices/digest.html", context), "text/html")
    return mail


def subject_of(sections: Sequence[Section]) -> str:
    """3 follow-ups due, 1 visit today: the headings, with their counts."""
    return ", ".join(section.title.lower() for section in sections)


def local_now(now: dt.datetime, time_zone: str) -> dt.datetime:
    """The moment as the person's clock shows it."""
    return now.astimezone(ZoneInfo(time_zone))
