"""The check digit of typed codes: it catches every single wrong digit and every swap of two neighbours.

The algorithm and the table are H. Michael Damm's: "Total anti-symmetrische Quasigruppen", Marburg, 2004.
"""

QUASIGROUP = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)
"""Row: the interim digit so far. Column: the next digit. The zeros of the diagonal end a valid number at 0."""


def check_digit(digits: str) -> int:
    """The digit, 0 to 9, that makes `digits` valid when it is put behind them. `digits` are ASCII digits."""
    interim = 0
    for digit in digits:
        interim = QUASIGROUP[interim][ord(digit) - ord("0")]
    return interim


def is_valid(digits: str) -> bool:
    """Whether the last of these ASCII digits is the check digit of those before it."""
    return digits != "" and check_digit(digits) == 0
