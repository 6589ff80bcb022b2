"""Words that wait, as the page that works through them shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from zlib import crc32

from django.urls import reverse

from common.templatetags.prm import day, number
from contacts.matching import Candidate, Words
from contacts.models import WordsKind
from referrals.matching import Waiting

_OPTIONS = {WordsKind.PROVIDER: "providers", WordsKind.PRACTICE: "practices", WordsKind.ORGANIZATION: "organizations"}


@dataclass(frozen=True)
class Offer:
    """A candidate as a button: its number on the keyboard, who it is, why, and whether it is what matching believes."""

    key: int
    candidate: Candidate
    is_guess: bool = False

    @property
    def why(self) -> str:
        return ", ".join(self.candidate.why) or "some letters alike"


@dataclass(frozen=True)
class Card:
    """One question: these words, how much hangs on them, whom they may mean. `alias` is the decision once it is made."""

    words: Words
    about: str
    offers: Sequence[Offer] = ()
    alias: Any = None

    @property
    def id(self) -> str:
        """Of the card on the page."""
        return f"words-{crc32(self.words.key.encode()):x}"

    @property
    def title(self) -> str:
        return self.words.name or f"NPI {self.words.npi}"

    @property
    def sub(self) -> str:
        """The other words."""
        npi = f"NPI {self.words.npi}" if self.words.npi and self.words.name else ""
        place = " ".join(filter(None, [self.words.office, self.words.zip]))
        return " · ".join(filter(None, [npi, place]))

    @property
    def what(self) -> str:
        """A provider, a practice, an organization."""
        return WordsKind(self.words.kind).label.lower()

    @property
    def options_url(self) -> str:
        return reverse("referrals:options", args=[_OPTIONS[WordsKind(self.words.kind)]])

    @property
    def new_url(self) -> str:
        told = {name: getattr(self.words, name) for name in ("kind", "npi", "name", "office", "zip")}
        return f"{reverse('referrals:matching-new')}?{urlencode({name: text for name, text in told.items() if text})}"


def card(one: Waiting, candidates: Sequence[Candidate]) -> Card:
    """What matching believes stands first."""
    believed = one.guess.target if one.guess else None
    if one.guess and believed:
        known = next((found for found in candidates if found.target == believed), None)
        first = known or Candidate(believed, round(one.guess.score), (f"name {one.guess.score:.0f}% alike",), "")
        candidates = [first, *(found for found in candidates if found.target != believed)][: max(len(candidates), 1)]
    offers = [Offer(key, found, found.target == believed) for key, found in enumerate(candidates, start=1)]
    return Card(one.words, about(one), offers)


def about(one: Waiting) -> str:
    """12 referrals · 3 Oct 2026 to 1 Nov 2026 · orders, inbox."""
    noun = "referral" if one.referrals == 1 else "referrals"
    days = day(one.first_on) if one.first_on == one.last_on else f"{day(one.first_on)} to {day(one.last_on)}"
    return " · ".join([f"{number(one.referrals)} {noun}", days, ", ".join(sorted(one.feeds))])
