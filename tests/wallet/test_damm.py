"""The check digit of typed codes."""

import itertools

import pytest

from wallet import damm


@pytest.mark.parametrize(
    ("digits", "check"), [("572", 4), ("123456789", 4), ("000000000", 0), ("601234567890123", 7), ("", 0)]
)
def test_check_digit_of_the_published_vectors(digits: str, check: int) -> None:
    assert damm.check_digit(digits) == check
    assert damm.is_valid(f"{digits}{check}")


def test_the_table_is_a_weakly_totally_anti_symmetric_quasigroup() -> None:
    table = damm.QUASIGROUP
    digits = range(10)
    # Each digit once in every row and column, so that one wrong digit never goes unseen.
    assert all(sorted(row) == list(digits) for row in table)
    assert all(sorted(column) == list(digits) for column in zip(*table, strict=True))
    # (c * x) * y = (c * y) * x only for x = y, so that no swap of neighbours does either.
    for x, y in itertools.permutations(digits, 2):
        assert all(table[table[c][x]][y] != table[table[c][y]][x] for c in digits)


def test_exactly_one_of_ten_last_digits_is_valid() -> None:
    for number in range(0, 10**9, 7_654_321):
        digits = f"{number:09d}"
        assert [last for last in range(10) if damm.is_valid(f"{digits}{last}")] == [damm.check_digit(digits)]


def test_every_wrong_digit_and_every_swap_of_neighbours_is_seen() -> None:
    code = f"123456789{damm.check_digit('123456789')}"
    for at, digit in itertools.product(range(10), "0123456789"):
        wrong = code[:at] + digit + code[at + 1 :]
        assert damm.is_valid(wrong) == (wrong == code)
    for at in range(9):
        swapped = code[:at] + code[at + 1] + code[at] + code[at + 2 :]
        assert not damm.is_valid(swapped)


def test_nothing_is_no_valid_number() -> None:
    assert not damm.is_valid("")
