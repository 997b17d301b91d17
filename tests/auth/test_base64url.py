import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth import base64url


@given(st.binary(max_size=100))
def test_what_was_encoded_decodes_to_itself(data: bytes) -> None:
    text = base64url.encode(data)
    assert base64url.decode(text) == data
    assert "=" not in text


@given(st.text(alphabet="ABCDwxyz0189-_=+/ \n", max_size=12))
def test_only_the_text_that_encode_makes_is_decoded(text: str) -> None:
    data = base64url.decode(text)
    assert data is None or base64url.encode(data) == text


@pytest.mark.parametrize("text", ["A", "AA==", "AB", "AAB", "AA+/", "AA\n", "ＡA", "A\ud800", "AAAAA"])
def test_padding_spare_bits_and_other_alphabets_are_refused(text: str) -> None:
    assert base64url.decode(text) is None
