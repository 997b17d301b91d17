import re

import pytest

from auth import activation_codes
from auth.secrets import SecretBox

BOX = SecretBox(bytes(range(32)))


def test_a_code_is_twice_four_letters_of_twenty() -> None:
    codes = [activation_codes.new_code() for _ in range(500)]

    assert all(re.fullmatch(r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", code) for code in codes)
    assert len(set(codes)) == 500
    assert set("".join(codes)) == {*activation_codes.ALPHABET, "-"}


@pytest.mark.parametrize(
    "typed",
    [
        "BCDF-GHJK",
        "bcdfghjk",
        "bcdf ghjk",
        " B C D F G H J K\n",
        "bCdF–GhJk",
        "bcdf.ghjk",
        "bcdf_ghjk",
        "BCDF\u00a0GHJK",
    ],
)
def test_case_blanks_and_dashes_do_not_matter(typed: str) -> None:
    assert activation_codes.hash_of(BOX, typed) == BOX.keyed_hash("activation_code", b"BCDFGHJK")


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "BCDF-GHJ",
        "BCDF-GHJKL",
        "ABCD-FGHJ",
        "BCDF-GHJ1",
        "BCDF+GHJK",
        "\ud800" * 8,
        "ＢＣＤＦＧＨＪＫ",
        "B" * 99999,
    ],
)
def test_anything_else_is_no_code(typed: str) -> None:
    assert activation_codes.hash_of(BOX, typed) is None
