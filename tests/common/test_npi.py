import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.npi import is_valid_npi, with_check_digit

NINE = st.text("0123456789", min_size=9, max_size=9)


def test_the_published_example() -> None:
    assert with_check_digit("123456789") == "1234567893"
    assert is_valid_npi("1234567893")


@pytest.mark.parametrize("text", ["", "123456789", "12345678933", "1234567890", "123456789X", " 1234567893", "१२३४५६७८९३"])
def test_what_is_no_npi(text: str) -> None:
    assert not is_valid_npi(text)


@given(NINE)
def test_exactly_one_digit_fits(base: str) -> None:
    assert [digit for digit in "0123456789" if is_valid_npi(base + digit)] == [with_check_digit(base)[-1]]


@given(NINE, st.integers(0, 9), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(base: str, at: int, shift: int) -> None:
    npi = with_check_digit(base)
    assert not is_valid_npi(npi[:at] + str((int(npi[at]) + shift) % 10) + npi[at + 1 :])


def test_only_nine_digits_get_a_check_digit() -> None:
    with pytest.raises(ValueError, match="nine digits"):
        with_check_digit("12345")
