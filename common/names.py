"""Names of people and places, made comparable: what differs only in accents, case, hyphens or order is the same name."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

# Letters that do not decompose into a base letter and an accent.
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ħ": "h", "\u0131": "i"})
_CREDENTIALS = frozenset({
    "md", "do", "np", "pa", "pac", "rn", "aprn", "arnp", "crnp", "dnp", "fnp", "fnpc", "fnpbc", "agnp", "anp", "cnm", "crna",
    "cns", "dc", "dds", "dmd", "dpm", "od", "phd", "psyd", "pharmd", "msn", "bsn", "mph", "mba", "mbbs", "mbchb", "lcsw",
    "lmft", "pt", "dpt", "ot", "slp", "rd", "facc", "facp", "facs", "faap", "faan", "facog", "faafp", "esq", "ma", "ms",
})  # fmt: skip
_ALSO_SURNAMES = frozenset({"do", "ma"})  # Kim Do is a person; John Smith DO is a doctor
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv"})
_TITLES = frozenset({"dr", "doctor", "prof", "mr", "mrs", "ms", "miss"})
_PARTICLES = frozenset({
    "da", "das", "de", "del", "della", "der", "di", "do", "dos", "du", "el", "la", "las", "le", "los", "mac", "san", "st",
    "ste", "ter", "van", "von", "zu", "bin", "ibn", "al", "abu",
})  # fmt: skip


class PersonName(NamedTuple):
    """First, middle and last name as written, without titles, suffixes and credentials."""

    first: str
    middle: str
    last: str


@lru_cache(maxsize=1 << 16)
def fold(text: str) -> str:
    """Letters and digits only, without case or accents: O'Brien → obrien, St. John → stjohn, Núñez → nunez."""
    folded = text.casefold()
    if not folded.isascii():
        decomposed = unicodedata.normalize("NFKD", folded.translate(_LETTERS)).casefold()
        folded = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return "".join(letter for letter in folded if letter.isalnum())


def exact_key(text: str) -> str:
    """Equal for texts that differ only in case and spacing; accents and punctuation count."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


@lru_cache(maxsize=1 << 16)
def split_person_name(text: str) -> PersonName:
    """Read "LAST, FIRST M", "First M Last" or either with titles, suffixes and credentials."""
    parts = [words for part in text.split(",") if (words := part.split())]
    while len(parts) > 1 and all(_is_ending(word) for word in parts[-1]) and (len(parts) > 2 or len(parts[0]) > 1):
        parts.pop()  # "Smith, John, MD" and "John Smith, MD", but "Smith, Do" is a person called Do
    if not parts:
        return PersonName("", "", "")
    if len(parts) == 1:
        return _first_to_last(_bare(parts[0], whole=True))
    last, given = _bare(parts[0]), _bare([word for part in parts[1:] for word in part])
    return PersonName(given[0] if given else "", " ".join(given[1:]), " ".join(last))


def _is_ending(word: str) -> bool:
    key = fold(word)
    return key in _CREDENTIALS or key in _SUFFIXES


def _bare(words: list[str], *, whole: bool = False) -> list[str]:
    """Without a title in front and endings behind; a name that is nothing else stays as it is."""
    start, end = 0, len(words)
    while end - start > 1 and fold(words[start]) in _TITLES:
        start += 1
    while end - start > (2 if whole and fold(words[end - 1]) in _ALSO_SURNAMES else 1) and _is_ending(words[end - 1]):
        end -= 1
    return words[start:end]


def _first_to_last(words: list[str]) -> PersonName:
    if len(words) == 1:
        return PersonName("", "", words[0])
    if len(words) == 3 and _is_initial(words[2]) and not _is_initial(words[1]) and words[0].isupper():
        return PersonName(words[1], words[2], words[0])  # "GARCIA IRIS J": last name first, as registries print it
    start = len(words) - 1
    while start > 1 and fold(words[start - 1]) in _PARTICLES:
        start -= 1  # "Maria de la Cruz", "Mary St. John"
    return PersonName(words[0], " ".join(words[1:start]), " ".join(words[start:]))


def _is_initial(word: str) -> bool:
    return bool(re.fullmatch(r"\w\.?", word))
