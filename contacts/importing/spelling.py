"""Names that a registry prints in capitals, as people write them. What is in mixed case already is left alone."""

import re

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_SMALL = frozenset({"and", "at", "by", "for", "in", "of", "on", "or", "the", "to"})
_CAPITALS = frozenset({
    "llc", "llp", "pc", "pllc", "pa", "md", "do", "np", "dds", "dmd", "dpm", "od", "ct", "ri", "ma", "ny", "usa", "ymca", "vna", "ii",
    "iii", "iv", "ent", "obgyn", "ob", "gyn", "mri", "er",
})  # fmt: skip


def person_case(name: str) -> str:
    """O'BRIEN → O'Brien, MCDONALD → McDonald, ST.JOHN → St.John, SMITH-JONES → Smith-Jones."""
    return name if not _is_shouted(name) else _WORD.sub(lambda match: _capitalized(match[0]), name)


def organization_case(name: str) -> str:
    """GREATER CARE OF CONNECTICUT, INC. → Greater Care of Connecticut, Inc.; LLC and its like stay capitals."""
    return name if not _is_shouted(name) else _WORD.sub(_organization_word, name)


def _is_shouted(name: str) -> bool:
    return name.isupper() or name.islower()


def _organization_word(match: re.Match[str]) -> str:
    word = match[0].casefold()
    if word in _CAPITALS:
        return word.upper()
    return word if word in _SMALL and match.start() else _capitalized(word)


def _capitalized(word: str) -> str:
    """One word; what follows an apostrophe is a name when it is long enough (O'Brien, D'Amato), and else an ending (Women's)."""
    first, *rest = word.lower().split("'")
    first = first.capitalize()
    if first.startswith("Mc") and len(first) > 3:
        first = f"Mc{first[2:].capitalize()}"
    return "'".join([first, *(part.capitalize() if len(part) > 1 and len(first) <= 2 else part for part in rest)])
