"""National Provider Identifier: ten digits of which the last is a Luhn check digit over 80840 + number."""

from functools import lru_cache

_PREFIX_SUM = 24  # what the constant prefix 80840 adds to the Luhn sum of the nine digits behind it
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def _check_digit(base9: str) -> int:
    total = _PREFIX_SUM
    for position, digit in enumerate(map(int, base9)):
        total += digit if position % 2 else _DOUBLED[digit]
    return -total % 10


def with_check_digit(base9: str) -> str:
    """The NPI that begins with these nine digits."""
    if len(base9) != 9 or not (base9.isascii() and base9.isdigit()):
        raise ValueError("An NPI is made of nine digits and a check digit.")
    return base9 + str(_check_digit(base9))


@lru_cache(maxsize=1 << 16)
def is_valid_npi(text: str) -> bool:
    """Ten digits, the last of which fits. Says nothing about whether it was ever issued."""
    return len(text) == 10 and text.isascii() and text.isdigit() and _check_digit(text[:9]) == int(text[9])
