import hashlib
from base64 import urlsafe_b64decode

import pytest

from auth import links


def test_a_link_is_256_bits_of_which_the_hash_is_kept() -> None:
    link = links.new_link()

    assert len(link.token) == 43
    assert link.hash == hashlib.sha256(urlsafe_b64decode(link.token + "=")).digest()
    assert links.hash_of(link.token) == link.hash


def test_links_are_never_the_same_and_never_shown() -> None:
    made = [links.new_link() for _ in range(1000)]

    assert len({link.token for link in made}) == 1000
    assert made[0].token not in repr(made[0])


def test_no_other_text_stands_for_the_same_link() -> None:
    token = "A" * 43  # 256 zero bits; the last character has two spare ones
    assert links.hash_of(token) is not None

    for other in ("A" * 42 + "B", token + "=", token + "\n", " " + token, "A" * 42, "A" * 44, "A" * 42 + "+", ""):
        assert links.hash_of(other) is None, other


@pytest.mark.parametrize("text", ["\ud800" * 43, "é" * 43, "\x00" * 43])
def test_a_text_that_is_no_token_has_no_hash(text: str) -> None:
    assert links.hash_of(text) is None
