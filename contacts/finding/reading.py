"""What a few typed letters may mean, before anybody is looked for. Pure."""

from dataclasses import dataclass
from itertools import permutations

from common.names import fold

MOST_WORDS, MOST_LETTERS = 6, 100
# Written beside a name and no part of it. Endings that may begin one (do, ma, pa, np) are taken for letters of it.
_BESIDE = frozenset({"dr", "doctor", "prof", "mr", "mrs", "miss", "md", "phd", "dnp", "pac", "aprn", "arnp", "crnp", "fnp"})


@dataclass(frozen=True)
class Asked:
    """`words` are folded, in the order typed; `digits` begin an NPI or a ZIP code, and then there are no words."""

    text: str
    words: tuple[str, ...] = ()
    digits: str = ""

    @property
    def joined(self) -> str:
        return "".join(self.words)


def read(text: str) -> Asked:
    """The words of a search as folded names are written: O'Brien → obrien, "Smith-Jones, Ana" → smithjones, ana."""
    text = text.strip()[:MOST_LETTERS]
    bare = text.replace("-", "").replace(" ", "")
    if bare.isascii() and bare.isdigit():
        return Asked(text, digits=bare)
    words = [word for part in text.replace(",", " ").split() if (word := fold(part))]
    told = [word for word in words if word not in _BESIDE]
    return Asked(text, tuple((told or words)[:MOST_WORDS]))


def name_ways(words: tuple[str, ...]) -> list[tuple[str, str]]:
    """How the words may be a name: what the last name begins with, and what first and middle name begin with; likeliest first.

    Two or three words are taken in any order, more in the order typed, last name in front or behind. Any may be cut short.
    """
    if not words:
        return []
    joined = "".join(words)
    ways = [(joined, ""), ("", joined)] if len(words) == 1 else []
    orders = permutations(words) if len(words) <= 3 else (words,)
    for order in orders:
        for cut in range(1, len(order)):
            front, behind = "".join(order[:cut]), "".join(order[cut:])
            ways += [(front, behind), (behind, front)]
    if len(words) == 3:
        for order in permutations(words):
            if len(order[1]) == 1:  # a middle initial that we do not know
                ways += [(order[2], order[0])]
    if len(words) > 1:
        ways += [(joined, ""), ("", joined)]
    return list(dict.fromkeys(ways))


@dataclass(frozen=True)
class Split:
    """Words taken for a name, a town and a specialty, each a run of words that stand together; at least one of the last two."""

    name: tuple[str, ...]
    town: tuple[str, ...]
    specialty: tuple[str, ...]


def splits(words: tuple[str, ...]) -> list[Split]:
    """Every way to cut the words into at most three runs and to say which is what; those that explain most first."""
    found: list[tuple[int, Split]] = []
    count = len(words)
    for first in range(count + 1):
        for second in range(first, count + 1):
            runs = (words[:first], words[first:second], words[second:])
            for order in permutations(range(3)):
                name, town, specialty = (runs[place] for place in order)
                if town or specialty:
                    found.append((sum(map(bool, (town, specialty))), Split(name, town, specialty)))
    found.sort(key=lambda pair: (-pair[0], len(pair[1].name)))
    return list(dict.fromkeys(split for _, split in found))
