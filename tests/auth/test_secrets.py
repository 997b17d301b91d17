import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.secrets import CannotOpen, SecretBox, random_token

BOX = SecretBox(bytes(range(32)))
OTHER_BOX = SecretBox(bytes(range(1, 33)))


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_master_key_of_another_length_is_refused_in_one_sentence(length: int) -> None:
    with pytest.raises(ValueError, match=f"must be 32 bytes long; it is {length}"):
        SecretBox(bytes(length))


def test_what_was_sealed_opens_in_its_context() -> None:
    sealed = BOX.seal(b"secret", "signing_key:01")

    assert BOX.open(sealed, "signing_key:01") == b"secret"
    assert len(sealed) == len(b"secret") + 29
    assert b"secret" not in sealed


def test_the_same_thing_sealed_twice_looks_different() -> None:
    assert BOX.seal(b"secret", "context") != BOX.seal(b"secret", "context")


def test_another_context_or_master_key_opens_nothing() -> None:
    sealed = BOX.seal(b"secret", "signing_key:01")

    with pytest.raises(CannotOpen):
        BOX.open(sealed, "signing_key:02")
    with pytest.raises(CannotOpen):
        OTHER_BOX.open(sealed, "signing_key:01")


def test_one_changed_bit_anywhere_opens_nothing() -> None:
    sealed = BOX.seal(b"secret", "context")
    for bit in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CannotOpen):
            BOX.open(bytes(changed), "context")


@given(st.binary(max_size=80))
def test_whatever_was_not_sealed_cannot_be_opened(data: bytes) -> None:
    with pytest.raises(CannotOpen):
        BOX.open(data, "context")


def test_a_keyed_hash_is_an_hmac_under_the_derived_subkey() -> None:
    # HKDF-SHA256 (RFC 5869) written out: extract with the salt, then one block of expand.
    extracted = hmac.digest(b"regulars", bytes(range(32)), "sha256")
    subkey = hmac.digest(extracted, b"hash:purpose" + b"\x01", "sha256")
    framed = b"\x00\x00\x00\x02ab" + b"\x00\x00\x00\x01c"

    assert BOX.keyed_hash("purpose", b"ab", b"c") == hmac.digest(subkey, framed, hashlib.sha256)


@given(st.lists(st.binary(max_size=6), max_size=4), st.lists(st.binary(max_size=6), max_size=4))
def test_two_lists_of_parts_hash_alike_only_if_they_are_alike(one: list[bytes], other: list[bytes]) -> None:
    assert (BOX.keyed_hash("purpose", *one) == BOX.keyed_hash("purpose", *other)) == (one == other)


def test_a_purpose_and_a_master_key_each_change_the_hash() -> None:
    hashes = {BOX.keyed_hash("one", b"x"), BOX.keyed_hash("two", b"x"), OTHER_BOX.keyed_hash("one", b"x")}
    assert len(hashes) == 3


def test_a_box_never_shows_its_key() -> None:
    BOX.keyed_hash("purpose", b"x")
    assert bytes(range(32)).hex() not in repr(BOX)
    assert not hasattr(BOX, "__dict__")


def test_random_tokens_are_43_characters_and_never_the_same() -> None:
    tokens = {random_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert {len(token) for token in tokens} == {43}
